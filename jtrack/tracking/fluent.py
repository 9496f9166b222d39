"""The functions that users call: each finds the active run, or starts one, and hands over to it."""

from __future__ import annotations

import atexit
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from jtrack import settings
from jtrack.entities import Experiment, LifecycleStage, RunInfo, RunKind, RunStatus
from jtrack.errors import InvalidInputError, RunStateError
from jtrack.store import Store
from jtrack.tracking import context, experiments
from jtrack.tracking.context import current_store, find_active_run, process
from jtrack.tracking.names import new_run_id, new_run_name
from jtrack.tracking.resume import resume_run
from jtrack.tracking.run import ActiveRun, check_tags
from jtrack.values import check_text


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
    *,
    kind: RunKind | str = RunKind.BLOCK,
    source_name: str | None = None,
    source_type: str | None = None,
    started_at: datetime | None = None,
) -> ActiveRun:
    """Start a run, or take one up again; use it with ``with``, or end it with :func:`end_run`.

    Parameters
    ----------
    run_id
        Take this run up again: a full id, a prefix or a name that fits one run, ``@last`` or ``@best(…)``.
    experiment_id
        ``None`` is the experiment of the run around it, else the one chosen by :func:`set_experiment`.
    run_name
        ``None`` draws one, such as ``brisk-heron``.
    nested
        Start it inside the active run, as its child. Inside a tracked cell that goes without saying.
    parent_run_id
        The run that it is a child of, a full id or as for ``run_id``; ``None`` is the active one, if nested.
    log_system_metrics
        Sample CPU, memory, disk, network and GPUs every 10 seconds, as metrics ``system/…``.
    source_name, source_type
        What runs: ``None`` is the script, as ``LOCAL``.
    started_at
        When it began, for what is recorded after the fact; ``None`` is now.

    Raises
    ------
    RunStateError
        A run is active, and this one is not nested; or the run to take up, or the experiment, is deleted.
    RunNotFoundError
        There is no run ``run_id`` or ``parent_run_id``.
    ExperimentNotFoundError
        There is no experiment ``experiment_id``, or no longer the one that was chosen.
    StorePathError
        The store's folder can't be written.
    """
    outer = _check_free(nested)
    if run_id is not None:
        # All that could be refused comes first: a run that was taken up is active.
        given = {"run_name": run_name, "description": description}
        texts = {key: check_text("attribute", key, value) for key, value in given.items() if value is not None}
        tags = check_tags(tags or {})
        run = resume_run(current_store(), run_id)
        run.set_attributes(**texts)
        run.set_tags(tags)
        return _with_system_metrics(run, log_system_metrics)
    store = outer.store if outer is not None else current_store()
    if experiment_id is not None:
        experiments.check_experiment(store, experiment_id)
    info = RunInfo(
        run_id=new_run_id(),
        experiment_id=experiment_id or (outer.experiment_id if outer else None) or _chosen_experiment_id(store),
        run_name=check_text("run", "name", run_name or new_run_name()),
        kind=RunKind(kind),
        parent_run_id=_parent_id(store, parent_run_id) or (outer.run_id if outer else None),
        status=RunStatus.RUNNING,
        lifecycle_stage=LifecycleStage.ACTIVE,
        started_at=started_at or datetime.now(UTC),
        ended_at=None,
        user_name=settings.user_name(),
        source_name=source_name or _script(),
        source_type=source_type or ("LOCAL" if _script() else None),
        git_commit=None,
        artifact_uri="",
        description=None if description is None else check_text("run", "description", description),
    )
    return _with_system_metrics(_begin(store, info, tags or {}), log_system_metrics)


def end_run(status: RunStatus | str = RunStatus.FINISHED) -> None:
    """End the active run; without one, do nothing."""
    run = find_active_run()
    if run is not None:
        run.end(status)


def active_run() -> ActiveRun | None:
    """Get the run that a log call would log into; ``None`` if it would start one."""
    return find_active_run() or cast("ActiveRun | None", process.unrecorded)


