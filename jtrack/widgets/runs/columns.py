"""Which columns a runs table shows: the metrics it is judged by, and the params that differ.

A param that is the same in every run says nothing in a column; it is named once below the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from jtrack.direction import Direction, best_value, infer_direction, order_metrics
from jtrack.store.search.write import write_name
from jtrack.widgets.format import column_decimals
from jtrack.widgets.params import param_value
from jtrack.widgets.runs.found import Found

_MOST_METRICS = 4
_MOST_PARAMS = 8

_METRICS = """
SELECT key, count(*) AS n_runs, max(n_points) AS n_points,
       min(value) FILTER (isfinite(value)) AS low, max(value) FILTER (isfinite(value)) AS high,
       min(abs(value)) FILTER (isfinite(value) AND value <> 0) AS least,
       bool_and(value = trunc(value)) FILTER (isfinite(value)) AS whole
FROM latest_metrics WHERE run_id IN ({found}) GROUP BY key
"""
_PARAMS = """
SELECT key, count(*) AS n_runs, count(number) AS n_numbers,
       min(value_json::VARCHAR) = max(value_json::VARCHAR) AS is_same, left(any_value(value), 80) AS value,
       CASE WHEN max(length(value_json::VARCHAR)) <= 80 THEN any_value(value_json::VARCHAR) END AS value_json
FROM params WHERE run_id IN ({found}) GROUP BY key ORDER BY n_runs DESC, key
"""
_TAGS = """
SELECT key, count(*) AS n_runs FROM tags WHERE run_id IN ({found})
  AND NOT starts_with(key, 'mlflow.') AND NOT starts_with(key, 'jtrack.') GROUP BY key ORDER BY n_runs DESC, key
"""
_EXPERIMENTS = "SELECT min(experiment_id) <> max(experiment_id) AS several FROM runs WHERE run_id IN ({found})"


class ColumnKind(StrEnum):
    """What a column shows; with a dot and a key it is a name of the search language."""

    METRIC = "metrics"
    PARAM = "params"
    TAG = "tags"
    ATTRIBUTE = "attributes"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a runs table.

    ``id`` is its name in the search language; ``best`` and ``decimals`` are told from all rows, not from a page;
    ``only_value`` is the text of a param that is the same in every run.
    """

    id: str
    kind: ColumnKind
    key: str
    n_runs: int
    is_numeric: bool
    direction: Direction | None = None
    best: float | None = None
    decimals: int | None = None
    only_value: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A param that is the same in every run."""

    key: str
    text: str


def survey_columns(found: Found, n_runs: int) -> tuple[Column, ...]:
    """Every column that so many runs could show: metrics by importance, params and tags by how many runs have them."""
    if not n_runs:
        return ()
    known = {row["key"]: row for row in found.rows(_METRICS)}
    metrics = [_metric_column(known[key]) for key in order_metrics(known)]
    params = [_param_column(row, n_runs) for row in found.rows(_PARAMS)]
    tags = [
        Column(write_name(ColumnKind.TAG, row["key"]), ColumnKind.TAG, row["key"], row["n_runs"], False)
        for row in found.rows(_TAGS)
    ]
    where = [Column("attributes.experiment_name", ColumnKind.ATTRIBUTE, "experiment_name", n_runs, False)]
    return (*metrics, *params, *tags, *(where if found.rows(_EXPERIMENTS)[0]["several"] else ()))


def choose_columns(
    survey: Sequence[Column],
    n_runs: int,
    order_by: str,
    wanted: Sequence[str] | None = None,
    pinned: Sequence[str] = (),
) -> tuple[tuple[Column, ...], int]:
    """Pick the columns to show: pinned ones, then the metric that the rows are sorted by.

    Parameters
    ----------
    wanted, pinned
        Ids or bare keys, in order; ``wanted`` of ``None`` takes up to 4 metrics and 8 params that differ.

    Returns
    -------
    tuple[tuple[Column, ...], int]
        The columns, and how many of the first are pinned.
    """
    first = _named(survey, pinned)
    rest = _usual(survey, n_runs, order_by) if wanted is None else _named(survey, wanted)
    return (*first, *(column for column in rest if column not in first)), len(first)


def _named(survey: Sequence[Column], names: Sequence[str]) -> list[Column]:
    picked = [column for name in names for column in survey if name in (column.id, column.key)]
    return list(dict.fromkeys(picked))


def _usual(survey: Sequence[Column], n_runs: int, order_by: str) -> list[Column]:
    metrics = [column for column in survey if column.kind is ColumnKind.METRIC]
    params = [c for c in survey if c.kind is ColumnKind.PARAM and (c.only_value is None or n_runs == 1)]
    rest = [column for column in survey if column.kind is ColumnKind.ATTRIBUTE]
    sorted_by = order_by.rsplit(" ", 1)[0] if order_by.upper().endswith((" ASC", " DESC")) else order_by
    metrics.sort(key=lambda column: column.id != sorted_by)
    params.sort(key=lambda column: column.id != sorted_by)
    return [*metrics[:_MOST_METRICS], *params[:_MOST_PARAMS], *rest]


def _metric_column(row: dict[str, Any]) -> Column:
    direction = infer_direction(row["key"])
    decimals = 0 if row["whole"] else column_decimals([row["low"], row["high"], row["least"]])
    return Column(
        id=write_name(ColumnKind.METRIC, row["key"]),
        kind=ColumnKind.METRIC,
        key=row["key"],
        n_runs=row["n_runs"],
        is_numeric=True,
        direction=direction,
        best=best_value([row["low"], row["high"]], direction) if row["n_runs"] > 1 else None,
        decimals=decimals,
    )


def _param_column(row: dict[str, Any], n_runs: int) -> Column:
    column = Column(
        id=write_name(ColumnKind.PARAM, row["key"]),
        kind=ColumnKind.PARAM,
        key=row["key"],
        n_runs=row["n_runs"],
        is_numeric=row["n_numbers"] == row["n_runs"],
    )
    if not row["is_same"] or row["n_runs"] < n_runs:
        return column
    return replace(column, only_value=param_value(row["value"], row["value_json"], "", None).text)
