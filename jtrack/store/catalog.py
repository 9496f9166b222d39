"""The reading side of a store: SQL over the newest generation and the journals, as they are at that moment.

A journal may vanish only after the generation that holds it has appeared, so a look that finds a newer
generation at its end starts over, and nothing is ever seen twice or missed.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from jtrack.errors import QueryError, StoreError
from jtrack.store import fold
from jtrack.store.connection import given, interruptible
from jtrack.store.folder import StoreFolder
from jtrack.store.journal import JournalMark
from jtrack.store.snapshot import Snapshot
from jtrack.store.stage import object_column
from jtrack.store.warn import warn_at_users_line

_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_FOLD_AGAIN_AFTER_S = 60.0


class Catalog:
    """Answers SQL over one store; safe from threads, each of which gets a cursor of its own."""

    def __init__(self, folder: StoreFolder) -> None:
        folder.check_readable()
        self.folder = folder
        self._lock = threading.RLock()
        self._local = threading.local()
        self._snapshot: Snapshot | None = None
        self._warned: set[str] = set()
        self._no_fold_before = 0.0
        self._folding: subprocess.Popen[bytes] | None = None

    def rows(self, query: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Answer a query as dictionaries; times are aware, in UTC."""
        cursor = self.execute(query, params)
        names = [column[0] for column in cursor.description or ()]
        with interruptible():
            found = cursor.fetchall()
        return [dict(zip(names, map(_aware, row), strict=True)) for row in found]

    def remembered_rows(self, table: str, query: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Answer like :meth:`rows` what comes from one table alone, from memory until the table has news."""
        memory = self.refresh().memory[table]
        asked = (query, *params)
        if asked not in memory:
            memory[asked] = self.rows(query, params)
        return memory[asked]

    def rows_beside(
        self, columns: Mapping[str, Sequence[object]], query: str, params: Sequence[object] = ()
    ) -> list[dict[str, Any]]:
        """Answer like :meth:`rows` a query that reads ``columns``, all of one length, as the table ``given``."""
        with self.one_look(), given(self.cursor(), {name: object_column(column) for name, column in columns.items()}):
            return self.rows(query, params)

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
            with interruptible():
                return cursor.execute(query, list(params))
        except duckdb.Error as error:
            raise QueryError(str(error)) from None

    def relation(self, query: str, params: Sequence[object] = ()) -> duckdb.DuckDBPyRelation:
        """Like :meth:`execute`, as a relation on a cursor of its own, which no other question takes away."""
        cursor = self.refresh().connection.cursor()
        try:
            _check_reads_only(cursor, query)
            return cursor.sql(query, params=list(params) or None)
        except duckdb.Error as error:
            raise QueryError(str(error)) from None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Give this thread's own cursor; what it sees is as of the last :meth:`refresh`."""
        snapshot = self._snapshot or self.refresh()
        if getattr(self._local, "snapshot", None) is not snapshot:
            self._local.snapshot, self._local.cursor = snapshot, snapshot.connection.cursor()
        cursor: duckdb.DuckDBPyConnection = self._local.cursor
        return cursor

    @contextmanager
    def one_look(self, until: JournalMark | None = None) -> Iterator[None]:
        """Look at the folder once for all the questions that this thread asks inside the block.

        Parameters
        ----------
        until
            What its writer wrote from here on needn't be taken: whoever asks knows it.
        """
        self.refresh(until)
        self._local.n_looks_held = self._n_looks_held + 1
        try:
            yield
        finally:
            self._local.n_looks_held = self._n_looks_held - 1

    @property
    def _n_looks_held(self) -> int:
        n_held: int = getattr(self._local, "n_looks_held", 0)
        return n_held

    def refresh(self, until: JournalMark | None = None) -> Snapshot:
        """Take what is new in the folder; of one writer only up to a mark, where one is given.

        Raises
        ------
        StoreVersionError
            A newer jtrack wrote into the store.
        """
        if self._snapshot is not None and self._n_looks_held:
            return self._snapshot
        with self._lock, interruptible():
            snapshot = self._look(until)
            self._warn_of(snapshot.problems)
            return snapshot

    def prepare(self) -> None:
        """Take what is new, so that the next question finds it there; what can't be read is left for that to say."""
        with self._lock:
            self._look()

    def close(self) -> None:
        """Give memory and files back."""
        with self._lock:
            if self._snapshot is not None:
                self._snapshot.connection.close()
                self._snapshot = None

    def _look(self, until: JournalMark | None = None) -> Snapshot:
        is_first = self._snapshot is None
        try:
            self._fold_if_due(self._newest_snapshot(), at_once=is_first)
            return self._take_news(until)
        except BaseException:
            # What was read may not have been merged; the next look begins at the generation again.
            self._snapshot = None
            raise

    def _take_news(self, until: JournalMark | None) -> Snapshot:
        while True:
            snapshot = self._newest_snapshot()
            snapshot.take_tail(until)
            if self._newest_generation()[0] == snapshot.number:
                return snapshot

    def _newest_snapshot(self) -> Snapshot:
        while True:
            number, path = self._newest_generation()
            if self._snapshot is not None and self._snapshot.number == number:
                return self._snapshot
            try:
                self._snapshot = Snapshot(self.folder, number, path)
            except (duckdb.Error, FileNotFoundError) as error:
                if path is not None and path.exists():
                    raise StoreError(f"{path} can't be read: {str(error).splitlines()[0]}") from None
                # Else it was folded away between the look and the touch.

    def _newest_generation(self) -> tuple[int | None, Path | None]:
        generations = self.folder.generations()
        return generations[-1] if generations else (None, None)

    def _fold_if_due(self, snapshot: Snapshot, *, at_once: bool) -> None:
        """Fold where that is due: before a first look, which then has less to read, else beside this process.

        Who has the tail already would only wait, and in this process a fold would keep the interpreter from a
        training that goes on in another thread.
        """
        if self._folding is not None and self._folding.poll() is None:
            return
        if time.monotonic() < self._no_fold_before or not fold.is_due(self.folder, snapshot.folded):
            return
        try:
            if at_once:
                fold.fold(self.folder)
            else:
                self._folding = fold.fold_beside(self.folder)
                self._no_fold_before = time.monotonic() + _FOLD_AGAIN_AFTER_S
        except OSError:  # a folder that can't be written is still read
            self._no_fold_before = time.monotonic() + _FOLD_AGAIN_AFTER_S

    def _warn_of(self, problems: list[str]) -> None:
        # Last of all, for a warning may be an error here, and what was read has to be in place by then.
        fresh = [problem for problem in dict.fromkeys(problems) if problem not in self._warned]
        self._warned.update(fresh)
        for problem in fresh:
            warn_at_users_line(problem)


def _check_reads_only(cursor: duckdb.DuckDBPyConnection, query: str) -> None:
    if query.lstrip()[:6].upper() == "SELECT" and ";" not in query:  # the common case needs no parser
        return
    statements = cursor.extract_statements(query)
    if len(statements) != 1 or statements[0].type not in _READING:
        raise QueryError(
            "only one SELECT at a time can be asked of the store", "runs change through jtrack's functions"
        )


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
