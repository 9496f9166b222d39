"""Changing a run from its page: name, description and tags in one go, checked before the first of them is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.tracking.edits import check_tag, describe_run, rename_run, tag_run
from jtrack.values import check_text
from jtrack.widgets.run_page.frame import RunFrame, RunTag, run_frame

_TEXTS = "SELECT run_name, description FROM runs WHERE run_id = ?"
_TAGS = "SELECT key, value FROM tags WHERE run_id = ? ORDER BY key LIMIT 1000"


@dataclass(frozen=True, slots=True)
class Editable:
    """What of a run can be edited, in full: a page holds only the beginning of long texts."""

    run_id: str
    run_name: str
    description: str
    tags: tuple[RunTag, ...]


def read_editable(run_id: str) -> Editable:
    """Read what of a run can be edited, whole."""
    info = queries.get_run(run_id).info
    tags = tuple(RunTag(row["key"], row["value"]) for row in queries.rows(_TAGS, [info.run_id]))
    return Editable(info.run_id, info.run_name, info.description or "", tags)


def edit_run(
    run_id: str,
    run_name: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str | None] | None = None,
) -> RunFrame:
    """Change what is given, and give the page as it is then.

    Parameters
    ----------
    tags
        New values by key; ``None`` takes a tag off.

    Raises
    ------
    InvalidInputError
        Something can't be taken; then nothing was changed.
    RunNotFoundError
        There is no such run.
    """
    changes = dict(tags or {})
    if queries.get_run(run_id).info.run_id != run_id:
        raise InvalidInputError(f"a run is changed by its full id, not by {run_id!r}")
    for key, value in changes.items():
        check_tag(key, value)
    store = queries.asked_store()
    # The name can still be refused; what comes after it was checked.
    check_text("run", "description", description or "")
    if run_name is not None:
        rename_run(store, run_id, run_name)
    if description is not None:
        describe_run(store, run_id, description)
    for key, value in changes.items():
        tag_run(store, run_id, key, value)
    return run_frame(run_id)
