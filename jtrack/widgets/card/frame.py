"""The data of a run card: one run, and what changed since the last run of the same cell.

Read once, when the cell ended; nothing in the frame refers to the store.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, infer_direction, is_better, order_metrics
from jtrack.entities import RunStatus
from jtrack.errors import RunNotFoundError
from jtrack.tracking.run import ActiveRun
from jtrack.widgets.card.facts import RunFacts, find_earlier_run, find_own_run, read_facts
from jtrack.widgets.card.siblings import Siblings, read_siblings
from jtrack.widgets.curves import Points, thinned_curves
from jtrack.widgets.difference import SourceDifference, diff_sources
from jtrack.widgets.error_line import error_line
from jtrack.widgets.format import and_more, shorten, tell_apart
from jtrack.widgets.frames import duration_s
from jtrack.widgets.params import ParamValue

MOST_METRICS = 6
MOST_INNER = 6
_SPARK_POINTS = 32
_MOST_SOURCE_ROWS = 12
_ROOM = 11

_RUN = "SELECT * FROM runs WHERE run_id = ?"
_EXPERIMENT = "SELECT name FROM every_experiments WHERE experiment_id = ?"
_CELL = """
SELECT cell_id, execution_count, source, notebook_path FROM cells WHERE run_id = ? AND role = 'tracked'
ORDER BY execution_count DESC NULLS LAST LIMIT 1
"""
_BEFORE = "SELECT run_id, run_name, git_commit, environment_sha256 FROM every_runs WHERE run_id = ?"
_INNER = "SELECT run_name, started_at FROM every_runs WHERE parent_run_id = ? AND lifecycle_stage = 'active'"
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
    """Where the run stands among the runs of its cell: ``rank`` by ``key``, 1 is the best, maybe with others."""

    n_runs: int
    n_ranked: int = 0
    key: str | None = None
    rank: int | None = None
    is_joint: bool = False


@dataclass(frozen=True, slots=True)
class InnerRuns:
    """Runs that were started inside of a run: how many, and the names of the first."""

    n_runs: int = 0
    names: tuple[str, ...] = ()


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
    inside: InnerRuns


def card_frame(run_id: str) -> CardFrame:
    """Read what the card of a run shows.

    Raises
    ------
    RunNotFoundError
        There is no run with this full id.
    """
    own = find_own_run(run_id)
    with queries.one_look(own.journal_mark if own is not None and own.is_known_whole else None):
        return _read_card(_stored_head(run_id) if own is None else _own_head(own))


def _own_head(run: ActiveRun) -> dict[str, Any]:
    return {**asdict(run.info), **({} if run.cell is None else asdict(run.cell))}


def _stored_head(run_id: str) -> dict[str, Any]:
    found = queries.rows(_RUN, [run_id])
    if not found:
        raise RunNotFoundError(run_id)
    cells = queries.rows(_CELL, [run_id])
    return {**found[0], **(cells[0] if cells else dict.fromkeys(_CELL_COLUMNS))}


def _read_card(head: Mapping[str, Any]) -> CardFrame:
    siblings = read_siblings(head)
    before = _previous(siblings.earlier[-1]) if siblings.earlier else None
    facts = read_facts([head["run_id"], *([] if before is None else [before["run_id"]])])
    own, old = facts[head["run_id"]], None if before is None else facts[before["run_id"]]
    metrics = _metrics(head["run_id"], own, old)
    return CardFrame(
        run_id=head["run_id"],
        run_name=head["run_name"],
        experiment_name=_experiment_name(head["experiment_id"]),
        status=RunStatus(head["status"]),
        started_at=head["started_at"],
        duration_s=duration_s(head["started_at"], head["ended_at"]),
        execution_count=head["execution_count"],
        error=error_line(head["error"]),
        metrics=metrics,
        params=compare_params(own.params, None if old is None else old.params),
        previous=None if before is None else PreviousRun(before["run_id"], before["run_name"]),
        source=None if before is None else _source(before["source"], head["source"]),
        warnings=() if before is None else (*_commit_change(before, head), *_package_changes(before, head)),
        standing=None if head["cell_id"] is None else _standing(siblings, metrics),
        inside=_inner_runs(head["run_id"]),
    )


def _inner_runs(run_id: str) -> InnerRuns:
    found = sorted(queries.rows(_INNER, [run_id]), key=lambda row: (row["started_at"], row["run_name"]))
    return InnerRuns(len(found), tuple(row["run_name"] for row in found[:MOST_INNER]))


def compare_params(
    params: Mapping[str, ParamValue], before: Mapping[str, ParamValue] | None, room: int = _ROOM
) -> tuple[CardParam, ...]:
    """Hold params against the last run's: changed ones first, then the rest as they come.

    Parameters
    ----------
    room
        How many characters are seen of a value: two that would look alike are cut so that they differ.
    """
    if before is None:
        return tuple(CardParam(key, value, None, Change.SAME) for key, value in params.items())
    rows = [_compare_param(key, params.get(key), before.get(key), room) for key in {**params, **before}]
    return tuple(sorted(rows, key=lambda row: row.change is Change.SAME))


def _compare_param(key: str, value: ParamValue | None, previous: ParamValue | None, room: int) -> CardParam:
    if value is None:
        return CardParam(key, None, previous, Change.REMOVED)
    if previous is None:
        return CardParam(key, value, None, Change.ADDED)
    if value.digest == previous.digest:
        return CardParam(key, value, None, Change.SAME)
    if shorten(value.text, room) == shorten(previous.text, room):
        new, old = tell_apart([value.exact, previous.exact], room)
        value, previous = replace(value, text=str(new)), replace(previous, text=str(old))
    return CardParam(key, value, previous, Change.CHANGED)


def _experiment_name(experiment_id: str) -> str:
    found = queries.remembered_rows("experiments", _EXPERIMENT, [experiment_id])
    # On a full disk the news of an experiment waits in memory.
    return found[0]["name"] if found else queries.asked_store().known_experiments.get(experiment_id, experiment_id)


def _previous(run_id: str) -> dict[str, Any]:
    """Give the columns of a run and of its cell, as far as they are looked at beside the next run's."""
    run = find_earlier_run(run_id)
    return queries.rows(_BEFORE, [run_id])[0] | queries.rows(_CELL, [run_id])[0] if run is None else _own_head(run)


def _metrics(run_id: str, own: RunFacts, old: RunFacts | None) -> tuple[CardMetric, ...]:
    keys = order_metrics(own.metrics)
    points = thinned_curves([run_id], [key for key in keys[:MOST_METRICS] if key in own.curved], _SPARK_POINTS)
    before = {} if old is None else old.metrics
    return tuple(_metric(key, own.metrics[key], before.get(key), points.get((run_id, key))) for key in keys)


def _metric(key: str, value: float, previous: float | None, points: Points | None) -> CardMetric:
    direction = infer_direction(key)
    better = None if previous is None else is_better(value, previous, direction)
    return CardMetric(key, value, previous, direction, better, points)


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


def _standing(siblings: Siblings, metrics: Sequence[CardMetric]) -> Standing:
    others = [*siblings.earlier, *siblings.later]
    judged = next((m for m in metrics if m.direction is not None and math.isfinite(m.value)), None)
    if judged is None:
        return Standing(len(others) + 1)
    values = [row["value"] for row in queries.rows(_VALUES, [judged.key, others])] if others else []
    n_better = sum(is_better(value, judged.value, judged.direction) is True for value in values)
    return Standing(len(others) + 1, len(values) + 1, judged.key, n_better + 1, judged.value in values)
