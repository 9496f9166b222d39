"""Starting, nesting, resuming and ending runs, and which run a log call means."""

from __future__ import annotations

import gc
import random
import signal
import threading
import weakref
from decimal import Decimal
from pathlib import Path

import pytest

import jtrack
from jtrack.entities import RunKind, RunStatus, ViewType
from jtrack.errors import InvalidInputError, ParamConflictError, RunNotFoundError, RunStateError
from tests.store import processes
from tests.waiting import wait_until


def status(run: object) -> RunStatus:
    return jtrack.get_run(run).info.status


def test_a_block_is_a_run() -> None:
    with jtrack.start_run(run_name="first", tags={"team": "blue"}, description="why") as run:
        assert jtrack.active_run() is run
        assert status(run) == RunStatus.RUNNING
    assert jtrack.active_run() is None
    found = jtrack.get_run(run.run_id)
    assert found.info.status == RunStatus.FINISHED
    assert found.info.run_name == "first"
    assert found.info.description == "why"
    assert found.info.kind == RunKind.BLOCK
    assert found.data.tags["team"] == "blue"
    assert found.data.tags["mlflow.runName"] == "first"
    assert found.info.end_time is not None
    assert found.info.start_time <= found.info.end_time


def test_an_error_marks_the_run_failed_keeps_the_traceback_and_goes_on() -> None:
    with pytest.raises(ZeroDivisionError), jtrack.start_run() as run:
        1 / 0  # noqa: B018
    info = jtrack.get_run(run.run_id).info
    assert info.status == RunStatus.FAILED
    assert info.error is not None
    assert info.error.rstrip().endswith("ZeroDivisionError: division by zero")
    assert run.info.status == RunStatus.FAILED


def test_an_interrupt_marks_the_run_killed() -> None:
    with pytest.raises(KeyboardInterrupt), jtrack.start_run() as run:
        raise KeyboardInterrupt
    assert status(run) == RunStatus.KILLED


def test_logging_without_a_run_starts_one() -> None:
    jtrack.log_metric("m", 1)
    run = jtrack.active_run()
    assert run is not None
    jtrack.end_run()
    assert jtrack.get_run(run.run_id).data.metrics == {"m": 1.0}
    jtrack.end_run()


def test_a_second_run_has_to_be_nested() -> None:
    with jtrack.start_run(run_name="outer") as outer:
        with pytest.raises(RunStateError, match="run 'outer' is active") as caught:
            jtrack.start_run()
        assert "nested=True" in str(caught.value)
        with jtrack.start_run(nested=True) as inner:
            assert jtrack.active_run() is inner
            with jtrack.start_run(nested=True) as innermost:
                jtrack.log_metric("m", 1)
        assert jtrack.active_run() is outer
    assert jtrack.get_run(inner).info.parent_run_id == outer.run_id
    parent = jtrack.get_parent_run(innermost)
    assert parent is not None
    assert parent.info.run_id == inner.run_id
    assert jtrack.get_run(innermost).data.metrics == {"m": 1.0}
    assert jtrack.get_run(outer).data.metrics == {}


def test_inside_a_tracked_cell_nesting_goes_without_saying() -> None:
    with jtrack.start_run(kind=RunKind.CELL) as cell, jtrack.start_run() as run:
        assert run.info.parent_run_id == cell.run_id
    assert jtrack.active_run() is None


def test_a_run_is_taken_up_again_and_counts_on() -> None:
    with jtrack.start_run() as first:
        jtrack.log_params({"lr": 0.1, "shape": (1, 2)})
        for value in range(3):
            jtrack.log_metric("m", value)
    with jtrack.start_run(run_id=first.run_id[:12], description="more", tags={"round": 2}) as again:
        assert again.params == {"lr": 0.1, "shape": (1, 2)}
        assert status(first) == RunStatus.RUNNING
        with pytest.raises(InvalidInputError):
            jtrack.log_param("lr", 0.2)
        jtrack.log_metric("m", 3)
    assert jtrack.metric_history(first, "m").step.tolist() == [0, 1, 2, 3]
    assert status(first) == RunStatus.FINISHED
    found = jtrack.get_run(first)
    assert found.info.run_name == first.run_name
    assert found.info.description == "more"
    assert found.data.tags["round"] == "2"


