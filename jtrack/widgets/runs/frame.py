"""The data of the runs table, read in pages so that it costs the same at 100 runs and at 100,000.

A search gives the ids in order, once. What the columns are is told from all of them by aggregates in
the database; the rows themselves are read only where someone looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from jtrack import queries
from jtrack.errors import ExperimentNotFoundError
from jtrack.store.filter_help import UnknownKey, unknown_keys
from jtrack.store.search import plan_search
from jtrack.widgets.format import plural
from jtrack.widgets.runs.arrange import Arrangement, arrange
from jtrack.widgets.runs.columns import Column, ColumnKind, Constant, choose_columns, survey_columns
from jtrack.widgets.runs.found import Found
from jtrack.widgets.runs.rows import Row, read_lines
from jtrack.widgets.runs.scope import RunsScope, place_within

PAGE_SIZE = 20  # what is drawn at first: the rows in view, and some below
MOST_RESULTS = 100_000
NEWEST_FIRST = "attributes.started_at DESC"
_MOST_CONSTANTS = 24

_EXPERIMENTS = "SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active'"
_NAMES = """
SELECT DISTINCT e.name FROM runs r JOIN experiments e USING (experiment_id) WHERE r.lifecycle_stage = 'active' LIMIT 2
"""


@dataclass(frozen=True, slots=True)
class RunsQuery:
    """What a runs table was asked for; columns are named by ids such as ``params.lr``.

    ``columns`` of ``None`` are chosen; ``pinned`` ones stay in view; ``spark`` is the metric whose curves are drawn,
    by default that of the first column; ``group_by`` is ``"parent"`` or a param.
    """

    filter_string: str = ""
    order_by: tuple[str, ...] = (NEWEST_FIRST,)
    experiment_names: tuple[str, ...] | None = None
    max_results: int = MOST_RESULTS
    columns: tuple[str, ...] | None = None
    pinned: tuple[str, ...] = ()
    spark: str | None = None
    group_by: str | None = None


@dataclass(frozen=True, slots=True)
class RunsFrame:
    """What a runs table shows; ``rows`` are the first page.

    ``n_runs`` is how many runs were found, ``n_lines`` how many lines there are to page through, ``n_total`` how many
    runs there are without the filter. ``n_columns`` could be shown. ``spark`` is the id of the column that has its
    curves beside it, ``n_pinned`` how many of the first columns stay in view. ``constants`` are the first of the params
    that are the same in all runs, ``unknown`` is what the filter or the order asks for and no run has.
    """

    title: str
    n_runs: int
    n_lines: int
    n_total: int
    query: RunsQuery
    columns: tuple[Column, ...]
    n_columns: int
    constants: tuple[Constant, ...]
    n_constants: int
    rows: tuple[Row, ...]
    spark: str | None = None
    n_pinned: int = 0
    unknown: tuple[UnknownKey, ...] = ()
    is_chosen: bool = False
    panel: str = field(default="runs", init=False)


@dataclass(frozen=True, slots=True)
class RunsResult:
    """A search that was made: the frame with its first page, the ids to read further pages by, and all columns."""

    frame: RunsFrame
    run_ids: tuple[str, ...] = field(repr=False)
    arranged: Arrangement = field(repr=False)
    survey: tuple[Column, ...] = field(repr=False)

    def rows(self, offset: int, limit: int) -> tuple[Row, ...]:
        """Read one page."""
        return read_lines(self.arranged, offset, limit, self.frame.columns, _spark_key(self.frame))

    def folded(self, line: str, is_open: bool) -> RunsResult:
        """Give the same runs with a line opened or closed that others are folded into: nothing is searched again."""
        self.arranged.fold(line, is_open)
        frame = replace(self.frame, n_lines=self.arranged.n_lines, rows=self.rows(0, PAGE_SIZE))
        return replace(self, frame=frame)


def read_runs(
    query: RunsQuery,
    page_size: int = PAGE_SIZE,
    within: Collection[str] | None = None,
    opened: Iterable[str] = (),
    scope: RunsScope | None = None,
) -> RunsResult:
    """Make a search and read its first page.

    Parameters
    ----------
    within
        The runs to search among, by their full ids, such as those that were brushed; ``None`` is all of them.
    opened
        The runs and groups that are unfolded, where runs are grouped.
    scope
        The runs that the table is about; ``None`` is all of the store.

    Raises
    ------
    InvalidFilterError
        The filter or the order can't be read; the error says where.
    ExperimentNotFoundError
        There is no experiment of a name that was asked for.
    InvalidInputError
        Runs can't be grouped by that.
    """
    experiments = find_experiments(query.experiment_names)
    found = _run_ids(query, experiments, within, scope)
    run_ids, is_cut = found[: query.max_results], len(found) > query.max_results
    arranged = arrange(run_ids, query.group_by, set(opened))
    is_whole = within is None and not is_cut
    survey = survey_columns(_found(query, experiments, scope, None if is_whole else run_ids), len(run_ids))
    columns, n_pinned = choose_columns(survey, len(run_ids), query.order_by[0], query.columns, query.pinned)
    spark = _spark(columns, query.spark)
    same = survey if len(run_ids) > 1 else ()
    constants = tuple(Constant(column.key, column.only_value) for column in same if column.only_value is not None)
    frame = RunsFrame(
        title=_title(experiments, query, scope) if within is None else plural(len(within), "chosen run"),
        n_runs=len(run_ids),
        n_lines=arranged.n_lines,
        n_total=_count(experiments, scope) if within is None else len(within),
        query=query,
        columns=columns,
        n_columns=len(survey),
        constants=constants[:_MOST_CONSTANTS],
        n_constants=len(constants),
        rows=read_lines(arranged, 0, page_size, columns, spark.key if spark else None),
        spark=spark.id if spark else None,
        n_pinned=n_pinned,
        unknown=unknown_keys(queries.asked_store().catalog, query.filter_string, query.order_by),
        is_chosen=within is not None,
    )
    return RunsResult(frame, tuple(run_ids), arranged, survey)


def find_experiments(names: Sequence[str] | None) -> list[str] | None:
    """Give the ids of experiments; ``None`` is all of them.

    Raises
    ------
    ExperimentNotFoundError
        There is none of such a name.
    """
    if names is None:
        return None
    found = {row["name"]: row["experiment_id"] for row in queries.rows(_EXPERIMENTS)}
    for name in names:
        if name not in found:
            raise ExperimentNotFoundError(name, found)
    return [found[name] for name in names]


def _run_ids(
    query: RunsQuery, experiment_ids: list[str] | None, within: Collection[str] | None, scope: RunsScope | None
) -> list[str]:
    """Find the runs in their order, and one more than asked for where there are more."""
    most = query.max_results + 1 if within is None and scope is None else None
    search, values = plan_search(query.filter_string, query.order_by, experiment_ids, max_results=most)
    if scope is not None:
        placed, values = place_within(search, values, scope)
        search = f"SELECT run_id FROM ({placed}) ORDER BY place"
    found = queries.column(search, values)
    return found if within is None else [run_id for run_id in found if run_id in within]


def _found(
    query: RunsQuery, experiment_ids: list[str] | None, scope: RunsScope | None, run_ids: list[str] | None
) -> Found:
    if run_ids is not None:
        return Found(run_ids=run_ids)
    search, values = plan_search(query.filter_string, None, experiment_ids, is_ordered=False)
    if scope is None:
        return Found(search, values)
    return Found(f"SELECT run_id FROM ({search}) WHERE run_id IN ({scope.sql})", [*values, *scope.values])


def _spark(columns: Sequence[Column], wanted: str | None) -> Column | None:
    metrics = [column for column in columns if column.kind is ColumnKind.METRIC]
    if wanted is not None:
        return next((column for column in metrics if column.id == wanted), None)
    return next(iter(metrics), None)


def _spark_key(frame: RunsFrame) -> str | None:
    return next((column.key for column in frame.columns if column.id == frame.spark), None)


def _count(experiment_ids: list[str] | None, scope: RunsScope | None) -> int:
    return int(_found(RunsQuery(), experiment_ids, scope, None).rows("SELECT count(*) AS n FROM ({found})")[0]["n"])


def _title(experiment_ids: list[str] | None, query: RunsQuery, scope: RunsScope | None) -> str:
    names = query.experiment_names
    if scope is not None:
        return scope.title
    if names is None:
        there = queries.rows(_NAMES)
        return there[0]["name"] if len(there) == 1 else "all experiments"
    return names[0] if len(names) == 1 else plural(len(experiment_ids or ()), "experiment")
