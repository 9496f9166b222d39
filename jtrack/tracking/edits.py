"""Changing a run from outside, while it trains or long after: its name, description and tags, deleting, restoring.

A page's buttons end here, whether a kernel or a server holds the page. Each change is one event of the store's own
writer, so that nothing has to be open or active for it.
"""

from __future__ import annotations

from typing import Any

from jtrack.entities import LifecycleStage
from jtrack.errors import InvalidInputError
from jtrack.store import Store
from jtrack.tracking.run import TAG_COLUMNS
from jtrack.values import check_key, check_text

MOST_NAME = 250


def rename_run(store: Store, run_id: str, run_name: str) -> None:
    """Give the run with this full id another name.

    Raises
    ------
    InvalidInputError
        The name is empty, or longer than 250 characters.
    """
    name = check_text("run", "run_name", run_name).strip()
    if not name:
        raise InvalidInputError("'run_name' is empty")
    if len(name) > MOST_NAME:
        raise InvalidInputError(f"a run's name has at most {MOST_NAME} characters, not {len(name)}")
    _change(store, run_id, run_name=name)


def describe_run(store: Store, run_id: str, description: str) -> None:
    """Replace a run's description; an empty text takes it off."""
    _change(store, run_id, description=check_text("run", "description", description))


def check_tag(key: str, value: str | None) -> None:
    """Raise where a tag can't be set to this value, or taken off where it is ``None``.

    Raises
    ------
    InvalidInputError
        The key or value can't be a tag's, or the tag stands for something that every run has.
    """
    check_text("tag", check_key("tag", key), "" if value is None else value)
    if key in TAG_COLUMNS and value is None:
        raise InvalidInputError(f"tag {key!r} can be changed, and not taken off")


def tag_run(store: Store, run_id: str, key: str, value: str | None) -> None:
    """Set a tag of a run; ``None`` takes it off.

    Raises
    ------
    InvalidInputError
        As `check_tag`.
    """
    check_tag(key, value)
    if key in TAG_COLUMNS:
        _change(store, run_id, **{TAG_COLUMNS[key]: value})
    else:
        store.writer.event("tags_set", run_id, {key: value})


def remove_run(store: Store, run_id: str) -> None:
    """Mark a run as deleted; `return_run` takes it back."""
    _change(store, run_id, lifecycle_stage=LifecycleStage.DELETED.value)


def return_run(store: Store, run_id: str) -> None:
    """Take a deleted run back."""
    _change(store, run_id, lifecycle_stage=LifecycleStage.ACTIVE.value)


def _change(store: Store, run_id: str, **columns: Any) -> None:
    store.writer.event("run_changed", run_id, columns)