def test_a_run_that_is_taken_up_again_takes_its_own_params_for_what_they_are() -> None:
    config = {"data": [Path("train.csv")], "precision": Decimal("0.1")}
    with jtrack.start_run() as first:
        jtrack.log_param("config", config)
    with jtrack.start_run(run_id=first.run_id):
        jtrack.log_param("config", config)
        with pytest.raises(ParamConflictError):
            jtrack.log_param("config", {**config, "data": [Path("test.csv")]})
    jtrack.MlflowClient().log_param(first.run_id, "config", config)


def test_a_run_is_taken_up_again_after_its_process_was_killed(store_path: Path) -> None:
    run_id = processes.run("""
        import os, jtrack
        run = jtrack.start_run(); jtrack.log_metric("m", 1); print(run.run_id, flush=True)
        os._exit(0)
    """).strip()
    assert status(run_id) == RunStatus.KILLED
    with jtrack.start_run(run_id=run_id):
        assert status(run_id) == RunStatus.RUNNING
        jtrack.log_metric("m", 2)
    assert status(run_id) == RunStatus.FINISHED
    assert jtrack.metric_history(run_id, "m").value.tolist() == [1.0, 2.0]


def test_what_comes_after_the_end_is_kept() -> None:
    with jtrack.start_run() as run:
        run.log_metric("m", 1)
    run.log_metric("m", 2, step=1)
    run.log_metric("late", 3)
    run.set_attributes(git_dirty=True)
    found = jtrack.get_run(run)
    assert found.data.metrics == {"m": 2.0, "late": 3.0}
    assert found.info.git_dirty is True
    assert found.info.status == RunStatus.FINISHED
    run.end("FAILED")
    assert status(run) == RunStatus.FINISHED


def test_a_thread_started_inside_a_run_finds_it() -> None:
    found = []
    with jtrack.start_run() as run:
        thread = threading.Thread(target=lambda: found.append(jtrack.active_run()))
        thread.start()
        thread.join()
    assert found == [run]


def test_threads_have_runs_of_their_own() -> None:
    barrier = threading.Barrier(4)
    names = {}

    def work(i: int) -> None:
        barrier.wait()
        with jtrack.start_run(run_name=f"r{i}") as run:
            barrier.wait()
            jtrack.log_metric("m", i)
            names[i] = run.run_id
            barrier.wait()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [jtrack.get_run(names[i]).data.metrics for i in range(4)] == [{"m": float(i)} for i in range(4)]
    assert jtrack.active_run() is None


def test_a_run_of_another_thread_is_neither_in_the_way_nor_around() -> None:
    begun, over = threading.Event(), threading.Event()

    def work() -> None:
        with jtrack.start_run(run_name="worker"):
            begun.set()
            over.wait()

    worker = threading.Thread(target=work)
    worker.start()
    begun.wait()
    try:
        for nested in (False, True):
            with jtrack.start_run(nested=nested) as run:
                jtrack.log_metric("m", 1)
            found = jtrack.get_run(run)
            assert (found.info.parent_run_id, found.data.metrics) == (None, {"m": 1.0})
    finally:
        over.set()
        worker.join()


def test_end_run_takes_only_statuses() -> None:
    jtrack.start_run()
    with pytest.raises(InvalidInputError, match="'DONE' is no status"):
        jtrack.end_run("DONE")
    jtrack.end_run("FAILED")


def test_runs_are_found_by_prefix_name_and_last() -> None:
    with jtrack.start_run(run_name="brave-fox") as run:
        pass
    with jtrack.start_run(run_name="calm-owl") as last:
        pass
    for address in (run.run_id, run.run_id[:10], run.run_id[:10].upper(), "brave-fox", run, jtrack.get_run(run.run_id)):
        assert jtrack.get_run(address).info.run_id == run.run_id
    assert jtrack.get_run("@last").info.run_id == last.run_id
    with pytest.raises(RunNotFoundError, match="no run 'brave-fix'") as caught:
        jtrack.get_run("brave-fix")
    assert "did you mean 'brave-fox'" in str(caught.value)
    with jtrack.start_run(run_name="calm-owl"), pytest.raises(InvalidInputError, match="fits 2 runs"):
        jtrack.get_run("calm-owl")


