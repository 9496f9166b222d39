"""How trials get to where they run: in this thread, in other threads, or anywhere behind a standard executor.

What runs elsewhere gets the objective once per process, from a file in the store's folder (which a worker needs
anyway), and each trial as a few hundred bytes.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.sweeps.pickles import pickle_whole
from jtrack.sweeps.trial import Hooks, Objective, Outcome, TrialHome, TrialTask, run_trial
from jtrack.sweeps.workers import ProcessExecutor

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
    """Takes trials to an executor.

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

    def __init__(
        self, executor: Executor | str | None, parallelism: int, objective: Objective, home: TrialHome, hooks: Hooks
    ) -> None:
        self.is_own = executor is None or isinstance(executor, str)
        self.width = parallelism
        self._executor = _open(executor, parallelism)
        self.is_local = isinstance(self._executor, (InlineExecutor, ThreadPoolExecutor))
        if not self.is_own and parallelism == 1:
            self.width = int(getattr(self._executor, "_max_workers", None) or getattr(executor, "n_workers", None) or 1)
        self._objective, self._hooks, self._home = objective, hooks, home
        self._path: Path | None = None
        if not self.is_local:
            self._path = _leave_objective(home, pickle_whole(objective, "the objective"))

    def submit(self, task: TrialTask) -> Future[Outcome]:
        """Send a trial on its way."""
        if self._path is None:
            return self._executor.submit(run_trial, task, self._objective, self._hooks)
        return self._executor.submit(run_elsewhere, pickle_whole(task, "the point of a trial"), str(self._path))

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
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()


def run_elsewhere(task: bytes, objective_path: str) -> Outcome:
    """Run a trial in a process that knows nothing of the sweep yet."""
    outcome = run_trial(pickle.loads(task), _load_objective(objective_path))
    return replace(outcome, exception=None)  # what the user raised may not be fit to travel


@lru_cache(maxsize=2)
def _load_objective(path: str) -> Objective:
    with open(path, "rb") as file:
        objective: Objective = pickle.load(file)
    return objective


def _leave_objective(home: TrialHome, pickled: bytes) -> Path:
    folder = home.store_path / "control"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{home.sweep.run_id}.{os.getpid()}.objective"
    path.write_bytes(pickled)
    return path


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
    if not isinstance(executor, str) and hasattr(executor, "submit"):
        return executor
    raise InvalidInputError(f"{executor!r} is no executor", f"one of {', '.join(NAMES)}, or a concurrent.futures one")
