"""What a sweep gives back: the best of it at hand, the rest read from the store when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jtrack import queries
from jtrack.errors import SweepError
from jtrack.sweeps.trial import SUGGESTED
from jtrack.values import parse_param

if TYPE_CHECKING:
    from jtrack.entities import Run
    from jtrack.store import Store

_TRIALS = """
SELECT CAST(json_extract_string(e.detail, '$.tid') AS INTEGER) AS tid, r.run_id, r.run_name, r.status,
    m.value, epoch(r.ended_at - r.started_at) AS duration_s, r.error
FROM runs r JOIN events e ON e.subject = r.run_id AND e.kind = ?
LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = ?
WHERE r.parent_run_id = ? AND r.kind = 'trial' ORDER BY tid, r.started_at
"""
_PARAMS = """
SELECT p.run_id, p.key, p.value_json FROM params p JOIN runs r USING (run_id)
WHERE r.parent_run_id = ? AND r.kind = 'trial'
"""


class SweepResult:
    """The outcome of a sweep.

    Attributes
    ----------
    run_id
        The sweep's own run.
    metric
        What was minimized or maximized.
    best_params
        The best point, as the objective was called with it; ``None`` where no trial came to a finite value.
    best_value
        The objective there.
    best_run_id
        The trial's run.
    n_trials, n_failed
        Trials that ended, in all lives of the sweep, and those of them that failed.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        run_name: str,
        metric: str,
        goal: str,
        best_params: Any,
        best_value: float | None,
        best_run_id: str | None,
        n_trials: int,
        n_failed: int,
    ) -> None:
        self._store = store
        self.run_id, self.run_name = run_id, run_name
        self.metric, self.goal = metric, goal
        self.best_params, self.best_value, self.best_run_id = best_params, best_value, best_run_id
        self.n_trials, self.n_failed = n_trials, n_failed

    def __repr__(self) -> str:
        counted = f"{self.n_trials} trials" + (f", {self.n_failed} failed" if self.n_failed else "")
        lines = [f"sweep {self.run_name} ({self.run_id[:8]}): {counted}"]
        if self.best_value is not None:
            lines.append(f"best {self.metric} {self.best_value:.6g} in run {str(self.best_run_id)[:8]}")
            params = self.best_params if isinstance(self.best_params, dict) else {"point": self.best_params}
            lines += [f"  {name} = {value!r:.80}" for name, value in params.items()]
        return "\n".join(lines)

    @property
    def best_run(self) -> Run:
        """The best trial's run, as the store has it."""
        if self.best_run_id is None:
            raise SweepError(f"no trial of sweep {self.run_name!r} came to a finite {self.metric}")
        with queries.using(self._store):
            return queries.get_run(self.best_run_id)

    @property
    def run(self) -> Run:
        """The sweep's own run, as the store has it."""
        with queries.using(self._store):
            return queries.get_run(self.run_id)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All trials as dictionaries: ``tid``, ``run_id``, ``status``, the objective, ``duration_s``, ``params.*``."""
        with queries.using(self._store):
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
        from jtrack.sweeps.importance import param_importance

        finished = [row for row in self.rows if row["status"] == "FINISHED" and row[self.metric] is not None]
        searched = {key for row in finished for key in row if key.startswith("params.")}
        columns = {key.removeprefix("params."): [row.get(key) for row in finished] for key in sorted(searched)}
        varied = {name: values for name, values in columns.items() if len(set(map(repr, values))) > 1}
        return param_importance(varied, [row[self.metric] for row in finished])
