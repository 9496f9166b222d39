"""What the table's buttons do to runs: each for several at once, named by their full ids, checked before the first."""

from __future__ import annotations

from collections.abc import Sequence

from jtrack import queries
from jtrack.errors import InvalidInputError, RunNotFoundError
from jtrack.store.known_names import read_names
from jtrack.tracking.edits import check_tag, remove_run, return_run, tag_run

_MOST_AT_ONCE = 10_000
_KNOWN = "SELECT run_id FROM runs WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"
_WITH_CHILDREN = """
WITH RECURSIVE meant(run_id) AS (
    SELECT unnest(?::VARCHAR[])
    UNION SELECT r.run_id FROM runs r JOIN meant m ON r.parent_run_id = m.run_id
)
SELECT run_id FROM meant JOIN runs USING (run_id) WHERE lifecycle_stage = 'active'
"""


def delete_runs(run_ids: Sequence[str]) -> tuple[str, ...]:
    """Delete runs with all that is nested in them, and give which; `restore_runs` takes them back."""
    meant = tuple(row["run_id"] for row in queries.rows(_WITH_CHILDREN, [check_runs(run_ids)]))
    store = queries.asked_store()
    for run_id in meant:
        remove_run(store, run_id)
    return meant


def restore_runs(run_ids: Sequence[str]) -> tuple[str, ...]:
    """Take deleted runs back."""
    meant, store = check_runs(run_ids), queries.asked_store()
    for run_id in meant:
        return_run(store, run_id)
    return tuple(meant)


def tag_runs(run_ids: Sequence[str], key: str, value: str | None) -> tuple[str, ...]:
    """Set a tag of runs; ``None`` takes it off."""
    check_tag(key, value)
    meant, store = check_runs(run_ids), queries.asked_store()
    for run_id in meant:
        tag_run(store, run_id, key, value)
    return tuple(meant)


def register_run(run_id: str, name: str) -> str:
    """Register the model of a run, and say as what."""
    from jtrack.registry import versions

    [known] = check_runs([run_id])
    version = versions.register_model(f"runs:/{known}", name.strip())
    return f"{version.name}, version {version.version}"


def model_names() -> tuple[str, ...]:
    """Give the names of registered models."""
    return read_names(queries.asked_store().catalog, ("models",)).models


def check_runs(run_ids: Sequence[str]) -> list[str]:
    """Give full ids of runs back, each once.

    Raises
    ------
    RunNotFoundError
        One is no full id of a run: a prefix could fit another by the time it is changed.
    InvalidInputError
        They are too many to be changed at once.
    """
    asked = list(dict.fromkeys(run_ids))
    if len(asked) > _MOST_AT_ONCE:
        raise InvalidInputError(
            f"at most {_MOST_AT_ONCE:,} runs are changed at once, not {len(asked):,}", "a filter finds parts of them"
        )
    known = {row["run_id"] for row in queries.rows(_KNOWN, [asked])}
    for run_id in asked:
        if run_id not in known:
            raise RunNotFoundError(run_id, ())
    return asked
