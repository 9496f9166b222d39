"""The tables of a generation, the same tables for the unfolded tail, and the views over both.

A view shows the tail's row where the tail has one, else the base's. ``series`` is the table behind
``latest_metrics``: one row a metric of a run, with the number that its points carry.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from jtrack.errors import StoreVersionError
from jtrack.store.folder import SCHEMA_VERSION

# Table → its columns, in order. The first `KEYS[table]` columns identify a row.
COLUMNS: dict[str, dict[str, str]] = {
    "experiments": {
        "experiment_id": "VARCHAR",
        "name": "VARCHAR",
        "lifecycle_stage": "VARCHAR",
        "artifact_location": "VARCHAR",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
    },
    "experiment_tags": {"experiment_id": "VARCHAR", "key": "VARCHAR", "value": "VARCHAR"},
    "runs": {
        "run_id": "VARCHAR",
        "experiment_id": "VARCHAR",
        "run_name": "VARCHAR",
        "kind": "VARCHAR",
        "parent_run_id": "VARCHAR",
        "status": "VARCHAR",
        "lifecycle_stage": "VARCHAR",
        "started_at": "TIMESTAMP",
        "ended_at": "TIMESTAMP",
        "user_name": "VARCHAR",
        "source_name": "VARCHAR",
        "source_type": "VARCHAR",
        "git_commit": "VARCHAR",
        "artifact_uri": "VARCHAR",
        "description": "VARCHAR",
        "git_branch": "VARCHAR",
        "git_dirty": "BOOLEAN",
        "environment_sha256": "VARCHAR",
        "error": "VARCHAR",
    },
    "params": {"run_id": "VARCHAR", "key": "VARCHAR", "value": "VARCHAR", "value_json": "JSON", "number": "DOUBLE"},
    "tags": {"run_id": "VARCHAR", "key": "VARCHAR", "value": "VARCHAR"},
    "artifacts": {
        "run_id": "VARCHAR",
        "path": "VARCHAR",
        "n_bytes": "BIGINT",
        "sha256": "VARCHAR",
        "created_at": "TIMESTAMP",
    },
    "environments": {
        "environment_sha256": "VARCHAR",
        "python_version": "VARCHAR",
        "platform": "VARCHAR",
        "packages": "JSON",
    },
    "cells": {
        "run_id": "VARCHAR",
        "cell_id": "VARCHAR",
        "execution_count": "INTEGER",
        "role": "VARCHAR",
        "source": "VARCHAR",
        "source_sha256": "VARCHAR",
        "notebook_path": "VARCHAR",
    },
    "inputs": {
        "run_id": "VARCHAR",
        "name": "VARCHAR",
        "digest": "VARCHAR",
        "context": "VARCHAR",
        "source": "VARCHAR",
        "schema": "VARCHAR",
        "profile": "VARCHAR",
    },
    # A registered model keeps its id when it is renamed; a version is known as `<model_id>/<version>`.
    "registered_models": {
        "model_id": "VARCHAR",
        "name": "VARCHAR",
        "lifecycle_stage": "VARCHAR",
        "description": "VARCHAR",
        "user_name": "VARCHAR",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
    },
    "model_versions": {
        "version_id": "VARCHAR",
        "model_id": "VARCHAR",
        "version": "INTEGER",
        "lifecycle_stage": "VARCHAR",
        "stage": "VARCHAR",
        "run_id": "VARCHAR",
        "source": "VARCHAR",
        "storage_location": "VARCHAR",
        "status": "VARCHAR",
        "status_message": "VARCHAR",
        "description": "VARCHAR",
        "user_name": "VARCHAR",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
    },
    "aliases": {"model_id": "VARCHAR", "alias": "VARCHAR", "version": "INTEGER", "updated_at": "TIMESTAMP"},
    "registry_tags": {"subject_id": "VARCHAR", "key": "VARCHAR", "value": "VARCHAR"},
    "events": {
        "at": "TIMESTAMP",
        "writer": "VARCHAR",
        "seq": "BIGINT",
        "kind": "VARCHAR",
        "subject": "VARCHAR",
        "detail": "JSON",
    },
    "run_writers": {"run_id": "VARCHAR", "writer": "VARCHAR"},
    "series": {
        "run_id": "VARCHAR",
        "key": "VARCHAR",
        "series_no": "INTEGER",
        "step": "BIGINT",
        "value": "DOUBLE",
        "logged_at": "TIMESTAMP",
        "n_points": "BIGINT",
        "min_value": "DOUBLE",
        "max_value": "DOUBLE",
    },
    "journal_series": {"writer": "VARCHAR", "number": "INTEGER", "series_no": "INTEGER"},
    # To the millisecond, which is what MLflow keeps; finer times would be a tenth of the file.
    "points": {"series_no": "INTEGER", "step": "BIGINT", "value": "DOUBLE", "logged_at": "TIMESTAMP_MS"},
    "journals": {
        "writer": "VARCHAR",
        "events_bytes": "BIGINT",
        "n_points": "BIGINT",
        "holes": "JSON",
        "heartbeat_at": "TIMESTAMP",
    },
}

# How many leading columns identify a row; a table that is not here is only ever appended to.
KEYS = {
    "experiments": 1,
    "experiment_tags": 2,
    "runs": 1,
    "params": 2,
    "tags": 2,
    "artifacts": 2,
    "environments": 1,
    "registered_models": 1,
    "model_versions": 1,
    "aliases": 2,
    "registry_tags": 2,
    "run_writers": 2,
    "series": 2,
    "journal_series": 2,
    "journals": 1,
}

# The schema's version from which on a generation has a table; those that are not here were there from the start.
_SINCE = dict.fromkeys(("registered_models", "model_versions", "aliases", "registry_tags"), 2)

# A row of these takes a column that an event left out from the row before it.
PARTIAL = ("experiments", "runs", "registered_models", "model_versions")

_SHOWN = {
    "registry_tag_maps": """
        SELECT subject_id, map_from_entries(list((key, value) ORDER BY key)) AS tags
        FROM every_registry_tags WHERE value IS NOT NULL GROUP BY subject_id""",
    "runs": """
        SELECT r.* REPLACE (
            if(k.run_id IS NULL, r.status, 'KILLED') AS status,
            coalesce(r.ended_at, k.ended_at) AS ended_at,
            if(r.experiment_id IN (SELECT experiment_id FROM every_experiments WHERE lifecycle_stage = 'deleted'),
               'deleted', r.lifecycle_stage) AS lifecycle_stage,
            coalesce(r.artifact_uri, concat_ws('/', h.path, r.experiment_id, r.run_id)) AS artifact_uri)
        FROM tail.here h CROSS JOIN every_runs r LEFT JOIN tail.killed k ON k.run_id = r.run_id""",
    "params": "SELECT * FROM every_params",
    "tags": "SELECT * FROM every_tags WHERE value IS NOT NULL",
    "artifacts": "SELECT * FROM every_artifacts WHERE sha256 IS NOT NULL",
    "environments": "SELECT * FROM every_environments",
    "cells": "SELECT * FROM every_cells",
    "inputs": "SELECT * FROM every_inputs",
    "events": 'SELECT "at", writer, kind, subject, detail FROM every_events ORDER BY "at", writer, seq',
    "latest_metrics": """
        SELECT run_id, key, step, value, logged_at, n_points, min_value, max_value
        FROM every_series WHERE n_points > 0""",
    "metrics": """
        SELECT s.run_id, s.key, p.step, p.value, p.logged_at::TIMESTAMP AS logged_at
        FROM every_points p JOIN every_series s USING (series_no)""",
    "experiments": """
        SELECT e.*, coalesce(t.tags, MAP {}) AS tags FROM every_experiments e LEFT JOIN (
            SELECT experiment_id, map_from_entries(list((key, value) ORDER BY key)) AS tags
            FROM every_experiment_tags WHERE value IS NOT NULL GROUP BY experiment_id) t USING (experiment_id)""",
    "registered_models": """
        SELECT m.name, m.description, m.user_name, m.created_at,
               greatest(m.updated_at, v.updated_at) AS updated_at, coalesce(t.tags, MAP {}) AS tags,
               coalesce(v.n_versions, 0) AS n_versions, v.last_version, m.model_id
        FROM every_registered_models m LEFT JOIN registry_tag_maps t ON t.subject_id = m.model_id
        LEFT JOIN (SELECT model_id, count(*) AS n_versions, max(version) AS last_version,
                          max(updated_at) AS updated_at FROM every_model_versions
                   WHERE lifecycle_stage = 'active' GROUP BY model_id) v ON v.model_id = m.model_id
        WHERE m.lifecycle_stage = 'active'""",
    "model_versions": """
        SELECT m.name, v.version, v.stage, v.run_id, v.source, v.status, v.status_message, v.description, v.user_name,
               v.created_at, v.updated_at, coalesce(a.aliases, []) AS aliases, coalesce(t.tags, MAP {}) AS tags,
               v.storage_location, v.model_id
        FROM every_model_versions v JOIN every_registered_models m USING (model_id)
        LEFT JOIN registry_tag_maps t ON t.subject_id = v.version_id
        LEFT JOIN (SELECT model_id, version, list(alias ORDER BY alias) AS aliases FROM every_aliases
                   WHERE version IS NOT NULL GROUP BY model_id, version) a
               ON a.model_id = v.model_id AND a.version = v.version
        WHERE v.lifecycle_stage = 'active' AND m.lifecycle_stage = 'active'""",
    "aliases": """
        SELECT m.name, a.alias, a.version, a.updated_at
        FROM every_aliases a JOIN every_registered_models m USING (model_id)
        WHERE a.version IS NOT NULL AND m.lifecycle_stage = 'active'""",
}


def create_tables(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make the tables of one generation, or of the tail, in the database or schema ``schema``."""
    for table in COLUMNS:
        _create_table(connection, schema, table)


