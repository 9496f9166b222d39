"""The runs table: what its columns are, how it is paged and asked, and its forms without script."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

import jtrack
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import ExperimentNotFoundError, InvalidFilterError
from jtrack.widgets.panel import answer_request
from jtrack.widgets.runs.frame import RunsQuery, read_runs
from jtrack.widgets.runs.html import MOST_ROWS, runs_html
from jtrack.widgets.runs.panel import runs
from jtrack.widgets.runs.text import runs_text
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.test_card import NASTY, Reader

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def log_three() -> None:
    log_cell_run("first", {"lr": 0.1, "model": "tree", "seed": 1}, {"val_accuracy": [0.5, 0.8, 0.9], "loss": 0.3})
    log_cell_run("second", {"lr": 0.03, "model": "linear", "seed": 1}, {"val_accuracy": 0.95, "loss": 0.5})
    log_cell_run("third", {"lr": 0.3, "model": "tree", "seed": 1}, status=RunStatus.FAILED, error="ValueError: x")


def ids(frame: Any) -> list[str]:
    return [column.id for column in frame.columns]


def names(rows: Any) -> list[str]:
    return [row.run_name for row in rows]


def test_params_that_differ_are_columns_and_the_rest_is_named_once() -> None:
    log_three()
    frame = runs().frame
    assert frame.title == "wine"
    assert ids(frame) == ["metrics.val_accuracy", "metrics.loss", "params.lr", "params.model"]
    assert [(c.key, c.text) for c in frame.constants] == [("seed", "1")]
    assert names(frame.rows) == ["third", "second", "first"]
    assert [row.cells for row in frame.rows] == [
        (None, None, "0.3", "tree"),
        (0.95, 0.5, "0.03", "linear"),
        (0.9, 0.3, "0.1", "tree"),
    ]
    assert [row.spark is None for row in frame.rows] == [True, True, False]


def test_the_best_follows_the_direction_of_the_metric() -> None:
    log_three()
    best = {column.key: column.best for column in runs().frame.columns}
    assert best == {"val_accuracy": 0.95, "loss": 0.3, "lr": None, "model": None}


def test_the_sorted_metric_stands_first_and_missing_values_last() -> None:
    log_three()
    frame = runs(order_by="metrics.loss DESC").frame
    assert ids(frame)[0] == "metrics.loss"
    assert names(frame.rows) == ["second", "first", "third"]


def test_a_filter_counts_against_all_runs() -> None:
    log_three()
    frame = runs("params.model = 'tree'").frame
    assert (frame.n_runs, frame.n_total) == (2, 3)
    assert [(c.key, c.text) for c in frame.constants] == [("model", "tree"), ("seed", "1")]


def test_columns_can_be_chosen_by_id_or_key() -> None:
    log_three()
    assert ids(runs(columns=["seed", "metrics.loss"]).frame) == ["params.seed", "metrics.loss"]


def test_keys_of_any_characters_can_be_sorted_by() -> None:
    key = "válue `of` it / 1"
    for value in (1.0, 3.0, 2.0):
        log_cell_run(f"run-{value:g}", {}, {key: value})
    column = runs().frame.columns[0]
    assert column.key == key
    assert names(runs(order_by=f"{column.id} ASC").frame.rows) == ["run-1", "run-2", "run-3"]


def test_runs_of_several_experiments_say_which() -> None:
    log_cell_run("here", {}, experiment="one")
    log_cell_run("there", {}, experiment="two")
    frame = runs().frame
    assert frame.title == "all experiments"
    assert [row.cells for row in frame.rows] == [("two",), ("one",)]
    assert names(runs(experiment_names="one").frame.rows) == ["here"]
    with pytest.raises(ExperimentNotFoundError):
        runs(experiment_names=["three"])


def test_a_run_that_others_are_nested_in_says_how_many() -> None:
    with jtrack.start_run(run_name="search", kind=RunKind.SWEEP):
        for k in range(3):
            with jtrack.start_run(run_name=f"search-{k}", nested=True):
                jtrack.log_metric("loss", k)
    with jtrack.start_run(run_name="folds"), jtrack.start_run(run_name="fold", nested=True):
        pass
    panel = runs()
    assert {row.run_name: row.inside for row in panel.frame.rows} == {
        "search": "3 trials", "search-0": "", "search-1": "", "search-2": "", "folds": "1 run", "fold": "",
    }  # fmt: skip
    bundle = panel._repr_mimebundle_()[0]
    assert "search · 3 trials" in bundle["text/plain"] and ">3 trials<" in bundle["text/html"]


def test_rows_are_read_in_pages() -> None:
    for i in range(7):
        log_cell_run(f"run-{i}", {"i": i}, {"loss": float(i)})
    result = read_runs(RunsQuery(order_by=("metrics.loss ASC",)), page_size=3)
    assert names(result.frame.rows) == ["run-0", "run-1", "run-2"]
    assert result.frame.n_runs == 7
    assert names(result.rows(3, 3)) == ["run-3", "run-4", "run-5"]
    assert names(result.rows(6, 3)) == ["run-6"]
    assert result.rows(7, 3) == ()


def test_the_page_asks_for_rows_and_searches() -> None:
    log_three()
    table = runs()

    def ask(method: str, **params: Any) -> dict[str, Any]:
        return answer_request(table._methods, {"request": 1, "method": method, "params": params})

    rows = ask("rows", offset=1, limit=1)["result"]
    assert [row["run_name"] for row in rows] == ["second"]
    frame = ask("search", filter_string="metrics.loss < 1", order_by=["metrics.loss ASC"], columns=None)["result"]
    assert [row["run_name"] for row in frame["rows"]] == ["first", "second"]
    assert names(table.frame.rows) == ["first", "second"], "the panel and its frame say the same"
    fault = ask("search", filter_string="metrics.loss <", order_by=[], columns=None)["error"]
    assert fault["position"] == 14
    assert names(table.frame.rows) == ["first", "second"], "a fault changes nothing"


def test_a_bad_filter_is_refused_with_its_place() -> None:
    log_three()
    with pytest.raises(InvalidFilterError) as caught:
        runs("metrics.loss <")
    assert "^" in str(caught.value)


def test_an_empty_table_says_what_to_type() -> None:
    jtrack.set_experiment("empty")
    assert "%%track" in repr(runs())
    assert "%%track" in Reader(runs_html(runs().frame, NOW)).text
    log_three()
    nothing = runs("metrics.loss > 9").frame
    assert "%runs without a filter" in Reader(runs_html(nothing, NOW)).text
    assert "jtrack runs without a filter" in runs_text(nothing, NOW, command="jtrack runs")


def test_the_static_form_shows_the_first_rows_and_no_script() -> None:
    for i in range(MOST_ROWS + 5):
        log_cell_run(
            f"{NASTY.encode('utf-8', 'ignore').decode()} {i}", {"text": "x" * 1_000_000, "i": i}, {"m": math.inf}
        )
    html = runs_html(runs().frame, NOW)
    reader = Reader(html)
    assert html.count("<tr>") == MOST_ROWS + 1
    assert f"first {MOST_ROWS} of {MOST_ROWS + 5}" in reader.text
    assert not reader.names & {"script", "svg", "iframe"}
    assert len(html.encode()) < 60_000


def test_the_text_form_lines_up_and_stars_the_best() -> None:
    log_three()
    lines = runs_text(runs().frame, NOW).splitlines()
    assert lines[0] == "wine  3 runs"
    assert lines[1].split() == ["run", "id", "val_accuracy", "loss", "lr", "model", "took", "started"]
    assert "0.9500*" in lines[3]
    assert "0.3000*" in lines[4]
    assert lines[3].index("0.9500") == lines[4].index("0.9000")
    assert lines[-1] == "  same in all: seed 1"


def test_names_command_no_terminal_and_do_not_turn_what_stands_beside_them() -> None:
    log_cell_run("a\u202eb\x1b[31mc", {"lr": 0.1}, {"m": 0.5})
    for text in (repr(runs()), runs()._repr_mimebundle_()[0]["text/plain"]):
        assert "a\ufffdb\ufffd[31mc" in text


def test_a_narrow_terminal_has_the_first_columns_and_the_names_of_the_rest() -> None:
    log_three()
    frame = runs().frame
    widest = max(map(len, runs_text(frame, NOW).splitlines()))
    assert "not shown" not in runs_text(frame, NOW, max_width=widest)
    lines = runs_text(frame, NOW, max_width=widest - 1).splitlines()
    assert lines[1].split() == ["run", "id", "val_accuracy", "loss", "lr", "took", "started"]
    assert "  not shown: model" in lines
    assert max(map(len, lines)) < widest
    narrowest = runs_text(frame, NOW, max_width=10).splitlines()
    assert narrowest[1].split() == ["run", "id", "took", "started"]
    assert "  not shown: val_accuracy, loss, lr, model" in narrowest


@pytest.mark.slow
def test_what_a_table_adds_to_a_notebook_is_bounded() -> None:
    curve = [1 / (i + 1) for i in range(200)]
    for i in range(120):
        many = {f"param_{k}_with_a_long_name": f"value {i} " * 5 for k in range(300)}
        log_cell_run(f"run-{i}", many, {f"metric_{k}/loss": curve if k == 0 else i / 7 for k in range(30)})
    table = runs()
    data, _ = table._repr_mimebundle_()
    static = sum(len(json.dumps(value)) for value in data.values())
    state = sum(len(json.dumps(getattr(table, name))) for name in ("_esm", "_frame_json"))
    assert static + state <= 100_000, f"{static:,} + {state:,}"
