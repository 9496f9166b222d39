"""The sweep's own run: what it says of the search, and what a later life of it reads back."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from jtrack import queries, tracking
from jtrack.entities import RunInfo, RunKind, RunStatus
from jtrack.errors import InvalidInputError, RunNotFoundError, RunStateError
from jtrack.sweeps.space import Values
from jtrack.sweeps.trial import ENDED, SUGGESTED, Outcome
from jtrack.tracking import ActiveRun

SPACE_PREFIX = "space."

_EVENTS = """
SELECT subject, kind, detail FROM events
WHERE kind IN ('trial_suggested', 'trial_ended') AND json_extract_string(detail, '$.sweep') = ?
"""
_CURVES = """
SELECT run_id, step, value FROM metrics
WHERE key = ? AND run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY run_id, logged_at, step
"""
_UNENDED = """
SELECT e.subject AS run_id FROM events e
WHERE e.kind = 'trial_suggested' AND json_extract_string(e.detail, '$.sweep') = ?
  AND CAST(json_extract_string(e.detail, '$.tid') AS INTEGER) = ?
  AND NOT EXISTS (SELECT 1 FROM events d WHERE d.subject = e.subject AND d.kind = 'trial_ended') ORDER BY e."at"
"""
_LAST_SWEEPS = """
SELECT run_id FROM runs WHERE kind = 'sweep' AND lifecycle_stage = 'active' ORDER BY started_at DESC, run_id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """What a sweep is, as its run's params say; a sweep that is taken up again has to be the same.

    ``space`` says by label what each ranges over, and holds the value of what is the same in all trials.
    """

    metric: str
    sign: int
    algo: str
    seed: int
    max_evals: int
    space: dict[str, Any]

    def as_params(self) -> dict[str, Any]:
        """The params of the sweep's run."""
        goal = "minimize" if self.sign > 0 else "maximize"
        described = {SPACE_PREFIX + label: said for label, said in self.space.items()}
        return {goal: self.metric, "algo": self.algo, "seed": self.seed, "max_evals": self.max_evals, **described}


@dataclass(frozen=True, slots=True)
class PastTrial:
    """A trial of an earlier life: ``outcome`` is ``None`` where it didn't come to its end."""

    tid: int
    values: Values
    outcome: Outcome | None


@dataclass(slots=True)
class Past:
    """What an earlier life of the sweep left, by trial number."""

    trials: dict[int, PastTrial] = field(default_factory=dict)

    @property
    def n_suggested(self) -> int:
        """How many trial numbers were given out."""
        return max(self.trials, default=-1) + 1


@dataclass(frozen=True, slots=True)
class Opening:
    """How the sweep's run is to begin."""

    run_name: str | None = None
    experiment_id: str | None = None
    source_type: str | None = None


def start_sweep(facts: SweepFacts, opening: Opening) -> ActiveRun:
    """Start the sweep's run, inside the active one where there is one."""
    nested = tracking.active_run() is not None
    run = tracking.start_run(
        experiment_id=opening.experiment_id,
        run_name=opening.run_name,
        nested=nested,
        kind=RunKind.SWEEP,
        source_type=opening.source_type,
    )
    run.log_params(facts.as_params())
    return run


def find_sweep(resume: object) -> RunInfo:
    """Find the sweep to take up: by its address, or with ``True`` the newest.

    Raises
    ------
    RunNotFoundError
        There is none.
    InvalidInputError
        The run is no sweep.
    RunStateError
        It is still running.
    """
    info = get_sweep_info(None if resume is True else resume)
    if info.status is RunStatus.RUNNING:
        raise RunStateError(f"sweep {info.run_name!r} is still running", "stop it first: interrupt its cell")
    return info


def get_sweep_info(address: object = None) -> RunInfo:
    """Find a sweep by its address, or with ``None`` the newest; raises what :func:`find_sweep` says of these."""
    if address is None:
        found = queries.rows(_LAST_SWEEPS)
        if not found:
            raise RunNotFoundError("@last sweep", hint="there is no sweep in this store yet")
        address = found[0]["run_id"]
    info = queries.get_run(address).info
    if info.kind is not RunKind.SWEEP:
        raise InvalidInputError(f"run {info.run_name!r} is a {info.kind.value}, not a sweep")
    return info


