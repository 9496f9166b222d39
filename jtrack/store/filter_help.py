"""Help with a filter, from what the store holds: completion while it is typed, and near names for keys nobody logged.

Both serve the magics, the panels and the command line alike. A key that no run has is no error, as a filter may ask
for what is to come, so that it is told beside the answer.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jtrack.store.known_names import Names, read_names
from jtrack.store.search.complete import Completions, complete_filter
from jtrack.store.search.fields import Entity, Field
from jtrack.store.search.grammar import find_names, parse_order
from jtrack.store.search.write import write_name
from jtrack.values import parse_param

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog

_MOST_VALUES = 50
_SHORT = 80
_VIEWS = {Entity.METRIC: "latest_metrics", Entity.PARAM: "params", Entity.TAG: "tags"}
_PARAM_VALUES = f"""
SELECT value_json::VARCHAR AS value_json FROM params WHERE key = ? AND length(value_json::VARCHAR) <= {_SHORT}
GROUP BY value_json ORDER BY count(*) DESC, value_json LIMIT {_MOST_VALUES}
"""
_TAG_VALUES = f"""
SELECT value FROM tags WHERE key = ? AND length(value) <= {_SHORT}
GROUP BY value ORDER BY count(*) DESC, value LIMIT {_MOST_VALUES}
"""
_ATTRIBUTE_VALUES = f"""
SELECT {{column}} AS value FROM runs s WHERE lifecycle_stage = 'active' AND length({{column}}) <= {_SHORT}
GROUP BY 1 ORDER BY max(started_at) DESC LIMIT {_MOST_VALUES}
"""
_LISTED = ("run_name", "user_name", "source_name", "git_branch", "git_commit", "experiment_name", "run_id")


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """A metric, param or tag that no run has: its name as a filter has it, near ones, and the filter with the first."""

    name: str
    near: tuple[str, ...]
    fixed: str | None

    def __str__(self) -> str:
        text = f"no run has {self.name}"
        return f"{text}; did you mean {' or '.join(self.near)}?" if self.near else text


def complete(catalog: Catalog, text: str, position: int, names: Names | None = None) -> Completions:
    """Tell what can stand at ``position`` of a filter, from the keys and values in the store.

    Parameters
    ----------
    names
        The keys, where they were read a moment ago.
    """
    known = names or read_names(catalog, ("params", "metrics", "tags"))
    return complete_filter(text, position, known.keys, lambda field: _values(catalog, field))


def unknown_keys(catalog: Catalog, filter_string: str, order_by: Sequence[str] = ()) -> tuple[UnknownKey, ...]:
    """Find the metrics, params and tags of a search that no run has.

    Raises
    ------
    InvalidFilterError
        The filter or the order can't be read.
    """
    named = [(each.field, each.position, each.end) for each in find_names(filter_string)]
    ordered = [(key.field, 0, 0) for key in parse_order(order_by)]
    found: dict[str, UnknownKey] = {}
    for field, position, end in [*named, *ordered]:
        if field.entity in _VIEWS and str(field) not in found and not _is_logged(catalog, field):
            near = _near(catalog, field)
            fixed = filter_string[:position] + near[0] + filter_string[end:] if near and end else None
            found[str(field)] = UnknownKey(write_name(field.entity, field.key), near, fixed)
    return tuple(found.values())


def _is_logged(catalog: Catalog, field: Field) -> bool:
    return bool(catalog.rows(f"SELECT 1 AS found FROM {_VIEWS[field.entity]} WHERE key = ? LIMIT 1", [field.key]))


def _near(catalog: Catalog, field: Field) -> tuple[str, ...]:
    """Names of the same noun that are spelt alike; before them, what has this very key under another noun."""
    keys = read_names(catalog, ("params", "metrics", "tags")).keys
    elsewhere = [write_name(noun, field.key) for noun, known in keys.items() if field.key in known]
    folded = {key.lower(): key for key in reversed(keys[field.entity])}
    close = difflib.get_close_matches(field.key.lower(), folded, n=2, cutoff=0.6)
    return (*elsewhere, *(write_name(field.entity, folded[key]) for key in close))


def _values(catalog: Catalog, field: Field) -> list[object]:
    if field.entity is Entity.PARAM:
        read = [parse_param(row["value_json"]) for row in catalog.rows(_PARAM_VALUES, [field.key])]
        return [value for value in read if isinstance(value, (str, int, float))]
    if field.entity is Entity.TAG:
        return [row["value"] for row in catalog.rows(_TAG_VALUES, [field.key])]
    if field.attribute is not None and field.key in _LISTED:
        return [row["value"] for row in catalog.rows(_ATTRIBUTE_VALUES.format(column=field.attribute.sql))]
    return []
