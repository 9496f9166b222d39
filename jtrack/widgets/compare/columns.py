"""Params and metrics of the compared runs as columns of numbers, to be drawn against each other, and what tells most.

How much a param tells of a metric is its rank correlation, or for categories the correlation ratio of ranks, as at
the heads of the parallel coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.widgets.parallel.axes import (
    MISSING_CODE,
    AxisKind,
    Measure,
    correlation_ratio,
    numeric_kind,
    rank_correlation,
)
from jtrack.widgets.params import param_value

_METRIC = "SELECT run_id, value FROM latest_metrics WHERE key = ? AND run_id IN (SELECT unnest(?::VARCHAR[]))"
_PARAMS = """
SELECT run_id, key, left(value, 200) AS value, number,
       CASE WHEN length(value_json::VARCHAR) <= 200 THEN value_json::VARCHAR END AS value_json
FROM params WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[]))
"""
_MOST_BARS = 30


@dataclass(frozen=True, slots=True)
class ComparedColumn:
    """One param or metric of all runs: ``values`` where it is a number, ``texts`` as it was given.

    ``is_log`` says that the numbers span decades, so that they are better seen by their logarithm.
    """

    id: str
    is_numeric: bool
    is_log: bool
    values: tuple[float | None, ...]
    texts: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a param tells of a metric among ``n_runs``: of ``rho`` the sign is the way, of ``eta`` there is none."""

    key: str
    measure: Measure
    value: float
    n_runs: int


def read_column(run_ids: Sequence[str], axis_id: str) -> ComparedColumn:
    """Read one column by its id: ``params.lr``, ``metrics.acc``.

    Raises
    ------
    InvalidInputError
        The id names neither, or none of the runs has it.
    """
    kind, _, key = axis_id.partition(".")
    if kind not in ("metrics", "params"):
        raise InvalidInputError(f"no column {axis_id!r}", "such as 'params.lr' or 'metrics.accuracy'")
    column = _metric_column(run_ids, key) if kind == "metrics" else read_param_columns(run_ids, [key])[0]
    if all(text is None for text in column.texts):
        raise InvalidInputError(f"none of these runs has {axis_id!r}", "an axis is 'params.…' or 'metrics.…'")
    return column


def read_param_columns(run_ids: Sequence[str], keys: Sequence[str]) -> tuple[ComparedColumn, ...]:
    """Read params as columns, in the order of their keys."""
    found = {(row.pop("run_id"), row.pop("key")): row for row in queries.rows(_PARAMS, [list(run_ids), list(keys)])}
    columns = []
    for key in keys:
        rows = [found.get((run_id, key)) for run_id in run_ids]
        values = tuple(None if row is None else _finite(row["number"]) for row in rows)
        texts = tuple(None if row is None else param_value(**row, digest="").text for row in rows)
        numeric = all(row is None or row["number"] is not None for row in rows)
        columns.append(ComparedColumn(f"params.{key}", numeric, numeric and _spans_decades(values), values, texts))
    return tuple(columns)


def _metric_column(run_ids: Sequence[str], key: str) -> ComparedColumn:
    found = {row["run_id"]: row["value"] for row in queries.rows(_METRIC, [key, list(run_ids)])}
    values = tuple(_finite(found.get(run_id)) for run_id in run_ids)
    texts = tuple(None if value is None else f"{value:.6g}" for value in values)
    return ComparedColumn(f"metrics.{key}", True, False, values, texts)


def find_axis(name: str, axes: Sequence[str]) -> str:
    """Complete a bare key such as ``lr`` to the one id that it fits.

    Raises
    ------
    InvalidInputError
        It fits none, or a param and a metric.
    """
    fitting = [axis for axis in axes if axis == name] or [axis for axis in axes if axis.partition(".")[2] == name]
    if len(fitting) == 1:
        return fitting[0]
    problem = "is a param and a metric" if fitting else "is no param that differs and no metric of these runs"
    raise InvalidInputError(f"{name!r} {problem}", f"one of {', '.join((fitting or list(axes))[:8])}")


def read_importance(run_ids: Sequence[str], axes: Sequence[str], metric: str) -> tuple[Importance, ...]:
    """Rank the params among ``axes`` by how much they tell of a metric, the most telling first."""
    import numpy as np

    goal = np.array([math.nan if v is None else v for v in read_column(run_ids, metric).values])
    keys = [axis.partition(".")[2] for axis in axes if axis.startswith("params.")]
    told = [_told(column, goal) for column in read_param_columns(run_ids, keys)]
    known = [importance for importance in told if importance is not None]
    return tuple(sorted(known, key=lambda each: -abs(each.value))[:_MOST_BARS])


def category_codes(texts: Sequence[str | None]) -> tuple[list[int], list[str]]:
    """Number the texts in their order, the missing ones by `MISSING_CODE`."""
    names = sorted({text for text in texts if text is not None})[:MISSING_CODE]
    places = {name: i for i, name in enumerate(names)}
    return [MISSING_CODE if text is None else places.get(text, MISSING_CODE) for text in texts], names


def _told(column: ComparedColumn, goal: object) -> Importance | None:
    import numpy as np

    objective = np.asarray(goal, dtype=np.float64)
    if column.is_numeric:
        values = np.array([math.nan if v is None else v for v in column.values])
        both = np.isfinite(values) & np.isfinite(objective)
        found, measure = rank_correlation(values, objective), Measure.RHO
    else:
        codes = np.array(category_codes(column.texts)[0], dtype=np.uint8)
        both = (codes != MISSING_CODE) & np.isfinite(objective)
        found, measure = correlation_ratio(codes, objective), Measure.ETA
    return None if found is None else Importance(column.id.partition(".")[2], measure, found, int(both.sum()))


def _spans_decades(values: Sequence[float | None]) -> bool:
    import numpy as np

    there = np.array([value for value in values if value is not None])
    return bool(there.size) and numeric_kind(float(there.min()), float(there.max()), there) is AxisKind.LOG


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
