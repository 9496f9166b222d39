"""Tells whether a store has changed, for the price of a few looks at its folder and without a database.

Events make their file longer. Points don't, since room for them is reserved: the first empty record behind the last
known one is looked at. What is told is a token; two that differ mean that something was logged, or that a writer died.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from io import RawIOBase

from jtrack.store.folder import StoreFolder
from jtrack.store.life import LifeSign
from jtrack.store.points import BLOCK_BYTES, HEADER_BYTES, RECORD_BYTES

LIVENESS_EVERY_S = 1.0
_YOUNG_S = 2.0
_FIRST_LOOK_BYTES = 128 * RECORD_BYTES
_MOST_LOOK_BYTES = BLOCK_BYTES


@dataclass(slots=True)
class _Journal:
    life: LifeSign
    n_points: int = 0
    events_bytes: int = -1
    lives: bool = True
    asked_at: float = 0.0


class FolderWatch:
    """Looks at one store's folder; not safe from threads, since a look remembers how far it saw."""

    def __init__(self, folder: StoreFolder) -> None:
        self._folder = folder
        self._journals: dict[str, _Journal] = {}

    def look(self) -> str:
        """Give a token of what is in the folder now."""
        writers = self._folder.writers()
        known = self._journals
        self._journals = {writer: known.get(writer) or _Journal(LifeSign(self._folder, writer)) for writer in writers}
        for writer, journal in self._journals.items():
            self._look_at(writer, journal)
        seen = [(w, j.events_bytes, j.n_points, j.lives) for w, j in self._journals.items()]
        generations = [number for number, _ in self._folder.generations()][-1:]
        return hashlib.sha256(repr((generations, seen)).encode()).hexdigest()[:24]

    def _look_at(self, writer: str, journal: _Journal) -> None:
        if not journal.lives and journal.events_bytes >= 0:
            return  # nothing comes from the dead
        # Asked before reading: what the dead left is then all there is.
        self._ask_for_life(writer, journal)
        journal.events_bytes, points_bytes = self._folder.journal_bytes(writer)
        # Not made yet, or folded away: then there is nothing to count.
        with suppress(OSError), open(self._folder.points_path(writer), "rb", buffering=0) as file:
            journal.n_points = _count_points(file, points_bytes, journal.n_points)

    def _ask_for_life(self, writer: str, journal: _Journal) -> None:
        now = time.monotonic()
        if journal.asked_at and now - journal.asked_at < LIVENESS_EVERY_S:
            return
        # To ask is to hold its lock for a moment. A writer that is only about to take it must not find it held.
        if not _is_young(self._folder.events_path(writer)):
            journal.asked_at, journal.lives = now, journal.life.is_seen()


def _count_points(file: RawIOBase, n_bytes: int, n_known: int) -> int:
    """Count the records up to the last one that is written, given that ``n_known`` were."""
    last_block = (n_bytes - BLOCK_BYTES - HEADER_BYTES) // RECORD_BYTES
    n_points, n_look = max(n_known, last_block, 0), _FIRST_LOOK_BYTES  # every block before the last is full
    while True:
        file.seek(HEADER_BYTES + n_points * RECORD_BYTES)
        written = (file.read(n_look) or b"").rstrip(b"\0")
        if not written:
            return n_points
        n_points += -(-len(written) // RECORD_BYTES)
        n_look = min(n_look * 4, _MOST_LOOK_BYTES)


def _is_young(path: str | os.PathLike[str]) -> bool:
    try:
        return abs(time.time() - os.stat(path).st_mtime) < _YOUNG_S
    except OSError:
        return False
