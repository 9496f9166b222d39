"""``live``: a run while it trains, in the notebook: curves, progress, the machine, and buttons that reach the loop.

A thread looks at the run's journal and sends the page what is new. It lives only while a run runs and somebody
looks, and rests between its looks so long that it costs the training no more than its share (`live_pace`).
"""

from __future__ import annotations

import contextvars
import itertools
import secrets
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jtrack import queries
from jtrack.entities import RunKind
from jtrack.errors import RunNotFoundError
from jtrack.store import Store
from jtrack.store.background import in_background
from jtrack.tracking import current_store
from jtrack.tracking.context import add_run_listener, find_own_run, remove_run_listener
from jtrack.widgets import front_end
from jtrack.widgets.frames import frame_json
from jtrack.widgets.html import Markup
from jtrack.widgets.live.html import live_html
from jtrack.widgets.live.model import LiveModel, choose_run
from jtrack.widgets.live.news import live_news
from jtrack.widgets.live.pace import LEAST_S, THREAD_NAME, Pace, count_watching
from jtrack.widgets.live.text import live_text
from jtrack.widgets.panel import Panel

if TYPE_CHECKING:
    from jtrack.tracking import ActiveRun

# A view says every few seconds that it is there; one that was closed without a word is missed after this.
LEASE_S = 25.0
# A page that can't say so may have missed something: where it says nothing, it is sent all there is now and then.
WHOLE_WITHIN_S = 3.0
WHOLE_EVERY = 10


