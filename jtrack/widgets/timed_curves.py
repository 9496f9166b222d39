"""Curves over time in place of steps: seconds since the run began, or since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from jtrack import queries
from jtrack.widgets.curves import Points

_HAVING = "SELECT run_id FROM latest_metrics WHERE key = ? AND run_id IN (SELECT unnest(?::VARCHAR[]))"
_STARTS = "SELECT run_id, started_at FROM runs WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"


class XAxis(StrEnum):
    """What a curve runs over: its steps, the time since its run began, or the clock's time."""

    STEP = "step"
    RELATIVE = "relative"
    WALL = "wall"


def timed_curves(run_ids: Sequence[str], key: str, max_points: int, x: XAxis) -> dict[str, Points]:
    """Read one metric of runs in the order of its points' times; ``step`` holds seconds, to the millisecond."""
    ids = list(run_ids)
    with queries.one_look():
        starts = {row["run_id"]: row["started_at"].timestamp() for row in queries.rows(_STARTS, [ids])}
        having = [row["run_id"] for row in queries.rows(_HAVING, [key, ids])]
        return {
            run_id: _points(run_id, key, max_points, starts[run_id] if x is XAxis.RELATIVE else 0) for run_id in having
        }


def _points(run_id: str, key: str, max_points: int, start_s: float) -> Points:
    import numpy as np

    curve = queries.metric_history(run_id, key, max_points=max_points)
    at = curve.logged_at.astype("datetime64[us]").astype(np.int64) / 1e6 - start_s
    order = np.argsort(at, kind="stable")
    kept = order[np.isfinite(curve.value[order])]
    return Points(tuple(at[kept].round(3).tolist()), tuple(curve.value[kept].tolist()), len(curve))
