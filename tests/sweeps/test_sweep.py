"""A sweep: the trials of hyperopt, one run each, and what becomes of those that fail."""

from __future__ import annotations

import importlib
import json
import math
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hyperopt import Trials, anneal, fmin, hp, rand, tpe
from hyperopt.early_stop import no_progress_loss
from numpy.random import default_rng

import jtrack
from jtrack import queries
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import InvalidInputError, InvalidSpaceError, SweepError
from jtrack.store import StoreWarning
from tests.sweeps.objectives import SPACE, bowl, hyperopt_alone

X = {"x": hp.uniform("x", 0, 1)}
_FLAT = ("x", "n", "offset", "branch.kind", "branch.y", "branch.inner")


def points_of(trials: Trials) -> list[dict[str, Any]]:
    return [{key: value[0] for key, value in doc["misc"]["vals"].items() if value} for doc in trials._dynamic_trials]


def stored_points(run_id: str) -> list[dict[str, Any]]:
    rows = queries.rows(
        "SELECT detail FROM events JOIN runs ON run_id = subject WHERE events.kind = 'trial_suggested' "
        "AND parent_run_id = ? ORDER BY CAST(json_extract_string(detail, '$.tid') AS INTEGER)",
        [run_id],
    )
    return [json.loads(row["detail"])["values"] for row in rows]


@pytest.mark.parametrize(
    ("algo", "suggest", "n"),
    [
        ("tpe", tpe.suggest, 45),
        ("random", rand.suggest, 20),
        ("anneal", anneal.suggest, 25),
        (partial(tpe.suggest, n_startup_jobs=3), partial(tpe.suggest, n_startup_jobs=3), 15),
    ],
)
def test_a_seed_gives_the_trials_of_hyperopt_alone_in_the_same_order(algo: Any, suggest: Any, n: int) -> None:
    alone = hyperopt_alone(bowl, SPACE, suggest, n, seed=11)
    result = jtrack.sweep(bowl, SPACE, max_evals=n, algo=algo, seed=11)
    assert stored_points(result.run_id) == points_of(alone)
    assert [row["loss"] for row in result.rows] == alone.losses()
    assert result.best_value == alone.best_trial["result"]["loss"]


def test_a_seed_gives_the_trials_of_hyperopt_alone_when_some_fail_and_some_are_nan() -> None:
    def moody(point: dict[str, Any]) -> float:
        if point["n"] == 3:
            raise ValueError("three")
        return {5: math.nan, 6: math.inf}.get(point["n"], bowl(point))

    alone = hyperopt_alone(moody, SPACE, tpe.suggest, 50, seed=3)
    result = jtrack.sweep(moody, SPACE, max_evals=50, seed=3)
    assert stored_points(result.run_id) == points_of(alone)
    by_status = {row["status"] for row in result.rows if row["params.n"] in (3, 5, 6)}
    assert by_status == {"FAILED"}
    assert result.n_failed == sum(row["params.n"] in (3, 5, 6) for row in result.rows) > 0


def test_maximizing_is_minimizing_the_negative() -> None:
    alone = hyperopt_alone(lambda point: -bowl(point), SPACE, tpe.suggest, 30, seed=5)
    result = jtrack.sweep(bowl, SPACE, max_evals=30, maximize="height", seed=5)
    assert stored_points(result.run_id) == points_of(alone)
    assert result.best_value == max(row["height"] for row in result.rows)


def test_each_trial_is_a_run_nested_in_the_sweeps_run() -> None:
    result = jtrack.sweep(bowl, SPACE, max_evals=6, minimize="height", seed=1, run_name="bowls")
    parent = result.run
    assert (parent.info.run_name, parent.info.kind, parent.info.status) == ("bowls", RunKind.SWEEP, RunStatus.FINISHED)
    assert parent.data.params["algo"] == "tpe"
    assert (parent.data.params["minimize"], parent.data.params["seed"], parent.data.params["max_evals"]) == (
        "height",
        1,
        6,
    )
    assert parent.data.params["space.x"] == "uniform(-5, 5)"
    assert parent.data.params["space.branch"] == "choice({kind, y}, {inner, kind})"
    for index, row in enumerate(result.rows):
        run = queries.get_run(row["run_id"])
        assert (run.info.run_name, run.info.kind, run.info.status) == (f"bowls-{index}", RunKind.TRIAL, "FINISHED")
        assert run.info.parent_run_id == result.run_id
        assert set(run.data.params) <= set(_FLAT)
        assert type(run.data.params["n"]) is int and type(run.data.params["x"]) is float
        assert run.data.metrics == {"height": row["height"]}


