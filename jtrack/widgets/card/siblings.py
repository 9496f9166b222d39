"""Which other runs the same cell made: the ones that a run's card holds it against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jtrack import queries

# As lists, since a cell may have been run a thousand times, and a row each takes longer to fetch than to find; put in
# order here, since for a handful of runs, the common case, that takes DuckDB longer than all the rest.
_RUNS_OF_CELL = """
SELECT list(r.run_id), list(r.started_at), list(r.experiment_id), list(c.notebook_path)
FROM every_cells c JOIN every_runs r USING (run_id)
WHERE c.cell_id = ? AND c.role = 'tracked' AND r.lifecycle_stage = 'active'
"""


class Siblings(NamedTuple):
    """Other runs of the same cell, by their ids, in the order of their start: those before a run and those after."""

    earlier: list[str]
    later: list[str]


def read_siblings(head: Mapping[str, Any]) -> Siblings:
    """Read which other runs the same cell made, from a row with a run and its tracked cell.

    A notebook that was renamed or moved keeps its cells. Without a notebook's path, cells are the same only within one
    experiment.
    """
    if head["cell_id"] is None:
        return Siblings([], [])
    (lists,) = queries.rows(_RUNS_OF_CELL, [head["cell_id"]])
    run_ids, starts, experiment_ids, paths = (values or [] for values in lists.values())
    own_id, own_path = head["run_id"], head["notebook_path"]
    own_start = head["started_at"].replace(tzinfo=None)
    same_paths = {path for path in set(paths) if _is_same_notebook(own_path, path)}
    found = sorted(
        (started_at, run_id)
        for run_id, started_at, experiment_id, path in zip(run_ids, starts, experiment_ids, paths, strict=True)
        if path in same_paths and run_id != own_id and (own_path is not None or experiment_id == head["experiment_id"])
    )
    n_earlier = sum(moment < (own_start, own_id) for moment in found)
    ordered = [run_id for _, run_id in found]
    return Siblings(ordered[:n_earlier], ordered[n_earlier:])


def _is_same_notebook(own_path: str | None, other_path: str | None) -> bool:
    """Whether cells of one id are of one notebook: of the same path, or of one that has gone, as by a new name.

    A copy of a notebook has its cells' ids too, and beside it the original is still there.
    """
    if own_path == other_path or own_path is None or other_path is None:
        return own_path == other_path
    return Path(own_path).exists() and not Path(other_path).exists()
