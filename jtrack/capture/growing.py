"""What a cell prints, on the disk as soon as it is printed: a kernel that is killed loses none of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from jtrack.capture.output import BoundedText

_LEAST_OVERHANG_BYTES = 64 * 1024


class GrowingFile:
    """Appends text to a file that stays about as bounded as ``kept``; made by the first word.

    Parameters
    ----------
    kept
        The same text, ``add``'s included, to shorten the file to when it would grow to twice that.
    begun
        Called when the file is there.

    Attributes
    ----------
    n_bytes : int
        How large the file is; 0 where there is none.
    """

    def __init__(self, path: Path, kept: BoundedText, begun: Callable[[], None]) -> None:
        self._path, self._kept, self._begun = path, kept, begun
        self.n_bytes = 0
        self._file: FileIO | None = None
        self._most_bytes = 0
        self._is_over = False

    def add(self, text: str) -> None:
        """Append ``text``; a disk that refuses it is asked no more."""
        if self._is_over or not text:
            return
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._replace(self._kept.text())
                self._begun()
            elif self.n_bytes + len(text) > self._most_bytes:
                self._replace(self._kept.text())
            else:
                self.n_bytes += self._file.write(text.encode("utf-8", "replace"))
        except OSError:
            self.close()

    def close(self) -> None:
        """Append no more; the file stays."""
        self._is_over = True
        if self._file is not None:
            self._file.close()
            self._file = None

    def _replace(self, text: str) -> None:
        # Beside it first: a kill in between leaves the one or the other whole.
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        fresh = FileIO(draft, "w")
        try:
            n_bytes = fresh.write(text.encode("utf-8", "replace"))
            os.replace(draft, self._path)
        except OSError:
            fresh.close()
            draft.unlink(missing_ok=True)
            raise
        if self._file is not None:
            self._file.close()
        self._file, self.n_bytes, self._most_bytes = fresh, n_bytes, 2 * n_bytes + _LEAST_OVERHANG_BYTES
