"""Panels in the server: opened, asked, forgotten; the same frames as in a notebook."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import jtrack
from jtrack.registry import versions
from jtrack.server.answers import PanelGoneError
from jtrack.server.panel_models import MODELS
from jtrack.server.panels import Panels
from jtrack.server.places import Place
from jtrack.server.question import Question
from jtrack.store import Store
from jtrack.widgets.frames import frame_json
from jtrack.widgets.runs.frame import RunsQuery, read_runs
from tests.server.client import Client
from tests.server.samples import cell_run, child_run
from tests.waiting import wait_until
from tests.widgets.registered_models import register_churn, write_model

pytestmark = pytest.mark.slow


@pytest.fixture
def two_runs(folder: Path) -> list[str]:
    notebook = folder / "a.ipynb"
    return [cell_run(notebook, "c1", {"lr": lr}, {"acc": [lr, 2 * lr]}, run_name=f"r{lr}") for lr in (0.1, 0.3)]


def test_the_runs_table(server: Client, folder: Path, two_runs: list[str]) -> None:
    opened = server.post("panels/runs", {"store": folder.name, "request": "q1", "params": {"max_results": 50}}).json
    assert opened["reply"] == "q1"
    assert opened["result"] == frame_json(read_runs(RunsQuery(max_results=50)).frame)
    asked = {"notebook_path": f"{folder.name}/a.ipynb", "panel_id": opened["panel_id"]}
    page = server.post("panels/runs", {**asked, "method": "rows", "params": {"offset": 1, "limit": 5}}).json
    assert [row["run_id"] for row in page["result"]] == [two_runs[0]]
    search = {"filter_string": "params.lr > 0.2", "order_by": [], "columns": None}
    found = server.post("panels/runs", {**asked, "method": "search", "params": search}).json
    assert [row["run_id"] for row in found["result"]["rows"]] == [two_runs[1]]
    again = server.post("panels/runs", asked).json
    assert again["result"] == found["result"]


def test_an_error_is_a_reply(server: Client, folder: Path, two_runs: list[str]) -> None:
    wrong = server.post("panels/runs", {"store": folder.name, "request": 7, "params": {"filter_string": "lr >>> 1"}})
    assert wrong.status == 200
    assert wrong.json["reply"] == 7
    assert wrong.json["error"]["position"] is not None
    assert "result" not in wrong.json
    for params in ({"colour": 1}, {"filter_string": 3}, {"order_by": 5}, {"max_results": "x"}):
        assert server.post("panels/runs", {"store": folder.name, "params": params}).json["error"]["message"], params
    for method in (["rows"], {"a": 1}, 3):
        asked = {"store": folder.name, "panel_id": server.post("panels/runs", {"store": folder.name}).json["panel_id"]}
        assert "no method" in server.post("panels/runs", {**asked, "method": method}).json["error"]["message"]
    colour = server.post("panels/runs", {"store": folder.name, "params": {"colour": 1}}).json["error"]
    assert "unexpected keyword argument 'colour'" in colour["message"]
    assert colour["hint"].startswith("it takes: filter_string, order_by,")
    opened = server.post("panels/runs", {"store": folder.name}).json
    missing = server.post("panels/runs", {"store": folder.name, "panel_id": opened["panel_id"], "method": "rows"}).json
    assert missing["error"]["hint"] == "it takes: offset, limit"
    unknown = server.post("panels/runs", {"store": folder.name, "panel_id": opened["panel_id"], "method": "drop"}).json
    assert "no method 'drop'" in unknown["error"]["message"]


def test_the_comparison_and_the_card(server: Client, folder: Path, two_runs: list[str]) -> None:
    opened = server.post("panels/compare", {"store": folder.name, "params": {"runs": two_runs}}).json
    assert [run["run_id"] for run in opened["result"]["runs"]] == two_runs
    asked = {"store": folder.name, "panel_id": opened["panel_id"]}
    curve = server.post("panels/compare", {**asked, "method": "curve", "params": {"key": "acc"}}).json["result"]
    assert [len(series["value"]) for series in curve["series"]] == [2, 2]
    difference = {**asked, "method": "difference", "params": {"left": 0, "right": 1}}
    assert server.post("panels/compare", difference).json["result"]["difference"]["rows"]
    card = server.post("panels/card", {"store": folder.name, "params": {"run_id": two_runs[1]}}).json["result"]
    assert card["previous"]["run_id"] == two_runs[0]
    one = server.post("panels/compare", {"store": folder.name, "params": {"runs": two_runs[:1]}}).json
    assert "two runs or more" in one["error"]["message"]


def test_parallel_coordinates_and_the_page_of_a_run(server: Client, folder: Path, two_runs: list[str]) -> None:
    opened = server.post("panels/parallel", {"store": folder.name, "params": {"parent_or_runs": two_runs}}).json
    assert opened["result"]["n_runs"] == 2
    assert {axis["key"] for axis in opened["result"]["axes"]} == {"lr", "acc"}
    asked = {"store": folder.name, "panel_id": opened["panel_id"], "method": "lines", "params": {"after": 0}}
    assert server.post("panels/parallel", asked).json["result"]["lines"]["run_ids"] == two_runs
    opened = server.post("panels/run", {"store": folder.name, "params": {"run_id": two_runs[1]}}).json
    assert opened["result"]["previous"]["run_id"] == two_runs[0]
    asked = {"store": folder.name, "panel_id": opened["panel_id"], "method": "curve"}
    curve = server.post("panels/run", {**asked, "params": {"run_id": two_runs[0], "key": "acc"}}).json["result"]
    assert curve["value"] == [0.1, 0.2]


def test_a_card_of_a_running_cell_moves(server: Client, folder: Path) -> None:
    with jtrack.start_run() as run:
        run.log_metric("loss", 1.0)
        opened = server.post("panels/card", {"store": folder.name, "params": {"run_id": run.run_id}}).json
        run.log_metric("loss", 0.5)
        asked = {"store": folder.name, "panel_id": opened["panel_id"]}
        values = [server.post("panels/card", asked).json["result"]["metrics"][0]["value"], opened["result"]["metrics"]]
        assert (values[0], values[1][0]["value"]) == (0.5, 1.0)


def test_every_panel_that_is_looked_at_again_tells_what_was_logged_since(server: Client, folder: Path) -> None:
    ids = []
    for name in ("one", "two"):
        with jtrack.start_run(run_name=name) as run:
            run.log_metric("loss", 1.0)
        ids.append(run.run_id)
    params = {
        "runs": {"filter_string": "metrics.loss < 2"},
        "scoped_runs": {"scope": "all"},
        "compare": {"runs": ids},
        "run": {"run_id": ids[1]},
        "parallel": {"parent_or_runs": ids},
        "models": {},
        "card": {"run_id": ids[1]},
    }
    assert params.keys() | {"live"} == MODELS.keys()
    opened = {
        name: server.post(f"panels/{name}", {"store": folder.name, "params": params[name]}).json for name in params
    }
    with jtrack.start_run(run_id=ids[1]) as run:
        run.log_metric("loss", 0.125)
        run.set_tag("seen", "again")

    def look(name: str) -> dict[str, Any]:
        asked = {"store": folder.name, "panel_id": opened[name]["panel_id"]}
        result: dict[str, Any] = server.post(f"panels/{name}", asked).json["result"]
        return result

    for table in ("runs", "scoped_runs"):
        assert [row["cells"] for row in look(table)["rows"]] == [[0.125], [1.0]]
    assert look("compare")["metrics"][0]["values"] == [1.0, 0.125]
    assert look("run")["tags"] == [{"key": "seen", "value": "again"}]
    assert look("parallel")["best"]["value"] == 0.125
    assert look("card")["metrics"][0]["value"] == 0.125
    assert look("models")["n_models"] == 0


def test_a_panel_that_is_not_open(server: Client, folder: Path, two_runs: list[str]) -> None:
    opened = server.post("panels/runs", {"store": folder.name}).json
    other_panel = server.post("panels/compare", {"store": folder.name, "panel_id": opened["panel_id"]})
    other_store = server.post("panels/runs", {"panel_id": opened["panel_id"]})
    never = server.post("panels/runs", {"store": folder.name, "panel_id": "f00"})
    for reply in (other_panel, other_store, never):
        assert reply.status == 410
        assert reply.json["hint"]
    unknown = server.post("panels/rns", {"store": folder.name})
    assert unknown.status == 404
    assert unknown.json["hint"].startswith("did you mean 'runs'")


def test_the_least_recently_used_panel_is_forgotten(tmp_path: Path) -> None:
    panels, store = Panels(most_open=2), Store(tmp_path / ".jtrack")

    def ask(**body: object) -> dict[str, object]:
        return panels.answer(Question(store, Place(store.path, tmp_path), ("runs",), {}, body))

    first, second = (ask()["panel_id"] for _ in range(2))
    ask(panel_id=first)
    third = ask()["panel_id"]
    assert "result" in ask(panel_id=first)
    assert "result" in ask(panel_id=third)
    with pytest.raises(PanelGoneError):
        ask(panel_id=second)


def test_panels_need_no_widgets() -> None:
    from tests.store.processes import run

    modules = sorted({home.partition(":")[0] for home in MODELS.values()})
    loaded = set(run(f"import jtrack.server.extension, {', '.join(modules)}; print(*sys.modules)").split())
    assert set(modules) <= loaded
    assert {"ipywidgets", "anywidget", "IPython"} & loaded == set()


def test_a_run_is_edited_on_its_page_whole_or_not_at_all(server: Client, folder: Path, two_runs: list[str]) -> None:
    opened = server.post("panels/run", {"store": folder.name, "params": {"run_id": two_runs[0]}}).json
    asked = {"store": folder.name, "panel_id": opened["panel_id"]}

    def edit(**params: object) -> dict[str, object]:
        said = {**asked, "method": "edit", "params": {"run_id": two_runs[0], **params}}
        return server.post("panels/run", said).json  # type: ignore[no-any-return]

    long = "words " * 2_000
    frame = edit(run_name="calm-ibis", description=long, tags={"team": "red", "stage": "try"})["result"]
    assert isinstance(frame, dict) and frame["run_name"] == "calm-ibis"
    assert edit(tags={"stage": None, "team": "blue"})["result"]["tags"] == [{"key": "team", "value": "blue"}]  # type: ignore[index]
    whole = {**asked, "method": "editable", "params": {"run_id": two_runs[0]}}
    found = server.post("panels/run", whole).json["result"]
    assert found["description"] == long, "what a page has cut is still whole in the form"
    for wrong in ({"run_name": " "}, {"run_name": "x" * 300}, {"run_id": two_runs[0][:9]}, {"tags": {"": "a"}}):
        reply = edit(**{"description": "lost", **wrong})
        assert "result" not in reply and reply["error"]["message"], wrong  # type: ignore[index]
    after = server.post("panels/run", {**asked}).json["result"]
    assert (after["run_name"], after["tags"]) == ("calm-ibis", [{"key": "team", "value": "blue"}])
    assert after["description"].startswith("words")


def test_a_run_is_watched_and_steered_through_the_server(server: Client, folder: Path) -> None:
    opened = server.post("panels/live", {"store": folder.name}).json
    assert opened["result"]["run_id"] is None, "nothing runs yet"
    asked = {"store": folder.name, "panel_id": opened["panel_id"]}

    def look() -> dict[str, object]:
        news = server.post("panels/live", {**asked, "method": "look", "params": {"since": -1}}).json["result"]
        return news["whole"]  # type: ignore[no-any-return]

    with jtrack.start_run(run_name="training") as run:
        run.log_metric("loss", 0.5)
        run.knob("lr", 0.1)
        frame = wait_until(lambda: frame if (frame := look())["run_id"] == run.run_id else None)
        assert (frame["run_name"], frame["metrics"][0]["last"]) == ("training", 0.5)  # type: ignore[index]
        turn = {**asked, "method": "knob", "params": {"name": "lr", "value": "0.2", "run_id": run.run_id}}
        assert server.post("panels/live", turn).json["result"] == {"value": 0.2}
        wait_until(lambda: run.knob("lr", 0.1) == 0.2)
        assert server.post("panels/live", {**asked, "method": "stop", "params": {}}).json["result"] == {}
        wait_until(lambda: run.should_stop)
    named = server.post("panels/live", {"store": folder.name, "params": {"run": "training"}}).json
    assert named["result"]["status"] == "FINISHED"


def test_a_table_of_chosen_runs_searches_among_these_only(server: Client, folder: Path, two_runs: list[str]) -> None:
    said = {"store": folder.name, "params": {"run_ids": two_runs[:1]}}
    opened = server.post("panels/runs", said).json
    assert [row["run_id"] for row in opened["result"]["rows"]] == two_runs[:1]
    assert (opened["result"]["title"], opened["result"]["n_total"]) == ("1 chosen run", 1)
    asked = {"store": folder.name, "panel_id": opened["panel_id"], "method": "search"}
    search = {"filter_string": "params.lr > 0.2", "order_by": [], "columns": None}
    assert server.post("panels/runs", {**asked, "params": search}).json["result"]["rows"] == []


def test_the_registry_is_shown_and_changed(server: Client, folder: Path) -> None:
    register_churn()
    opened = server.post("panels/models", {"store": folder.name, "params": {"name": "churn"}}).json
    assert [version["version"] for version in opened["result"]["chosen"]["versions"]] == [3, 2, 1]
    asked = {"store": folder.name, "panel_id": opened["panel_id"]}
    moved = server.post("panels/models", {**asked, "method": "promote", "params": {"version": 1, "alias": "champion"}})
    assert {"alias": "champion", "version": 1} in moved.json["result"]["chosen"]["aliases"]
    assert versions.get_model_version_by_alias("churn", "champion").version == 1
    wrong = server.post("panels/models", {**asked, "method": "promote", "params": {"version": 1, "stage": "Prod"}})
    assert wrong.json["error"]["message"] == "'Prod' is no stage of a version"
    missing = server.post("panels/models", {"store": folder.name, "params": {"name": "chrn"}}).json["error"]
    assert missing["hint"] == "did you mean 'churn'?"


def test_a_page_registers_models_of_the_store_and_no_folder_of_the_machine(server: Client, folder: Path) -> None:
    register_churn()
    write_model(folder / "elsewhere")
    opened = server.post("panels/models", {"store": folder.name}).json
    asked = {"store": folder.name, "panel_id": opened["panel_id"], "method": "register"}
    for uri in (str(folder / "elsewhere"), (folder / "elsewhere").as_uri()):
        reply = server.post("panels/models", {**asked, "params": {"model_uri": uri, "name": "taken"}}).json
        assert "error" in reply
    run_id = versions.get_model_version("churn", 1).run_id
    reply = server.post(
        "panels/models", {**asked, "params": {"model_uri": f"runs:/{run_id}/model", "name": "given"}}
    ).json
    assert reply["result"]["chosen"]["name"] == "given"
    assert [model.name for model in versions.search_registered_models()] == ["churn", "given", "wine-quality"]


def test_the_table_of_a_scope_shows_the_runs_that_its_list_shows(server: Client, folder: Path) -> None:
    """A notebook that was renamed, with a sweep's trials, in a folder whose name a pattern would take for others."""
    here, beside = folder / "50%_off", folder / "50 percent off"
    for place in (here, beside):
        place.mkdir()
        write_notebook(place / "new.ipynb", "c1", "c2")
    for name in ("before", "after"):
        cell_run(here / ("old.ipynb" if name == "before" else "new.ipynb"), "c1", {}, {"acc": [0.5]}, run_name=name)
    sweep = cell_run(here / "old.ipynb", "c2", {}, {}, run_name="sweep")
    trials = [child_run(sweep, f"trial-{n}") for n in range(2)]
    cell_run(beside / "new.ipynb", "c1", {}, {}, run_name="beside")
    notebook = f"{folder.name}/50%_off/new.ipynb"
    nested = "attributes.parent_run_id IS NULL"
    for scope, n_top in (("notebook", 3), ("folder", 3), ("all", 4)):
        asked = {"notebook_path": notebook, "scope": scope}
        listed = ids(server.get("runs", **asked, filter=nested).json["runs"])
        table = open_scope(server, notebook, scope, group_by="parent")
        assert ids(table["rows"]) == listed, scope
        assert (len(listed), table["n_runs"], table["n_total"]) == (n_top, n_top + 2, n_top + 2)
        found = {"filter_string": "metrics.loss > 0", "order_by": ["attributes.run_name ASC"]}
        assert ids(open_scope(server, notebook, scope, **found)["rows"]) == trials
    assert open_scope(server, notebook, "notebook")["title"] == "new.ipynb"
    of_cell = open_scope(server, notebook, "notebook", cell_id="c1")
    assert [row["run_name"] for row in of_cell["rows"]] == ["after", "before"]


