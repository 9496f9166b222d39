"""Trials that are hopeless stop by themselves, at the step that the rule names."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
from hyperopt import hp

import jtrack
from jtrack import queries
from jtrack.sweeps import HalvingStop, MedianStop
from tests.sweeps.objectives import WAYS, curve

X = {"x": hp.uniform("x", 0, 1)}


def flat(value: float, n: int = 10) -> tuple[tuple[int, float], ...]:
    return tuple((step, value) for step in range(n))


def test_median_stops_what_is_worse_than_the_middle_of_its_peers() -> None:
    rule = MedianStop(warmup_steps=2, min_trials=3)
    peers = [flat(1.0), flat(2.0), flat(3.0)]
    assert rule.is_hopeless([(0, 9.0), (1, 9.0), (2, 9.0)], peers)
    assert not rule.is_hopeless([(0, 9.0), (1, 9.0), (2, 1.9)], peers)  # its best counts
    assert not rule.is_hopeless([(0, 9.0), (1, 9.0)], peers)  # warming up
    assert not rule.is_hopeless([(0, 9.0), (1, 9.0), (2, 9.0)], peers[:2])  # too few peers
    assert not rule.is_hopeless([], peers)
    assert rule.is_hopeless([(0, math.nan), (1, math.nan), (2, math.nan)], peers)


def test_median_compares_with_peers_that_came_as_far() -> None:
    rule = MedianStop(warmup_steps=0, min_trials=2)
    peers = [flat(1.0, 3), flat(1.0, 3), flat(5.0, 10), flat(5.0, 10)]
    assert rule.is_hopeless([(0, 4.0), (1, 4.0)], peers)
    assert not rule.is_hopeless([(0, 4.0), (6, 4.0)], peers)


def test_halving_lets_one_in_three_past_each_rung() -> None:
    rule = HalvingStop(min_steps=2, factor=3)
    peers = [flat(float(value)) for value in range(8)]  # with this one, nine: three go on
    assert not rule.is_hopeless(flat(1.5, 2), peers)
    assert rule.is_hopeless(flat(3.5, 2), peers)
    assert not rule.is_hopeless(flat(9.0, 1), peers)  # before the first rung
    assert rule.is_hopeless([(0, 0.0), (1, math.nan)], peers)
    assert not rule.is_hopeless(flat(9.0, 2), [])  # nobody to compare with


def test_halving_judges_at_the_last_rung_reached() -> None:
    rule = HalvingStop(min_steps=1, factor=2)
    rising = tuple((step, float(step)) for step in range(8))
    falling = tuple((step, 8.0 - step) for step in range(8))
    assert rule.is_hopeless(falling[:2], [rising]) is not False  # at rung 2 it is worse
    assert not rule.is_hopeless(falling, [rising])  # at rung 8 it is better


def n_steps(run_id: str) -> list[int]:
    rows = queries.rows(
        "SELECT m.n_points FROM runs r JOIN latest_metrics m USING (run_id) WHERE parent_run_id = ? "
        "AND m.key = 'loss' ORDER BY r.started_at",
        [run_id],
    )
    return [row["n_points"] for row in rows]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("early_stop", ["median", "halving"])
def test_it_does_not_matter_how_the_objective_is_logged(early_stop: str, way: str) -> None:
    options: dict[str, Any] = {"max_evals": 20, "algo": "random", "seed": 1, "early_stop": early_stop}
    result = jtrack.sweep(partial(curve, way=way), X, **options)
    plain = jtrack.sweep(partial(curve, way="run.log_metric"), X, **options)
    assert n_steps(result.run_id) == n_steps(plain.run_id)
    assert min(n_steps(result.run_id)) < 20


@pytest.mark.parametrize("early_stop", ["median", "halving", MedianStop(min_trials=2), [HalvingStop(factor=2)]])
def test_a_sweep_stops_hopeless_trials_early(early_stop: Any) -> None:
    result = jtrack.sweep(curve, X, max_evals=20, algo="random", seed=1, early_stop=early_stop)
    steps = n_steps(result.run_id)
    assert min(steps) < 20 and steps[0] == 20
    best = min(result.rows, key=lambda row: row["params.x"])
    assert n_steps(result.run_id)[result.rows.index(best)] == 20
    stopped = [row["run_id"] for row, n in zip(result.rows, steps, strict=True) if n < 20]
    tagged = queries.rows("SELECT run_id, value FROM tags WHERE key = 'stopped_by'")
    assert {row["run_id"] for row in tagged} == set(stopped)
    assert {row["value"] for row in tagged} <= {"median", "halving"}
    assert {row["status"] for row in result.rows} == {"FINISHED"}


def test_higher_can_be_better() -> None:
    def climbs(point: dict[str, float]) -> None:
        run = jtrack.active_run()
        assert run is not None
        for step in range(10):
            run.log_metric("acc", point["x"] * step)
            if run.should_stop():
                break

    result = jtrack.sweep(climbs, X, max_evals=15, maximize="acc", algo="random", seed=2, early_stop="median")
    rows = queries.rows(
        "SELECT n_points, number AS x FROM runs JOIN latest_metrics m USING (run_id) JOIN params p USING (run_id) "
        "WHERE m.key = 'acc' AND p.key = 'x' AND parent_run_id = ?",
        [result.run_id],
    )
    whole = [row["x"] for row in rows if row["n_points"] == 10]
    cut = [row["x"] for row in rows if row["n_points"] < 10]
    assert cut and max(cut) < max(whole)


def test_trials_in_processes_are_stopped_too() -> None:
    result = jtrack.sweep(
        curve, X, max_evals=14, algo="random", seed=1, executor="processes", parallelism=2, early_stop="median"
    )
    assert min(n_steps(result.run_id)) < 20