def test_a_deleted_run_is_out_of_sight_until_it_is_restored() -> None:
    with jtrack.start_run(run_name="gone") as run:
        pass
    jtrack.delete_run(run.run_id)
    assert jtrack.search_runs(output_format="list") == []
    with pytest.raises(RunStateError, match="is deleted"):
        jtrack.start_run(run_id=run.run_id)
    deleted = jtrack.search_runs(output_format="list", run_view_type=jtrack.ViewType.DELETED_ONLY)
    assert [found.info.run_id for found in deleted] == [run.run_id]
    jtrack.restore_run(run.run_id)
    assert len(jtrack.search_runs(output_format="list")) == 1


def test_tags_that_have_a_column_go_there() -> None:
    with jtrack.start_run() as run:
        jtrack.set_tag("mlflow.note.content", "# notes")
        jtrack.set_tag("mlflow.runName", "renamed")
        jtrack.set_tag("plain", 1)
        jtrack.delete_tag("plain")
        jtrack.delete_tag("never set")
    found = jtrack.get_run("renamed")
    assert found.info.description == "# notes"
    assert found.info.run_id == run.run_id
    assert "plain" not in found.data.tags


def test_experiments() -> None:
    wine = jtrack.set_experiment("wine")
    assert jtrack.set_experiment("wine") == wine
    with jtrack.start_run() as run:
        assert run.experiment_id == wine.experiment_id
    assert len(jtrack.search_runs(output_format="list")) == 1
    jtrack.set_experiment("beer")
    assert jtrack.search_runs(output_format="list") == []
    assert len(jtrack.search_runs(output_format="list", experiment_names=["wine"])) == 1
    assert len(jtrack.search_runs(output_format="list", experiment_names="wine")) == 1
    assert len(jtrack.search_runs(wine.experiment_id, output_format="list")) == 1
    assert len(jtrack.search_runs(output_format="list", search_all_experiments=True)) == 1
    jtrack.rename_experiment(wine.experiment_id, "red wine")
    assert jtrack.get_experiment(wine.experiment_id).name == "red wine"
    again = jtrack.set_experiment("wine")
    assert again.experiment_id != wine.experiment_id
    jtrack.delete_experiment(again.experiment_id)
    with pytest.raises(RunStateError, match="'wine' is deleted"):
        jtrack.set_experiment("wine")
    with pytest.raises(InvalidInputError, match="there is an experiment 'beer' already"):
        jtrack.create_experiment("beer")
    jtrack.set_experiment("beer")
    jtrack.set_experiment_tag("owner", "ann")
    beer = jtrack.get_experiment_by_name("beer")
    assert beer is not None
    assert beer.tags == {"owner": "ann"}
    assert jtrack.get_experiment_by_name("whisky") is None
    assert {e.name for e in jtrack.search_experiments()} == {"Default", "red wine", "beer"}


def test_the_runs_of_a_deleted_experiment_are_deleted_with_it() -> None:
    trials = jtrack.set_experiment("trials").experiment_id
    with jtrack.start_run() as run:
        jtrack.log_metric("m", 1)
    with jtrack.start_run() as dropped:
        pass
    jtrack.delete_run(dropped.run_id)

    def found(view: ViewType) -> set[str]:
        return {run.info.run_id for run in jtrack.search_runs([trials], run_view_type=view, output_format="list")}

    jtrack.delete_experiment(trials)
    assert (found(ViewType.ACTIVE_ONLY), found(ViewType.DELETED_ONLY)) == (set(), {run.run_id, dropped.run_id})
    assert jtrack.search_runs(search_all_experiments=True, output_format="list") == []
    for asked in ({}, {"experiment_id": trials}, {"run_id": run.run_id}):
        with pytest.raises(RunStateError, match=rf"experiment 'trials' is deleted\n.*restore_experiment\('{trials}'\)"):
            jtrack.start_run(**asked)
    with pytest.raises(RunStateError, match=rf"experiment 'trials' is deleted\n.*restore_experiment\('{trials}'\)"):
        jtrack.set_experiment("trials")
    jtrack.restore_experiment(trials)
    assert (found(ViewType.ACTIVE_ONLY), found(ViewType.DELETED_ONLY)) == ({run.run_id}, {dropped.run_id})
    with jtrack.start_run() as more:
        pass
    assert more.experiment_id == trials
    with pytest.raises(InvalidInputError, match="the default experiment can't be deleted"):
        jtrack.delete_experiment("0")


