"""The registry's functions, named as in MLflow: registering, aliases, stages, descriptions, tags, deletion, copies."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack import queries, settings
from jtrack.entities import LifecycleStage, ModelStage, ModelVersion, RegisteredModel
from jtrack.errors import AliasNotFoundError, InvalidInputError
from jtrack.registry.addresses import ModelAddress, locate_model
from jtrack.registry.changes import editing, tell, tell_alias, tell_model, tell_version
from jtrack.registry.listing import (
    find_registered_model,
    get_latest_versions,
    get_model_version,
    get_model_version_by_alias,
    get_registered_model,
    search_model_versions,
    search_registered_models,
)
from jtrack.registry.names import (
    MAX_KEY,
    MAX_TAG,
    check_alias,
    check_model_name,
    parse_stage,
    parse_version,
)
from jtrack.store import Store
from jtrack.values import check_key, check_text

__all__ = [
    "copy_model_version",
    "create_model_version",
    "create_registered_model",
    "delete_model_version",
    "delete_model_version_tag",
    "delete_registered_model",
    "delete_registered_model_alias",
    "delete_registered_model_tag",
    "get_latest_versions",
    "get_model_version",
    "get_model_version_by_alias",
    "get_registered_model",
    "register_model",
    "rename_registered_model",
    "search_model_versions",
    "search_registered_models",
    "set_model_version_tag",
    "set_registered_model_alias",
    "set_registered_model_tag",
    "transition_model_version_stage",
    "update_model_version",
    "update_registered_model",
]

_IN_USE = (ModelStage.STAGING, ModelStage.PRODUCTION)


def register_model(
    model_uri: Any,
    name: str,
    tags: Mapping[str, Any] | None = None,
    *,
    description: str | None = None,
    await_registration_for: int | None = None,
) -> ModelVersion:
    """Register a model as the next version of ``name``, which is made where it isn't there yet.

    Parameters
    ----------
    model_uri
        ``runs:/<run>/<path>``, where the path may be left out if the run has one model; ``models:/…``, whose model is
        registered once more; a folder or a URL, which is copied into the store; or what ``log_model`` returned.
    tags, description
        Of the version.
    await_registration_for
        Taken for the sake of programs written for MLflow; there is nothing to wait for.

    Returns
    -------
    ModelVersion
        With its number, which no other version of ``name`` ever had.

    Raises
    ------
    ModelNotFoundError
        There is no model at the address; the hint lists those that the run has.
    InvalidInputError
        The name can't be one.
    """
    check_model_name(name)
    return _register(name, locate_model(model_uri), tags, description, make_model=True)


def create_registered_model(
    name: str, tags: Mapping[str, Any] | None = None, description: str | None = None
) -> RegisteredModel:
    """Make a registered model that has no version yet.

    Raises
    ------
    InvalidInputError
        The name is taken, or can't be one.
    """
    texts = _tag_texts(tags)
    check_model_name(name)
    with editing() as store:
        if find_registered_model(name) is not None:
            raise InvalidInputError(f"there is a registered model {name!r} already", "choose another name")
        _create(store, name, texts, description)
    return get_registered_model(name)


def create_model_version(
    name: str,
    source: Any,
    run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    run_link: str | None = None,
    description: str | None = None,
    **_: Any,
) -> ModelVersion:
    """Register a model as the next version of a registered model that is there already.

    Parameters
    ----------
    source
        As :func:`register_model`; a path relative to the run's artifacts where ``run_id`` is given.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no registered model ``name``.
    ModelNotFoundError
        There is no model at ``source``.
    """
    get_registered_model(name)
    return _register(name, _locate_source(source, run_id), tags, description, make_model=False)


def copy_model_version(src_model_uri: Any, dst_name: str) -> ModelVersion:
    """Register a version once more under another name, with its run, description and tags.

    Raises
    ------
    InvalidInputError
        ``src_model_uri`` is no address of a version.
    """
    check_model_name(dst_name)
    found = locate_model(src_model_uri)
    if found.name is None or found.version is None:
        raise InvalidInputError(f"{found.uri!r} is no version", "copy models:/name/3 or models:/name@alias")
    version = get_model_version(found.name, found.version)
    return _register(dst_name, found, version.tags, version.description, make_model=True)


def update_registered_model(name: str, description: str | None = None) -> RegisteredModel:
    """Replace the description of a registered model; it is Markdown, and ``None`` takes it off."""
    text = check_text("registered model", "description", description or "")
    with editing() as store:
        tell_model(store, get_registered_model(name), description=text)
    return get_registered_model(name)


def rename_registered_model(name: str, new_name: str) -> RegisteredModel:
    """Give a registered model another name, which no other has; versions, aliases and history come along.

    Raises
    ------
    InvalidInputError
        The new name is taken, or can't be one.
    """
    check_model_name(new_name)
    with editing() as store:
        model = get_registered_model(name)
        if new_name != name and find_registered_model(new_name) is not None:
            raise InvalidInputError(f"there is a registered model {new_name!r} already", "choose another name")
        tell_model(store, model, name=new_name)
    return get_registered_model(new_name)


def delete_registered_model(name: str) -> None:
    """Delete a registered model with all its versions; the runs and their models stay."""
    with editing() as store:
        tell_model(store, get_registered_model(name), lifecycle_stage=LifecycleStage.DELETED.value)


def set_registered_model_tag(name: str, key: str, value: Any) -> None:
    """Set a tag of a registered model, whatever it was; the value is kept as text."""
    texts = _tag_texts({key: value})
    with editing() as store:
        tell_model(store, get_registered_model(name), tags=texts)


def delete_registered_model_tag(name: str, key: str) -> None:
    """Take a tag off a registered model; one that isn't there is no error."""
    with editing() as store:
        tell_model(store, get_registered_model(name), tags={check_key("tag", key): None})


