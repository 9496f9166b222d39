"""Runs of one cell, logged for real, for the tests of the card, the table and the comparison."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from jtrack import tracking
from jtrack.entities import Cell, CellRole, RunKind, RunStatus

SOURCE = "%%track wine\nmodel = fit(lr={lr})\nval_accuracy = score(model)\n"


def log_cell_run(
    name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float | Sequence[float]] | None = None,
    *,
    source: str | None = None,
    notebook_path: str | None = "work/wine.ipynb",
    cell_id: str | None = "c1",
    experiment: str = "wine",
    status: RunStatus = RunStatus.FINISHED,
    error: str | None = None,
    parent_run_id: str | None = None,
) -> str:
    """Log a run of the cell ``cell_id``; a sequence of values is a curve. ``cell_id=None`` leaves the cell away."""
    tracking.set_experiment(experiment)
    run = tracking.start_run(run_name=name, kind=RunKind.CELL, parent_run_id=parent_run_id)
    if cell_id is not None:
        text = source if source is not None else SOURCE.format(lr=params.get("lr"))
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        run.record_cell(Cell(cell_id, 3, CellRole.TRACKED, text, sha256, notebook_path))
    run.log_params(dict(params))
    for key, values in (metrics or {}).items():
        for step, value in enumerate(values if isinstance(values, Sequence) else [values]):
            run.log_metric(key, value, step=step)
    run.end(status, error=error)
    return run.run_id
