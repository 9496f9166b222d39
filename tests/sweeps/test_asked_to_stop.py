"""A sweep that is asked to stop, as a panel asks: trials under way end wherever they run, and no other begins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hyperopt import hp

import jtrack
from jtrack import queries
from jtrack.tracking import current_store
from jtrack.tracking.live import ask_to_stop
from tests.sweeps.objectives import patient, searches_inside
from tests.waiting import wait_until

X = {"x": hp.uniform("x", 0, 1)}


@pytest.mark.parametrize("objective", [patient, searches_inside])
@pytest.mark.parametrize(
    "options",
    [{}, {"parallelism": 2}, {"executor": "processes", "parallelism": 2}],
    ids=["inline", "threads", "processes"],
)
def test_trials_under_way_end_and_no_other_begins(
    options: dict[str, Any], objective: Callable[[Any], float], own_folder: Path
) -> None:
    n_under_way = options.get("parallelism", 1)
    store = current_store()

    def ask() -> None:
        wait_until(lambda: len(list(own_folder.glob("began-*"))) >= n_under_way, within_s=60)
        with queries.using(store):
            (sweep,) = queries.rows("SELECT run_id FROM runs WHERE run_name = 'asked'")
        ask_to_stop(store, sweep["run_id"])

    asking = threading.Thread(target=ask)
    asking.start()
    result = jtrack.sweep(objective, X, max_evals=50, seed=1, run_name="asked", **options)
    asking.join()
    assert result.n_trials == n_under_way
    assert {row["status"] for row in result.rows} == {"FINISHED"}
    assert result.run.info.status == "FINISHED"
    assert len(list(own_folder.glob("began-*"))) == n_under_way


def test_what_was_asked_of_an_earlier_life_does_not_stop_the_next() -> None:
    def asks(point: dict[str, float]) -> float:
        run = jtrack.active_run()
        assert run is not None
        parent = queries.get_parent_run(run)
        assert parent is not None
        ask_to_stop(current_store(), parent.info.run_id)
        return point["x"]

    assert jtrack.sweep(asks, X, max_evals=6, seed=1, run_name="asked").n_trials == 1
    seen: list[bool] = []

    def looks(point: dict[str, float]) -> float:
        run = jtrack.active_run()
        assert run is not None
        seen.append(bool(run.should_stop))
        return point["x"]

    assert jtrack.sweep(looks, X, max_evals=6, resume="asked").n_trials == 6
    assert seen == [False] * 5


def test_a_run_that_is_part_of_another_stops_with_it() -> None:
    with jtrack.start_run() as outer, jtrack.start_run(nested=True) as inner:
        signal = inner.should_stop
        assert not signal.now()
        ask_to_stop(outer.store, outer.run_id)
        assert signal.now()
