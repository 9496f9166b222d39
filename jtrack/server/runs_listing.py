"""The runs of a notebook, of a folder or of a whole store: found by a search, read a page at a time.

The search gives the ids in order; the scope is laid over it in SQL. Of a run with a thousand metrics a list needs the
few that matter, of a param of a megabyte its beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, infer_direction, order_metrics
from jtrack.errors import ExperimentNotFoundError
from jtrack.server.question import Question, Scope
from jtrack.server.scopes import plan_scope
from jtrack.server.values import typed_form
from jtrack.store.search import plan_search
from jtrack.widgets.children import count_children
from jtrack.widgets.frames import duration_s
from jtrack.widgets.runs.scope import place_within

MOST_ROWS = 500
_MOST_METRICS = 12
_MOST_PARAMS = 24
_MOST_TEXT = 200

_ROWS = """
SELECT r.run_id, r.run_name, r.status, r.kind, r.parent_run_id, r.lifecycle_stage, r.started_at, r.ended_at,
       r.experiment_id, e.name AS experiment_name, r.source_name, r.user_name, r.description
FROM runs r LEFT JOIN experiments e USING (experiment_id) WHERE r.run_id IN (SELECT unnest(?::VARCHAR[]))
"""
_CELLS = """
SELECT DISTINCT ON (run_id) run_id, cell_id, execution_count, notebook_path FROM cells
WHERE role = 'tracked' AND run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY run_id, execution_count DESC NULLS LAST
"""
_METRICS = """
SELECT run_id, key, value, step, n_points FROM latest_metrics WHERE run_id IN (SELECT unnest(?::VARCHAR[]))
"""
_PARAMS = f"""
SELECT run_id, key, left(value, {_MOST_TEXT}) AS value, number,
       CASE WHEN length(value_json::VARCHAR) <= {_MOST_TEXT} THEN value_json::VARCHAR END AS value_json
FROM params WHERE run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY key
"""
_TAGS = f"""
SELECT run_id, key, left(value, {_MOST_TEXT}) AS value FROM tags
WHERE run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY key
"""

_NO_CELL: dict[str, Any] = {"notebook_path": None, "cell_id": None, "execution_count": None}


@dataclass(frozen=True, slots=True)
class ListedMetric:
    """The last point of a metric, and which way it is better."""

    key: str
    value: float
    step: int
    n_points: int
    direction: Direction | None


@dataclass(frozen=True, slots=True)
class ListedParam:
    """A param: ``value`` as text, cut at 200; ``value_json`` is its typed form, ``None`` where that is longer."""

    key: str
    value: str
    value_json: Any
    number: float | None


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run of a list; ``metrics`` are the first of ``n_metrics``, those that matter most in front."""

    run_id: str
    run_name: str
    status: str
    kind: str
    lifecycle_stage: str
    parent_run_id: str | None
    n_children: int
    started_at: datetime
    ended_at: datetime | None
    duration_s: float | None
    experiment_id: str
    experiment_name: str | None
    user_name: str | None
    source_name: str | None
    notebook_path: str | None
    cell_id: str | None
    execution_count: int | None
    description: str | None
    metrics: tuple[ListedMetric, ...]
    n_metrics: int
    params: tuple[ListedParam, ...]
    n_params: int
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class RunsPage:
    """A page of runs; ``n_runs`` is how many there are in all pages."""

    store_path: str
    scope: Scope
    n_runs: int
    offset: int
    runs: tuple[ListedRun, ...]


def list_runs(asked: Question) -> RunsPage:
    """Find runs and read one page of them; ``offset``, ``limit``, and ``metric`` names the metrics to show.

    Raises
    ------
    InvalidFilterError
        The filter or the order can't be read; the error says where.
    ExperimentNotFoundError
        There is no experiment of this name.
    InvalidInputError
        A cell was asked for without its notebook, or the scope is none.
    """
    search, values = plan_runs(asked)
    n_runs = asked.store.catalog.rows(f"SELECT count(*) AS n FROM ({search})", values)[0]["n"]
    offset = asked.number("offset", 0, 0, 2**53)
    limit = asked.number("limit", 50, 0, MOST_ROWS)
    page = f"SELECT run_id FROM ({search}) ORDER BY place LIMIT ? OFFSET ?"
    run_ids = [row["run_id"] for row in asked.store.catalog.rows(page, [*values, limit, offset])]
    runs = read_runs(run_ids, asked.texts("metric") or None)
    return RunsPage(str(asked.store.path), asked.scope, n_runs, offset, runs)


def plan_runs(asked: Question) -> tuple[str, list[object]]:
    """Plan the search that a request asks for: SQL with columns ``run_id`` and ``place``, its place in the order."""
    experiments = _experiment_ids(asked.texts("experiment"))
    search, values = plan_search(asked.text("filter"), asked.texts("order_by"), experiments, asked.view_type)
    return place_within(search, values, plan_scope(asked.scope, asked.place, asked.text("cell_id")))


def read_runs(run_ids: Sequence[str], metric_keys: Sequence[str] | None = None) -> tuple[ListedRun, ...]:
    """Read runs in the order of their ids; one that is gone is left out.

    Parameters
    ----------
    metric_keys
        The metrics to give, in this order; ``None`` gives those that matter most.
    """
    if not run_ids:
        return ()
    ids = [list(run_ids)]
    heads = {row["run_id"]: row for row in queries.rows(_ROWS, ids)}
    cells = {row.pop("run_id"): row for row in queries.rows(_CELLS, ids)}
    children = count_children(run_ids)
    metrics, params, tags = (_by_run(queries.rows(query, ids)) for query in (_METRICS, _PARAMS, _TAGS))
    return tuple(
        ListedRun(
            **heads[run_id],
            n_children=children.get(run_id, 0),
            duration_s=duration_s(heads[run_id]["started_at"], heads[run_id]["ended_at"]),
            **cells.get(run_id, _NO_CELL),
            metrics=_chosen_metrics(metrics[run_id], metric_keys),
            n_metrics=len(metrics[run_id]),
            params=tuple(_param(row) for row in params[run_id][:_MOST_PARAMS]),
            n_params=len(params[run_id]),
            tags={row["key"]: row["value"] for row in tags[run_id]},
        )
        for run_id in run_ids
        if run_id in heads
    )


def _chosen_metrics(rows: list[dict[str, Any]], keys: Sequence[str] | None) -> tuple[ListedMetric, ...]:
    found = {row.pop("key"): row for row in rows}
    chosen = order_metrics(found)[:_MOST_METRICS] if keys is None else [key for key in keys if key in found]
    return tuple(ListedMetric(key, **found[key], direction=infer_direction(key)) for key in chosen)


def _param(row: dict[str, Any]) -> ListedParam:
    return ListedParam(row["key"], row["value"], typed_form(row["value_json"]), row["number"])


def _by_run(rows: list[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    grouped: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row.pop("run_id")].append(row)
    return grouped


def _experiment_ids(names: Sequence[str]) -> list[str] | None:
    if not names:
        return None
    found = {row["name"]: row["experiment_id"] for row in queries.rows("SELECT experiment_id, name FROM experiments")}
    for name in names:
        if name not in found:
            raise ExperimentNotFoundError(name, found)
    return [found[name] for name in names]
