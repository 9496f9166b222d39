"""The names in a store that people write, for who helps them to: the completion of magics and of filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog

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

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """What a filter asks about, by the noun it is written with."""
        return {"metrics": self.metrics, "params": self.params, "tags": self.tags}


def read_names(catalog: Catalog, kinds: tuple[str, ...] = tuple(_QUERIES)) -> Names:
    """Read the names of these kinds, at most 200 of each."""
    found = {kind: catalog.rows(f"{_QUERIES[kind]} LIMIT {_LIMIT}") for kind in kinds}
    return Names(**{kind: tuple(row["name"] for row in names) for kind, names in found.items()})
