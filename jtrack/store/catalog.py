"""The reading side: the newest generation, read-only, with the unfolded tail of every journal laid over it.

An in-memory DuckDB attaches the generation; each look takes what the journals have new into small tables.
A journal may vanish only after the generation that holds it has appeared, so a look that finds a newer
generation at its end starts over, and nothing is ever seen twice or missed.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from jtrack.errors import QueryError, StoreVersionError
from jtrack.store import fold
from jtrack.store.connection import attach, connect, create_base_in_memory
from jtrack.store.folder import StoreFolder
from jtrack.store.journal import StoreWarning
from jtrack.store.merge import merge_stage
from jtrack.store.schema import check_version, create_tail, create_views
from jtrack.store.stage import stage_batches
from jtrack.store.tail import JournalReader, Position

_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


class Catalog:
    """Answers SQL over one store; safe from threads, each of which gets a cursor of its own."""

    def __init__(self, folder: StoreFolder) -> None:
        folder.check_readable()
        self.folder = folder
        self._lock = threading.RLock()
        self._cursors = threading.local()
        self._connection = connect()
        self._generation: int | None = None
        self._folded: dict[str, Position] = {}
        self._readers: dict[str, JournalReader] = {}
        self._living: set[str] | None = None
        self._warned: set[str] = set()
        self._copies: tempfile.TemporaryDirectory[str] | None = None
        create_base_in_memory(self._connection)
        create_tail(self._connection)
        create_views(self._connection, folder.artifacts)

    def rows(self, query: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Answer a query as dictionaries; times are aware, in UTC."""
        cursor = self.execute(query, params)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, map(_aware, row), strict=True)) for row in cursor.fetchall()]

    def execute(self, query: str, params: Sequence[object] = ()) -> duckdb.DuckDBPyConnection:
        """Run one SELECT over the views, live runs included, on this thread's cursor.

        Raises
        ------
        QueryError
            DuckDB refused it, or it is not a SELECT.
        """
        self.refresh()
        cursor = self.cursor()
        try:
            _check_reads_only(cursor, query)
            return cursor.execute(query, list(params))
        except duckdb.Error as error:
            raise QueryError(str(error)) from None

    def relation(self, query: str, params: Sequence[object] = ()) -> duckdb.DuckDBPyRelation:
        """Like :meth:`execute`, as a relation on a cursor of its own, which no other question takes away."""
        self.refresh()
        cursor = self._connection.cursor()
        try:
            _check_reads_only(cursor, query)
            return cursor.sql(query, params=list(params) or None)
        except duckdb.Error as error:
            raise QueryError(str(error)) from None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Give this thread's own cursor; what it sees is as of the last :meth:`refresh`."""
        if not hasattr(self._cursors, "cursor"):
            self._cursors.cursor = self._connection.cursor()
        cursor: duckdb.DuckDBPyConnection = self._cursors.cursor
        return cursor

    def refresh(self) -> None:
        """Take what is new in the folder.

        Raises
        ------
        StoreVersionError
            A newer jtrack wrote into the store.
        """
        with self._lock:
            if fold.is_due(self.folder, self._folded):
                with suppress(OSError, duckdb.Error):  # a folder that can't be written is still read
                    fold.fold(self.folder)
            while True:
                self._use_newest_generation()
                self._take_tail()
                generations = self.folder.generations()
                if not generations or generations[-1][0] == self._generation:
                    break
            self._warn_of_problems()

    def close(self) -> None:
        """Give memory and files back."""
        with self._lock:
            self._connection.close()
            if self._copies is not None:
                self._copies.cleanup()

    def _use_newest_generation(self) -> None:
        while generations := self.folder.generations():
            number, path = generations[-1]
            if number == self._generation:
                return
            try:
                self._attach(path)
            except duckdb.IOException:
                if path.exists():
                    raise
                continue  # folded away between the look and the touch
            self._generation = number
            create_tail(self._connection)
            self._living = None
            self._folded = fold.read_positions(self._connection)
            self._readers = {}
            return

    def _attach(self, path: Path) -> None:
        self._connection.execute("DETACH base")
        try:
            try:
                attach(self._connection, path, read_only=True)
            except duckdb.IOException:
                # Somebody has it open read-write, as a duckdb shell does; their lock doesn't keep us from a copy.
                self._copies = self._copies or tempfile.TemporaryDirectory(prefix="jtrack-", ignore_cleanup_errors=True)
                attach(self._connection, Path(shutil.copy(path, self._copies.name)), read_only=True)
            check_version(self._connection, self.folder.path)
        except (OSError, duckdb.Error, StoreVersionError):
            with suppress(duckdb.Error):
                self._connection.execute("DETACH base")
            create_base_in_memory(self._connection)
            raise

    def _take_tail(self) -> None:
        living = set()
        batches = []
        for writer in self.folder.writers():
            reader = self._readers.get(writer)
            if reader is None:
                folded = copy.deepcopy(self._folded.get(writer))
                reader = self._readers[writer] = JournalReader(self.folder, writer, folded)
            # Asked before reading: what the dead left is then all there is.
            if alive := reader.is_alive():
                living.add(writer)
            if alive or not reader.finished:
                batches.append(reader.read(final=not alive))
        stage = stage_batches(batch for batch in batches if batch)
        if not stage.is_empty:
            merge_stage(self._connection, stage, "tail")
        if not stage.is_empty or living != self._living:
            self._living = living
            self._note_unended()

    def _warn_of_problems(self) -> None:
        # Last of all, for a warning may be an error here, and what was read has to be in place by then.
        found = [problem for reader in self._readers.values() for problem in reader.problems]
        fresh = [problem for problem in dict.fromkeys(found) if problem not in self._warned]
        self._warned.update(fresh)
        for problem in fresh:
            warnings.warn(problem, StoreWarning, stacklevel=4)

    def _note_unended(self) -> None:
        """Say of each run that never ended whether it runs, or was killed and when its writer was last heard."""
        self._connection.execute("DELETE FROM tail.unended")
        self._connection.execute(
            """INSERT INTO tail.unended
               SELECT run_id, if(lives, 'RUNNING', 'KILLED'), if(lives, NULL, heard_at) FROM (
                   SELECT r.run_id,
                          coalesce(bool_or(list_contains(?::VARCHAR[], w.writer)), false) AS lives,
                          coalesce(max(j.heartbeat_at), max(r.started_at)) AS heard_at
                   FROM every_runs r LEFT JOIN every_run_writers w USING (run_id)
                                     LEFT JOIN every_journals j USING (writer)
                   WHERE r.status = 'RUNNING' GROUP BY r.run_id)""",
            [sorted(self._living or ())],
        )


def _check_reads_only(cursor: duckdb.DuckDBPyConnection, query: str) -> None:
    if query[:6].upper() == "SELECT" and ";" not in query:  # the common case needs no parser
        return
    statements = cursor.extract_statements(query)
    if len(statements) != 1 or statements[0].type not in _READING:
        raise QueryError(
            "only one SELECT at a time can be asked of the store", "runs change through jtrack's functions"
        )


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
