"""Tells whether a writer's process lives, from anywhere that its journal can be read.

On one machine the lock on its file of events says so at once. A lock may not be seen from another machine, though, or
from outside of a container: not every shared folder hands locks on. There the heart has to have stopped as well.
"""

from __future__ import annotations

import os
import platform
import time

from jtrack.store.folder import StoreFolder, is_locked
from jtrack.store.journal import open_line
from jtrack.store.points import HEADER, read_header

LOST_AFTER_S = 60  # a writer whose lock can't be seen counts as gone when it was silent for so long


class LifeSign:
    """Looks for one writer's signs of life."""

    def __init__(self, folder: StoreFolder, writer: str) -> None:
        self._events_path = folder.events_path(writer)
        self._points_path = folder.points_path(writer)
        self._host: str | None = None

    def is_seen(self) -> bool:
        """Tell whether the writer holds its lock, or where that can't be seen, whether its heart beats."""
        # Its first word comes after its lock: without a word it may only be about to take that. This is asked first, as
        # both may be there in a moment.
        if self._is_about_to_begin():
            return True
        held = is_locked(self._events_path)
        if held is None or (not held and self._is_elsewhere()):
            return self._beats()
        return held

    def _is_about_to_begin(self) -> bool:
        try:
            found = os.stat(self._events_path)
        except OSError:
            return False
        return found.st_size == 0 and abs(time.time() - found.st_mtime) < LOST_AFTER_S

    def _is_elsewhere(self) -> bool:
        if self._host is None:
            self._host = self._read_host()
        return self._host is not None and self._host != platform.node()

    def _read_host(self) -> str | None:
        try:
            with open(self._events_path, "rb") as file:
                opened = open_line(file.readline().rstrip(b"\n"))
        except OSError:
            return None
        host = None if opened is None else opened["detail"].get("host")
        return host if isinstance(host, str) else None

    def _beats(self) -> bool:
        try:
            with open(self._points_path, "rb") as file:
                header = read_header(file.read(HEADER.size))
        except OSError:
            return False
        return header is not None and time.time_ns() - header[0] < LOST_AFTER_S * 1_000_000_000