def test_the_table_of_a_scope_follows_it_and_is_written_as_it_is(server: Client, folder: Path) -> None:
    notebook = folder / "a.ipynb"
    cell_run(notebook, "c1", {"lr": 0.1}, {}, run_name="first")
    cell_run(folder / "b.ipynb", "c1", {"lr": 0.2}, {}, run_name="other")
    asked: dict[str, Any] = {"notebook_path": f"{folder.name}/a.ipynb"}
    opened = server.post("panels/scoped_runs", {**asked, "params": {"scope": "notebook"}}).json
    assert [row["run_name"] for row in opened["result"]["rows"]] == ["first"]
    cell_run(notebook, "c1", {"lr": 0.3}, {}, run_name="second")
    asked["panel_id"] = opened["panel_id"]
    looked = server.post("panels/scoped_runs", asked).json["result"]
    assert [row["run_name"] for row in looked["rows"]] == ["second", "first"]
    file = server.post("panels/scoped_runs", {**asked, "method": "file", "params": {"suffix": "csv"}}).json["result"]
    lines = base64.b64decode(file["data"]).decode().splitlines()
    assert [line.split(",")[1] for line in lines] == ["run_name", "second", "first"]
    wrong = server.post("panels/scoped_runs", {"params": {"scope": "notebook"}}).json["error"]
    assert wrong["hint"] == "notebook_path=folder/name.ipynb"


def open_scope(server: Client, notebook: str, scope: str, **params: Any) -> Any:
    asked = {"notebook_path": notebook, "params": {"scope": scope, **params}}
    return server.post("panels/scoped_runs", asked).json["result"]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["run_id"] for row in rows]


def write_notebook(path: Path, *cell_ids: str) -> None:
    nbformat.write(new_notebook(cells=[new_code_cell("fit()", id=cell_id) for cell_id in cell_ids]), path)
