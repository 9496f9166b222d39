"""What a tracked cell prints, as the artifact ``stdout.txt``: on the disk at any time, and tidied at the cell's end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jtrack.capture.output import OutputRecorder
from jtrack.magics.growing_artifact import GrowingArtifact

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jtrack.tracking import ActiveRun

ARTIFACT = "stdout.txt"


class PrintedOutput:
    """Keeps what one cell prints, from :meth:`start` to :meth:`stop`."""

    def __init__(self, run: ActiveRun, shell: InteractiveShell, limit: int) -> None:
        self._recorder = OutputRecorder(sys.stdout, limit, output_filter(shell, sys.stdout))
        self._artifact = GrowingArtifact(run, ARTIFACT, self._recorder.kept)
        self._recorder.listener = self._artifact.add

    def start(self) -> None:
        """Begin to keep what is printed."""
        self._recorder.start()

    def note_size(self) -> None:
        """Record now and then how much there is."""
        self._artifact.note_size()

    def stop(self) -> str:
        """Keep no more; gives what was printed, as a terminal would show it."""
        printed = self._recorder.stop()
        self._artifact.close()
        return printed


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
