"""The data of a run card: one run, and what changed since the last run of the same cell.

Read once, when the cell ended; nothing in the frame refers to the store.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, infer_direction, is_better, order_metrics
from jtrack.entities import RunStatus
from jtrack.errors import RunNotFoundError
from jtrack.tracking.context import process
from jtrack.widgets.curves import Points, thinned_curves
from jtrack.widgets.difference import SourceDifference, diff_sources
from jtrack.widgets.format import and_more
from jtrack.widgets.frames import duration_s
from jtrack.widgets.params import ParamValue, read_params

MOST_METRICS = 6
_SPARK_POINTS = 32
_MOST_SOURCE_ROWS = 12

# One table a question: each takes DuckDB a fraction of the time that it takes to plan them joined, and a card is
# shown below every cell.
_RUN = "SELECT * FROM runs WHERE run_id = ?"
_EXPERIMENT = "SELECT name FROM every_experiments WHERE experiment_id = ?"
_CELL = """
SELECT cell_id, execution_count, source, notebook_path FROM cells WHERE run_id = ? AND role = 'tracked'
ORDER BY execution_count DESC NULLS LAST LIMIT 1
"""
_RUNS_OF_CELL = (
    "SELECT run_id FROM cells WHERE cell_id = ? AND role = 'tracked' AND notebook_path IS NOT DISTINCT FROM ?"
)
_SIBLINGS = """
SELECT run_id, run_name, started_at, git_commit, environment_sha256, experiment_id FROM every_runs
WHERE lifecycle_stage = 'active' AND run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY started_at, run_id
"""
_LATEST = "SELECT run_id, key, value, n_points FROM latest_metrics WHERE run_id IN (?, ?)"
_VALUES = (
    "SELECT value FROM latest_metrics WHERE key = ? AND run_id IN (SELECT unnest(?::VARCHAR[])) AND isfinite(value)"
)
_CELL_COLUMNS = ("cell_id", "execution_count", "source", "notebook_path")
_PACKAGES = (
    "SELECT environment_sha256, packages FROM environments WHERE environment_sha256 IN (SELECT unnest(?::VARCHAR[]))"
)


class Change(StrEnum):
    """How a param stands against the last run's."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class CardMetric:
    """A metric's last value; ``is_better`` is ``None`` where nobody can say."""

    key: str
    value: float
    previous: float | None
    direction: Direction | None
    is_better: bool | None
    points: Points | None


@dataclass(frozen=True, slots=True)
class CardParam:
    """A param, and the last run's value where it differs; ``value`` is ``None`` where it is gone."""

    key: str
    value: ParamValue | None
    previous: ParamValue | None
    change: Change


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the run stands among the runs of its cell: ``rank`` by ``key``, 1 is the best."""

    n_runs: int
    n_ranked: int = 0
    key: str | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """The last run of the same cell."""

    run_id: str
    run_name: str


@dataclass(frozen=True, slots=True)
class CardFrame:
    """Everything a run card shows."""

    run_id: str
    run_name: str
    experiment_name: str
    status: RunStatus
    started_at: datetime
    duration_s: float | None
    execution_count: int | None
    error: str | None
    metrics: tuple[CardMetric, ...]
    params: tuple[CardParam, ...]
    previous: PreviousRun | None
    source: SourceDifference | None
    warnings: tuple[str, ...]
    standing: Standing | None


def card_frame(run_id: str) -> CardFrame:
    """Read what the card of a run shows.

    Raises
    ------
    RunNotFoundError
        There is no run with this full id.
    """
    with queries.one_look():
        return _read_card(run_id, _head_in_memory(run_id) or _head_in_store(run_id))


def _head_in_memory(run_id: str) -> dict[str, Any] | None:
    """Give what this process knows of the run that it ended last: the usual card, below the cell that made it."""
    run = process.last_run
    if run is None or run.run_id != run_id or run.cell is None:
        return None
    return {**asdict(run.info), **asdict(run.cell)}


def _head_in_store(run_id: str) -> dict[str, Any]:
    found = queries.rows(_RUN, [run_id])
    if not found:
        raise RunNotFoundError(run_id)
    cells = queries.rows(_CELL, [run_id])
    return {**found[0], **(cells[0] if cells else dict.fromkeys(_CELL_COLUMNS))}


def _read_card(run_id: str, head: Mapping[str, Any]) -> CardFrame:
    siblings = read_siblings(head)
    before = _previous(head, siblings)
    metrics = _metrics(run_id, before)
    return CardFrame(
        run_id=run_id,
        run_name=head["run_name"],
        experiment_name=_experiment_name(head["experiment_id"]),
        status=RunStatus(head["status"]),
        started_at=head["started_at"],
        duration_s=duration_s(head["started_at"], head["ended_at"]),
        execution_count=head["execution_count"],
        error=last_line(head["error"]),
        metrics=metrics,
        params=_params(run_id, before),
        previous=None if before is None else PreviousRun(before["run_id"], before["run_name"]),
        source=None if before is None else _source(before["source"], head["source"]),
        warnings=() if before is None else (*_commit_change(before, head), *_package_changes(before, head)),
        standing=_standing(siblings, metrics),
    )


def last_line(error: str | None) -> str | None:
    """The line of a traceback that says what went wrong."""
    lines = [line for line in (error or "").splitlines() if line.strip()]
    return lines[-1].strip()[:400] if lines else None


def compare_params(params: Mapping[str, ParamValue], before: Mapping[str, ParamValue] | None) -> tuple[CardParam, ...]:
    """Hold params against the last run's: changed ones first, then the rest as they come."""
    if before is None:
        return tuple(CardParam(key, value, None, Change.SAME) for key, value in params.items())
    rows = [_compare_param(key, params.get(key), before.get(key)) for key in {**params, **before}]
    return tuple(sorted(rows, key=lambda row: row.change is Change.SAME))


