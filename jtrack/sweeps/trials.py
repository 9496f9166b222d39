"""``fmin(…, trials=jtrack.Trials())``: hyperopt drives, and every evaluation is recorded as a nested run.

hyperopt hands the whole call to ``trials.fmin`` first: there the objective is wrapped, and nothing else is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hyperopt import base, pyll

from jtrack import tracking
from jtrack.entities import RunKind
from jtrack.errors import InvalidSpaceError
from jtrack.sweeps.algorithms import algorithm_name
from jtrack.sweeps.space import Space
from jtrack.sweeps.trial import TrialHome, TrialTask, is_success, run_trial
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
        recorded = _Recorded(fn, bool(options.pop("pass_expr_memo_ctrl", None)), searched, run)
        with run:
            result = super().fmin(recorded, space, pass_expr_memo_ctrl=True, **options)
            self._say_best(run, searched)
        return result

    def _open_sweep(self, space: Any, options: dict[str, Any]) -> ActiveRun:
        if self.run_id is not None:
            return tracking.start_run(run_id=self.run_id)
        nested = tracking.active_run() is not None
        run = tracking.start_run(run_name=self._run_name, nested=nested, kind=RunKind.SWEEP)
        self.run_id = run.run_id
        params = {"minimize": _METRIC, "algo": algorithm_name(options.get("algo") or "tpe")}
        searched = _space_or_none(space)
        if searched is not None:
            params |= {f"space.{label}": text for label, text in searched.describe().items()}
        run.log_params(params)
        return run

    def _say_best(self, run: ActiveRun, space: Space | None) -> None:
        try:
            best = self.best_trial
        except base.AllTrialsFailed:
            return
        run.set_tags({"best_value": repr(float(best["result"]["loss"])), "best_run": best["misc"].get("run_id", "")})


class _Recorded:
    """The objective as hyperopt calls it at its lowest level, which is the one that tells the trial."""

    def __init__(self, fn: Callable[..., Any], is_low_level: bool, space: Space | None, run: ActiveRun) -> None:
        self._fn, self._space, self._run = fn, space, run
        self._is_low_level = is_low_level or getattr(fn, "fmin_pass_expr_memo_ctrl", False)
        self._best: float | None = None

    def __call__(self, expr: Any, memo: Any, ctrl: Any) -> Any:
        doc = ctrl.current_trial
        values = {key: _plain(value) for key, value in base.spec_from_misc(doc["misc"]).items()}
        point = None if self._is_low_level else pyll.rec_eval(expr, memo=memo)
        params = {} if self._space is None else self._space.params(values, self._space.point(values))
        kept: list[Any] = []

        def call(point: Any) -> Any:
            kept.append(self._fn(expr=expr, memo=memo, ctrl=ctrl) if self._is_low_level else self._fn(point))
            return kept[0]

        home = TrialHome(self._run.store.path, self._run.info, _METRIC, 1)
        outcome = run_trial(TrialTask(home, int(doc["tid"]), values, point, params), call)
        if outcome.exception is not None:
            raise outcome.exception
        doc["misc"]["run_id"] = outcome.run_id
        self._log_best(outcome.value)
        return kept[0]

    def _log_best(self, value: float | None) -> None:
        if value is not None and is_success(value) and (self._best is None or value < self._best):
            self._best = value
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
