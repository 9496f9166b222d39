"""Asking the registry: models, versions, aliases, searches; the newest number first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jtrack import queries
from jtrack.entities import ModelStage, ModelVersion, RegisteredModel
from jtrack.errors import AliasNotFoundError, InvalidInputError, RegisteredModelNotFoundError, VersionNotFoundError
from jtrack.registry.names import check_alias, parse_stage, parse_version

MOST_RESULTS = 200_000


def find_registered_model(name: str) -> RegisteredModel | None:
    """Find a registered model by its name; ``None`` where there is none."""
    found = _models("WHERE name = ?", [name])
    return found[0] if found else None


def get_registered_model(name: str) -> RegisteredModel:
    """Get a registered model by its name.

    Raises
    ------
    RegisteredModelNotFoundError
        There is none; the hint lists near names.
    """
    found = find_registered_model(name)
    if found is None:
        names = [row["name"] for row in queries.rows("SELECT name FROM registered_models ORDER BY updated_at DESC")]
        none_yet = None if names else "none is registered yet: jtrack.register_model('runs:/…', 'name')"
        raise RegisteredModelNotFoundError(name, names, none_yet)
    return found


def find_model_version(name: str, version: int) -> ModelVersion | None:
    """Find a version by its model's name and its number; ``None`` where there is none."""
    found = read_versions("WHERE name = ? AND version = ?", [name, version])
    return found[0] if found else None


def get_model_version(name: str, version: int | str) -> ModelVersion:
    """Get a version by its model's name and its number.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no such model.
    VersionNotFoundError
        The model has no such version, or it was deleted; the hint lists what there is.
    """
    number = parse_version(version)
    found = find_model_version(name, number)
    if found is None:
        raise no_version(get_registered_model(name), number)
    return found


def no_version(model: RegisteredModel, asked: object) -> VersionNotFoundError:
    """Say that a model has no such version, and which it has."""
    rows = queries.rows(
        "SELECT version, lifecycle_stage FROM every_model_versions WHERE model_id = ? ORDER BY version DESC",
        [model.model_id],
    )
    here = [row["version"] for row in rows if row["lifecycle_stage"] == "active"]
    gone = [row["version"] for row in rows if row["lifecycle_stage"] != "active"]
    return VersionNotFoundError(model.name, asked, here, was_deleted=asked in gone)


def get_model_version_by_alias(name: str, alias: str) -> ModelVersion:
    """Get the version that an alias of a model stands on; ``latest`` is the newest.

    Raises
    ------
    AliasNotFoundError
        The model has no such alias; the hint lists near ones.
    """
    if alias.lower() == "latest":
        return get_newest_version(name)
    check_alias(alias)
    found = read_versions("WHERE name = ? AND list_contains(aliases, ?)", [name, alias])
    if not found:
        raise AliasNotFoundError(name, alias, get_registered_model(name).aliases)
    return found[0]


def get_newest_version(name: str, stage: ModelStage | None = None) -> ModelVersion:
    """Get the newest version, or the newest of those in a stage.

    Raises
    ------
    VersionNotFoundError
        There is none.
    """
    where, values = ("AND stage = ?", [stage.value]) if stage else ("", [])
    found = read_versions(f"WHERE name = ? {where}", [name, *values], limit=1)
    if found:
        return found[0]
    model = get_registered_model(name)
    if stage is None:
        raise no_version(model, "latest")
    staged = [f"{version.version} in {version.stage}" for version in model.latest_versions]
    raise VersionNotFoundError(name, f"in stage {stage}", staged)


