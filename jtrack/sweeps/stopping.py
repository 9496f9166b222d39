"""Which trials are hopeless, told from their curve and the curves of the trials before them.

A rule is asked by the trial itself, when its loop looks at ``run.should_stop``: that needs no watcher beside it,
comes at the same step each time, and works alike in a thread, a process and on another machine.
"""

from __future__ import annotations

import math
import statistics
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from jtrack.tracking import ActiveRun
from jtrack.tracking.live import StopSignal
from jtrack.tracking.series import Series

if TYPE_CHECKING:
    from jtrack.store.journal import Writer

# Steps and values of one trial's objective, lower being better; steps in the order they were logged.
TrialCurve = tuple[tuple[int, float], ...]


class StopRule(Protocol):
    """Tells whether a trial is hopeless."""

    @property
    def name(self) -> str:
        """What the trial's tag ``stopped_by`` says."""
        ...

    def is_hopeless(self, curve: Sequence[tuple[int, float]], peers: Sequence[TrialCurve]) -> bool:
        """Decide from what the trial has logged so far, and what earlier trials logged."""
        ...


@dataclass(frozen=True, slots=True)
class MedianStop:
    """Stops a trial whose best value so far is worse than the median of what earlier trials averaged up to that step.

    The rule of Golovin et al., "Google Vizier" (2017).

    Parameters
    ----------
    warmup_steps
        Let each trial log this many points before it is judged.
    min_trials
        Judge nobody before this many trials have come as far.
    """

    warmup_steps: int = 1
    min_trials: int = 4
    name: str = "median"

    def is_hopeless(self, curve: Sequence[tuple[int, float]], peers: Sequence[TrialCurve]) -> bool:
        """Decide as the rule says; a trial that has logged nothing is never hopeless."""
        if len(curve) <= self.warmup_steps:
            return False
        step = curve[-1][0]
        means = [mean for peer in peers if (mean := _mean_up_to(peer, step)) is not None]
        if len(means) < self.min_trials:
            return False
        best = min((value for _, value in curve if not math.isnan(value)), default=math.inf)
        return best > statistics.median(means)


@dataclass(frozen=True, slots=True)
class HalvingStop:
    """Lets only the best of ``factor`` trials past each rung: after ``min_steps`` points, ``factor`` times as many, ….

    Asynchronous successive halving, Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2020).
    """

    min_steps: int = 1
    factor: int = 3
    name: str = "halving"

    def is_hopeless(self, curve: Sequence[tuple[int, float]], peers: Sequence[TrialCurve]) -> bool:
        """Decide at the last rung that the trial has come to."""
        if len(curve) < self.min_steps:
            return False
        rung = self.min_steps
        while rung * self.factor <= len(curve):
            rung *= self.factor
        own = curve[rung - 1][1]
        if math.isnan(own):
            return True
        reached = [peer[rung - 1][1] for peer in peers if len(peer) >= rung]
        better = sum(value < own for value in reached)
        return better >= math.ceil((len(reached) + 1) / self.factor)


class Watch:
    """What a trial needs to know to stop by itself: a rule, the curves before it, and when time is up.

    Parameters
    ----------
    sign
        1 where lower is better, -1 where higher is.
    deadline
        Seconds since the epoch; ``None`` where there is none.
    """

    def __init__(
        self, metric: str, sign: int, rule: StopRule | None, peers: Sequence[TrialCurve], deadline: float | None
    ) -> None:
        self.metric = metric
        self.curve: list[tuple[int, float]] = []
        self.reason: str | None = None
        self._sign, self._rule, self._peers, self._deadline = sign, rule, peers, deadline

    def add(self, step: int, value: float) -> None:
        """Note a point of the objective."""
        self.curve.append((int(step), self._sign * value))

    def is_over(self) -> bool:
        """Whether the trial is to stop; :attr:`reason` says why."""
        if self.reason is None and self._deadline is not None and time.time() > self._deadline:
            self.reason = "timeout"
        if self.reason is None and self._rule is not None and self._rule.is_hopeless(self.curve, self._peers):
            self.reason = self._rule.name
        return self.reason is not None


class _WatchedSeries(Series):
    """The objective's series: ``jtrack.log_metric`` comes here without passing through the run."""

    __slots__ = ("_watch",)

    def __init__(self, writer: Writer, key: str, number: int, step: int, watch: Watch) -> None:
        super().__init__(writer, key, number, step)
        self._watch = watch

    def log(self, value: float, step: int | None, timestamp: int | None) -> None:
        """Log one point, and keep it for the rule."""
        super().log(value, step, timestamp)
        self._watch.add(self.step, self.value)


class WatchedRun(ActiveRun):
    """A run whose ``should_stop`` also says when the trial is hopeless."""

    watch: Watch

    def open_series(self, key: str) -> Series:
        """Give the series of a metric; the objective's tells the watch of each point, however it is logged."""
        if key != self.watch.metric:
            return super().open_series(key)
        number = self.store.writer.series(self.run_id, key)
        return self.series.setdefault(key, _WatchedSeries(self.store.writer, key, number, -1, self.watch))

    @property
    def should_stop(self) -> StopSignal:
        """Whether the trial is to stop: it is hopeless, time is up, or somebody asked."""
        return _TrialSignal(super().should_stop, self.watch)


class _TrialSignal(StopSignal):
    """The run's own signal, or the watch's."""

    __slots__ = ("_asked", "_watch")

    def __init__(self, asked: StopSignal, watch: Watch) -> None:
        self._asked, self._watch = asked, watch

    def __bool__(self) -> bool:
        return bool(self._asked) or self._watch.is_over()


def _mean_up_to(curve: TrialCurve, step: int) -> float | None:
    n = bisect_right(curve, step, key=_step_of)
    if n == 0 or curve[-1][0] < step:
        return None
    values = [value for _, value in curve[:n] if not math.isnan(value)]
    return sum(values) / len(values) if values else math.inf


def _step_of(point: tuple[int, Any]) -> int:
    return point[0]
