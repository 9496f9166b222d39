"""One writer per process: it appends to its own two files and to nothing else, so nobody waits for anybody.

Events are JSON lines, each written by one call and sealed by a check sum; points go through a mapped file
(``points.py``). The lock on the file of events is held for as long as the process lives: the sign of life.
What the disk refuses is kept, tried again with the next heartbeat, and said once.
"""

from __future__ import annotations

import atexit
import errno
import itertools
import json
import os
import platform
import queue
import secrets
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from jtrack import settings
from jtrack.errors import StorePathError
from jtrack.store.folder import SCHEMA_VERSION, StoreFolder, hold_lock, remedy_of, unwritable
from jtrack.store.points import NO_BLOCK, PointFile
from jtrack.store.warn import warn_unwritten

HEARTBEAT_S = 2.0
_REST_S = 0.2  # runs that end within it are synced together
ROTATE_BYTES = 256 * 1024 * 1024

Detail = dict[str, Any]


class JournalMark(NamedTuple):
    """A place in one writer's journal: all that is written later stands behind it."""

    writer: str
    n_events_bytes: int
    n_points: int


class EventFile:
    """Appends sealed JSON lines to one file."""

    def __init__(self, path: Path) -> None:
        self.waiting: deque[bytes] = deque()
        self.fault: OSError | None = None
        self._numbers = itertools.count()
        self._lock = threading.RLock()  # the handler of a signal may log in the middle of logging
        self._syncing = threading.RLock()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o666)
        self._end = 0
        hold_lock(self._descriptor)

    def append(self, kind: str, subject: str, detail: Detail) -> None:
        """Add one event; returns when it would survive the death of the process."""
        with self._lock:
            self.waiting.append(self._render(kind, subject, detail))
            self._drain()

    @property
    def n_bytes(self) -> int:
        """How long the file is."""
        return self._end

    @property
    def is_removed(self) -> bool:
        """Whether the file has no name any more; one whose folder was moved has another."""
        return os.fstat(self._descriptor).st_nlink == 0

    def beat(self) -> None:
        """Retry what waits."""
        with self._lock:
            self._drain()

    def sync(self) -> None:
        """Ask the disk to keep what was written; however long that takes, others write on meanwhile."""
        with self._syncing:
            if self._descriptor >= 0:
                os.fsync(self._descriptor)

    def close(self) -> None:
        """Write what still waits, then let go of the file and its lock."""
        with self._syncing, self._lock:
            self._drain()
            os.close(self._descriptor)
            self._descriptor = -1

    def abandon(self) -> None:
        """Let go of the file in a forked child; the parent's lock stays, since it is shared."""
        os.close(self._descriptor)

    def _render(self, kind: str, subject: str, detail: Detail) -> bytes:
        event = {"seq": next(self._numbers), "at": time.time_ns() // 1000, "kind": kind, "subject": subject}
        event["detail"] = detail
        return seal_line(json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())

    def _drain(self) -> None:
        while True:
            try:
                line = self.waiting.popleft()
            except IndexError:  # all is written, by a handler that came in between perhaps
                break
            try:
                self._write(line)
            except BaseException as error:
                # After an interrupt the line may be there or not: twice does no harm.
                self.waiting.appendleft(line)
                if not isinstance(error, OSError):
                    raise
                self.fault = error
                return
        self.fault = None

    def _write(self, line: bytes) -> None:
        written = os.write(self._descriptor, line)
        if written != len(line):
            # A full disk took a part of the line: take it back, or the next line would be lost with it.
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end += written


class Writer:
    """This process's way into a store: events at once, points in half a microsecond.

    Opened by its first use, and again in a forked child; the files of a parent are never written by its child.
    """

    def __init__(self, folder: StoreFolder) -> None:
        self.folder = folder
        self.name = ""
        self.points: PointFile | _UnopenedPoints = _UnopenedPoints(self)
        self._events: EventFile | None = None
        self._lock = threading.RLock()
        self._series_numbers = itertools.count(1)
        # What a fresh pair of files must be told of: the runs that are open, and the series that points refer to.
        self._open_runs: dict[str, dict[str, int]] = {}
        # What else the disk refused: tried again like the rest.
        self._deferred: deque[Callable[[], None]] = deque()
        self._deferred_fault: OSError | None = None
        self._warned = False
        self.is_loss_told = False
        self._is_retired = False
        # What the thread that syncs hears: that a run has ended, or False that there is no more to come. Of all ways to
        # tell it, only this one may be taken by a signal's handler in the middle of itself.
        self._news: queue.SimpleQueue[bool] = queue.SimpleQueue()
        _writers.add(self)

    def event(self, kind: str, subject: str, detail: Detail) -> None:
        """Append one event about ``subject``."""
        (self._events or self.open()[0]).append(kind, subject, detail)
        self._look_for_faults()

    def defer(self, deed: Callable[[], None], error: OSError) -> None:
        """Try what the disk refused to write beside the journal again with each heartbeat."""
        with self._lock:
            self.open()
            self._deferred.append(deed)
            self._deferred_fault = error
            self._look_for_faults()

    def mark(self) -> JournalMark:
        """Tell where the journal ends now, for one who will follow it from here on."""
        with self._lock:
            events, points = self.open()
            return JournalMark(self.name, events.n_bytes, points.n_claimed)

    def attach_run(self, run_id: str) -> None:
        """Tie the run's life to this process."""
        self._open_runs.setdefault(run_id, {})

    def release_run(self, run_id: str) -> None:
        """Untie it: the run has ended."""
        self._open_runs.pop(run_id, None)
        self._news.put(True)

    def series(self, run_id: str, key: str) -> int:
        """Give the number under which points of this metric of this run are written to :attr:`points`."""
        with self._lock:
            self.open()
            numbers = self._open_runs.setdefault(run_id, {})
            if key not in numbers:
                number = next(self._series_numbers)
                self.event("series", run_id, {"number": number, "key": key})
                numbers[key] = number
            return numbers[key]

    def open(self) -> tuple[EventFile, PointFile]:
        """Give this process's two files, making them where they are not there yet.

        Raises
        ------
        StorePathError
            The folder can't be written. A full disk is no reason: what it refuses waits in memory.
        """
        with self._lock:
            if self._events is None or not isinstance(self.points, PointFile):
                self._use(*self._make_files())
                threading.Thread(target=self._keep_beating, args=(self._news,), name="jtrack-sync", daemon=True).start()
            assert self._events is not None and isinstance(self.points, PointFile)
            return self._events, self.points

    @property
    def is_lost(self) -> bool:
        """Whether the files that are open were removed, with their folder: what is written then goes nowhere."""
        with self._lock:  # while new files are made, the name is there before they are
            if self._events is None:
                return False
            try:
                os.stat(self.folder.events_path(self.name))
            except (FileNotFoundError, NotADirectoryError):
                return True
            except OSError:  # a network folder that is away comes back
                return False
            return False

    def tell_move(self) -> None:
        """Say once that the store is elsewhere: what is written goes on in the open files, but files go by its path."""
        with self._lock:
            events = self._events
            if events is not None and not self.is_loss_told and self.is_lost and not events.is_removed:
                self.is_loss_told = True
                told = "files that the run under way logs from now on are in a new folder of that name"
                warn_unwritten(f"{self.folder.path} was moved: {told}")

    def beat(self) -> None:
        """Write heartbeats, retry what waits, sync, and start new files where these grew large."""
        with self._lock:
            events, points = self._events, self.points
            if events is None or not isinstance(points, PointFile):
                return
            if self._open_runs and not self.is_loss_told and self.is_lost and events.is_removed:
                self.is_loss_told = True
                warn_unwritten(f"{self.folder.path} is gone: nothing is kept of the runs that are under way")
            self._retry(events, points)
        self._sync(events, points)  # outside of the lock: a slow disk holds up nobody who logs
        with self._lock:
            if points.size > ROTATE_BYTES and points is self.points and not self.n_waiting:
                self._rotate()

    @property
    def n_waiting(self) -> int:
        """Count what the disk has refused so far and memory keeps."""
        if self._events is None or not isinstance(self.points, PointFile):
            return 0
        return len(self._events.waiting) + len(self.points.waiting) + len(self._deferred)

    def retire(self) -> None:
        """Let the thread that syncs close it, when nothing waits and no run is open: nobody is left who could write."""
        self._is_retired = True
        self._news.put(True)

    def close(self) -> None:
        """Write what waits, sync, and end the sign of life."""
        with self._lock:
            if self._events is not None and isinstance(self.points, PointFile):
                self._do_deferred()
                self._note_sums(self._events, self.points)
                self._sync(self._events, self.points)
                self.points.close()
                self._events.close()
                self._look_for_faults(final=True)
            self._news.put(False)
            self._forget_files()

    def reset_after_fork(self) -> None:
        """Forget the parent's files; the child's own are opened by its first word."""
        self._lock = threading.RLock()
        self._deferred.clear()
        if self._events is not None and isinstance(self.points, PointFile):
            self._events.abandon()
            self.points.abandon()
        self._forget_files()

    def _forget_files(self) -> None:
        self._events, self.points, self._news = None, _UnopenedPoints(self), queue.SimpleQueue()

    def _make_files(self) -> tuple[EventFile, PointFile]:
        self.folder.ensure()
        # Named by time, so that names sort by age; the rest keeps two processes of one microsecond apart.
        self.name = f"{time.time_ns() // 1000:016x}-{os.getpid()}-{secrets.token_hex(3)}"
        try:
            events = EventFile(self.folder.events_path(self.name))
            return events, PointFile(self.folder.points_path(self.name))
        except OSError as error:
            with suppress(OSError):
                self.folder.events_path(self.name).unlink()
            raise unwritable(self.folder.path, error) from None

    def _use(self, events: EventFile, points: PointFile) -> None:
        opened = {"schema_version": SCHEMA_VERSION, "host": platform.node(), "pid": os.getpid()}
        events.append("writer_opened", self.name, {**opened, "user": settings.user_name()})
        open_runs = {run_id: dict(numbers) for run_id, numbers in list(self._open_runs.items())}
        for run_id in open_runs:
            events.append("run_attached", run_id, {})
        declared = [(number, run_id, key) for run_id, numbers in open_runs.items() for key, number in numbers.items()]
        for number, run_id, key in sorted(declared):  # in their order: a reader counts on it
            events.append("series", run_id, {"number": number, "key": key})
        self._events, self.points = events, points

    def _retry(self, events: EventFile, points: PointFile) -> None:
        try:
            points.beat()
            self._note_sums(events, points)
            self._do_deferred()
            events.beat()
        except OSError as error:
            events.fault = error
        self._look_for_faults()

    def _sync(self, events: EventFile, points: PointFile) -> None:
        try:
            points.sync()
            events.sync()
        except OSError as error:
            with self._lock:
                events.fault = error
                self._look_for_faults()

    def _do_deferred(self) -> None:
        self._deferred_fault = None
        for _ in range(len(self._deferred)):  # each, as there may be room for a small one
            deed = self._deferred.popleft()
            try:
                deed()
            except OSError as error:
                self._deferred_fault = error
                self._deferred.append(deed)

    def _note_sums(self, events: EventFile, points: PointFile) -> None:
        for summed in points.new_sums():
            events.append("points_summed", self.name, summed._asdict())

    def _rotate(self) -> None:
        old_events, old_points = self._events, self.points
        with suppress(StorePathError):
            self._use(*self._make_files())
            assert old_events is not None and isinstance(old_points, PointFile) and isinstance(self.points, PointFile)
            old_points.close(heir=self.points)
            old_events.close()

    def _keep_beating(self, news: queue.SimpleQueue[bool]) -> None:
        while _wait_for_turn(news):
            self.beat()
            if self._is_retired and not self.n_waiting and not self._open_runs:
                self.close()

    def _look_for_faults(self, final: bool = False) -> None:
        if self._events is None or not isinstance(self.points, PointFile):
            return
        fault = self._events.fault or self.points.fault or self._deferred_fault
        if fault is None:
            self._warned = False
        elif final or not self._warned:
            self._warned = True
            end = "is lost with this process" if final else "is kept in memory and tried again"
            message = f"{self.folder.path}: {fault.strerror}: what is logged {end} ({self.n_waiting} waiting)"
            warn_unwritten(f"{message}; {remedy_of(fault)}")


class _UnopenedPoints:
    """Stands for the points of a writer that has no files yet: its first point opens them."""

    __slots__ = ("_writer", "block")

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.block = NO_BLOCK

    def append(self, record: bytes) -> None:
        self._writer.open()[1].append(record)


def _wait_for_turn(news: queue.SimpleQueue[bool]) -> bool:
    """Wait until it is time for a heartbeat, or a run has ended; says whether there is more to come."""
    try:
        goes_on = news.get(timeout=HEARTBEAT_S)
        if goes_on:
            time.sleep(_REST_S)
        while goes_on:
            goes_on = news.get_nowait()
    except queue.Empty:
        return True
    return False


def seal_line(line: bytes) -> bytes:
    """End a JSON object with the check sum of what stands before it, and a line feed."""
    return b'%b,"crc":"%08x"}\n' % (line[:-1], crc32(line[:-1]))


def open_line(line: bytes) -> dict[str, Any] | None:
    """Read a sealed line without its line feed; ``None`` if it is garbled."""
    body, mark, seal = line.rpartition(b',"crc":"')
    if not mark or seal != b'%08x"}' % crc32(body):
        return None
    text = body.decode()
    event: dict[str, Any] = json.loads(text + "}")
    # Its detail as it was written, for the view of events; quotes in strings are escaped, so the mark stands once.
    event["detail_json"] = text.partition(',"detail":')[2]
    return event


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


def _reset_writers() -> None:
    for writer in list(_writers):
        writer.reset_after_fork()


def _close_writers() -> None:
    for writer in list(_writers):
        writer.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_writers)
atexit.register(_close_writers)
