"""One trial, wherever it runs: a run nested in the sweep's, opened, judged and closed by the process that computes it.

The worker's own journal takes its points, so nobody passes them on; and a worker that is killed leaves a run that
reads KILLED by itself. Two events tell a later ``resume`` what it needs: the point, and what came of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jtrack.capture.tracebacks import traceback_text
from jtrack.entities import LifecycleStage, RunInfo, RunKind, RunStatus
from jtrack.errors import InvalidInputError
from jtrack.sweeps.stopping import StopRule, TrialCurve, Watch, WatchedRun
from jtrack.tracking import ActiveRun
from jtrack.tracking.context import store_at
from jtrack.tracking.names import new_run_id
from jtrack.values import metric_value, plain_value

SUGGESTED, ENDED = "trial_suggested", "trial_ended"

Objective = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class TrialHome:
    """What all trials of a sweep share; ``sign`` is 1 where lower is better, -1 where higher is.

    ``above`` are the sweep and the runs that it is part of, as in :attr:`ActiveRun.above`.
    """

    store_path: Path
    sweep: RunInfo
    metric: str
    sign: int
    rule: StopRule | None = None
    deadline: float | None = None
    above: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(
        cls, run: ActiveRun, metric: str, sign: int, rule: StopRule | None = None, deadline: float | None = None
    ) -> TrialHome:
        """Describe the home of the trials of the sweep that ``run`` records."""
        above = ((run.run_id, run.messages_start), *run.above)
        return cls(run.store.path, run.info, metric, sign, rule, deadline, above)


@dataclass(frozen=True, slots=True)
class TrialTask:
    """One trial to run: its number, the point as hyperopt knows it, as the objective gets it, and as params."""

    home: TrialHome
    tid: int
    values: dict[str, int | float]
    point: Any
    params: dict[str, Any]
    peers: tuple[TrialCurve, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial.

    ``value`` is the objective as the user means it. ``exception`` is there where the trial ran in this process.
    """

    tid: int
    run_id: str | None
    status: RunStatus
    value: float | None = None
    error: str | None = None
    is_unset: bool = False
    duration_s: float = 0.0
    curve: TrialCurve = ()
    exception: BaseException | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the sweep's own process wants of trials that run in it."""

    on_open: Callable[[ActiveRun], object] = lambda run: None
    explain: Callable[[BaseException], str] = traceback_text


class _Unset(Exception):
    """The objective gave no value that can be compared, and logged none; says what it did instead."""


class _Declared(Exception):
    """The objective said itself that the trial failed, as hyperopt lets it."""


_NO_HOOKS = Hooks()


def run_trial(task: TrialTask, objective: Objective, hooks: Hooks = _NO_HOOKS) -> Outcome:
    """Run a trial as a run of its own; what the objective raises is its outcome, an interrupt goes on up."""
    began = time.perf_counter()
    run = _open(task)
    hooks.on_open(run)
    try:
        value = _read_value(objective(task.point), run, task.home)
    except Exception as error:
        return _failed(task, run, error, hooks, time.perf_counter() - began)
    except BaseException as error:
        run.__exit__(type(error), error, error.__traceback__)
        raise
    return _finished(task, run, value, time.perf_counter() - began)


def is_success(value: float | None) -> bool:
    """Whether a value can be the best of a sweep."""
    return value is not None and math.isfinite(value)


def _open(task: TrialTask) -> ActiveRun:
    home, sweep = task.home, task.home.sweep
    info = RunInfo(
        run_id=new_run_id(),
        experiment_id=sweep.experiment_id,
        run_name=f"{sweep.run_name}-{task.tid}",
        kind=RunKind.TRIAL,
        parent_run_id=sweep.run_id,
        status=RunStatus.RUNNING,
        lifecycle_stage=LifecycleStage.ACTIVE,
        started_at=datetime.now(UTC),
        ended_at=None,
        user_name=sweep.user_name,
        source_name=sweep.source_name,
        source_type=sweep.source_type,
        git_commit=sweep.git_commit,
        artifact_uri="",
        description=None,
    )
    store = store_at(home.store_path)
    if home.rule is None and home.deadline is None:
        run = ActiveRun(store, info, above=home.above)
    else:
        run = WatchedRun(store, info, above=home.above)
        run.watch = Watch(home.metric, home.sign, home.rule, task.peers, home.deadline)
    run.begin(resumed=False)
    store.writer.event(SUGGESTED, run.run_id, {"sweep": sweep.run_id, "tid": task.tid, "values": task.values})
    run.log_params(task.params)
    return run


