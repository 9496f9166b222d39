"""``compare``: runs side by side, with their curves, what changed in their source, and figures of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.widgets.compare.columns import ComparedColumn, find_axis
from jtrack.widgets.compare.html import compare_html
from jtrack.widgets.compare.model import CompareModel
from jtrack.widgets.compare.text import compare_text
from jtrack.widgets.html import Markup
from jtrack.widgets.panel import Panel

if TYPE_CHECKING:
    from jtrack.widgets.still_figure import StillFigure


class Comparison(Panel):
    """Runs side by side. ``frame`` holds what is shown; see `compare`.

    Axes of the figures are ids (``params.lr``, ``metrics.acc``), or bare keys that fit one of them.
    """

    def __init__(self, model: CompareModel) -> None:
        self._model = model
        super().__init__(model.frame, model.methods)

    def scatter(self, x: str, y: str, color: str | None = None) -> StillFigure:
        """Draw the runs as points of a plotly figure, of which the notebook keeps the data and a still image.

        Parameters
        ----------
        color
            A metric or a param; of texts each gets a colour of its own.

        Raises
        ------
        InvalidInputError
            An axis is neither a param that differs nor a metric of these runs.
        """
        from jtrack.widgets.compare import figures

        hue = None if color is None else self._column(color)
        return figures.scatter_figure(self._names(), self._column(x), self._column(y), hue)

    def contour(self, x: str, y: str, z: str | None = None) -> StillFigure:
        """Draw a metric over two params as a plotly figure, weighted by the distance from the runs.

        Parameters
        ----------
        z
            By default the first metric of the comparison.

        Raises
        ------
        InvalidInputError
            An axis isn't there or holds texts, or fewer than four runs have all three.
        """
        from jtrack.widgets.compare import figures

        height = self._column(z or self._first_metric())
        return figures.contour_figure(self._names(), self._column(x), self._column(y), height)

    def importance(self, metric: str | None = None) -> StillFigure:
        """Draw how much each param tells of a metric, by rank correlation, as a plotly figure.

        Parameters
        ----------
        metric
            By default the first metric of the comparison.

        Raises
        ------
        InvalidInputError
            Fewer than three runs have the metric, or no param differs.
        """
        from jtrack.widgets.compare import figures

        axis = find_axis(metric or self._first_metric(), [a for a in self.frame.axes if a.startswith("metrics.")])
        with queries.using(self._store):
            found = self._model.importance(axis)
        return figures.importance_figure(axis.partition(".")[2], found)

    def _column(self, name: str) -> ComparedColumn:
        with queries.using(self._store):
            return self._model.column(find_axis(name, self.frame.axes))

    def _names(self) -> list[str]:
        return [run.run_name for run in self._model.frame.runs]

    def _first_metric(self) -> str:
        if not self._model.frame.metrics:
            raise InvalidInputError("these runs have no metric")
        return f"metrics.{self._model.frame.metrics[0].key}"

    def _html(self) -> Markup:
        return compare_html(self._model.whole)

    def _text(self) -> str:
        return compare_text(self._model.whole)


def compare(runs: Sequence[object] | str = "") -> Comparison:
    """Compare runs: what differs between them, their curves, their source and their files.

    Parameters
    ----------
    runs
        Addresses (ids, prefixes, names, runs) in the order to show them, or one filter; at most 100 are
        shown, of a filter the newest. The first one is what the others' source is held against.

    Returns
    -------
    Comparison
        Shows itself; ``.frame`` is the data behind it, ``.scatter(x, y)``, ``.contour(x, y)`` and
        ``.importance()`` are plotly figures of the same runs.

    Raises
    ------
    InvalidInputError
        Fewer than two runs.
    RunNotFoundError
        No run at an address.
    InvalidFilterError
        The filter doesn't parse; a caret stands under the place.
    """
    return Comparison(CompareModel(runs))
