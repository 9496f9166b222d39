"""``models``: the registry, with versions side by side, to be looked at and changed by a click."""

from __future__ import annotations

from datetime import UTC, datetime

from jtrack.widgets.html import Markup
from jtrack.widgets.models.frame import ModelsFrame, fit_frame
from jtrack.widgets.models.html import models_html
from jtrack.widgets.models.model import ModelsModel
from jtrack.widgets.models.text import models_text
from jtrack.widgets.panel import Panel


class ModelsPanel(Panel):
    """The registered models, or one of them. ``frame`` holds what is shown; see `models`."""

    def __init__(self, model: ModelsModel) -> None:
        self._shown: ModelsFrame = fit_frame(model.frame)
        super().__init__(self._shown, model.methods)

    def _html(self) -> Markup:
        return models_html(self._shown, datetime.now(UTC))

    def _text(self) -> str:
        return models_text(self._shown, datetime.now(UTC))


def models(name: str | None = None) -> ModelsPanel:
    """Show what is registered: models, their versions side by side, aliases, stages and history.

    Parameters
    ----------
    name
        Show the versions of this model; ``None`` shows the list.

    Returns
    -------
    ModelsPanel
        Shows itself; ``.frame`` is the data behind it.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no such model; the hint lists near names.
    """
    return ModelsPanel(ModelsModel(name))
