"""Merges staged rows into the tables of the tail or of a new generation: the same statements for both.

``into`` is where rows go (``tail`` or ``base``), ``old`` is how the row before is found: the views over both
for the tail, the base alone for a fold. Names of tables and columns are constants of ``schema.py``; every
value travels in a registered column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import numpy as np
from numpy.typing import NDArray

from jtrack.store.schema import COLUMNS, PARTIAL, key_columns
from jtrack.store.stage import Stage

_MERGED_BY_HAND = ("series", "journal_series")


def merge_stage(connection: duckdb.DuckDBPyConnection, stage: Stage, into: str) -> None:
    """Merge ``stage`` into the database or schema ``into`` (``tail`` or ``base``), in one transaction."""
    old = "every_" if into == "tail" else "base."
    connection.execute("BEGIN")
    try:
        for table, rows in stage.rows.items():
            if rows and table not in _MERGED_BY_HAND:
                _merge_table(connection, stage, table, into, old)
        if stage.rows["series"]:
            _merge_series(connection, stage, into, old)
        if stage.points:
            _merge_points(connection, stage, into, old)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _merge_table(connection: duckdb.DuckDBPyConnection, stage: Stage, table: str, into: str, old: str) -> None:
    columns = COLUMNS[table]
    load_columns(connection, "staged", columns, stage.columns(table))
    keys = key_columns(table)
    if table in PARTIAL:
        kept = ", ".join(_kept_column(name, table) for name in columns)
        on = ", ".join(keys)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE merged AS SELECT {kept} FROM staged s LEFT JOIN {old}{table} o USING ({on})"
        )
    else:
        connection.execute("CREATE OR REPLACE TEMP TABLE merged AS SELECT * FROM staged")
    if keys:
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


def _merge_series(connection: duckdb.DuckDBPyConnection, stage: Stage, into: str, old: str) -> None:
    """Number the new series, and note under which number each journal speaks of it."""
    named = dict(zip(("run_id", "key"), stage.unnamed_columns("series"), strict=True))
    load_columns(connection, "staged", dict.fromkeys(named, "VARCHAR"), named)
    connection.execute(
        f"""INSERT INTO {into}.series
            SELECT s.run_id, s.key, (SELECT coalesce(max(series_no), 0) FROM {old}series) + row_number() OVER (),
                   NULL, NULL, NULL, 0, NULL, NULL
            FROM staged s WHERE NOT EXISTS (SELECT 1 FROM {old}series o WHERE o.run_id = s.run_id AND o.key = s.key)"""
    )
    kinds = {"writer": "VARCHAR", "number": "INTEGER", "run_id": "VARCHAR", "key": "VARCHAR"}
    declared = dict(zip(kinds, stage.unnamed_columns("journal_series"), strict=True))
    load_columns(connection, "staged", kinds, declared)
    connection.execute(
        f"""INSERT INTO {into}.journal_series
            SELECT s.writer, s.number, o.series_no FROM staged s JOIN {old}series o USING (run_id, key)"""
    )


def _merge_points(connection: duckdb.DuckDBPyConnection, stage: Stage, into: str, old: str) -> None:
    kinds = {"writer": "VARCHAR", "number": "INTEGER", "at": "BIGINT", **COLUMNS["points"]}
    del kinds["series_no"]
    load_columns(connection, "staged", kinds, stage.points)
    # A NaN of numpy's arrives as NULL; no point is without a value, so that is what each NULL was.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE fresh AS
            SELECT j.series_no, p.step, coalesce(p.value, 'nan') AS value, p.logged_at, p."at"
            FROM staged p JOIN {old}journal_series j USING (writer, number)
            ORDER BY j.series_no, p.step, p."at"
            """
    )
    connection.execute(f'INSERT INTO {into}.points SELECT * EXCLUDE ("at") FROM fresh')
    # NaN sorts above all numbers in SQL, but is no extreme that anyone asks for.
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE merged AS
            WITH summed AS (
                SELECT series_no, count(*) AS n_points,
                       arg_max(row(step, logged_at, value), row(step, "at")) AS latest,
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


def load_columns(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    kinds: Mapping[str, str],
    columns: Mapping[str, NDArray[np.generic]],
) -> None:
    """Put columns into a temporary table of the given types; numpy arrays are read where they lie."""
    cast = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in kinds.items())
    with registered(connection, columns) as source:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {cast} FROM {source}")


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, NDArray[np.generic]]) -> Iterator[str]:
    """Let SQL read numpy arrays where they lie, inside the block, as a view of the name given."""
    connection.register("columns_in", dict(columns))
    try:
        yield "columns_in"
    finally:
        connection.unregister("columns_in")
