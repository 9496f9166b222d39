"""``sweep``: a function run at many points of a space, each as a run nested in the sweep's."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from jtrack.entities import RunInfo
from jtrack.errors import InvalidInputError
from jtrack.sweeps.algorithms import LOOK_AHEAD, Suggest, algorithm_name, find_algorithm
from jtrack.sweeps.drive import Drive, EarlyStop, Plan
from jtrack.sweeps.lanes import Lane
from jtrack.sweeps.record import (
    Opening,
    Past,
    SweepFacts,
    find_sweep,
    read_past,
    resume_sweep,
    start_sweep,
    stored_seed,
)
from jtrack.sweeps.result import SweepResult
from jtrack.sweeps.search import Search
from jtrack.sweeps.space import Space
from jtrack.sweeps.stopping import HalvingStop, MedianStop, StopRule
from jtrack.sweeps.trial import Hooks, Objective, Outcome
from jtrack.tracking import ActiveRun

_RULES: dict[str, Callable[[], StopRule]] = {"median": MedianStop, "halving": HalvingStop}


def sweep(
    objective: Objective,
    space: Any,
    *,
    max_evals: int,
    minimize: str | None = None,
    maximize: str | None = None,
    algo: str | Suggest = "tpe",
    executor: Executor | str | None = None,
    parallelism: int = 1,
    timeout: float | None = None,
    seed: int | None = None,
    resume: object = None,
    early_stop: str | StopRule | EarlyStop | Iterable[str | StopRule | EarlyStop] | None = None,
    run_name: str | None = None,
    max_failures: int | None = None,
    progress: bool | None = None,
) -> SweepResult:
    """Search for the point of a space where an objective is best; every trial is a run nested in the sweep's.

    Parameters
    ----------
    objective
        Called with a point, as hyperopt would: a dict for a dict. It returns a number, or a dict that holds the
        metric (or hyperopt's ``loss``), or nothing, and then has logged the metric.
    space
        hyperopt's ``hp`` nodes, alone or in dicts and lists; conditional ones too.
    max_evals
        How many trials there are in all, failed ones and those of an earlier life included.
    minimize, maximize
        The metric's name; with neither, ``loss`` is minimized.
    algo
        ``"tpe"``, ``"random"``, ``"anneal"``, ``"atpe"``, ``"grid"``, or a function of hyperopt's such as
        ``partial(tpe.suggest, gamma=0.5)``.
    executor
        Where trials run: ``None`` is this thread, or threads where ``parallelism`` is above 1; ``"threads"``,
        ``"processes"``, ``"spark"``, ``"ray"``, or any ``concurrent.futures`` one: Dask's ``client.get_executor()``.
        Workers on other machines need the store's folder at the same path.
    parallelism
        How many trials are under way at once.
    timeout
        Seconds after which no trial begins; those under way are told by ``run.should_stop``.
    seed
        The same seed gives the same trials in the same order, those of ``fmin(rstate=default_rng(seed))``. With
        ``parallelism``, tpe, anneal and atpe learn of trials in the order in which they end, which no seed fixes.
    resume
        A sweep to take up: its run, or ``True`` for the newest. Nothing that ended is run again; a trial that was
        under way is, with all of a sweep inside of it.
    early_stop
        ``"median"``, ``"halving"`` or a rule of these with settings of its own, for trials that look at
        ``run.should_stop``; functions as hyperopt's ``early_stop_fn``, for the sweep; or several of them.
    max_failures
        How many trials may fail; ``None`` goes on, unless the first ten all fail.
    progress
        ``None`` shows how far it is where somebody looks: in a notebook, where ``%load_ext jtrack`` was, with the
        lines of the trials as they grow.

    Returns
    -------
    SweepResult
        ``.best_params``, ``.best_value``, ``.best_run``, and ``.trials`` as a data frame.

    Raises
    ------
    InvalidSpaceError
        There is nothing to search, or two parts of it have one name.
    SweepError
        No trial worked, too many failed, or the metric was never set; what was finished stays.
    """
    wishes = Wishes(
        max_evals=max_evals,
        minimize=minimize,
        maximize=maximize,
        algo=algo,
        executor=executor,
        parallelism=parallelism,
        timeout=timeout,
        seed=seed,
        resume=resume,
        early_stop=early_stop,
        max_failures=max_failures,
        progress=progress,
    )
    return conduct(objective, space, wishes, Opening(run_name=run_name))


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a sweep is to go; the arguments of :func:`sweep`, and what its own process wants to hear of it.

    ``fixed`` are params that every trial has alike.
    """

    max_evals: int
    minimize: str | None = None
    maximize: str | None = None
    algo: str | Suggest = "tpe"
    executor: Executor | str | None = None
    parallelism: int = 1
    timeout: float | None = None
    seed: int | None = None
    resume: object = None
    early_stop: Any = None
    max_failures: int | None = None
    progress: bool | None = None
    fixed: dict[str, Any] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=Hooks)
    on_start: Callable[[ActiveRun], object] = lambda run: None
    on_trial: Callable[[Outcome], object] = lambda outcome: None


