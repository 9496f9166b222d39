"""What a click on a value asks for: the condition that finds the runs that have it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, infer_direction
from jtrack.errors import InvalidInputError
from jtrack.store.search.write import write_name, write_value
from jtrack.values import parse_param

# A param may hold a megabyte: its text in full where it is short, and its typed form where it is one for a filter.
_MOST_OF_PARAM = 200
_MOST_OF_TAG = 1000
PARAM_COLUMNS = f"""left(value, {_MOST_OF_PARAM}) AS value, number,
    CASE WHEN length(value_json::VARCHAR) <= {_MOST_OF_PARAM} THEN value_json::VARCHAR END AS value_json"""
_ATTRIBUTES = ("status", "kind", "user_name", "experiment_name", "parent_run_id", "run_name")
_PARAM = f"SELECT {PARAM_COLUMNS} FROM params WHERE run_id = ? AND key = ?"
_METRIC = "SELECT value FROM latest_metrics WHERE run_id = ? AND key = ?"
_TAG = f"SELECT left(value, {_MOST_OF_TAG}) AS value FROM tags WHERE run_id = ? AND key = ?"
_RUN = (
    "SELECT r.*, e.name AS experiment_name FROM runs r LEFT JOIN experiments e USING (experiment_id) WHERE run_id = ?"
)


def condition_of(run_id: str, noun: str, key: str) -> str:
    """Write the condition that finds the runs that are, in one value, as this one is.

    For a metric with a direction these are the runs that are as good or better.

    Parameters
    ----------
    noun, key
        What a column shows: ``params``, ``metrics`` or ``tags`` and a key, or ``attributes`` and a name.
    """
    if noun == "params":
        return param_condition(key, _one(_PARAM, run_id, key))
    if noun == "metrics":
        return _metric_condition(key, _one(_METRIC, run_id, key))
    if noun == "tags":
        row = _one(_TAG, run_id, key)
        name = write_name(noun, key)
        return _begins(name, row["value"]) if row and len(row["value"]) == _MOST_OF_TAG else _is(name, row)
    if noun != "attributes" or key not in _ATTRIBUTES:
        raise InvalidInputError(f"there is no filter by {noun}.{key}")
    found = _one(_RUN, run_id)
    return _is(f"attributes.{key}", {"value": found[key]} if found and found[key] is not None else None)


def param_condition(key: str, row: Mapping[str, Any] | None) -> str:
    """Write the condition that finds the runs with this param, from a row with `PARAM_COLUMNS`; ``None`` is no row."""
    name = write_name("params", key)
    if row is None:
        return f"{name} is null"
    if row["value_json"] is None:
        return _begins(name, row["value"])
    typed = parse_param(row["value_json"])
    if isinstance(typed, (bool, int, float, str)):
        return f"{name} = {write_value(typed)}"
    # A list's text has blanks that its JSON has not, and may be cut where that is whole.
    return _begins(name, row["value"]) if len(row["value"]) == _MOST_OF_PARAM else _is(name, row)


def _metric_condition(key: str, row: Mapping[str, Any] | None) -> str:
    name = write_name("metrics", key)
    direction = infer_direction(key)
    if row is None or math.isnan(row["value"]) or direction is None:
        return _is(name, row)
    return f"{name} {'<=' if direction is Direction.LOWER else '>='} {write_value(row['value'])}"


def _begins(name: str, text: str) -> str:
    """What begins alike: for a value that is too long to be said whole."""
    return f"{name} like {write_value(text.replace('%', '_') + '%')}"


def _is(name: str, row: Mapping[str, Any] | None) -> str:
    return f"{name} is null" if row is None else f"{name} = {write_value(row['value'])}"


def _one(query: str, *values: object) -> dict[str, Any] | None:
    found = queries.rows(query, values)
    return found[0] if found else None
