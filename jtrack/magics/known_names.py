"""The names in the store that Tab offers, read at most every few seconds, and none where the store can't be read."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

_FRESH_FOR_S = 5.0
_LIMIT = 200
_QUERIES = {
    "experiments": "SELECT name FROM experiments WHERE lifecycle_stage = 'active' ORDER BY updated_at DESC",
    "runs": "SELECT run_name AS name FROM runs WHERE lifecycle_stage = 'active' ORDER BY started_at DESC",
    "params": "SELECT key AS name FROM params GROUP BY key ORDER BY count(*) DESC, key",
    "metrics": "SELECT key AS name FROM latest_metrics GROUP BY key ORDER BY count(*) DESC, key",
    "tags": "SELECT key AS name FROM tags GROUP BY key ORDER BY count(*) DESC, key",
    "models": "SELECT name FROM registered_models ORDER BY updated_at DESC",
    "versions": "SELECT concat_ws('/', name, version) AS name FROM model_versions ORDER BY name, version DESC",
    "aliases": "SELECT concat_ws('@', name, alias) AS name FROM aliases ORDER BY name, alias",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of each kind, the likeliest first."""

    experiments: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    """``name/3``"""
    aliases: tuple[str, ...] = ()
    """``name@alias``"""


class KnownNames:
    """Remembers the names for the few seconds in which somebody types."""

    def __init__(self) -> None:
        self._names = Names()
        self._stale_at = float("-inf")

    def names(self) -> Names:
        """Give the names as of a few seconds ago at most."""
        if time.monotonic() >= self._stale_at:
            try:
                self._names = _read_names()
            except Exception:  # no store yet, or one that can't be read: Tab is no place to say so
                self._names = Names()
            self._stale_at = time.monotonic() + _FRESH_FOR_S
        return self._names


def quoted(name: str) -> str:
    """Write a name as a magic's line takes it: in quotes where it has blanks or signs in it."""
    return name if re.fullmatch(r"[\w./@:+][\w./@:+-]*", name) else repr(name)


def _read_names() -> Names:
    from jtrack.queries import rows

    found = {kind: rows(f"{query} LIMIT {_LIMIT}") for kind, query in _QUERIES.items()}
    return Names(**{kind: tuple(row["name"] for row in names) for kind, names in found.items()})
