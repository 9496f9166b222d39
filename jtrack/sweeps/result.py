"""What a sweep gives back: the best of it at hand, the rest read from the store when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jtrack import queries
from jtrack.entities import Run
from jtrack.errors import SweepError
from jtrack.sweeps.record import SPACE_PREFIX, get_sweep_info
from jtrack.sweeps.trial import SUGGESTED
from jtrack.tracking import current_store
from jtrack.values import parse_param

if TYPE_CHECKING:
    from jtrack.entities import ModelVersion
    from jtrack.store import Store
    from jtrack.sweeps.surrogate import Surrogate

_TRIALS = """
SELECT CAST(json_extract_string(e.detail, '$.tid') AS INTEGER) AS tid, r.run_id, r.run_name, r.status,
    m.value, epoch(r.ended_at - r.started_at) AS duration_s, s.value AS stopped_by, r.error
FROM runs r JOIN events e ON e.subject = r.run_id AND e.kind = ?
LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = ?
LEFT JOIN tags s ON s.run_id = r.run_id AND s.key = 'stopped_by'
WHERE r.parent_run_id = ? AND r.kind = 'trial' ORDER BY tid, r.started_at
"""
_PARAMS = """
SELECT p.run_id, p.key, p.value_json FROM params p JOIN runs r USING (run_id)
WHERE r.parent_run_id = ? AND r.kind = 'trial'
"""

_COUNTS = """
SELECT count(*) AS n_ended, count(*) FILTER (NOT is_finished) AS n_failed FROM (
  -- A trial that was interrupted has no end, and one that was lost with its worker has one told by the sweep.
  SELECT json_extract_string(e.detail, '$.tid') AS tid, bool_or(r.status = 'FINISHED') AS is_finished
  FROM events e JOIN runs r ON r.run_id = e.subject
  WHERE e.kind IN ('trial_ended', 'trial_lost') AND r.parent_run_id = ? GROUP BY tid
)
"""
_N_STOPPED = """
SELECT count(*) AS n FROM tags JOIN runs USING (run_id) WHERE parent_run_id = ? AND key = 'stopped_by'
"""
_NUMERIC = frozenset(
    "uniform quniform loguniform qloguniform normal qnormal lognormal qlognormal uniformint randint".split()
)


@dataclass(frozen=True, slots=True)
class BestRun(Run):
    """The run of a sweep's best trial, as the store has it; its model can be registered."""

    store: Store | None = field(default=None, repr=False, compare=False)

    def register(
        self,
        name: str,
        path: str | None = None,
        *,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
    ) -> ModelVersion:
        """Register the model that the trial logged as the next version of ``name``.

        Parameters
        ----------
        path
            Of the model among the run's artifacts; needed where there are several.
        tags, description
            Of the version.

        Raises
        ------
        ModelNotFoundError
            The trial logged no model.
        InvalidInputError
            It logged several, or the name can't be one.
        """
        from jtrack.registry.versions import register_model

        with queries.using(self.store) if self.store is not None else nullcontext():
            return register_model(f"runs:/{self.info.run_id}/{path or ''}", name, tags, description=description)