def _create_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    described = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS[table].items())  # "at" is a word of SQL's
    connection.execute(f"CREATE TABLE {schema}.{table} ({described})")


def create_base(connection: duckdb.DuckDBPyConnection) -> None:
    """Make an empty generation in the attached database ``base``."""
    create_tables(connection, "base")
    connection.execute("CREATE TABLE base.meta (schema_version INTEGER)")
    connection.execute("INSERT INTO base.meta VALUES (?)", [SCHEMA_VERSION])
    # There from the start, as in MLflow, so that a first run needs to look nothing up.
    connection.execute("INSERT INTO base.experiments VALUES ('0', 'Default', 'active', NULL, 'epoch', 'epoch')")


def check_version(connection: duckdb.DuckDBPyConnection, store: Path) -> int:
    """Return the schema version of ``base``.

    Raises
    ------
    StoreVersionError
        It is newer than this jtrack knows.
    """
    rows = connection.execute("SELECT schema_version FROM base.meta").fetchall()
    version = int(rows[0][0]) if rows else 0
    if version > SCHEMA_VERSION:
        raise StoreVersionError(store, version, SCHEMA_VERSION)
    return version


def migrate(connection: duckdb.DuckDBPyConnection, store: Path) -> None:
    """Bring ``base``, a draft that nobody else sees, to this jtrack's schema, one numbered step after another."""
    for version in range(check_version(connection, store), SCHEMA_VERSION):
        _MIGRATIONS[version](connection)
        connection.execute("UPDATE base.meta SET schema_version = ?", [version + 1])


