"""The values behind parallel coordinates, read as columns: which keys there are, then those worth an axis.

The store is asked for keys and distinct values first, so that a param of a megabyte never leaves it: two
texts are told apart by their digests there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jtrack import queries
from jtrack.store.search.write import write_name
from jtrack.values import parse_param
from jtrack.widgets.format import format_param, shorten
from jtrack.widgets.parallel.axes import MISSING_CODE, MOST_CATEGORIES
from jtrack.widgets.runs.columns import ColumnKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OTHER = "other"
_LABEL_WIDTH = 20
_EXACT = 200

_WANTED = "WITH wanted AS (SELECT unnest(?::VARCHAR[]) AS run_id, unnest(range(?::BIGINT)) AS position) "
_PARAM_KEYS = f"""{_WANTED}
SELECT key, count(*) AS n_runs, count(number) AS n_numbers, count(DISTINCT md5(value_json::VARCHAR)) AS n_distinct,
       count(*) FILTER (value_json::VARCHAR = 'null') AS n_nones
FROM params JOIN wanted USING (run_id) GROUP BY key ORDER BY n_runs DESC, key
"""
_METRIC_KEYS = f"""{_WANTED}
SELECT key, count(*) AS n_runs FROM latest_metrics JOIN wanted USING (run_id) GROUP BY key
"""
_NUMBERS = f"""{_WANTED}
SELECT key, position, number AS value FROM params JOIN wanted USING (run_id)
WHERE number IS NOT NULL AND key IN (SELECT unnest(?::VARCHAR[]))
"""
_METRICS = f"""{_WANTED}
SELECT key, position, value FROM latest_metrics JOIN wanted USING (run_id) WHERE key IN (SELECT unnest(?::VARCHAR[]))
"""
_DIGESTS = f"""{_WANTED}
SELECT key, position, md5(value_json::VARCHAR) AS digest FROM params JOIN wanted USING (run_id)
WHERE key IN (SELECT unnest(?::VARCHAR[]))
"""
_DISTINCT = f"""{_WANTED}
SELECT key, md5(value_json::VARCHAR) AS digest, count(*) AS n, left(any_value(value), {_EXACT}) AS value,
       CASE WHEN max(length(value_json::VARCHAR)) <= {_EXACT} THEN any_value(value_json::VARCHAR) END AS value_json,
       any_value(number) AS number
FROM params JOIN wanted USING (run_id) WHERE key IN (SELECT unnest(?::VARCHAR[])) GROUP BY key, digest
"""


@dataclass(frozen=True, slots=True)
class Category:
    """A value of a categorical axis: how it reads, and the digest that the store knows it by."""

    label: str
    digest: str


@dataclass(frozen=True, slots=True)
class Source:
    """A param or metric that can be an axis; ``categories`` is ``None`` for numbers.

    Values that are none of the first `MOST_CATEGORIES` - 1 categories count as `OTHER` where ``has_other``.
    """

    kind: ColumnKind
    key: str
    n_runs: int
    categories: tuple[Category, ...] | None = None
    has_other: bool = False

    @property
    def id(self) -> str:
        """Its name in the search language."""
        return write_name(self.kind, self.key)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the categories are called, from the bottom of the axis to its top."""
        return (*(c.label for c in self.categories or ()), *((OTHER,) if self.has_other else ()))


def find_sources(run_ids: Sequence[str], wanted: Sequence[str] | None = None) -> list[Source]:
    """Find what can be an axis: params that differ between the runs, then metrics.

    Parameters
    ----------
    wanted
        Keys or ids that are taken even where every run has the same value, or every run one of its own.
    """
    chosen = set(wanted or ())
    asked = [list(run_ids), len(run_ids)]
    rows = [row for row in queries.rows(_PARAM_KEYS, asked) if _is_telling(row, len(run_ids)) or _named(row, chosen)]
    texts = [row["key"] for row in rows if _is_categorical(row)]
    distinct = _distinct_values(run_ids, texts)
    params = [_param_source(row, distinct) for row in rows]
    metrics = [Source(ColumnKind.METRIC, row["key"], row["n_runs"]) for row in queries.rows(_METRIC_KEYS, asked)]
    return [*params, *metrics]


def read_columns(run_ids: Sequence[str], sources: Sequence[Source]) -> dict[str, NDArray[Any]]:
    """Read the values of runs by the ids of sources, in the order of the runs; see `parallel_axes` for the missing."""
    import numpy as np

    columns: dict[str, NDArray[Any]] = {}
    for source in sources:
        if source.categories is None:
            columns[source.id] = np.full(len(run_ids), np.nan)
    _fill_numbers(columns, run_ids, sources, ColumnKind.PARAM, _NUMBERS)
    _fill_numbers(columns, run_ids, sources, ColumnKind.METRIC, _METRICS)
    categorical = [source for source in sources if source.categories is not None]
    return columns | _read_codes(run_ids, categorical)


