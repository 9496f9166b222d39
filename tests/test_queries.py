"""Asking the store: tables in three libraries, curves that are thinned, SQL, and errors that point at the place."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np
import pytest

import jtrack
from jtrack import queries, tracking
from jtrack.commands.compact import compact
from jtrack.entities import RunKind
from jtrack.errors import InvalidFilterError, InvalidInputError, MetricNotFoundError, QueryError, RunNotFoundError
from jtrack.store import Store
from jtrack.store.curves import thin


@pytest.fixture
def three_runs() -> list[str]:
    ids = []
    for i, model in enumerate(["tree", "linear", "tree"]):
        with jtrack.start_run(run_name=f"r{i}") as run:
            jtrack.log_params({"model": model, "lr": 0.1 * (i + 1)})
            jtrack.log_metric("acc", 0.7 + 0.1 * i)
            if i == 1:
                jtrack.log_param("only_here", None)
        ids.append(run.run_id)
    return ids


def test_a_data_frame_has_mlflows_columns_and_typed_values(three_runs: list[str]) -> None:
    frame = jtrack.search_runs(filter_string="params.model = 'tree'", order_by=["metrics.acc DESC"])
    assert frame["run_id"].tolist() == [three_runs[2], three_runs[0]]
    assert list(frame)[:6] == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert frame["params.lr"].tolist() == [pytest.approx(0.3), 0.1]
    assert frame["metrics.acc"].dtype == np.float64
    assert str(frame["start_time"].dt.tz) == "UTC"


def test_polars_and_arrow(three_runs: list[str]) -> None:
    polars = jtrack.search_runs(order_by=["attributes.start_time"], output_format="polars")
    assert polars["metrics.acc"].to_list() == pytest.approx([0.7, 0.8, 0.9])
    arrow = jtrack.search_runs(order_by=["attributes.start_time"], output_format="arrow")
    assert arrow["params.model"].to_pylist() == ["tree", "linear", "tree"]


@pytest.mark.parametrize("output_format", ["pandas", "polars", "arrow"])
def test_whole_numbers_stay_what_they_are_where_a_run_lacks_them(output_format: str) -> None:
    for params in ({"seed": 2**53 + 1, "depth": 3, "huge": 2**70, "mixed": 2**53 + 1}, {"mixed": 0.5}):
        with jtrack.start_run():
            jtrack.log_params(params)
    table = jtrack.search_runs(order_by=["attributes.start_time"], output_format=output_format)
    first = {key: table[f"params.{key}"][0] for key in ("seed", "depth", "huge", "mixed")}
    assert {key: int(str(value)) for key, value in first.items()} == {
        "seed": 2**53 + 1,
        "depth": 3,
        "huge": 2**70,
        "mixed": 2**53 + 1,
    }


@pytest.mark.parametrize("output_format", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize(
    "pair", [(10**400, 1), (2**128, None), (1, True), (0.5, True), ({"a": 1}, 1), ([1], [0.5]), ({"a": 10**400}, None)]
)
def test_no_param_is_left_out_of_a_table_or_becomes_another(output_format: str, pair: tuple[object, object]) -> None:
    for value in pair:
        with jtrack.start_run():
            jtrack.log_param("p", value)
    table = jtrack.search_runs(order_by=["attributes.start_time"], output_format=output_format)
    column = table["params.p"]
    found = column.to_pylist() if output_format == "arrow" else column.to_list()
    texts = [str(value) for value in pair]
    assert found == list(pair) or [str(value) for value in found] == texts, found
    assert [str(value) in ("True", "1.0") for value in found] == [text in ("True", "1.0") for text in texts]


@pytest.mark.parametrize("output_format", ["pandas", "polars", "arrow"])
def test_floats_and_small_whole_numbers_are_a_column_of_floats(output_format: str) -> None:
    for value in (1, math.nan):
        with jtrack.start_run():
            jtrack.log_param("p", value)
    column = jtrack.search_runs(order_by=["attributes.start_time"], output_format=output_format)["params.p"]
    assert repr(column.to_pylist() if output_format == "arrow" else column.to_list()) == "[1.0, nan]"


def test_no_runs_are_an_empty_table() -> None:
    assert len(jtrack.search_runs()) == 0
    assert "run_id" in jtrack.search_runs()
    assert jtrack.search_runs(output_format="polars").height == 0
    assert jtrack.search_runs(output_format="arrow").num_rows == 0


def test_a_bad_filter_shows_its_place() -> None:
    with pytest.raises(InvalidFilterError) as caught:
        jtrack.search_runs(filter_string="metrics.acc >> 0.5")
    message, text, caret = str(caught.value).splitlines()[:3]
    assert text.strip() == "metrics.acc >> 0.5"
    assert caret.index("^") in (text.index(">"), text.index(">") + 1)
    assert message


def test_bad_arguments_are_named(three_runs: list[str]) -> None:
    with pytest.raises(InvalidInputError, match="no output format 'csv'"):
        jtrack.search_runs(output_format="csv")
    with pytest.raises(InvalidInputError, match="not by both"):
        jtrack.search_runs(experiment_ids=["0"], experiment_names=["Default"])
    with pytest.raises(MetricNotFoundError, match="no metric 'ac'") as caught:
        jtrack.metric_history(three_runs[0], "ac")
    assert "did you mean 'acc'" in str(caught.value)
    with pytest.raises(QueryError, match="Table with name rns does not exist"):
        jtrack.sql("SELECT * FROM rns")


def test_sql_answers_stay_when_others_are_asked(three_runs: list[str]) -> None:
    first = jtrack.sql("SELECT count(*) FROM runs WHERE run_name = ?", ["r1"])
    second = jtrack.sql("SELECT max(value) FROM metrics")
    assert first.fetchall() == [(1,)]
    assert second.fetchall() == [(0.7 + 0.1 * 2,)]


def test_sql_sees_no_python_variable(three_runs: list[str]) -> None:
    secret = jtrack.search_runs()
    assert len(secret) == 3
    with pytest.raises(QueryError):
        jtrack.sql("SELECT * FROM secret")


def test_a_curve_is_thinned_to_its_shape() -> None:
    value = np.sin(np.linspace(0, 20, 10_000))
    value[1234], value[777] = 5.0, np.nan
    with jtrack.start_run() as run:
        for number in value.tolist():
            jtrack.log_metric("m", number)
    whole = jtrack.metric_history(run.run_id, "m")
    thinned = jtrack.metric_history(run.run_id, "m", max_points=200)
    assert len(whole) == 10_000
    assert len(thinned) <= 200
    assert thinned.step[0] == 0
    assert thinned.step[-1] == 9_999
    assert 1234 in thinned.step
    assert np.nanmin(thinned.value) == np.nanmin(whole.value)
    assert (np.diff(thinned.step) > 0).all()


@pytest.mark.parametrize("max_points", [2, 3, 4, 10, 99, 100, 101])
def test_thinning_keeps_to_its_word(max_points: int) -> None:
    value = np.random.default_rng(0).normal(size=100)
    places = thin(value, max_points)
    assert len(places) <= max(max_points, 2)
    assert places[0] == 0
    assert places[-1] == 99


def test_points_logged_out_of_order_come_back_by_step() -> None:
    with jtrack.start_run() as run:
        for step in (5, 1, 3, 3):
            jtrack.log_metric("m", step, step=step)
    assert jtrack.metric_history(run.run_id, "m").step.tolist() == [1, 3, 3, 5]
    assert jtrack.get_run(run.run_id).data.metrics == {"m": 5.0}


def test_the_last_active_run_is_found_in_its_own_store() -> None:
    with jtrack.start_run() as run:
        jtrack.set_tracking_uri("other")
        active = jtrack.last_active_run()
    ended = jtrack.last_active_run()
    assert active is not None
    assert ended is not None
    assert active.info.run_id == ended.info.run_id == run.run_id


def test_of_points_of_one_step_and_time_the_latest_is_the_one_that_was_logged_last() -> None:
    with jtrack.start_run() as run:
        for value in (0.25, 0.75, 0.5):
            jtrack.log_metric("loss", value, step=0, timestamp=1_700_000_000_000)
    for _ in range(2):
        assert jtrack.get_run(run).data.metrics == {"loss": 0.5}
        assert jtrack.metric_history(run, "loss").value.tolist() == [0.25, 0.75, 0.5]
        compact()


def test_another_store_is_asked_inside_the_block_and_in_this_thread_only(three_runs: list[str], tmp_path: Path) -> None:
    def n_runs() -> int:
        return len(jtrack.search_runs(output_format="list")) + len(queries.rows("SELECT run_id FROM runs"))

    elsewhere: list[int] = []
    with queries.using(Store(tmp_path / "other")) as store:
        assert n_runs() == 0
        assert queries.find_run(three_runs[0]) is None
        assert [experiment.name for experiment in jtrack.search_experiments()] == ["Default"]
        thread = threading.Thread(target=lambda: elsewhere.append(n_runs()))
        thread.start()
        thread.join()
        with pytest.raises(InvalidFilterError), queries.using(store):
            jtrack.search_runs(filter_string="metrics.")
        assert n_runs() == 0
    assert n_runs() == 6
    assert elsewhere == [6]
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("address", "index"),
    [
        ("@best(metrics.acc)", 2),
        ("@best( acc )", 2),
        ("@best(metrics.acc ASC)", 0),
        ("@best(metrics.`acc` desc)", 2),
    ],
)
def test_the_best_run_by_a_metric_has_an_address(three_runs: list[str], address: str, index: int) -> None:
    assert jtrack.get_run(address).info.run_id == three_runs[index]


def test_only_finished_runs_with_a_finite_value_are_best(three_runs: list[str]) -> None:
    for value, status in ((9.0, "FAILED"), (float("nan"), "FINISHED"), (float("inf"), "FINISHED")):
        jtrack.start_run()
        jtrack.log_metric("acc", value)
        jtrack.end_run(status)
    with jtrack.start_run() as deleted:
        jtrack.log_metric("acc", 8.0)
    jtrack.delete_run(deleted.run_id)
    with jtrack.start_run():
        jtrack.log_metric("acc", 7.0)
        assert jtrack.get_run("@best(metrics.acc)").info.run_id == three_runs[2], "it has not finished"


def test_the_best_run_is_one_of_the_chosen_experiment(three_runs: list[str]) -> None:
    jtrack.set_experiment("other")
    with jtrack.start_run() as run:
        jtrack.log_metric("acc", 0.1)
    assert jtrack.get_run("@best(metrics.acc)").info.run_id == run.run_id


def test_what_is_best_by_nobody_knows_what_is_said(three_runs: list[str]) -> None:
    with jtrack.start_run():
        jtrack.log_metric("whatever", 1)
    with pytest.raises(InvalidInputError, match=r"which way is better.*\n.*@best\(metrics.whatever DESC\)"):
        jtrack.get_run("@best(metrics.whatever)")
    with pytest.raises(InvalidInputError, match="names no metric"):
        jtrack.get_run("@best")
    with pytest.raises(RunNotFoundError, match=r"metrics\.acc"):
        jtrack.get_run("@best(metrics.accuracy)")


def test_the_way_that_is_better_is_what_sweeps_went_by() -> None:
    def log_goal(goal: str) -> None:
        with tracking.start_run(kind=RunKind.SWEEP) as sweep:
            sweep.log_params({goal: "whatever", "algo": "tpe"})

    runs = []
    for value in (1.0, 3.0, 2.0):
        with jtrack.start_run() as run:
            run.log_metric("whatever", value)
            runs.append(run.run_id)
    log_goal("maximize")
    assert jtrack.get_run("@best(metrics.whatever)").info.run_id == runs[1]
    log_goal("minimize")
    with pytest.raises(InvalidInputError, match="which way is better"):  # now they differ
        jtrack.get_run("@best(metrics.whatever)")
    jtrack.set_experiment("elsewhere")
    with pytest.raises(RunNotFoundError, match=r"in another experiment: jtrack.set_experiment\('Default'\)"):
        jtrack.get_run("@best(metrics.whatever ASC)")
