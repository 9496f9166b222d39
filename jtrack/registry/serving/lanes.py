"""Between the web server and its workers: requests wait here, and a worker that is free takes all that wait at once.

That is what joins requests: nothing is held back for company, and the busier the server, the larger the batches. A
lane is a thread with one worker; threads, since they read pipes on every system, and there are as many as workers.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from jtrack.errors import JTrackError
from jtrack.registry.serving.answers import encode_error
from jtrack.registry.serving.faults import RequestError, model_failed, too_busy, too_late
from jtrack.registry.serving.log import say
from jtrack.registry.serving.scorer import Answer, Request
from jtrack.registry.serving.workers import Worker, WorkerDiedError, WorkerPlan

MOST_JOINED = 256
MOST_JOINED_BYTES = 8 * 1024 * 1024
_MOST_TRIES = 2
_LOOK_EVERY_S = 1.0
_RETRY_S = (0.2, 1.0, 2.0, 5.0, 10.0)


@dataclass(eq=False, slots=True)
class Waiting:
    """A request and the future of its answer."""

    request: Request
    future: asyncio.Future[Reply]
    n_tries: int = 0
    is_taken: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and which model gave it."""

    answer: Answer
    model: str


class Lanes:
    """All workers of a server, and the requests that wait for one.

    Parameters
    ----------
    n_workers
        How many processes hold the model.
    most_waiting
        How many requests may wait; more are refused.
    """

    def __init__(
        self,
        plan: WorkerPlan,
        model: str,
        n_workers: int = 1,
        most_waiting: int = 1000,
    ) -> None:
        self.plan, self.model = plan, model
        self.n_restarts = 0
        self.on_batch: Callable[[int, int], None] = lambda n_requests, n_rows: None
        self._most_waiting = most_waiting
        self._waiting: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self.is_closed = False
        self._lanes = [_Lane(self, Worker(plan), model) for _ in range(n_workers)]

    def wait_ready(self) -> None:
        """Wait until every worker has loaded the model, and begin to take requests.

        Raises
        ------
        InvalidModelError
            The model can't be loaded.
        WorkerDiedError
            A worker ended while it loaded the model.
        """
        for lane in self._lanes:
            lane.worker.wait_ready()
        for lane in self._lanes:
            lane.start()

    @property
    def n_ready(self) -> int:
        """How many workers have a model at hand."""
        return sum(lane.is_ready for lane in self._lanes)

    @property
    def n_waiting(self) -> int:
        """How many requests wait for a worker."""
        return len(self._waiting)

    async def ask(self, request: Request, timeout_s: float) -> Reply:
        """Have a request answered.

        Raises
        ------
        RequestError
            There was no time, or too much waits already.
        """
        if len(self._waiting) >= self._most_waiting:
            raise too_busy()
        waiting = Waiting(request, asyncio.get_running_loop().create_future())
        with self._changed:
            self._waiting.append(waiting)
            self._changed.notify()
        try:
            async with asyncio.timeout(timeout_s):
                return await waiting.future
        except TimeoutError:
            self._give_up(waiting)
            raise too_late(timeout_s) from None

    def replace(self, plan: WorkerPlan, model: str) -> None:
        """Load another model beside the one that serves, then change over; no request is lost or refused.

        Raises
        ------
        InvalidModelError, WorkerDiedError
            The other can't be loaded; the one before goes on.
        """
        fresh = [Worker(plan) for _ in self._lanes]
        try:
            for worker in fresh:
                worker.wait_ready()
        except JTrackError:
            for worker in fresh:
                worker.kill()
            raise
        with self._changed:
            self.plan, self.model = plan, model
            for lane, worker in zip(self._lanes, fresh, strict=True):
                lane.next_worker = worker
            self._changed.notify_all()

    def close(self) -> None:
        """End all workers; what still waits is not answered."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()
        for lane in self._lanes:
            lane.worker.kill()

    def take(self, lane: _Lane) -> list[Waiting] | None:
        """Wait a while for requests, and take as many as fit into a batch; none if ``lane`` has to see to its worker.

        Returns
        -------
        list[Waiting] | None
            ``None`` when the server closes.
        """
        with self._changed:
            if not (self._waiting or self.is_closed or lane.next_worker is not None):
                self._changed.wait(_LOOK_EVERY_S)
            if self.is_closed:
                return None
            return self._batch() if self._waiting and lane.next_worker is None and lane.worker.lives else []

    def give_back(self, batch: list[Waiting]) -> None:
        """Have requests tried again, each alone: one of them may be what ended a worker."""
        with self._changed:
            for waiting in reversed(batch):
                waiting.is_taken = False
                self._waiting.appendleft(waiting)
            self._changed.notify_all()

    def _batch(self) -> list[Waiting]:
        batch, n_bytes = [self._waiting.popleft()], 0
        while self._waiting and len(batch) < MOST_JOINED and not batch[0].n_tries and not self._waiting[0].n_tries:
            n_bytes += len(self._waiting[0].request[1])
            if n_bytes > MOST_JOINED_BYTES:
                break
            batch.append(self._waiting.popleft())
        batch = [waiting for waiting in batch if not waiting.future.done()]  # their time may have been up
        for waiting in batch:
            waiting.is_taken = True
        return batch

    def _give_up(self, waiting: Waiting) -> None:
        """Forget a request whose time is up; a worker that is still at it is ended, since nothing else stops it."""
        with self._changed:
            if not waiting.is_taken:  # whoever would take it sees that it is done
                return
        for lane in self._lanes:
            if waiting in lane.batch:
                lane.worker.kill()


class _Lane(threading.Thread):
    """One worker, and the thread that talks to it."""

    def __init__(self, lanes: Lanes, worker: Worker, model: str) -> None:
        super().__init__(name="jtrack-lane", daemon=True)
        self.worker = worker
        self.next_worker: Worker | None = None
        self.batch: list[Waiting] = []
        self.is_ready = False
        self._model = model
        self._lanes = lanes

    def run(self) -> None:
        """Take requests until the server closes."""
        self.is_ready = True
        while (batch := self._lanes.take(self)) is not None:
            if self.next_worker is not None:
                self._change_over()
            elif not self.worker.lives:
                self._restart(WorkerDiedError(None))
            if not batch:
                continue
            self.batch = batch
            try:
                answers = self.worker.exchange([waiting.request for waiting in batch])
            except WorkerDiedError as error:
                self._recover(error)
            else:
                self._deliver(batch, answers)
            self.batch = []

    def _deliver(self, batch: list[Waiting], answers: list[Answer]) -> None:
        self._lanes.on_batch(len(batch), sum(answer.n_rows for answer in answers))
        replies = [Reply(answer, self._model) for answer in answers]
        # One wake-up for all of them; a loop that is closing wants none.
        loop = batch[0].future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_hand_over, batch, replies)

    def _change_over(self) -> None:
        old, self.worker, self._model = self.worker, self.next_worker or self.worker, self._lanes.model
        self.next_worker = None
        threading.Thread(target=old.close, daemon=True).start()

    def _recover(self, error: WorkerDiedError) -> None:
        """Start another worker, and have what the dead one was at tried again, once."""
        left = [waiting for waiting in self.batch if not waiting.future.done()]
        lost = [waiting for waiting in left if len(self.batch) == 1 or waiting.n_tries + 1 >= _MOST_TRIES]
        again = [waiting for waiting in left if waiting not in lost]
        for waiting in again:
            waiting.n_tries += 1
        if lost:
            number = secrets.token_hex(4)
            say(f"{error.message} on a request, {number}")
            self._deliver(lost, [_refusal(model_failed(number)) for _ in lost])
        self._lanes.give_back(again)
        self._restart(error)

    def _restart(self, error: JTrackError) -> None:
        self.is_ready = False
        for delay_s in itertools.chain(_RETRY_S, itertools.repeat(_RETRY_S[-1])):
            if self._lanes.is_closed:
                return
            self._lanes.n_restarts += 1
            say(f"{error.message}: starting another")
            try:
                self.worker, self._model = Worker(self._lanes.plan), self._lanes.model
                self.worker.wait_ready()
            except JTrackError as next_error:
                error = next_error
                time.sleep(delay_s)
                continue
            self.is_ready = True
            return


def _hand_over(batch: list[Waiting], replies: list[Reply]) -> None:
    for waiting, reply in zip(batch, replies, strict=True):
        if not waiting.future.done():
            waiting.future.set_result(reply)


def _refusal(error: RequestError) -> Answer:
    return Answer(error.status, *encode_error(error))
