"""Lists of runs, a run's page, curves and cells, as a page reads them."""

from __future__ import annotations

import math
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import jtrack
from jtrack.entities import Environment
from tests.server.client import Client
from tests.server.samples import cell_run, child_run

pytestmark = pytest.mark.slow


@pytest.fixture
def runs(folder: Path) -> dict[str, str]:
    """Two runs of one cell of a.ipynb with a child, one of b.ipynb below, one of a script elsewhere."""
    jtrack.set_experiment("wine")
    a, b = folder / "a.ipynb", folder / "sub" / "b.ipynb"
    first = cell_run(a, "c1", {"lr": 0.1, "model": "tree"}, {"val_loss": [0.9, 0.5], "acc": [0.7]}, run_name="first")
    second = cell_run(a, "c1", {"lr": math.nan, "dims": (1, 2)}, {"val_loss": [0.4], "acc": [0.8]}, run_name="second")
    child = child_run(first, "child")
    below = cell_run(b, "c9", {"lr": 0.3}, {"val_loss": [math.inf, math.nan]}, run_name="below")
    with jtrack.start_run(run_name="script", source_name="/elsewhere/train.py") as run:
        jtrack.log_metric("val_loss", 0.1)
    return {"first": first, "second": second, "child": child, "below": below, "script": run.run_id}


def names(reply: object) -> list[str]:
    return [run["run_name"] for run in reply["runs"]]  # type: ignore[index]


def test_a_scope_chooses_runs(server: Client, folder: Path, runs: dict[str, str]) -> None:
    notebook = f"{folder.name}/a.ipynb"
    assert set(names(server.get("runs", notebook_path=notebook).json)) == {"first", "second", "child"}
    assert set(names(server.get("runs", notebook_path=notebook, scope="folder").json)) == {
        *("first", "second", "child", "below")
    }
    assert len(names(server.get("runs", notebook_path=notebook, scope="all").json)) == 5
    assert names(server.get("runs", notebook_path=f"{folder.name}/sub/b.ipynb").json) == ["below"]
    assert names(server.get("runs", store=f"{folder.name}/sub", scope="folder").json) == ["below"]
    assert server.get("runs", notebook_path=f"{folder.name}/none.ipynb").json["n_runs"] == 0
    assert server.get("runs").json["n_runs"] == 0, "the root has a store of its own"


def test_the_runs_of_a_cell_are_all_it_made(server: Client, folder: Path, runs: dict[str, str]) -> None:
    notebook = f"{folder.name}/a.ipynb"

    def ask(cell_id: str, **words: object) -> list[str]:
        return names(server.get("runs", **{"notebook_path": notebook, **words}, cell_id=cell_id).json)

    odd = "ein 'sehr' % langer\u2028Name/&?=#" * 200
    cell_run(folder / "a.ipynb", odd, {}, {}, run_name="odd")
    assert ask("c1") == ["second", "first"], "nested runs stay with their parents"
    assert ask("c1", limit=1, offset=1) == ["first"]
    assert ask("c1", filter="metrics.acc > 0.75") == ["second"]
    assert ask("nobody's") == ask("c9") == []
    assert ask(odd[:100]) == []
    assert ask("c9", notebook_path=f"{folder.name}/sub/b.ipynb") == ["below"]
    for cell_id in ("'", "%", "\u2028", "é" * 900):
        assert ask(cell_id) == []
    refused = server.get("runs", store=folder.name, cell_id="c1")
    assert (refused.status, refused.json["message"]) == (400, "the runs of a cell need the path of its notebook")


def test_runs_are_filtered_ordered_and_paged(server: Client, folder: Path, runs: dict[str, str]) -> None:
    def ask(**words: object) -> list[str]:
        return names(server.get("runs", store=folder.name, **words).json)

    assert ask() == ["script", "below", "child", "second", "first"]
    assert ask(filter="metrics.acc > 0.75") == ["second"]
    assert ask(order_by="metrics.acc DESC")[:2] == ["second", "first"]
    pages = [server.get("runs", store=folder.name, limit=2, offset=offset).json for offset in (0, 2, 4, 6)]
    assert [len(page["runs"]) for page in pages] == [2, 2, 1, 0]
    assert {page["n_runs"] for page in pages} == {5}
    assert [name for page in pages for name in names(page)] == ask()
    assert ask(experiment="wine") == ask()
    assert server.get("runs", store=folder.name, experiment="whine").json == {
        "message": "no experiment 'whine'",
        "hint": "did you mean 'wine'?",
        "position": None,
    }


