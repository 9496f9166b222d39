"""Follows one run in the journal of the process that records it: what is new since the last look, and no database.

A look costs a read of what was written since, some ten microseconds where that is little. It is made for watching:
a point whose place was claimed a second ago and never filled is stepped over, and where points come faster than
anybody could look at them, only the newest of each look are taken. What has to be exact is asked of the catalog.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jtrack.store.folder import StoreFolder
from jtrack.store.journal import JournalMark, open_line
from jtrack.store.life import LifeSign
from jtrack.store.points import HEADER, HEADER_BYTES, RECORD_BYTES, read_header
from jtrack.store.tail import RECORD, read_records

MOST_POINTS_A_LOOK = 20_000
PATIENCE_S = 1.0
_FIRST_READ_BYTES = 64 * RECORD_BYTES
_SERIES = struct.Struct("<I")
_SERIES_OFFSET = RECORD_BYTES - 8


@dataclass(frozen=True, slots=True)
class News:
    """What one look brought: events in their order, and points (records of ``tail.RECORD``) by their metric."""

    events: tuple[dict[str, Any], ...]
    points: Mapping[str, NDArray[np.void]]

    def __bool__(self) -> bool:
        return bool(self.events) or bool(self.points)


class RunFollower:
    """Follows a run in one journal.

    Parameters
    ----------
    mark
        Where to begin. Events are always read from the journal's beginning when that is unknown to be the run's own,
        since metrics are named by them: see :func:`mark_end`.
    """

    def __init__(self, folder: StoreFolder, run_id: str, mark: JournalMark) -> None:
        self.writer = mark.writer
        self._run_id = run_id.encode()
        self._events_path = folder.events_path(mark.writer)
        self._n_events_bytes = mark.n_events_bytes
        self._points = _PointTail(folder.points_path(mark.writer), mark.n_points)
        self._keys: dict[int, str] = {}
        self._life = LifeSign(folder, mark.writer)

    def is_writer_alive(self) -> bool:
        """Tell whether the recording process lives, as far as that can be told."""
        return self._life.is_seen()

    def look(self) -> News:
        """Take what is new."""
        records = self._points.read()
        events = tuple(self._read_events())  # after the points: a metric is named before its first point is written
        for event in events:
            if event["kind"] == "series":
                self._keys[event["detail"]["number"]] = event["detail"]["key"]
        return News(events, self._by_metric(records))

    def _by_metric(self, records: NDArray[np.void]) -> dict[str, NDArray[np.void]]:
        if not len(records):
            return {}
        numbers = records["series"]
        return {key: records[numbers == n] for n in sorted(set(numbers.tolist())) if (key := self._keys.get(n))}

    def _read_events(self) -> Iterable[dict[str, Any]]:
        try:
            with open(self._events_path, "rb", buffering=0) as file:
                file.seek(self._n_events_bytes)
                *lines, rest = (file.read() or b"").split(b"\n")
                self._n_events_bytes = file.tell() - len(rest)
        except OSError:  # folded away after its process ended: there is nothing new in it
            return
        for line in lines:
            # Most lines of a long session are about other runs: looking for the id spares taking them apart.
            if self._run_id in line:
                event = open_line(line)
                if event is not None and event["subject"].encode() == self._run_id:
                    yield event


def mark_end(folder: StoreFolder, writer: str) -> JournalMark:
    """Mark where a journal's points end now; its events are read from the beginning, to learn the metrics' names."""
    return JournalMark(writer, 0, _count_points(folder.points_path(writer)))


class _PointTail:
    """Reads a file of points from a place on."""

    def __init__(self, path: Path, n_points: int) -> None:
        self._path = path
        self._n_points = n_points
        self._waiting_since = 0.0
        self._mark = 0

    def read(self) -> NDArray[np.void]:
        try:
            with open(self._path, "rb", buffering=0) as file:
                return self._read(file.fileno())
        except OSError:  # not there yet, or no longer
            return np.empty(0, RECORD)

    def _read(self, descriptor: int) -> NDArray[np.void]:
        data, n_bytes = b"", _FIRST_READ_BYTES
        while True:
            data = os.pread(descriptor, n_bytes, HEADER_BYTES + self._n_points * RECORD_BYTES)
            if len(data) < n_bytes or not any(data[-RECORD_BYTES:]):
                break
            if n_bytes >= MOST_POINTS_A_LOOK * RECORD_BYTES:
                self._n_points = max(self._n_points, _count_points(self._path) - MOST_POINTS_A_LOOK)
                data = os.pread(descriptor, n_bytes, HEADER_BYTES + self._n_points * RECORD_BYTES)
                break
            n_bytes *= 8
        start = HEADER_BYTES + self._n_points * RECORD_BYTES
        return self._take(*read_records(lambda: os.pread(descriptor, len(data), start), self._mark_of(descriptor)))

    def _mark_of(self, descriptor: int) -> int:
        if not self._mark:
            self._mark = (read_header(os.pread(descriptor, HEADER.size, 0)) or (0, 0))[1]
        return self._mark

    def _take(self, records: NDArray[np.void], valid: NDArray[np.bool_]) -> NDArray[np.void]:
        written = np.flatnonzero(valid)
        if not len(written):
            return records[:0]
        n_taken = int(written[-1]) + 1
        records, valid = records[:n_taken], valid[:n_taken]
        gaps = np.flatnonzero(~valid)
        if len(gaps) and self._is_patient():
            # A thread stands between claiming its place and filling it: it is waited for, a moment.
            valid = valid[: int(gaps[0])]
            records = records[: len(valid)]
        elif not len(gaps):
            self._waiting_since = 0.0
        self._n_points += len(records)
        whole: NDArray[np.void] = records[valid]
        return whole

    def _is_patient(self) -> bool:
        now = time.monotonic()
        if not self._waiting_since:
            self._waiting_since = now
        if now - self._waiting_since < PATIENCE_S:
            return True
        self._waiting_since = 0.0
        return False


def _count_points(path: Path) -> int:
    """Find by halves the first place that was never written; places are claimed in their order."""
    with suppress(OSError), open(path, "rb", buffering=0) as file:
        low, high = 0, max(os.fstat(file.fileno()).st_size - HEADER_BYTES, 0) // RECORD_BYTES
        while low < high:
            middle = (low + high) // 2
            found = os.pread(file.fileno(), _SERIES.size, HEADER_BYTES + middle * RECORD_BYTES + _SERIES_OFFSET)
            if len(found) == _SERIES.size and _SERIES.unpack(found)[0]:
                low = middle + 1
            else:
                high = middle
        return low
    return 0
