"""``jtrack.code``: the least program that made a run, from the cells that its record has.

A tracked cell is kept with the cells that it came from; the program is the slice of these, without magics. A run that
was not made by a cell has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack import queries
from jtrack.capture.slice_source import ExecutedCell, StatementKind
from jtrack.entities import CellRole, Run, RunKind
from jtrack.errors import ExportError
from jtrack.registry.export.program import plain_program
from jtrack.registry.export.session import Session


def code(run: object) -> str:
    """Give the least program that made a run, from the cells that made it.

    Parameters
    ----------
    run
        A full id, a prefix or a name that fits one run, ``@last``, ``@best(metrics.acc)``. That of a trial of
        ``%%sweep`` sets the trial's params; that of a sweep, those of its best trial.

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

    Those of a trial are its sweep's, with the trial's params set before the swept cell. A sweep is known by its best
    trial.

    Raises
    ------
    ExportError
        It has none.
    """
    rows = _swept_cells(queries.get_run(run_id)) or _cells_of(run_id)
    if not rows or rows[-1]["role"] != CellRole.TRACKED.value:
        raise ExportError(
            f"no cell made run {run_id[:8]}", "%%track on a cell's first line keeps the cell with its run"
        )
    cells = [ExecutedCell(row["source"], row["execution_count"], row["cell_id"]) for row in rows]
    path = rows[-1]["notebook_path"]
    return Session(tuple(cells), {}, Path(path).parent if path else Path.cwd(), Path(path) if path else None)


def _cells_of(run_id: str) -> list[dict[str, Any]]:
    return queries.rows(
        "SELECT cell_id, execution_count, role, source, notebook_path FROM cells WHERE run_id = ? "
        "ORDER BY role = ?, execution_count",
        [run_id, CellRole.TRACKED.value],
    )


def _swept_cells(run: Run) -> list[dict[str, Any]]:
    """Give the cells of the sweep of a trial, or of a sweep, whose cell is one that ``%%sweep`` stands above."""
    if run.info.kind is RunKind.SWEEP:
        best_run_id = run.data.tags.get("best_run")
        return [] if not best_run_id else _swept_cells(queries.get_run(best_run_id))
    if run.info.kind is not RunKind.TRIAL or run.info.parent_run_id is None:
        return []
    rows = _cells_of(run.info.parent_run_id)
    body = _cut_sweep_header(rows[-1]["source"]) if rows else None
    if body is None:
        return []
    settings = "".join(f"{name} = {value!r}\n" for name, value in _nested(run.data.params).items())
    return [*rows[:-1], {**rows[-1], "source": settings + body}]


def _cut_sweep_header(source: str) -> str | None:
    """Give what stands below ``%%sweep`` and the lines that go on with it; ``None`` where it doesn't stand there."""
    body = source.lstrip()
    if not body.startswith("%%sweep"):
        return None
    goes_on = True
    while goes_on:
        line, _, body = body.partition("\n")
        goes_on = line.rstrip().endswith("\\") and body != ""
    return body


def _nested(params: Mapping[str, Any]) -> dict[str, Any]:
    """Undo the dotted names of params: ``clf.depth`` was an entry of the dict ``clf``."""
    settings: dict[str, Any] = {}
    for key, value in params.items():
        *places, last = key.split(".")
        inner = settings
        for place in places:
            inner = inner.setdefault(place, {})
        inner[last] = value
    return settings
