"""A store that an older jtrack folded: it is read as it is, written to, and brought up to date by its next fold."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import jtrack
from jtrack import queries
from jtrack.registry import versions
from jtrack.store import Store
from jtrack.store.folder import SCHEMA_VERSION
from jtrack.tracking import current_store, set_tracking_uri
from tests.widgets.registered_models import log_model_run

_NEW_IN_2 = ("registered_models", "model_versions", "aliases", "registry_tags")


@pytest.fixture
def store_of_version_1(own_folder: Path) -> Path:
    """A store of one run whose generation is as schema 1 had it, below another path than it was written at."""
    set_tracking_uri(own_folder / "made")
    log_model_run("brisk-heron")
    made = current_store()
    made.close()
    folded = made.fold()
    assert folded is not None
    old = (own_folder / "made").rename(own_folder / "old")
    generation = old / folded.name
    generation.chmod(0o644)
    with duckdb.connect(str(generation)) as connection:
        for table in _NEW_IN_2:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE meta SET schema_version = 1")
    set_tracking_uri(old)
    return old


def schema_version(store: Path) -> int:
    newest = Store(store).folder.generations()[-1][1]
    with duckdb.connect(str(newest), read_only=True) as connection:
        return int(connection.execute("SELECT schema_version FROM meta").fetchall()[0][0])


def test_an_old_store_is_read_and_written_before_its_next_fold(store_of_version_1: Path) -> None:
    assert jtrack.get_run("brisk-heron").data.params == {"depth": 4, "seed": 7}
    assert versions.search_registered_models() == []
    versions.register_model("runs:/brisk-heron", "churn")
    versions.set_registered_model_alias("churn", "champion", 1)
    assert versions.get_registered_model("churn").aliases == {"champion": 1}
    assert schema_version(store_of_version_1) == 1


def test_the_next_fold_brings_it_up_to_date(store_of_version_1: Path) -> None:
    versions.register_model("runs:/brisk-heron", "churn")
    assert current_store().fold() is not None
    assert schema_version(store_of_version_1) == SCHEMA_VERSION
    assert versions.get_model_version("churn", 1).run_id == jtrack.get_run("brisk-heron").info.run_id
    assert len(queries.rows("SELECT * FROM runs")) == 1
