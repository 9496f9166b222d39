"""Sweeps: a search space, an objective, and hyperopt between them; every trial is a run nested in the sweep's run.

The only home of hyperopt, which comes in with the first sweep.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtrack.sweeps.result import SweepResult
    from jtrack.sweeps.stopping import HalvingStop, MedianStop
    from jtrack.sweeps.trials import Trials
    from jtrack.sweeps.workers import ProcessExecutor

__all__ = ["HalvingStop", "MedianStop", "ProcessExecutor", "SweepResult", "Trials"]

_HOMES = {
    "HalvingStop": "stopping",
    "MedianStop": "stopping",
    "ProcessExecutor": "workers",
    "SweepResult": "result",
    "Trials": "trials",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'jtrack.sweeps' has no attribute {name!r}")
    return getattr(importlib.import_module(f"jtrack.sweeps.{home}"), name)
