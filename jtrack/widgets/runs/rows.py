"""The lines of a runs table that someone looks at: runs with their values, and groups with what theirs come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.entities import RunKind, RunStatus
from jtrack.widgets.children import count_children
from jtrack.widgets.curves import thinned_curves
from jtrack.widgets.format import plural, shorten
from jtrack.widgets.frames import duration_s
from jtrack.widgets.images import fit_points
from jtrack.widgets.params import param_value
from jtrack.widgets.runs.arrange import Arrangement, Line
from jtrack.widgets.runs.columns import Column, ColumnKind

_SPARK_POINTS = 20
_WIDTH = 80
_MOST_CHARACTERS = 40

_ROWS = """
SELECT r.run_id, r.run_name, r.status, r.kind, r.parent_run_id, r.started_at, r.ended_at, e.name AS experiment_name
FROM runs r LEFT JOIN experiments e USING (experiment_id) WHERE r.run_id IN (SELECT unnest(?::VARCHAR[]))
"""
_METRICS = """
SELECT run_id, key, value FROM latest_metrics
WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[]))
"""
_PARAMS = f"""
SELECT run_id, key, left(value, {_WIDTH}) AS value, number,
       CASE WHEN length(value_json::VARCHAR) <= {_WIDTH} THEN value_json::VARCHAR END AS value_json
FROM params WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[]))
"""
_TAGS = f"""
SELECT run_id, key, left(value, {_WIDTH}) AS value FROM tags
WHERE run_id IN (SELECT unnest(?::VARCHAR[])) AND key IN (SELECT unnest(?::VARCHAR[]))
"""
# One query, since the ids of all runs of the groups go with it.
_GROUPED = f"""
WITH member AS MATERIALIZED (SELECT run_id, place FROM given)
SELECT 'metrics' AS kind, place, key, avg(value) FILTER (isfinite(value)) AS mean, NULL AS n_runs, NULL AS n_values,
       NULL AS value, NULL AS value_json, NULL AS number
FROM latest_metrics JOIN member USING (run_id) WHERE key IN (SELECT unnest(?::VARCHAR[])) GROUP BY place, key
UNION ALL
SELECT 'params', place, key, NULL, count(*), count(DISTINCT value), any_value(left(value, {_WIDTH})),
       any_value(CASE WHEN length(value_json::VARCHAR) <= {_WIDTH} THEN value_json::VARCHAR END), any_value(number)
