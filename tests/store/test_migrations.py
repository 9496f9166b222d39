"""Stores of older schemas: read as they are, added to, and brought up to date by the next fold."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import jtrack
from jtrack.queries import rows
from jtrack.store import Store
from jtrack.store.journal import SCHEMA_VERSION
from jtrack.tracking import current_store

# What each schema has that the one before it had not.
ADDED = {2: ("registered_models", "model_versions", "aliases", "registry_tags")}


def make_store_of(version: int, store_path: Path) -> None:
    """Fold a run with a param and a metric into a generation, and take away what schema ``version`` had not."""
    with jtrack.start_run(run_name="old") as run:
        run.log_param("lr", 0.1)
        run.log_metric("acc", 0.9)
    generation = current_store().fold()
    assert generation is not None
    current_store().close()
    generation.chmod(0o644)
    with duckdb.connect(str(generation)) as connection:
        for tables in (tables for added, tables in ADDED.items() if added > version):
            for table in tables:
                connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE meta SET schema_version = ?", [version])


def schema_of(generation: Path) -> int:
    with duckdb.connect(str(generation), read_only=True) as connection:
        ((version,),) = connection.execute("SELECT schema_version FROM meta").fetchall()
    return int(version)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_an_older_store_is_read_written_and_folded(version: int, store_path: Path) -> None:
    make_store_of(version, store_path)
    store = Store(store_path)
    assert store.catalog.rows("SELECT run_name FROM runs") == [{"run_name": "old"}]
    assert store.catalog.rows("SELECT * FROM registered_models") == []
    jtrack.create_registered_model("clf")
    assert rows("SELECT name FROM registered_models") == [{"name": "clf"}]
    generation = current_store().fold()
    assert generation is not None
    assert schema_of(generation) == SCHEMA_VERSION
    assert rows("SELECT name FROM registered_models") == [{"name": "clf"}]
    assert rows("SELECT run_name, value FROM runs JOIN params USING (run_id)") == [{"run_name": "old", "value": "0.1"}]
    store.close()


def test_every_schema_up_to_this_one_is_tested() -> None:
    assert set(ADDED) == set(range(2, SCHEMA_VERSION + 1))
