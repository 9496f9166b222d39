"""The data of the runs table, read in pages so that it costs the same at 100 runs and at 100,000.

A search gives the ids in order, once. What the columns are is told from all of them by aggregates in
the database; the rows themselves are read only where someone looks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import ExperimentNotFoundError
from jtrack.store.search import plan_search
from jtrack.widgets.curves import thinned_curves
from jtrack.widgets.format import plural
from jtrack.widgets.frames import duration_s
from jtrack.widgets.images import fit_points
from jtrack.widgets.params import param_value
from jtrack.widgets.runs.columns import Column, ColumnKind, Constant, choose_columns, survey_columns

PAGE_SIZE = 25
_SPARK_POINTS = 20
NEWEST_FIRST = "attributes.started_at DESC"

_EXPERIMENTS = "SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active'"
_NAMES = """
SELECT DISTINCT e.name FROM runs r JOIN experiments e USING (experiment_id) WHERE r.lifecycle_stage = 'active' LIMIT 2
"""
_ROWS = """
SELECT r.run_id, r.run_name, r.status, r.kind, r.parent_run_id, r.started_at, r.ended_at, e.name AS experiment_name
FROM runs r LEFT JOIN experiments e USING (experiment_id) WHERE r.run_id IN (SELECT unnest(?::VARCHAR[]))
"""
_CHILDREN = """
SELECT parent_run_id AS run_id, count(*) AS n FROM runs
WHERE lifecycle_stage = 'active' AND parent_run_id IN (SELECT unnest(?::VARCHAR[])) GROUP BY parent_run_id
"""
_METRICS = """
SELECT run_id, key, value FROM latest_metrics
WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[]))
"""
_PARAMS = """
SELECT run_id, key, left(value, 80) AS value, number,
       CASE WHEN length(value_json::VARCHAR) <= 80 THEN value_json::VARCHAR END AS value_json
FROM params WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[]))
"""


@dataclass(frozen=True, slots=True)
class RunsQuery:
    """What a runs table was asked for; ``columns`` are ids such as ``params.lr``, ``None`` chooses."""

    filter_string: str = ""
    order_by: tuple[str, ...] = (NEWEST_FIRST,)
    experiment_names: tuple[str, ...] | None = None
    max_results: int = 1000
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run; ``cells`` stand in the order of the columns, ``spark`` is x, y, x, y … in a 100 × 100 box, upwards."""

    run_id: str
    run_name: str
    status: RunStatus
    kind: str
    parent_run_id: str | None
    started_at: datetime
    duration_s: float | None
    cells: tuple[float | str | None, ...]
    spark: tuple[int, ...] | None = None
    n_children: int = 0

    @property
    def inside(self) -> str:
        """What stands beside the name of a run that others are nested in: ``40 trials``."""
        return plural(self.n_children, "trial" if self.kind == RunKind.SWEEP else "run") if self.n_children else ""


@dataclass(frozen=True, slots=True)
class RunsFrame:
    """What a runs table shows; ``rows`` is the page that starts at ``offset``.

    ``n_runs`` is how many rows there are to page through, ``n_total`` how many runs there are without the filter.
    """

    title: str
    n_runs: int
    n_total: int
    query: RunsQuery
    columns: tuple[Column, ...]
    available: tuple[Column, ...]
    constants: tuple[Constant, ...]
    rows: tuple[RunRow, ...]
    offset: int = 0
    panel: str = field(default="runs", init=False)


@dataclass(frozen=True, slots=True)
class RunsResult:
    """A search that was made: the frame with its first page, and the ids to read further pages by."""

    frame: RunsFrame
    run_ids: tuple[str, ...] = field(repr=False)

    def rows(self, offset: int, limit: int) -> tuple[RunRow, ...]:
        """Read one page."""
        return read_rows(self.run_ids[max(offset, 0) : max(offset, 0) + limit], self.frame.columns)


def read_runs(query: RunsQuery, page_size: int = PAGE_SIZE, within: Collection[str] | None = None) -> RunsResult:
    """Make a search and read its first page.

    Parameters
    ----------
    within
        The runs to search among, by their full ids, such as those that were brushed; ``None`` is all of them.

    Raises
    ------
    InvalidFilterError
        The filter or the order can't be read; the error says where.
    ExperimentNotFoundError
        There is no experiment of a name that was asked for.
    """
    experiments = _experiments(query.experiment_names)
    run_ids = _run_ids(query, experiments)
    if within is not None:
        run_ids = [run_id for run_id in run_ids if run_id in within]
    survey = survey_columns(run_ids)
    columns = choose_columns(survey, len(run_ids), query.order_by[0], query.columns)
    frame = RunsFrame(
        title=_title(experiments, query.experiment_names) if within is None else plural(len(within), "chosen run"),
        n_runs=len(run_ids),
        n_total=_count(experiments) if within is None else len(within),
        query=query,
        columns=columns,
        available=survey[:300],
        constants=tuple(Constant(c.key, c.only_value) for c in survey if c.only_value is not None and len(run_ids) > 1),
        rows=read_rows(run_ids[:page_size], columns),
    )
    return RunsResult(frame, tuple(run_ids))


