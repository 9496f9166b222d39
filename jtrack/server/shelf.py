"""The stores that the server has open: a few, the least recently used one is closed first, and none while in use.

Opening costs a tenth of a second, so that they are kept between requests. A folder that was removed and made again is
another store under the same name, which its inode tells.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jtrack.store import Store

MOST_OPEN = 8


@dataclass(slots=True)
class _Kept:
    store: Store
    identity: tuple[int, int] | None
    n_users: int = 0


class Shelf:
    """Lends stores by their folder; may be asked from any thread."""

    def __init__(self, most_open: int = MOST_OPEN) -> None:
        self._most_open = most_open
        self._lock = threading.Lock()
        self._kept: dict[Path, _Kept] = {}  # the least recently used first
        self._replaced: list[_Kept] = []

    @contextmanager
    def lend(self, path: Path) -> Iterator[Store]:
        """Give the store in folder ``path``, which stays open inside the block."""
        kept = self._take(path)
        try:
            yield kept.store
        finally:
            with self._lock:
                kept.n_users -= 1
            self._close_surplus()

    def close(self) -> None:
        """Close all that nobody uses."""
        self._close_surplus(most_open=0)

    def __len__(self) -> int:
        return len(self._kept) + len(self._replaced)

    def _take(self, path: Path) -> _Kept:
        identity = _identity(path)
        with self._lock:
            kept = self._kept.pop(path, None)
            if kept is not None and kept.identity != identity:
                self._replaced.append(kept)
                kept = None
            if kept is None:
                kept = _Kept(Store(path), identity)
            self._kept[path] = kept
            kept.n_users += 1
            return kept

    def _close_surplus(self, most_open: int | None = None) -> None:
        with self._lock:
            n_surplus = max(len(self._kept) - (self._most_open if most_open is None else most_open), 0)
            surplus = [path for path, kept in self._kept.items() if kept.n_users == 0][:n_surplus]
            closing = [self._kept.pop(path) for path in surplus]
            closing += [kept for kept in self._replaced if kept.n_users == 0]
            self._replaced = [kept for kept in self._replaced if kept.n_users > 0]
        for kept in closing:
            kept.store.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
