"""Trials of one sweep that log the same kind of model: what it needs is found once."""

from __future__ import annotations

from typing import Any

import pytest
from hyperopt import hp
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import jtrack
from jtrack import tracking
from jtrack.registry.flavors import Saved, get_flavor
from jtrack.registry.model import Model
from jtrack.registry.siblings import shared_requirements

pytestmark = pytest.mark.usefixtures("store_path")
MODELS = [
    lambda: Ridge(alpha=0.1),
    lambda: Ridge(alpha=9.0),
    lambda: Lasso(),
    lambda: make_pipeline(StandardScaler(), Ridge()),
    lambda: make_pipeline(PCA(2), Ridge()),
]


def found_for(model: Any, calls: list[str]) -> list[str]:
    """Ask what a model needs, as logging it into the active run does; each look is noted."""
    run = tracking.active_run()
    manifest = Model(flavors={}, run_id=None if run is None else run.run_id)

    def find() -> list[str]:
        calls.append(type(model).__name__)
        return [f"need-{len(calls)}"]

    return shared_requirements(manifest, get_flavor("sklearn"), Saved({}, {}, "skops"), model, find)


def test_it_is_found_once_for_each_kind_in_a_sweep_and_anew_in_the_next() -> None:
    calls: list[str] = []
    needs: list[list[str]] = []

    def objective(index: int) -> float:
        needs.append(found_for(MODELS[index](), calls))
        return float(index)

    space = hp.choice("model", list(range(len(MODELS))))
    for n_looks in (4, 8):  # the two Ridge are of one kind
        jtrack.sweep(objective, space, max_evals=len(MODELS), algo="grid")
        assert len(calls) == n_looks
    assert needs[0] == needs[1]
    assert len({tuple(need) for need in needs[:5]}) == 4


def test_outside_of_a_sweep_every_model_is_looked_at() -> None:
    calls: list[str] = []
    with jtrack.start_run():
        found_for(Ridge(), calls)
        found_for(Ridge(), calls)
    found_for(Ridge(), calls)
    assert len(calls) == 3
