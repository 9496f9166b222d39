"""What can be done to a run while it trains: stop it after this epoch, turn a knob, leave a note.

The loop asks; nothing is ever forced on it. Messages come through the store's folder, so it does not matter
whether they are sent by a widget of the same kernel, by JupyterLab's server or from a terminal.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError
from jtrack.store.control import Mailbox, send_message
from jtrack.values import check_key, plain_value, render_param

if TYPE_CHECKING:
    from jtrack.store import Store
    from jtrack.tracking.run import ActiveRun

_KNOB_TYPES = (bool, int, float, str)


class StopSignal:
    """Whether somebody asked the run to stop: true or false, and callable, so that neither spelling is a trap."""

    __slots__ = ("_controls",)

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def __bool__(self) -> bool:
        self._controls.listen()
        self._controls.read()
        return self._controls.stop_asked

    def __call__(self) -> bool:
        return bool(self)

    def now(self) -> bool:
        """Whether it was asked by now: looks again, however short ago the last look was."""
        self._controls.listen()
        self._controls.read(at_once=True)
        return self._controls.stop_asked

    def __repr__(self) -> str:
        return f"<StopSignal {bool(self)}>"


class Controls:
    """The training side: what the run's loop reads."""

    def __init__(self, run: ActiveRun) -> None:
        self.stop_asked = False
        self.should_stop = StopSignal(self)
        self._run = run
        self._mailbox = Mailbox(run.store.folder, run.run_id, run.messages_start)
        self._above = [Mailbox(run.store.folder, run_id, start) for run_id, start in run.above]
        self._knobs: dict[str, Any] = {}
        self._is_listening = False

    def listen(self) -> None:
        """Say once that the run's loop looks whether it is to stop: until then a button for it does nothing."""
        if not self._is_listening:
            self._is_listening = True
            self._run.store.writer.event("stop_offered", self._run.run_id, {})

    def knob(self, name: str, value: Any) -> Any:
        """Offer a value that may be changed from outside while the loop runs, and give it as it is now.

        The first call offers it; each change is kept, as a point of the metric of that name where it is a number.
        """
        if name not in self._knobs:
            plain = plain_value(value)
            if not isinstance(plain, _KNOB_TYPES):
                raise InvalidInputError(f"knob {name!r} holds a number, a bool or text, not {type(value).__name__}")
            self._knobs[check_key("knob", name)] = plain
            self._note(name, plain)
        self.read()
        return self._knobs[name]

    def read(self, *, at_once: bool = False) -> None:
        """Take the messages that have come."""
        for message in self._mailbox.new_messages(at_once=at_once):
            if message.get("do") == "stop":
                self.stop_asked = True
            elif message.get("do") == "knob" and message.get("name") in self._knobs:
                self._turn(message["name"], message.get("value"))
        for mailbox in self._above:
            if any(message.get("do") == "stop" for message in mailbox.new_messages(at_once=at_once)):
                self.stop_asked = True

    def _turn(self, name: str, value: Any) -> None:
        known = self._knobs[name]
        if isinstance(known, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is type(known) and value != known:
            self._knobs[name] = value
            self._note(name, value)

    def _note(self, name: str, value: Any) -> None:
        kept = json.loads(render_param(name, value)[1])  # infinity is no JSON by itself
        self._run.store.writer.event("knob_turned", self._run.run_id, {"name": name, "value": kept})
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            with suppress(InvalidInputError):  # an int that is no float64: what somebody typed must not end the loop
                self._run.log_metric(name, value, step=self._run.latest_step)


def ask_to_stop(store: Store, run_id: str) -> None:
    """Ask a run to stop when its loop next looks at ``run.should_stop``."""
    send_message(store.folder, run_id, {"do": "stop"})
    store.writer.event("stop_asked", run_id, {})


def turn_knob(store: Store, run_id: str, name: str, value: Any) -> None:
    """Change a value that the run's loop reads through ``run.knob(name, …)``."""
    send_message(store.folder, run_id, {"do": "knob", "name": name, "value": value})


def add_note(store: Store, run_id: str, text: str) -> None:
    """Keep a note with a run, at the time when it was made."""
    store.writer.event("note_added", run_id, {"text": text})
    send_message(store.folder, run_id, {"do": "look"})  # who watches the run looks for what is new about it
