"""The metrics of a run as its page lists them: last, best and extremes, with a line the size of a word.

What the machine did (``system/…``) is told apart from what the model did.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, best_value, infer_direction, is_better, order_metrics
from jtrack.widgets.curves import Points, thinned_curves
from jtrack.widgets.images import fit_points

SYSTEM = "system/"
_MOST_SPARKS = 60
_SPARK_POINTS = 20
_LATEST = """
SELECT run_id, key, step, value, n_points, min_value, max_value FROM latest_metrics
WHERE run_id IN (SELECT unnest(?::VARCHAR[]))
"""
_FINITE = """
SELECT key, min(value) AS min_value, max(value) AS max_value FROM metrics
WHERE run_id = ? AND key IN (SELECT unnest(?::VARCHAR[])) AND isfinite(value) GROUP BY key
"""


@dataclass(frozen=True, slots=True)
class RunMetric:
    """A metric of a run: ``value`` is the last one, at ``step``; ``previous`` that of the run before.

    ``best`` is finite, and ``None`` where the direction isn't known; ``min_value`` and ``max_value`` leave NaN out.
    ``spark`` is x, y, x, y … in a 100 × 100 box, upwards.
    """

    key: str
    step: int
    value: float
    previous: float | None
    direction: Direction | None
    is_better: bool | None
    best: float | None
    min_value: float | None
    max_value: float | None
    n_points: int
    spark: tuple[int, ...] | None


def is_system(key: str) -> bool:
    """Whether a metric tells of the machine and not of the work."""
    return key.startswith(SYSTEM)


def read_metrics(run_id: str, previous_id: str | None) -> tuple[RunMetric, ...]:
    """Read the metrics of a run, those that it is judged by first and those of the machine last."""
    found = queries.rows(_LATEST, [[run_id] if previous_id is None else [run_id, previous_id]])
    mine = {row["key"]: row for row in found if row["run_id"] == run_id}
    old = {row["key"]: row["value"] for row in found if row["run_id"] != run_id}
    keys = sorted(order_metrics(mine), key=is_system)
    sparks = _sparks(run_id, [key for key in keys if mine[key]["n_points"] > 1][:_MOST_SPARKS])
    ends = _finite_ends(run_id, mine)
    return tuple(_metric(mine[key], ends[key], old.get(key), sparks.get(key)) for key in keys)


def _finite_ends(run_id: str, rows: Mapping[str, dict[str, Any]]) -> dict[str, tuple[float | None, float | None]]:
    """Find the least and the greatest finite value of each metric; of one that was infinite, in its points."""
    ends = {key: (row["min_value"], row["max_value"]) for key, row in rows.items()}
    infinite = [key for key, pair in ends.items() if any(end is not None and math.isinf(end) for end in pair)]
    found = queries.rows(_FINITE, [run_id, infinite]) if infinite else []
    return ends | {row["key"]: (row["min_value"], row["max_value"]) for row in found}


def _metric(
    row: Mapping[str, object], ends: Iterable[float | None], previous: float | None, spark: tuple[int, ...] | None
) -> RunMetric:
    key, value = str(row["key"]), float(str(row["value"]))
    direction = None if is_system(key) else infer_direction(key)
    return RunMetric(
        key=key,
        step=int(str(row["step"])),
        value=value,
        previous=previous,
        direction=direction,
        is_better=None if previous is None else is_better(value, previous, direction),
        best=best_value(ends, direction),
        min_value=_number(row["min_value"]),
        max_value=_number(row["max_value"]),
        n_points=int(str(row["n_points"])),
        spark=spark,
    )


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _sparks(run_id: str, keys: list[str]) -> dict[str, tuple[int, ...]]:
    curves = thinned_curves([run_id], keys, _SPARK_POINTS)
    return {key: _spark(points) for (_, key), points in curves.items() if len(points.value) > 1}


def _spark(points: Points) -> tuple[int, ...]:
    return tuple(round(c) for point in fit_points(points.step, points.value, (0, 100, 100, 0)) for c in point)
