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
PARAM_COLUMNS = """left(value, 200) AS value, number,
    CASE WHEN length(value_json::VARCHAR) <= 200 THEN value_json::VARCHAR END AS value_json"""
_ATTRIBUTES = ("status", "kind", "user_name", "experiment_name", "parent_run_id", "run_name")
_PARAM = f"SELECT {PARAM_COLUMNS} FROM params WHERE run_id = ? AND key = ?"
_METRIC = "SELECT value FROM latest_metrics WHERE run_id = ? AND key = ?"
_TAG = "SELECT left(value, 1000) AS value FROM tags WHERE run_id = ? AND key = ?"
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
        return _is(write_name(noun, key), _one(_TAG, run_id, key))
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
        # Too long to be said whole: what begins alike.
        return f"{name} like {write_value(row['value'].replace('%', '_') + '%')}"
    typed = parse_param(row["value_json"])
    return f"{name} = {write_value(typed if isinstance(typed, (bool, int, float, str)) else row['value'])}"


def _metric_condition(key: str, row: Mapping[str, Any] | None) -> str:
    name = write_name("metrics", key)
    direction = infer_direction(key)
    if row is None or math.isnan(row["value"]) or direction is None:
        return _is(name, row)
    return f"{name} {'<=' if direction is Direction.LOWER else '>='} {write_value(row['value'])}"


def _is(name: str, row: Mapping[str, Any] | None) -> str:
    return f"{name} is null" if row is None else f"{name} = {write_value(row['value'])}"


def _one(query: str, *values: object) -> dict[str, Any] | None:
    found = queries.rows(query, values)
    return found[0] if found else None
