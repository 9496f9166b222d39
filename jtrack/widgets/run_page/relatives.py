"""What a run belongs to: its parent, its children, and the runs of the same cell before and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.direction import order_metrics
from jtrack.entities import RunStatus
from jtrack.widgets.card.siblings import read_siblings
from jtrack.widgets.frames import duration_s

_RELATED = """
SELECT r.run_id, r.run_name, r.kind, r.status, r.started_at, r.ended_at, m.value
FROM runs r LEFT JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = ?
"""
_BY_ID = _RELATED + "WHERE r.run_id IN (SELECT unnest(?::VARCHAR[]))"
_CHILDREN = (
    _RELATED
    + "WHERE r.parent_run_id = ? AND r.lifecycle_stage = 'active' ORDER BY r.started_at, r.run_id LIMIT ? OFFSET ?"
)
_CHILDREN_METRICS = """
SELECT m.key, count(*) AS n FROM latest_metrics m JOIN runs r USING (run_id)
WHERE r.parent_run_id = ? AND r.lifecycle_stage = 'active' AND NOT starts_with(m.key, 'system/') GROUP BY m.key
"""
_REGISTERED = (
    "SELECT name, version, stage, aliases FROM model_versions WHERE run_id = ? ORDER BY name, version LIMIT 20"
)
_N_CHILDREN = "SELECT count(*) AS n FROM runs WHERE parent_run_id = ? AND lifecycle_stage = 'active'"


@dataclass(frozen=True, slots=True)
class RelatedRun:
    """Another run, by what a list of runs shows; ``value`` is the last one of the metric chosen for the list."""

    run_id: str
    run_name: str
    kind: str
    status: RunStatus
    started_at: datetime
    duration_s: float | None
    value: float | None


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version of a registered model that was registered from the run."""

    name: str
    version: int
    stage: str
    aliases: tuple[str, ...]


def read_registered(run_id: str) -> tuple[RegisteredVersion, ...]:
    """Read what was registered from a run."""
    rows = queries.rows(_REGISTERED, [run_id])
    return tuple(RegisteredVersion(row["name"], row["version"], row["stage"], tuple(row["aliases"])) for row in rows)


def find_neighbours(head: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Find the runs of the same cell before and after, from a row with the run and its tracked cell."""
    earlier, later = read_siblings(head)
    return (earlier[-1] if earlier else None), (later[0] if later else None)


def read_related(run_ids: Sequence[str | None]) -> dict[str | None, RelatedRun]:
    """Read runs by their ids; those that are ``None`` or gone are left out."""
    wanted = [run_id for run_id in run_ids if run_id is not None]
    rows = queries.rows(_BY_ID, [None, wanted]) if wanted else []
    return {row["run_id"]: _related(row) for row in rows}


def read_children(run_id: str, offset: int, limit: int) -> tuple[tuple[RelatedRun, ...], int, str | None]:
    """Read a page of a run's children in the order of their start, how many there are, and the metric they share."""
    n_children = queries.rows(_N_CHILDREN, [run_id])[0]["n"]
    if not n_children:
        return (), 0, None
    counts = {row["key"]: row["n"] for row in queries.rows(_CHILDREN_METRICS, [run_id])}
    keys = order_metrics(counts)
    # What most of them have, and of these what runs are judged by first.
    metric = max(keys, key=lambda key: counts[key], default=None)
    rows = queries.rows(_CHILDREN, [metric, run_id, limit, max(offset, 0)])
    return tuple(_related(row) for row in rows), n_children, metric


def _related(row: dict[str, Any]) -> RelatedRun:
    return RelatedRun(
        run_id=row["run_id"],
        run_name=row["run_name"],
        kind=row["kind"],
        status=RunStatus(row["status"]),
        started_at=row["started_at"],
        duration_s=duration_s(row["started_at"], row["ended_at"]),
        value=row["value"],
    )
