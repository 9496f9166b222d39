"""Taking a run up again: what it has in the store comes back into memory, so that logging goes on where it stopped."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from jtrack.entities import LifecycleStage, RunInfo, RunKind, RunStatus
from jtrack.errors import RunStateError
from jtrack.store import Store
from jtrack.tracking import context
from jtrack.tracking.experiments import check_experiment
from jtrack.tracking.run import ActiveRun


def resume_run(store: Store, address: str) -> ActiveRun:
    """Make an earlier run the active one; its params stand, its metrics count on.

    Raises
    ------
    RunNotFoundError
        There is no such run.
    RunStateError
        It is deleted, or its experiment is.
    """
    from jtrack.store.addresses import run_id_of

    run_id = run_id_of(store.catalog, address, experiment_id=context.process.experiment_id)
    info = run_info(store.catalog.rows("SELECT * FROM runs WHERE run_id = ?", [run_id])[0])
    check_experiment(store, info.experiment_id)
    if info.lifecycle_stage == LifecycleStage.DELETED:
        raise RunStateError(f"run {info.run_name!r} is deleted", f"jtrack.restore_run({run_id!r})")
    steps = store.catalog.rows("SELECT key, step FROM latest_metrics WHERE run_id = ?", [run_id])
    info = replace(info, status=RunStatus.RUNNING, ended_at=None)
    run = ActiveRun(store, info, logged_params(store, run_id))
    run.begin(resumed=True, last_steps={row["key"]: row["step"] for row in steps})
    return run


def logged_params(store: Store, run_id: str) -> dict[str, tuple[str, str]]:
    """Read the params of a run in the forms that they were logged in: text and JSON."""
    rows = store.catalog.rows("SELECT key, value, value_json FROM params WHERE run_id = ?", [run_id])
    return {row["key"]: (row["value"], row["value_json"]) for row in rows}


def run_info(row: dict[str, Any]) -> RunInfo:
    """Turn a row of the ``runs`` view into its value."""
    known = {field.name: row[field.name] for field in fields(RunInfo)}
    typed = {
        "kind": RunKind(row["kind"]),
        "status": RunStatus(row["status"]),
        "lifecycle_stage": LifecycleStage(row["lifecycle_stage"]),
    }
    return RunInfo(**{**known, **typed})
