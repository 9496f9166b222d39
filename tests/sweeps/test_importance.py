"""Importance: what matters comes first, what doesn't comes to next to nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hyperopt import hp

import jtrack
from jtrack.sweeps.importance import param_importance


def sample(n: int, seed: int = 0) -> dict[str, list[Any]]:
    draw = np.random.default_rng(seed)
    return {
        "strong": list(draw.uniform(-1, 1, n)),
        "weak": list(draw.uniform(-1, 1, n)),
        "none": list(draw.uniform(-1, 1, n)),
        "kind": [["a", "b", "c"][i] for i in draw.integers(3, size=n)],
    }


def test_params_rank_by_their_part_in_the_objective() -> None:
    params = sample(300)
    losses = [
        4 * s**2 + w + (k == "b") * 0.1
        for s, w, k in zip(params["strong"], params["weak"], params["kind"], strict=True)
    ]
    shares = param_importance(params, losses)
    assert list(shares)[:2] == ["strong", "weak"]
    assert shares["strong"] > 2 * shares["weak"]
    assert shares["none"] < 0.03 and shares["kind"] < 0.06
    assert sum(shares.values()) == pytest.approx(1)


def test_categories_and_params_of_branches_count_too() -> None:
    params = sample(300, seed=1)
    params["branch"] = [
        value if kind == "a" else None for value, kind in zip(params["weak"], params["kind"], strict=True)
    ]
    losses = [
        {"a": 0.0, "b": 5.0, "c": 9.0}[kind] + (branch or 0.0)
        for kind, branch in zip(params["kind"], params["branch"], strict=True)
    ]
    shares = param_importance({name: params[name] for name in ("kind", "branch", "none")}, losses)
    assert shares["none"] < 0.02 < min(shares["kind"], shares["branch"])


def test_one_diverged_trial_does_not_drown_the_rest() -> None:
    params = sample(200, seed=2)
    losses = list(params["strong"])
    losses[7] = 1e12
    assert param_importance(params, losses)["strong"] > 0.9


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_few_trials_tell_nothing(n: int) -> None:
    assert set(param_importance(sample(n), [1.0] * n).values()) == {0.0}
    assert param_importance({}, [1.0] * n) == {}


def test_a_constant_objective_has_no_important_params() -> None:
    assert set(param_importance(sample(200, seed=4), [3.0] * 200).values()) == {0.0}


def test_a_sweep_tells_which_of_its_params_mattered() -> None:
    space = {"x": hp.uniform("x", -5, 5), "y": hp.uniform("y", -5, 5), "model": {"kind": "fixed"}}
    result = jtrack.sweep(lambda p: p["x"] ** 2 + 0.01 * p["y"], space, max_evals=80, algo="random", seed=1)
    shares = result.importance()
    assert list(shares) == ["x", "y"]
    assert shares["x"] > 0.9
