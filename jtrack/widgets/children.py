"""The runs that are nested in others, as they count: a trial that was cut off and run again is one trial.

A sweep that is taken up runs such a trial again under its own name. The run that was cut off stays, and is found as
any run is.
"""

from __future__ import annotations

from collections.abc import Sequence

from jtrack import queries

_CHILDREN = """
SELECT run_id, parent_run_id FROM runs
WHERE lifecycle_stage = 'active' AND parent_run_id IN (SELECT unnest(?::VARCHAR[]))
QUALIFY kind <> 'trial' OR status <> 'KILLED'
     OR row_number() OVER (PARTITION BY parent_run_id, kind, run_name ORDER BY started_at DESC, run_id DESC) = 1
"""


def find_children(parent_run_id: str) -> list[str]:
    """Find the runs right inside a run."""
    return [row["run_id"] for row in queries.rows(_CHILDREN, [[parent_run_id]])]


def count_children(run_ids: Sequence[str]) -> dict[str, int]:
    """Count the runs right inside each of these; those with none are left out."""
    counted = f"SELECT parent_run_id AS run_id, count(*) AS n FROM ({_CHILDREN}) GROUP BY parent_run_id"
    return {row["run_id"]: row["n"] for row in queries.rows(counted, [list(run_ids)])}
