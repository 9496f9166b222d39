"""The panels by name, as models: a frame and the methods that a page may call on it, without a widget around them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from jtrack.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from jtrack.server.places import Place
    from jtrack.store import Store


class PanelModel(Protocol):
    """What a panel shows, and what can be asked of it."""

    @property
    def frame(self) -> object:
        """The data behind what is shown, as of now."""

    def refresh(self) -> object:
        """Read anew what the frame shows: the store has changed since."""

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """What a page may call, by name, with keyword arguments; what changes a run has a name in `WRITING_METHODS`."""


class PanelNotFoundError(NotFoundError):
    """There is no panel of this name."""

    noun = "panel"


# Where each panel's model is: loaded when one is opened, as a server that shows none need not wait for them.
MODELS = {
    "runs": "jtrack.widgets.runs.model:RunsModel",
    "scoped_runs": "jtrack.server.scoped_runs:ScopedRuns",
    "compare": "jtrack.widgets.compare.model:CompareModel",
    "models": "jtrack.widgets.models.model:ModelsModel",
    "parallel": "jtrack.widgets.parallel.model:ParallelModel",
    "live": "jtrack.widgets.live.model:open_live",
    "run": "jtrack.widgets.run_page.model:RunModel",
    "card": "jtrack.server.card_model:CardModel",
}
# Who may only read may not call these, in whatever panel; they are named as the actions on runs are.
WRITING_METHODS = frozenset(
    {"stop", "knob", "note", "delete", "restore", "tag", "rename", "describe", "edit", "register", "promote"}
)
_OF_STORE = frozenset({"live"})  # whose first argument is the store that they follow
_OF_PLACE = frozenset({"scoped_runs"})  # whose first argument is the notebook or the folder that they are about


def make_model(name: str, store: Store, place: Place, params: Mapping[str, Any]) -> PanelModel:
    """Make the model of a panel, for the store that questions go to.

    Parameters
    ----------
    place
        Where the page is that opens it.

    Raises
    ------
    InvalidInputError
        The panel takes no such params.
    """
    module, _, attribute = MODELS[name].partition(":")
    kind: Callable[..., PanelModel] = getattr(importlib.import_module(module), attribute)
    bound = (store,) if name in _OF_STORE else (place,) if name in _OF_PLACE else ()
    check_params(f"panel {name!r}", kind, bound, params)
    return kind(*bound, **params)


def check_params(
    what: str, called: Callable[..., object], bound: tuple[object, ...], params: Mapping[str, Any]
) -> None:
    """Raise an error in plain words where ``called`` doesn't take these params."""
    try:
        signature = inspect.signature(called)
        signature.bind(*bound, **params)
    except TypeError as error:
        known = list(signature.parameters)[len(bound) :]
        raise InvalidInputError(f"{what}: {error}", f"it takes: {', '.join(known) or 'nothing'}") from None
