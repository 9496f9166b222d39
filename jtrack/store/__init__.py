"""Where runs live: a journal that every process appends to, folded into files that anyone may read.

``Store`` is the room's door. Writing needs neither duckdb nor numpy; these come in with the first question.
"""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from jtrack.store.artifacts import ArtifactStore
from jtrack.store.folder import StoreFolder
from jtrack.store.journal import Writer
from jtrack.store.warn import StoreWarning, warn_unwritten

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog

__all__ = ["Store", "StoreWarning", "warn_unwritten"]


class Store:
    """One ``.jtrack`` folder: the way in (``writer``), the way out (``catalog``), and files (``artifacts``)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = StoreFolder(path)
        self.writer = Writer(self.folder)
        self.artifacts = ArtifactStore(self.folder)
        self._catalog: Catalog | None = None
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self.known_experiments = {"0": "Default"}  # those that were seen to be there, by id: their names at that time
        _stores.add(self)
        weakref.finalize(self, self.writer.retire).atexit = False  # that is the end of all writers anyway

    @property
    def catalog(self) -> Catalog:
        """The reading side, opened by the first question."""
        with self._lock:
            if self._catalog is None:
                from jtrack.store.catalog import Catalog

                self._catalog = Catalog(self.folder)
            return self._catalog

    def fold(self) -> Path | None:
        """Write the next generation now; see :func:`jtrack.store.fold.fold`."""
        from jtrack.store.fold import fold

        self.folder.ensure()
        return fold(self.folder)

    def is_first_time(self, digest: str) -> bool:
        """Tell whether this process has not yet written what has this digest; it is taken as written from here on."""
        with self._lock:
            first = digest not in self._seen
            self._seen.add(digest)
            return first

    def reset_after_fork(self) -> None:
        """Forget the parent's connection in a forked child: DuckDB's threads did not come along."""
        self._lock = threading.Lock()
        _left_behind.append(self._catalog)
        self._catalog = None

    def close(self) -> None:
        """End this process's part in the store: write what waits, give files and memory back."""
        self.writer.close()
        with self._lock:
            if self._catalog is not None:
                self._catalog.close()
                self._catalog = None


_stores: weakref.WeakSet[Store] = weakref.WeakSet()
_left_behind: list[
    Catalog | None
] = []  # closing a parent's connection in the child could wait for threads that are not there


def _reset_stores() -> None:
    for store in list(_stores):
        store.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_stores)
