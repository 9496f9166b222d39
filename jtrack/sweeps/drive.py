"""The loop of a sweep: ask the search for a point, send it to the lane, take in what comes back, until it is over.

All of it happens on the caller's thread, so nothing here needs a lock but the list of runs that are open.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from jtrack.entities import RunStatus
from jtrack.errors import JTrackError, SweepError, SweepInterrupted
from jtrack.store import warn_unwritten
from jtrack.sweeps.lanes import Lane
from jtrack.sweeps.progress import Shown, show_sweep
from jtrack.sweeps.record import Past, SweepFacts, best_tags, end_for, with_curves
from jtrack.sweeps.search import Search
from jtrack.sweeps.space import Space, Values
from jtrack.sweeps.stopping import StopRule, TrialCurve
from jtrack.sweeps.trial import Hooks, Outcome, TrialHome, TrialTask, is_success
from jtrack.sweeps.workers import WorkerDiedError
from jtrack.tracking import ActiveRun
from jtrack.tracking.live import ask_to_stop

LOOK_EVERY_S = 0.5
HOPELESS_AFTER = 10  # trials that all failed: it is the objective, not the params
PEERS_KEPT = 256

# As hyperopt's `early_stop_fn`: called with the trials and what it gave last; says whether to stop, and gives that.
EarlyStop = Callable[..., tuple[bool, Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, checked and complete."""

    space: Space
    facts: SweepFacts
    search: Search
    timeout: float | None = None
    max_failures: int | None = None
    rule: StopRule | None = None
    early_stops: tuple[EarlyStop, ...] = ()
    progress: bool | None = None
    fixed: dict[str, Any] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=Hooks)
    on_trial: Callable[[Outcome], object] = lambda outcome: None