def test_two_processes_that_create_an_experiment_at_once_create_one(store_path: Path) -> None:
    code = """
        import jtrack
        print("ready", flush=True); sys.stdin.readline()
        print(jtrack.set_experiment("shared").experiment_id)
    """
    both = [processes.start(code), processes.start(code)]
    for process in both:
        assert processes.wait_for_line(process) == "ready"
    ids = {process.communicate("\n", timeout=60)[0] for process in both}
    assert len(ids) == 1
    assert len(jtrack.search_experiments(filter_string="name = 'shared'")) == 1


def test_a_users_seed_gives_the_same_numbers_with_and_without_a_run() -> None:
    random.seed(0)
    expected = random.random()
    random.seed(0)
    with jtrack.start_run():
        assert random.random() == expected


def test_a_script_that_ends_or_fails_without_ending_its_run(store_path: Path) -> None:
    good = processes.run("import jtrack; print(jtrack.start_run().run_id); jtrack.log_metric('m', 1)").strip()
    assert status(good) == RunStatus.FINISHED
    with processes.start("import jtrack; print(jtrack.start_run().run_id, flush=True); 1 / 0") as failing:
        bad = processes.wait_for_line(failing)
        failing.communicate()
    assert status(bad) == RunStatus.FAILED
    assert "ZeroDivisionError: division by zero" in (jtrack.get_run(bad).info.error or "")
    with processes.start("""
        import signal, time, jtrack
        signal.signal(signal.SIGINT, signal.default_int_handler)  # one that is begun in the background ignores it
        print(jtrack.start_run().run_id, flush=True)
        time.sleep(60)
    """) as waiting:
        interrupted = processes.wait_for_line(waiting)
        waiting.send_signal(signal.SIGINT)
        waiting.communicate()
    assert status(interrupted) == RunStatus.KILLED


def test_a_store_that_nobody_uses_any_more_is_let_go_of(tmp_path: Path) -> None:
    def n_syncing() -> int:
        return sum(thread.name == "jtrack-sync" for thread in threading.enumerate())

    def log_a_run(store: str) -> jtrack.ActiveRun:
        jtrack.set_tracking_uri(tmp_path / store)
        with jtrack.start_run() as run:
            jtrack.log_metric("loss", 0.5)
        assert len(jtrack.search_runs(output_format="list")) == 1
        return run

    n_before = n_syncing()
    jtrack.set_tracking_uri(tmp_path / "begun")
    begun = jtrack.MlflowClient().create_run("0")  # by a client that is gone
    ended = log_a_run("held")
    for i in range(30):
        log_a_run(f"other{i}")
    wait_until(lambda: n_syncing() < n_before + 20)
    ended.log_metric("loss", 0.25)
    jtrack.set_tracking_uri(tmp_path / "held")
    assert jtrack.metric_history(ended.run_id, "loss").value.tolist() == [0.5, 0.25]
    jtrack.set_tracking_uri(tmp_path / "begun")
    assert status(begun.info.run_id) == RunStatus.RUNNING


def test_runs_that_another_thread_ended_are_let_go_of(store_path: Path) -> None:
    begun = []
    for _ in range(3):
        run = jtrack.start_run()
        begun.append(weakref.ref(run))
        ending = threading.Thread(target=run.end)
        ending.start()
        ending.join()
    del run, ending

    def are_kept() -> list[bool]:
        gc.collect()
        return [kept() is not None for kept in begun]

    wait_until(lambda: are_kept() == [False, False, True])  # the last is the process's last run