@dataclass(frozen=True, repr=False, eq=False)
class SweepResult:
    """The outcome of a sweep.

    Attributes
    ----------
    run_id
        The sweep's own run.
    metric, goal
        What was minimized or maximized, and which of the two.
    best_params
        The best point, as the objective was called with it; ``None`` where no trial came to a finite value.
    best_value
        The objective there.
    best_run_id
        The trial's run.
    n_trials, n_failed
        Trials that ended, in all lives of the sweep, and those of them that failed.
    """

    store: Store
    run_id: str
    run_name: str
    metric: str
    goal: str
    best_params: Any
    best_value: float | None
    best_run_id: str | None
    n_trials: int
    n_failed: int

    def __repr__(self) -> str:
        told = ((self.n_failed, "failed"), (self.n_stopped, "stopped early"))
        counted = ", ".join([f"{self.n_trials} trials", *(f"{n} {what}" for n, what in told if n)])
        lines = [f"sweep {self.run_name} ({self.run_id[:8]}): {counted}"]
        if self.best_value is not None:
            lines.append(f"best {self.metric} {self.best_value:.6g} in run {str(self.best_run_id)[:8]}")
            params = self.best_params if isinstance(self.best_params, dict) else {"point": self.best_params}
            lines += [f"  {name} = {_shown(value):.80}" for name, value in params.items()]
        return "\n".join(lines)

    @property
    def best_run(self) -> BestRun:
        """The best trial's run, as the store has it; ``best_run.register("name")`` registers its model."""
        if self.best_run_id is None:
            raise SweepError(f"no trial of sweep {self.run_name!r} came to a finite {self.metric}")
        with queries.using(self.store):
            run = queries.get_run(self.best_run_id)
        return BestRun(run.info, run.data, run.inputs, run.versions, self.store)

    @property
    def run(self) -> Run:
        """The sweep's own run, as the store has it."""
        with queries.using(self.store):
            return queries.get_run(self.run_id)

    @property
    def n_stopped(self) -> int:
        """How many trials stopped before their end: as hopeless, or as time was up."""
        with queries.using(self.store):
            return int(queries.rows(_N_STOPPED, [self.run_id])[0]["n"])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All trials as dictionaries: ``tid``, ``run_id``, ``status``, the objective, ``duration_s``,
        ``stopped_by`` (the rule that stopped it early), ``params.*``.
        """
        with queries.using(self.store):
            trials = queries.rows(_TRIALS, [SUGGESTED, self.metric, self.run_id])
            params = queries.rows(_PARAMS, [self.run_id])
        named = [{**row, self.metric: row["value"]} for row in trials]
        by_run = {row["run_id"]: row for row in named}
        for row in named:
            del row["value"]
        for row in params:
            if row["run_id"] in by_run:
                by_run[row["run_id"]][f"params.{row['key']}"] = parse_param(row["value_json"])
        return named

    @property
    def trials(self) -> Any:
        """All trials as a data frame, in the order in which they were suggested."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    def importance(self) -> dict[str, float]:
        """Tell which params mattered for the objective: shares that sum to 1, the largest first.

        Measured by shuffling each param in a model of the trials that finished; with fewer than a dozen of these
        nothing can be told, and all are 0.
        """
        return self.model().importance()

    def model(self) -> Surrogate:
        """Learn what the objective does over the params that differ, from the trials that finished."""
        from jtrack.sweeps.surrogate import Surrogate

        rows = [row for row in self.rows if row["status"] == "FINISHED" and row[self.metric] is not None]
        searched = sorted({key for row in rows for key in row if key.startswith("params.")})
        columns = {key.removeprefix("params."): [row.get(key) for row in rows] for key in searched}
        varied = {name: values for name, values in columns.items() if len(set(map(repr, values))) > 1}
        sign = 1 if self.goal == "minimize" else -1
        return Surrogate(varied, [sign * row[self.metric] for row in rows], logarithmic=_by_logarithm(self.run))


def read_result(address: object = None) -> SweepResult:
    """Read what a sweep came to from its run; ``None`` takes the newest. ``best_params`` have their flat names then."""
    run = queries.get_run(get_sweep_info(address).run_id)
    goal = "maximize" if "maximize" in run.data.params else "minimize"
    best_run_id = run.data.tags.get("best_run") or None
    counted = queries.rows(_COUNTS, [run.info.run_id])[0]
    return SweepResult(
        store=current_store(),
        run_id=run.info.run_id,
        run_name=run.info.run_name,
        metric=str(run.data.params[goal]),
        goal=goal,
        best_params=None if best_run_id is None else queries.get_run(best_run_id).data.params,
        best_value=None if best_run_id is None else float(run.data.tags["best_value"]),
        best_run_id=best_run_id,
        n_trials=counted["n_ended"],
        n_failed=counted["n_failed"],
    )


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _by_logarithm(sweep: Run) -> dict[str, bool]:
    """Tell which params were searched by their logarithm, as far as they are called like their labels."""
    said = {key.removeprefix(SPACE_PREFIX): str(text) for key, text in sweep.data.params.items()}
    kinds = {label: text.partition("(")[0] for label, text in said.items()}
    return {label: kind.removeprefix("q").startswith("log") for label, kind in kinds.items() if kind in _NUMERIC}