FROM params JOIN member USING (run_id) WHERE key IN (SELECT unnest(?::VARCHAR[])) GROUP BY place, key
UNION ALL
SELECT 'tags', place, key, NULL, count(*), count(DISTINCT value), any_value(left(value, {_WIDTH})), NULL, NULL
FROM tags JOIN member USING (run_id) WHERE key IN (SELECT unnest(?::VARCHAR[])) GROUP BY place, key
UNION ALL
SELECT 'attributes', place, 'experiment_name', NULL, count(*), count(DISTINCT e.name), any_value(e.name), NULL, NULL
FROM runs JOIN member USING (run_id) JOIN experiments e USING (experiment_id) GROUP BY place
"""

Cell = float | str | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run; ``cells`` stand in the order of the columns, ``spark`` is x, y, x, y … in a 100 × 100 box, upwards.

    ``n_folded`` is how many lines open below it, ``is_open`` whether they are; without a grouping there are none.
    """

    run_id: str
    run_name: str
    status: RunStatus
    kind: str
    parent_run_id: str | None
    started_at: datetime
    duration_s: float | None
    cells: tuple[Cell, ...]
    spark: tuple[int, ...] | None = None
    n_children: int = 0
    depth: int = 0
    n_folded: int = 0
    is_open: bool = False

    @property
    def inside(self) -> str:
        """What stands beside the name of a run that others are nested in: ``40 trials``."""
        return plural(self.n_children, "trial" if self.kind == RunKind.SWEEP else "run") if self.n_children else ""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Runs that have one value of a param; ``group`` is the filter for them.

    Of a metric ``cells`` have the mean, of a param or tag the value that all of them have, or how many there are. Where
    only some have it, how many stands before the value, as a long value's end may be cut.
    """

    group: str
    label: str
    cells: tuple[Cell, ...]
    depth: int
    n_folded: int
    is_open: bool


Row = RunRow | GroupRow


def read_lines(
    arranged: Arrangement, offset: int, limit: int, columns: Sequence[Column], spark: str | None
) -> tuple[Row, ...]:
    """Read a page of lines; a run that is gone is left out.

    Parameters
    ----------
    spark
        The metric to draw a small curve of.
    """
    lines = arranged.page(offset, limit)
    groups = _group_rows(arranged, [line for line in lines if line.id in arranged.groups], columns)
    runs = _run_rows(arranged, [line for line in lines if line.id not in arranged.groups], columns, spark)
    rows: dict[str, Row] = {**groups, **runs}
    return tuple(rows[line.id] for line in lines if line.id in rows)


def _run_rows(
    arranged: Arrangement, lines: Sequence[Line], columns: Sequence[Column], spark: str | None
) -> dict[str, RunRow]:
    ids = [line.id for line in lines]
    if not ids:
        return {}
    heads = {row["run_id"]: row for row in queries.rows(_ROWS, [ids])}
    values = _values(ids, columns)
    sparks = _sparks(ids, spark)
    children = count_children(ids)
    return {
        line.id: RunRow(
            run_id=line.id,
            run_name=head["run_name"],
            status=RunStatus(head["status"]),
            kind=head["kind"],
            parent_run_id=head["parent_run_id"],
            started_at=head["started_at"],
            duration_s=duration_s(head["started_at"], head["ended_at"]),
            cells=tuple(_cell(head, column, values) for column in columns),
            spark=sparks.get(line.id),
            n_children=children.get(line.id, 0),
            depth=line.depth,
            n_folded=line.n_inside,
            is_open=line.id in arranged.opened,
        )
        for line in lines
        if (head := heads.get(line.id)) is not None
    }


def _values(ids: list[str], columns: Sequence[Column]) -> dict[ColumnKind, dict[tuple[str, str], Cell]]:
    keys = _keys(columns)
    metrics, params, tags = (
        queries.rows(sql, [ids, keys[kind]]) if keys[kind] else []
        for sql, kind in ((_METRICS, ColumnKind.METRIC), (_PARAMS, ColumnKind.PARAM), (_TAGS, ColumnKind.TAG))
    )
    return {
        ColumnKind.METRIC: {(row["run_id"], row["key"]): row["value"] for row in metrics},
        ColumnKind.PARAM: {(row["run_id"], row["key"]): _text(row) for row in params},
        ColumnKind.TAG: {(row["run_id"], row["key"]): row["value"] for row in tags},
    }


def _cell(head: Mapping[str, Any], column: Column, values: Mapping[ColumnKind, Mapping[tuple[str, str], Cell]]) -> Cell:
    if column.kind is ColumnKind.ATTRIBUTE:
        found: str | None = head[column.key]
        return found
    return values[column.kind].get((head["run_id"], column.key))


def _group_rows(arranged: Arrangement, lines: Sequence[Line], columns: Sequence[Column]) -> dict[str, GroupRow]:
    if not lines:
        return {}
    inside = [arranged.inside[line.id] for line in lines]
    members: dict[str, list[Any]] = {
        "run_id": [run_id for run_ids in inside for run_id in run_ids],
        "place": [place for place, run_ids in enumerate(inside) for _ in run_ids],
    }
    keys = _keys(columns)
    asked = [keys[kind] for kind in (ColumnKind.METRIC, ColumnKind.PARAM, ColumnKind.TAG)]
    found = queries.rows_beside(members, _GROUPED, asked)
    values = {
        (lines[row["place"]].id, row["kind"], row["key"]): _group_cell(row, len(inside[row["place"]])) for row in found
    }
    return {
        line.id: GroupRow(
            group=line.id,
            label=arranged.groups[line.id],
            cells=tuple(values.get((line.id, column.kind.value, column.key)) for column in columns),
            depth=line.depth,
            n_folded=line.n_inside,
            is_open=line.id in arranged.opened,
        )
        for line in lines
    }


def _group_cell(row: Mapping[str, Any], n_inside: int) -> Cell:
    if row["kind"] == ColumnKind.METRIC:
        mean: float | None = row["mean"]
        return mean
    if row["n_values"] != 1:
        return f"{row['n_values']} values"
    return _text(row) if row["n_runs"] == n_inside else f"{row['n_runs']:,} of {n_inside:,}: {_text(row)}"


def _keys(columns: Sequence[Column]) -> dict[ColumnKind, list[str]]:
    return {kind: [column.key for column in columns if column.kind is kind] for kind in ColumnKind}


def _text(row: Mapping[str, Any]) -> str:
    return shorten(param_value(row["value"], row["value_json"], "", row["number"]).text, _MOST_CHARACTERS)


def _sparks(run_ids: list[str], spark: str | None) -> dict[str, tuple[int, ...]]:
    curves = thinned_curves(run_ids, [] if spark is None else [spark], _SPARK_POINTS)
    fitted = {
        run_id: fit_points(points.step, points.value, (0, 100, 100, 0))
        for (run_id, _), points in curves.items()
        if len(points.value) > 1
    }
    return {run_id: tuple(round(c) for point in points for c in point) for run_id, points in fitted.items()}
