"""From a run to the cell that made it, as a page can go there: which notebook it is in, and where that is now.

A run records where its notebook was. One that was renamed or moved since is known by its cells, whose ids it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from jtrack import queries
from jtrack.capture.notebook import read_cell_ids
from jtrack.server.places import spellings
from jtrack.server.question import Question
from jtrack.store.addresses import run_id_of

_MOST_SIBLINGS = 200

# A trial, and a run inside a tracked cell, was made by the cell of the run around it.
_CELL = """
WITH RECURSIVE around(run_id, parent_run_id, n) AS (
    SELECT run_id, parent_run_id, 0 FROM runs WHERE run_id = ?
    UNION ALL
    SELECT r.run_id, r.parent_run_id, a.n + 1 FROM runs r JOIN around a ON r.run_id = a.parent_run_id WHERE a.n < 20
)
SELECT c.cell_id, c.notebook_path FROM around a JOIN cells c USING (run_id)
WHERE c.role = 'tracked' ORDER BY a.n, c.execution_count DESC NULLS LAST LIMIT 1
"""
_PATHS = """
SELECT c.notebook_path AS path FROM cells c JOIN runs r USING (run_id)
WHERE c.cell_id = ? AND c.role = 'tracked' AND c.notebook_path IS NOT NULL
GROUP BY c.notebook_path ORDER BY max(r.started_at) DESC
"""
_NAME = "SELECT run_name FROM runs WHERE run_id = ?"


@dataclass(frozen=True, slots=True)
class MakingCell:
    """The cell that made a run; all but the run is ``None`` for one that no notebook cell made.

    ``notebook_path`` is relative to the server's root, with ``/``, as Jupyter names it; ``None`` where the notebook
    lies outside or is gone. ``recorded_path`` is the absolute one that the run recorded.
    """

    run_id: str
    run_name: str
    cell_id: str | None
    notebook_path: str | None
    recorded_path: str | None


def find_making_cell(asked: Question, root: Path) -> MakingCell:
    """Find the cell that made a run (an id, a prefix, a name, ``@last``), through the runs that it is nested in.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    """
    run_id = run_id_of(asked.store.catalog, asked.path[0])
    run_name = queries.rows(_NAME, [run_id])[0]["run_name"]
    found = queries.rows(_CELL, [run_id])
    if not found:
        return MakingCell(run_id, run_name, None, None, None)
    cell_id, recorded = found[0]["cell_id"], found[0]["notebook_path"]
    now = None if recorded is None else _path_now(Path(recorded), cell_id)
    return MakingCell(run_id, run_name, cell_id, None if now is None else _below(now, root), recorded)


def _path_now(recorded: Path, cell_id: str | None) -> Path | None:
    """Find the notebook file: the recorded one, else one where the cell ran later, else one beside it that has it."""
    if cell_id is not None:
        later = (Path(row["path"]) for row in queries.rows(_PATHS, [cell_id]))
        for path in chain([recorded], later, _siblings(recorded)):
            if cell_id in read_cell_ids(path):
                return path
    # A cell that was not saved yet is in the page alone.
    return recorded if recorded.is_file() else None


def _siblings(recorded: Path) -> Iterator[Path]:
    # Renamed in its place, most likely, and written not long ago.
    found = [path for path in recorded.parent.glob("*.ipynb") if path.is_file()]
    yield from sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[:_MOST_SIBLINGS]


def _below(path: Path, root: Path) -> str | None:
    for one in spellings(path):
        for other in spellings(root):
            if Path(one).is_relative_to(other):
                return Path(one).relative_to(other).as_posix()
    return None
