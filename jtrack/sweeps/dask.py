"""Dask as a ``concurrent.futures`` executor: its own ``ClientExecutor``, with an answer to every call.

Theirs hands a result over in a coroutine that dies where the result was lost with its worker: then nobody hears of
the call again. Here the callback asks for the result, and says whatever came of that.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from typing import Any

_DASKS = ("distributed.client.Client", "distributed.cfexecutor.ClientExecutor")


class DaskExecutor(Executor):
    """Runs calls as tasks of a Dask cluster.

    Parameters
    ----------
    client
        A ``distributed.Client``, or what its ``get_executor()`` gave.
    """

    def __init__(self, client: Any) -> None:
        self._options: dict[str, Any] = getattr(client, "_kwargs", {})
        self._client: Any = getattr(client, "_client", client)

    @staticmethod
    def takes(executor: object) -> bool:
        """Whether this is one of Dask's own; tells it by its name, so that nobody has to have Dask."""
        kind = type(executor)
        return f"{kind.__module__}.{kind.__name__}" in _DASKS

    @property
    def n_workers(self) -> int:
        """How many calls the cluster makes at once."""
        return int(sum(self._client.nthreads().values())) or 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have ``fn`` called by a worker."""
        told: Future[Any] = Future()
        # Two calls that look alike are two calls all the same.
        task = self._client.submit(fn, *args, **{"pure": False, **self._options}, **kwargs)
        told.add_done_callback(lambda told: task.cancel() if told.cancelled() else None)
        task.add_done_callback(lambda task: _tell(task, told))
        return told

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Do nothing: the cluster is the user's."""


def _tell(task: Any, told: Future[Any]) -> None:
    """Hand over what came of a task: the call's result or error, or what became of its worker."""
    try:
        result = task.result()
    except BaseException as error:
        with suppress(InvalidStateError):  # it was cancelled meanwhile
            told.set_exception(error)
    else:
        with suppress(InvalidStateError):
            told.set_result(result)
