"""What jtrack says beside a cell's own output: one line on standard error, and each thing once.

Nothing that fails in jtrack while a cell runs may fail the cell; it is said here and the cell goes on.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from jtrack.store import StoreWarning


class Notices:
    """Says things once per kernel."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def hear(self) -> Iterator[None]:
        """Say the store's warnings in one line each, where Python would show a line of jtrack's own code with them."""
        with warnings.catch_warnings(record=True) as heard:
            yield
        for warning in heard or ():
            if issubclass(warning.category, StoreWarning):
                self.say(str(warning.message), once=("", str(warning.message)))
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)

    def warn(self, act: str, error: Exception) -> None:
        """Say that jtrack could not ``act``; a second time with the same error says nothing."""
        self.say(f"could not {act}: {type(error).__name__}: {error}", once=(act, str(error)))

    def say(self, text: str, once: tuple[str, str] | None = None) -> None:
        """Say ``text``, unless something was said under the same ``once``."""
        with self._lock:
            if once is not None and once in self._said:
                return
            if once is not None:
                self._said.add(once)
        sys.stderr.write(f"jtrack: {text}\n")
