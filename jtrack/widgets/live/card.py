"""The card of a cell while it runs: a live panel that appears when the cell takes its time and logs, and goes when the
cell has ended: the card of its run then stands below all that it printed.

A quick cell never sees it, and neither does one that logs nothing: there would be nothing to look at.
"""

from __future__ import annotations

import contextvars
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jtrack.store.background import in_background
from jtrack.widgets import front_end

if TYPE_CHECKING:
    from jtrack.tracking import ActiveRun
    from jtrack.widgets.live.panel import LivePanel

DELAY_S = 1.0
_LOOK_EVERY_S = 0.5

# An output can't be taken back; this one takes no room.
_GONE = {"text/html": '<span hidden="">the run has ended</span>', "text/plain": ""}


class LiveCard:
    """Waits beside a running cell for something to show.

    Parameters
    ----------
    publisher
        What shows output: IPython's display publisher.
    """

    def __init__(self, run: ActiveRun, publisher: Any) -> None:
        self._run, self._publisher = run, publisher
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._panel: LivePanel | None = None

    def start(self) -> None:
        """Begin to wait; what is shown then is output of the cell that runs now. A program doesn't look."""
        if front_end.is_program():
            return
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._wait,), name="jtrack-live-card", daemon=True).start()

    def stop(self) -> None:
        """The cell has ended: show nothing any more that isn't shown."""
        self._over.set()

    def leave(self) -> None:
        """Take the live panel away, where one was shown."""
        self.stop()
        with self._lock:
            panel, self._panel = self._panel, None
        if panel is not None:
            try:
                # JupyterLab ends the subshell with the last widget: the view shall not take leave over it.
                panel.send({"closes": True})
                panel.publish(self._publisher, dict(_GONE), {}, update=True)
            finally:
                panel.close()

    def _wait(self) -> None:
        rest_s = DELAY_S
        while not self._over.wait(rest_s):
            if self._run.latest_step > 0:
                # A picture that can't be drawn is no reason to disturb the training.
                with suppress(Exception), in_background():
                    self._show()
                return
            rest_s = _LOOK_EVERY_S

    def _show(self) -> None:
        from jtrack.widgets.live.panel import LivePanel

        panel = LivePanel(self._run.store, self._run.run_id, settle=False)
        with self._lock:
            if self._over.is_set():
                panel.close()
                return
            self._panel = panel
            panel.show(self._publisher)
