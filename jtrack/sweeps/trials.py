"""``fmin(…, trials=jtrack.Trials())``: hyperopt drives, and every evaluation is recorded as a nested run.

hyperopt hands the whole call to ``trials.fmin`` first: there the objective is wrapped, and nothing else is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hyperopt import base, pyll

from jtrack import tracking
from jtrack.entities import RunKind
from jtrack.errors import InvalidSpaceError
from jtrack.sweeps.algorithms import algorithm_name
from jtrack.sweeps.drive import EarlyStop, Seen
from jtrack.sweeps.progress import Shown, show_sweep
from jtrack.sweeps.record import best_tags
from jtrack.sweeps.space import Space
from jtrack.sweeps.trial import Outcome, TrialHome, TrialTask, is_success, run_trial
from jtrack.tracking import ActiveRun

_METRIC = "loss"


class Trials(base.Trials):  # type: ignore[misc]
    """hyperopt's ``Trials`` that records a sweep: one run for each call of ``fmin``'s objective, nested in the sweep's.

    A second ``fmin`` with the same object goes on in the same sweep, as hyperopt goes on with its trials.

    Parameters
    ----------
    run_name
        The sweep's name; ``None`` draws one.
    """

    def __init__(self, run_name: str | None = None, exp_key: str | None = None, refresh: bool = True) -> None:
        super().__init__(exp_key=exp_key, refresh=refresh)
        self._run_name = run_name
        self.run_id: str | None = None

    def fmin(self, fn: Callable[..., Any], space: Any, **options: Any) -> Any:
        """Search as hyperopt's ``fmin`` does, inside the sweep's run."""
        run = self._open_sweep(space, options)
        searched = _space_or_none(space)
        is_low_level = bool(options.pop("pass_expr_memo_ctrl", None))
        recorded = _Recorded(fn, is_low_level, searched, run, self._best_loss())
        options["early_stop_fn"] = partial(_or_asked_to_stop, run, options.get("early_stop_fn"))
        with run:
            recorded.shown = show_sweep(run, _METRIC, None, len(self.trials), None)
            try:
                return super().fmin(recorded, space, pass_expr_memo_ctrl=True, **options)
            finally:
                recorded.shown.close()

    def _open_sweep(self, space: Any, options: dict[str, Any]) -> ActiveRun:
        nested = tracking.active_run() is not None
        if self.run_id is not None:
            return tracking.start_run(run_id=self.run_id, nested=nested)
        run = tracking.start_run(run_name=self._run_name, nested=nested, kind=RunKind.SWEEP)
        self.run_id = run.run_id
        params = {"minimize": _METRIC, "algo": algorithm_name(options.get("algo") or "tpe")}
        searched = _space_or_none(space)
        if searched is not None:
            params |= {f"space.{label}": text for label, text in searched.describe().items()}
        run.log_params(params)
        return run

    def _best_loss(self) -> float | None:
        try:
            return float(self.best_trial["result"]["loss"])
        except base.AllTrialsFailed:
            return None


def _or_asked_to_stop(run: ActiveRun, early_stop: EarlyStop | None, trials: Any, *given: Any) -> tuple[bool, Any]:
    """Stop where the user's own ``early_stop_fn`` says so, or where somebody asked the sweep to."""
    stop, arguments = (False, given) if early_stop is None else early_stop(trials, *given)
    return stop or run.should_stop.now(), arguments


class _Recorded:
    """The objective as hyperopt calls it at its lowest level, which is the one that tells the trial."""

    def __init__(
        self, fn: Callable[..., Any], is_low_level: bool, space: Space | None, run: ActiveRun, best: float | None
    ) -> None:
        self._fn, self._space, self._run = fn, space, run
        self._is_low_level = is_low_level or getattr(fn, "fmin_pass_expr_memo_ctrl", False)
        self._best = best
        self.shown: Shown | None = None

    def __call__(self, expr: Any, memo: Any, ctrl: Any) -> Any:
        doc = ctrl.current_trial
        values = {key: _plain(value) for key, value in base.spec_from_misc(doc["misc"]).items()}
        point = None if self._is_low_level else pyll.rec_eval(expr, memo=memo)
        params = {} if self._space is None else self._space.params(values, self._space.point(values))
        kept: list[Any] = []

        def call(point: Any) -> Any:
            kept.append(self._fn(expr=expr, memo=memo, ctrl=ctrl) if self._is_low_level else self._fn(point))
            return kept[0]

        home = TrialHome.of(self._run, _METRIC, 1)
        outcome = run_trial(TrialTask(home, int(doc["tid"]), values, point, params), call)
        doc["misc"]["run_id"] = outcome.run_id
        if outcome.exception is not None and not kept:
            raise outcome.exception  # what it returned instead, STATUS_FAIL for one, is hyperopt's to judge
        self._log_best(outcome, params)
        if self.shown is not None:
            self.shown.step(Seen(int(doc["tid"]) + 1, 0, None))
        return kept[0]

    def _log_best(self, outcome: Outcome, params: dict[str, Any]) -> None:
        """Say what is the best so far; at once, since ``fmin`` may be interrupted."""
        value = outcome.value
        if value is not None and is_success(value) and (self._best is None or value < self._best):
            self._best = value
            self._run.set_tags(best_tags(outcome, params))
        if self._best is not None:
            self._run.log_metric(f"best_{_METRIC}", self._best)


def _space_or_none(space: Any) -> Space | None:
    """Read the space for its names; hyperopt takes some that come to none, and says itself what it can't take."""
    try:
        return Space(space)
    except InvalidSpaceError:
        return None


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
