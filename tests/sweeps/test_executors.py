"""Trials in threads and in processes: the same runs in the same store, and what a dead worker costs."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hyperopt import hp

import jtrack
from jtrack import queries
from jtrack.errors import SweepError, UnpicklableError
from jtrack.sweeps import ProcessExecutor
from tests.sweeps.objectives import SPACE, bowl, curve, deadly

X = {"x": hp.uniform("x", 0, 1)}


def n_points(run_id: str, key: str) -> dict[str, int]:
    rows = queries.rows(
        "SELECT r.run_name, m.n_points FROM runs r JOIN latest_metrics m USING (run_id) "
        "WHERE parent_run_id = ? AND m.key = ?",
        [run_id, key],
    )
    return {row["run_name"]: row["n_points"] for row in rows}


def test_threads_run_side_by_side_each_in_its_own_run() -> None:
    gate = threading.Barrier(4, timeout=20)

    def meets(point: dict[str, float]) -> None:
        gate.wait()
        for step in range(50):
            jtrack.log_metric("loss", point["x"] + step)

    result = jtrack.sweep(meets, X, max_evals=8, parallelism=4, algo="random", seed=1)
    assert [row["loss"] for row in result.rows] == [row["params.x"] + 49 for row in result.rows]
    assert set(n_points(result.run_id, "loss").values()) == {50}
    assert sorted(row["tid"] for row in result.rows) == list(range(8))


def test_an_executor_of_ones_own_is_used_and_left_open() -> None:
    with ThreadPoolExecutor(3) as executor:
        result = jtrack.sweep(bowl, SPACE, max_evals=9, executor=executor, seed=1)
        assert executor.submit(int, "3").result() == 3
    assert result.n_trials == 9


def test_processes_run_what_is_defined_here_and_log_into_the_same_store() -> None:
    scale = 2.0

    def local(point: dict[str, float]) -> float:
        for step in range(30):
            jtrack.log_metric("loss", scale * point["x"], step=step)
        jtrack.log_param("pid", os.getpid())
        return scale * point["x"]

    result = jtrack.sweep(local, X, max_evals=8, executor="processes", parallelism=2, seed=1)
    rows = result.rows
    assert [row["loss"] for row in rows] == [scale * row["params.x"] for row in rows]
    assert set(n_points(result.run_id, "loss").values()) == {30}
    pids = {row["params.pid"] for row in rows}
    assert len(pids) == 2 and os.getpid() not in pids
    assert {row["status"] for row in rows} == {"FINISHED"}


def test_a_failure_in_a_process_has_its_traceback() -> None:
    def picky(point: dict[str, float]) -> float:
        if point["x"] > 0.5:
            raise ValueError("too large")
        return point["x"]

    result = jtrack.sweep(picky, X, max_evals=8, executor="processes", parallelism=2, algo="random", seed=1)
    failed = [row for row in result.rows if row["status"] == "FAILED"]
    assert failed and all(row["error"].endswith("ValueError: too large") for row in failed)
    assert all("in picky" in row["error"] and "trial.py" not in row["error"] for row in failed)


@pytest.mark.slow
def test_a_killed_worker_costs_its_trial_and_nothing_else() -> None:
    result = jtrack.sweep(deadly, X, max_evals=12, executor="processes", parallelism=3, algo="random", seed=1)
    rows = result.rows
    assert len(rows) == result.n_trials == 12
    for row in rows:
        assert row["status"] == ("KILLED" if row["params.x"] > 0.5 else "FINISHED")
    assert result.n_failed == sum(row["params.x"] > 0.5 for row in rows) > 0
    # What the dying worker had logged is there.
    assert len(n_points(result.run_id, "seen")) == result.n_failed
    assert result.best_value == min(row["params.x"] for row in rows)


def test_a_worker_killed_from_outside_is_replaced() -> None:
    with ProcessExecutor(2) as executor:
        assert executor.submit(os.getpid).result() == executor.pids[0]
        hanging = executor.submit(time.sleep, 60)
        other = executor.submit(os.getpid)
        victim = next(pid for pid in executor.pids if pid != other.result())
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(RuntimeError, match=f"its worker process {victim} was killed by signal 9"):
            hanging.result(timeout=20)
        assert executor.submit(pow, 2, 10).result(timeout=20) == 1024
    assert all(not _exists(pid) for pid in executor.pids)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_errors_of_a_call_come_back_as_they_are() -> None:
    class Odd(Exception):
        def __reduce__(self) -> Any:
            raise TypeError("not me")

    def raises_odd() -> None:
        raise Odd("strange")

    with ProcessExecutor(1) as executor:
        with pytest.raises(ZeroDivisionError):
            executor.submit(lambda: 1 / 0).result()
        with pytest.raises(RuntimeError, match="Odd: strange"):
            executor.submit(raises_odd).result()
        executor.submit(print, "kept away from the replies").result()
        assert executor.submit(len, "four").result() == 4


def test_an_interrupt_ends_the_workers_at_once() -> None:
    def stop(trials: Any, *args: Any) -> Any:
        raise KeyboardInterrupt

    def slow(point: dict[str, float]) -> float:
        if point["x"] > 0.1:
            Path("begun").touch()
            time.sleep(60)
        while not Path("begun").exists():
            time.sleep(0.01)
        return point["x"]

    space = {"x": hp.choice("x", [0.0, 1.0])}
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        jtrack.sweep(
            slow, space, max_evals=9, executor="processes", parallelism=2, algo="grid", early_stop=stop, run_name="cut"
        )
    assert time.monotonic() - began < 30
    until = time.monotonic() + 10
    while _statuses() != {"FINISHED": 1, "KILLED": 1} and time.monotonic() < until:
        time.sleep(0.05)
    assert _statuses() == {"FINISHED": 1, "KILLED": 1}
    assert queries.get_run("cut").info.status == "KILLED"


def test_an_interrupt_ends_the_runs_of_threads() -> None:
    release = threading.Event()

    def stop(trials: Any, *args: Any) -> Any:
        raise KeyboardInterrupt

    def slow(point: dict[str, float]) -> float:
        if point["x"] > 0.1:
            release.wait(60)
        return point["x"]

    space = {"x": hp.choice("x", [1.0, 0.0])}
    with pytest.raises(KeyboardInterrupt):
        jtrack.sweep(slow, space, max_evals=9, parallelism=2, algo="grid", early_stop=stop, run_name="cut")
    assert _statuses() == {"FINISHED": 1, "KILLED": 1}
    release.set()
    time.sleep(0.2)
    assert _statuses() == {"FINISHED": 1, "KILLED": 1}  # the thread's late end changes nothing
    resumed = jtrack.sweep(lambda point: point["x"], space, max_evals=9, algo="grid", resume="cut")
    assert [row["tid"] for row in resumed.rows if row["status"] == "FINISHED"] == [0, 1]


def _statuses() -> dict[str, int]:
    rows = queries.rows("SELECT status, count(*) AS n FROM runs WHERE kind = 'trial' GROUP BY status")
    return {row["status"]: row["n"] for row in rows}


def test_what_can_not_be_pickled_is_named() -> None:
    lock = threading.Lock()

    class Data:
        def __init__(self) -> None:
            self.guard = lock

    data = Data()

    def helper() -> Any:
        return data

    def objective(point: dict[str, float]) -> float:
        return point["x"] if helper() else 0.0

    with pytest.raises(UnpicklableError) as caught:
        jtrack.sweep(objective, X, max_evals=3, executor="processes", run_name="stuck")
    assert "the objective can't be sent to another process: helper → data → guard (_thread.lock)" in str(caught.value)
    assert "executor='threads'" in str(caught.value)
    assert queries.rows("SELECT run_id FROM runs WHERE run_name = 'stuck'") == []  # it has never begun
    assert jtrack.sweep(objective, X, max_evals=3, parallelism=2).n_trials == 3


def test_a_point_that_can_not_be_pickled_is_named() -> None:
    space = {"x": hp.choice("x", [threading.Lock(), 1])}
    with pytest.raises(UnpicklableError, match=r"the point of a trial can't be sent .*_thread\.lock"):
        jtrack.sweep(lambda point: 1.0, space, max_evals=9, executor="processes", algo="grid")


def test_a_pool_that_breaks_ends_the_sweep_in_one_line() -> None:
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with pool, pytest.raises(SweepError, match="the executor gave up") as caught:
        jtrack.sweep(deadly, X, max_evals=50, executor=pool, algo="random", seed=1, run_name="fragile")
    assert caught.value.hint is not None and "resume=" in caught.value.hint
    assert queries.get_run("fragile").info.status == "FAILED"
    resumed = jtrack.sweep(lambda point: point["x"], X, max_evals=12, algo="random", resume="fragile")
    assert resumed.n_trials == 12


def test_a_standard_process_pool_serves() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        result = jtrack.sweep(curve, X, max_evals=4, executor=pool, seed=1)
    assert set(n_points(result.run_id, "loss").values()) == {20}
