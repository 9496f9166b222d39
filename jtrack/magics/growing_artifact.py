"""Printed text as an artifact of its run while it grows: on the disk at each print, its size recorded now and then."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from jtrack.capture.growing import GrowingFile
from jtrack.capture.output import BoundedText

if TYPE_CHECKING:
    from jtrack.tracking import ActiveRun

_FIRST_NOTED_AFTER_S, _MOST_NOTED_AFTER_S = 1.0, 10.0


class GrowingArtifact:
    """The file of ``run`` that holds what ``kept`` does, and gives way to one of that name that is logged."""

    def __init__(self, run: ActiveRun, artifact_file: str, kept: BoundedText) -> None:
        self._run, self._artifact_file = run, artifact_file
        self._file = GrowingFile(run.artifact_path / artifact_file, kept, self._note)
        self._lock = threading.RLock()
        self._is_over = False
        self._pause_s, self._noted_at, self._noted_bytes = _FIRST_NOTED_AFTER_S, 0.0, 0

    @property
    def is_taken(self) -> bool:
        """Whether a file of that name was logged by somebody else."""
        return self._artifact_file in self._run.files

    def add(self, text: str) -> None:
        """Append what ``kept`` was given just now."""
        if self.is_taken:
            self._file.close()
        self._file.add(text)

    def note_size(self) -> None:
        """Record how large the file has become, if that wasn't done lately; what it holds doesn't depend on it."""
        if self._file.n_bytes != self._noted_bytes and time.monotonic() > self._noted_at + self._pause_s:
            self._note()
            self._pause_s = min(2 * self._pause_s, _MOST_NOTED_AFTER_S)

    def close(self) -> None:
        """Append no more; what is recorded of the whole comes after this."""
        self._file.close()
        with self._lock:
            self._is_over = True

    def _note(self) -> None:
        with self._lock, suppress(Exception):  # it is recorded at the end, and a fault told then
            if not self._is_over and not self.is_taken:
                self._noted_at, self._noted_bytes = time.monotonic(), self._file.n_bytes
                self._run.note_artifact(self._artifact_file)
