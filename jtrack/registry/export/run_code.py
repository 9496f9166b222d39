"""``jtrack.code``: the least program that made a run, from the cells that its record has.

A tracked cell is kept with the cells that it came from; the program is the slice of these, without magics. A run that
was not made by a cell has none.
"""

from __future__ import annotations

from pathlib import Path

from jtrack import queries
from jtrack.capture.slice_source import ExecutedCell, StatementKind
from jtrack.entities import CellRole
from jtrack.errors import ExportError
from jtrack.registry.export.program import plain_program
from jtrack.registry.export.session import Session


def code(run: object) -> str:
    """Give the least program that made a run, from the cells that made it.

    Parameters
    ----------
    run
        A full id, a prefix or a name that fits one run, ``@last``, ``@best(metrics.acc)``.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    ExportError
        No cell made it.
    """
    session = session_of_run(queries.get_run(run).info.run_id)
    found = session.flow.slice_of_cell(len(session.cells) - 1)
    return plain_program(session, [one for one in found.statements if one.kind is StatementKind.PYTHON])


def session_of_run(run_id: str) -> Session:
    """Read the cells of a run, the tracked one last.

    Raises
    ------
    ExportError
        It has none.
    """
    rows = queries.rows(
        "SELECT cell_id, execution_count, role, source, notebook_path FROM cells WHERE run_id = ? "
        "ORDER BY role = ?, execution_count",
        [run_id, CellRole.TRACKED.value],
    )
    if not rows or rows[-1]["role"] != CellRole.TRACKED.value:
        raise ExportError(
            f"no cell made run {run_id[:8]}", "%%track on a cell's first line keeps the cell with its run"
        )
    cells = [ExecutedCell(row["source"], row["execution_count"], row["cell_id"]) for row in rows]
    path = rows[-1]["notebook_path"]
    return Session(tuple(cells), {}, Path(path).parent if path else Path.cwd(), Path(path) if path else None)
