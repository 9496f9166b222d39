"""What a page may ask of the runs table: groups and folds, conditions from values, changes, files."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import duckdb
import pytest

import jtrack
from jtrack import queries
from jtrack.entities import RunKind, ViewType
from jtrack.errors import InvalidInputError, RunNotFoundError
from jtrack.server.panel_models import WRITING_METHODS
from jtrack.widgets.frames import frame_json
from jtrack.widgets.runs.arrange import nest
from jtrack.widgets.runs.model import RunsModel
from jtrack.widgets.runs.panel import runs
from jtrack.widgets.runs.rows import GroupRow, RunRow
from tests.widgets.logged_runs import log_cell_run

pytestmark = pytest.mark.usefixtures("store_path")


def log_sweep(name: str = "search", losses: tuple[float, ...] = (0.3, 0.1, 0.2)) -> str:
    jtrack.set_experiment("wine")
    with jtrack.start_run(run_name=name, kind=RunKind.SWEEP) as sweep:
        for k, loss in enumerate(losses):
            with jtrack.start_run(run_name=f"{name}-{k}", nested=True, kind=RunKind.TRIAL):
                jtrack.log_param("lr", loss)
                jtrack.log_metric("loss", loss)
    return sweep.run_id


def log_wines() -> list[str]:
    rows = [(0.1, "tree", 0.9), (0.03, "linear", 0.8), (0.1, "tree", 0.7), (0.1, "it's", 0.6)]
    return [
        log_cell_run(f"run-{i}", {"lr": lr, "model": model, "seed": 1}, {"accuracy": accuracy})
        for i, (lr, model, accuracy) in enumerate(rows)
    ]


def names(rows: Any) -> list[str]:
    return [row.run_name if isinstance(row, RunRow) else row.label for row in rows]


def test_nested_runs_fold_into_their_parents() -> None:
    sweep = log_sweep()
    log_cell_run("alone", {})
    model = RunsModel(order_by=["metrics.loss ASC"], group_by="parent")
    assert [(row.run_name, row.n_folded, row.is_open) for row in model.frame.rows] == [
        ("search", 3, False),
        ("alone", 0, False),
    ], "a family stands where the best of it does"
    assert (model.frame.n_runs, model.frame.n_lines) == (5, 2)
    frame = model.fold(sweep, True)
    assert [(row.run_name, row.depth) for row in frame.rows] == [
        ("search", 0), ("search-1", 1), ("search-2", 1), ("search-0", 1), ("alone", 0),
    ]  # fmt: skip
    assert frame.n_lines == 5
    assert names(model.rows(1, 2)) == ["search-1", "search-2"]
    assert names(model.fold(sweep, False).rows) == ["search", "alone"]


def test_a_parent_heads_its_children_though_the_filter_leaves_it_out() -> None:
    sweep = log_sweep()
    model = RunsModel("metrics.loss < 0.25", group_by="parent")
    assert names(model.frame.rows) == ["search"]
    assert (model.frame.n_runs, model.frame.n_lines) == (2, 1)
    assert names(model.fold(sweep, True).rows) == ["search", "search-2", "search-1"]
    assert model.delete([sweep]).frame.rows == ()


def test_families_of_any_depth_are_nested_once() -> None:
    roots, inside = nest(["c", "x", "b", "d"], {"b": "a", "c": "b", "d": "b"})
    assert roots == ["a", "x"]
    assert inside == {"b": ["c", "d"], "a": ["b"]}


def test_runs_are_grouped_by_a_param_with_the_mean_of_each_group() -> None:
    log_wines()
    log_cell_run("without", {}, {"accuracy": 0.1})
    model = RunsModel(order_by=["metrics.accuracy DESC"], group_by="params.lr")
    frame = model.frame
    assert [(row.label, row.n_folded) for row in frame.rows] == [("lr 0.1", 3), ("lr 0.03", 1), ("lr –", 1)]
    first = frame.rows[0]
    assert isinstance(first, GroupRow)
    cells = {column.id: cell for column, cell in zip(frame.columns, first.cells, strict=True)}
    assert cells["metrics.accuracy"] == pytest.approx((0.9 + 0.7 + 0.6) / 3)
    assert (cells["params.lr"], cells["params.model"]) == ("0.1", "2 values")
    assert len(model.ids(first.group)) == 3
    opened = model.fold(first.group, True)
    assert names(opened.rows) == ["lr 0.1", "run-0", "run-2", "run-3", "lr 0.03", "lr –"]
    for row in frame.rows:
        assert isinstance(row, GroupRow)
        assert RunsModel(model.narrow("", row.group, "")).frame.n_runs == row.n_folded
    with pytest.raises(InvalidInputError, match=r"grouped by 'metrics\.accuracy'"):
        RunsModel(group_by="metrics.accuracy")


def test_a_group_names_the_experiment_of_its_runs() -> None:
    for experiment, depth in (("wine", 2), ("wine", 2), ("wine", 3), ("beer", 3)):
        log_cell_run("run", {"depth": depth}, {"acc": 0.5}, experiment=experiment)
    frame = RunsModel(group_by="params.depth").frame
    at = [column.key for column in frame.columns].index("experiment_name")
    assert {row.label: row.cells[at] for row in frame.rows if isinstance(row, GroupRow)} == {
        "depth 2": "wine",
        "depth 3": "2 values",
    }


def test_a_value_that_only_some_runs_of_a_group_have_is_told_with_how_many() -> None:
    for i in range(5):
        run_id = log_cell_run("run", {"lr": 0.1, "depth": 3} | ({"acc": 0.5} if i == 1 else {}))
        if i < 2:
            with jtrack.start_run(run_id=run_id):
                jtrack.set_tags({"stage": "draft", "by": str(i)})
    log_cell_run("other", {"lr": 0.2, "depth": 4, "acc": 0.5})
    frame = RunsModel(group_by="params.lr", columns=["depth", "acc", "stage", "by"]).frame
    cells = {row.label: row.cells for row in frame.rows if isinstance(row, GroupRow)}
    assert cells["lr 0.1"] == ("3", "1 of 5: 0.5", "2 of 5: draft", "2 values")
    assert cells["lr 0.2"] == ("4", "0.5", None, None)


def test_a_click_on_a_value_too_long_to_be_said_whole_finds_what_begins_alike() -> None:
    note = "it's 100% said_\n" * 300
    chosen = log_cell_run("chosen", {"note": note, "layers": list(range(60)), "depth": 3})
    log_cell_run("other", {"note": "short", "layers": [1], "depth": 3})
    with jtrack.start_run(run_id=chosen):
        jtrack.set_tags({"note": note, "brief": "b" * 1000})
    model = RunsModel()
    for column in ("params.note", "params.layers", "tags.note", "tags.brief"):
        assert names(RunsModel(model.narrow("", chosen, column)).frame.rows) == ["chosen"], column


def test_groups_show_in_the_forms_without_script() -> None:
    log_wines()
    table = runs(group_by="params.lr")
    bundle = table._repr_mimebundle_()[0]
    assert "lr 0.1 · 3 runs, mean" in bundle["text/plain"]
    assert "3 runs, mean" in bundle["text/html"]


@pytest.mark.parametrize(
    ("column", "condition", "n_found"),
    [
        ("params.lr", "params.lr = 0.1", 3),
        ("params.model", "params.model = 'it''s'", 1),
        ("metrics.accuracy", "metrics.accuracy >= 0.6", 4),
        ("attributes.status", "attributes.status = 'FINISHED'", 4),
        ("attributes.experiment_name", "attributes.experiment_name = '", 4),
        ("params.absent", "params.absent is null", 4),
        ("tags.absent", "tags.absent is null", 4),
    ],
)
def test_a_value_becomes_the_filter_for_runs_that_have_it(column: str, condition: str, n_found: int) -> None:
    last = log_wines()[-1]
    model = RunsModel()
    written = model.narrow("", last, column)
    assert written.startswith(condition)
    assert model.search(written, []).n_runs == n_found
    assert model.narrow(written, last, column) == written


def test_pinned_columns_stand_first_and_the_curve_goes_where_it_is_asked_for() -> None:
    log_cell_run("one", {"lr": 0.1}, {"val_accuracy": [0.1, 0.2], "loss": [3.0, 2.0, 1.0]})
    log_cell_run("two", {"lr": 0.2}, {"val_accuracy": [0.1, 0.3], "loss": [3.0, 1.0]})
    frame = RunsModel(pinned=["params.lr"], spark="metrics.loss").frame
    assert [column.id for column in frame.columns] == ["params.lr", "metrics.val_accuracy", "metrics.loss"]
    assert (frame.n_pinned, frame.spark) == (1, "metrics.loss")
    assert isinstance(frame.rows[1], RunRow) and frame.rows[1].spark is not None
    assert len(frame.rows[1].spark) == 6
    assert RunsModel().frame.spark == "metrics.val_accuracy"


def test_a_table_among_chosen_runs_goes_back_to_all() -> None:
    ids = log_wines()
    model = RunsModel()
    chosen = model.among(ids[:2])
    assert (chosen.n_runs, chosen.title, chosen.is_chosen) == (2, "2 chosen runs", True)
    assert model.among(["of another store"]) == chosen
    assert model.among(None).n_runs == 4
    opened_for_two = RunsModel(run_ids=ids[:2])
    assert opened_for_two.among(ids[1:3]).n_runs == 2
    assert opened_for_two.among(None).n_runs == 2


def test_a_look_sees_what_came_since() -> None:
    log_wines()
    model = RunsModel()
    assert model.frame.n_runs == 4
    log_cell_run("later", {}, {"accuracy": 1.0})
    model.refresh()
    assert model.frame.n_runs == 5


def test_runs_are_tagged_deleted_and_taken_back() -> None:
    sweep = log_sweep()
    alone = log_cell_run("alone", {})
    model = RunsModel()
    assert model.tag([sweep, alone], "team", "red").run_ids == (sweep, alone)
    assert queries.get_run(alone).data.tags["team"] == "red"
    gone = model.delete([sweep])
    assert len(gone.run_ids) == 4, "with the trials in it"
    assert names(gone.frame.rows) == ["alone"]
    assert model.restore(gone.run_ids).frame.n_runs == 5
    assert len(jtrack.search_runs(run_view_type=ViewType.ALL)) == 5
    with pytest.raises(RunNotFoundError):
        model.delete([sweep[:8]])
    assert {"delete", "restore", "tag", "register"} <= WRITING_METHODS & model.methods.keys()


def download(model: RunsModel, suffix: str) -> bytes:
    piece = model.file(suffix)
    data = base64.b64decode(piece.data)
    while piece.next_offset is not None:
        piece = model.file(suffix, piece.next_offset)
        data += base64.b64decode(piece.data)
    assert len(data) == piece.n_bytes
    return data


def test_all_runs_that_fit_are_downloaded_however_few_are_shown(tmp_path: Any, monkeypatch: Any) -> None:
    ids = log_wines()
    monkeypatch.setattr("jtrack.widgets.runs.table_file._PIECE_BYTES", 300)
    model = RunsModel("params.lr = 0.1", ["metrics.accuracy ASC"], max_results=1)
    assert model.frame.n_runs == 1
    rows = list(csv.DictReader(io.StringIO(download(model, "csv").decode())))
    assert [row["run_id"] for row in rows] == [ids[3], ids[2], ids[0]]
    assert rows[0]["params.model"] == "it's"
    file = tmp_path / "runs.parquet"
    file.write_bytes(download(model, "parquet"))
    found = duckdb.sql(f"SELECT run_name, \"metrics.accuracy\" AS a FROM '{file}'").fetchall()
    assert found == [("run-3", 0.6), ("run-2", 0.7), ("run-0", 0.9)]
    model.among(ids[:1])
    assert len(list(csv.DictReader(io.StringIO(download(model, "csv").decode())))) == 1
    with pytest.raises(InvalidInputError, match="xlsx"):
        model.file("xlsx")


def test_an_unknown_key_is_told_beside_the_empty_table() -> None:
    log_wines()
    table = runs("metrics.acuracy > 0.5")
    assert "did you mean metrics.accuracy?" in repr(table)
    assert "did you mean metrics.accuracy?" in table._repr_mimebundle_()[0]["text/html"]
    [unknown] = frame_json(table.frame)["unknown"]
    assert unknown["fixed"] == "metrics.accuracy > 0.5"


def test_the_answers_are_plain_json() -> None:
    log_wines()
    model = RunsModel(group_by="params.model")
    for answer in (
        model.frame,
        model.rows(0, 9),
        model.complete("metr", 4),
        model.file("csv"),
        model.methods["names"](),
    ):
        json.dumps(frame_json(answer), allow_nan=False)
