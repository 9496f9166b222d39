"""Metric points: 32-byte records in a mapped file, a quarter of a microsecond each, safe when the process is killed.

The page cache keeps what was written into the mapping, whatever becomes of the process. Blocks are reserved
on the disk before they are mapped, since a store into a sparse page of a full disk is a SIGBUS that kills the
user's training, while a reservation that fails is an ``OSError`` beforehand. A record counts when it ends in its file's
own mark, which is written last: a reader in another process never takes half a record. Every few seconds what was
filled is summed up, and the sum kept among the events: a file that was changed later is known for what it is.

File: a header of 64 bytes (magic, last heartbeat, mark), then records of step int64, time int64 (ns since the
epoch), value float64, series uint32, mark uint32; little-endian. Series 0 is no record, mark 0 no mark.
"""

from __future__ import annotations

import errno
import mmap
import os
import secrets
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

MAGIC = b"JTPOINT2"
HEADER = struct.Struct("<8sqI")
HEADER_BYTES = 64
RECORD_BYTES = 32
FIRST_BLOCK_BYTES = 64 * 1024
BLOCK_BYTES = 1024 * 1024

_HEARTBEAT = struct.Struct("<q")
_MARK_OFFSET = RECORD_BYTES - 4
_MOST_SUMMED = 8 * BLOCK_BYTES // RECORD_BYTES

# Step, time, value and series, packed for later; and written at once: where to, the same, the mark.
pack_record = struct.Struct("<qqdI").pack
write_record = struct.Struct("<qqdII").pack_into
_seal_into = struct.Struct("<28sI").pack_into
_seal = struct.Struct("<28sI").pack


class Block:
    """One mapped piece of the file, the offsets in it that nobody has claimed yet, and the file's mark."""

    __slots__ = ("mark", "memory", "slots")

    def __init__(self, memory: mmap.mmap | bytearray, slots: list[int], mark: int) -> None:
        self.memory = memory
        self.slots = slots
        self.mark = mark


class Sum(NamedTuple):
    """The check sum of some records that follow one another."""

    first: int
    n_points: int
    crc32: int


