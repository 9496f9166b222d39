"""The client class: the same answers as the functions, about the store that it was given."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import jtrack
from jtrack import MlflowClient
from jtrack.entities import Metric, Param, RunTag
from jtrack.errors import ArtifactNotFoundError, InvalidInputError, ParamConflictError, RegisteredModelNotFoundError
from jtrack.registry import versions
from tests.widgets.registered_models import register_churn

pytestmark = pytest.mark.usefixtures("store_path")


def test_a_run_is_made_logged_into_and_ended_by_its_id() -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment("wine", tags={"team": "red"})
    run_id = client.create_run(experiment_id, run_name="by-id", tags={"a": 1}).info.run_id
    assert jtrack.active_run() is None
    client.log_batch(run_id, [Metric("loss", 0.5, 1_700_000_000_000, 0)], [Param("lr", 0.1)], [RunTag("b", "2")])
    client.log_metric(run_id, "loss", 0.25, step=1)
    client.log_text(run_id, "hello", "notes/a.txt")
    with pytest.raises(ParamConflictError):
        client.log_param(run_id, "lr", 0.2)
    client.set_terminated(run_id)
    found = client.get_run(run_id)
    assert (found.info.run_name, found.info.status, found.data.params) == ("by-id", "FINISHED", {"lr": 0.1})
    assert found.data.tags.items() >= {"a": "1", "b": "2"}.items()
    history = client.get_metric_history(run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(0, 0.5), (1, 0.25)]
    assert history[0].timestamp == 1_700_000_000_000
    assert client.get_metric_history(run_id, "nope") == []


def test_another_client_goes_on_with_a_run_that_ended() -> None:
    with jtrack.start_run() as run:
        jtrack.log_param("lr", 0.1)
    client = MlflowClient()
    client.set_tag(run.run_id, "late", "yes")
    client.log_metric(run.run_id, "acc", 0.9)
    found = client.get_run(run.run_id)
    assert (found.info.status, found.data.tags["late"], found.data.metrics) == ("FINISHED", "yes", {"acc": 0.9})
    assert found.info.ended_at == run.info.ended_at
    client.update_run(run.run_id, status="FAILED", name="renamed")
    assert (client.get_run(run.run_id).info.status, client.get_run("renamed").info.run_id) == ("FAILED", run.run_id)
    client.delete_run(run.run_id)
    assert client.search_runs("0") == []
    client.restore_run(run.run_id)
    assert len(client.search_runs(["0"])) == 1


def test_searches_come_in_pages() -> None:
    client = MlflowClient()
    for i in range(5):
        client.create_run("0", run_name=f"run-{i}")
    first = client.search_runs(["0"], max_results=2, order_by=["run_name"])
    second = client.search_runs(["0"], max_results=2, order_by=["run_name"], page_token=first.token)
    third = client.search_runs(["0"], max_results=2, order_by=["run_name"], page_token=second.token)
    names = [run.info.run_name for run in (*first, *second, *third)]
    assert names == [f"run-{i}" for i in range(5)]
    assert third.token is None
    with pytest.raises(InvalidInputError, match="no page's token"):
        client.search_runs(["0"], page_token="?")


def test_artifacts_are_listed_and_fetched(own_folder: Path) -> None:
    client = MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.log_dict(run_id, {"a": 1}, "config/a.json")
    client.log_text(run_id, "b", "b.txt")
    assert [(file.path, file.is_dir) for file in client.list_artifacts(run_id)] == [("b.txt", False), ("config", True)]
    assert [file.path for file in client.list_artifacts(run_id, "config")] == ["config/a.json"]
    copied = Path(client.download_artifacts(run_id, "config", own_folder / "out"))
    assert (copied / "a.json").is_file() and copied.is_relative_to(own_folder / "out")
    with pytest.raises(ArtifactNotFoundError, match="no artifact"):
        client.download_artifacts(run_id, "c.txt")


def test_the_registry_goes_through_the_client() -> None:
    register_churn()
    client = MlflowClient()
    client.create_registered_model("empty", {"k": "v"}, "none yet")
    source = client.get_model_version("churn", "1").source
    assert client.create_model_version("empty", source, description="first").version == 1
    client.set_registered_model_alias("empty", "champion", 1)
    client.set_model_version_tag("empty", "1", "checked", True)
    found = client.get_model_version_by_alias("empty", "champion")
    assert (found.description, found.tags) == ("first", {"checked": "True"})
    assert Path(client.get_model_version_download_uri("empty", 1), "MLmodel").is_file()
    assert [model.name for model in client.search_registered_models(max_results=2)] == ["churn", "empty"]
    assert client.search_registered_models(max_results=2).token is not None
    with pytest.raises(RegisteredModelNotFoundError):
        client.create_model_version("nope", source)


def test_a_client_asks_its_own_store(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register_churn()
    other = MlflowClient("other")
    (own_folder / "data").mkdir()
    monkeypatch.chdir(own_folder / "data")
    assert other.tracking_uri == str(own_folder / "other")
    monkeypatch.chdir(own_folder)
    assert other.search_registered_models() == []
    other.create_registered_model("elsewhere")
    assert [model.name for model in other.search_registered_models()] == ["elsewhere"]
    assert [model.name for model in MlflowClient().search_registered_models()] == ["churn", "wine-quality"]


def test_the_client_has_every_function_of_the_registry() -> None:
    methods = {name for name, _ in inspect.getmembers(MlflowClient, inspect.isfunction)}
    assert set(versions.__all__) - {"register_model"} <= methods
