"""Asking the store: typed runs, tables of runs, curves, and plain SQL; live runs are always in it."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

from jtrack.entities import Curve, DatasetInput, ModelStage, ModelVersion, Run, RunData, RunInfo, RunInputs, ViewType
from jtrack.errors import InvalidInputError, MetricNotFoundError, RunNotFoundError
from jtrack.tracking.context import current_store, process
from jtrack.tracking.resume import run_info
from jtrack.tracking.run import TAG_COLUMNS
from jtrack.values import parse_param

if TYPE_CHECKING:
    import duckdb

    from jtrack.store import Store
    from jtrack.store.catalog import Catalog
    from jtrack.store.journal import JournalMark

OutputFormat = Literal["pandas", "list", "arrow", "polars"]

_asked_store: ContextVar[Store | None] = ContextVar("jtrack_asked_store", default=None)


@contextmanager
def using(store: Store) -> Iterator[Store]:
    """Ask ``store`` inside the block, instead of the one in force; other threads and tasks are not touched."""
    token = _asked_store.set(store)
    try:
        yield store
    finally:
        _asked_store.reset(token)


@contextmanager
def one_look(until: JournalMark | None = None) -> Iterator[None]:
    """Look at the store once for all the questions inside the block: one state of it, at the price of one look.

    Parameters
    ----------
    until
        What its writer wrote from here on needn't be in it.
    """
    with _catalog().one_look(until):
        yield


def rows(query: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Answer a SELECT over the store's views as dictionaries; times are aware, in UTC."""
    return _catalog().rows(query, params)


