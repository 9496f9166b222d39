"""How trials get to where they run: in this thread, in other threads, or anywhere behind a standard executor.

What runs elsewhere gets the objective once per process, from a file in the store's folder (which a worker needs
anyway), and each trial as a few hundred bytes.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jtrack import queries
from jtrack.entities import RunStatus
from jtrack.errors import InvalidInputError, UnpicklableError
from jtrack.sweeps.dask import DaskExecutor
from jtrack.sweeps.desk import Desk, load_objective
from jtrack.sweeps.pickles import pickle_whole
from jtrack.sweeps.record import read_outcome
from jtrack.sweeps.trial import Hooks, Objective, Outcome, TrialHome, TrialTask, run_trial
from jtrack.sweeps.workers import ProcessExecutor
from jtrack.tracking.context import store_at

if TYPE_CHECKING:
    from typing import Self

NAMES = ("threads", "processes", "spark", "ray")


class InlineExecutor(Executor):
    """Calls at once, in the caller's own thread; an interrupt goes straight through."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call ``fn`` and give its future, which is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Lane:
    """Takes trials to an executor; a context manager that gives back what it opened.

    Parameters
    ----------
    executor
        ``None`` (this thread, or threads where ``parallelism`` is above 1), ``"threads"``, ``"processes"``,
        ``"spark"``, ``"ray"``, or any ``concurrent.futures`` executor, such as Dask's ``client.get_executor()``.
    parallelism
        How many trials are under way at once; for an executor of the user's that knows its size, 1 means that size.

    Raises
    ------
    InvalidInputError
        There is no such executor.
    UnpicklableError
        The objective can't be sent to it; the message names the part that stands in the way.
    """

    def __init__(self, executor: Executor | str | None, parallelism: int, objective: Objective) -> None:
        self.is_own = executor is None or isinstance(executor, str)
        self.width = parallelism
        self._executor = _open(executor, parallelism)
        self.is_local = isinstance(self._executor, (InlineExecutor, ThreadPoolExecutor))
        if not self.is_own and parallelism == 1:
            known = getattr(self._executor, "_max_workers", None) or getattr(self._executor, "n_workers", None)
            self.width = int(known or 1)
        self._objective, self._hooks = objective, Hooks()
        self._pickled: bytes | None = None
        self._desk: Desk | None = None
        if not self.is_local:
            try:
                self._pickled = pickle_whole(objective, "the objective")
            except UnpicklableError:
                self.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def settle(self, home: TrialHome, hooks: Hooks) -> None:
        """Make ready for the trials of a sweep, whose run has begun."""
        self._hooks = hooks
        if self._pickled is not None:
            self._desk = Desk.open(home, self._pickled)

    def submit(self, task: TrialTask) -> Future[Outcome]:
        """Send a trial on its way."""
        if self._desk is None:
            return self._executor.submit(run_trial, task, self._objective, self._hooks)
        return self._executor.submit(run_elsewhere, pickle_whole(task, "the point of a trial"), self._desk)

    def abandon(self) -> None:
        """Give up what is under way: own workers are ended, others' trials are cancelled where that can be done."""
        if isinstance(self._executor, ProcessExecutor) and self.is_own:
            self._executor.kill()
        elif self.is_own:
            self._executor.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Give back what was opened for the sweep."""
        if self.is_own:
            self._executor.shutdown(wait=not isinstance(self._executor, ThreadPoolExecutor))
        if self._desk is not None:
            self._desk.clear()


def run_elsewhere(task: bytes, desk: Desk) -> Outcome:
    """Run a trial in a process that knows nothing of the sweep yet; a call that is made again runs nothing again."""
    trial: TrialTask = pickle.loads(task)
    if not desk.claim(trial.tid):
        return _outcome_of_first_call(trial)
    outcome = run_trial(trial, load_objective(desk.objective_path))
    return replace(outcome, exception=None)  # what the user raised may not be fit to travel


def _outcome_of_first_call(trial: TrialTask) -> Outcome:
    """Read what an engine has lost: it calls again where a worker died, or took a result with it."""
    with queries.using(store_at(trial.home.store_path)):
        outcome = read_outcome(trial.home.sweep.run_id, trial.tid)
    # Told and not raised: an engine would log a traceback of its own.
    return outcome or Outcome(trial.tid, None, RunStatus.KILLED, error="the worker that ran it died")


def _open(executor: Executor | str | None, parallelism: int) -> Executor:
    if executor is None:
        return InlineExecutor() if parallelism == 1 else ThreadPoolExecutor(parallelism, "jtrack-trial")
    if executor == "threads":
        return ThreadPoolExecutor(parallelism, "jtrack-trial")
    if executor == "processes":
        return ProcessExecutor(parallelism)
    if executor == "spark":
        from jtrack.sweeps.spark import SparkExecutor

        return SparkExecutor(max_workers=parallelism)
    if executor == "ray":
        from jtrack.sweeps.ray import RayExecutor

        return RayExecutor(max_workers=parallelism)
    if DaskExecutor.takes(executor):
        return DaskExecutor(executor)
    if not isinstance(executor, str) and hasattr(executor, "submit"):
        return executor
    raise InvalidInputError(f"{executor!r} is no executor", f"one of {', '.join(NAMES)}, or a concurrent.futures one")