def get_latest_versions(name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
    """Get the newest version of each stage, or of each of ``stages``.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no such model.
    """
    wanted = None if stages is None else [parse_stage(stage) for stage in stages]
    latest = get_registered_model(name).latest_versions
    return [version for version in latest if wanted is None or version.stage in wanted]


def search_registered_models(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[RegisteredModel]:
    """Search registered models, by name unless ordered otherwise.

    Parameters
    ----------
    filter_string
        Over ``name``, ``description``, times and tags: ``name ILIKE '%churn%' and tags.team = 'growth'``.
    order_by
        Such as ``["last_updated_timestamp DESC"]``.

    Raises
    ------
    InvalidFilterError
        The filter or the order doesn't parse; a caret stands under the place.
    """
    from jtrack.store.search import plan_model_search

    _check_limit(max_results)
    query, values = plan_model_search(filter_string or "", order_by or [], max_results)
    with queries.one_look():
        names = [row["name"] for row in queries.rows(query, values)]
        found = {model.name: model for model in _models("WHERE name IN (SELECT unnest(?::VARCHAR[]))", [names])}
    return [found[name] for name in names]


def search_model_versions(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[ModelVersion]:
    """Search versions of all models; the newest first, unless ordered otherwise.

    Parameters
    ----------
    filter_string
        Over ``name``, ``version_number``, ``run_id``, ``source_path``, ``stage``, ``aliases``, times and tags:
        ``name = 'churn' and version_number > 3 and aliases = 'champion'``.

    Raises
    ------
    InvalidFilterError
        The filter or the order doesn't parse; a caret stands under the place.
    """
    from jtrack.store.search import plan_version_search

    _check_limit(max_results)
    query, values = plan_version_search(filter_string or "", order_by or [], max_results)
    with queries.one_look():
        keys = [(row["model_id"], row["version"]) for row in queries.rows(query, values)]
        ids = list({model_id for model_id, _ in keys})
        found = read_versions("WHERE model_id IN (SELECT unnest(?::VARCHAR[]))", [ids])
    by_key = {(version.model_id, version.version): version for version in found}
    return [by_key[key] for key in keys]


def versions_of_run(run_id: str) -> list[ModelVersion]:
    """List the versions that were registered from a run, by its full id."""
    return read_versions("WHERE run_id = ?", [run_id])


def versions_of_model(name: str) -> list[ModelVersion]:
    """List the versions of a registered model, the newest first.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no such model.
    """
    return read_versions("WHERE model_id = ?", [get_registered_model(name).model_id])


def read_versions(where: str, values: Sequence[object], limit: int | None = None) -> list[ModelVersion]:
    """Read versions that fit a condition over the view ``model_versions``, the newest number first."""
    page = "" if limit is None else f" LIMIT {limit:d}"
    rows = queries.rows(f"SELECT * FROM model_versions {where} ORDER BY name, version DESC{page}", values)
    return [queries.model_version(row) for row in rows]


def _models(where: str, values: Sequence[object]) -> list[RegisteredModel]:
    with queries.one_look():
        rows = queries.rows(f"SELECT * EXCLUDE (last_version) FROM registered_models {where} ORDER BY name", values)
        names = [row["name"] for row in rows]
        among = "WHERE name IN (SELECT unnest(?::VARCHAR[]))"
        newest = (
            "AND (model_id, version) IN (SELECT (model_id, max(version)) FROM model_versions GROUP BY model_id, stage)"
        )
        latest = read_versions(f"{among} {newest}", [names]) if rows else []
        aliases = queries.rows(f"SELECT * FROM aliases {among} ORDER BY alias", [names]) if rows else []
    return [_model(row, latest, aliases) for row in rows]


def _model(row: dict[str, Any], latest: Iterable[ModelVersion], aliases: Iterable[dict[str, Any]]) -> RegisteredModel:
    name = row["name"]
    own = {alias["alias"]: alias["version"] for alias in aliases if alias["name"] == name}
    newest = tuple(version for version in latest if version.name == name)
    described = {**row, "description": row["description"] or "", "tags": dict(row["tags"])}
    return RegisteredModel(**described, aliases=own, latest_versions=newest)


def _check_limit(max_results: int | None) -> None:
    if max_results is not None and not 0 < max_results <= MOST_RESULTS:
        raise InvalidInputError(f"max_results is a number from 1 to {MOST_RESULTS}, not {max_results}")
