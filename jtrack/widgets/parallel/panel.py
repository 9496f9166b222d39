"""``parallel``: runs as lines over their params and metrics, brushed and coloured; it grows while a sweep runs."""

from __future__ import annotations

from collections.abc import Sequence

from jtrack import queries
from jtrack.widgets.frames import frame_json
from jtrack.widgets.html import Markup
from jtrack.widgets.panel import Panel
from jtrack.widgets.parallel.frame import ParallelFrame
from jtrack.widgets.parallel.html import parallel_html, parallel_text
from jtrack.widgets.parallel.model import ParallelModel


class ParallelCoordinates(Panel):
    """Parallel coordinates. ``frame`` holds all lines; see `parallel`."""

    def __init__(self, model: ParallelModel) -> None:
        self._model = model
        super().__init__(model.frame, model.methods)

    @property
    def frame(self) -> ParallelFrame:
        """The data behind it, with all lines."""
        return self._model.whole

    @property
    def brushed(self) -> tuple[str, ...] | None:
        """The ids of the runs in the brush, ``None`` where nothing is brushed.

        They come from the page a moment after the brush was let go, once the kernel is free to take them.
        """
        return self._model.brushed

    def refresh(self) -> None:
        """Read the runs anew and show them, for one who knows that there are more: a sweep between two trials."""
        with self._lock, queries.using(self._store):
            self._model.refresh()
            self._frame_json = frame_json(self._model.frame)

    def _html(self) -> Markup:
        return parallel_html(self._model.whole)

    def _text(self) -> str:
        return parallel_text(self._model.whole)


def parallel(
    parent_or_runs: object = None, dims: Sequence[str] | None = None, color: str | None = None
) -> ParallelCoordinates:
    """Show runs as lines over their params and metrics.

    Parameters
    ----------
    parent_or_runs
        A run, whose children are shown: a sweep (id, prefix, name, ``@last`` or a run); several runs as a list; or a
        filter such as ``"metrics.acc > 0.9"``. ``None`` takes the newest run that has children and is no trial,
        or all runs.
    dims
        Params and metrics to show, in this order; others can be chosen in the panel. ``None`` takes the params
        that differ, those first that have most to do with the objective, and the objective last.
    color
        The param or metric that colours the lines; ``None`` takes the objective.

    Returns
    -------
    ParallelCoordinates
        Shows itself; ``.frame`` is the data behind it, ``.brushed`` the ids of the runs in the brush.

    Raises
    ------
    RunNotFoundError
        No run at an address.
    InvalidFilterError
        The filter doesn't parse; a caret stands under the place.
    InvalidInputError
        The runs have no param or metric of a name in ``dims`` or ``color``.
    """
    return ParallelCoordinates(ParallelModel(parent_or_runs, dims, color))
