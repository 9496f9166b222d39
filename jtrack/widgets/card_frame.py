"""The data of a run card: one run, and what changed since the last run of the same cell.

Read once, when the cell ended; nothing in the frame refers to the store.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from jtrack import queries
from jtrack.entities import RunStatus
from jtrack.errors import RunNotFoundError
from jtrack.widgets.curves import Points, thinned_curves
from jtrack.widgets.difference import SourceDifference, diff_sources
from jtrack.widgets.direction import Direction, infer_direction, is_better, order_metrics
from jtrack.widgets.format import and_more
from jtrack.widgets.frames import duration_s
from jtrack.widgets.params import ParamValue, read_params

MOST_METRICS = 6
_SPARK_POINTS = 32
_MOST_SOURCE_ROWS = 12

_HEAD = """
SELECT r.run_id, r.run_name, r.experiment_id, e.name AS experiment_name, r.status, r.started_at, r.ended_at, r.error,
       r.git_commit, r.environment_sha256, c.cell_id, c.execution_count, c.source, c.notebook_path
FROM runs r
LEFT JOIN experiments e USING (experiment_id)
LEFT JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked'
"""
_ONE_RUN = _HEAD + "WHERE r.run_id = ? ORDER BY c.execution_count DESC NULLS LAST LIMIT 1"
# Without a notebook's path, cells are the same only within one experiment.
_SAME_CELL = """
r.lifecycle_stage = 'active' AND c.cell_id = ?
AND (c.notebook_path = ? OR (c.notebook_path IS NULL AND ?::VARCHAR IS NULL AND r.experiment_id = ?))
"""
_PREVIOUS = _HEAD + f"WHERE {_SAME_CELL} AND (r.started_at, r.run_id) < (?, ?) ORDER BY r.started_at DESC LIMIT 1"
_LATEST = "SELECT run_id, key, value, n_points FROM latest_metrics WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"
_STANDING = f"""
WITH siblings AS (
    SELECT DISTINCT r.run_id FROM runs r JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked' WHERE {_SAME_CELL}
)
SELECT count(*) AS n_runs, count(value) AS n_ranked,
       count(*) FILTER (WHERE value > ?) AS n_higher, count(*) FILTER (WHERE value < ?) AS n_lower
FROM siblings LEFT JOIN latest_metrics m ON m.run_id = siblings.run_id AND m.key = ? AND isfinite(m.value)
"""
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
    found = queries.rows(_ONE_RUN, [run_id])
    if not found:
        raise RunNotFoundError(run_id)
    head = found[0]
    before = _previous(head)
    metrics = _metrics(run_id, before)
    return CardFrame(
        run_id=run_id,
        run_name=head["run_name"],
        experiment_name=head["experiment_name"],
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
        standing=_standing(head, metrics),
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


def _cell_key(head: Mapping[str, Any]) -> list[Any]:
    return [head["cell_id"], head["notebook_path"], head["notebook_path"], head["experiment_id"]]


def _previous(head: Mapping[str, Any]) -> dict[str, Any] | None:
    if head["cell_id"] is None:
        return None
    found = queries.rows(_PREVIOUS, [*_cell_key(head), head["started_at"], head["run_id"]])
    return found[0] if found else None


def _metrics(run_id: str, before: Mapping[str, Any] | None) -> tuple[CardMetric, ...]:
    run_ids = [run_id] if before is None else [run_id, before["run_id"]]
    found = queries.rows(_LATEST, [run_ids])
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


def _standing(head: Mapping[str, Any], metrics: Sequence[CardMetric]) -> Standing | None:
    if head["cell_id"] is None:
        return None
    judged = next((m for m in metrics if m.direction is not None and math.isfinite(m.value)), None)
    value = judged.value if judged else None
    (found,) = queries.rows(_STANDING, [*_cell_key(head), value, value, judged.key if judged else None])
    if judged is None:
        return Standing(found["n_runs"])
    n_better = found["n_higher"] if judged.direction is Direction.HIGHER else found["n_lower"]
    return Standing(found["n_runs"], found["n_ranked"], judged.key, n_better + 1)