class LivePanel(Panel):
    """A run while it trains. ``frame`` holds what is shown; see `live`.

    Parameters
    ----------
    follow
        Turn to each run that begins in this process.
    settle
        Bring what a saved notebook keeps up to date when the run ends.
    """

    def __init__(self, store: Store, run_id: str | None = None, *, follow: bool = False, settle: bool = True) -> None:
        self._model = LiveModel(store, run_id)
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._thread_lock = threading.Lock()
        self._next_run_id: str | None = None
        self._leased_until: float | None = None
        self._is_hidden = self._is_heard = False
        self._display_id = f"jtrack-live-{secrets.token_hex(8)}"
        self._settles, self._is_published = settle, False
        # What the page has, once all that was sent has come: what is new is told against this.
        self._sent = self._model.frame
        super().__init__(self._sent, {**self._model.methods, "look": self._send_again, "watch": self.watch})
        self._store = store
        if follow:
            add_run_listener(self._on_run)
        self._start()

    @property
    def frame(self) -> Any:
        """The data behind what is shown, as of the last look."""
        return self._model.frame

    def close(self) -> None:
        """Look no more, and give the view back."""
        remove_run_listener(self._on_run)
        self._is_hidden = True
        self._wake.set()
        super().close()

    def watch(self, visible: bool = True) -> dict[str, Any]:
        """A view says that it is seen (again and again), or no longer; it gets all there is where it was not before."""
        was_hidden, self._is_hidden = self._is_hidden, not visible
        # What comes by the main thread can't come while a cell runs: then its absence means nothing.
        self._is_heard = threading.current_thread() is not threading.main_thread()
        self._leased_until = time.monotonic() + LEASE_S if self._is_heard else None
        if not visible:
            return {}
        self._start()
        return self._send_again() if was_hidden else {}

    def _send_again(self, since: int | None = None) -> dict[str, Any]:
        return {"whole": self._sent}

    def show(self, publisher: Any) -> None:
        """Publish the panel under an id, so that what a saved notebook keeps can be brought up to date."""
        data, metadata = self._repr_mimebundle_()
        self.publish(publisher, data, metadata, update=False)

    def publish(self, publisher: Any, data: dict[str, Any], metadata: dict[str, Any], *, update: bool) -> None:
        """Put a mime bundle where this panel is shown, or is to be."""
        self._is_published = True
        publisher.publish(data=data, metadata=metadata, transient={"display_id": self._display_id}, update=update)

    def _ipython_display_(self, **kwargs: Any) -> None:
        publisher = front_end.publisher()
        if publisher is None:
            raise NotImplementedError  # no kernel: the mime bundle is shown as it is
        self.show(publisher)

    def _html(self) -> Markup:
        return live_html(self._model.frame)

    def _text(self) -> str:
        return live_text(self._model.frame)

    def _on_run(self, run: ActiveRun) -> None:
        """A run began or ended in this process; called in its thread, which shall not wait for a picture."""
        if run.store is not self._model.store:
            return
        if not run.ended:
            if self._is_of_shown_sweep(run):
                return
            self._next_run_id = run.run_id
            self._start()
        elif run.run_id == self._model.run_id and run.outer is not None and not run.outer.ended:
            self._next_run_id = run.outer.run_id
        self._wake.set()

    def _is_of_shown_sweep(self, run: ActiveRun) -> bool:
        """Whether it is a trial, or part of one, of the sweep that is shown: that stays, with its button to stop it."""
        shown = self._next_run_id or self._model.run_id
        own = None if shown is None else find_own_run(self._store, shown)
        return own is not None and own.kind is RunKind.SWEEP and own.run_id in dict(run.above)

    @property
    def _is_wanted(self) -> bool:
        leased = self._leased_until is None or time.monotonic() < self._leased_until
        return not self._is_hidden and leased

    def _start(self) -> None:
        with self._thread_lock:
            needed = self._model.is_running or self._next_run_id is not None
            if needed and self._is_wanted and self._thread is None:
                # A copy of the context: what the thread sends belongs to the cell that runs now.
                run = contextvars.copy_context().run
                self._thread = threading.Thread(target=run, args=(self._keep_looking,), name=THREAD_NAME, daemon=True)
                self._thread.start()

    def _keep_looking(self) -> None:
        pace, started_at, self._is_heard = Pace(), time.monotonic(), False
        for turn in itertools.count():
            began = time.thread_time()
            is_new = time.monotonic() - started_at < WHOLE_WITHIN_S
            # A store that can't be read for a moment: the next look may.
            with suppress(Exception), in_background():
                self._push(whole=not self._is_heard and (is_new or turn % WHOLE_EVERY == 0))
            rest_s = pace.rest_s(time.thread_time() - began, count_watching())
            with self._thread_lock:
                if not self._is_wanted or (not self._model.is_running and self._next_run_id is None):
                    self._thread = None
                    break
            if self._wake.wait(rest_s):
                self._wake.clear()
                time.sleep(LEAST_S / 2)  # trials that take no time at all don't make it look without a pause
        if self._settles and not self._model.is_running:
            with suppress(Exception), in_background():
                self._settle()

    def _push(self, whole: bool = False) -> None:
        with self._lock, queries.using(self._store):
            turned, self._next_run_id = self._next_run_id, None
            if turned is not None and turned != self._model.run_id:
                with suppress(RunNotFoundError):
                    self._model.turn_to(turned)
            else:
                self._model.look()
            before, self._sent = self._sent, self._model.frame
            news = live_news(None if whole else before, self._sent)
        self.send({"news": news})

    def _settle(self) -> None:
        """The run is over: bring up to date what is saved with the notebook."""
        self._frame_json = frame_json(self._model.frame)
        publisher = front_end.publisher()
        if publisher is not None and self._is_published:
            data, metadata = self._repr_mimebundle_()
            self.publish(publisher, data, metadata, update=True)


def live(run: object = None) -> LivePanel:
    """Show a run while it trains: curves, progress, the machine's use, and buttons that work meanwhile.

    Parameters
    ----------
    run
        A run, or an address of one, in this kernel or elsewhere. ``None`` takes the active run, else the newest that
        runs, and then turns to each run that begins in this kernel; without any it waits for the next one.

    Returns
    -------
    LivePanel
        Shows itself; ``.frame`` is the data behind it.

    Raises
    ------
    RunNotFoundError
        No run at this address.
    """
    store = current_store()
    return LivePanel(store, choose_run(store, run), follow=run is None)
