"""Parallel coordinates as a widget and a server both hold them: the frame as last read, and the page's questions.

While runs still come, each question for lines reads the store anew; what had ended keeps its place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jtrack import queries
from jtrack.errors import RunStateError
from jtrack.tracking.live import ask_to_stop
from jtrack.widgets.parallel.choose import Wishes
from jtrack.widgets.parallel.frame import ParallelFrame, bounded, lines_from, parallel_frame
from jtrack.widgets.parallel.select import UNENDED, select


class ParallelModel:
    """What is behind parallel coordinates in any host; the arguments are those of `parallel`."""

    def __init__(
        self, parent_or_runs: object = None, dims: Sequence[str] | None = None, color: str | None = None
    ) -> None:
        names = (dims,) if isinstance(dims, str) else dims
        self._wishes = Wishes(None if names is None else tuple(names), color)
        self._selection = select(parent_or_runs)
        self._n_losses = 0
        self._reading = threading.Lock()
        self.brushed: tuple[str, ...] | None = None
        self.whole = parallel_frame(self._selection, self._wishes)

    @property
    def frame(self) -> ParallelFrame:
        """The frame with so many lines as a notebook can keep."""
        return bounded(self.whole)

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """``lines`` and ``brush``; ``stop`` the sweep, and ``register`` the model of a run."""
        return {"lines": self._lines, "brush": self._brush, "stop": self._stop, "register": self._register}

    def refresh(self) -> None:
        """Read the runs anew."""
        with self._reading:
            before = self.whole.lines.run_ids[: self.whole.n_settled]
            frame = parallel_frame(self._selection, self._wishes, before)
            if frame.lines.run_ids[: len(before)] != before:
                # A run was deleted: the lines behind it moved up, and what the page has is void.
                self._n_losses += 1
            self.whole = replace(frame, layout=f"{frame.layout}-{self._n_losses}" if self._n_losses else frame.layout)

    def _lines(self, after: int) -> ParallelFrame:
        if self.whole.is_live:
            self.refresh()
        return lines_from(self.whole, after)

    def _stop(self, run_id: str) -> dict[str, Any]:
        """Ask a sweep to stop: its trials under way are told, and no other begins."""
        run = queries.get_run(run_id).info
        if run.status not in UNENDED:
            raise RunStateError(f"{run.run_name} is over: {run.status.value}")
        ask_to_stop(queries.asked_store(), run.run_id)
        return {}

    def _register(self, run_id: str, name: str) -> dict[str, Any]:
        from jtrack.registry.versions import register_model

        version = register_model(f"runs:/{run_id}/", name)
        return {"name": version.name, "version": version.version}

    def _brush(self, run_ids: Sequence[str] | None) -> None:
        known = set(self.whole.lines.run_ids)
        self.brushed = None if run_ids is None else tuple(run_id for run_id in run_ids if run_id in known)
