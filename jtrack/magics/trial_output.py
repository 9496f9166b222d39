"""What the trials of a swept cell print, kept with their runs: on the disk as it is printed, tidied at the end."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from jtrack.capture.output import BoundedText, settle_lines
from jtrack.magics.growing_artifact import GrowingArtifact

if TYPE_CHECKING:
    from jtrack.magics.recording import Desk
    from jtrack.tracking import ActiveRun

_STREAMS = ("stdout", "stderr")

_kept: ContextVar[dict[str, _KeptStream] | None] = ContextVar("jtrack_trial_output", default=None)


@contextlib.contextmanager
def trial_output() -> Iterator[None]:
    """Send what trials print to their own runs; all else goes where it went before."""
    out, err = _Router("stdout", sys.stdout), _Router("stderr", sys.stderr)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield


@contextlib.contextmanager
def kept_with_run(run: ActiveRun, desk: Desk) -> Iterator[None]:
    """Keep in ``run``'s files what this thread prints."""
    limit = desk.settings.max_stdout_chars
    streams = {name: _KeptStream(run, f"{name}.txt", limit) for name in _STREAMS}
    token = _kept.set(streams)
    try:
        yield
    finally:
        _kept.reset(token)
        for stream in streams.values():
            desk.attempt("keep a trial's output", stream.close)


class _KeptStream:
    """One stream of one trial, as an artifact of its run."""

    def __init__(self, run: ActiveRun, artifact_file: str, limit: int) -> None:
        self._run, self._artifact_file = run, artifact_file
        self._kept = BoundedText(limit)
        self._artifact = GrowingArtifact(run, artifact_file, self._kept)

    def add(self, text: str) -> None:
        self._kept.add(text)
        self._artifact.add(text)
        self._artifact.note_size()

    def close(self) -> None:
        self._artifact.close()
        text = settle_lines(self._kept.text())
        if text and not self._artifact.is_taken:
            self._run.log_text(text.encode("utf-8", "replace").decode(), self._artifact_file)


class _Router:
    """A standard stream that knows whose words it gets: a thread's trial, or nobody's."""

    def __init__(self, name: str, stream: Any) -> None:
        self._name, self._stream, self._pid = name, stream, os.getpid()

    def write(self, text: str) -> int:
        kept = _kept.get()
        if kept is None or os.getpid() != self._pid:  # a forked child would write its parent's file over
            return int(self._stream.write(text) or len(text))
        kept[self._name].add(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
