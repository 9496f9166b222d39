"""Metric points: 32-byte records in a mapped file, half a microsecond each, safe when the process is killed.

The page cache keeps what was written into the mapping, whatever becomes of the process. Blocks are reserved
on the disk before they are mapped, since a store into a sparse page of a full disk is a SIGBUS that kills the
user's training, while a reservation that fails is an ``OSError`` beforehand. A record counts when its check
sum, which is written last, is right: so a reader in another process never takes half a record, on processors
that reorder stores too, and a garbled one is known for what it is.

File: a header of 64 bytes (magic, last heartbeat), then records of step int64, time int64 (ns since the
epoch), value float64, series uint32, crc32 uint32 of the 28 bytes before; little-endian. Series 0 is no record.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
import threading
import time
from collections import deque
from pathlib import Path
from zlib import crc32

MAGIC = b"JTPOINT1"
HEADER_BYTES = 64
RECORD_BYTES = 32
FIRST_BLOCK_BYTES = 64 * 1024
BLOCK_BYTES = 1024 * 1024

_HEADER = struct.Struct("<8sq")
_HEARTBEAT = struct.Struct("<q")
_seal = struct.Struct("<28sI").pack

# A record of step, time, value and series; and how it is written: where to, the record, its check sum.
pack_record = struct.Struct("<qqdI").pack
seal_into = struct.Struct("<28sI").pack_into


class Block:
    """One mapped piece of the file and the offsets in it that nobody has claimed yet."""

    __slots__ = ("memory", "slots")

    def __init__(self, memory: mmap.mmap | bytearray, slots: list[int]) -> None:
        self.memory = memory
        self.slots = slots


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
        self._lock = threading.Lock()
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
            # pop() is the one atomic step that claims a slot; the check sum lands last and makes the record count.
            seal_into(block.memory, block.slots.pop(), record, crc32(record))
        except IndexError:
            self._append_slowly(record)

    @property
    def n_claimed(self) -> int:
        """How many places of the file have been taken so far; each is filled, or will be in a moment."""
        return max(self.size - HEADER_BYTES, 0) // RECORD_BYTES - len(self.block.slots)

    def beat(self) -> None:
        """Write the heartbeat, retry what waits, and ask the disk to keep what is mapped."""
        with self._lock:
            self._drain()
            if self.size:
                os.pwrite(self._descriptor, _HEARTBEAT.pack(time.time_ns()), len(MAGIC))
                os.fsync(self._descriptor)  # mapped pages too: the kernel marks them at their first store

    def close(self, heir: PointFile | None = None) -> None:
        """Write what still waits and give the file back; a thread that comes late is sent to ``heir``."""
        with self._lock:
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
        while self.waiting:
            try:
                self._place(self.waiting[0])
            except OSError as error:
                self.fault = error
                return
            self.waiting.popleft()
        self.fault = None

    def _place(self, record: bytes) -> None:
        while self._mapped:
            block = self.block
            try:
                seal_into(block.memory, block.slots.pop(), record, crc32(record))
                return
            except IndexError:
                self._grow()
        written = os.pwrite(self._descriptor, _seal(record, crc32(record)), self.size)
        if written != RECORD_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += RECORD_BYTES

    def _grow(self) -> None:
        """Reserve the next block on the disk, map it and offer its slots."""
        start = self.size
        n_bytes = self._reserve_block(start)
        if start == 0:
            os.pwrite(self._descriptor, _HEADER.pack(MAGIC, time.time_ns()).ljust(HEADER_BYTES, b"\0"), 0)
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
        self.block = Block(memory, list(range(n_bytes - RECORD_BYTES, first - 1, -RECORD_BYTES)))

    def _reserve_block(self, start: int) -> int:
        if start:
            try:
                _reserve(self._descriptor, start, BLOCK_BYTES)
                return BLOCK_BYTES
            except OSError:
                os.ftruncate(self._descriptor, start)  # what a failed reservation took; a nearly full disk has a little
        _reserve(self._descriptor, start, FIRST_BLOCK_BYTES)
        return FIRST_BLOCK_BYTES


NO_BLOCK = Block(bytearray(), [])


def _reserve(descriptor: int, start: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, start, size)
        return
    # Where there is no reservation (macOS, Windows), writing the zeros is one.
    zeros = bytes(64 * 1024)
    for offset in range(start, start + size, len(zeros)):
        if os.pwrite(descriptor, zeros, offset) != len(zeros):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
