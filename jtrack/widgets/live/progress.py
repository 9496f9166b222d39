"""How far a run is, and how long it will take: told by a param that counts its steps, or by the last run of its cell.

A guess that turned out wrong is dropped, not mended: a run that has gone further than a param says doesn't count in
that param, and one that takes longer than the last run is no longer held against it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jtrack.widgets.live.frame import Progress

# By what most often is the x-axis of what is logged.
COUNTING_PARAMS = (
    "max_steps total_steps num_steps n_steps steps total_timesteps epochs n_epochs num_epochs max_epochs "
    "num_train_epochs nb_epoch max_iter n_iter num_iterations n_iterations iterations num_iters max_iters "
    "n_estimators num_boost_round n_rounds num_rounds boost_rounds n_trials max_evals n_episodes num_episodes"
).split()
_LEAST_ELAPSED_S = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """Where the highest step began and where it is now; times in seconds since the epoch."""

    first_step: int
    first_at: float
    step: int
    at: float

    @property
    def s_per_step(self) -> float | None:
        """Seconds a step, over all steps so far."""
        n, took = self.step - self.first_step, self.at - self.first_at
        return took / n if n > 0 and took > 0 else None


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last finished run of the same cell."""

    duration_s: float
    last_step: int | None
    params: Mapping[str, float]


def infer_progress(
    params: Mapping[str, Any], pace: Pace | None, elapsed_s: float, now: float, last: LastRun | None = None
) -> Progress | None:
    """Tell how far a run is; ``None`` where nothing says so.

    Parameters
    ----------
    params
        The run's, and those that are known to become it.
    now
        The present, on the clock of ``pace``.
    """
    counted = None if pace is None else _by_param(params, pace, now, last)
    return counted or _by_duration(elapsed_s, last)


def _by_param(params: Mapping[str, Any], pace: Pace, now: float, last: LastRun | None) -> Progress | None:
    # Steps that begin at 0 are counted from there: step 9 is the tenth.
    offset = 0 if pace.first_step >= 1 else 1
    done = pace.step + offset
    for key, total in _totals(params).items():
        expected = _steps_by_last_run(key, total, last) or total
        if 0 <= done <= expected:
            return Progress(
                fraction=done / expected,
                eta_s=_eta(pace, expected - done, now),
                basis=key,
                done=done,
                total=expected,
            )
    return None


def _totals(params: Mapping[str, Any]) -> dict[str, int]:
    plain = {key.rpartition("/")[2].rpartition(".")[2].lower(): value for key, value in params.items()}
    return {key: plain[key] for key in COUNTING_PARAMS if type(plain.get(key)) is int and plain[key] > 1}


def _steps_by_last_run(key: str, total: int, last: LastRun | None) -> int | None:
    """Where the last run logged several steps for each that this param counts, expect as many again."""
    if last is None or last.last_step is None or not last.params.get(key):
        return None
    each = (last.last_step + 1) / last.params[key]
    return round(total * each) if each > 1.5 else None


def _eta(pace: Pace, n_left: int, now: float) -> float | None:
    if n_left <= 0:
        return 0.0
    s_per_step = pace.s_per_step
    if s_per_step is None or now - pace.first_at < _LEAST_ELAPSED_S:
        return None
    # A step that takes longer than the others did: its time counts as it passes.
    return max(n_left * s_per_step - min(now - pace.at, s_per_step), 0.0)


def _by_duration(elapsed_s: float, last: LastRun | None) -> Progress | None:
    if last is None or not math.isfinite(last.duration_s) or not elapsed_s < last.duration_s:
        return None
    return Progress(elapsed_s / last.duration_s, last.duration_s - elapsed_s, "last run")
