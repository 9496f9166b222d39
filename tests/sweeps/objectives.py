"""Objectives and spaces that several tests share; the functions can be imported by worker processes."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np
from hyperopt import Trials, fmin, hp

import jtrack

# Branches, integers, steps and logs: what an algorithm of hyperopt's treats in different ways.
SPACE = {
    "x": hp.uniform("x", -5, 5),
    "n": hp.uniformint("n", 1, 8),
    "branch": hp.choice(
        "branch",
        [
            {"kind": "near", "y": hp.lognormal("y", 0, 1)},
            {"kind": "far", "inner": hp.choice("inner", ["a", "b", "c"])},
        ],
    ),
    "offset": hp.randint("offset", 3, 9),
}


def bowl(point: dict[str, Any]) -> float:
    """A smooth function of all of SPACE."""
    branch = point["branch"]
    extra = branch["y"] if branch["kind"] == "near" else 3.0 + "abc".index(branch["inner"])
    return float((point["x"] - 1) ** 2 + 0.3 * abs(point["n"] - 4) + extra + 0.1 * point["offset"])


def curve(point: dict[str, Any]) -> float:
    """Logs a loss that falls towards ``x``, and stops when asked."""
    run = jtrack.active_run()
    assert run is not None
    loss = 0.0
    for step in range(20):
        loss = point["x"] + 1 / (step + 1)
        run.log_metric("loss", loss)
        if run.should_stop:
            break
    return loss


def deadly(point: dict[str, Any]) -> float:
    """Ends its own process where the point says so."""
    if point["x"] > 0.5:
        jtrack.log_metric("seen", 1.0)
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return float(point["x"])


def hyperopt_alone(objective: Any, space: Any, algo: Any, max_evals: int, seed: int) -> Trials:
    """What plain hyperopt does with the same seed."""
    trials = Trials()
    fmin(
        objective,
        space,
        algo=algo,
        max_evals=max_evals,
        trials=trials,
        rstate=np.random.default_rng(seed),
        catch_eval_exceptions=True,
        show_progressbar=False,
        verbose=False,
    )
    return trials
