"""One generation with the tail of every journal laid over it, in an in-memory DuckDB of its own.

The generation never changes under a snapshot; the tail grows by what each look at the journals brings. A newer
generation gets a new snapshot, and questions that are under way keep the old one until they are answered.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections import defaultdict
from collections.abc import Hashable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from jtrack.errors import StoreVersionError
from jtrack.store.connection import attach, connect, create_base_in_memory
from jtrack.store.fold import begin_reader, read_positions
from jtrack.store.folder import StoreFolder
from jtrack.store.journal import JournalMark
from jtrack.store.merge import merge_stage
from jtrack.store.news import News
from jtrack.store.schema import check_version, create_tail, create_views
from jtrack.store.stage import Stage, stage_batches
from jtrack.store.tail import JournalReader

_LARGE_BYTES = 100_000_000


class Snapshot:
    """The views over one generation and the journals' tails.

    Parameters
    ----------
    number, path
        The generation; ``None`` for a store that was never folded.

    Raises
    ------
    StoreVersionError
        The generation was written by a newer jtrack.
    duckdb.IOException
        The file is gone, or no database.
    """

    def __init__(self, folder: StoreFolder, number: int | None, path: Path | None) -> None:
        self.number = number
        self.connection = connect()
        self._folder = folder
        if path is None:
            create_base_in_memory(self.connection)
        else:
            self._attach(path)
        create_tail(self.connection)
        create_views(self.connection, folder.artifacts, is_folded=path is not None)
        # Taking the tail is many small statements, as are most questions: handing these to several threads takes
        # longer than to answer them.
        self.connection.execute("SET threads = 1")
        self._is_large = path is not None and path.stat().st_size >= _LARGE_BYTES
        self.folded = read_positions(self.connection)
        self._news = News(self.connection)
        self._readers: dict[str, JournalReader] = {}
        self._living: set[str] | None = None
        self._killed: set[str] = set()
        # Answers by the one table that they come from, until it has news.
        self.memory: defaultdict[str, dict[Hashable, list[dict[str, Any]]]] = defaultdict(dict)

    def take_tail(self, until: JournalMark | None = None) -> None:
        """Take what the journals have new, and look who of their writers lives.

        Parameters
        ----------
        until
            Leave its writer's journal alone if it has been taken up to here.
        """
        living, batches = set(), []
        for writer in self._folder.writers():
            reader = self._readers.get(writer)
            if reader is None:
                reader = begin_reader(self._folder, self.connection, writer, self.folded.get(writer))
                self._readers[writer] = reader
            # Asked before reading: what the dead left is then all there is.
            if alive := reader.is_alive():
                living.add(writer)
            if until is not None and until.writer == writer and reader.has(until):
                continue
            if alive or not reader.finished:
                batches.append(reader.read(final=not alive))
        stage = stage_batches(batch for batch in batches if batch)
        # How far a journal is, and when its writer was heard, is asked of the tables only once the writer is gone.
        journals = stage.rows["journals"]
        stage.rows["journals"] = {key: row for key, row in journals.items() if key[0] not in living}
        if not stage.is_empty:
            self._merge(stage)
        # Runs that never ended: who lives decides, and what the dead left, and news of a run that was taken for dead.
        left = any(batch and batch.writer not in living for batch in batches)
        if left or living != self._living or not self._killed.isdisjoint(stage.rows["runs"]):
            self._living = living
            self._note_killed()
        if self._is_large:
            self._is_large = False
            self.connection.execute("RESET threads")

    def _merge(self, stage: Stage) -> None:
        if self._news.fits(stage):
            self._news.merge(stage)
        else:
            merge_stage(self.connection, stage, "tail", self._news.empty_tables())
            self._news.note_bulk(stage)
        # Last of all: an answer that is under way goes to the memory that is dropped here.
        for table in [table for table, rows in stage.rows.items() if rows]:
            self.memory.pop(table, None)

    @property
    def problems(self) -> list[str]:
        """What could not be read, a line each."""
        return [problem for reader in self._readers.values() for problem in reader.problems]

    def _attach(self, path: Path) -> None:
        try:
            attach(self.connection, path, read_only=True)
        except duckdb.IOException:
            # Somebody has it open read-write, as a duckdb shell does; their lock doesn't keep us from a copy.
            copies = tempfile.mkdtemp(prefix="jtrack-")
            weakref.finalize(self, shutil.rmtree, copies, ignore_errors=True)
            with suppress(FileNotFoundError):
                path = Path(shutil.copy(path, copies))
            attach(self.connection, path, read_only=True)
        try:
            check_version(self.connection, self._folder.path)
        except StoreVersionError:
            self.connection.close()
            raise

    def _note_killed(self) -> None:
        """Note the runs that never ended and whose writers are all gone, and when these were last heard of."""
        self.connection.execute("BEGIN")
        self.connection.execute("DELETE FROM tail.killed")
        self.connection.execute(
            """INSERT INTO tail.killed
               SELECT r.run_id, coalesce(max(j.heartbeat_at), max(r.started_at))
               FROM every_runs r LEFT JOIN every_run_writers w USING (run_id) LEFT JOIN every_journals j USING (writer)
               WHERE r.status = 'RUNNING'
               GROUP BY r.run_id HAVING NOT coalesce(bool_or(list_contains(?::VARCHAR[], w.writer)), false)""",
            [sorted(self._living or ())],
        )
        self.connection.execute("COMMIT")
        found = self.connection.execute("SELECT run_id FROM tail.killed").fetchall()
        self._killed = {run_id for (run_id,) in found}
