"""Spark as a ``concurrent.futures`` executor: each call is a job with one task, as hyperopt's ``SparkTrials`` has it.

The search stays with jtrack's own loop, so that a sweep on Spark can be taken up, stopped and watched like any other.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.sweeps.pickles import pickle_whole
from jtrack.sweeps.worker import answer


class SparkExecutor(Executor):
    """Runs calls as Spark jobs.

    Parameters
    ----------
    session
        A ``SparkSession``; ``None`` takes the active one, or opens one as Spark's settings say.
    max_workers
        How many jobs are under way at once.

    Raises
    ------
    InvalidInputError
        pyspark is not installed.
    """

    def __init__(self, session: Any = None, max_workers: int = 1) -> None:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise InvalidInputError("Spark needs pyspark, which is not installed", "pip install pyspark") from None
        self._context: Any = (session or SparkSession.builder.getOrCreate()).sparkContext
        self._threads = ThreadPoolExecutor(max_workers, thread_name_prefix="jtrack-spark")
        self.n_workers = max_workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have ``fn`` called in a task of its own."""
        return self._threads.submit(self._run, pickle_whole((fn, args, kwargs), "the call"))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; the session stays."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _run(self, request: bytes) -> Any:
        (reply,) = self._context.parallelize([request], 1).mapPartitions(_answer_all).collect()
        went_well, result = pickle.loads(reply)
        if not went_well:
            raise result
        return result


def _answer_all(requests: Iterator[bytes]) -> Iterator[bytes]:
    return map(answer, requests)
