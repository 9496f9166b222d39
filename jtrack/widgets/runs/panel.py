"""``runs``: the table of runs, sorted, filtered and paged by the kernel, drawn by the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from jtrack.widgets.html import Markup
from jtrack.widgets.panel import Panel
from jtrack.widgets.runs.frame import MOST_RESULTS, RunsFrame
from jtrack.widgets.runs.html import runs_html
from jtrack.widgets.runs.model import RunsModel
from jtrack.widgets.runs.text import runs_text

_MOST_TEXT_ROWS = 20


class RunsTable(Panel):
    """A table of runs. ``frame`` holds the first page and what the columns are; see `runs`."""

    def __init__(self, model: RunsModel) -> None:
        self._model = model
        super().__init__(model.result.frame, model.methods)

    @property
    def frame(self) -> RunsFrame:
        """The data behind what is shown."""
        return self._model.result.frame

    def _html(self) -> Markup:
        return runs_html(self.frame, datetime.now(UTC))

    def _text(self) -> str:
        return runs_text(self.frame, datetime.now(UTC), _MOST_TEXT_ROWS)


def runs(
    filter_string: str = "",
    experiment_names: Sequence[str] | str | None = None,
    order_by: Sequence[str] | str | None = None,
    max_results: int = MOST_RESULTS,
    columns: Sequence[str] | None = None,
    pinned: Sequence[str] = (),
    spark: str | None = None,
    group_by: str | None = None,
) -> RunsTable:
    """Show runs as a table that sorts, filters, groups and selects.

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
    pinned
        Ids or keys of columns that stay in view.
    spark
        The id of the metric whose curves are drawn; ``None`` takes the first that is shown.
    group_by
        ``"parent"`` folds nested runs into theirs; a param such as ``"params.lr"`` groups by its values.

    Returns
    -------
    RunsTable
        Shows itself; ``.frame`` is the data behind it.

    Raises
    ------
    InvalidFilterError
        The filter or the order doesn't parse; a caret stands under the place.
    InvalidInputError
        Runs can't be grouped by that.
    """
    names = (experiment_names,) if isinstance(experiment_names, str) else experiment_names
    order = (order_by,) if isinstance(order_by, str) else order_by
    return RunsTable(RunsModel(filter_string, order, names, max_results, columns, pinned, spark, group_by))
