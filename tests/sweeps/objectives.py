"""Objectives and spaces that several tests share; the functions can be imported by worker processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
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


# The ways in which a trial may log its objective.
WAYS: dict[str, Callable[[Any, float, int], object]] = {
    "run.log_metric": lambda run, loss, step: run.log_metric("loss", loss),
    "run.log_metrics": lambda run, loss, step: run.log_metrics({"loss": loss}, step=step),
    "jtrack.log_metric": lambda run, loss, step: jtrack.log_metric("loss", loss),
    "jtrack.log_metrics": lambda run, loss, step: jtrack.log_metrics({"loss": loss}, step=step),
    "client.log_metric": lambda run, loss, step: jtrack.MlflowClient().log_metric(run.run_id, "loss", loss, step=step),
}


def curve(point: dict[str, Any], way: str = "jtrack.log_metric") -> float:
    """Logs a loss that falls towards ``x``, and stops when asked."""
    run = jtrack.active_run()
    assert run is not None
    loss = 0.0
    for step in range(20):
        loss = point["x"] + 1 / (step + 1)
        WAYS[way](run, loss, step)
        if run.should_stop:
            break
    return loss


def patient(point: dict[str, Any]) -> float:
    """Trains until it is asked to stop; says in a file that it has begun."""
    run = jtrack.active_run()
    assert run is not None
    Path(f"began-{run.run_id}").touch()
    until = time.monotonic() + 60
    while not run.should_stop and time.monotonic() < until:
        time.sleep(0.01)
    return float(point["x"])


def searches_inside(point: dict[str, Any]) -> float:
    """An objective that is a sweep itself."""
    inner = jtrack.sweep(patient, {"y": hp.uniform("y", 0, 1), "x": point["x"]}, max_evals=9, progress=False)
    assert inner.best_value is not None
    return inner.best_value


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