def test_the_parent_carries_the_best_and_how_it_came_down() -> None:
    result = jtrack.sweep(bowl, SPACE, max_evals=30, seed=2)
    losses = [row["loss"] for row in result.rows]
    best = min(losses)
    assert result.best_value == best
    assert bowl(result.best_params) == best
    assert result.best_run.data.metrics == {"loss": best}
    curve = queries.metric_history(result.run_id, "best_loss")
    assert list(curve.value) == [min(losses[: n + 1]) for n in range(30)]
    assert list(curve.step) == list(range(30))
    tags = result.run.data.tags
    assert tags["best_run"] == result.best_run_id == result.rows[losses.index(best)]["run_id"]
    assert float(tags["best_value"]) == best
    assert json.loads(tags["best_params"])["x"] == result.best_params["x"]


def test_the_result_shows_itself_and_its_trials() -> None:
    result = jtrack.sweep(lambda point: point["x"], X, max_evals=4, seed=0, run_name="short")
    assert repr(result).startswith(f"sweep short ({result.run_id[:8]}): 4 trials\nbest loss ")
    frame = result.trials
    assert list(frame["tid"]) == [0, 1, 2, 3]
    assert list(frame["loss"]) == list(frame["params.x"])
    assert (frame["duration_s"] >= 0).all()


def test_the_objective_may_log_its_metric_or_return_it_by_name() -> None:
    def logs(point: dict[str, float]) -> None:
        for step in range(3):
            jtrack.log_metric("rmse", point["x"] + step, step=step)

    logged = jtrack.sweep(logs, X, max_evals=3, minimize="rmse", seed=0)
    assert [row["rmse"] for row in logged.rows] == [row["params.x"] + 2 for row in logged.rows]
    curve = queries.metric_history(logged.best_run_id, "rmse")
    assert len(curve) == 3  # what was logged is not logged again

    def returns(point: dict[str, float]) -> dict[str, Any]:
        return {"acc": point["x"], "size": 3, "note": "text"}

    returned = jtrack.sweep(returns, X, max_evals=3, maximize="acc", seed=0)
    assert returned.best_run.data.metrics == {"acc": returned.best_value, "size": 3.0}
    hyperopts = jtrack.sweep(lambda point: {"loss": point["x"], "status": "ok"}, X, max_evals=3, seed=0)
    assert hyperopts.best_value == min(row["params.x"] for row in hyperopts.rows)


def test_a_trial_that_raises_has_failed_and_the_sweep_goes_on() -> None:
    def picky(point: dict[str, float]) -> float:
        if point["x"] > 0.5:
            raise ValueError("too\nlarge")
        return point["x"]

    result = jtrack.sweep(picky, X, max_evals=12, algo="random", seed=1)
    failed = [row for row in result.rows if row["status"] == "FAILED"]
    assert len(failed) == result.n_failed == sum(row["params.x"] > 0.5 for row in result.rows) > 0
    assert all(row["error"].endswith("ValueError: too\nlarge") for row in failed)
    assert all("trial.py" not in row["error"] for row in failed)
    assert result.run.info.status == RunStatus.FINISHED
    assert result.best_value is not None and result.best_value <= 0.5


def test_hyperopts_own_word_for_a_failure_is_taken() -> None:
    def says(point: dict[str, float]) -> dict[str, Any]:
        return {"status": "fail"} if point["x"] > 0.5 else {"status": "ok", "loss": point["x"]}

    result = jtrack.sweep(says, X, max_evals=12, algo="random", seed=1)
    assert {row["status"] for row in result.rows if row["params.x"] > 0.5} == {"FAILED"}


