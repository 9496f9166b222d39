"""An executor of processes that outlives its workers: one that is killed costs its own call and nothing else.

``concurrent.futures.ProcessPoolExecutor`` won't do: when one of its processes dies it ends all others and gives up,
and its processes are forked from (or run again) the user's main module.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from jtrack.sweeps.pickles import pickle_whole
from jtrack.sweeps.worker import receive, send


class WorkerDiedError(RuntimeError):
    """The process that made a call is gone; the call may have been made in part."""


class ProcessExecutor(Executor):
    """Runs calls in processes of their own, each started by the first call that needs it.

    Functions and arguments travel by cloudpickle, so they may be defined in the notebook.

    Parameters
    ----------
    max_workers
        ``None`` takes as many as there are processors.
    """

    def __init__(self, max_workers: int | None = None) -> None:
        self.n_workers = max_workers or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self.n_workers, thread_name_prefix="jtrack-worker")
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have ``fn`` called in a process; raises :class:`UnpicklableError` where it can't be sent there."""
        payload = pickle_whole((fn, args, kwargs), "the call")
        return self._threads.submit(self._call, payload)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, and end the processes when the last is made."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        with self._lock:
            self._is_closed = True
            workers = list(self._workers) if wait else []
        for worker in workers:
            worker.dismiss()

    def kill(self) -> None:
        """End all processes at once, whatever they do."""
        with self._lock:
            self._is_closed = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def pids(self) -> list[int]:
        """The processes that are there now."""
        with self._lock:
            return [worker.pid for worker in self._workers]

    def _call(self, payload: bytes) -> Any:
        worker = self._take()
        try:
            reply = worker.ask(payload)
        except BaseException:
            with self._lock:
                self._workers.discard(worker)
            raise
        if self._is_closed:
            worker.dismiss()
        self._idle.put(worker)
        went_well, result = pickle.loads(reply)
        if not went_well:
            raise result
        return result

    def _take(self) -> _Worker:
        with suppress(queue.Empty):
            while True:
                worker = self._idle.get_nowait()
                if worker.is_alive:
                    return worker
                with self._lock:
                    self._workers.discard(worker)
        with self._lock:
            if self._is_closed:
                raise WorkerDiedError("the workers were dismissed")
            worker = _Worker()
            self._workers.add(worker)
        return worker


class _Worker:
    """One process and the two pipes to it."""

    def __init__(self) -> None:
        # The same modules are to be found there as here, also those beside a script or a notebook.
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jtrack.sweeps.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C in a terminal is for the sweep, which then decides
        )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def ask(self, payload: bytes) -> bytes:
        """Send a call and wait for the reply."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            send(self._process.stdin, payload)
            reply = receive(self._process.stdout)
        except OSError:
            reply = None
        if reply is None:
            self.dismiss()
            raise WorkerDiedError(f"its worker process {self.pid} {_how_ended(self._process.wait())}")
        return reply

    def dismiss(self) -> None:
        """Let an idle process leave, and wait until it has."""
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()

    def kill(self) -> None:
        """End the process at once; whoever waits for its reply hears of it."""
        with suppress(OSError):
            self._process.kill()


def _how_ended(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
