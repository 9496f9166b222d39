"""Merges a little news into the tail: what one cell logged, in a statement or two a table.

The bulk way (``merge.py``) costs the same for one row as for a thousand, some fifty statements. Here rows go in
by one ``INSERT`` a table; what is already in the tail is remembered, so that nothing is deleted, or looked up,
that can't be there. Both ways write the same rows, and a test holds them against each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
from numpy.typing import NDArray

from jtrack.store.merge import is_new, last_series_no
from jtrack.store.schema import COLUMNS, KEYS, PARTIAL, key_columns
from jtrack.store.stage import Stage

MOST_ROWS = 300
MOST_POINTS = 2_000

Key = tuple[Any, ...]


class News:
    """What is known of one tail without asking it: which keys it has, and where each series stands."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._keys: dict[str, set[Key]] = {table: set() for table in COLUMNS if table in KEYS}
        # Caches; where they miss, the tables are asked.
        self._series: dict[Key, dict[str, Any]] = {}  # by run and key, as the table has them
        self._named: dict[Key, Key] = {}  # (writer, number) → run and key
        self._new_runs: set[str] = set()  # all that there is of these is in the caches
        self._last_number: int | None = None

    def fits(self, stage: Stage) -> bool:
        """Whether there is so little of it that this way is the quicker one."""
        n_points = len(stage.points["step"]) if stage.points else 0
        return n_points <= MOST_POINTS and sum(map(len, stage.rows.values())) <= MOST_ROWS

    def empty_tables(self) -> list[str]:
        """Name the tables that have no row yet."""
        return [table for table, keys in self._keys.items() if not keys]

    def note_bulk(self, stage: Stage) -> None:
        """Take note of what was merged the other way."""
        for table, keys in self._keys.items():
            keys.update(map(_as_key, stage.rows[table]))
        if stage.points:
            # Which series the points were of is known to the tables alone: any may be in the tail now.
            self._keys["series"] = _Everything()
        self._series.clear()
        self._named.clear()
        self._new_runs.clear()
        self._last_number = None

    def merge(self, stage: Stage) -> None:
        """Merge ``stage`` into the tail, in one transaction."""
        self._connection.execute("BEGIN")
        try:
            for table, rows in stage.rows.items():
                if rows and table not in ("series", "journal_series"):
                    self._put(table, {_as_key(key): self._whole(table, row) for key, row in rows.items()})
            self._put_series(stage)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _put(self, table: str, rows: dict[Key, Sequence[Any]]) -> None:
        known = self._keys.get(table)
        if known is not None:
            self._delete(table, [key for key in rows if key in known])
            known.update(rows)
        self._insert(table, list(rows.values()))

    def _delete(self, table: str, keys: Sequence[Key]) -> None:
        if keys:
            same = " AND ".join(f"{name} = ?" for name in key_columns(table))
            where = " OR ".join([f"({same})"] * len(keys))
            self._connection.execute(f"DELETE FROM tail.{table} WHERE {where}", _flat(keys))

    def _insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            places = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
            self._connection.execute(f"INSERT INTO tail.{table} VALUES {places}", _flat(rows))

    def _whole(self, table: str, row: Any) -> Sequence[Any]:
        """Complete a partial row by the one before it."""
        if table not in PARTIAL:
            return tuple(row)
        columns = list(COLUMNS[table])
        key = row[columns[0]]
        old: dict[str, Any] = {}
        if (key,) in self._keys[table] or not is_new(row):
            old = self._find(f"SELECT * FROM every_{table} WHERE {columns[0]} = ?", [key]) or {}
        elif table == "runs":
            self._new_runs.add(key)
        whole = {name: row[name] if row.get(name) is not None else old.get(name) for name in columns}
        if row.get("status") == "RUNNING":
            whole["ended_at"] = None  # a run that is taken up again has not ended
        return list(whole.values())

    def _put_series(self, stage: Stage) -> None:
        touched = {named: self._open_series(*named) for named in stage.rows["series"]}
        declared = []
        for writer, number, *named in stage.rows["journal_series"].values():
            self._named[writer, number] = (named[0], named[1])
            declared.append((writer, number, touched[named[0], named[1]]["series_no"]))
        self._insert("journal_series", declared)
        if stage.points:
            self._put_points(stage.points, touched)
        self._put("series", {named: list(series.values()) for named, series in touched.items()})

    def _put_points(self, points: dict[str, NDArray[Any]], touched: dict[Key, dict[str, Any]]) -> None:
        steps, values, moments = (points[name].tolist() for name in ("step", "value", "logged_at"))
        numbers = []
        for writer, number, step, value, at in zip(
            points["writer"], points["number"].tolist(), steps, values, moments, strict=True
        ):
            named = self._named.get((writer, number)) or self._name_of(writer, number)
            series = touched.get(named) or touched.setdefault(named, self._open_series(*named))
            _take_point(series, step, value, at)
            numbers.append(series["series_no"])
        # As lists: for numpy's arrays DuckDB would load a part of numpy that takes longer than all else here.
        columns = ", ".join(f"unnest(?::{kind}[])" for kind in COLUMNS["points"].values())
        self._connection.execute(f"INSERT INTO tail.points SELECT {columns}", [numbers, steps, values, moments])

    def _open_series(self, run_id: str, key: str) -> dict[str, Any]:
        known = self._series.get((run_id, key))
        if known is None:
            if run_id not in self._new_runs:
                known = self._find("SELECT * FROM every_series WHERE run_id = ? AND key = ?", [run_id, key])
            if known is None:
                values = (run_id, key, self._next_number(), None, None, None, 0, None, None)
                known = dict(zip(COLUMNS["series"], values, strict=True))
            self._series[run_id, key] = known
        return known

    def _next_number(self) -> int:
        if self._last_number is None:
            self._last_number = last_series_no(self._connection, "tail")
        self._last_number += 1
        return self._last_number

    def _name_of(self, writer: str, number: int) -> Key:
        query = """SELECT s.run_id, s.key FROM every_journal_series j JOIN every_series s USING (series_no)
                   WHERE j.writer = ? AND j.number = ?"""
        # A point whose series was never declared, or is garbled, has a series of its own: it is not dropped.
        found = self._find(query, [writer, number]) or {"run_id": "", "key": f"{writer}/{number}"}
        self._named[writer, number] = (found["run_id"], found["key"])
        return self._named[writer, number]

    def _find(self, query: str, params: Sequence[Any]) -> dict[str, Any] | None:
        cursor = self._connection.execute(query, list(params))
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()  # to the end: a result that is not would block the connection
        return dict(zip(names, rows[0], strict=True)) if rows else None


class _Everything(set[Key]):
    """Has every key."""

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: object) -> bool:
        return True

    def update(self, *others: Iterable[Key]) -> None:
        """Nothing can be added."""


def _take_point(series: dict[str, Any], step: int, value: float, at: Any) -> None:
    if series["n_points"] == 0 or (step, at) >= (series["step"], series["logged_at"]):
        series["step"], series["value"], series["logged_at"] = step, value, at
    series["n_points"] += 1
    if not math.isnan(value):
        low, high = series["min_value"], series["max_value"]
        series["min_value"] = value if low is None else min(low, value)
        series["max_value"] = value if high is None else max(high, value)


def _as_key(key: Any) -> Key:
    return key if isinstance(key, tuple) else (key,)


def _flat(rows: Iterable[Sequence[Any]]) -> list[Any]:
    return [value for row in rows for value in row]
