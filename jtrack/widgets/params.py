"""Params as panels show them: short text, exact text for the tooltip, and a digest to compare by.

A param may hold a megabyte. Only its beginning leaves the database; whether two are equal is told by
their digests there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jtrack import queries
from jtrack.values import parse_param
from jtrack.widgets.format import format_param, shorten

TEXT_WIDTH = 48
EXACT_WIDTH = 200
_FEW = 8

_PARAMS = f"""
SELECT run_id, key, left(value, {EXACT_WIDTH + 1}) AS value, md5(value_json::VARCHAR) AS digest, number,
       CASE WHEN length(value_json::VARCHAR) <= {EXACT_WIDTH} THEN value_json::VARCHAR END AS value_json
FROM params WHERE run_id IN ({{places}}) ORDER BY key
"""


@dataclass(frozen=True, slots=True)
class ParamValue:
    """A param of one run: ``text`` for a table, ``exact`` as logged (cut at 200), ``number`` if it is one."""

    text: str
    exact: str
    digest: str
    number: float | None = None


def read_params(run_ids: Sequence[str]) -> dict[str, dict[str, ParamValue]]:
    """Read the params of runs, by run id and then by key in alphabetical order."""
    params: dict[str, dict[str, ParamValue]] = {run_id: {} for run_id in run_ids}
    # A few ids as they are: a list would be a join, which takes longer to plan than to do.
    few = len(run_ids) <= _FEW
    query = _PARAMS.format(places=", ".join("?" * len(run_ids)) if few else "SELECT unnest(?::VARCHAR[])")
    for row in queries.rows(query, list(run_ids) if few else [list(run_ids)]):
        params[row["run_id"]][row["key"]] = param_value(row["value"], row["value_json"], row["digest"], row["number"])
    return params


def param_value(value: str, value_json: str | None, digest: str, number: float | None) -> ParamValue:
    """A `ParamValue` from a row; ``value_json`` is ``None`` for a value too long to be looked at whole."""
    typed = value if value_json is None else parse_param(value_json)
    text = shorten(format_param(typed), TEXT_WIDTH)
    return ParamValue(text, shorten(value, EXACT_WIDTH), digest, number)
