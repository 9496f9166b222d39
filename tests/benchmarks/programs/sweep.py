"""What recording adds to a trial: ``sweep.py TRACKER N_TRIALS [ALGO]``; a search over four params, one metric each.

The time from one call of the objective to the next is all that is not the objective's own. MLflow has no search of
its own, so its nested runs are timed in a bare loop, and jtrack's sweep is held against hyperopt without a tracker.
"""

from __future__ import annotations

import math
import random
import resource
import statistics
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from timing import finish

N_EARLY, N_LATE = 1000, 100

_calls: list[float] = []
_rss_mb: dict[int, float] = {}


def objective(point: dict[str, Any]) -> float:
    _calls.append(time.perf_counter())
    if len(_calls) in (N_EARLY, int(sys.argv[2])):
        _rss_mb[len(_calls)] = _own_rss_mb()
    return float(point["x"] ** 2 + point["y"])


def _own_rss_mb() -> float:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _space() -> dict[str, Any]:
    from hyperopt import hp

    return {
        "x": hp.uniform("x", -5, 5),
        "y": hp.loguniform("y", -5, 0),
        "n": hp.uniformint("n", 1, 8),
        "kind": hp.choice("kind", ["a", "b"]),
    }


def _suggest(n: int) -> Any:
    """TPE draws at random first: here until the last hundred trials, which take it a quarter of a second each."""
    from hyperopt import rand, tpe

    return partial(tpe.suggest, n_startup_jobs=n - N_LATE) if sys.argv[3:] == ["tpe"] else rand.suggest


def jtrack(n: int) -> None:
    import jtrack as tracker

    tracker.set_tracking_uri(".jtrack")
    tracker.sweep(
        objective, _space(), max_evals=n, algo=_suggest(n) if sys.argv[3:] else "random", seed=1, progress=False
    )


def hyperopt(n: int) -> None:
    import numpy as np
    from hyperopt import Trials, fmin

    options: dict[str, Any] = {"show_progressbar": False, "verbose": False, "rstate": np.random.default_rng(1)}
    fmin(objective, _space(), algo=_suggest(n), max_evals=n, trials=Trials(), **options)


def mlflow(n: int) -> None:
    import mlflow as tracker

    tracker.set_tracking_uri("sqlite:///mlflow.db")
    with tracker.start_run():
        for _ in range(n):
            point = {"x": random.uniform(-5, 5), "y": math.exp(random.uniform(-5, 0)), "n": 3, "kind": "a"}
            with tracker.start_run(nested=True):
                tracker.log_params(point)
                tracker.log_metric("loss", objective(point))


if __name__ == "__main__":
    began = time.perf_counter()
    globals()[sys.argv[1]](int(sys.argv[2]))
    took = time.perf_counter() - began
    gaps = [(later - earlier) * 1e3 for earlier, later in pairwise(_calls)]
    tail = gaps[-N_EARLY:]
    finish(
        ms=statistics.median(gaps),
        last_ms=statistics.median(tail),
        late_ms=statistics.median(gaps[-N_LATE // 2 :]),
        total_s=took,
        grown_mb=_rss_mb.get(len(_calls), math.nan) - _rss_mb.get(N_EARLY, math.nan),
    )