@pytest.mark.parametrize(("value", "said"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_a_loss_that_is_not_finite_fails_its_trial_and_is_never_the_best(value: float, said: str) -> None:
    result = jtrack.sweep(lambda point: value if point["x"] > 0.5 else point["x"], X, max_evals=30, seed=1)
    failed = [row for row in result.rows if row["status"] == "FAILED"]
    assert failed and all(row["error"] == f"loss is {said}, which can't be compared" for row in failed)
    assert result.best_value == min(row["params.x"] for row in result.rows)


def test_too_many_failures_end_the_sweep_and_what_was_finished_stays() -> None:
    def picky(point: dict[str, float]) -> float:
        if point["x"] > 0.3:
            raise ValueError("too large")
        return point["x"]

    with pytest.raises(SweepError, match=r"3 trials failed, and 2 may; the first: ValueError: too large"):
        jtrack.sweep(picky, X, max_evals=50, algo="random", seed=1, max_failures=2, run_name="strict")
    run = queries.get_run("strict")
    assert run.info.status == RunStatus.FAILED
    assert run.info.error is not None and run.info.error.startswith("3 trials failed")
    (counted,) = queries.rows("SELECT count(*) AS n FROM runs WHERE parent_run_id = ?", [run.info.run_id])
    assert counted["n"] >= 3


def test_an_objective_that_always_fails_ends_the_sweep_early() -> None:
    calls = []

    def broken(point: dict[str, float]) -> float:
        calls.append(point)
        raise KeyError("typo")

    with pytest.raises(SweepError, match=r"the first 10 trials all failed; the first: KeyError: 'typo'"):
        jtrack.sweep(broken, X, max_evals=1000, seed=1)
    assert len(calls) == 10
    with pytest.raises(SweepError, match=r"all 2 trials failed"):
        jtrack.sweep(broken, X, max_evals=2, seed=1)


def test_a_metric_that_is_never_set_ends_the_sweep_after_one_trial() -> None:
    with pytest.raises(SweepError, match=r"never set 'rmse'") as caught:
        jtrack.sweep(lambda point: jtrack.log_metric("rmsle", 1.0), X, max_evals=50, minimize="rmse", run_name="unset")
    assert caught.value.hint == "return a number, or jtrack.log_metric('rmse', value)"
    (trial,) = queries.rows("SELECT status, error FROM runs WHERE kind = 'trial'")
    assert trial["status"] == "FAILED" and "never set 'rmse'" in trial["error"]
    assert queries.get_run("unset").info.status == RunStatus.FAILED


def test_sweeps_nest_in_trials_and_in_runs() -> None:
    def outer(point: dict[str, float]) -> float:
        inner = jtrack.sweep(lambda p: p["x"] + point["x"], X, max_evals=3, seed=1)
        assert inner.best_value is not None
        return inner.best_value

    with jtrack.start_run(run_name="whole") as whole:
        result = jtrack.sweep(outer, X, max_evals=2, seed=1)
        assert jtrack.active_run() is whole
    depth = queries.rows(
        "WITH RECURSIVE tree AS (SELECT run_id, kind, 0 AS depth FROM runs WHERE run_name = 'whole' UNION ALL "
        "SELECT r.run_id, r.kind, depth + 1 FROM runs r JOIN tree t ON r.parent_run_id = t.run_id) "
        "SELECT depth, kind, count(*) AS n FROM tree GROUP BY ALL ORDER BY depth"
    )
    assert [(row["depth"], row["kind"], row["n"]) for row in depth] == [
        (0, "block", 1),
        (1, "sweep", 1),
        (2, "trial", 2),
        (3, "sweep", 2),
        (4, "trial", 6),
    ]
    assert result.run.info.parent_run_id == whole.run_id


def test_a_sweep_stops_where_hyperopts_early_stop_says() -> None:
    jtrack.sweep(bowl, SPACE, max_evals=200, seed=4, early_stop=no_progress_loss(8), run_name="patient")
    trials = Trials()
    options = {"algo": tpe.suggest, "rstate": default_rng(4), "show_progressbar": False, "verbose": False}
    fmin(bowl, SPACE, max_evals=200, trials=trials, early_stop_fn=no_progress_loss(8), **options)
    (counted,) = queries.rows("SELECT count(*) AS n FROM runs WHERE kind = 'trial'")
    assert counted["n"] == len(trials.trials) < 200


def test_a_timeout_begins_no_new_trial_and_tells_the_one_under_way() -> None:
    seen = []

    def slow(point: dict[str, float]) -> float:
        run = jtrack.active_run()
        assert run is not None
        until = time.monotonic() + 20
        while not run.should_stop and time.monotonic() < until:
            time.sleep(0.01)
        seen.append(point)
        return point["x"]

    began = time.monotonic()
    result = jtrack.sweep(slow, X, max_evals=50, timeout=0.3, seed=1)
    assert time.monotonic() - began < 10
    assert len(seen) == result.n_trials == 1
    assert result.best_run.data.tags["stopped_by"] == "timeout"


def test_the_sweep_can_be_stopped_from_outside() -> None:
    from jtrack.tracking.live import ask_to_stop

    def asks(point: dict[str, float]) -> float:
        parent = jtrack.active_run().outer  # type: ignore[union-attr]
        ask_to_stop(parent.store, parent.run_id)
        time.sleep(0.15)  # messages are looked for ten times a second
        return point["x"]

    result = jtrack.sweep(asks, X, max_evals=50, seed=1)
    assert result.n_trials < 5
    assert result.run.info.status == RunStatus.FINISHED


def test_an_interrupt_ends_trial_and_sweep_as_killed_and_keeps_the_rest() -> None:
    calls: list[float] = []

    def interrupted(point: dict[str, float]) -> float:
        calls.append(point["x"])
        if len(calls) == 4:
            raise KeyboardInterrupt
        return point["x"]

    with pytest.raises(KeyboardInterrupt):
        jtrack.sweep(interrupted, X, max_evals=50, seed=1, run_name="cut")
    statuses = queries.rows("SELECT status, count(*) AS n FROM runs WHERE kind = 'trial' GROUP BY status ORDER BY 1")
    assert statuses == [{"status": "FINISHED", "n": 3}, {"status": "KILLED", "n": 1}]
    sweep = queries.get_run("cut")
    assert sweep.info.status == RunStatus.KILLED
    assert float(sweep.data.tags["best_value"]) == min(calls[:3])
    assert jtrack.active_run() is None


def test_a_store_that_goes_away_in_the_middle_does_not_end_the_sweep(store_path: Path) -> None:
    calls: list[float] = []

    def careless(point: dict[str, float]) -> float:
        calls.append(point["x"])
        if len(calls) == 3:
            shutil.rmtree(store_path)
        return point["x"]

    with pytest.warns(StoreWarning) as told:
        result = jtrack.sweep(careless, X, max_evals=8, seed=1)
    (warning,) = told
    assert f"{store_path} is gone, after 3 trials" in str(warning.message)
    assert len(calls) == 8
    assert result.best_value == min(calls)


def test_a_grid_ends_where_its_points_do() -> None:
    space = {"a": hp.choice("a", [1, 2]), "b": hp.choice("b", ["x", "y", "z"])}
    result = jtrack.sweep(lambda p: p["a"], space, max_evals=100, algo="grid")
    assert [(row["params.a"], row["params.b"]) for row in result.rows] == [(a, b) for a in (1, 2) for b in "xyz"]


@pytest.mark.filterwarnings("ignore")  # of the libraries under it
def test_atpe_searches_where_it_is_installed(could_not_run: Callable[[str], NoReturn]) -> None:
    try:
        importlib.import_module("lightgbm")
    except ImportError:
        could_not_run("a search with atpe: pip install lightgbm")
    space = {"x": hp.uniform("x", -5, 5), "y": hp.lognormal("y", 0, 1)}
    result = jtrack.sweep(lambda point: abs(point["x"]) + point["y"], space, max_evals=25, algo="atpe", seed=1)
    assert result.n_trials == 25
    assert result.n_failed == 0


def test_an_algorithm_that_fails_of_itself_is_named_in_one_line() -> None:
    def confused(ids: Any, domain: Any, trials: Any, seed: int) -> Any:
        raise IndexError("list index out of range")

    with pytest.raises(SweepError, match="the algorithm came to no next point: IndexError: list index") as caught:
        jtrack.sweep(lambda point: point["x"], X, max_evals=3, algo=confused)
    assert "\n" not in caught.value.message


def test_a_trial_that_ends_its_own_run_counts_like_any_other() -> None:
    def tidy(point: dict[str, float]) -> float:
        jtrack.end_run()
        return point["x"]

    result = jtrack.sweep(tidy, X, max_evals=4, seed=1)
    assert [(row["status"], row["loss"]) for row in result.rows] == [
        ("FINISHED", row["params.x"]) for row in result.rows
    ]


def test_keys_of_a_space_need_not_be_texts() -> None:
    space = {"layers": {0: hp.uniform("a", 0, 1), 1: hp.uniform("b", 0, 1)}, "lr": hp.uniform("c", 0, 1)}
    result = jtrack.sweep(lambda point: point["layers"][0] + point["lr"], space, max_evals=3, seed=1)
    assert {key for key in result.rows[0] if key.startswith("params.")} == {
        "params.layers.0",
        "params.layers.1",
        "params.lr",
    }
    pairs = {("x", 2): hp.uniform("d", 0, 1)}
    result = jtrack.sweep(lambda point: point[("x", 2)], pairs, max_evals=3, seed=1)
    assert result.rows[0]["params.('x', 2)"] == result.rows[0]["loss"]


@pytest.mark.parametrize("executor", ["process", 3])
def test_what_can_not_begin_leaves_no_run(executor: Any) -> None:
    jtrack.sweep(lambda point: point["x"], X, max_evals=2, seed=1, run_name="done")
    for resume in (None, "done"):
        with pytest.raises(InvalidInputError, match="is no executor"):
            jtrack.sweep(lambda point: point["x"], X, max_evals=4, executor=executor, resume=resume)
    assert queries.rows("SELECT run_name, status FROM runs WHERE kind = 'sweep'") == [
        {"run_name": "done", "status": "FINISHED"}
    ]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"space": {}}, InvalidSpaceError, "nothing to search"),
        ({"space": hp.normal("x", 0, -1)}, InvalidSpaceError, "nothing can be drawn from 'x': scale < 0"),
        ({"seed": "one"}, InvalidInputError, "seed is a whole number from 0 on, not 'one'"),
        ({"seed": -1}, InvalidInputError, "seed is a whole number from 0 on, not -1"),
        ({"max_evals": 0}, InvalidInputError, "max_evals is a whole number from 1 on, not 0"),
        ({"parallelism": 1.5}, InvalidInputError, "parallelism is a whole number"),
        ({"timeout": -1}, InvalidInputError, "timeout is a number of seconds above 0"),
        ({"timeout": "10"}, InvalidInputError, "timeout is a number of seconds above 0, not '10'"),
        ({"max_failures": "10"}, InvalidInputError, "max_failures is a whole number from 0 on, not '10'"),
        ({"space": hp.choice("x", [])}, InvalidSpaceError, "'x' is a choice of nothing"),
        ({"objective": lambda point: "low"}, SweepError, "metric 'loss' is a number, not str: 'low'"),
        ({"objective": lambda point: [1.0, 2.0]}, SweepError, "metric 'loss' is a number, not list"),
        ({"objective": lambda point: {"acc": 1}}, SweepError, "never set 'loss': it returned a dict of 'acc'"),
        ({"minimize": "a", "maximize": "b"}, InvalidInputError, "give minimize= or maximize="),
        ({"algo": "tpee"}, InvalidInputError, "did you mean 'tpe'?"),
        ({"algo": 3}, InvalidInputError, "3 is no algorithm"),
        ({"objective": 3}, InvalidInputError, "the objective is a function, not int"),
        ({"executor": "clouds"}, InvalidInputError, "'clouds' is no executor"),
        ({"early_stop": "soon"}, InvalidInputError, "there is no rule 'soon'"),
        ({"early_stop": ["median", "halving"]}, InvalidInputError, "one rule stops trials"),
    ],
)
def test_wrong_arguments_are_one_clear_line(options: dict[str, Any], error: type[Exception], words: str) -> None:
    arguments = {"objective": bowl, "space": SPACE, "max_evals": 3, **options}
    with pytest.raises(error) as caught:
        jtrack.sweep(arguments.pop("objective"), arguments.pop("space"), **arguments)
    assert words in str(caught.value)
    assert jtrack.active_run() is None
