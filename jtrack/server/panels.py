"""Panels that live in the server: opened by a page, asked by it, and forgotten when many others were used since.

A page asks here as a widget's page asks the kernel, and gets the same replies, so that a renderer can't tell which it
is. What a panel holds is what was searched for; all values are read from the store when they are asked for.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.server.answers import PanelGoneError
from jtrack.server.panel_models import MODELS, PanelModel, PanelNotFoundError, check_params, make_model
from jtrack.server.question import Question
from jtrack.widgets.frames import error_json

MOST_OPEN = 256


@dataclass(frozen=True, slots=True)
class _OpenPanel:
    name: str
    store_path: Path
    model: PanelModel
    # One at a time: the methods replace what the panel holds.
    lock: threading.Lock = field(default_factory=threading.Lock)


class Panels:
    """The panels that pages have open; may be asked from any thread."""

    def __init__(self, most_open: int = MOST_OPEN) -> None:
        self._most_open = most_open
        self._lock = threading.Lock()
        self._open: dict[str, _OpenPanel] = {}  # the least recently used first

    def answer(self, asked: Question) -> dict[str, Any]:
        """Open a panel (no ``panel_id``), call a ``method`` of one, or look at it again (no ``method``).

        Returns
        -------
        dict[str, Any]
            ``reply`` (what was given as ``request``), ``panel_id``, and ``result`` or ``error``: whatever goes wrong
            in a panel is shown in it.

        Raises
        ------
        PanelNotFoundError
            There is no panel of this name.
        PanelGoneError
            ``panel_id`` is not open here, or no longer.
        """
        name, panel_id = asked.path[0], asked.body.get("panel_id")
        if name not in MODELS:
            raise PanelNotFoundError(name, MODELS)
        panel = None if panel_id is None else self._find(str(panel_id), name, asked.store.path)
        reply = {"reply": asked.body.get("request"), "panel_id": panel_id}
        try:
            params = asked.said("params", dict) if "params" in asked.body else {}
            if panel is not None:
                return {**reply, "result": _ask(panel, asked.body.get("method"), params)}
            model = make_model(name, asked.store, asked.place, params)
            frame = model.frame
            return {**reply, "panel_id": self._keep(_OpenPanel(name, asked.store.path, model)), "result": frame}
        except Exception as error:
            return {**reply, "error": error_json(error)}

    def _find(self, panel_id: str, name: str, store_path: Path) -> _OpenPanel:
        with self._lock:
            panel = self._open.get(panel_id)
            if panel is None or (panel.name, panel.store_path) != (name, store_path):
                raise PanelGoneError(panel_id)
            self._open[panel_id] = self._open.pop(panel_id)
            return panel

    def _keep(self, panel: _OpenPanel) -> str:
        panel_id = secrets.token_hex(12)
        with self._lock:
            self._open[panel_id] = panel
            while len(self._open) > self._most_open:
                del self._open[next(iter(self._open))]
        return panel_id


def _ask(panel: _OpenPanel, method: object, params: dict[str, Any]) -> object:
    with panel.lock:
        if method is None:
            panel.model.refresh()
            return panel.model.frame
        called = panel.model.methods.get(str(method))
        if called is None:
            raise InvalidInputError(f"a panel has no method {method!r}")
        check_params(f"method {method!r}", called, (), params)
        return called(**params)
