"""One line below a swept cell that tells how far it is: a bar in HTML without script, and the same in text.

It is one display that is updated in place, so a saved notebook keeps the last state.
"""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtrack.magics.sweep_header import SweepHeader
    from jtrack.sweeps.drive import Seen

EVERY_S = 0.2


class ProgressLine:
    """Shows a sweep's progress, five times a second at most."""

    def __init__(self, header: SweepHeader) -> None:
        self._header = header
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

        line = render_progress(self._header, seen, time.monotonic() - self._began)
        bundle = {"text/plain": line, "text/html": _as_html(line, seen.n_done, self._header.max_evals)}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def render_progress(header: SweepHeader, seen: Seen, took_s: float) -> str:
    """Say in one line how far a sweep is."""
    parts = [f"{seen.n_done} of {header.max_evals} trials"]
    if seen.n_failed:
        parts.append(f"{seen.n_failed} failed")
    if seen.best is not None:
        parts.append(f"best {header.metric} {seen.best.value:.4g}")
    parts.append(f"{took_s:.1f} s" if took_s < 120 else f"{took_s / 60:.1f} min")
    return " · ".join(parts)


def _as_html(line: str, n_done: int, n_trials: int) -> str:
    bar = f'<progress value="{n_done}" max="{n_trials}" aria-label="trials" style="width:12em"></progress>'
    return f'<div style="font-size:13px">{bar} {html.escape(line)}</div>'
