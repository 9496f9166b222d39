"""The tracked cells of a notebook, each with its last run and the metric to show beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, infer_direction, is_better, order_metrics
from jtrack.errors import InvalidInputError
from jtrack.server.places import known_paths
from jtrack.server.question import Question
from jtrack.widgets.frames import duration_s

_RUNS = """
SELECT c.cell_id, r.run_id, r.run_name, r.status, r.started_at, r.ended_at, c.execution_count, c.source_sha256,
       row_number() OVER (PARTITION BY c.cell_id ORDER BY r.started_at DESC, r.run_id DESC) AS place,
       count(*) OVER (PARTITION BY c.cell_id) AS n_runs
FROM cells c JOIN runs r USING (run_id)
WHERE c.role = 'tracked' AND r.lifecycle_stage = 'active' AND c.notebook_path IN (SELECT unnest(?::VARCHAR[]))
QUALIFY place <= 2 ORDER BY c.cell_id, place
"""
_METRICS = "SELECT run_id, key, value FROM latest_metrics WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"


@dataclass(frozen=True, slots=True)
class MarkedMetric:
    """The metric that matters most; ``is_better`` than in the run before, ``None`` where nobody can say."""

    key: str
    value: float
    previous: float | None
    direction: Direction | None
    is_better: bool | None


@dataclass(frozen=True, slots=True)
class MarkedCell:
    """A cell and its newest run; ``source_sha256`` tells whether the cell was edited since."""

    cell_id: str | None
    n_runs: int
    run_id: str
    run_name: str
    status: str
    started_at: datetime
    duration_s: float | None
    execution_count: int | None
    source_sha256: str
    metric: MarkedMetric | None


def list_cells(asked: Question) -> tuple[MarkedCell, ...]:
    """List the cells of the notebook that have runs."""
    if asked.place.notebook_path is None:
        raise InvalidInputError("the cells of a notebook need its path", "notebook_path=folder/name.ipynb")
    rows = queries.rows(_RUNS, [known_paths(asked.place.notebook_path)])
    metrics: dict[str, dict[str, float]] = {row["run_id"]: {} for row in rows}
    for row in queries.rows(_METRICS, [list(metrics)]):
        metrics[row["run_id"]][row["key"]] = row["value"]
    before = {row["cell_id"]: row["run_id"] for row in rows if row["place"] == 2}
    return tuple(
        _cell(row, metrics[row["run_id"]], metrics.get(before.get(row["cell_id"], ""), {}))
        for row in rows
        if row["place"] == 1
    )


def _cell(row: dict[str, Any], metrics: dict[str, float], before: dict[str, float]) -> MarkedCell:
    kept = ("cell_id", "n_runs", "run_id", "run_name", "status", "started_at", "execution_count", "source_sha256")
    return MarkedCell(
        **{name: row[name] for name in kept},
        duration_s=duration_s(row["started_at"], row["ended_at"]),
        metric=_first_metric(metrics, before),
    )


def _first_metric(metrics: dict[str, float], before: dict[str, float]) -> MarkedMetric | None:
    for key in order_metrics(metrics)[:1]:
        direction, previous = infer_direction(key), before.get(key)
        better = None if previous is None else is_better(metrics[key], previous, direction)
        return MarkedMetric(key, metrics[key], previous, direction, better)
    return None