class PointFile:
    """Appends points to one file; safe from threads, with and without the GIL.

    A full disk never raises: what it refuses waits in memory (:attr:`waiting`) and is tried again.

    Raises
    ------
    OSError
        The file can't be made.
    """

    def __init__(self, path: Path) -> None:
        self.waiting: deque[bytes] = deque()
        self.fault: OSError | None = None
        self.size = 0
        self._lock = threading.RLock()  # the handler of a signal may log in the middle of logging
        self._syncing = threading.RLock()
        self._is_draining = False
        self._mark = secrets.randbelow(2**32 - 1) + 1
        self._n_summed = 0
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self._mapped = True
        self._heir: PointFile | None = None
        self.block = NO_BLOCK
        try:
            self._grow()
        except OSError as error:
            self.fault = error

    def append(self, record: bytes) -> None:
        """Add one packed record; returns when it would survive the death of the process."""
        block = self.block
        try:
            # pop() is the one atomic step that claims a slot; the mark lands last and makes the record count.
            _seal_into(block.memory, block.slots.pop(), record, block.mark)
        except IndexError:
            self._append_slowly(record)

    @property
    def n_claimed(self) -> int:
        """How many places of the file have been taken so far; each is filled, or will be in a moment."""
        return max(self.size - HEADER_BYTES, 0) // RECORD_BYTES - len(self.block.slots)

    def beat(self) -> None:
        """Write the heartbeat and retry what waits."""
        with self._lock:
            self._drain()
            if self.size:
                os.pwrite(self._descriptor, _HEARTBEAT.pack(time.time_ns()), len(MAGIC))

    def sync(self) -> None:
        """Ask the disk to keep what was logged; however long that takes, others log on meanwhile."""
        with self._syncing:
            if self._descriptor >= 0:
                os.fsync(self._descriptor)  # mapped pages too: the kernel marks them at their first store

    def new_sums(self) -> Iterator[Sum]:
        """Sum up what was filled since the last time, as far as there is no gap in it."""
        while True:
            with self._lock:
                n_new = min(self.n_claimed - self._n_summed, _MOST_SUMMED)
                data = os.pread(self._descriptor, n_new * RECORD_BYTES, HEADER_BYTES + self._n_summed * RECORD_BYTES)
            n_filled = _count_marked(data, self._mark)
            if n_filled:
                yield Sum(self._n_summed, n_filled, crc32(memoryview(data)[: n_filled * RECORD_BYTES]))
                self._n_summed += n_filled
            if n_filled < _MOST_SUMMED:
                return

    def close(self, heir: PointFile | None = None) -> None:
        """Write what still waits and give the file back; a thread that comes late is sent to ``heir``."""
        with self._syncing, self._lock:
            self._drain()
            self.block, self._heir = NO_BLOCK, heir
            os.close(self._descriptor)
            self._descriptor = -1

    def abandon(self) -> None:
        """Let go of the file in a forked child, whose parent goes on with it."""
        os.close(self._descriptor)

    def _append_slowly(self, record: bytes) -> None:
        if self._heir is not None:
            self._heir._append_slowly(record)
            return
        with self._lock:
            self.waiting.append(record)
            # A disk that refused a moment ago is asked again by the next heartbeat, not by every point.
            if self.fault is None:
                self._drain()

    def _drain(self) -> None:
        if self._is_draining:  # what a handler adds is placed by what it came in the middle of
            return
        self._is_draining = True
        try:
            while self.waiting:
                self._place(self.waiting[0])
                self.waiting.popleft()
            self.fault = None
        except OSError as error:
            self.fault = error
        finally:
            self._is_draining = False

    def _place(self, record: bytes) -> None:
        while self._mapped:
            block = self.block
            try:
                _seal_into(block.memory, block.slots.pop(), record, block.mark)
                return
            except IndexError:
                self._grow()
        written = os.pwrite(self._descriptor, _seal(record, self._mark), self.size)
        if written != RECORD_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += RECORD_BYTES

    def _grow(self) -> None:
        """Reserve the next block on the disk, map it and offer its slots."""
        start = self.size
        n_bytes = self._reserve_block(start)
        if start == 0:
            header = HEADER.pack(MAGIC, time.time_ns(), self._mark)
            os.pwrite(self._descriptor, header.ljust(HEADER_BYTES, b"\0"), 0)
        first = HEADER_BYTES if start == 0 else 0
        try:
            memory = mmap.mmap(self._descriptor, n_bytes, offset=start)
        except (OSError, ValueError):
            # A folder that can't be mapped: plain writes serve, a few times slower.
            self._mapped, self.block = False, NO_BLOCK
            self.size = start + first
            os.ftruncate(self._descriptor, self.size)
            return
        self.size = start + n_bytes
        # A thread that claimed a slot of the block before still holds that block, so its mapping outlives this line.
        self.block = Block(memory, list(range(n_bytes - RECORD_BYTES, first - 1, -RECORD_BYTES)), self._mark)

    def _reserve_block(self, start: int) -> int:
        if start:
            try:
                _reserve(self._descriptor, start, BLOCK_BYTES)
                return BLOCK_BYTES
            except OSError:
                os.ftruncate(self._descriptor, start)  # what a failed reservation took; a nearly full disk has a little
        _reserve(self._descriptor, start, FIRST_BLOCK_BYTES)
        return FIRST_BLOCK_BYTES


NO_BLOCK = Block(bytearray(), [], 0)


def read_header(data: bytes) -> tuple[int, int] | None:
    """Read the last heartbeat and the mark of a file of points, 0 where it is only begun; ``None`` if it is none."""
    magic, heartbeat_ns, mark = HEADER.unpack(data.ljust(HEADER.size, b"\0"))
    return (heartbeat_ns, mark) if magic in (MAGIC, bytes(len(MAGIC))) else None


def _count_marked(data: bytes, mark: int) -> int:
    """Count the records from the first on that end in ``mark``."""
    n_marked = len(data) // RECORD_BYTES
    for place, byte in enumerate(mark.to_bytes(4, "little")):
        found, wanted = data[_MARK_OFFSET + place :: RECORD_BYTES], bytes([byte]) * n_marked
        if found[:n_marked] != wanted:
            n_marked = next(i for i in range(n_marked) if found[i] != byte)
    return n_marked


def _reserve(descriptor: int, start: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, start, size)
        return
    # Where there is no reservation (macOS, Windows), writing the zeros is one.
    zeros = bytes(64 * 1024)
    for offset in range(start, start + size, len(zeros)):
        if os.pwrite(descriptor, zeros, offset) != len(zeros):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