def _read_value(returned: Any, run: ActiveRun, home: TrialHome) -> float:
    """Find the objective in what was returned, or else in what was logged."""
    if isinstance(returned, Mapping):
        return _read_mapping(returned, run, home)
    if returned is not None:
        try:
            return metric_value(home.metric, plain_value(returned))
        except InvalidInputError as error:
            raise _Unset(error.message) from None
    logged = run.metrics.get(home.metric)
    if logged is None:
        raise _Unset(f"the objective never set {home.metric!r}: it returned nothing and didn't log it")
    return logged


def _read_mapping(returned: Mapping[str, Any], run: ActiveRun, home: TrialHome) -> float:
    if returned.get("status") == "fail":
        raise _Declared(str(returned.get("error", "the objective returned status 'fail'")))
    numbers = {key: value for key, value in returned.items() if _is_number(value)}
    run.log_metrics({key: value for key, value in numbers.items() if run.metrics.get(key) != value})
    if home.metric in numbers:
        return metric_value(home.metric, numbers[home.metric])
    if "loss" in numbers:  # hyperopt's word, always to be minimized
        return home.sign * metric_value("loss", numbers["loss"])
    if home.metric in run.metrics:
        return run.metrics[home.metric]
    given = ", ".join(map(repr, returned)) or "nothing"
    raise _Unset(f"the objective never set {home.metric!r}: it returned a dict of {given:.200}, and didn't log it")


def _is_number(value: Any) -> bool:
    plain = plain_value(value)
    return isinstance(plain, (int, float)) and not isinstance(plain, bool)


def _finished(task: TrialTask, run: ActiveRun, value: float, duration_s: float) -> Outcome:
    if run.metrics.get(task.home.metric) != value and not (math.isnan(value) and task.home.metric in run.metrics):
        run.log_metric(task.home.metric, value)
    error = None if math.isfinite(value) else f"{task.home.metric} is {value}, which can't be compared"
    status = RunStatus.FINISHED if error is None else RunStatus.FAILED
    if isinstance(run, WatchedRun) and run.watch.reason is not None:
        run.set_tag("stopped_by", run.watch.reason)
    if _was_interrupted(run):
        return Outcome(task.tid, run.run_id, RunStatus.KILLED, error="it was interrupted")
    _say_ended(run, task, status, value, error)
    run.end(status, error=error)
    curve = tuple(run.watch.curve) if isinstance(run, WatchedRun) else ()
    return Outcome(task.tid, run.run_id, status, value, error, duration_s=duration_s, curve=curve)


def _failed(task: TrialTask, run: ActiveRun, error: Exception, hooks: Hooks, duration_s: float) -> Outcome:
    if _was_interrupted(run):
        return Outcome(task.tid, run.run_id, RunStatus.KILLED, error="it was interrupted")
    is_unset = isinstance(error, _Unset)
    if isinstance(error, (_Unset, _Declared)):
        said = text = str(error)
    else:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            error = error.with_traceback(error.__traceback__.tb_next)  # begins in the user's code, not in this file
        said, text = _one_line(error), hooks.explain(error)
    _say_ended(run, task, RunStatus.FAILED, None, said)
    run.end(RunStatus.FAILED, error=text)
    return Outcome(
        task.tid, run.run_id, RunStatus.FAILED, None, said, is_unset, duration_s, exception=None if is_unset else error
    )


def _was_interrupted(run: ActiveRun) -> bool:
    """Whether the sweep ended the run: then its outcome is not to be learned from. Else the trial did it itself."""
    return run.ended and run.info.status is RunStatus.KILLED


def _say_ended(run: ActiveRun, task: TrialTask, status: RunStatus, value: float | None, error: str | None) -> None:
    # The value as text: JSON has no word for NaN, and repr gives every digit back.
    shown = None if value is None else repr(float(value))
    detail = {"sweep": task.home.sweep.run_id, "tid": task.tid, "status": status.value, "value": shown}
    if error is not None:
        detail["error"] = error
    run.store.writer.event(ENDED, run.run_id, detail)


def _one_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
