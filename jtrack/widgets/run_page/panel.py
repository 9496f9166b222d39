"""``show``: one run with everything it has, as a page that opens its parts when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jtrack import queries
from jtrack.widgets.frames import frame_json
from jtrack.widgets.html import Markup
from jtrack.widgets.panel import Panel
from jtrack.widgets.run_page.frame import RunFrame
from jtrack.widgets.run_page.html import run_html
from jtrack.widgets.run_page.model import RunModel, plotly_json
from jtrack.widgets.run_page.text import run_text

if TYPE_CHECKING:
    import plotly.graph_objects as go


class RunPage(Panel):
    """The page of a run. ``frame`` holds what it shows first; see `show`."""

    def __init__(self, model: RunModel) -> None:
        self._model = model
        super().__init__(model.frame, model.methods)
        model.on_edit = self._keep

    @property
    def frame(self) -> RunFrame:
        """The data behind what is shown."""
        return self._model.frame

    def figure(self, path: str) -> go.Figure:
        """Give a plotly figure that the run keeps as JSON; only its data enters the notebook.

        Raises
        ------
        ArtifactNotFoundError
            The run has no such file.
        InvalidInputError
            The file is no plotly figure.
        """
        import plotly.io

        with queries.using(self._store):
            text = plotly_json(self._model.frame.run_id, path)
        # What a newer plotly wrote is shown as far as this one knows it.
        return plotly.io.from_json(text, skip_invalid=True)

    def _keep(self, frame: RunFrame) -> None:
        # What a saved notebook shows is what the page shows.
        self._frame_json = frame_json(frame)

    def _html(self) -> Markup:
        return run_html(self._model.frame)

    def _text(self) -> str:
        return run_text(self._model.frame)


def show(run: object = "@last") -> RunPage:
    """Show everything that a run has: metrics, params, code, files, environment, relatives and history.

    Parameters
    ----------
    run
        An address: a full id, a prefix or a name that fits one run, ``@last``, or a run.

    Returns
    -------
    RunPage
        Shows itself; ``.frame`` is the data behind it, ``.figure(path)`` a plotly figure among its files.

    Raises
    ------
    RunNotFoundError
        No run at the address.
    """
    return RunPage(RunModel(queries.get_run(run).info.run_id))