def test_a_listed_run_has_what_a_list_shows(server: Client, folder: Path, runs: dict[str, str]) -> None:
    listed = {run["run_name"]: run for run in server.get("runs", store=folder.name).json["runs"]}
    second, below = listed["second"], listed["below"]
    assert (second["status"], second["kind"], second["experiment_name"]) == ("FINISHED", "cell", "wine")
    assert (second["cell_id"], second["execution_count"]) == ("c1", 3)
    assert second["notebook_path"] == str(folder / "a.ipynb")
    assert [(m["key"], m["value"], m["n_points"], m["direction"]) for m in second["metrics"]] == [
        ("val_loss", 0.4, 1, "lower"),
        ("acc", 0.8, 1, "higher"),
    ]
    assert [(p["key"], p["value"], p["value_json"]) for p in second["params"]] == [
        ("dims", "(1, 2)", {"$tuple": [1, 2]}),
        ("lr", "nan", {"$float": "nan"}),
    ]
    assert below["metrics"][0]["value"] == "NaN"
    assert listed["first"]["n_children"] == 1
    assert second["started_at"].endswith("Z") and second["duration_s"] >= 0
    only = server.get("runs", store=folder.name, metric=["acc", "none"]).json["runs"]
    assert [[m["key"] for m in run["metrics"]] for run in only] == [[], [], [], ["acc"], ["acc"]]


@pytest.mark.parametrize(
    ("words", "position"),
    [
        ({"filter": "metrics.acc >> 1"}, True),
        ({"order_by": "metrics."}, True),
        ({"scope": "everything"}, False),
        ({"scope": "notebook"}, False),
        ({"limit": "x"}, False),
        ({"view": "gone"}, False),
        ({"store": ".."}, False),
    ],
)
def test_what_can_not_be_asked_is_said(server: Client, words: dict[str, str], position: bool) -> None:
    reply = server.get("runs", **words)
    assert reply.status == 400
    assert reply.json["message"]
    assert isinstance(reply.json["position"], int) is position


def test_a_page_is_what_its_panel_shows(server: Client, folder: Path, runs: dict[str, str]) -> None:
    with jtrack.start_run(run_name="whole") as run:
        run.record_environment(Environment("e1", "3.11", "Linux", {"numpy": "2.0"}))
        run.set_tag("team", "red")
        run.log_text("hello", "notes/a.txt")
        run.log_metric("loss", math.nan)
        run.log_metric("loss", 0.25)
        run.note("looks good")
    page = server.get("runs/whole", store=folder.name).json
    assert page["run_id"] == run.run_id
    assert page["experiment_name"] == "wine"
    assert page["tags"] == [{"key": "team", "value": "red"}]
    assert [(metric["key"], metric["value"], metric["n_points"]) for metric in page["metrics"]] == [("loss", 0.25, 2)]
    assert page["environment"]["n_packages"] == 1
    assert [(a["path"], a["n_bytes"]) for a in page["artifacts"]] == [("notes/a.txt", 5)]
    assert [note["text"] for note in page["notes"]] == ["looks good"]
    assert page == server.post("panels/run", {"store": folder.name, "params": {"run_id": run.run_id}}).json["result"]
    assert server.get(f"artifacts/{run.run_id}/notes/a.txt", store=folder.name).body == b"hello"


def test_a_page_knows_the_runs_around(server: Client, folder: Path, runs: dict[str, str]) -> None:
    first = server.get(f"runs/{runs['first']}", store=folder.name).json
    second = server.get(f"runs/{runs['second']}", store=folder.name).json
    child = server.get(f"runs/{runs['child']}", store=folder.name).json
    assert [run["run_id"] for run in first["children"]] == [runs["child"]]
    assert (first["n_children"], first["parent"]) == (1, None)
    assert first["next"]["run_id"] == runs["second"]
    assert first["previous"] is None
    assert second["previous"]["run_id"] == runs["first"]
    assert second["next"] is None
    assert child["parent"]["run_id"] == runs["first"]
    assert [(cell["role"], cell["cell_id"]) for cell in first["cells"]] == [("tracked", "c1")]
    assert [(param["key"], param["value"]["text"]) for param in first["params"]] == [("lr", "0.1"), ("model", "tree")]