def remembered_rows(table: str, query: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Answer like :func:`rows` what comes from one table alone, from memory until the table has news."""
    return _catalog().remembered_rows(table, query, params)


def rows_beside(
    columns: Mapping[str, Sequence[object]], query: str, params: Sequence[object] = ()
) -> list[dict[str, Any]]:
    """Answer like :func:`rows` a query that reads ``columns``, all of one length, as the table ``given``.

    It is the way to hand many ids over: 100,000 of them take ten times as long as a parameter.
    """
    return _catalog().rows_beside(columns, query, params)


def column(query: str, params: Sequence[object] = ()) -> list[Any]:
    """Answer a SELECT of one column as a list: of many rows, quicker than as dictionaries."""
    return [value for (value,) in _catalog().execute(query, params).fetchall()]


def sql(query: str, params: Sequence[object] | None = None) -> duckdb.DuckDBPyRelation:
    """Ask any SELECT over the views of the store.

    Returns
    -------
    duckdb.DuckDBPyRelation
        The answer, which shows itself as a table: ``.df()``, ``.pl()``, ``.arrow()``, ``.fetchall()``.
        Times are in UTC.

    Raises
    ------
    QueryError
        DuckDB refused it, or it is not a SELECT.
    """
    return _catalog().relation(query, params or ())


def get_run(run_id: object) -> Run:
    """Get a run as the store has it now.

    Parameters
    ----------
    run_id
        A full id, a prefix or a name that fits one run, ``@last`` or ``@best(metrics.acc)``.

    Raises
    ------
    RunNotFoundError
        There is none; the hint lists near names.
    """
    return _runs(_catalog(), [resolve_run(run_id)])[0]


def resolve_run(run_id: object) -> str:
    """Give the full id of the run that an address means; see :func:`get_run`."""
    from jtrack.store.addresses import run_id_of

    return run_id_of(_catalog(), run_id, experiment_id=process.experiment_id)


def resolve_runs(addresses: Iterable[object]) -> list[str]:
    """Give the full ids of the runs that addresses mean, each once, in their order; see :func:`get_run`."""
    from jtrack.store.addresses import run_ids_of

    return run_ids_of(_catalog(), addresses, experiment_id=process.experiment_id)


def find_run(run_id: object) -> Run | None:
    """Find a run like :func:`get_run`; ``None`` where there is none."""
    try:
        return get_run(run_id)
    except RunNotFoundError:
        return None


def get_parent_run(run_id: object) -> Run | None:
    """Get the run that this one is a child of; ``None`` where it is nobody's."""
    parent = get_run(run_id).info.parent_run_id
    return None if parent is None else find_run(parent)


def last_active_run() -> Run | None:
    """Get the active run, or the one that this process ended last."""
    run = process.runs[-1] if process.runs else process.last_run
    if run is None:
        return None
    with using(run.store):  # another one may have been chosen meanwhile
        return get_run(run.run_id)


def search_experiments(
    view_type: ViewType | int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Any]:
    """Search experiments by name, time and tags, the newest first."""
    from jtrack.store.search import plan_experiment_search
    from jtrack.tracking.experiments import get_experiments

    query, values = plan_experiment_search(filter_string or "", order_by or [], view_type_of(view_type), max_results)
    return get_experiments(asked_store(), [row["experiment_id"] for row in rows(query, values)])


def search_runs(
    experiment_ids: str | Sequence[str] | None = None,
    filter_string: str = "",
    run_view_type: ViewType | int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: Sequence[str] | None = None,
    output_format: OutputFormat = "pandas",
    search_all_experiments: bool = False,
    experiment_names: str | Sequence[str] | None = None,
) -> Any:
    """Search runs, with filters as MLflow writes them.

    Parameters
    ----------
    experiment_ids, experiment_names
        Where to look, one or several; with neither, in the chosen experiment, or in all if none was chosen.
    filter_string
        Such as ``metrics.acc > 0.9 and params.model = 'tree'``; ``or``, ``not`` and parentheses work too.
    order_by
        Such as ``["metrics.acc DESC"]``; missing values and NaN come last. By default the newest run comes first.
    output_format
        ``"pandas"``, ``"polars"`` or ``"arrow"``: a table with columns ``run_id``, ``experiment_id``, ``status``,
        ``artifact_uri``, ``start_time``, ``end_time``, ``params.*``, ``metrics.*``, ``tags.*``; ``"list"``: ``Run``.

    Raises
    ------
    InvalidFilterError
        The filter or the order doesn't parse; a caret stands under the place.
    """
    from jtrack import tables
    from jtrack.store.search import plan_search

    _check_count(max_results)
    if output_format not in ("pandas", "list", "arrow", "polars"):
        raise InvalidInputError(f"no output format {output_format!r}", "one of 'pandas', 'list', 'arrow', 'polars'")
    ids = _experiments_meant(experiment_ids, experiment_names, search_all_experiments)
    query, values = plan_search(filter_string or "", order_by or [], ids, view_type_of(run_view_type), max_results)
    catalog = _catalog()
    runs = _runs(catalog, [row["run_id"] for row in catalog.rows(query, values)])
    return runs if output_format == "list" else tables.runs_table(runs, output_format)


def _check_count(max_results: object) -> None:
    if not isinstance(max_results, SupportsIndex) or operator.index(max_results) < 0:
        raise InvalidInputError(f"max_results is a number from 0 on, not {max_results!r}")


def view_type_of(value: ViewType | int) -> ViewType:
    """Read which lifecycle stages are meant: a :class:`ViewType` or its number."""
    try:
        return ViewType(value)
    except ValueError:
        names = ", ".join(f"ViewType.{view.name}" for view in ViewType)
        raise InvalidInputError(f"{value!r} says not which runs to show", f"one of {names}") from None


def metric_history(run_id: object, key: str, *, max_points: int | None = None) -> Curve:
    """Read one metric of one run as columns ready to plot.

    Parameters
    ----------
    run_id
        A full id, a prefix or a name that fits one run, ``@last`` or ``@best(metrics.acc)``.
    max_points
        Thin to about this many points, keeping the first, the last and the
        extremes of every bucket. ``None`` keeps all.

    Returns
    -------
    Curve
        ``step`` int64 [n] not decreasing, ``value`` float64 [n], ``logged_at`` UTC microseconds [n].

    Raises
    ------
    MetricNotFoundError
        The run has no metric ``key``; the hint lists near names.
    """
    from jtrack.store.addresses import run_id_of
    from jtrack.store.curves import read_curve

    if max_points is not None and max_points < 2:
        raise InvalidInputError(f"a curve is thinned to 2 points or more, not to {max_points!r}", "None keeps all")
    catalog = _catalog()
    run = run_id_of(catalog, run_id, experiment_id=process.experiment_id)
    curve = read_curve(catalog, run, key, max_points)
    if curve is None:
        raise MetricNotFoundError(
            key, [row["key"] for row in rows("SELECT key FROM latest_metrics WHERE run_id = ?", [run])]
        )
    return curve


def asked_store() -> Store:
    """Give the store that questions go to here, for who writes what a page asked for."""
    return _asked_store.get() or current_store()


def _catalog() -> Catalog:
    return asked_store().catalog


def _experiments_meant(
    ids: str | Sequence[str] | None, names: str | Sequence[str] | None, everywhere: bool
) -> list[str] | None:
    if ids is not None and names is not None:
        raise InvalidInputError("experiments are given by their ids or by their names, not by both")
    if everywhere:
        return None
    if ids is not None:
        return [str(experiment_id) for experiment_id in _each(ids)]
    if names is not None:
        found = rows(
            "SELECT experiment_id FROM experiments WHERE name IN (SELECT unnest(?::VARCHAR[]))", [_each(names)]
        )
        return [row["experiment_id"] for row in found]
    return None if process.experiment_id is None else [process.experiment_id]


def _each(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)  # a text alone is one, not its letters


def _runs(catalog: Catalog, run_ids: Sequence[str]) -> list[Run]:
    """Read whole runs, in the order of their ids as given."""
    chosen = [list(run_ids)]
    where = "WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"
    infos = {row["run_id"]: run_info(row) for row in catalog.rows(f"SELECT * FROM runs {where}", chosen)}
    params: dict[str, dict[str, Any]] = {run_id: {} for run_id in run_ids}
    metrics: dict[str, dict[str, float]] = {run_id: {} for run_id in run_ids}
    tags = {run_id: _tags_of_columns(info) for run_id, info in infos.items()}
    inputs: dict[str, list[DatasetInput]] = {run_id: [] for run_id in run_ids}
    for run_id, key, value_json in _fetch(catalog, f"SELECT run_id, key, value_json FROM params {where}", chosen):
        params[run_id][key] = parse_param(value_json)
    for run_id, key, value in _fetch(catalog, f"SELECT run_id, key, value FROM latest_metrics {where}", chosen):
        metrics[run_id][key] = value
    for run_id, key, value in _fetch(catalog, f"SELECT run_id, key, value FROM tags {where}", chosen):
        tags[run_id][key] = value
    for run_id, *columns in _fetch(catalog, f"SELECT * FROM inputs {where}", chosen):
        inputs[run_id].append(DatasetInput(*columns))
    versions = _versions(catalog, chosen)
    return [
        Run(
            infos[run_id],
            RunData(params[run_id], metrics[run_id], tags[run_id]),
            RunInputs(tuple(inputs[run_id])),
            tuple(versions.get(run_id, ())),
        )
        for run_id in run_ids
        if run_id in infos
    ]


def _versions(catalog: Catalog, chosen: list[list[str]]) -> dict[str, list[ModelVersion]]:
    """Read what was registered from runs; most stores have nothing registered, which is quick to see."""
    if not _fetch(catalog, "SELECT 1 FROM every_model_versions LIMIT 1", ()):
        return {}
    query = "SELECT * FROM model_versions WHERE run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY name, version"
    found: dict[str, list[ModelVersion]] = {}
    for row in catalog.rows(query, chosen):
        found.setdefault(row["run_id"], []).append(model_version(row))
    return found


def model_version(row: dict[str, Any]) -> ModelVersion:
    """Turn a row of the view ``model_versions`` into its value."""
    converted = {
        "stage": ModelStage(row["stage"]),
        "description": row["description"] or "",
        "aliases": tuple(row["aliases"]),
        "tags": dict(row["tags"]),
    }
    return ModelVersion(**{**row, **converted})


def _fetch(catalog: Catalog, query: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
    return catalog.cursor().execute(query, list(params)).fetchall()


def _tags_of_columns(info: RunInfo) -> dict[str, str]:
    """Give as tags what MLflow keeps in tags and jtrack in columns."""
    return {tag: value for tag, column in TAG_COLUMNS.items() if (value := getattr(info, column)) is not None}
