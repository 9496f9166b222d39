"""Writing to the registry: each change reads what is there and writes its events under the store's one short lock.

Numbers of versions are therefore unique, whoever registers at the same moment, and since a deleted version keeps its
row, none is ever given twice. An event says who did it, and what it was before and after: the history is the events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jtrack import queries, settings
from jtrack.entities import RegisteredModel
from jtrack.errors import StoreError
from jtrack.store import Store


@contextmanager
def editing() -> Iterator[Store]:
    """Hold the lock of the store that is asked, and see what all others have written before."""
    store = queries.asked_store()
    store.folder.ensure()
    with store.folder.locked():
        yield store


def tell(store: Store, kind: str, model: RegisteredModel | Mapping[str, str], detail: dict[str, Any]) -> None:
    """Write one event about a registered model.

    Raises
    ------
    StoreError
        The disk refused it, so that nobody else can see it.
    """
    if isinstance(model, RegisteredModel):
        model = {"model_id": model.model_id, "name": model.name}
    store.writer.event(kind, model["name"], {"model_id": model["model_id"], "user": settings.user_name(), **detail})
    if store.writer.n_waiting:
        raise StoreError(f"{store.path} could not be written; the change waits in memory", "free some room")


def tell_model(store: Store, model: RegisteredModel, **columns: Any) -> None:
    """Change columns of a registered model, or its ``tags``."""
    tell(store, "model_changed", model, {"from": _before(model, columns), "to": columns})


def tell_version(store: Store, model: RegisteredModel, version: Any, **columns: Any) -> None:
    """Change columns of a version, or its ``tags``."""
    before = _before(version, columns)
    tell(store, "model_version_changed", model, {"version": version.version, "from": before, "to": columns})


def tell_alias(store: Store, model: RegisteredModel, alias: str, to: int | None) -> None:
    """Put an alias on a version; ``None`` takes it away."""
    tell(store, "alias_moved", model, {"alias": alias, "from": model.aliases.get(alias), "to": to})


def _before(what: Any, columns: Mapping[str, Any]) -> dict[str, Any]:
    before = {name: getattr(what, name, None) for name in columns if name not in ("tags", "lifecycle_stage")}
    if "tags" in columns:
        before["tags"] = {key: what.tags.get(key) for key in columns["tags"]}
    if "lifecycle_stage" in columns:
        before["lifecycle_stage"] = "active"
    return before
