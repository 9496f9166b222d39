"""Every address that a model can have, and the folder that it means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import jtrack
from jtrack import queries
from jtrack.errors import InvalidInputError, JTrackError, ModelNotFoundError, RunNotFoundError, VersionNotFoundError
from jtrack.registry import versions
from jtrack.registry.addresses import locate_model, model_uri_of, models_of_run
from jtrack.tracking import current_store, set_tracking_uri
from tests.widgets.registered_models import log_model_run, register_churn, write_model

pytestmark = pytest.mark.usefixtures("store_path")


@pytest.mark.parametrize(
    ("uri", "version"),
    [
        ("models:/churn/2", 2),
        ("models:/churn@challenger", 3),
        ("models:/churn/Production", 2),
        ("models:/churn/archived", 1),
        ("models:/churn/latest", 3),
        ("models:/churn@latest", 3),
    ],
)
def test_an_address_of_the_registry_means_one_version(uri: str, version: int) -> None:
    made = register_churn()
    found = locate_model(uri)
    assert (found.uri, found.name, found.version, found.from_store) == (uri, "churn", version, True)
    assert found.run_id == made[version - 1].run_id
    assert (found.path / "MLmodel").is_file()


def test_a_version_and_what_log_model_gave_are_addresses_too() -> None:
    made = register_churn()
    assert locate_model(made[0]).version == 1


@pytest.mark.parametrize("run", ["brisk-heron", "@last", "@best(metrics.val_auc)"])
@pytest.mark.parametrize("path", ["", "/", "/model"])
def test_a_run_is_addressed_as_everywhere(run: str, path: str) -> None:
    run_id = log_model_run("brisk-heron")
    found = locate_model(f"runs:/{run}{path}")
    assert (found.run_id, found.path.name, found.from_store) == (run_id, "model", True)


def test_a_run_with_several_models_has_to_be_told_which(own_folder: Path) -> None:
    write_model(own_folder / "small")
    with jtrack.start_run(run_name="two") as run:
        jtrack.log_artifacts(own_folder / "small", "small")
        jtrack.log_artifacts(own_folder / "small", "nested/large")
    assert sorted(models_of_run(run.run_id)) == ["nested/large", "small"]
    assert locate_model("runs:/two/nested/large").path.name == "large"
    with pytest.raises(InvalidInputError, match="has 2 models") as caught:
        locate_model("runs:/two")
    assert "nested/large" in str(caught.value.hint)
    with pytest.raises(ModelNotFoundError) as missing:
        locate_model("runs:/two/smal")
    assert "small" in str(missing.value.hint)


def test_folders_and_file_urls(own_folder: Path) -> None:
    folder = own_folder / "with a blank"
    write_model(folder)
    for uri in (folder, str(folder), folder.as_uri(), folder / "MLmodel", os.path.relpath(folder)):
        found = locate_model(uri)
        assert (found.path, found.from_store, found.run_id) == (folder, False, None)


def test_a_remote_model_is_fetched_once_and_again_when_it_changed(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    monkeypatch.setenv("XDG_CACHE_HOME", str(own_folder / "cache"))
    write_model(own_folder / "here")
    memory = fsspec.filesystem("memory")
    memory.put(str(own_folder / "here"), "/bucket/model", recursive=True)
    first = locate_model("memory://bucket/model")
    assert (first.path / "requirements.txt").read_text().startswith("scikit-learn==1.5.0")
    assert not first.from_store
    assert locate_model("memory://bucket/model").path == first.path
    memory.pipe("/bucket/model/requirements.txt", b"scikit-learn==1.6.10\n")
    again = locate_model("memory://bucket/model")
    assert again.path != first.path
    assert (again.path / "requirements.txt").read_text() == "scikit-learn==1.6.10\n"
    with pytest.raises(ModelNotFoundError):
        locate_model("memory://bucket/nothing")


def test_a_store_that_is_moved_still_finds_its_models(own_folder: Path) -> None:
    set_tracking_uri(own_folder / "here")
    register_churn()
    write_model(own_folder / "elsewhere")
    versions.register_model(own_folder / "elsewhere", "imported")
    current_store().close()
    (own_folder / "here").rename(own_folder / "there")
    set_tracking_uri(own_folder / "there")
    for uri in ("models:/churn@champion", "models:/imported/1"):
        assert locate_model(uri).path.is_relative_to(own_folder / "there")


@pytest.mark.parametrize(
    ("uri", "kind", "told"),
    [
        ("models:/churn", InvalidInputError, "models:/churn/latest"),
        ("models:/churn/champion", InvalidInputError, "models:/churn@champion"),
        ("models:/churn/Staging", VersionNotFoundError, "in stage Staging"),
        ("models:/churn@v2", InvalidInputError, "reserved"),
        ("models:/nope/1", JTrackError, "no registered model 'nope'"),
        ("runs:/nope/model", RunNotFoundError, "no run 'nope'"),
        ("runs:/", InvalidInputError, "names no run"),
        ("runs:/@last/../../etc", InvalidInputError, "stays inside its run"),
        ("nowhere", ModelNotFoundError, "there is no folder"),
        ("mailto:somebody", InvalidInputError, "is no address"),
        (7, InvalidInputError, "named by its address"),
    ],
)
def test_what_is_no_address_is_told(uri: object, kind: type[JTrackError], told: str) -> None:
    register_churn()
    with pytest.raises(kind) as caught:
        locate_model(uri)
    assert told in str(caught.value)


def test_a_word_means_a_run_unless_it_is_an_address(own_folder: Path) -> None:
    write_model(own_folder / "folder")
    assert model_uri_of("@last") == "runs:/@last"
    assert model_uri_of("models:/a/1") == "models:/a/1"
    assert model_uri_of("folder") == "folder"


def test_a_version_outlives_the_deletion_of_its_run() -> None:
    made = register_churn()
    jtrack.delete_run(made[0].run_id)
    assert locate_model("models:/churn/1").path.is_dir()
    assert queries.get_run(made[0].run_id).versions[0].name == "churn"