def test_a_run_that_is_not_there(server: Client, folder: Path, runs: dict[str, str]) -> None:
    reply = server.get("runs/frist", store=folder.name)
    assert reply.status == 404
    assert reply.json["message"] == "no run 'frist'"
    assert reply.json["hint"].startswith("did you mean 'first'")
    elsewhere = server.get(f"runs/{runs['first']}")
    assert elsewhere.status == 404, "it is in another store"
    assert elsewhere.json["hint"].startswith(f"looked for in {server.root / '.jtrack'}; jtrack.set_tracking_uri(")


def test_a_curve_of_one_metric(server: Client, folder: Path) -> None:
    with jtrack.start_run() as run:
        for i in range(5_000):
            run.log_metric("train/loss", math.sin(i / 100))
    curve = server.get(f"runs/{run.run_id}/metrics/train/loss", store=folder.name, max_points=100).json
    assert 50 <= len(curve["step"]) <= 100
    assert curve["step"][0] == 0 and curve["step"][-1] == 4_999
    assert len(curve["value"]) == len(curve["logged_at_ms"]) == len(curve["step"])
    missing = server.get(f"runs/{run.run_id}/metrics/loss", store=folder.name)
    assert (missing.status, missing.json["hint"]) == (404, "did you mean 'train/loss'?")


def test_cells_show_their_last_run(server: Client, folder: Path, runs: dict[str, str]) -> None:
    (cell,) = server.get("cells", notebook_path=f"{folder.name}/a.ipynb").json
    assert (cell["cell_id"], cell["n_runs"], cell["run_id"]) == ("c1", 2, runs["second"])
    assert cell["metric"] == {"key": "val_loss", "value": 0.4, "previous": 0.5, "direction": "lower", "is_better": True}
    assert server.get("cells", notebook_path=f"{folder.name}/none.ipynb").json == []


def test_the_cell_that_made_a_run_is_found_through_its_parent_and_after_a_rename(
    server: Client, folder: Path, runs: dict[str, str]
) -> None:
    def ask(name: str) -> tuple[str | None, str | None]:
        found = server.get(f"runs/{runs[name]}/cell", store=folder.name).json
        return found["cell_id"], found["notebook_path"]

    def write(path: Path, cell_id: str) -> None:
        nbformat.write(new_notebook(cells=[new_code_cell("fit()", id=cell_id)]), path)

    assert ask("script") == (None, None)
    assert ask("first") == ("c1", None), "the notebook is not there any more"
    write(folder / "a.ipynb", "c1")
    assert ask("first") == ask("child") == ("c1", f"{folder.name}/a.ipynb")
    (folder / "a.ipynb").rename(folder / "renamed.ipynb")
    write(folder / "a.ipynb", "other")
    assert ask("child") == ("c1", f"{folder.name}/renamed.ipynb")
    # Moved away, and run there again.
    (folder / "renamed.ipynb").rename(folder.parent / f"{folder.name}-moved.ipynb")
    cell_run(folder.parent / f"{folder.name}-moved.ipynb", "c1", {}, {})
    assert ask("first") == ("c1", f"{folder.name}-moved.ipynb")
    missing = server.get("runs/frist/cell", store=folder.name)
    assert (missing.status, missing.json["message"]) == (404, "no run 'frist'")


def test_where_tells_the_store_and_the_notebooks_own_path(server: Client, folder: Path) -> None:
    found = server.get("where", notebook_path=f"{folder.name}/a.ipynb").json
    assert found == {
        "store_path": str(folder / ".jtrack"),
        "exists": False,
        "folder": str(folder),
        "notebook_path": str(folder / "a.ipynb"),
    }
    assert not (folder / ".jtrack").exists(), "reading makes nothing"


def test_a_folder_that_holds_no_store_is_empty_and_stays_so(server: Client, folder: Path) -> None:
    for path in ("runs", "runs.csv", "runs.parquet", "changes", "runs/x"):
        server.get(path, store=folder.name)
    server.post("panels/runs", {"store": folder.name})
    server.post("runs/x/note", {"store": folder.name, "text": "hi"})
    assert list(folder.iterdir()) == []


def test_deleted_runs_are_another_view(server: Client, folder: Path, runs: dict[str, str]) -> None:
    jtrack.delete_run(runs["script"])
    assert "script" not in names(server.get("runs", store=folder.name).json)
    assert names(server.get("runs", store=folder.name, view="deleted").json) == ["script"]
    assert len(names(server.get("runs", store=folder.name, view="all").json)) == 5
