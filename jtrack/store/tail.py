"""Reads what journals hold beyond a known place: the events and points that no generation has yet.

Points are looked at before events, since a series is declared by an event before its first point is written. On a
full disk that event may wait while its points found room: they then wait for it, and what stands behind them.
A record counts when it ends in its file's mark. One that is not there yet, while later ones are, is a hole: a
thread was between claiming its slot and filling it; holes are remembered and looked at again.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from jtrack.errors import StoreVersionError
from jtrack.store.folder import SCHEMA_VERSION, StoreFolder
from jtrack.store.journal import JournalMark, open_line
from jtrack.store.life import LifeSign
from jtrack.store.points import HEADER, HEADER_BYTES, RECORD_BYTES, Sum, read_header

RECORD = np.dtype([("step", "<i8"), ("at", "<i8"), ("value", "<f8"), ("series", "<u4"), ("mark", "<u4")])
# Whether a processor shows its stores to others in their order, so that who sees a mark sees what came before it.
_KEEPS_ORDER = platform.machine().lower() in {"x86_64", "amd64", "i386", "i686"}
_SETTLE_S = 0.001


@dataclass(slots=True)
class Position:
    """How far one journal has been taken."""

    events_bytes: int = 0
    n_points: int = 0
    holes: list[int] = field(default_factory=list)
    n_series: int = 0
    """The highest number of a series declared so far; they are declared in their order."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look at one journal brought."""

    writer: str
    events: list[dict[str, Any]]
    points: NDArray[np.void]
    position: Position
    heard_ns: int  # when the writer was last known to live; 0 where nothing is new

    def __bool__(self) -> bool:
        return bool(self.events) or len(self.points) > 0 or self.heard_ns > 0


