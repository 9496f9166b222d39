"""Experiments by name: read, then written under the folder's short lock, as an event like the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jtrack.entities import Experiment, LifecycleStage
from jtrack.errors import ExperimentNotFoundError, InvalidInputError, RunStateError
from jtrack.store import Store
from jtrack.tracking.names import experiment_id_of
from jtrack.values import check_key, check_text

DEFAULT_EXPERIMENT_ID = "0"


def find_experiment(store: Store, *, experiment_id: str | None = None, name: str | None = None) -> Experiment | None:
    """Find an experiment by id or by name, deleted ones too; the active one where a deleted one has the same name."""
    rows = store.catalog.rows(
        "SELECT * FROM experiments WHERE experiment_id = ? OR name = ? ORDER BY lifecycle_stage LIMIT 1",
        [experiment_id, name],
    )
    if not rows:
        return None
    found = _experiment(rows[0])
    if found.lifecycle_stage == LifecycleStage.ACTIVE:
        store.known_experiments[found.experiment_id] = found.name
    return found


def get_experiment(store: Store, *, experiment_id: str | None = None, name: str | None = None) -> Experiment:
    """Get an experiment by id or by name.

    Raises
    ------
    ExperimentNotFoundError
        There is none; the hint lists near names.
    """
    found = find_experiment(store, experiment_id=experiment_id, name=name)
    if found is None:
        raise ExperimentNotFoundError(experiment_id or name, _names(store))
    return found


def check_experiment(store: Store, experiment_id: str) -> str:
    """Return the id of an experiment that takes runs; one that this process has seen costs no question.

    Raises
    ------
    ExperimentNotFoundError
        There is none; the hint lists what there is.
    RunStateError
        It is deleted.
    """
    if experiment_id not in store.known_experiments:
        _refuse_deleted(get_experiment(store, experiment_id=experiment_id))
    return experiment_id


def _refuse_deleted(found: Experiment) -> None:
    if found.lifecycle_stage == LifecycleStage.DELETED:
        hint = f"jtrack.restore_experiment({found.experiment_id!r}) brings it back with its runs"
        raise RunStateError(f"experiment {found.name!r} is deleted", hint)


def get_experiments(store: Store, ids: list[str]) -> list[Experiment]:
    """Get several experiments, in the order of their ids as given."""
    rows = store.catalog.rows("SELECT * FROM experiments WHERE experiment_id IN (SELECT unnest(?::VARCHAR[]))", [ids])
    found = {row["experiment_id"]: _experiment(row) for row in rows}
    return [found[experiment_id] for experiment_id in ids if experiment_id in found]


def create_experiment(
    store: Store, name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None
) -> Experiment:
    """Create an experiment.

    Raises
    ------
    InvalidInputError
        The name is taken, or can't be one.
    """
    check_key("experiment", name)
    texts = {check_key("tag", key): check_text("tag", key, value) for key, value in (tags or {}).items()}
    store.folder.ensure()
    with store.folder.locked():
        if find_experiment(store, name=name) is not None:
            raise InvalidInputError(
                f"there is an experiment {name!r} already", f"jtrack.set_experiment({name!r}) uses it"
            )
        return _create(store, name, artifact_location, texts)


def get_or_create_experiment(store: Store, name: str) -> Experiment:
    """Get an experiment by name; a new one where there is none.

    Raises
    ------
    RunStateError
        The experiment of this name is deleted.
    """
    check_key("experiment", name)
    found = find_experiment(store, name=name)
    if found is None:
        store.folder.ensure()
        with store.folder.locked():
            found = find_experiment(store, name=name) or _create(store, name, None, {})
    _refuse_deleted(found)
    return found


def change_experiment(store: Store, experiment_id: str, **columns: Any) -> None:
    """Change columns of an experiment (``name``, ``lifecycle_stage``) or set its ``tags``."""
    store.folder.ensure()
    with store.folder.locked():
        get_experiment(store, experiment_id=experiment_id)
        name = columns.get("name")
        if name is not None and find_experiment(store, name=check_key("experiment", name)) is not None:
            raise InvalidInputError(f"there is an experiment {name!r} already")
        if columns.get("lifecycle_stage") == LifecycleStage.DELETED:
            if experiment_id == DEFAULT_EXPERIMENT_ID:
                raise InvalidInputError("the default experiment can't be deleted: runs go there where none is chosen")
            store.known_experiments.pop(experiment_id, None)
        store.writer.event("experiment_changed", experiment_id, columns)


def _create(store: Store, name: str, artifact_location: str | None, tags: Mapping[str, str]) -> Experiment:
    salt = 0
    while find_experiment(store, experiment_id=experiment_id_of(name, salt)) is not None:
        salt += 1
    experiment_id = experiment_id_of(name, salt)
    detail: dict[str, Any] = {"name": name, "tags": dict(tags)}
    if artifact_location is not None:
        detail["artifact_location"] = artifact_location
    store.writer.event("experiment_created", experiment_id, detail)
    store.known_experiments[experiment_id] = name
    now = datetime.now(UTC)
    # On a full disk its event waits in memory, where no question finds it.
    return find_experiment(store, experiment_id=experiment_id) or Experiment(
        experiment_id, name, LifecycleStage.ACTIVE, artifact_location, now, now, dict(tags)
    )


def _experiment(row: dict[str, Any]) -> Experiment:
    return Experiment(**{**row, "lifecycle_stage": LifecycleStage(row["lifecycle_stage"]), "tags": dict(row["tags"])})


def _names(store: Store) -> list[str]:
    return [row["name"] for row in store.catalog.rows("SELECT name FROM experiments ORDER BY updated_at DESC")]