def read_rows(run_ids: Sequence[str], columns: Sequence[Column]) -> tuple[RunRow, ...]:
    """Read the rows of runs in the order of their ids; a run that is gone is left out."""
    if not run_ids:
        return ()
    ids = list(run_ids)
    heads = {row["run_id"]: row for row in queries.rows(_ROWS, [ids])}
    metric_keys = [column.key for column in columns if column.kind is ColumnKind.METRIC]
    param_keys = [column.key for column in columns if column.kind is ColumnKind.PARAM]
    metrics = {(row["run_id"], row["key"]): row["value"] for row in _read(_METRICS, ids, metric_keys)}
    params = {(row["run_id"], row["key"]): _param_cell(row) for row in _read(_PARAMS, ids, param_keys)}
    sparks = _sparks(ids, metric_keys)
    children = {row["run_id"]: row["n"] for row in queries.rows(_CHILDREN, [ids])}
    values = {ColumnKind.METRIC: metrics, ColumnKind.PARAM: params}
    return tuple(
        _row(heads[run_id], columns, values, sparks.get(run_id), children.get(run_id, 0))
        for run_id in ids
        if run_id in heads
    )


def _row(
    head: dict[str, Any],
    columns: Sequence[Column],
    values: dict[ColumnKind, dict[tuple[str, str], Any]],
    spark: tuple[int, ...] | None,
    n_children: int,
) -> RunRow:
    return RunRow(
        run_id=head["run_id"],
        run_name=head["run_name"],
        status=RunStatus(head["status"]),
        kind=head["kind"],
        parent_run_id=head["parent_run_id"],
        started_at=head["started_at"],
        duration_s=duration_s(head["started_at"], head["ended_at"]),
        cells=tuple(_cell(head, column, values) for column in columns),
        spark=spark,
        n_children=n_children,
    )


def _cell(
    head: dict[str, Any], column: Column, values: dict[ColumnKind, dict[tuple[str, str], Any]]
) -> float | str | None:
    if column.kind is ColumnKind.ATTRIBUTE:
        found: str | None = head[column.key]
        return found
    value: float | str | None = values[column.kind].get((head["run_id"], column.key))
    return value


def _read(sql: str, run_ids: list[str], keys: list[str]) -> list[dict[str, Any]]:
    return queries.rows(sql, [run_ids, keys]) if keys else []


def _param_cell(row: dict[str, Any]) -> str:
    return param_value(row["value"], row["value_json"], "", row["number"]).text


def _sparks(run_ids: list[str], metric_keys: list[str]) -> dict[str, tuple[int, ...]]:
    curves = thinned_curves(run_ids, metric_keys[:1], _SPARK_POINTS)
    fitted = {
        run_id: fit_points(points.step, points.value, (0, 100, 100, 0))
        for (run_id, _), points in curves.items()
        if len(points.value) > 1
    }
    return {run_id: tuple(round(c) for point in points for c in point) for run_id, points in fitted.items()}


def _experiments(names: Sequence[str] | None) -> list[str] | None:
    if names is None:
        return None
    found = {row["name"]: row["experiment_id"] for row in queries.rows(_EXPERIMENTS)}
    for name in names:
        if name not in found:
            raise ExperimentNotFoundError(name, found)
    return [found[name] for name in names]


def _run_ids(query: RunsQuery, experiment_ids: list[str] | None) -> list[str]:
    sql, params = plan_search(query.filter_string, query.order_by, experiment_ids, max_results=query.max_results)
    return [row["run_id"] for row in queries.rows(sql, params)]


def _count(experiment_ids: list[str] | None) -> int:
    sql, params = plan_search("", None, experiment_ids)
    return int(queries.rows(f"SELECT count(*) AS n FROM ({sql})", params)[0]["n"])


def _title(experiment_ids: list[str] | None, names: Sequence[str] | None) -> str:
    if names is None:
        there = queries.rows(_NAMES)
        return there[0]["name"] if len(there) == 1 else "all experiments"
    return names[0] if len(names) == 1 else plural(len(experiment_ids or ()), "experiment")
