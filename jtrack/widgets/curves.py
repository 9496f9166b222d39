"""Metric curves thinned in the database: a panel never pulls a million points to draw sixty.

The points are cut into buckets by their order, and of each bucket the lowest and the highest are kept;
so are the first and the last. What is drawn then has every spike that the whole curve would show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from jtrack import queries
from jtrack.store.curves import thin

# So few points are quicker fetched and thinned here than cut into buckets there.
_FEW_POINTS = 10_000

_SERIES = """
SELECT run_id, key, series_no, n_points FROM every_series
WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[])) AND n_points > 0
"""
_POINTS = """
SELECT series_no, step, value FROM every_points
WHERE series_no BETWEEN ? AND ? AND series_no IN (SELECT unnest(?::INTEGER[])) AND isfinite(value)
ORDER BY series_no, step, logged_at
"""  # the range lets most blocks of a large store unread
_THINNED = """
WITH points AS (
    SELECT run_id, key, step, value,
           row_number() OVER (PARTITION BY run_id, key ORDER BY step, logged_at) - 1 AS i,
           count(*) OVER (PARTITION BY run_id, key) AS n
    FROM metrics
    WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[])) AND isfinite(value)
), buckets AS (
    SELECT run_id, key, i * ?::BIGINT // n AS bucket,
           arg_min({'i': i, 'step': step, 'value': value}, value) AS low,
           arg_max({'i': i, 'step': step, 'value': value}, value) AS high,
           arg_min({'i': i, 'step': step, 'value': value}, i) AS first,
           arg_max({'i': i, 'step': step, 'value': value}, i) AS last,
           any_value(n) AS n
    FROM points GROUP BY run_id, key, bucket
)
SELECT run_id, key, n,
       list(low ORDER BY bucket) AS lows, list(high ORDER BY bucket) AS highs,
       arg_min(first, bucket) AS first, arg_max(last, bucket) AS last
FROM buckets GROUP BY run_id, key, n
"""


@dataclass(frozen=True, slots=True)
class Points:
    """The finite points of one metric of one run, thinned; ``n_points`` is how many there were.

    ``step`` does not decrease; where the run logged every point at one step it counts them instead.
    """

    step: tuple[float, ...]
    value: tuple[float, ...]
    n_points: int


def thinned_curves(run_ids: Sequence[str], keys: Sequence[str], max_points: int) -> dict[tuple[str, str], Points]:
    """Read curves by (run id, key), each of at most about ``max_points`` points."""
    if not run_ids or not keys:
        return {}
    series = queries.rows(_SERIES, [list(run_ids), list(keys)])
    if sum(row["n_points"] for row in series) <= _FEW_POINTS:
        return _few_points(series, max_points)
    n_buckets = max((max_points - 2) // 2, 1)
    found = queries.rows(_THINNED, [list(run_ids), list(keys), n_buckets])
    return {(row["run_id"], row["key"]): _points(row) for row in found}


def _few_points(series: list[dict[str, Any]], max_points: int) -> dict[tuple[str, str], Points]:
    names = {row["series_no"]: (row["run_id"], row["key"]) for row in series}
    found = queries.rows(_POINTS, [min(names), max(names), list(names)]) if names else []
    curves = {}
    for number, points in groupby(found, key=itemgetter("series_no")):
        step, value = zip(*((point["step"], point["value"]) for point in points), strict=True)
        kept = thin(np.array(value), max_points).tolist()
        one_step = step[0] == step[-1]
        steps = tuple(int(i if one_step else step[i]) for i in kept)
        curves[names[number]] = Points(steps, tuple(float(value[i]) for i in kept), len(value))
    return curves


def _points(row: dict[str, object]) -> Points:
    kept = {
        p["i"]: p for p in [*_structs(row["lows"]), *_structs(row["highs"]), *_structs([row["first"], row["last"]])]
    }
    ordered = [kept[i] for i in sorted(kept)]
    one_step = len({p["step"] for p in ordered}) == 1
    return Points(
        step=tuple(int(p["i"] if one_step else p["step"]) for p in ordered),
        value=tuple(float(p["value"]) for p in ordered),
        n_points=int(str(row["n"])),
    )


def _structs(value: object) -> list[dict[str, float]]:
    assert isinstance(value, list)
    return value