@dataclass(frozen=True, slots=True)
class Best:
    """The best trial so far; ``values`` is its point as hyperopt knows it."""

    run_id: str
    value: float
    values: Values


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a sweep has come."""

    n_done: int
    n_failed: int
    best: Best | None


class Drive:
    """One life of a sweep, from its first suggestion to the end of its run."""

    def __init__(self, plan: Plan, run: ActiveRun, past: Past, lane: Lane) -> None:
        self.plan, self.run, self._lane = plan, run, lane
        self.best: Best | None = None
        self.n_done = self.n_failed = self._n_failed_before = 0
        deadline = None if plan.timeout is None else time.time() + plan.timeout
        self._home = TrialHome.of(run, plan.facts.metric, plan.facts.sign, plan.rule, deadline)
        self._deadline = deadline
        self._search = plan.search
        self._past = past
        self._again: deque[tuple[int, Values]] = deque()
        self._next_tid = 0
        self._peers: deque[TrialCurve] = deque(maxlen=PEERS_KEPT)
        self._under_way: dict[Future[Outcome], tuple[int, Values]] = {}
        self._open_runs: dict[str, ActiveRun] = {}
        self._early_stop_args: list[Sequence[Any]] = [() for _ in plan.early_stops]
        self._is_over = self._is_exhausted = False
        self._is_store_gone = False
        self._first_error: str | None = None

    def go(self) -> None:
        """Run all trials and end the sweep's run; what it raises, it raises after that."""
        shown: Shown | None = None
        try:
            self._restore()
            self._lane.settle(self._home, Hooks(self._note_open, self.plan.hooks.explain))
            facts = self.plan.facts
            shown = show_sweep(self.run, facts.metric, facts.max_evals, self.n_done, self.plan.progress)
            self._loop(shown)
            self._check_something_worked()
        except BaseException as error:
            self._give_up(error)
            if isinstance(error, KeyboardInterrupt):
                raise SweepInterrupted(self.run.run_name, self.n_done, self.plan.facts.max_evals) from error
            raise
        else:
            self.run.end()
        finally:
            if shown is not None:
                shown.close()

    def _restore(self) -> None:
        """Tell the search all that an earlier life found, in the order in which it was asked."""
        if self.plan.rule is not None:
            self._past = with_curves(self._past, self.plan.facts.metric, self.plan.facts.sign, PEERS_KEPT)
        for tid in range(self._past.n_suggested):
            trial = self._past.trials.get(tid)
            if trial is None:  # its worker died before it could say so
                values = self._search.suggest(tid)
                if values is not None:
                    self._again.append((tid, values))
                continue
            self._search.restore(tid, trial.values)
            if trial.outcome is None:
                self._again.append((tid, trial.values))
            else:
                self._take_in(trial.outcome, trial.values, is_new=False)
        self._next_tid = self._past.n_suggested
        self._n_failed_before = self.n_failed

    def _loop(self, shown: Shown) -> None:
        while True:
            while not self._is_to_end() and len(self._under_way) < self._lane.width:
                task = self._next_task()
                if task is None:
                    break
                self._under_way[_submit(self._lane, task)] = (task.tid, task.values)
            if not self._under_way:
                return
            done, _ = wait(self._under_way, timeout=LOOK_EVERY_S, return_when="FIRST_COMPLETED")
            for future in done:
                tid, values = self._under_way.pop(future)
                outcome = self._outcome_of(future, tid)
                self._open_runs.pop(outcome.run_id or "", None)
                self._take_in(outcome, values, is_new=True)
                shown.step(Seen(self.n_done, self.n_failed, self.best))
                self._look_after_store()
                self.plan.on_trial(outcome)
                self._check_going_well(outcome)

    def _next_task(self) -> TrialTask | None:
        if self._again:
            tid, values = self._again.popleft()
        else:
            tid = self._next_tid
            suggested = self._search.suggest(tid)
            if suggested is None:
                self._is_exhausted = True
                return None
            values = suggested
            self._next_tid += 1
        point = self.plan.space.point(values)
        peers = tuple(self._peers) if self.plan.rule is not None else ()
        params = {**self.plan.fixed, **self.plan.space.params(values, point)}
        return TrialTask(self._home, tid, values, point, params, peers)

    def _is_to_end(self) -> bool:
        """Whether no new trial is to begin."""
        if self._is_over or self._is_exhausted:
            return True
        if not self._again and self._next_tid >= self.plan.facts.max_evals:
            return True
        if (self._deadline is not None and time.time() > self._deadline) or self._is_asked_to_stop:
            self._is_over = True
        return self._is_over

    def _take_in(self, outcome: Outcome, values: Values, *, is_new: bool) -> None:
        self.n_done += 1
        if outcome.status is not RunStatus.FINISHED:
            self.n_failed += 1
            self._first_error = self._first_error or outcome.error
        if outcome.curve:
            self._peers.append(outcome.curve)
        if self._search.learn(outcome):
            self._ask_early_stops()
        if outcome.status is RunStatus.FINISHED and is_success(outcome.value):
            self._compare(outcome, values, is_new)

    def _compare(self, outcome: Outcome, values: Values, is_new: bool) -> None:
        assert outcome.value is not None and outcome.run_id is not None
        sign, metric = self.plan.facts.sign, self.plan.facts.metric
        is_better = self.best is None or sign * outcome.value < sign * self.best.value
        if is_better:
            self.best = Best(outcome.run_id, outcome.value, values)
        if is_new and self.best is not None:
            self.run.log_metric(f"best_{metric}", self.best.value, step=self.n_done - 1)
            if is_better:
                params = self.plan.space.params(values, self.plan.space.point(values))
                self.run.set_tags(best_tags(outcome, params))

    def _ask_early_stops(self) -> None:
        for index, early_stop in enumerate(self.plan.early_stops):
            stop, arguments = early_stop(self._search.finished, *self._early_stop_args[index])
            self._early_stop_args[index] = arguments
            self._is_over = self._is_over or bool(stop)

    @property
    def _is_asked_to_stop(self) -> bool:
        # A trial may have seen it just now: a look that is a tenth of a second old would let another one begin.
        return self.run.should_stop.now()

    def _check_going_well(self, outcome: Outcome) -> None:
        if self.n_failed == self._n_failed_before or self._is_asked_to_stop:
            return  # a trial that was stopped early need not have come to a value
        if outcome.is_unset and self.best is None:
            raise SweepError(
                str(outcome.error),
                f"return a number, or jtrack.log_metric({self.plan.facts.metric!r}, value)",
            )
        limit = self.plan.max_failures
        n_failed = self.n_failed - self._n_failed_before  # those of an earlier life have ended that one
        if limit is not None and n_failed > limit:
            raise SweepError(f"{_counted(n_failed)} failed, and {limit or 'none'} may; the first: {self._first_error}")
        if limit is None and self.n_failed == self.n_done == HOPELESS_AFTER:
            raise SweepError(f"the first {HOPELESS_AFTER} trials all failed; the first: {self._first_error}")

    def _look_after_store(self) -> None:
        """Tell once where the folder was removed: its files are still open, so nothing else would notice."""
        writer = self.run.store.writer
        if not self._is_store_gone and writer.is_lost:
            self._is_store_gone = writer.is_loss_told = True
            warn_unwritten(
                f"{self.run.store.path} is gone, after {_counted(self.n_done)}: the sweep goes on to its result, "
                "but none of it is kept"
            )

    def _check_something_worked(self) -> None:
        if self.n_done and self.n_failed == self.n_done and not self._is_asked_to_stop:
            raise SweepError(f"all {self.n_done} trials failed; the first: {self._first_error}")

    def _outcome_of(self, future: Future[Outcome], tid: int) -> Outcome:
        """Give what came of a trial; one whose worker is gone has cost itself and nothing else."""
        error = future.exception()
        if isinstance(error, JTrackError):  # the store, an objective that can't be sent: no trial's own fault
            raise error
        if error is None:
            outcome = future.result()
        else:
            said = str(error) if isinstance(error, WorkerDiedError) else f"{type(error).__name__}: {error}"
            outcome = Outcome(tid, None, RunStatus.KILLED, error=said)
        if outcome.run_id is None:  # nobody else can say what became of its run
            outcome = replace(outcome, run_id=end_for(self.run, tid, outcome.error or ""))
        return outcome

    def _note_open(self, run: ActiveRun) -> None:
        self._open_runs[run.run_id] = run
        self.plan.hooks.on_open(run)

    def _give_up(self, error: BaseException) -> None:
        is_interrupt = isinstance(error, KeyboardInterrupt)
        self._lane.abandon()
        for future in self._under_way:
            future.cancel()
        # Threads can't be stopped: what they still log is kept, but their trials have ended, and count as unfinished.
        for run in list(self._open_runs.values()):
            with suppress(Exception):
                ask_to_stop(run.store, run.run_id)
            run.end(RunStatus.KILLED)
        text = (
            str(error) if isinstance(error, JTrackError) else None if is_interrupt else self.plan.hooks.explain(error)
        )
        self.run.end(RunStatus.KILLED if is_interrupt else RunStatus.FAILED, error=text)


def _submit(lane: Lane, task: TrialTask) -> Future[Outcome]:
    try:
        return lane.submit(task)
    except BrokenExecutor as error:
        raise SweepError(
            f"the executor gave up: {error}", "resume= takes the sweep up; executor='processes' outlives its workers"
        ) from None


def _counted(n: int) -> str:
    return f"{n} trial" if n == 1 else f"{n} trials"
