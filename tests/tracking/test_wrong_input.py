"""What is asked wrongly gets one clear line and leaves nothing half done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import plotly.graph_objects as go
import pytest

import jtrack
from jtrack.errors import InvalidInputError, JTrackError, MissingPackageError, RunNotFoundError, StorePathError
from jtrack.tracking import ActiveRun, current_store


@pytest.fixture
def run() -> ActiveRun:
    return jtrack.start_run(run_name="asked")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: jtrack.log_params([("a", 1)]), "params come as a dictionary, not as list"),
        (lambda: jtrack.log_metrics(None), "metrics come as a dictionary, not as NoneType"),
        (lambda: jtrack.set_tags("ab"), "tags come as a dictionary, not as str"),
        (lambda: jtrack.start_run(nested=True, tags=["a"]), "tags come as a dictionary, not as list"),
        (lambda: jtrack.start_run(nested=True, tags={"a": "\ud800"}), "half a character"),
        (lambda: jtrack.set_experiment(""), "the name of an experiment is empty"),
        (lambda: jtrack.log_text("a", "a\0b"), "ends in the name of a file"),
        (lambda: jtrack.log_text("a", "sub/"), "ends in the name of a file"),
        (lambda: jtrack.log_text("a", "\ud800.txt"), "has half a character"),
        (lambda: jtrack.set_experiment_tags("ab"), "tags come as a dictionary, not as str"),
        (lambda: jtrack.log_text("a", "x" * 300), "can't be kept: File name too long"),
        (lambda: jtrack.log_metric("m", 1, timestamp="now"), "is no number of milliseconds since 1970"),
        (lambda: jtrack.log_dict({"a": object()}, "a.json"), "object has no form in JSON"),
        (lambda: jtrack.log_figure(3, "a.png"), "a figure comes from matplotlib or plotly"),
        (lambda: jtrack.end_run("DONE"), "'DONE' is no status of a run"),
        (lambda: cast(ActiveRun, jtrack.active_run()).end("DONE"), "'DONE' is no status of a run"),
        (lambda: jtrack.search_runs(filter_string=3), "a filter or an order is text, not 3"),
        (lambda: jtrack.search_runs(order_by=[3]), "a filter or an order is text, not 3"),
        (lambda: jtrack.search_runs(max_results="a"), "max_results is a number from 0 on, not 'a'"),
        (lambda: jtrack.search_runs(run_view_type="x"), "'x' says not which runs to show"),
        (lambda: jtrack.search_runs(output_format="xml"), "no output format 'xml'"),
        (lambda: jtrack.metric_history("asked", "m", max_points=0), "2 points or more, not to 0"),
        (lambda: jtrack.set_tracking_uri(3), "a store is named by its folder, not by 3"),
        (lambda: jtrack.set_tracking_uri("a\0b"), "a store is named by its folder"),
    ],
)
def test_one_line_says_what_is_wrong(run: ActiveRun, ask: Callable[[], object], words: str) -> None:
    before = jtrack.search_runs(output_format="list")
    with pytest.raises(JTrackError) as caught:
        ask()
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert jtrack.active_run() is run
    assert jtrack.search_runs(output_format="list") == before


def test_a_name_that_no_file_can_have_holds_up_no_other_file(run: ActiveRun) -> None:
    jtrack.log_text("x", "taken")
    with pytest.raises(InvalidInputError, match="'taken/below' can't be kept"):
        jtrack.log_text("x", "taken/below")
    jtrack.log_text("x", "sub/a.txt")
    with pytest.raises(InvalidInputError, match="'sub' can't be kept: Is a directory"):
        jtrack.log_text("x", "sub")
    jtrack.log_text("y", "later.txt")
    assert current_store().writer.n_waiting == 0
    found = jtrack.sql("SELECT path FROM artifacts ORDER BY path").fetchall()
    assert found == [("later.txt",), ("sub/a.txt",), ("taken",)]


def test_a_parent_may_be_named_as_runs_are(run: ActiveRun) -> None:
    with jtrack.start_run(nested=True, parent_run_id="asked") as child:
        assert child.info.parent_run_id == run.run_id
    with pytest.raises(RunNotFoundError, match="no run 'zz'"):
        jtrack.start_run(nested=True, parent_run_id="zz")


@pytest.mark.parametrize("given", [{"tags": {"a": "\ud800"}}, {"run_name": "\ud800"}, {"tags": "ab"}])
def test_a_run_that_is_taken_up_with_what_is_refused_is_not_active(given: dict[str, Any]) -> None:
    with jtrack.start_run() as run:
        pass
    with pytest.raises(InvalidInputError):
        jtrack.start_run(run_id=run.run_id, **given)
    assert jtrack.active_run() is None
    assert jtrack.get_run(run.run_id).info.status == "FINISHED"


def test_a_long_value_is_told_in_one_line(run: ActiveRun) -> None:
    jtrack.log_param("text", "a\n" * 10_000)
    with pytest.raises(InvalidInputError, match="param 'text' is already") as caught:
        jtrack.log_param("text", "b\n" * 10_000)
    assert len(caught.value.message) < 200
    assert "\n" not in caught.value.message


def test_a_figure_of_plotly_needs_kaleido_to_be_an_image(run: ActiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jtrack.tracking.media.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"as \.png needs kaleido") as caught:
        jtrack.log_figure(go.Figure(), "a.png")
    assert caught.value.hint == "pip install kaleido; or name it .html or .json"
    jtrack.log_figure(go.Figure(), "a.json")


def test_a_link_that_leads_nowhere_is_told_from_a_file(own_folder: Path) -> None:
    (own_folder / "link").symlink_to(own_folder / "gone" / "store")
    jtrack.set_tracking_uri(own_folder / "link")
    with pytest.raises(StorePathError, match="is a link that leads nowhere"):
        jtrack.start_run()


def test_wrong_values_are_never_kept_by_halves(run: ActiveRun) -> None:
    def refused(log: Callable[[dict[str, Any]], object], values: dict[str, Any]) -> None:
        with pytest.raises(InvalidInputError):
            log(values)

    refused(jtrack.log_params, {"good": 1, "k" * 251: 2})
    refused(jtrack.log_metrics, {"good": 1, "bad": "x"})
    refused(jtrack.set_tags, {"good": 1, "bad": "\ud800"})
    data = jtrack.get_run(run.run_id).data
    assert (data.params, data.metrics, "good" in data.tags) == ({}, {}, False)
