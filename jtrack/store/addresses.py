"""Finds the run that a text means: an id, a prefix or a name that fits one run, ``@last``, ``@best(metrics.acc)``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jtrack.direction import Direction, infer_direction
from jtrack.errors import InvalidInputError, RunNotFoundError

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog

_NEWEST_FIRST = "ORDER BY started_at DESC, run_id"
_WHOLE_ID = re.compile(r"[0-9a-f]{32}")
_BEST = re.compile(r"@best\(\s*(?:metrics\.)?(?P<key>.+?)(?:\s+(?P<way>asc|desc))?\s*\)", re.IGNORECASE)
_BEST_RUN = """
SELECT r.run_id FROM runs r JOIN latest_metrics m USING (run_id)
WHERE m.key = ? AND isfinite(m.value) AND r.status = 'FINISHED' AND r.lifecycle_stage = 'active'
  AND (?::VARCHAR IS NULL OR r.experiment_id = ?)
ORDER BY m.value {way}, r.started_at, r.run_id LIMIT 1
"""
_EXPERIMENT_WITH = """
SELECT e.name FROM runs r JOIN latest_metrics m USING (run_id) JOIN experiments e USING (experiment_id)
WHERE m.key = ? AND isfinite(m.value) AND r.status = 'FINISHED' AND r.lifecycle_stage = 'active'
ORDER BY r.started_at DESC LIMIT 1
"""
_GOALS = """
SELECT DISTINCT p.key AS goal FROM params p JOIN runs r USING (run_id)
WHERE r.kind = 'sweep' AND r.lifecycle_stage = 'active' AND p.key IN ('minimize', 'maximize') AND p.value = ?
"""


def run_id_of(catalog: Catalog, address: object, *, experiment_id: str | None = None) -> str:
    """Resolve ``address`` to a run's id.

    Parameters
    ----------
    address
        A full id; a prefix of an id, or a run's name, that fits exactly one run; ``@last``; ``@best(metrics.acc)``,
        the finished run with the best last value, where neither the metric's name nor a sweep says which way is
        better with ``ASC`` or ``DESC`` after it; or a run itself.
    experiment_id
        Where ``@best`` looks; ``None`` is everywhere.

    Raises
    ------
    RunNotFoundError
        Nothing fits; the hint lists near names.
    InvalidInputError
        More than one run fits, or nobody knows which way the metric is better.
    """
    text = _text_of(address)
    if text.startswith("@best"):
        return _best(catalog, text, experiment_id)
    if text == "@last":
        found = catalog.rows(f"SELECT run_id FROM runs WHERE lifecycle_stage = 'active' {_NEWEST_FIRST} LIMIT 1")
    else:
        found = catalog.rows("SELECT run_id FROM runs WHERE run_id = ?", [text]) or _fitting(catalog, text)
    if not found:
        # Nobody mistypes a whole id: it is a run of another store.
        elsewhere = f"looked for in {catalog.folder.path}; jtrack.set_tracking_uri('…') turns to another store"
        raise RunNotFoundError(text, _names(catalog), elsewhere if _WHOLE_ID.fullmatch(text) else None)
    if len(found) > 1:
        raise InvalidInputError(
            f"{text!r} fits {len(found)} runs",
            "give more of the id: " + ", ".join(row["run_id"][:12] for row in found[:4]),
        )
    return str(found[0]["run_id"])


def run_ids_of(catalog: Catalog, addresses: Iterable[object], *, experiment_id: str | None = None) -> list[str]:
    """Resolve addresses to the ids of runs, each once, in their order; full ids, however many, with one question."""
    texts = list(dict.fromkeys(map(_text_of, addresses)))
    if not texts:
        return []
    with catalog.one_look():
        found = catalog.rows_beside({"run_id": texts}, "SELECT run_id FROM runs JOIN given USING (run_id)")
        known = {row["run_id"] for row in found}
        ids = (text if text in known else run_id_of(catalog, text, experiment_id=experiment_id) for text in texts)
        return list(dict.fromkeys(ids))


def _best(catalog: Catalog, text: str, experiment_id: str | None) -> str:
    asked = _BEST.fullmatch(text)
    if asked is None:
        raise InvalidInputError(f"{text!r} names no metric", "such as @best(metrics.val_accuracy)")
    key = asked["key"].strip("`\"'")
    way = (asked["way"] or _way_of(catalog, key)).upper()
    found = catalog.rows(_BEST_RUN.format(way="DESC" if way == "DESC" else "ASC"), [key, experiment_id, experiment_id])
    if not found and experiment_id is not None and (other := catalog.rows(_EXPERIMENT_WITH, [key])):
        name = other[0]["name"]
        raise RunNotFoundError(text, hint=f"there is one in another experiment: jtrack.set_experiment({name!r})")
    if not found:
        keys = catalog.rows("SELECT DISTINCT key FROM latest_metrics ORDER BY key LIMIT 1000")
        raise RunNotFoundError(text, [f"@best(metrics.{row['key']})" for row in keys])
    return str(found[0]["run_id"])


def _way_of(catalog: Catalog, key: str) -> str:
    """Tell whether the best is the lowest or the highest: from the metric's name, else from what sweeps went by."""
    direction = infer_direction(key) or _direction_of_sweeps(catalog, key)
    if direction is None:
        raise InvalidInputError(
            f"nothing in the name {key!r} says which way is better",
            f"@best(metrics.{key} DESC) for the highest, @best(metrics.{key} ASC) for the lowest",
        )
    return "DESC" if direction is Direction.HIGHER else "ASC"


def _direction_of_sweeps(catalog: Catalog, key: str) -> Direction | None:
    goals = {row["goal"] for row in catalog.rows(_GOALS, [key])}
    if len(goals) != 1:
        return None
    return Direction.HIGHER if goals == {"maximize"} else Direction.LOWER


def _text_of(address: object) -> str:
    if isinstance(address, str):
        return address.strip()
    run_id: Any = getattr(address, "run_id", None) or getattr(getattr(address, "info", None), "run_id", None)
    if not isinstance(run_id, str):
        raise InvalidInputError(f"a run is named by its id, its name or '@last', not by {address!r:.80}")
    return run_id


def _fitting(catalog: Catalog, text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    named = f"SELECT run_id FROM runs WHERE run_name = ? AND lifecycle_stage = 'active' {_NEWEST_FIRST} LIMIT 9"
    prefixed = f"SELECT run_id FROM runs WHERE starts_with(run_id, ?) {_NEWEST_FIRST} LIMIT 9"
    return catalog.rows(named, [text]) or catalog.rows(prefixed, [text.lower()])


def _names(catalog: Catalog) -> list[str]:
    return [row["run_name"] for row in catalog.rows(f"SELECT run_name FROM runs {_NEWEST_FIRST} LIMIT 1000")]
