"""Runs as notebooks make them, for the server to find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jtrack
from jtrack.capture.source import tracked_cell
from jtrack.entities import RunKind


def cell_run(
    notebook: Path, cell_id: str, params: dict[str, Any], metrics: dict[str, list[float]], **named: Any
) -> str:
    """Make an ended run of a tracked cell, and give its id."""
    from jtrack.tracking import start_run

    with start_run(kind=RunKind.CELL, source_name=str(notebook), source_type="NOTEBOOK", **named) as run:
        run.record_cell(tracked_cell(f"%%track\nfit({params})", cell_id, 3, str(notebook)))
        run.log_params(params)
        for key, values in metrics.items():
            for value in values:
                run.log_metric(key, value)
    return run.run_id


def child_run(parent_id: str, name: str) -> str:
    """Make an ended run inside another, which knows no notebook of its own."""
    with jtrack.start_run(run_name=name, parent_run_id=parent_id) as run:
        jtrack.log_metric("loss", 1.0)
    return run.run_id
