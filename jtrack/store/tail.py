"""Reads what journals hold beyond a known place: the events and points that no generation has yet.

Points are taken before events, since a series is declared by an event before its first point is written.
A record counts when its check sum is right. One that is not there yet, while later ones are, is a hole: a
thread was between claiming its slot and filling it; holes are remembered and looked at again.
"""

from __future__ import annotations

import os
import struct
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jtrack.errors import StoreVersionError
from jtrack.store.folder import StoreFolder, is_locked
from jtrack.store.journal import SCHEMA_VERSION, JournalMark, open_line
from jtrack.store.points import HEADER_BYTES, MAGIC, RECORD_BYTES

RECORD = np.dtype([("step", "<i8"), ("at", "<i8"), ("value", "<f8"), ("series", "<u4"), ("crc", "<u4")])
LOST_AFTER_S = 60  # without locks, a writer that was silent for so long counts as gone
_HEADER = struct.Struct("<8sq")
_CRC_CHUNK = 16_384


@dataclass(slots=True)
class Position:
    """How far one journal has been taken."""

    events_bytes: int = 0
    n_points: int = 0
    holes: list[int] = field(default_factory=list)


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

    def is_alive(self) -> bool:
        """Tell whether the writer's process lives: it holds a lock, or where there are no locks, its heart beats."""
        held = is_locked(self._folder.events_path(self.writer))
        return self._beats() if held is None else held

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
        points = self._read_points(final)
        events = self._read_events(final)
        self.finished = final
        heard = [
            self._heartbeat_ns,
            *(int(points["at"].max()) for _ in points[:1]),
            *(e["at"] * 1000 for e in events[-1:]),
        ]
        return Batch(self.writer, events, points, self.position, max(heard) if final or events or len(points) else 0)

    def _read_points(self, final: bool) -> NDArray[np.void]:
        data = self._new_point_bytes(final)
        if data is None:
            return np.empty(0, RECORD)
        first, records = self.position.n_points, np.frombuffer(data, RECORD, count=len(data) // RECORD_BYTES)
        valid = _valid(records)
        taken = int(np.flatnonzero(valid)[-1]) + 1 if valid.any() else 0
        filled, holes = self._look_at_holes()
        holes += (first + np.flatnonzero(~valid[:taken])).tolist()
        if final:
            garbled = int((~valid & (records["series"] != 0)).sum())
            if garbled:
                self._note(f"{garbled} points are garbled")
            holes = []
        self.position.n_points, self.position.holes = first + taken, holes
        return np.concatenate([filled, records[:taken][valid[:taken]]])

    def _new_point_bytes(self, final: bool) -> bytes | None:
        try:
            with open(self._folder.points_path(self.writer), "rb") as file:
                magic, self._heartbeat_ns = _HEADER.unpack(file.read(_HEADER.size).ljust(_HEADER.size, b"\0"))
                if magic not in (MAGIC, bytes(8)):
                    self._note("its file of points does not begin as one")
                    return None
                file.seek(HEADER_BYTES + self.position.n_points * RECORD_BYTES)
                return file.read()
        except OSError as error:
            if final or self.position.n_points:  # else the writer is only about to make it
                self._note(f"its file of points can't be read: {error.strerror}")
            return None

    def _look_at_holes(self) -> tuple[NDArray[np.void], list[int]]:
        if not self.position.holes:
            return np.empty(0, RECORD), []
        with open(self._folder.points_path(self.writer), "rb") as file:
            found = b"".join(
                os.pread(file.fileno(), RECORD_BYTES, HEADER_BYTES + h * RECORD_BYTES) for h in self.position.holes
            )
        records = np.frombuffer(found, RECORD)
        valid = _valid(records)
        return records[valid], [hole for hole, filled in zip(self.position.holes, valid, strict=True) if not filled]

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
        return events

    def _check_version(self, event: dict[str, Any]) -> None:
        if event["kind"] == "writer_opened" and event["detail"]["schema_version"] > SCHEMA_VERSION:
            raise StoreVersionError(self._folder.path, event["detail"]["schema_version"], SCHEMA_VERSION)

    def _beats(self) -> bool:
        try:
            with open(self._folder.points_path(self.writer), "rb") as file:
                _, heartbeat_ns = _HEADER.unpack(file.read(_HEADER.size).ljust(_HEADER.size, b"\0"))
        except OSError:
            return False
        return time.time_ns() - int(heartbeat_ns) < LOST_AFTER_S * 1_000_000_000

    def _note(self, problem: str) -> None:
        self.problems.append(f"{self._folder.events_path(self.writer)}: {problem}; all else was read")


def _valid(records: NDArray[np.void]) -> NDArray[np.bool_]:
    valid: NDArray[np.bool_] = records["series"] != 0  # most of a reserved block is still zero: no sums for those
    written = np.flatnonzero(valid)
    valid[written] = check_sums(records[written]) == records["crc"][written]
    return valid


def check_sums(records: NDArray[np.void]) -> NDArray[np.uint32]:
    """Compute the crc32 of the first 28 bytes of each record, all records at once."""
    sums = np.empty(len(records), np.uint32)
    for start in range(0, len(records), _CRC_CHUNK):
        chunk = records[start : start + _CRC_CHUNK]
        columns = np.ascontiguousarray(chunk.view(np.uint8).reshape(-1, RECORD_BYTES)[:, : RECORD_BYTES - 4].T)
        crc = np.full(len(chunk), 0xFFFFFFFF, np.uint32)
        for column in columns:
            crc = _CRC_TABLE[(crc ^ column) & 0xFF] ^ (crc >> 8)
        sums[start : start + _CRC_CHUNK] = crc ^ 0xFFFFFFFF
    return sums


def _crc_table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0xEDB88320), table >> 1).astype(np.uint32)
    return table


_CRC_TABLE = _crc_table()