def update_model_version(name: str, version: int | str, description: str | None = None) -> ModelVersion:
    """Replace the description of a version; it is Markdown, and ``None`` takes it off."""
    text = check_text("version", "description", description or "")
    with editing() as store:
        tell_version(store, get_registered_model(name), get_model_version(name, version), description=text)
    return get_model_version(name, version)


def delete_model_version(name: str, version: int | str) -> None:
    """Delete a version, and the aliases that stand on it; its number is not given again."""
    with editing() as store:
        model, found = get_registered_model(name), get_model_version(name, version)
        for alias in found.aliases:
            tell_alias(store, model, alias, None)
        tell_version(store, model, found, lifecycle_stage=LifecycleStage.DELETED.value)


def set_model_version_tag(name: str, version: int | str, key: str, value: Any) -> None:
    """Set a tag of a version, whatever it was; the value is kept as text."""
    texts = _tag_texts({key: value})
    with editing() as store:
        tell_version(store, get_registered_model(name), get_model_version(name, version), tags=texts)


def delete_model_version_tag(name: str, version: int | str, key: str) -> None:
    """Take a tag off a version; one that isn't there is no error."""
    tags = {check_key("tag", key): None}
    with editing() as store:
        tell_version(store, get_registered_model(name), get_model_version(name, version), tags=tags)


def set_registered_model_alias(name: str, alias: str, version: int | str) -> None:
    """Put an alias on a version; it leaves the version that it stood on.

    Raises
    ------
    InvalidInputError
        The alias is reserved (``latest``, ``v1``) or no word.
    VersionNotFoundError
        The model has no such version.
    """
    check_alias(alias)
    with editing() as store:
        model, found = get_registered_model(name), get_model_version(name, version)
        if model.aliases.get(alias) != found.version:
            tell_alias(store, model, alias, found.version)


def delete_registered_model_alias(name: str, alias: str) -> None:
    """Take an alias away; the version that it stood on stays.

    Raises
    ------
    AliasNotFoundError
        The model has no such alias; the hint lists near ones.
    """
    check_alias(alias)
    with editing() as store:
        model = get_registered_model(name)
        if alias not in model.aliases:
            raise AliasNotFoundError(name, alias, model.aliases)
        tell_alias(store, model, alias, None)


