"""The registry's rules: numbers, aliases, stages, names, tags, deletion, lineage and the history of it all."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

import jtrack
from jtrack import queries
from jtrack.errors import (
    AliasNotFoundError,
    InvalidFilterError,
    InvalidInputError,
    JTrackError,
    ModelNotFoundError,
    RegisteredModelNotFoundError,
    VersionNotFoundError,
)
from jtrack.registry import history, listing, versions
from jtrack.tracking import current_store
from tests.widgets.registered_models import log_model_run, register_churn, write_model

pytestmark = pytest.mark.usefixtures("store_path")

_REGISTER_TEN = """
import sys, jtrack
for _ in range(10):
    print(jtrack.register_model(sys.argv[1], "churn").version)
"""


_MOVE_ALIAS = """
import sys, jtrack
for turn in range(8):
    jtrack.set_registered_model_alias("churn", "champion", 1 + (turn + int(sys.argv[1])) % 3)
    jtrack.transition_model_version_stage("churn", 1 + turn % 3, "Production", archive_existing_versions=True)
"""


def numbers(found: list[jtrack.entities.ModelVersion]) -> list[int]:
    return [version.version for version in found]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_numbers_are_unique_when_sixteen_processes_register_at_once() -> None:
    run_id = log_model_run("brisk-heron")
    words = [sys.executable, "-c", _REGISTER_TEN, f"runs:/{run_id}/model"]
    processes = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(16)]
    given = [int(line) for process in processes for line in process.communicate()[0].split()]
    assert sorted(given) == list(range(1, 161))
    assert len(versions.search_model_versions(filter_string="name = 'churn'")) == 160
    assert len(versions.search_registered_models()) == 1  # made by one of them, and found by the others


@pytest.mark.slow
def test_moves_of_several_processes_are_one_history_without_a_gap() -> None:
    register_churn()
    processes = [subprocess.Popen([sys.executable, "-c", _MOVE_ALIAS, str(i)]) for i in range(6)]
    assert [process.wait() for process in processes] == [0] * 6
    moves = history.history("churn")[::-1]
    alias = [(move.from_value, move.to_value) for move in moves if move.key == "champion"]
    assert all(before[1] == after[0] for before, after in itertools.pairwise(alias))
    assert versions.get_registered_model("churn").aliases["champion"] == alias[-1][1]
    stages = {version: ["None"] for version in (1, 2, 3)}
    for move in moves:
        if move.what == "stage":
            assert stages[move.version or 0][-1] == move.from_value
            stages[move.version or 0].append(move.to_value)
    assert [version.stage for version in listing.versions_of_model("churn")].count("Production") == 1


def test_a_number_is_never_given_twice() -> None:
    register_churn()
    versions.delete_model_version("churn", 3)
    assert versions.register_model("models:/churn/1", "churn").version == 4
    assert numbers(listing.versions_of_model("churn")) == [4, 2, 1]
    with pytest.raises(VersionNotFoundError, match="version 3 of 'churn' was deleted") as caught:
        versions.get_model_version("churn", 3)
    assert caught.value.hint == "it has: 4, 2, 1"


def test_the_registry_is_the_same_after_a_fold() -> None:
    register_churn()
    before = (versions.search_registered_models(), versions.search_model_versions(), history.history("churn"))
    current_store().fold()
    assert (versions.search_registered_models(), versions.search_model_versions(), history.history("churn")) == before
    versions.set_registered_model_alias("churn", "champion", 1)
    versions.update_model_version("churn", 3, None)
    assert versions.get_registered_model("churn").aliases["champion"] == 1
    assert versions.get_model_version("churn", 3).description == ""


def test_an_alias_stands_on_one_version() -> None:
    register_churn()
    versions.set_registered_model_alias("churn", "champion", "3")
    assert versions.get_model_version_by_alias("churn", "champion").aliases == ("challenger", "champion")
    assert versions.get_model_version("churn", 2).aliases == ()
    rows = queries.rows("SELECT alias, version FROM aliases WHERE name = 'churn' ORDER BY alias")
    assert rows == [{"alias": "challenger", "version": 3}, {"alias": "champion", "version": 3}]
    versions.delete_model_version("churn", 3)
    assert versions.get_registered_model("churn").aliases == {}


def test_stages_archive_what_stood_there() -> None:
    register_churn()
    assert [(v.version, v.stage) for v in listing.versions_of_model("churn")] == [
        (3, "None"),
        (2, "Production"),
        (1, "Archived"),
    ]
    assert versions.transition_model_version_stage("churn", 3, "production").stage == "Production"
    assert versions.get_model_version("churn", 2).stage == "Production"  # several may stand in one stage
    assert numbers(versions.get_latest_versions("churn", ["Production"])) == [3]


def test_the_history_tells_who_moved_what_from_where() -> None:
    register_churn()
    versions.set_registered_model_alias("churn", "champion", 3)
    versions.rename_registered_model("churn", "leavers")
    versions.set_registered_model_alias("leavers", "champion", 3)  # it is there already: no move
    moves = history.history("leavers")
    assert (moves[0].what, moves[0].from_value, moves[0].to_value) == ("name", "churn", "leavers")
    alias = moves[1]
    assert (alias.what, alias.key, alias.from_value, alias.to_value) == ("alias", "champion", 2, 3)
    assert alias.user_name is not None
    assert moves[-1].what == "registered"
    events = queries.rows("SELECT subject, detail FROM events WHERE kind = 'alias_moved' ORDER BY \"at\"")
    assert [(json.loads(row["detail"])["from"], json.loads(row["detail"])["to"]) for row in events] == [
        (None, 2),
        (None, 3),
        (2, 3),
    ]


def test_a_deleted_model_keeps_its_history_and_gives_its_name_free() -> None:
    register_churn()
    versions.delete_registered_model("churn")
    with pytest.raises(RegisteredModelNotFoundError):
        versions.get_registered_model("churn")
    assert history.history("churn")[0].what == "deleted"
    assert versions.search_model_versions(filter_string="name = 'churn'") == []
    assert versions.register_model("models:/wine-quality/1", "churn").version == 1
    assert versions.get_registered_model("churn").aliases == {}


def test_a_version_leads_to_run_cell_notebook_and_data_and_the_run_leads_back() -> None:
    made = register_churn()
    found = history.lineage("churn", 2)
    assert found.run is not None and found.run.info.run_name == "quiet-otter"
    assert [cell.source.splitlines()[0] for cell in found.cells] == ["%%track churn"]
    assert found.notebook_path == "work/churn.ipynb"
    back = queries.get_run(made[0].run_id).versions
    assert [(version.name, version.version) for version in back] == [("churn", 1), ("wine-quality", 1)]


def test_a_copy_keeps_run_description_and_tags() -> None:
    register_churn()
    copied = versions.copy_model_version("models:/churn/3", "churn-production")
    original = versions.get_model_version("churn", 3)
    assert (copied.version, copied.run_id, copied.tags) == (1, original.run_id, {"team": "growth"})
    assert copied.description == original.description
    with pytest.raises(InvalidInputError, match="is no version"):
        versions.copy_model_version(original.source, "other")


def test_a_folder_is_copied_into_the_store(own_folder: Path) -> None:
    write_model(own_folder / "elsewhere")
    version = versions.register_model(own_folder / "elsewhere", "imported")
    (own_folder / "elsewhere" / "MLmodel").unlink()
    from jtrack.registry.addresses import locate_model

    found = locate_model(f"models:/imported/{version.version}")
    assert (found.path / "requirements.txt").is_file()
    assert not found.from_store  # who made it, this store doesn't know
    assert version.run_id is None


def test_searches_take_mlflows_filters_and_more() -> None:
    register_churn()

    def found(text: str) -> list[tuple[str, int]]:
        return [
            (v.name, v.version)
            for v in versions.search_model_versions(filter_string=text, order_by=["name", "version"])
        ]

    assert found("name = 'churn' and version_number > 1") == [("churn", 2), ("churn", 3)]
    assert found("aliases = 'champion' or stage = 'Archived'") == [("churn", 1), ("churn", 2)]
    assert found("tags.team is null") == [("wine-quality", 1)]
    assert found("aliases is null and name like 'chu%'") == [("churn", 1)]
    run_id = versions.get_model_version("churn", 1).run_id
    assert found(f"run_id IN ('{run_id}')") == [("churn", 1), ("wine-quality", 1)]
    assert found(f"source_path = 'runs:/{run_id}/model'") == [("churn", 1), ("wine-quality", 1)]
    assert [m.name for m in versions.search_registered_models(filter_string="tags.owner = 'ada'")] == ["churn"]
    assert [m.name for m in versions.search_registered_models(order_by=["name DESC"])] == ["wine-quality", "churn"]
    assert len(versions.search_model_versions(max_results=2)) == 2
    with pytest.raises(InvalidFilterError, match="versions have no attribute 'nmae'"):
        versions.search_model_versions(filter_string="nmae = 'x'")


@pytest.mark.parametrize(
    ("act", "kind", "message", "hint"),
    [
        (lambda: versions.get_registered_model("chrn"), RegisteredModelNotFoundError, "no registered model", "'churn'"),
        (lambda: versions.get_model_version("churn", 9), VersionNotFoundError, "'churn' has no version 9", "3, 2, 1"),
        (
            lambda: versions.get_model_version_by_alias("churn", "champ"),
            AliasNotFoundError,
            "'churn' has no alias 'champ'",
            "did you mean 'champion' (version 2)?",
        ),
        (
            lambda: versions.delete_registered_model_alias("churn", "x"),
            AliasNotFoundError,
            "no alias 'x'",
            "challenger",
        ),
        (lambda: versions.set_registered_model_alias("churn", "v1", 1), InvalidInputError, "'v1' is reserved", "champ"),
        (lambda: versions.set_registered_model_alias("churn", "latest", 1), InvalidInputError, "is reserved", "champ"),
        (lambda: versions.set_registered_model_alias("churn", "a b", 1), InvalidInputError, "an alias is of", "champ"),
        (lambda: versions.create_registered_model("churn"), InvalidInputError, "already", "another name"),
        (lambda: versions.create_registered_model("a/b"), InvalidInputError, "holds no '/'", "'a-b'"),
        (lambda: versions.create_registered_model("a:b"), InvalidInputError, "holds no ':'", "'a-b'"),
        (lambda: versions.create_registered_model(" "), InvalidInputError, "is empty", "256"),
        (lambda: versions.rename_registered_model("churn", "wine-quality"), InvalidInputError, "already", "another"),
        (
            lambda: versions.transition_model_version_stage("churn", 1, "Prod"),
            InvalidInputError,
            "'Prod' is no",
            "None,",
        ),
        (
            lambda: versions.transition_model_version_stage("churn", 1, "None", True),
            InvalidInputError,
            "can't be archived",
            "Staging and Production",
        ),
        (lambda: versions.register_model("runs:/@last/nope", "churn"), ModelNotFoundError, "no model", "model"),
        (
            lambda: versions.create_model_version("nope", "models:/churn/1"),
            RegisteredModelNotFoundError,
            "nope",
            "churn",
        ),
        (lambda: versions.get_model_version("churn", "one"), InvalidInputError, "no number", "1, 2, 3"),
    ],
)
def test_bad_input_is_one_line_and_a_hint(act: object, kind: type[JTrackError], message: str, hint: str) -> None:
    register_churn()
    before = len(queries.rows("SELECT 1 AS one FROM events"))
    with pytest.raises(kind) as caught:
        act()  # type: ignore[operator]
    assert message in caught.value.message and "\n" not in caught.value.message
    assert hint in (caught.value.hint or "")
    assert len(queries.rows("SELECT 1 AS one FROM events")) == before


def test_a_run_without_a_model_can_not_be_registered() -> None:
    with jtrack.start_run() as run:
        jtrack.log_metric("acc", 0.5)
    with pytest.raises(ModelNotFoundError) as caught:
        versions.register_model(f"runs:/{run.run_id}/model", "churn")
    assert "this run has no model" in str(caught.value.hint)
    assert versions.search_registered_models() == []


def test_a_registry_can_be_told_in_sql() -> None:
    register_churn()
    rows = queries.rows("SELECT name, n_versions, tags FROM registered_models ORDER BY name")
    assert rows[0] == {"name": "churn", "n_versions": 3, "tags": {"owner": "ada"}}
    best = queries.rows(
        """SELECT v.version FROM model_versions v JOIN latest_metrics m USING (run_id)
           WHERE v.name = 'churn' AND m.key = 'val_auc' ORDER BY m.value DESC LIMIT 1"""
    )
    assert best == [{"version": 2}]
