"""The widget around every interactive panel: it carries a frame to the page and answers its requests.

The page asks by custom messages ``{request, method, params}`` and gets ``{reply, result}`` or
``{reply, error}``; nothing else passes, so the renderers can ask a server in the same way. A request is
answered while a cell runs, on a subshell's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.tracking import current_store
from jtrack.widgets import front_end
from jtrack.widgets.frames import error_json, frame_json
from jtrack.widgets.html import Markup, printable
from jtrack.widgets.module import widget_module

Method = Callable[..., Any]


class Panel(anywidget.AnyWidget):
    """A panel that shows itself at the end of a cell.

    A saved notebook keeps three forms of it: the live view, HTML without script, and text; one that a program executed
    keeps the latter two.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    _frame_json = traitlets.Dict().tag(sync=True)

    def __init__(self, frame: object, methods: Mapping[str, Method]) -> None:
        self._frame = frame
        # The user may turn to another store; what is shown here stays about this one.
        self._store = current_store()
        self._methods = dict(methods)
        self._lock = threading.Lock()
        content = frame_json(frame)
        super().__init__(**widget_module(content["panel"]), _frame_json=content)
        self.on_msg(self._answer)
        answer_while_busy(self)

    @property
    def frame(self) -> Any:
        """The data behind what is shown."""
        return self._frame

    def open(self) -> None:
        """Open the way to the page, where there is one."""
        if not front_end.is_program():
            super().open()

    def close(self) -> None:
        """Close the way, and that of the widget that holds the panel's measures: nobody else has it."""
        was_open = self.comm is not None
        super().close()
        if was_open:
            self.layout.close()

    def __repr__(self) -> str:
        return printable(self._text())

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        static = {"text/html": str(self._html()), "text/plain": repr(self)}
        # Without a way to a page, because it was closed or there never was one, only these are left.
        if not self._esm or self.comm is None:
            return static, {}
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = shown if shown is not None else ({}, {})
        return {**data, **static}, metadata

    def _html(self) -> Markup:
        raise NotImplementedError

    def _text(self) -> str:
        raise NotImplementedError

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        if not isinstance(content, dict) or "request" not in content:
            return
        # One at a time: the methods replace what the panel holds, and subshells have threads of their own.
        with self._lock, queries.using(self._store):
            reply = answer_request(self._methods, content)
        self.send(reply)


def answer_request(methods: Mapping[str, Method], content: Mapping[str, Any]) -> dict[str, Any]:
    """Perform one request of the page and give the reply to it; an error is a reply too."""
    reply: dict[str, Any] = {"reply": content["request"]}
    try:
        method = methods.get(str(content.get("method")))
        if method is None:
            raise InvalidInputError(f"a panel has no method {content.get('method')!r}")
        return {**reply, "result": frame_json(method(**dict(content.get("params") or {})))}
    except Exception as error:
        # Whatever it is, the page waits for an answer and shows this one; an error raised here would
        # only end up in the log of the server.
        return {**reply, "error": error_json(error)}


def answer_while_busy(widget: Any) -> None:
    """Let a widget's messages be handled on the subshell that they came by.

    ipykernel 7.4 sends a message from the page to the subshell that last published on the same comm. A
    widget is published by a cell, so its clicks would wait until the running cell ends. The method that
    decides this is private: where it is absent there is nothing to undo.
    """
    comm = getattr(widget, "comm", None)
    if comm is not None and hasattr(type(comm), "_reply_subshell_for"):
        comm._reply_subshell_for = _by_default


def _by_default(_data: object, default: object) -> object:
    return default