class JournalReader:
    """Follows one writer's journal from a position on."""

    def __init__(self, folder: StoreFolder, writer: str, position: Position | None = None) -> None:
        self.writer = writer
        self.position = position or Position()
        self.finished = False
        self.problems: list[str] = []  # what can't be read, a line each
        self._heartbeat_ns = 0
        self._folder = folder
        self._life = LifeSign(folder, writer)

    def is_alive(self) -> bool:
        """Tell whether the writer's process lives."""
        return self._life.is_seen()

    def has(self, mark: JournalMark) -> bool:
        """Tell whether everything before ``mark`` has been taken."""
        position = self.position
        return (
            position.events_bytes >= mark.n_events_bytes
            and position.n_points >= mark.n_points
            and not any(hole < mark.n_points for hole in position.holes)
        )

    def read(self, *, final: bool = False) -> Batch:
        """Take what is new.

        Parameters
        ----------
        final
            The writer is gone: nothing more will come, so what is still missing or cut is lost, and named.
        """
        found = self._find_points(final)
        events = self._read_events(final)
        points = self._take_points(*found, final=final)
        self.finished = final
        heard = [
            self._heartbeat_ns,
            *(int(points["at"].max()) for _ in points[:1]),
            *(e["at"] * 1000 for e in events[-1:]),
        ]
        return Batch(self.writer, events, points, self.position, max(heard) if final or events or len(points) else 0)

    def _find_points(self, final: bool) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
        try:
            return self._new_records()
        except OSError as error:
            if final or self.position.n_points:  # else the writer is only about to make it
                self._note(f"its file of points can't be read: {error.strerror}")
            return np.empty(0, RECORD), np.empty(0, np.bool_)

    def _take_points(self, records: NDArray[np.void], valid: NDArray[np.bool_], *, final: bool) -> NDArray[np.void]:
        first = self.position.n_points
        taken = int(np.flatnonzero(valid)[-1]) + 1 if valid.any() else 0
        if not final:
            taken = self._n_declared(records[:taken], valid[:taken])
        filled, holes = self._look_at_holes()
        holes += (first + np.flatnonzero(~valid[:taken])).tolist()
        if final:
            garbled = int((~valid & ((records["series"] != 0) | (records["mark"] != 0))).sum())
            if garbled:
                self._note(f"{garbled} points are garbled")
            holes = []
        self.position.n_points, self.position.holes = first + taken, holes
        return np.concatenate([filled, records[:taken][valid[:taken]]])

    def _n_declared(self, records: NDArray[np.void], valid: NDArray[np.bool_]) -> int:
        """Count the records before the first one whose series is still to be declared."""
        # Where events are garbled, the declaration may be among them and never come.
        if self.problems or not len(records) or int(records["series"].max()) <= self.position.n_series:
            return len(records)
        unknown = np.flatnonzero(valid & (records["series"] > self.position.n_series))
        return int(unknown[0]) if len(unknown) else len(records)

    def _new_records(self) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
        with open(self._folder.points_path(self.writer), "rb") as file:
            header = read_header(file.read(HEADER.size))
            if header is None:
                self._note("its file of points does not begin as one")
                return np.empty(0, RECORD), np.empty(0, np.bool_)
            self._heartbeat_ns, mark = header
            start = HEADER_BYTES + self.position.n_points * RECORD_BYTES
            return read_records(lambda: _read_from(file, start), mark)

    def _look_at_holes(self) -> tuple[NDArray[np.void], list[int]]:
        holes = self.position.holes
        if not holes:
            return np.empty(0, RECORD), []
        with open(self._folder.points_path(self.writer), "rb") as file:
            _, mark = read_header(file.read(HEADER.size)) or (0, 0)
            places = [HEADER_BYTES + hole * RECORD_BYTES for hole in holes]
            read = lambda: b"".join(os.pread(file.fileno(), RECORD_BYTES, place) for place in places)  # noqa: E731
            records, valid = read_records(read, mark)
        return records[valid], [hole for hole, filled in zip(holes, valid, strict=True) if not filled]

    def _read_events(self, final: bool) -> list[dict[str, Any]]:
        try:
            with open(self._folder.events_path(self.writer), "rb") as file:
                file.seek(self.position.events_bytes)
                data = file.read()
        except OSError as error:
            self._note(f"its file of events can't be read: {error.strerror}")
            return []
        *lines, rest = data.split(b"\n")
        self.position.events_bytes += len(data) - len(rest)
        if final and rest:
            self._note("its last event is cut short")
        events = [event for event in map(open_line, lines) if event is not None]
        if len(events) < len(lines):
            self._note(f"{len(lines) - len(events)} events are garbled")
        for event in events:
            self._check_version(event)
            if event["kind"] == "points_summed":
                self._check_sum(Sum(**event["detail"]))
            elif event["kind"] == "series":
                self.position.n_series = max(self.position.n_series, event["detail"]["number"])
        return events

    def _check_version(self, event: dict[str, Any]) -> None:
        if event["kind"] == "writer_opened" and event["detail"]["schema_version"] > SCHEMA_VERSION:
            raise StoreVersionError(self._folder.path, event["detail"]["schema_version"], SCHEMA_VERSION)

    def _check_sum(self, summed: Sum) -> None:
        first, n_points = summed.first, summed.n_points
        try:
            with open(self._folder.points_path(self.writer), "rb") as file:
                data = os.pread(file.fileno(), n_points * RECORD_BYTES, HEADER_BYTES + first * RECORD_BYTES)
        except OSError:  # which was noted where its points were read
            return
        if crc32(data) != summed.crc32:
            self._note(f"among its points {first} to {first + n_points - 1} are some that were changed")

    def _note(self, problem: str) -> None:
        self.problems.append(f"{self._folder.events_path(self.writer)}: {problem}; all else was read")


def read_records(read: Callable[[], bytes], mark: int) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Read records, and tell of each whether it is one.

    Parameters
    ----------
    read
        Reads them; it is asked twice where a processor may show a mark before what was stored before it.
    mark
        The file's; 0 where it has none yet.
    """
    data = read()
    records = np.frombuffer(data, RECORD, count=len(data) // RECORD_BYTES)
    valid: NDArray[np.bool_] = (records["mark"] == mark) & (mark != 0)
    if not _KEEPS_ORDER and valid.any():
        time.sleep(_SETTLE_S)
        data = read()
        records = np.frombuffer(data, RECORD, count=len(valid))
    return records, valid


def _read_from(file: BinaryIO, start: int) -> bytes:
    file.seek(start)
    return file.read()
