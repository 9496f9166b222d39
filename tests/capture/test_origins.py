"""The cells that a tracked cell came from, found again as the session goes on."""

from __future__ import annotations

from jtrack.capture.history import executed_cells
from jtrack.capture.origins import OriginReader
from jtrack.capture.slice_source import ExecutedCell
from jtrack.entities import CellRole


def cells(*sources: str) -> list[ExecutedCell]:
    return [ExecutedCell(source, number) for number, source in enumerate(sources, 1)]


def test_only_the_cells_behind_are_found_and_more_as_there_are_more() -> None:
    reader = OriginReader()
    history = cells("x = 1", "y = 2", "z = x")
    found = reader.cells_behind(history, ExecutedCell("z + 1", 4))
    assert [(cell.source, cell.execution_count, cell.role) for cell in found] == [
        ("x = 1", 1, CellRole.SOURCE),
        ("z = x", 3, CellRole.SOURCE),
    ]
    history += [ExecutedCell("z + 1", 4), ExecutedCell("z = y", 5)]
    assert [cell.source for cell in reader.cells_behind(history, ExecutedCell("z", 6))] == ["y = 2", "z = y"]


def test_looking_ahead_leaves_no_trace() -> None:
    reader = OriginReader()
    history = cells("x = []", "y = 3")
    for _ in range(3):
        assert [cell.source for cell in reader.cells_behind(history, ExecutedCell("x.append(y)", 3))] == [
            "x = []",
            "y = 3",
        ]
    assert [cell.source for cell in reader.cells_behind(history, ExecutedCell("x", 3))] == ["x = []"]


def test_another_session_begins_anew() -> None:
    reader = OriginReader()
    assert len(reader.cells_behind(cells("x = 1"), ExecutedCell("x", 2))) == 1
    assert [cell.source for cell in reader.cells_behind(cells("x = 2"), ExecutedCell("x", 2))] == ["x = 2"]


class _History:
    def __init__(self) -> None:
        self.input_hist_raw = ["", "x = 1\ny = 1 / 0\nx = 2", "", "z = x"]
        self.exceptions = {1: {"traceback": ["Cell \x1b[32mIn[1]\x1b[0m, line 2", "\x1b[0m----> 2 y = 1 / 0"]}}


class _Shell:
    history_manager = _History()


def test_the_history_tells_where_a_cell_failed() -> None:
    found = executed_cells(_Shell())
    assert [(cell.execution_count, cell.failed_line) for cell in found] == [(1, 2), (3, None)]
    assert [cell.execution_count for cell in executed_cells(_Shell(), before=3)] == [1]