def conduct(objective: Objective, space: Any, wishes: Wishes, opening: Opening) -> SweepResult:
    """Check what is wished, run it, and give its result; raises what :func:`sweep` raises."""
    rule, early_stops = _split_early_stops(wishes.early_stop)
    _check_counts(wishes)
    if not callable(objective):
        raise InvalidInputError(f"the objective is a function, not {type(objective).__name__}")
    searched = space if isinstance(space, Space) else Space(space)
    suggest = find_algorithm(wishes.algo, searched, wishes.max_evals)
    earlier = None if wishes.resume is None or wishes.resume is False else find_sweep(wishes.resume)
    facts = _facts(wishes, searched, earlier)
    plan = Plan(
        space=searched,
        facts=facts,
        search=Search(searched, suggest, facts.seed, facts.sign, forgets=wishes.algo in LOOK_AHEAD and not early_stops),
        timeout=wishes.timeout,
        max_failures=wishes.max_failures,
        rule=rule,
        early_stops=early_stops,
        progress=wishes.progress,
        fixed=wishes.fixed,
        hooks=wishes.hooks,
        on_trial=wishes.on_trial,
    )
    # Before the run begins: what can't be sent to where the trials are to run is no sweep yet.
    with Lane(wishes.executor, wishes.parallelism, objective) as lane:
        run, past = _open_run(facts, earlier, opening)
        wishes.on_start(run)
        return _drive(plan, run, past, lane)


def _facts(wishes: Wishes, space: Space, earlier: RunInfo | None) -> SweepFacts:
    metric, sign = _goal(wishes.minimize, wishes.maximize)
    seed = wishes.seed
    if seed is None:
        # Kept with the run, so that any sweep can be repeated, and taken up.
        seed = secrets.randbelow(2**31) if earlier is None else stored_seed(earlier)
    searched = {**wishes.fixed, **space.describe()}
    return SweepFacts(metric, sign, algorithm_name(wishes.algo), seed, wishes.max_evals, searched)


def _open_run(facts: SweepFacts, earlier: RunInfo | None, opening: Opening) -> tuple[ActiveRun, Past]:
    if earlier is None:
        return start_sweep(facts, opening), Past()
    past = read_past(earlier.run_id)
    return resume_sweep(earlier, facts), past


def _drive(plan: Plan, run: ActiveRun, past: Past, lane: Lane) -> SweepResult:
    """Run a plan to its end inside the sweep's run, and give its result."""
    driven = Drive(plan, run, past, lane)
    driven.go()
    best = driven.best
    return SweepResult(
        store=run.store,
        run_id=run.run_id,
        run_name=run.run_name,
        metric=plan.facts.metric,
        goal="minimize" if plan.facts.sign > 0 else "maximize",
        best_params=None if best is None else plan.space.point(best.values),
        best_value=None if best is None else best.value,
        best_run_id=None if best is None else best.run_id,
        n_trials=driven.n_done,
        n_failed=driven.n_failed,
    )


def _goal(minimize: str | None, maximize: str | None) -> tuple[str, int]:
    if minimize is not None and maximize is not None:
        raise InvalidInputError("a sweep minimizes one metric or maximizes one", "give minimize= or maximize=")
    if maximize is not None:
        return maximize, -1
    return ("loss" if minimize is None else minimize), 1


def _check_counts(wishes: Wishes) -> None:
    timeout, max_failures = wishes.timeout, wishes.max_failures
    counts: tuple[tuple[str, Any], ...] = (("max_evals", wishes.max_evals), ("parallelism", wishes.parallelism))
    for name, value in counts:
        if not _is_whole(value) or value < 1:
            raise InvalidInputError(f"{name} is a whole number from 1 on, not {value!r}")
    if wishes.seed is not None and (not _is_whole(wishes.seed) or wishes.seed < 0):
        raise InvalidInputError(f"seed is a whole number from 0 on, not {wishes.seed!r}")
    if timeout is not None and not (_is_number(timeout) and timeout > 0):
        raise InvalidInputError(f"timeout is a number of seconds above 0, not {timeout!r}")
    if max_failures is not None and not (_is_whole(max_failures) and max_failures >= 0):
        raise InvalidInputError(f"max_failures is a whole number from 0 on, not {max_failures!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _split_early_stops(given: Any) -> tuple[StopRule | None, tuple[EarlyStop, ...]]:
    """Tell what stops trials (one rule) from what stops the sweep (any number of functions)."""
    listed = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    rules, functions = [], []
    for one in listed:
        if isinstance(one, str):
            if one not in _RULES:
                raise InvalidInputError(f"there is no rule {one!r}", "'median', 'halving', or a function of hyperopt's")
            rules.append(_RULES[one]())
        elif hasattr(one, "is_hopeless"):
            rules.append(one)
        elif callable(one):
            functions.append(one)
        else:
            raise InvalidInputError(f"early_stop can't be {one!r:.60}", "'median', 'halving', or a function")
    if len(rules) > 1:
        raise InvalidInputError("one rule stops trials", "give 'median' or 'halving', not both")
    return (rules[0] if rules else None), tuple(functions)
