"""The live panel without a widget: the run that is shown, what can be asked of it, and done to it.

The kernel's widget and Jupyter's server both hold one. It is not safe from threads by itself: its holder asks it
one thing at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jtrack import queries
from jtrack.entities import RunStatus
from jtrack.errors import InvalidInputError, RunStateError
from jtrack.store import Store
from jtrack.tracking.live import add_note, ask_to_stop, turn_knob
from jtrack.values import check_text
from jtrack.widgets.live.frame import LiveFrame
from jtrack.widgets.live.news import live_news
from jtrack.widgets.live.read import LiveReader

_SAME_NOTE_WITHIN = timedelta(hours=1)
_LOOK_FOR_NEXT_EVERY_S = 1.0
_NEWEST_RUNNING = """
SELECT run_id FROM runs WHERE status = ? AND lifecycle_stage = 'active'
  -- Of a sweep the whole is shown, and not trial after trial, nor the sweeps inside of them.
  AND coalesce(parent_run_id, '') NOT IN (
    SELECT run_id FROM runs WHERE status = 'RUNNING' AND kind IN ('sweep', 'trial')
  )
ORDER BY started_at DESC LIMIT 1
"""


class LiveModel:
    """One run while it trains; ``run_id`` of ``None`` waits for the next one.

    Parameters
    ----------
    finds_next
        Whether to look in the store for the next one; a kernel is told of its own runs, and need not.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    """

    def __init__(self, store: Store, run_id: str | None = None, *, finds_next: bool = False) -> None:
        self.store = store
        self._finds_next = finds_next
        self._looked_for_next_at = 0.0
        self._seq = 0
        self._reader: LiveReader | None = None
        self._frame = LiveFrame()
        self.turn_to(run_id)

    @property
    def frame(self) -> LiveFrame:
        """The run as of the last look."""
        return self._frame

    def refresh(self) -> None:
        """Take what is new into the frame."""
        self.look()

    @property
    def run_id(self) -> str | None:
        """The run that is shown."""
        return self._frame.run_id

    @property
    def is_running(self) -> bool:
        """Whether more may come."""
        return self._reader is not None and self._reader.is_running

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """``look`` (what is new), ``stop``, ``knob`` and ``note``."""
        return {"look": self.news, "stop": self.stop, "knob": self.knob, "note": self.note}

    def turn_to(self, run_id: str | None) -> None:
        """Show this run from now on."""
        self._reader = None if run_id is None else LiveReader(self.store, run_id)
        self.look()

    def look(self) -> LiveFrame:
        """Take what is new, and give the frame with it."""
        self._seq += 1
        self._find_next()
        if self._reader is None:
            self._frame = LiveFrame(seq=self._seq)
        else:
            self._reader.look()
            self._frame = self._reader.frame(self._seq)
        return self._frame

    def news(self, since: int | None = None) -> dict[str, Any]:
        """Look, and tell what is new since the frame of that number; all of it to one who has another."""
        before = self._frame
        return live_news(before if since == before.seq else None, self.look())

    def stop(self, run_id: str | None = None) -> dict[str, Any]:
        """Ask the run to stop when its loop next looks at ``run.should_stop``.

        Parameters
        ----------
        run_id
            The run that somebody saw when they asked: by now it may be another one that is shown.
        """
        ask_to_stop(self.store, self._check_running(run_id))
        return {}

    def knob(self, name: str, value: Any, run_id: str | None = None) -> dict[str, Any]:
        """Change a value that the loop reads; text is read as what the knob holds.

        Raises
        ------
        InvalidInputError
            The run offers no such knob, or one that holds another kind of value.
        """
        run_id = self._check_running(run_id)
        assert self._reader is not None
        knobs = self._reader.knobs
        if name not in knobs:
            raise InvalidInputError(f"the run has no knob {name!r}", f"it has: {', '.join(knobs) or 'none'}")
        value = parse_knob(name, value, knobs[name])
        turn_knob(self.store, run_id, name, value)
        if value != knobs[name]:
            self._reader.note_asked(name, value)
        return {"value": value}

    def note(self, text: str, run_id: str | None = None) -> dict[str, Any]:
        """Keep a note with the run, which may be over; the same words again within a while are the same note.

        A page that gets no answer tries another way, and what it asked for first may still come.
        """
        run_id = run_id or self._frame.run_id
        if run_id is None:
            raise InvalidInputError("there is no run to note anything about")
        text = check_text("note", "text", text).strip()
        if not text:
            raise InvalidInputError("the note is empty")
        since = datetime.now(UTC) - _SAME_NOTE_WITHIN
        if not any(note.text == text and note.at > since for note in self.look().notes):
            add_note(self.store, run_id, text)
        return {}

    def _find_next(self) -> None:
        now = time.monotonic()
        if self._reader is None and self._finds_next and now - self._looked_for_next_at > _LOOK_FOR_NEXT_EVERY_S:
            self._looked_for_next_at = now
            run_id = newest_running(self.store)
            self._reader = None if run_id is None else LiveReader(self.store, run_id)

    def _check_running(self, run_id: str | None) -> str:
        shown = self._frame.run_id
        if shown is None or not self.is_running or run_id not in (None, shown):
            raise RunStateError("this run is over" if shown else "no run is running")
        return shown


def parse_knob(name: str, value: Any, known: Any) -> Any:
    """Read what somebody typed or sent as the kind of value that a knob holds.

    Raises
    ------
    InvalidInputError
        It can't be read so.
    """
    kind = type(known)
    if isinstance(value, str) and kind is not str:
        value = _parse_text(value.strip(), kind)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
        raise InvalidInputError(f"knob {name!r} holds {words[kind]}", f"as it is now: {known!r}")
    return value


def _parse_text(text: str, kind: type) -> Any:
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower())
    try:
        return kind(text)
    except ValueError:
        return None


def choose_run(store: Store, run: object) -> str | None:
    """Find the run that is meant: the one given, else the active one, else the newest that runs anywhere.

    Raises
    ------
    RunNotFoundError
        No run at this address.
    """
    from jtrack.store.addresses import run_id_of
    from jtrack.tracking import find_active_run

    if run is not None:
        return run_id_of(store.catalog, run)
    active = find_active_run()
    if active is not None and active.store is store:
        return active.run_id
    return newest_running(store)


def newest_running(store: Store) -> str | None:
    """Find the newest run that runs anywhere."""
    with queries.using(store):
        found = queries.rows(_NEWEST_RUNNING, [RunStatus.RUNNING.value])
    return found[0]["run_id"] if found else None


def open_live(store: Store, run: object = None) -> LiveModel:
    """Make the model for a server's page: of the run at an address, else of the newest that runs, now or later.

    Raises
    ------
    RunNotFoundError
        No run at this address.
    """
    run_id = choose_run(store, run)
    return LiveModel(store, run_id, finds_next=run_id is None)