def stored_seed(info: RunInfo) -> int:
    """Read the seed of an earlier life."""
    seed = queries.get_run(info.run_id).data.params.get("seed")
    return seed if isinstance(seed, int) else 0  # a sweep of jtrack.Trials, which has none, is refused further on


def resume_sweep(info: RunInfo, facts: SweepFacts) -> ActiveRun:
    """Take the sweep's run up again.

    Raises
    ------
    InvalidInputError
        It searched something else, or otherwise.
    """
    check_same(info, queries.get_run(info.run_id).data.params, facts)
    return tracking.start_run(run_id=info.run_id, nested=tracking.active_run() is not None)


def check_same(info: RunInfo, stored: dict[str, Any], facts: SweepFacts) -> None:
    """Hold what is asked for against what the sweep was; only a grid has to keep its number of trials."""
    asked = facts.as_params()
    free = set() if facts.algo == "grid" else {"max_evals"}
    for key in sorted(({key for key in stored if _is_fact(key)} | set(asked)) - free):
        if stored.get(key) != asked.get(key):
            was, now = stored.get(key, "nothing"), asked.get(key, "nothing")
            raise InvalidInputError(
                f"sweep {info.run_name!r} can't go on with another {key}: it was {was}, and is {now}",
                "without resume, a new sweep begins",
            )


def read_past(sweep_run_id: str) -> Past:
    """Read every trial of the sweep, from the events that the trials themselves wrote."""
    past = Past()
    ended: dict[int, Outcome] = {}
    for row in queries.rows(_EVENTS, [sweep_run_id]):
        detail = row["detail"] if isinstance(row["detail"], dict) else json.loads(row["detail"])
        tid = int(detail["tid"])
        if row["kind"] == SUGGESTED:
            past.trials[tid] = PastTrial(tid, detail["values"], None)
        elif row["kind"] == ENDED:
            value = None if detail["value"] is None else float(detail["value"])
            ended[tid] = Outcome(tid, row["subject"], RunStatus(detail["status"]), value, detail.get("error"))
    for tid, outcome in ended.items():
        if tid in past.trials:
            past.trials[tid] = PastTrial(tid, past.trials[tid].values, outcome)
    return past


def best_tags(outcome: Outcome, params: dict[str, Any]) -> dict[str, str | None]:
    """Say which trial is the best: the tags of the sweep's run."""
    shown = json.dumps(params, default=str, ensure_ascii=False)
    return {"best_run": outcome.run_id, "best_value": repr(outcome.value), "best_params": shown}


def read_outcome(sweep_run_id: str, tid: int) -> Outcome | None:
    """Read what came of one trial; ``None`` where it has not come to its end."""
    trial = read_past(sweep_run_id).trials.get(tid)
    return None if trial is None else trial.outcome


def end_for(sweep: ActiveRun, tid: int, error: str) -> str | None:
    """End the run of a trial whose worker is gone, in its stead; gives its id, where it had come to having a run."""
    with queries.using(sweep.store):
        found = queries.rows(_UNENDED, [sweep.run_id, tid])
    for row in found:
        columns = {"status": RunStatus.KILLED.value, "ended_at": time.time_ns() // 1000, "error": error}
        sweep.store.writer.event("run_changed", row["run_id"], columns)
        sweep.store.writer.event("trial_lost", row["run_id"], {"sweep": sweep.run_id, "tid": tid})
    return found[-1]["run_id"] if found else None


def with_curves(past: Past, metric: str, sign: int, n: int) -> Past:
    """Give the last ``n`` trials that came to a value their curves, for a rule to hold new ones against."""
    judged = [trial for _, trial in sorted(past.trials.items()) if trial.outcome and trial.outcome.value is not None][
        -n:
    ]
    curves: dict[str | None, list[tuple[int, float]]] = defaultdict(list)
    for row in queries.rows(_CURVES, [metric, [trial.outcome.run_id for trial in judged if trial.outcome]]):
        curves[row["run_id"]].append((row["step"], sign * row["value"]))
    for trial in judged:
        assert trial.outcome is not None
        outcome = replace(trial.outcome, curve=tuple(curves[trial.outcome.run_id]))
        past.trials[trial.tid] = replace(trial, outcome=outcome)
    return past


def _is_fact(key: str) -> bool:
    return key in ("minimize", "maximize", "algo", "seed", "max_evals") or key.startswith(SPACE_PREFIX)