def set_experiment(experiment_name: str | None = None, experiment_id: str | None = None) -> Experiment:
    """Choose the experiment of the runs to come; a name that is new creates it.

    Raises
    ------
    ExperimentNotFoundError
        There is no experiment ``experiment_id``.
    RunStateError
        The experiment is deleted.
    """
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidInputError("an experiment is chosen by its name or by its id", "jtrack.set_experiment('name')")
    store = current_store()
    if experiment_name is not None:
        chosen = experiments.get_or_create_experiment(store, experiment_name)
    else:
        chosen = experiments.get_experiment(store, experiment_id=experiment_id)
        if chosen.lifecycle_stage == LifecycleStage.DELETED:
            raise RunStateError(f"experiment {chosen.name!r} is deleted", "choose another one")
    process.experiment_id, process.experiment_name = chosen.experiment_id, chosen.name
    return chosen


def create_experiment(name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None) -> str:
    """Create an experiment and return its id."""
    return experiments.create_experiment(current_store(), name, artifact_location, tags).experiment_id


def get_experiment(experiment_id: str) -> Experiment:
    """Get an experiment by id; raises :class:`ExperimentNotFoundError`."""
    return experiments.get_experiment(current_store(), experiment_id=experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """Get an experiment by name; ``None``, as in MLflow, where there is none."""
    return experiments.find_experiment(current_store(), name=name)


def rename_experiment(experiment_id: str, new_name: str) -> None:
    """Give an experiment another name, which no other has."""
    experiments.change_experiment(current_store(), experiment_id, name=new_name)


def delete_experiment(experiment_id: str) -> None:
    """Mark an experiment as deleted, and with it its runs; all stay in the store."""
    experiments.change_experiment(current_store(), experiment_id, lifecycle_stage=LifecycleStage.DELETED.value)


def restore_experiment(experiment_id: str) -> None:
    """Take a deletion back."""
    experiments.change_experiment(current_store(), experiment_id, lifecycle_stage=LifecycleStage.ACTIVE.value)


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Set tags of the chosen experiment."""
    texts = check_tags(tags)
    store = current_store()
    experiments.change_experiment(store, _chosen_experiment_id(store), tags=texts)


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the chosen experiment."""
    set_experiment_tags({key: value})


def delete_run(run_id: str) -> None:
    """Mark a run as deleted; it stays in the store, and :func:`restore_run` brings it back."""
    _set_lifecycle(run_id, LifecycleStage.DELETED)


def restore_run(run_id: str) -> None:
    """Take the deletion of a run back."""
    _set_lifecycle(run_id, LifecycleStage.ACTIVE)


def log_metric(key: str, value: float, step: int | None = None, timestamp: int | None = None) -> None:
    """Log one point of a metric into the active run, in about a microsecond.

    Parameters
    ----------
    key
        1 to 250 characters of any script.
    value
        A number that a float64 holds exactly: float (NaN and infinities too), int up to 2**53, bool, numpy scalar,
        0-d array or tensor.
    step
        The x-axis; ``None`` counts up from the last one.
    timestamp
        Milliseconds since the epoch; ``None`` is now.

    Raises
    ------
    InvalidInputError
        The value is not a number, or no float64 is exactly it.
    """
    run = process.only_run or _active_or_new()
    # As run.log_metric does; through it, a point would take a fifth longer.
    try:
        series = run.series[key]
    except (KeyError, TypeError):
        series = run.open_series(key)
    series.log(value, step, timestamp)


def log_metrics(metrics: Mapping[str, float], step: int | None = None, timestamp: int | None = None) -> None:
    """Log one point of each of several metrics; if one can't be taken, none is."""
    _active_or_new().log_metrics(metrics, step, timestamp)


def log_param(key: str, value: Any) -> Any:
    """Log a param into the active run and return it; its type is kept.

    Raises
    ------
    ParamConflictError
        The run has this param with another value.
    InvalidInputError
        The value can't be kept whole.
    """
    return _active_or_new().log_param(key, value)


def log_params(params: Mapping[str, Any]) -> None:
    """Log several params; if one can't be taken, none is."""
    _active_or_new().log_params(params)


def set_tag(key: str, value: Any) -> None:
    """Set a tag of the active run, whatever it was; the value is kept as text."""
    _active_or_new().set_tag(key, value)


def set_tags(tags: Mapping[str, Any]) -> None:
    """Set several tags of the active run."""
    _active_or_new().set_tags(tags)


def delete_tag(key: str) -> None:
    """Take a tag off the active run."""
    _active_or_new().delete_tag(key)


def log_artifact(local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
    """Keep a copy of a file, or of a folder and all in it, with the active run.

    Parameters
    ----------
    artifact_path
        The folder among the run's artifacts to put it in; ``None`` is their root.
    """
    _active_or_new().log_artifact(local_path, artifact_path)


def log_artifacts(local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
    """Keep a copy of every file in a folder and below with the active run; where the store lies in it, not that."""
    _active_or_new().log_artifacts(local_dir, artifact_path)


def log_text(text: str, artifact_file: str) -> None:
    """Keep a text as a file of the active run."""
    _active_or_new().log_text(text, artifact_file)


def log_dict(dictionary: Mapping[str, Any] | list[Any], artifact_file: str) -> None:
    """Keep a dictionary or list as a file of the active run: YAML where the name ends so, else JSON."""
    _active_or_new().log_dict(dictionary, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
    """Keep a figure as a file of the active run.

    Parameters
    ----------
    figure
        From matplotlib (any format of ``savefig``) or plotly (``.json``, ``.html``, and images where kaleido is there).
    """
    _active_or_new().log_figure(figure, artifact_file, save_kwargs=save_kwargs)


def _active_or_new() -> ActiveRun:
    return active_run() or context.find_late_run() or start_run()


def _check_free(nested: bool) -> ActiveRun | None:
    """Return the run around a new one, if it is to have one."""
    own = context.own_active_run()
    if nested or (own is not None and own.kind == RunKind.CELL):
        return own if own is not None or context.is_main_thread() else find_active_run()
    if own is not None:
        raise RunStateError(
            f"run {own.run_name!r} is active", "end it with jtrack.end_run(), or start this one with nested=True"
        )
    return None


def _parent_id(store: Store, address: str | None) -> str | None:
    # A full id is taken at its word: a worker's trial must not wait for a question.
    if address is None or re.fullmatch(r"[0-9a-f]{32}", address):
        return address
    from jtrack.store.addresses import run_id_of

    return run_id_of(store.catalog, address, experiment_id=process.experiment_id)


def _begin(store: Store, info: RunInfo, tags: Mapping[str, Any]) -> ActiveRun:
    check_tags(tags)  # before there is a run to be left open
    run = ActiveRun(store, info)
    run.begin(resumed=False)
    if tags:
        run.set_tags(tags)
    return run


def _with_system_metrics(run: ActiveRun, wanted: bool | None) -> ActiveRun:
    if wanted:
        run.log_system_metrics()
    return run


def _chosen_experiment_id(store: Store) -> str:
    if process.experiment_id is None and process.experiment_name is not None:  # its store was removed meanwhile
        process.experiment_id = experiments.get_or_create_experiment(store, process.experiment_name).experiment_id
    return experiments.check_experiment(store, process.experiment_id or experiments.DEFAULT_EXPERIMENT_ID)


def _script() -> str | None:
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    # In a kernel, the main module's file is the kernel's launcher or nothing: the notebook is named by its tracker.
    return None if path is None or "ipykernel" in sys.modules else os.path.abspath(path)


def _set_lifecycle(address: str, stage: LifecycleStage) -> None:
    from jtrack.store.addresses import run_id_of

    store = current_store()
    store.writer.event("run_changed", run_id_of(store.catalog, address), {"lifecycle_stage": stage.value})


def _end_open_runs() -> None:
    # An uncaught error of a script has left its mark by now; at a prompt, errors are everyday.
    error: BaseException | None = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
    left_by = (None, None, None) if error is None else (type(error), error, error.__traceback__)
    for run in reversed(list(process.runs)):
        run.__exit__(*left_by)


atexit.register(_end_open_runs)
