"""Ray as a ``concurrent.futures`` executor: each call is a task of its own, on whatever cluster Ray is connected to."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.sweeps.pickles import pickle_whole
from jtrack.sweeps.worker import answer


class RayExecutor(Executor):
    """Runs calls as Ray tasks, with no second try for one whose worker died.

    Parameters
    ----------
    max_workers
        How many are given to Ray at once, for who asks.

    Raises
    ------
    InvalidInputError
        Ray is not installed.
    """

    def __init__(self, max_workers: int = 1) -> None:
        try:
            import ray
        except ImportError:
            raise InvalidInputError("executor='ray' needs ray, which is not installed", "pip install ray") from None
        if not ray.is_initialized():
            ray.init(log_to_driver=False)
        self._task: Any = ray.remote(max_retries=0)(answer)
        self.n_workers = max_workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have ``fn`` called in a task."""
        replied = self._task.remote(pickle_whole((fn, args, kwargs), "the call")).future()
        result: Future[Any] = Future()
        result.set_running_or_notify_cancel()
        replied.add_done_callback(lambda reply: _pass_on(reply, result))
        return result


def _pass_on(reply: Future[bytes], result: Future[Any]) -> None:
    error = reply.exception()
    if error is None:
        went_well, returned = pickle.loads(reply.result())
        if went_well:
            result.set_result(returned)
            return
        error = returned
    result.set_exception(error)