def _to_2(connection: duckdb.DuckDBPyConnection) -> None:
    for table, version in _SINCE.items():
        if version == 2:
            _create_table(connection, "base", table)


# Version → the step that leads from it to the next.
_MIGRATIONS: dict[int, Callable[[duckdb.DuckDBPyConnection], None]] = {1: _to_2}


def create_tail(connection: duckdb.DuckDBPyConnection) -> None:
    """Make an empty tail."""
    connection.execute("CREATE SCHEMA tail")
    create_tables(connection, "tail")
    connection.execute("CREATE TABLE tail.killed (run_id VARCHAR, ended_at TIMESTAMP)")


def create_views(connection: duckdb.DuckDBPyConnection, artifacts: Path, *, is_folded: bool) -> None:
    """Lay the views of the interface over ``base`` and ``tail``; runs keep their files below ``artifacts``."""
    # Where nothing was ever folded, the base holds the default experiment and no more: simpler views are quicker. A
    # generation of an older schema lacks tables until the next fold.
    folded = _base_tables(connection) if is_folded else {"experiments"}
    for table in COLUMNS:
        query = _tail_over_base(table) if table in folded else f"SELECT * FROM tail.{table}"
        connection.execute(f"CREATE VIEW every_{table} AS {query}")
    connection.execute("CREATE TABLE tail.here AS SELECT ?::VARCHAR AS path", [str(artifacts)])
    for view, query in _SHOWN.items():
        connection.execute(f"CREATE VIEW {view} AS {query}")


def _base_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    # From the version that the base says it has: to list its tables takes a quarter of the time to open a store.
    version = connection.execute("SELECT schema_version FROM base.meta").fetchall()[0][0]
    return {table for table in COLUMNS if _SINCE.get(table, 1) <= version}


def key_columns(table: str) -> list[str]:
    """Name the columns that identify a row; none for a table that is only appended to."""
    return list(COLUMNS[table])[: KEYS.get(table, 0)]


def _tail_over_base(table: str) -> str:
    both = f"SELECT * FROM tail.{table} UNION ALL SELECT * FROM base.{table} b"
    keys = key_columns(table)
    if not keys:
        return both
    same = " AND ".join(f"t.{key} = b.{key}" for key in keys)
    return f"{both} WHERE NOT EXISTS (SELECT 1 FROM tail.{table} t WHERE {same})"
