"""What a tracked cell prints, as the artifact ``stdout.txt``: on the disk at any time, and tidied at the cell's end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jtrack.capture.growing import GrowingFile
from jtrack.capture.output import OutputRecorder

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jtrack.tracking import ActiveRun

ARTIFACT = "stdout.txt"
_FIRST_NOTED_AFTER_S, _MOST_NOTED_AFTER_S = 1.0, 10.0


class PrintedOutput:
    """Keeps what one cell prints, from :meth:`start` to :meth:`stop`."""

    def __init__(self, run: ActiveRun, shell: InteractiveShell, limit: int) -> None:
        self._run = run
        self._recorder = OutputRecorder(sys.stdout, limit, output_filter(shell, sys.stdout))
        self._file = GrowingFile(run.artifact_path / ARTIFACT, self._recorder.kept, self._note)
        self._recorder.listener = self._add
        self._lock = threading.RLock()
        self._is_over = False
        self._pause_s, self._noted_at, self._noted_bytes = _FIRST_NOTED_AFTER_S, 0.0, 0

    def start(self) -> None:
        """Begin to keep what is printed."""
        self._recorder.start()

    def note_size(self) -> None:
        """Record now and then how large the file has become; what it holds doesn't depend on that."""
        if self._file.n_bytes != self._noted_bytes and time.monotonic() > self._noted_at + self._pause_s:
            self._note()
            self._pause_s = min(2 * self._pause_s, _MOST_NOTED_AFTER_S)

    def stop(self) -> str:
        """Keep no more; gives what was printed, as a terminal would show it."""
        printed = self._recorder.stop()
        self._file.close()
        with self._lock:  # what is recorded of the whole comes last
            self._is_over = True
        return printed

    def _add(self, text: str) -> None:
        if ARTIFACT in self._run.files:  # a file of the cell's own stands there now
            self._file.close()
        self._file.add(text)

    def _note(self) -> None:
        with self._lock, suppress(Exception):  # it is recorded when the cell ends, and a fault told then
            if not self._is_over and ARTIFACT not in self._run.files:
                self._noted_at, self._noted_bytes = time.monotonic(), self._file.n_bytes
                self._run.note_artifact(ARTIFACT)


def output_filter(shell: InteractiveShell, stream: Any) -> Callable[[], bool]:
    """Make the test for whether a write to ``stream`` is output of the cell that begins now.

    A kernel's stream knows for each thread which cell started it, and sends its output there. In a terminal,
    results and tracebacks go through the same stream as prints and are told apart by who is at work.
    """
    if hasattr(stream, "parent_header"):
        begun = stream.parent_header.get("msg_id")
        return lambda: stream.parent_header.get("msg_id") == begun
    return lambda: (
        not (
            getattr(shell.display_pub, "is_publishing", False)
            or getattr(shell.displayhook, "is_active", False)
            or getattr(shell, "showing_traceback", False)
        )
    )
