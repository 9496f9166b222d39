"""``sweep``: a function run at many points of a space, each as a run nested in the sweep's."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.sweeps.algorithms import Suggest, algorithm_name, find_algorithm
from jtrack.sweeps.drive import Drive, EarlyStop, Plan
from jtrack.sweeps.record import (
    Past,
    SweepFacts,
    check_same,
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
from jtrack.sweeps.trial import Objective
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
        ``"processes"``, ``"spark"``, or any ``concurrent.futures`` executor, such as Dask's ``client.get_executor()``.
    parallelism
        How many trials are under way at once.
    timeout
        Seconds after which no trial begins; those under way are told by ``run.should_stop``.
    seed
        The same seed gives the same trials in the same order, those of ``fmin(rstate=default_rng(seed))``.
    resume
        A sweep to take up: its run, or ``True`` for the newest. Nothing that ended is run again.
    early_stop
        ``"median"``, ``"halving"`` or a rule of these with settings of its own, for trials that look at
        ``run.should_stop``; functions as hyperopt's ``early_stop_fn``, for the sweep; or several of them.
    max_failures
        How many trials may fail; ``None`` goes on, unless the first ten all fail.
    progress
        ``None`` shows a bar where somebody looks.

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
    metric, sign = _goal(minimize, maximize)
    rule, early_stops = _split_early_stops(early_stop)
    _check_counts(max_evals, parallelism, timeout, max_failures)
    if not callable(objective):
        raise InvalidInputError(f"the objective is a function, not {type(objective).__name__}")
    searched = Space(space)
    suggest = find_algorithm(algo, searched, max_evals)
    earlier = None if resume is None or resume is False else find_sweep(resume)
    if seed is None:
        # Kept with the run, so that any sweep can be repeated, and taken up.
        seed = secrets.randbelow(2**31) if earlier is None else stored_seed(earlier)
    facts = SweepFacts(metric, sign, algorithm_name(algo), seed, max_evals, searched.describe())
    plan = Plan(
        objective=objective,
        space=searched,
        facts=facts,
        search=Search(searched, suggest, facts.seed, sign),
        executor=executor,
        parallelism=parallelism,
        timeout=timeout,
        max_failures=max_failures,
        rule=rule,
        early_stops=early_stops,
        progress=progress,
    )
    if earlier is None:
        return drive(plan, start_sweep(facts, run_name), Past())
    check_same(earlier, queries.get_run(earlier.run_id).data.params, facts)
    past = read_past(earlier.run_id)
    return drive(plan, resume_sweep(earlier, facts), past)


def drive(plan: Plan, run: ActiveRun, past: Past) -> SweepResult:
    """Run a plan to its end inside the sweep's run, and give its result."""
    driven = Drive(plan, run, past)
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


def _check_counts(max_evals: Any, parallelism: Any, timeout: Any, max_failures: Any) -> None:
    for name, value, least in (("max_evals", max_evals, 1), ("parallelism", parallelism, 1)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise InvalidInputError(f"{name} is a whole number from {least} on, not {value!r}")
    if timeout is not None and not timeout > 0:
        raise InvalidInputError(f"timeout is a number of seconds above 0, not {timeout!r}")
    if max_failures is not None and max_failures < 0:
        raise InvalidInputError(f"max_failures is 0 or more, not {max_failures!r}")


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