def _compare_param(key: str, value: ParamValue | None, previous: ParamValue | None) -> CardParam:
    if value is None:
        return CardParam(key, None, previous, Change.REMOVED)
    if previous is None:
        return CardParam(key, value, None, Change.ADDED)
    if value.digest == previous.digest:
        return CardParam(key, value, None, Change.SAME)
    return CardParam(key, value, previous, Change.CHANGED)


def _experiment_name(experiment_id: str) -> str:
    found = queries.rows(_EXPERIMENT, [experiment_id])
    return str(found[0]["name"]) if found else experiment_id


def read_siblings(head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the runs of the same cell, this one among them, the oldest first.

    Without a notebook's path, cells are the same only within one experiment.
    """
    if head["cell_id"] is None:
        return []
    run_ids = {row["run_id"] for row in queries.rows(_RUNS_OF_CELL, [head["cell_id"], head["notebook_path"]])}
    found = queries.rows(_SIBLINGS, [sorted(run_ids)])
    if head["notebook_path"] is not None:
        return found
    return [row for row in found if row["experiment_id"] == head["experiment_id"]]


def _previous(head: Mapping[str, Any], siblings: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    moment = (head["started_at"], head["run_id"])
    earlier = [row for row in siblings if (row["started_at"], row["run_id"]) < moment]
    if not earlier:
        return None
    run_id = earlier[-1]["run_id"]
    return {**earlier[-1], **(_cell_in_memory(run_id) or queries.rows(_CELL, [run_id])[0])}


def _cell_in_memory(run_id: str) -> dict[str, Any] | None:
    """Give the cell of ``run_id`` where the run that this process ended last came from the same one."""
    before = None if process.last_run is None else process.last_run.cell_before
    return asdict(before[1]) if before is not None and before[0] == run_id else None


def _metrics(run_id: str, before: Mapping[str, Any] | None) -> tuple[CardMetric, ...]:
    found = queries.rows(_LATEST, [run_id, run_id if before is None else before["run_id"]])
    values = {row["key"]: row for row in found if row["run_id"] == run_id}
    old = {row["key"]: row["value"] for row in found if row["run_id"] != run_id}
    keys = order_metrics(values)
    curved = [key for key in keys[:MOST_METRICS] if values[key]["n_points"] > 1]
    points = thinned_curves([run_id], curved, _SPARK_POINTS)
    return tuple(_metric(key, values[key]["value"], old.get(key), points.get((run_id, key))) for key in keys)


def _metric(key: str, value: float, previous: float | None, points: Points | None) -> CardMetric:
    direction = infer_direction(key)
    better = None if previous is None else is_better(value, previous, direction)
    return CardMetric(key, value, previous, direction, better, points)


def _params(run_id: str, before: Mapping[str, Any] | None) -> tuple[CardParam, ...]:
    run_ids = [run_id] if before is None else [run_id, before["run_id"]]
    found = read_params(run_ids)
    return compare_params(found[run_id], None if before is None else found[before["run_id"]])


def _source(old: str | None, new: str | None) -> SourceDifference | None:
    return None if old is None or new is None else diff_sources(old, new, context=1, max_rows=_MOST_SOURCE_ROWS)


def _commit_change(before: Mapping[str, Any], head: Mapping[str, Any]) -> Sequence[str]:
    old, new = before["git_commit"], head["git_commit"]
    return [] if old is None or new is None or old == new else [f"git commit {old[:7]} → {new[:7]}"]


def _package_changes(before: Mapping[str, Any], head: Mapping[str, Any]) -> Sequence[str]:
    hashes = [before["environment_sha256"], head["environment_sha256"]]
    if None in hashes or hashes[0] == hashes[1]:
        return []
    found = {row["environment_sha256"]: json.loads(row["packages"]) for row in queries.rows(_PACKAGES, [hashes])}
    return describe_package_changes(found.get(hashes[0], {}), found.get(hashes[1], {}))


def describe_package_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """One line that names the packages whose versions differ; none where none do."""
    names = sorted(name for name in {**old, **new} if old.get(name) != new.get(name))
    changes = [f"{name} {old.get(name, 'none')} → {new.get(name, 'none')}" for name in names]
    return [f"packages: {and_more(changes, 3)}"] if changes else []


def _standing(siblings: Sequence[Mapping[str, Any]], metrics: Sequence[CardMetric]) -> Standing | None:
    if not siblings:
        return None
    judged = next((m for m in metrics if m.direction is not None and math.isfinite(m.value)), None)
    if judged is None:
        return Standing(len(siblings))
    values = [row["value"] for row in queries.rows(_VALUES, [judged.key, [row["run_id"] for row in siblings]])]
    n_better = sum(is_better(value, judged.value, judged.direction) is True for value in values)
    return Standing(len(siblings), len(values), judged.key, n_better + 1)
