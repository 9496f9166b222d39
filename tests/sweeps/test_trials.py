"""``fmin(…, trials=jtrack.Trials())``: hyperopt's own code, recorded with no other change."""

from __future__ import annotations

import json
import pickle
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import STATUS_FAIL, STATUS_OK, fmin, fmin_pass_expr_memo_ctrl, hp, pyll, space_eval, tpe

import jtrack
from jtrack import queries
from jtrack.tracking import current_store
from jtrack.tracking.live import ask_to_stop
from tests.sweeps.objectives import SPACE, bowl, hyperopt_alone

X = {"x": hp.uniform("x", 0, 1)}


def search(objective: Any, space: Any, trials: Any, n: int, **options: Any) -> Any:
    given = {"algo": tpe.suggest, "rstate": np.random.default_rng(5), "show_progressbar": False, "verbose": False}
    return fmin(objective, space, max_evals=n, trials=trials, **{**given, **options})


def runs_of(trials: jtrack.Trials) -> list[dict[str, Any]]:
    return queries.rows(
        "SELECT r.*, m.value AS loss FROM runs r LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = 'loss' "
        "WHERE parent_run_id = ? ORDER BY started_at",
        [trials.run_id],
    )


def test_it_finds_what_hyperopt_finds_and_records_every_trial() -> None:
    alone = hyperopt_alone(bowl, SPACE, tpe.suggest, 30, seed=5)
    trials = jtrack.Trials(run_name="plain")
    best = search(bowl, SPACE, trials, 30)
    assert trials.losses() == alone.losses()
    assert best == alone.argmin
    runs = runs_of(trials)
    assert [run["loss"] for run in runs] == alone.losses()
    assert {(run["kind"], run["status"]) for run in runs} == {("trial", "FINISHED")}
    sweep = queries.get_run("plain")
    assert sweep.info.kind == "sweep"
    assert (sweep.data.params["algo"], sweep.data.params["space.x"]) == ("tpe", "uniform(-5, 5)")
    assert sweep.data.metrics["best_loss"] == min(alone.losses())
    assert sweep.data.tags["best_run"] == min(runs, key=lambda run: run["loss"])["run_id"]
    first = queries.get_run(runs[0]["run_id"])
    assert first.data.params["branch.kind"] == space_eval(SPACE, _values(trials, 0))["branch"]["kind"]


def _values(trials: Any, index: int) -> dict[str, Any]:
    return {key: value[0] for key, value in trials.trials[index]["misc"]["vals"].items() if value}


def test_a_second_search_goes_on_in_the_same_sweep() -> None:
    trials = jtrack.Trials()
    search(bowl, SPACE, trials, 4)
    search(bowl, SPACE, trials, 7)
    assert len(runs_of(trials)) == 7
    assert len(queries.rows("SELECT * FROM runs WHERE kind = 'sweep'")) == 1


def test_an_error_is_hyperopts_to_handle_and_marks_the_trial() -> None:
    def picky(point: dict[str, float]) -> float:
        if point["x"] > 0.5:
            raise ValueError("too large")
        return point["x"]

    trials = jtrack.Trials()
    with pytest.raises(ValueError, match="too large"):
        search(picky, X, trials, 20)
    assert [run["status"] for run in runs_of(trials)][-1] == "FAILED"
    assert queries.get_run(trials.run_id).info.status == "FAILED"
    caught = jtrack.Trials()
    search(picky, X, caught, 20, catch_eval_exceptions=True)
    assert {run["status"] for run in runs_of(caught)} == {"FINISHED", "FAILED"}
    assert queries.get_run(caught.run_id).info.status == "FINISHED"


def test_a_trial_that_says_that_it_failed_is_hyperopts_to_forget() -> None:
    def fails(point: dict[str, float]) -> dict[str, Any]:
        return {"status": STATUS_FAIL} if point["x"] > 0.5 else {"status": STATUS_OK, "loss": point["x"]}

    alone, trials = hyperopt.Trials(), jtrack.Trials()
    assert search(fails, X, trials, 20) == search(fails, X, alone, 20)
    assert trials.statuses() == alone.statuses()
    by_status = {"ok": "FINISHED", "fail": "FAILED"}
    assert [run["status"] for run in runs_of(trials)] == [by_status[status] for status in alone.statuses()]


def test_what_was_best_is_known_when_it_is_cut_short_and_when_it_goes_on() -> None:
    seen: list[float] = []

    def interrupted(point: dict[str, float]) -> float:
        seen.append(point["x"])
        if len(seen) == 8:
            raise KeyboardInterrupt
        return point["x"]

    def is_best(value: float) -> bool:
        tags = queries.get_run(trials.run_id).data.tags
        (best,) = [run for run in runs_of(trials) if run["loss"] == value]
        return tags["best_run"] == best["run_id"] and json.loads(tags["best_params"]) == {"x": value}

    trials = jtrack.Trials()
    with pytest.raises(KeyboardInterrupt):
        search(interrupted, X, trials, 20)
    assert queries.get_run(trials.run_id).info.status == "KILLED"
    assert is_best(min(seen[:7]))
    search(lambda point: point["x"] + 1, X, trials, 20)
    assert is_best(min(seen[:7]))  # nothing that came later was better


def test_the_search_ends_where_somebody_asks_its_run_to_stop() -> None:
    def asks(point: dict[str, float]) -> float:
        if len(trials.trials) == 4:
            sweep = queries.get_parent_run(jtrack.active_run())
            assert sweep is not None
            ask_to_stop(current_store(), sweep.info.run_id)
        return point["x"]

    trials = jtrack.Trials()
    search(asks, X, trials, 50)
    assert len(runs_of(trials)) == 4
    assert queries.get_run(trials.run_id).info.status == "FINISHED"


def test_dicts_logged_metrics_and_low_level_objectives_work_as_before() -> None:
    def returns(point: dict[str, float]) -> dict[str, Any]:
        jtrack.log_metric("extra", 1.0)
        return {"loss": point["x"], "status": "ok", "attachments": {"a": b"b"}}

    trials = jtrack.Trials()
    search(returns, X, trials, 3)
    assert trials.attachments
    assert queries.get_run(runs_of(trials)[0]["run_id"]).data.metrics["extra"] == 1.0

    @fmin_pass_expr_memo_ctrl
    def low(expr: Any, memo: Any, ctrl: Any) -> float:
        return float(pyll.rec_eval(expr, memo=memo)["x"])

    lower = jtrack.Trials()
    search(low, X, lower, 3)
    assert [run["loss"] for run in runs_of(lower)] == lower.losses()


def test_a_space_of_one_value_works() -> None:
    trials = jtrack.Trials()
    search(lambda x: x**2, hp.uniform("x", -1, 1), trials, 3)
    assert set(queries.get_run(runs_of(trials)[0]["run_id"]).data.params) == {"x"}


def test_trials_can_be_pickled_and_searched_on() -> None:
    trials = jtrack.Trials()
    search(bowl, SPACE, trials, 3)
    copy = pickle.loads(pickle.dumps(trials))
    search(bowl, SPACE, copy, 5)
    assert copy.run_id == trials.run_id
    assert len(runs_of(copy)) == 5
