"""A sweep that was cut off is taken up: nothing that ended runs again, and it comes out as if it had never been cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hyperopt import hp
from hyperopt.early_stop import no_progress_loss

import jtrack
from jtrack import queries
from jtrack.errors import InvalidInputError, RunNotFoundError, RunStateError, SweepError
from tests.sweeps.objectives import SPACE, bowl, curve
from tests.sweeps.programs import N

ROOT = Path(__file__).parents[2]
X = {"x": hp.uniform("x", 0, 1)}


def start(folder: Path, resume: str, slow_s: float) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JTRACK_TRACKING_URI": str(folder / ".jtrack")}
    command = [sys.executable, "-m", "tests.sweeps.programs", resume, str(slow_s)]
    return subprocess.Popen(command, cwd=folder, env=environment)


def calls(folder: Path) -> list[str]:
    path = folder / "calls.txt"
    return path.read_text().split() if path.exists() else []


def kill_after(folder: Path, process: subprocess.Popen[bytes], n: int) -> None:
    until = time.monotonic() + 60
    while len(calls(folder)) < n and time.monotonic() < until:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def trials(folder: Path) -> list[tuple[Any, ...]]:
    jtrack.set_tracking_uri(folder / ".jtrack")
    (sweep,) = queries.rows("SELECT run_id FROM runs WHERE kind = 'sweep'")
    rows = queries.rows(
        "SELECT r.run_name, r.status, p.value AS x, m.value AS loss FROM runs r JOIN params p ON p.run_id = r.run_id "
        "AND p.key = 'x' LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = 'loss' "
        "WHERE parent_run_id = ? AND r.status <> 'KILLED' ORDER BY r.started_at",
        [sweep["run_id"]],
    )
    return [tuple(row.values()) for row in rows]


@pytest.mark.slow
def test_a_sweep_that_was_killed_twice_ends_as_one_that_never_was(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    assert start(whole, "-", 0).wait() == 0
    cut = tmp_path / "cut"
    kill_after(cut, start(cut, "-", 0.03), 12)
    kill_after(cut, start(cut, "long", 0.03), 28)
    assert start(cut, "@last", 0).wait() != 0  # the last run is a trial
    assert start(cut, "long", 0).wait() == 0

    assert trials(cut) == trials(whole)
    assert len(trials(cut)) == N
    # The two that were under way are called again, at the same point; nothing else is.
    assert list(dict.fromkeys(calls(cut))) == calls(whole)
    assert len(calls(cut)) <= N + 2
    sweep = queries.get_run("long")
    assert sweep.info.status == "FINISHED"
    finished = [loss for _, status, _, loss in trials(whole) if status == "FINISHED"]
    assert float(sweep.data.tags["best_value"]) == min(finished)
    best = queries.metric_history("long", "best_loss")
    assert best.value[-1] == min(finished)


def interrupted(n: int, **options: Any) -> list[float]:
    """Run a sweep called "cut" that is interrupted in its ``n``-th trial; gives the points of all calls."""
    seen: list[float] = []

    def objective(point: dict[str, float]) -> float:
        seen.append(point["x"])
        if len(seen) == n:
            raise KeyboardInterrupt
        return point["x"]

    with pytest.raises(KeyboardInterrupt):
        jtrack.sweep(objective, X, run_name="cut", **{"max_evals": 12, **options})
    return seen


@pytest.mark.parametrize("algo", ["tpe", "random", "anneal", "grid"])
def test_an_interrupted_sweep_goes_on_with_every_algorithm(algo: str) -> None:
    before = interrupted(5, algo=algo, seed=3)
    after: list[float] = []

    def objective(point: dict[str, float]) -> float:
        after.append(point["x"])
        return point["x"]

    result = jtrack.sweep(objective, X, max_evals=12, algo=algo, seed=3, resume="cut")
    whole = jtrack.sweep(lambda point: point["x"], X, max_evals=12, algo=algo, seed=3)
    assert before[:4] + after == [row["params.x"] for row in whole.rows]
    assert before[4] == after[0]
    assert (result.best_value, result.n_trials) == (whole.best_value, 12)
    assert [row["tid"] for row in result.rows if row["status"] != "KILLED"] == list(range(12))


@pytest.mark.parametrize("early_stop", ["median", "halving"])
def test_what_stops_hopeless_trials_knows_those_of_the_earlier_life(early_stop: str) -> None:
    seen: list[int] = []

    def stops(point: dict[str, float]) -> None:
        seen.append(len(seen))
        if len(seen) == 13:
            raise KeyboardInterrupt
        curve(point)

    options: dict[str, Any] = {"max_evals": 20, "algo": "random", "seed": 2, "early_stop": early_stop}
    with pytest.raises(KeyboardInterrupt):
        jtrack.sweep(stops, X, run_name="cut", **options)
    resumed = jtrack.sweep(curve, X, resume="cut", **options)
    whole = jtrack.sweep(curve, X, **options)
    n_points = "SELECT n_points FROM latest_metrics WHERE run_id = ? AND key = 'loss'"
    steps = [
        [queries.rows(n_points, [row["run_id"]])[0]["n_points"] for row in result.rows if row["status"] == "FINISHED"]
        for result in (resumed, whole)
    ]
    assert steps[0] == steps[1]
    assert steps[1][12] < 20  # the first of the second life is stopped by what the first life saw


def test_it_goes_on_inside_of_a_run_as_it_can_begin_there() -> None:
    interrupted(5, seed=3)
    with jtrack.start_run(run_name="around") as around:
        result = jtrack.sweep(lambda point: point["x"], X, max_evals=12, resume="cut")
        assert jtrack.active_run() is around
    assert (result.n_trials, result.run.info.status) == (12, "FINISHED")


def test_a_sweep_that_too_many_failures_ended_goes_on_when_they_are_mended() -> None:
    def broken(point: dict[str, float]) -> float:
        raise ValueError("typo")

    with pytest.raises(SweepError, match="3 trials failed, and 2 may; the first: ValueError: typo"):
        jtrack.sweep(broken, X, max_evals=9, seed=1, max_failures=2, run_name="broken")
    with pytest.raises(SweepError, match="3 trials failed, and 2 may"):
        jtrack.sweep(broken, X, max_evals=9, max_failures=2, resume="broken")
    result = jtrack.sweep(lambda point: point["x"], X, max_evals=9, max_failures=2, resume="broken")
    assert (result.n_trials, result.n_failed, result.run.info.status) == (9, 6, "FINISHED")


def test_what_failed_in_an_earlier_life_is_still_told() -> None:
    def broken(point: dict[str, float]) -> float:
        raise ValueError("typo")

    for resume in (None, "broken"):
        with pytest.raises(SweepError, match="all 2 trials failed; the first: ValueError: typo"):
            jtrack.sweep(broken, X, max_evals=2, seed=1, resume=resume, run_name="broken")


def test_a_finished_sweep_can_be_made_longer() -> None:
    first = jtrack.sweep(bowl, SPACE, max_evals=25, seed=6, run_name="grows")
    longer = jtrack.sweep(bowl, SPACE, max_evals=40, resume=first.run)
    whole = jtrack.sweep(bowl, SPACE, max_evals=40, seed=6)
    assert longer.run_id == first.run_id
    assert [row["loss"] for row in longer.rows] == [row["loss"] for row in whole.rows]
    assert jtrack.sweep(bowl, SPACE, max_evals=40, resume=True).run_id == whole.run_id


def test_the_seed_that_was_drawn_is_kept_for_later() -> None:
    seen = interrupted(4)
    result = jtrack.sweep(lambda point: point["x"], X, max_evals=12, resume="cut")
    assert result.rows[3]["params.x"] == seen[3]
    seed = result.run.data.params["seed"]
    again = jtrack.sweep(lambda point: point["x"], X, max_evals=12, seed=seed)
    stored = [row["params.x"] for row in result.rows if row["status"] != "KILLED"]
    assert [row["params.x"] for row in again.rows] == stored


def test_hyperopts_early_stop_goes_on_where_it_was() -> None:
    def stop() -> Any:
        return no_progress_loss(6)

    whole = jtrack.sweep(lambda point: point["x"], X, max_evals=100, seed=3, early_stop=stop())
    assert 4 < whole.n_trials < 100
    interrupted(whole.n_trials - 2, max_evals=100, seed=3, early_stop=stop())
    resumed = jtrack.sweep(lambda point: point["x"], X, max_evals=100, seed=3, early_stop=stop(), resume="cut")
    assert resumed.n_trials == whole.n_trials


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"space": {"x": hp.uniform("x", 0, 2)}}, "another space.x: it was uniform(0, 1), and is uniform(0, 2)"),
        ({"space": {**X, "y": hp.uniform("y", 0, 1)}}, "another space.y: it was nothing, and is uniform(0, 1)"),
        ({"algo": "random"}, "another algo: it was tpe, and is random"),
        ({"seed": 4}, "another seed: it was 3, and is 4"),
        ({"minimize": "rmse"}, "another minimize: it was loss, and is rmse"),
    ],
)
def test_a_sweep_that_searches_something_else_can_not_take_it_up(options: dict[str, Any], words: str) -> None:
    interrupted(3, seed=3)
    arguments = {"space": X, "max_evals": 12, "resume": "cut", **options}
    with pytest.raises(InvalidInputError) as caught:
        jtrack.sweep(lambda point: point["x"], arguments.pop("space"), **arguments)
    assert words in str(caught.value)
    assert queries.get_run("cut").info.status == "KILLED"


def test_only_a_sweep_that_is_there_and_does_not_run_can_be_taken_up() -> None:
    with pytest.raises(RunNotFoundError):
        jtrack.sweep(bowl, SPACE, max_evals=3, resume=True)
    with jtrack.start_run(run_name="plain"):
        pass
    with pytest.raises(InvalidInputError, match="run 'plain' is a block, not a sweep"):
        jtrack.sweep(bowl, SPACE, max_evals=3, resume="plain")

    def takes_up_itself(point: dict[str, float]) -> float:
        with pytest.raises(RunStateError, match="sweep 'self' is still running"):
            jtrack.sweep(bowl, SPACE, max_evals=3, resume="self")
        return point["x"]

    jtrack.sweep(takes_up_itself, X, max_evals=1, run_name="self")
