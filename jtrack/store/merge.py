"""Merges staged rows into the tables of the tail or of a new generation: the same statements for both.

``into`` is where rows go (``tail`` or ``base``), ``old`` is how the row before is found: the views over both
for the tail, the base alone for a fold. Names of tables and columns are constants of ``schema.py``; every
value travels in a registered column.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import numpy as np
from numpy.typing import NDArray

from jtrack.store.connection import given
from jtrack.store.schema import COLUMNS, PARTIAL, key_columns
from jtrack.store.stage import Stage, object_column
from jtrack.values import render_param

_MERGED_BY_HAND = ("series", "journal_series")
_NAN = render_param("", math.nan)[1]

Named = tuple[str, str]  # a run and a key


def merge_stage(connection: duckdb.DuckDBPyConnection, stage: Stage, into: str, empty: Collection[str] = ()) -> None:
    """Merge ``stage`` into the database or schema ``into`` (``tail`` or ``base``), in one transaction.

    Parameters
    ----------
    empty
        Tables of ``into`` that have no row yet, so that none can be in the way.
    """
    old = "every_" if into == "tail" else "base."
    connection.execute("BEGIN")
    try:
        for table, rows in stage.rows.items():
            if rows and table not in _MERGED_BY_HAND:
                _merge_table(connection, stage, table, into, old, is_empty=table in empty)
        if stage.rows["series"]:
            _merge_series(connection, stage, into, old)
        if stage.points:
            _merge_points(connection, stage, into, old)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _merge_table(
    connection: duckdb.DuckDBPyConnection, stage: Stage, table: str, into: str, old: str, *, is_empty: bool
) -> None:
    keys = key_columns(table)
    with staged(connection, COLUMNS[table], stage.columns(table)) as rows:
        if table == "params":
            # As of a point: a NaN arrives as NULL, and a filter for it would find nothing.
            rows = f"SELECT * REPLACE (if(value_json = '{_NAN}', 'nan', number) AS number) FROM ({rows})"
        if table in PARTIAL and not all(map(is_new, stage.rows[table].values())):
            kept = ", ".join(_kept_column(name, table) for name in COLUMNS[table])
            rows = f"SELECT {kept} FROM ({rows}) s LEFT JOIN {old}{table} o USING ({', '.join(keys)})"
        if is_empty or not keys:
            connection.execute(f"INSERT INTO {into}.{table} {rows}")
            return
        connection.execute(f"CREATE OR REPLACE TEMP TABLE merged AS {rows}")
    same = " AND ".join(f"t.{key} = m.{key}" for key in keys)
    connection.execute(f"DELETE FROM {into}.{table} t USING merged m WHERE {same}")
    connection.execute(f"INSERT INTO {into}.{table} SELECT * FROM merged")


def _kept_column(name: str, table: str) -> str:
    if name == key_columns(table)[0]:
        return f"s.{name}"
    if name == "ended_at":
        # A run that is taken up again has not ended.
        return "CASE WHEN s.status = 'RUNNING' THEN NULL ELSE coalesce(s.ended_at, o.ended_at) END AS ended_at"
    return f"coalesce(s.{name}, o.{name}) AS {name}"


def is_new(row: Mapping[str, object]) -> bool:
    """Whether a row of a table in ``PARTIAL`` tells of a beginning: things begin once, so there is none before it."""
    return "started_at" in row or "created_at" in row


def last_series_no(connection: duckdb.DuckDBPyConnection, into: str) -> int:
    """Give the highest number of a series so far, 0 where there is none."""
    # Not through the view, which looks up each row of the base in the tail.
    both = [f"SELECT max(series_no) AS last FROM {schema}.series" for schema in {into, "base"}]
    found = connection.execute(f"SELECT coalesce(max(last), 0) FROM ({' UNION ALL '.join(both)})").fetchall()
    return int(found[0][0])


def _merge_series(connection: duckdb.DuckDBPyConnection, stage: Stage, into: str, old: str) -> None:
    """Number the new series, and note under which number each journal speaks of it."""
    last = last_series_no(connection, into)
    places = {named: last + place for place, named in enumerate(stage.rows["series"], 1)}
    # Of a run that begins here there is no series yet: most are of such, and the base may have millions.
    begun = {run_id for run_id, row in stage.rows["runs"].items() if is_new(row)}
    asked = [named for named in places if named[0] not in begun]
    known = _known_series(connection, asked, old) if asked else {}
    fresh = [named for named in places if named not in known]
    numbers = places | known
    _insert_series(connection, into, fresh, numbers)
    declared = list(stage.rows["journal_series"].values())
    kinds = COLUMNS["journal_series"]
    columns = [*zip(*(row[:2] for row in declared), strict=True), [numbers[row[2:]] for row in declared]]
    with staged(connection, kinds, dict(zip(kinds, map(object_column, columns), strict=True))) as rows:
        connection.execute(f"INSERT INTO {into}.journal_series {rows}")


def _known_series(connection: duckdb.DuckDBPyConnection, asked: Sequence[Named], old: str) -> dict[Named, int]:
    columns = dict(zip(("run_id", "key"), map(object_column, zip(*asked, strict=True)), strict=True))
    with staged(connection, dict.fromkeys(columns, "VARCHAR"), columns) as rows:
        query = f"SELECT o.run_id, o.key, o.series_no FROM ({rows}) s JOIN {old}series o USING (run_id, key)"
        return {(run_id, key): number for run_id, key, number in connection.execute(query).fetchall()}


def _insert_series(
    connection: duckdb.DuckDBPyConnection, into: str, fresh: Sequence[Named], numbers: Mapping[Named, int]
) -> None:
    if not fresh:
        return
    kinds = {"run_id": "VARCHAR", "key": "VARCHAR", "series_no": "INTEGER"}
    columns = (*zip(*fresh, strict=True), [numbers[named] for named in fresh])
    with staged(connection, kinds, dict(zip(kinds, map(object_column, columns), strict=True))) as rows:
        connection.execute(
            f"INSERT INTO {into}.series SELECT run_id, key, series_no, NULL, NULL, NULL, 0, NULL, NULL FROM ({rows})"
        )


def _merge_points(connection: duckdb.DuckDBPyConnection, stage: Stage, into: str, old: str) -> None:
    kinds = {"writer": "VARCHAR", "number": "INTEGER", "at": "BIGINT", **COLUMNS["points"]}
    del kinds["series_no"]
    # A NaN of numpy's arrives as NULL; no point is without a value, so that is what each NULL was.
    with staged(connection, kinds, stage.points) as rows:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE fresh AS
                SELECT j.series_no, p.step, coalesce(p.value, 'nan') AS value, p.logged_at, p."at"
                FROM ({rows}) p JOIN {old}journal_series j USING (writer, number)
                ORDER BY j.series_no, p.step, p."at"
                """
        )
    connection.execute(f'INSERT INTO {into}.points SELECT * EXCLUDE ("at") FROM fresh')
    # NaN sorts above all numbers in SQL, but is no extreme that anyone asks for.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE merged AS
            WITH summed AS (
                SELECT series_no, count(*) AS n_points,
                       arg_max(row(step, logged_at, value), rowid) AS latest,
                       min(value) FILTER (NOT isnan(value)) AS min_value,
                       max(value) FILTER (NOT isnan(value)) AS max_value
                FROM fresh GROUP BY series_no
            ), joined AS (
                SELECT o.run_id, o.key, o.series_no, o.n_points + n.n_points AS n_points,
                       if(o.n_points = 0 OR row(n.latest[1], n.latest[2]) >= row(o.step, o.logged_at),
                          n.latest, row(o.step, o.logged_at, o.value)) AS latest,
                       least(o.min_value, n.min_value) AS min_value, greatest(o.max_value, n.max_value) AS max_value
                FROM summed n JOIN {old}series o USING (series_no)
            )
            SELECT run_id, key, series_no, latest[1], latest[3], latest[2], n_points, min_value, max_value
            FROM joined"""
    )
    connection.execute(f"DELETE FROM {into}.series t USING merged m WHERE t.series_no = m.series_no")
    connection.execute(f"INSERT INTO {into}.series SELECT * FROM merged")


@contextmanager
def staged(
    connection: duckdb.DuckDBPyConnection, kinds: Mapping[str, str], columns: Mapping[str, NDArray[np.generic]]
) -> Iterator[str]:
    """Give a SELECT of columns as the given types, good inside the block; numpy arrays are read where they lie."""
    cast = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in kinds.items())
    with given(connection, columns):
        yield f"SELECT {cast} FROM given"