def transition_model_version_stage(
    name: str, version: int | str, stage: str, archive_existing_versions: bool = False
) -> ModelVersion:
    """Move a version to a stage.

    Parameters
    ----------
    stage
        ``None``, ``Staging``, ``Production`` or ``Archived``, in any case.
    archive_existing_versions
        Move the versions that stand in ``stage`` to ``Archived``; for ``Staging`` and ``Production``.

    Raises
    ------
    InvalidInputError
        There is no such stage, or one that has nothing to archive.
    """
    wanted = parse_stage(stage)
    if archive_existing_versions and wanted not in _IN_USE:
        raise InvalidInputError(
            f"versions in stage {wanted} can't be archived on the way", "that goes with Staging and Production"
        )
    number = parse_version(version)
    with editing() as store:
        model, found = get_registered_model(name), get_model_version(name, number)
        if archive_existing_versions:
            _archive_others(store, model, number, wanted)
        if found.stage != wanted:
            tell_version(store, model, found, stage=wanted.value)
    return get_model_version(name, number)


def _archive_others(store: Store, model: RegisteredModel, number: int, stage: ModelStage) -> None:
    from jtrack.registry.listing import read_versions

    for other in read_versions("WHERE model_id = ? AND stage = ?", [model.model_id, stage.value]):
        if other.version != number:
            tell_version(store, model, other, stage=ModelStage.ARCHIVED.value)


def _register(
    name: str, found: ModelAddress, tags: Mapping[str, Any] | None, description: str | None, *, make_model: bool
) -> ModelVersion:
    columns = {
        "stage": ModelStage.NONE.value,
        "status": "READY",
        "user_name": settings.user_name(),
        "description": check_text("version", "description", description or ""),
        "tags": _tag_texts(tags),
        **_payload(found),
    }
    with editing() as store:
        model = find_registered_model(name)
        if model is None and make_model:
            _create(store, name, {}, None)
        model = model or get_registered_model(name)
        number = _next_number(model)
        copied = {} if found.name is None else {"copied_from": f"models:/{found.name}/{found.version}"}
        given = {key: value for key, value in columns.items() if value is not None}
        tell(store, "model_version_created", model, {"version": number, "to": given, **copied})
    return get_model_version(name, number)


def _create(store: Store, name: str, tags: Mapping[str, str], description: str | None) -> None:
    text = check_text("registered model", "description", description or "")
    columns = {"name": name, "description": text, "user_name": settings.user_name(), "tags": dict(tags)}
    tell(store, "model_registered", {"model_id": secrets.token_hex(16), "name": name}, {"to": columns})


def _next_number(model: RegisteredModel) -> int:
    query = "SELECT coalesce(max(version), 0) + 1 AS next FROM every_model_versions WHERE model_id = ?"
    return int(queries.rows(query, [model.model_id])[0]["next"])


def _payload(found: ModelAddress) -> dict[str, Any]:
    """Say where a new version's model lies: with its run, where it also lay before, or in a copy of its own."""
    if found.name is not None and found.version is not None:
        version = get_model_version(found.name, found.version)
        return {
            "source": version.source,
            "run_id": version.run_id,
            "storage_location": version.storage_location,
        }
    if found.source is not None:
        return {"source": found.source, "run_id": found.run_id}
    store = queries.asked_store()
    location = f"models/{secrets.token_hex(16)}"
    _copy(store, found.path, location)
    return {"source": found.uri, "run_id": _run_of_model(found.path), "storage_location": location}


def _copy(store: Store, folder: Path, location: str) -> None:
    store.folder.ensure()
    for source in sorted(path for path in folder.rglob("*") if path.is_file()):
        store.artifacts.put(source, store.folder.artifacts / location / source.relative_to(folder))


def _run_of_model(folder: Path) -> str | None:
    """Give the run that a folder's model says it is from, if this store has it."""
    from jtrack.registry.model import Model

    run_id = Model.load(folder).run_id
    return run_id if run_id and queries.rows("SELECT 1 AS one FROM runs WHERE run_id = ?", [run_id]) else None


def _locate_source(source: Any, run_id: str | None) -> ModelAddress:
    text = str(getattr(source, "model_uri", source))
    if run_id is not None and ":" not in text and not Path(text).is_absolute():
        return locate_model(f"runs:/{run_id}/{text}")
    return locate_model(source)


def _tag_texts(tags: Mapping[str, Any] | None) -> dict[str, str]:
    texts = {check_key("tag", key): check_text("tag", key, value) for key, value in (tags or {}).items()}
    for key, text in texts.items():
        if len(key) > MAX_KEY or len(text) > MAX_TAG:
            raise InvalidInputError(f"tag {key[:40]!r} is too long", f"a value has at most {MAX_TAG} characters")
    return texts
