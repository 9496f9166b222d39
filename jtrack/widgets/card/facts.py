"""Params and metrics of the two runs that a card is about: from memory where this process has all, else from the store.

The card below a cell is about runs that the kernel has just made, and each question to the database takes longer than
all else about a card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jtrack import queries
from jtrack.tracking.context import process
from jtrack.tracking.run import ActiveRun
from jtrack.values import param_number
from jtrack.widgets.params import EXACT_WIDTH, ParamValue, param_value, read_params

_LATEST = "SELECT run_id, key, value, n_points FROM latest_metrics WHERE run_id IN (?, ?)"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What came of a run: the last value of each metric, which of them have curves, and the params by their keys."""

    metrics: Mapping[str, float]
    curved: frozenset[str]
    params: Mapping[str, ParamValue]


def find_own_run(run_id: str) -> ActiveRun | None:
    """Find a run in memory; ``None`` unless it is the one that this process ended last, and a cell's."""
    run = process.last_run
    return run if run is not None and run.run_id == run_id and run.cell is not None else None


def find_earlier_run(run_id: str) -> ActiveRun | None:
    """Find the run that the cell of the last one made before, if it is this one."""
    run = None if process.last_run is None else process.last_run.cell_before
    return run if run is not None and run.run_id == run_id and run.cell is not None else None


def read_facts(run_ids: Sequence[str]) -> dict[str, RunFacts]:
    """Give the facts of one or two runs."""
    known = {run.run_id: _own_facts(run) for run in _remembered() if run.is_known_whole and run.run_id in run_ids}
    asked = [run_id for run_id in run_ids if run_id not in known]
    return known | _stored_facts(asked) if asked else known


def _remembered() -> list[ActiveRun]:
    last = process.last_run
    return [run for run in (last, None if last is None else last.cell_before) if run is not None]


def _own_facts(run: ActiveRun) -> RunFacts:
    params = {}
    for key, (text, value_json) in sorted(run.param_forms.items()):
        digest = hashlib.md5(value_json.encode(), usedforsecurity=False).hexdigest()
        short = value_json if len(value_json) <= EXACT_WIDTH else None
        params[key] = param_value(text[: EXACT_WIDTH + 1], short, digest, param_number(text, value_json))
    return RunFacts(run.metrics, frozenset(), params)


def _stored_facts(run_ids: Sequence[str]) -> dict[str, RunFacts]:
    params = read_params(run_ids)
    found = queries.rows(_LATEST, [run_ids[0], run_ids[-1]])
    return {
        run_id: RunFacts(
            {row["key"]: row["value"] for row in found if row["run_id"] == run_id},
            frozenset(row["key"] for row in found if row["run_id"] == run_id and row["n_points"] > 1),
            params[run_id],
        )
        for run_id in run_ids
    }
