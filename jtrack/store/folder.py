"""The store's folder: which file lies where, which generation is the newest, and the locks.

A lock here never guards data (it may be missing on a network folder): it tells who is alive, keeps two
folds from doing the same work, and makes read-modify-write of names short and orderly.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from jtrack.errors import StorePathError, StoreVersionError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows has no flock: liveness then rests on heartbeats alone
    fcntl = None

SCHEMA_VERSION = 2
_VERSION_FILE = "schema_version"
EVENTS_SUFFIX = ".events"
POINTS_SUFFIX = ".points"
_MOST_TRIES = 200
_CLOCK_TICK_S = 0.02  # times of files may lag behind the clock by as much
_GENERATION = re.compile(r"store\.(\d+)\.duckdb")


class StoreFolder:
    """Paths inside one ``.jtrack`` folder; creating it touches nothing on disk."""

    __slots__ = ("artifacts", "blobs", "control", "journal", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path / "journal"
        self.artifacts = path / "artifacts"
        self.control = path / "control"
        self.blobs = path / "artifacts" / ".blobs"

    def ensure(self) -> None:
        """Make the folder ready to be written.

        Raises
        ------
        StorePathError
            The path is a file, or the folder can't be made or written.
        StoreVersionError
            It is a newer jtrack's, and is left as it is.
        """
        try:
            self.journal.mkdir(parents=True, exist_ok=True)
            self._say_version()
            self._keep_out_of_git()
        except StoreVersionError:
            raise
        except (FileExistsError, NotADirectoryError):
            blocking = next(
                (p for p in (self.journal, *self.journal.parents) if p.exists() and not p.is_dir()), self.path
            )
            what = "a file" if blocking.exists() else "a link that leads nowhere"
            raise StorePathError(
                self.path, f"{blocking} is {what}", "jtrack.set_tracking_uri('another/folder')"
            ) from None
        except OSError as error:
            raise unwritable(self.path, error) from None

    def check_readable(self) -> None:
        """Hold that the path is a folder of this version's; one that isn't there is empty.

        Raises
        ------
        StorePathError
            It is something else than a folder.
        StoreVersionError
            It is a newer jtrack's.
        """
        if self.path.exists() and not self.path.is_dir():
            raise StorePathError(self.path, "it is a file", "jtrack.set_tracking_uri('another/folder')")
        self._check_version()

    def generations(self) -> list[tuple[int, Path]]:
        """List the folded files, oldest first."""
        found = []
        with suppress(OSError):
            for name in os.listdir(self.path):
                match = _GENERATION.fullmatch(name)
                if match:
                    found.append((int(match[1]), self.path / name))
        return sorted(found)

    def generation_path(self, number: int) -> Path:
        """Name the file of generation ``number``."""
        return self.path / f"store.{number}.duckdb"

    def writers(self) -> list[str]:
        """List the names of all journals, oldest first (a writer's name begins with its time)."""
        with suppress(OSError):
            names = os.listdir(self.journal)
            return sorted(name.removesuffix(EVENTS_SUFFIX) for name in names if name.endswith(EVENTS_SUFFIX))
        return []

    def have_others_written(self, writer: str, since_s: float) -> bool:
        """Tell whether any journal but that of ``writer`` has got events since a time, in seconds since the epoch."""
        paths = [self.events_path(name) for name in self.writers() if name != writer]
        return any(_changed_at_s(path) > since_s - _CLOCK_TICK_S for path in paths)

    def events_path(self, writer: str) -> Path:
        """Name a writer's file of events."""
        return self.journal / (writer + EVENTS_SUFFIX)

    def points_path(self, writer: str) -> Path:
        """Name a writer's file of metric points."""
        return self.journal / (writer + POINTS_SUFFIX)

    def control_path(self, run_id: str) -> Path:
        """Name the file of messages to a run that is training."""
        return self.control / f"{run_id}.messages"

    def journal_bytes(self, writer: str) -> tuple[int, int]:
        """Give the sizes of a writer's files of events and of points; 0 for one that is not there."""
        return _size(self.events_path(writer)), _size(self.points_path(writer))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock for a short read-modify-write; waits for whoever has it.

        Raises
        ------
        StorePathError
            The folder can't be written.
        """
        descriptor = self._open_lock("lock")
        try:
            if fcntl is not None:
                with suppress(OSError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def fold_lock(self) -> Iterator[bool]:
        """Try to become the one who folds; gives ``False`` where another process is at it."""
        descriptor = self._open_lock("fold.lock")
        try:
            yield try_lock(descriptor)
        finally:
            os.close(descriptor)

    def _open_lock(self, name: str) -> int:
        try:
            return os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def _check_version(self) -> int:
        """Refuse a store of a newer jtrack, which says its version beside its files; gives the version that is said."""
        try:
            found = int((self.path / _VERSION_FILE).read_text(encoding="ascii"))
        except (OSError, ValueError):
            found = 0
        if found > SCHEMA_VERSION:
            raise StoreVersionError(self.path, found, SCHEMA_VERSION)
        return found

    def _say_version(self) -> None:
        if self._check_version() < SCHEMA_VERSION:
            with suppress(OSError):  # a full disk, say: what is written says it too
                (self.path / _VERSION_FILE).write_text(f"{SCHEMA_VERSION}\n", encoding="ascii")

    def _keep_out_of_git(self) -> None:
        ignore = self.path / ".gitignore"
        with suppress(OSError):  # a courtesy; whether the store can be written shows elsewhere
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")


def _changed_at_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # folded meanwhile: it was long closed
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def unwritable(path: Path, error: OSError) -> StorePathError:
    """Say in one line why ``path`` can't be written, and what to do instead."""
    if isinstance(error, StorePathError):  # it says all that already
        return error
    return StorePathError(path, error.strerror or str(error), remedy_of(error))


def remedy_of(error: OSError) -> str:
    """Say what can be done about a folder that can't be written."""
    elsewhere = "jtrack.set_tracking_uri('a/folder/you/can/write')"
    is_full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
    return f"free some room, or {elsewhere}" if is_full else elsewhere


def try_lock(descriptor: int) -> bool:
    """Take the exclusive lock of an open file without waiting; ``True`` too where there are no locks."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def hold_lock(descriptor: int) -> None:
    """Take the lock that is a writer's sign of life; a reader that asks for it at this instant holds it a moment."""
    for _ in range(_MOST_TRIES):
        if try_lock(descriptor):
            return
        time.sleep(0.001)


def is_locked(path: Path) -> bool | None:
    """Tell whether some process holds the lock of ``path``; ``None`` where locks don't work."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False
