"""``runs``: the table of runs, sorted, filtered and paged by the kernel, drawn by the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from jtrack.widgets.html import Markup
from jtrack.widgets.panel import Panel
from jtrack.widgets.runs.frame import NEWEST_FIRST, RunRow, RunsFrame, RunsQuery, RunsResult, read_runs
from jtrack.widgets.runs.html import runs_html
from jtrack.widgets.runs.text import runs_text

_MOST_ROWS_AT_ONCE = 200
_MOST_TEXT_ROWS = 30


class RunsTable(Panel):
    """A table of runs. ``frame`` holds the first page and what the columns are; see `runs`."""

    def __init__(self, result: RunsResult) -> None:
        self._result = result
        super().__init__(result.frame, {"rows": self._rows, "search": self._search})

    def _rows(self, offset: int, limit: int) -> tuple[RunRow, ...]:
        return self._result.rows(offset, min(limit, _MOST_ROWS_AT_ONCE))

    def _search(self, filter_string: str, order_by: Sequence[str], columns: Sequence[str] | None) -> RunsFrame:
        query = replace(
            self._result.frame.query,
            filter_string=filter_string,
            order_by=tuple(order_by) or (NEWEST_FIRST,),
            columns=None if columns is None else tuple(columns),
        )
        self._result = read_runs(query)
        self._frame = self._result.frame
        return self._result.frame

    def _html(self) -> Markup:
        return runs_html(self._result.frame, datetime.now(UTC))

    def _text(self) -> str:
        return runs_text(self._result.frame, datetime.now(UTC), _MOST_TEXT_ROWS)


def runs(
    filter_string: str = "",
    experiment_names: Sequence[str] | str | None = None,
    order_by: Sequence[str] | str | None = None,
    max_results: int = 1000,
    columns: Sequence[str] | None = None,
) -> RunsTable:
    """Show runs as a table that sorts and filters.

    Parameters
    ----------
    filter_string
        As in `search_runs`: ``metrics.acc > 0.9 and params.model = 'tree'``.
    experiment_names
        Only runs of these experiments; ``None`` takes all.
    order_by
        Such as ``"metrics.acc DESC"``; the newest first by default.
    max_results
        At most this many rows; they are read as they are looked at.
    columns
        Ids or keys, such as ``["metrics.acc", "lr"]``; ``None`` takes the metrics that matter most and the
        params that differ.

    Returns
    -------
    RunsTable
        Shows itself; ``.frame`` is the data behind it.

    Raises
    ------
    InvalidFilterError
        The filter or the order doesn't parse; a caret stands under the place.
    """
    names = (experiment_names,) if isinstance(experiment_names, str) else experiment_names
    order = (order_by,) if isinstance(order_by, str) else tuple(order_by or ())
    query = RunsQuery(
        filter_string=filter_string,
        order_by=order or (NEWEST_FIRST,),
        experiment_names=None if names is None else tuple(names),
        max_results=max_results,
        columns=None if columns is None else tuple(columns),
    )
    return RunsTable(read_runs(query))
