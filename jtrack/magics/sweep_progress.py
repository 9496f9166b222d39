"""A sweep in the notebook while it runs: a line that tells how far it is, and its trials' lines, which grow.

The line is a bar in HTML without script, and the same in text. Both are displays that are updated in place, so that a
saved notebook keeps the last state; tqdm's widget would stay at 0 % there.
"""

from __future__ import annotations

import html
import time
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtrack.magics.recording import Desk
    from jtrack.sweeps.drive import Seen
    from jtrack.tracking import ActiveRun

EVERY_S = 0.2


class NotebookProgress:
    """All that a notebook shows of one sweep; what can't be shown is said once and breaks nothing."""

    def __init__(self, desk: Desk, run: ActiveRun, metric: str, max_evals: int | None, n_done: int) -> None:
        self._desk, self._journal = desk, run.store.folder.journal
        self._line = None if max_evals is None else ProgressLine(metric, max_evals)
        self._panel = _GrowingPanel(run.run_id)

    def step(self, seen: Seen) -> None:
        """Show that one more trial has ended, if it is time."""
        if self._line is not None:
            self._desk.attempt("show the sweep's progress", partial(self._line.show, seen))
        if self._journal.is_dir():  # where the store is gone, the sweep has said so
            self._desk.attempt("show the trials", self._panel.grow)

    def close(self) -> None:
        """Show all of it: in the saved notebook, this is what stays."""
        if self._line is not None:
            self._desk.attempt("show the sweep's progress", self._line.finish)
        if self._journal.is_dir():
            self._desk.attempt("show the trials", self._panel.finish)


class ProgressLine:
    """Shows a sweep's progress, five times a second at most."""

    def __init__(self, metric: str, max_evals: int) -> None:
        self._metric, self._max_evals = metric, max_evals
        self._began = time.monotonic()
        self._next_s = 0.0
        self._handle: Any = None
        self._seen: Seen | None = None

    def show(self, seen: Seen) -> None:
        """Tell of one more trial, if it is time."""
        self._seen = seen
        now = time.monotonic()
        if now >= self._next_s:
            self._next_s = now + EVERY_S
            self._draw(seen)

    def finish(self) -> None:
        """Show the last state; a sweep without a trial shows nothing."""
        if self._seen is not None:
            self._draw(self._seen)

    def _draw(self, seen: Seen) -> None:
        from IPython.display import display

        line = render_progress(self._metric, self._max_evals, seen, time.monotonic() - self._began)
        bundle = {"text/plain": line, "text/html": _as_html(line, seen.n_done, self._max_evals)}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def render_progress(metric: str, max_evals: int, seen: Seen, took_s: float) -> str:
    """Say in one line how far a sweep is."""
    from jtrack.widgets.format import format_duration, format_number

    parts = [f"{seen.n_done} of {max_evals} trials"]
    if seen.n_failed:
        parts.append(f"{seen.n_failed} failed")
    if seen.best is not None:
        parts.append(f"best {metric} {format_number(seen.best.value)}")
    parts.append(format_duration(took_s))
    return " · ".join(parts)


def _as_html(line: str, n_done: int, n_trials: int) -> str:
    looks = "width:12em;accent-color:#0072b2"
    bar = f'<progress value="{n_done}" max="{n_trials}" aria-label="trials" style="{looks}"></progress>'
    return f'<div style="font-size:13px">{bar} {html.escape(line)}</div>'


class _GrowingPanel:
    """Parallel coordinates below the cell, drawn anew now and then: a twentieth of the sweep's time at most."""

    SHARE = 20
    EVERY_S = 1.0

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._panel: Any = None
        self._handle: Any = None
        self._n_trials = 0
        self._next_look = time.monotonic() + self.EVERY_S

    def grow(self) -> None:
        """Show one more trial, if it is time."""
        self._n_trials += 1
        began = time.monotonic()
        if self._n_trials < 2 or began < self._next_look:
            return
        is_first = self._panel is None
        self._draw()
        took = 0.0 if is_first else time.monotonic() - began  # the first time loads the widgets, once
        self._next_look = time.monotonic() + max(self.EVERY_S, self.SHARE * took)

    def finish(self) -> None:
        """Show all of it: in the saved notebook, this is what stays."""
        if self._n_trials:
            self._draw()
            self._handle.update(self._panel)

    def _draw(self) -> None:
        if self._panel is not None:
            self._panel.refresh()
            return
        from IPython.display import display

        from jtrack.widgets.parallel.panel import parallel

        self._panel = parallel(self._run_id)
        self._handle = display(self._panel, display_id=True)  # type: ignore[no-untyped-call]
