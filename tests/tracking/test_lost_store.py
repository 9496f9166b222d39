"""A store's folder that somebody removes under a running process: told, and made anew by the next run."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

import jtrack
from jtrack import queries
from jtrack.store import Store, StoreWarning
from jtrack.tracking.context import hold_store


def log_run(name: str) -> None:
    with jtrack.start_run(run_name=name):
        jtrack.log_param("lr", 0.1)
        jtrack.log_metric("loss", 0.5)


def stored_runs(path: Path) -> list[dict[str, object]]:
    """What a process that comes later finds."""
    query = """
    SELECT r.run_name, e.name AS experiment, r.status, p.value AS lr, m.value AS loss FROM runs r
    JOIN experiments e USING (experiment_id) JOIN params p USING (run_id) JOIN latest_metrics m USING (run_id)
    """
    with queries.using(Store(path)):
        return queries.rows(query)


@pytest.mark.parametrize("is_there_again", [False, True], ids=["removed", "made by another process"])
def test_the_next_run_makes_the_folder_anew_and_says_so(store_path: Path, is_there_again: bool) -> None:
    jtrack.set_experiment("wine")
    log_run("before")
    shutil.rmtree(store_path)
    if is_there_again:
        (store_path / "journal").mkdir(parents=True)
    with pytest.warns(StoreWarning, match="is gone, and the runs in it: a new one begins there") as told:
        log_run("after")
    assert len(told) == 1
    expected = {"experiment": "wine", "status": "FINISHED", "lr": "0.1", "loss": 0.5}
    assert stored_runs(store_path) == [{"run_name": "after", **expected}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log_run("later")
    assert [run["run_name"] for run in stored_runs(store_path)] == ["after", "later"]


def test_a_run_that_is_under_way_is_told_once_that_nothing_of_it_is_kept(store_path: Path) -> None:
    run = jtrack.start_run()
    shutil.rmtree(store_path)
    with pytest.warns(StoreWarning) as told:
        run.store.writer.beat()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.store.writer.beat()
    run.log_metric("loss", 0.5)
    run.end()
    assert [str(warning.message) for warning in told] == [
        f"{store_path} is gone: nothing is kept of the runs that are under way"
    ]


@pytest.mark.parametrize("is_held", [False, True])
def test_a_store_that_is_moved_with_the_working_folder_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_held: bool
) -> None:
    former, now = tmp_path / "former", tmp_path / "now"
    former.mkdir()
    monkeypatch.chdir(former)
    if is_held:
        hold_store()  # as a notebook does
    else:
        jtrack.set_tracking_uri(former / ".jtrack")
    jtrack.set_experiment("wine")
    log_run("before")
    with jtrack.start_run(run_name="within") as run:
        jtrack.log_param("lr", 0.1)
        former.rename(now)
        run.store.writer.beat()
        jtrack.log_metric("loss", 0.5)
    with pytest.warns(StoreWarning, match="was moved: it is .*now.*, and goes on there") as told:
        assert jtrack.get_run("within").data.metrics == {"loss": 0.5}
    log_run("after")
    assert len(told) == 1
    assert jtrack.get_tracking_uri() == str(now / ".jtrack")
    assert [run["run_name"] for run in stored_runs(now / ".jtrack")] == ["before", "within", "after"]
    assert {run["experiment"] for run in stored_runs(now / ".jtrack")} == {"wine"}
    assert not former.exists()


def test_files_of_a_run_whose_store_was_moved_are_told_to_be_at_its_old_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former, now = tmp_path / "former", tmp_path / "now"
    former.mkdir()
    monkeypatch.chdir(former)
    jtrack.set_tracking_uri(former / ".jtrack")
    with jtrack.start_run():
        jtrack.log_text("before", "before.txt")
        former.rename(now)
        with pytest.warns(StoreWarning, match="files that the run under way logs from now on are in a new folder"):
            jtrack.log_text("within", "within.txt")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            jtrack.log_text("again", "again.txt")
    assert len(list((former / ".jtrack").rglob("within.txt"))) == 1
