"""Folding: the newest generation, plus what the journals have new, becomes the next generation.

The next file is built under a name of its own and appears by one link, which fails if somebody else's fold was
first; a generation is never written after that. It says how far each journal is in it, so a death at any point
repeats nothing and loses nothing. Only then is dropped what it holds: journals of the dead, older generations.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import duckdb

from jtrack.errors import StoreError
from jtrack.store.connection import attach, connect
from jtrack.store.folder import StoreFolder
from jtrack.store.merge import merge_stage
from jtrack.store.points import BLOCK_BYTES, HEADER_BYTES, RECORD_BYTES
from jtrack.store.schema import create_base, migrate
from jtrack.store.stage import stage_batches
from jtrack.store.tail import JournalReader, Position

MIN_TAIL_BYTES = 16 * 1024 * 1024
MAX_JOURNALS = 64
_DEAD_DRAFT_S = 24 * 3600.0  # nobody went on writing a file for so long


def is_due(folder: StoreFolder, folded: Mapping[str, Position]) -> bool:
    """Tell whether the journals have outgrown a quarter of the base, or have become many.

    Parameters
    ----------
    folded
        How far the newest generation has each journal.
    """
    writers = folder.writers()
    if (
        len(writers) > MAX_JOURNALS
        and sum(not JournalReader(folder, name).is_alive() for name in writers) > MAX_JOURNALS
    ):
        return True
    tail_bytes = sum(_tail_bytes(folder, writer, folded.get(writer, Position())) for writer in writers)
    generations = folder.generations()
    base_bytes = generations[-1][1].stat().st_size if generations else 0
    return tail_bytes > max(MIN_TAIL_BYTES, base_bytes // 4)


def fold(folder: StoreFolder) -> Path | None:
    """Write the next generation.

    Returns
    -------
    Path | None
        The new file; ``None`` where another process is at it or was first, or there is nothing to fold.

    Raises
    ------
    OSError
        The folder can't be written, or its disk is full; the store is as it was.
    """
    with folder.fold_lock() as mine:
        if not mine:
            return None
        _remove_leftovers(folder)
        generations = folder.generations()
        number = generations[-1][0] + 1 if generations else 1
        draft = folder.path / f"store.{number}.{os.getpid()}.draft"
        try:
            readers = _write_draft(folder, draft, generations[-1][1] if generations else None)
            if readers is None or not _publish(draft, folder.generation_path(number)):
                return None
        finally:
            draft.unlink(missing_ok=True)
        _drop_folded(folder, readers, number)
        return folder.generation_path(number)


def fold_beside(folder: StoreFolder) -> subprocess.Popen[bytes]:
    """Fold in a process of its own, which nobody has to wait for; what it can't do is tried again some time.

    Raises
    ------
    OSError
        No process can be started.
    """
    code = "import sys; from jtrack.store import Store; from pathlib import Path; Store(Path(sys.argv[1])).fold()"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder.path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt of the kernel, or its end, is not meant for it
    )


def read_positions(connection: duckdb.DuckDBPyConnection) -> dict[str, Position]:
    """Read from ``base`` how far it has each journal."""
    rows = connection.execute("SELECT writer, events_bytes, n_points, holes FROM base.journals").fetchall()
    return {writer: Position(n_bytes, n_points, json.loads(holes)) for writer, n_bytes, n_points, holes in rows}


def begin_reader(
    folder: StoreFolder, connection: duckdb.DuckDBPyConnection, writer: str, folded: Position | None
) -> JournalReader:
    """Begin to read a journal where ``base`` has it."""
    if folded is None:
        return JournalReader(folder, writer)
    declared = "SELECT coalesce(max(number), 0) FROM base.journal_series WHERE writer = ?"
    ((n_series,),) = connection.execute(declared, [writer]).fetchall()
    return JournalReader(folder, writer, replace(folded, holes=list(folded.holes), n_series=n_series))


def _tail_bytes(folder: StoreFolder, writer: str, folded: Position) -> int:
    events, points = folder.journal_bytes(writer)
    # The last block of points is reserved before it is filled: it counts when the next one is there.
    unfolded_points = points - HEADER_BYTES - folded.n_points * RECORD_BYTES - BLOCK_BYTES
    return max(0, events - folded.events_bytes) + max(0, unfolded_points)


def _remove_leftovers(folder: StoreFolder) -> None:
    for draft in folder.path.glob("store.*.draft*"):
        draft.unlink(missing_ok=True)
    with suppress(OSError):
        for draft in folder.blobs.glob("*.draft"):
            if time.time() - draft.stat().st_mtime > _DEAD_DRAFT_S:
                draft.unlink(missing_ok=True)


def _write_draft(folder: StoreFolder, draft: Path, newest: Path | None) -> list[JournalReader] | None:
    """Build the next generation at ``draft``; gives the journals as far as it has them, ``None`` if none had news."""
    if newest is not None:
        shutil.copyfile(newest, draft)
    connection = connect()
    try:
        attach(connection, draft, read_only=False)
        if newest is None:
            create_base(connection)
        migrate(connection, folder.path)
        positions = read_positions(connection)
        readers = [begin_reader(folder, connection, writer, positions.get(writer)) for writer in folder.writers()]
        with _paused_collector():
            batches = [reader.read(final=not reader.is_alive()) for reader in readers]
            stage = stage_batches(batch for batch in batches if batch)
        if stage.tells_nothing and not any(reader.finished for reader in readers):  # those go with a fold
            return None
        merge_stage(connection, stage, "base")
        connection.execute("CHECKPOINT base")
        connection.execute("DETACH base")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"{folder.path} can't be folded, and is as it was: {reason}", "free some room") from None
    finally:
        connection.close()
    _sync(draft)
    return readers


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Keep the garbage collector from walking a million fresh rows again and again: a third of a large fold."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _publish(draft: Path, generation: Path) -> bool:
    """Let the draft appear under its number; ``False`` if that number is taken."""
    draft.chmod(0o444)  # a shell that opens it for writing by mistake is refused
    try:
        os.link(draft, generation)
    except FileExistsError:
        return False
    except OSError:
        if generation.exists():  # a file system without hard links: nearly as good, under the fold's lock
            return False
        os.rename(draft, generation)
    _sync(generation.parent)
    return True


def _drop_folded(folder: StoreFolder, readers: list[JournalReader], number: int) -> None:
    """Remove what the new generation holds; whatever can't be removed now goes with a later fold."""
    with suppress(OSError):
        for reader in readers:
            if reader.finished:
                # The events first: without them nobody looks for the points.
                folder.events_path(reader.writer).unlink(missing_ok=True)
                folder.points_path(reader.writer).unlink(missing_ok=True)
        for older, path in folder.generations():
            if older < number:
                path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
