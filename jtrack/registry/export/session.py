"""What a kernel knows of its notebook: the cells as they were executed, the names as they are, and the folder.

Read from the shell's own history, so that it works however late jtrack was loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jtrack.capture.history import executed_cells
from jtrack.capture.slice import Flow, follow
from jtrack.capture.slice_source import ExecutedCell

_OWN_LINE = re.compile(r"^\s*%(export|code|jtrack export)\b", re.MULTILINE)


@dataclass(frozen=True)
class Session:
    """A notebook that has run, or part of it."""

    cells: tuple[ExecutedCell, ...]
    namespace: Mapping[str, Any]
    folder: Path
    notebook_path: Path | None = None

    @cached_property
    def flow(self) -> Flow:
        """What each statement builds on."""
        return follow(self.cells)

    def label_of(self, cell: int) -> str:
        """Name a cell for a person."""
        return self.cells[cell].label

    def cell_of(self, name: str) -> str:
        """Name the cell that set a variable; empty where none is known."""
        setters = self.flow.setters_of(name)
        return self.label_of(setters[-1].cell) if setters else ""


def session_of_shell(shell: Any, folder: Path | None = None, notebook_path: Path | None = None) -> Session:
    """Read the session of an IPython shell."""
    cells = executed_cells(shell)
    if cells and cells[-1].execution_count == len(shell.history_manager.input_hist_raw) - 1:
        cells[-1] = _up_to_own_line(cells[-1])
    return Session(tuple(cells), shell.user_ns, folder or Path.cwd(), notebook_path)


def _up_to_own_line(cell: ExecutedCell) -> ExecutedCell:
    """Leave out what stands below the magic that asks: it has not run yet."""
    found = _OWN_LINE.search(cell.source)
    if found is None or cell.failed_line is not None:
        return cell
    line = cell.source.count("\n", 0, found.end()) + 1
    return ExecutedCell(cell.source, cell.execution_count, cell.cell_id, failed_line=line)
