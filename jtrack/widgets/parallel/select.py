"""Which runs parallel coordinates show, and by what they are judged: read anew as a sweep goes on.

A selection is kept as it was asked for, so that runs which come later are found. Runs that ended keep the
place they were first seen at: a line that was drawn never becomes another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, infer_direction
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import InvalidFilterError
from jtrack.store.search import plan_search
from jtrack.widgets.children import find_children

_NEWEST_PARENT = """
SELECT c.parent_run_id FROM runs c JOIN runs p ON p.run_id = c.parent_run_id
WHERE c.lifecycle_stage = 'active' AND p.lifecycle_stage = 'active' AND p.kind IS DISTINCT FROM 'trial'
GROUP BY c.parent_run_id ORDER BY max(c.started_at) DESC, c.parent_run_id LIMIT 1
"""
_HEADS = """
SELECT run_id, run_name, kind, status, ended_at FROM runs
WHERE run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY ended_at NULLS LAST, started_at, run_id
"""
UNENDED = (RunStatus.RUNNING, RunStatus.SCHEDULED)
_LOWER = frozenset("min minimize minimise lower less down".split())
_HIGHER = frozenset("max maximize maximise higher greater up".split())


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for: the children of a run, or the runs of a filter, or these runs."""

    parent_run_id: str | None = None
    filter_string: str | None = None
    run_ids: tuple[str, ...] = ()

    def read_ids(self) -> list[str]:
        """Find the runs as they are now."""
        if self.parent_run_id is not None:
            return find_children(self.parent_run_id)
        if self.filter_string is not None:
            sql, params = plan_search(self.filter_string, None)
            return [row["run_id"] for row in queries.rows(sql, params)]
        return list(self.run_ids)


@dataclass(frozen=True, slots=True)
class Found:
    """The runs of a selection, in an order that later ones are added to.

    The first ``n_settled`` have ended and won't change; the rest are still running.
    """

    run_ids: tuple[str, ...]
    run_names: tuple[str, ...]
    n_settled: int
    are_trials: bool


@dataclass(frozen=True, slots=True)
class Stated:
    """What a sweep says about itself; ``None`` where it says nothing."""

    metric: str | None = None
    direction: Direction | None = None
    algorithm: str | None = None


def select(parent_or_runs: object) -> Selection:
    """Tell what was meant: nothing, a run, several runs, or a filter.

    Raises
    ------
    RunNotFoundError
        No run at an address.
    InvalidFilterError
        The filter doesn't parse; a caret stands under the place.
    """
    if parent_or_runs is None:
        found = queries.rows(_NEWEST_PARENT)
        return Selection(found[0]["parent_run_id"]) if found else Selection(filter_string="")
    if isinstance(parent_or_runs, (list, tuple)):
        run_ids = tuple(queries.resolve_runs(parent_or_runs))
        return Selection(run_ids[0]) if len(run_ids) == 1 else Selection(run_ids=run_ids)
    if isinstance(parent_or_runs, str) and _is_filter(parent_or_runs):
        return Selection(filter_string=parent_or_runs)
    return Selection(queries.get_run(parent_or_runs).info.run_id)


def read_found(selection: Selection, before: Sequence[str] = ()) -> Found:
    """Read the runs of a selection.

    Parameters
    ----------
    before
        Settled runs that were seen already; they come first, in this order.
    """
    heads = {row["run_id"]: row for row in queries.rows(_HEADS, [selection.read_ids()])}
    known = [run_id for run_id in before if run_id in heads]
    seen = set(known)
    fresh = [run_id for run_id in heads if run_id not in seen]
    settled = [run_id for run_id in fresh if heads[run_id]["status"] not in UNENDED]
    running = [run_id for run_id in fresh if heads[run_id]["status"] in UNENDED]
    run_ids = (*known, *settled, *running)
    return Found(
        run_ids=run_ids,
        run_names=tuple(heads[run_id]["run_name"] for run_id in run_ids),
        n_settled=len(run_ids) - len(running),
        are_trials=bool(heads) and all(head["kind"] == RunKind.TRIAL for head in heads.values()),
    )


def stated_objective(params: Mapping[str, Any], tags: Mapping[str, str]) -> Stated:
    """Read what a sweep says of its objective, in its params or tags.

    Either ``minimize`` or ``maximize`` names the metric, or ``objective`` (``metric``) does and ``direction``
    (``mode``, ``goal``) says which way; a prefix such as ``sweep.`` doesn't matter.
    """
    said = {key.rpartition(".")[2].lower(): value for key, value in {**tags, **params}.items()}
    algorithm = _text(said.get("algo")) or _text(said.get("algorithm"))
    for word, direction in (("minimize", Direction.LOWER), ("maximize", Direction.HIGHER)):
        if metric := _text(said.get(word)):
            return Stated(metric, direction, algorithm)
    metric = _text(said.get("objective")) or _text(said.get("metric"))
    word = next((str(said[key]).lower() for key in ("direction", "mode", "goal") if key in said), "")
    direction_said = Direction.LOWER if word in _LOWER else Direction.HIGHER if word in _HIGHER else None
    return Stated(metric, direction_said, algorithm)


def direction_of(key: str | None, stated: Stated) -> Direction | None:
    """Which way is better for the objective: as the sweep says, else as its name says."""
    if key is None:
        return None
    return stated.direction if stated.direction and stated.metric in (key, None) else infer_direction(key)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _is_filter(text: str) -> bool:
    if not text.strip():
        return True
    if queries.rows("SELECT 1 FROM runs WHERE run_name = ? LIMIT 1", [text.strip()]):
        return False
    try:
        plan_search(text, None)
    except InvalidFilterError:
        # What compares nothing is an address that fits no run, and is told so; a fault in a filter shows its place.
        return any(sign in text for sign in "<>=") or len(text.split()) > 1
    return True
