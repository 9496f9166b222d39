"""What a page does to runs: those that train in another process, and those that are over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

import jtrack
from tests.server.client import Client
from tests.store.processes import start, wait_for_line

pytestmark = pytest.mark.slow

MODE = {"name": "mode", "value": "slow"}

TRAINING = """
    import sys, time, jtrack
    jtrack.set_tracking_uri(sys.argv[1])
    with jtrack.start_run(run_name="training") as run:
        print(run.run_id, flush=True)
        step = 0
        while not run.should_stop and step < 5_000:
            lr = run.knob("lr", 0.5)
            mode = run.knob("mode", "slow")
            jtrack.log_metric("loss", lr / (step + 1))
            step += 1
            time.sleep(0.01)
        jtrack.log_param("ended_with", lr)
"""


@pytest.fixture
def training(folder: Path) -> Iterator[tuple[str, Popen[str]]]:
    """A run that trains in a process of its own until it is told to stop."""
    process = start(TRAINING, folder / ".jtrack")
    yield wait_for_line(process), process
    process.kill()
    process.communicate()


def test_a_run_in_another_process_is_steered(server: Client, folder: Path, training: tuple[str, Popen[str]]) -> None:
    run_id, process = training

    def act(action: str, **said: object) -> int:
        return server.post(f"runs/{run_id}/{action}", {"store": folder.name, **said}).status

    wait_for_knobs(server, folder, run_id)
    assert act("knob", name="lr", value=2) == 200
    assert act("note", text="  going well ") == 200
    wait_for_knobs(server, folder, run_id, {"name": "lr", "value": 2.0})
    assert act("stop") == 200
    assert server.get(f"runs/{run_id}", store=folder.name).json["notes"][0]["text"] == "going well"
    process.communicate(timeout=60)
    page = server.get(f"runs/{run_id}", store=folder.name).json
    assert page["status"] == "FINISHED"
    assert [param["value"]["exact"] for param in page["params"]] == ["2.0"]
    assert {"name": "lr", "value": 2.0} in read_knobs(server, folder, run_id)
    over = server.post(f"runs/{run_id}/stop", {"store": folder.name})
    assert (over.status, over.json["message"]) == (409, "run 'training' is over: FINISHED")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"name": "rate", "value": 1}, "no knob 'rate'"),
        ({"name": "lr", "value": "high"}, "holds float"),
        ({"name": "lr", "value": True}, "holds float"),
        ({"name": "mode", "value": 1}, "holds str"),
        ({"name": "lr"}, "'value' has to be"),
        ({"value": 1}, "'name' has to be text"),
        ({"name": "lr", "value": [1]}, "'value' has to be"),
    ],
)
def test_a_knob_takes_its_own_kind_only(
    server: Client, folder: Path, training: tuple[str, Popen[str]], said: dict[str, object], message: str
) -> None:
    wait_for_knobs(server, folder, training[0])
    reply = server.post(f"runs/{training[0]}/knob", {"store": folder.name, **said})
    assert reply.status == 400
    assert message in reply.json["message"]


def test_a_killed_process_leaves_a_killed_run(server: Client, folder: Path, training: tuple[str, Popen[str]]) -> None:
    run_id, process = training
    token = server.get("changes", store=folder.name).json["token"]
    assert server.get(f"runs/{run_id}", store=folder.name).json["status"] == "RUNNING"
    process.kill()
    process.wait()
    page = server.get(f"runs/{run_id}", store=folder.name).json
    assert page["status"] == "KILLED"
    assert page["ended_at"] is not None
    assert page["metrics"][0]["n_points"] > 0
    assert server.get("changes", store=folder.name, since=token).json["changed"]
    assert server.post(f"runs/{run_id}/stop", {"store": folder.name}).status == 409


def test_runs_are_deleted_restored_tagged_renamed_and_described(server: Client, folder: Path) -> None:
    with jtrack.start_run(run_name="old") as run:
        pass

    def act(action: str, **said: object) -> int:
        return server.post(f"runs/{run.run_id}/{action}", {"store": folder.name, **said}).status

    def info() -> object:
        return jtrack.get_run(run.run_id).info

    assert act("delete") == 200
    assert info().lifecycle_stage == "deleted"  # type: ignore[attr-defined]
    assert act("restore") == 200
    assert info().lifecycle_stage == "active"  # type: ignore[attr-defined]
    assert act("tag", key="team", value="red") == 200
    assert jtrack.get_run(run.run_id).data.tags["team"] == "red"
    assert act("tag", key="team", value=None) == 200
    assert "team" not in jtrack.get_run(run.run_id).data.tags
    assert act("rename", run_name="new") == 200
    assert act("describe", description="what it is") == 200
    assert (info().run_name, info().description) == ("new", "what it is")  # type: ignore[attr-defined]
    assert act("tag", key="mlflow.runName", value="newer") == 200
    assert info().run_name == "newer"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("rename", {"run_name": "  "}),
        ("rename", {"run_name": "x" * 251}),
        ("rename", {}),
        ("note", {"text": ""}),
        ("note", {"text": "\ud800"}),
        ("tag", {"key": "", "value": "x"}),
        ("tag", {"key": "k", "value": 3}),
        ("tag", {"key": "mlflow.runName", "value": None}),
        ("explode", {}),
    ],
)
def test_what_can_not_be_done_is_said_and_not_done(
    server: Client, folder: Path, action: str, said: dict[str, object]
) -> None:
    with jtrack.start_run(run_name="kept") as run:
        pass
    before = jtrack.sql("SELECT count(*) FROM events").fetchall()
    reply = server.post(f"runs/{run.run_id}/{action}", {"store": folder.name, **said})
    assert reply.status == 400
    assert reply.json["message"]
    assert jtrack.sql("SELECT count(*) FROM events").fetchall() == before


def test_a_run_is_changed_by_its_full_id_only(server: Client, folder: Path) -> None:
    with jtrack.start_run(run_name="kept") as run:
        pass
    for address in (run.run_id[:8], "kept", "@last"):
        reply = server.post(f"runs/{address}/delete", {"store": folder.name})
        assert (reply.status, reply.json["hint"]) == (400, run.run_id)
    assert jtrack.get_run(run.run_id).info.lifecycle_stage == "active"
    assert server.post("runs/nobody/delete", {"store": folder.name}).status == 404


def wait_for_knobs(server: Client, folder: Path, run_id: str, knob: object = MODE) -> None:
    """Wait as a page does: look again when something has changed."""
    token = ""
    while knob not in read_knobs(server, folder, run_id):
        token = server.get("changes", store=folder.name, since=token).json["token"]


def read_knobs(server: Client, folder: Path, run_id: str) -> list[dict[str, object]]:
    """What the run's loop reads, as the live panel shows it."""
    frame = server.post("panels/live", {"store": folder.name, "params": {"run": run_id}}).json["result"]
    return [{"name": knob["name"], "value": knob["value"]} for knob in frame["knobs"]]