def _is_telling(row: dict[str, Any], n_runs: int) -> bool:
    if row["n_distinct"] == 1 and row["n_runs"] == n_runs:
        return n_runs == 1
    return bool(_is_mostly_numbers(row) or row["n_distinct"] <= MOST_CATEGORIES)


def _is_categorical(row: dict[str, Any]) -> bool:
    if row["n_numbers"] == row["n_runs"]:
        return False
    return bool(row["n_distinct"] <= MOST_CATEGORIES or not _is_mostly_numbers(row))


def _is_mostly_numbers(row: dict[str, Any]) -> bool:
    # Of a choice between None and a range, a search may take None more often than not.
    return bool(row["n_numbers"] and row["n_numbers"] * 2 >= row["n_runs"] - row["n_nones"])


def _named(row: dict[str, Any], chosen: set[str]) -> bool:
    return bool(chosen & {row["key"], write_name(ColumnKind.PARAM, row["key"])})


def _param_source(row: dict[str, Any], distinct: dict[str, list[dict[str, Any]]]) -> Source:
    key, n_runs = row["key"], row["n_runs"]
    values = distinct.get(key)
    if values is None:
        return Source(ColumnKind.PARAM, key, n_runs)
    has_other = len(values) > MOST_CATEGORIES
    kept = sorted(values, key=lambda v: -v["n"])[: MOST_CATEGORIES - 1] if has_other else values
    return Source(ColumnKind.PARAM, key, n_runs, categories(kept), has_other)


def categories(values: Sequence[dict[str, Any]]) -> tuple[Category, ...]:
    """Order distinct values as people would: numbers, then no and yes, then texts, then ``None``; name each once."""
    typed = [(_typed(value), value) for value in values]
    typed.sort(key=lambda pair: _rank(pair[0], pair[1]["number"]))
    taken: set[str] = set()
    named = []
    for value, row in typed:
        label = shorten(format_param(value), _LABEL_WIDTH)
        label = f"{label} ({row['digest'][:4]})" if label in taken else label
        taken.add(label)
        named.append(Category(label, row["digest"]))
    return tuple(named)


def _typed(row: dict[str, Any]) -> Any:
    return row["value"] if row["value_json"] is None else parse_param(row["value_json"])


def _rank(value: Any, number: float | None) -> tuple[int, float, str]:
    if number is not None:
        return 0, number, ""
    if isinstance(value, bool):
        return 1, float(value), ""
    return (3, 0.0, "") if value is None else (2, 0.0, str(value))


def _distinct_values(run_ids: Sequence[str], keys: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
    if keys:
        for row in queries.rows(_DISTINCT, [list(run_ids), len(run_ids), keys]):
            found[row["key"]].append(row)
    return found


def _fill_numbers(
    columns: dict[str, NDArray[Any]], run_ids: Sequence[str], sources: Sequence[Source], kind: ColumnKind, query: str
) -> None:
    ids = {source.key: source.id for source in sources if source.kind is kind and source.categories is None}
    for key, rows, values in _by_key(query, run_ids, list(ids), "value"):
        columns[ids[key]][rows] = values


def _read_codes(run_ids: Sequence[str], sources: Sequence[Source]) -> dict[str, NDArray[np.uint8]]:
    import numpy as np

    by_key = {source.key: source for source in sources}
    columns = {source.id: np.full(len(run_ids), MISSING_CODE, np.uint8) for source in sources}
    for key, rows, digests in _by_key(_DIGESTS, run_ids, list(by_key), "digest"):
        source = by_key[key]
        codes = {category.digest: code for code, category in enumerate(source.categories or ())}
        other = len(codes) if source.has_other else MISSING_CODE
        columns[source.id][rows] = [codes.get(digest, other) for digest in digests]
    return columns


def _by_key(
    query: str, run_ids: Sequence[str], keys: list[str], value: str
) -> list[tuple[str, NDArray[np.int64], NDArray[Any]]]:
    """Answer a query of keys, positions and values as arrays, one pair a key: no object is made per value."""
    import numpy as np

    if not keys:
        return []
    found = queries.sql(query, [list(run_ids), len(run_ids), keys]).fetchnumpy()
    names, index = np.unique(np.asarray(found["key"], dtype=object), return_inverse=True)
    order = np.argsort(index, kind="stable")
    ends = np.cumsum(np.bincount(index, minlength=len(names)))[:-1]
    values = np.ma.getdata(found[value])
    return [
        (str(name), found["position"][part], values[part])
        for name, part in zip(names, np.split(order, ends), strict=True)
    ]
