"""The data of a comparison: a few runs side by side, what differs between them and what doesn't.

Curves and source differences are bounded when they are read, so that the frame stays small enough to be
saved with a notebook; the rest is read when someone asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, best_value, infer_direction, order_metrics
from jtrack.entities import RunStatus
from jtrack.errors import InvalidInputError
from jtrack.store.search import plan_search
from jtrack.widgets.curves import Points, thinned_curves
from jtrack.widgets.difference import SourceDifference, diff_sources
from jtrack.widgets.format import column_decimals, plural, shorten
from jtrack.widgets.frames import duration_s
from jtrack.widgets.params import ParamValue, read_params

MOST_RUNS = 20
_MOST_CURVES = 6
_ALL_POINTS = 2000
_MOST_METRICS = 60
_MOST_PARAMS = 100
_MOST_SOURCE_ROWS = 240

_RUNS = """
SELECT r.run_id, r.run_name, r.status, r.started_at, r.ended_at, r.user_name, r.git_commit, r.git_branch,
       e.name AS experiment_name, c.execution_count, c.notebook_path,
       v.python_version, left(r.environment_sha256, 8) AS environment
FROM runs r
LEFT JOIN experiments e USING (experiment_id)
LEFT JOIN environments v ON v.environment_sha256 = r.environment_sha256
LEFT JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked'
WHERE r.run_id IN (SELECT unnest(?::VARCHAR[]))
"""
_SOURCES = """
SELECT run_id, source FROM cells WHERE role = 'tracked' AND run_id IN (SELECT unnest(?::VARCHAR[]))
ORDER BY execution_count
"""
_METRICS = "SELECT run_id, key, value, n_points FROM latest_metrics WHERE run_id IN (SELECT unnest(?::VARCHAR[]))"
_DETAILS = {
    "experiment": "experiment_name",
    "notebook": "notebook_path",
    "user": "user_name",
    "git commit": "git_commit",
    "git branch": "git_branch",
    "python": "python_version",
    "packages": "environment",
}


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One run of a comparison; ``letter`` stands for it where a name has no room."""

    letter: str
    run_id: str
    run_name: str
    status: RunStatus
    started_at: datetime
    duration_s: float | None
    execution_count: int | None


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A param or another detail that differs; ``None`` where a run doesn't have it."""

    key: str
    is_numeric: bool
    texts: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """The last values of a metric, and the best of them where its direction is known."""

    key: str
    direction: Direction | None
    decimals: int | None
    values: tuple[float | None, ...]
    best: float | None


@dataclass(frozen=True, slots=True)
class ComparedCurve:
    """One metric of every run, thinned; ``None`` for a run without at least two points."""

    key: str
    series: tuple[Points | None, ...]


@dataclass(frozen=True, slots=True)
class ComparedSource:
    """What the cell of run ``right`` has that the cell of run ``left`` has not; both are positions in ``runs``."""

    left: int
    right: int
    difference: SourceDifference


@dataclass(frozen=True, slots=True)
class CompareFrame:
    """What a comparison shows; ``n_found`` counts the runs that were meant, of which ``runs`` are the first."""

    runs: tuple[ComparedRun, ...]
    n_found: int
    metrics: tuple[ComparedMetric, ...]
    n_metrics: int
    params: tuple[ComparedText, ...]
    details: tuple[ComparedText, ...]
    constants: tuple[tuple[str, str], ...]
    curves: tuple[ComparedCurve, ...]
    curve_keys: tuple[str, ...]
    sources: tuple[ComparedSource, ...]
    panel: str = field(default="compare", init=False)


def select_runs(runs: Sequence[object] | str) -> list[str]:
    """Find the runs that are meant: by address in the order given, by a filter with the oldest first.

    Raises
    ------
    InvalidInputError
        Fewer than two runs.
    RunNotFoundError
        No run at an address.
    """
    if isinstance(runs, str):
        sql, params = plan_search(runs, None)
        run_ids = [row["run_id"] for row in queries.rows(sql, params)]
        # The newest, with the oldest of them first: differences then read forward in time.
        run_ids = run_ids[:MOST_RUNS][::-1] + run_ids[MOST_RUNS:]
    else:
        run_ids = list(dict.fromkeys(queries.get_run(address).info.run_id for address in runs))
    if len(run_ids) < 2:
        raise InvalidInputError(
            f"compare takes two runs or more, and {plural(len(run_ids), 'run')} were found",
            "runs() or %runs shows what there is; any prefix of an id that fits one run will do",
        )
    return run_ids


def compare_frame(found: Sequence[str]) -> CompareFrame:
    """Read what a comparison of these runs shows, of at most `MOST_RUNS` of them."""
    run_ids = list(found[:MOST_RUNS])
    heads = _heads(run_ids)
    runs = tuple(_run(letter, heads[run_id]) for letter, run_id in zip("ABCDEFGHIJKLMNOPQRST", run_ids, strict=False))
    metrics, curved = _metrics(run_ids)
    params, constants = split_params(run_ids, read_params(run_ids))
    shown = curved[:_MOST_CURVES]
    return CompareFrame(
        runs=runs,
        n_found=len(found),
        metrics=metrics[:_MOST_METRICS],
        n_metrics=len(metrics),
        params=params[:_MOST_PARAMS],
        details=_details([heads[run_id] for run_id in run_ids]),
        constants=constants,
        curves=read_curves(run_ids, shown, max(_ALL_POINTS // (len(run_ids) * max(len(shown), 1)), 16)),
        curve_keys=tuple(curved),
        sources=_sources(run_ids),
    )


def read_curves(run_ids: Sequence[str], keys: Sequence[str], max_points: int) -> tuple[ComparedCurve, ...]:
    """Read curves of the given metrics, each thinned to about ``max_points``."""
    found = thinned_curves(run_ids, keys, max_points)
    return tuple(ComparedCurve(key, tuple(_drawable(found.get((run_id, key))) for run_id in run_ids)) for key in keys)


def split_params(
    run_ids: Sequence[str], params: dict[str, dict[str, ParamValue]]
) -> tuple[tuple[ComparedText, ...], tuple[tuple[str, str], ...]]:
    """Tell the params that differ between runs from those that all have alike."""
    differing: list[ComparedText] = []
    constants: list[tuple[str, str]] = []
    for key in sorted({key for run_id in run_ids for key in params[run_id]}):
        values = [params[run_id].get(key) for run_id in run_ids]
        digests = {value.digest if value else None for value in values}
        if len(digests) == 1 and values[0] is not None:
            constants.append((key, values[0].text))
        else:
            numeric = all(value is None or value.number is not None for value in values)
            differing.append(ComparedText(key, numeric, tuple(value.text if value else None for value in values)))
    return tuple(differing), tuple(constants)


def read_sources(run_ids: Sequence[str]) -> dict[str, str]:
    """Read the source of the tracked cell of each run that was made by one."""
    return {row["run_id"]: row["source"] for row in queries.rows(_SOURCES, [list(run_ids)])}


def _heads(run_ids: list[str]) -> dict[str, dict[str, Any]]:
    rows = sorted(queries.rows(_RUNS, [run_ids]), key=lambda row: row["execution_count"] or 0)
    return {row["run_id"]: row for row in rows}


def _run(letter: str, head: dict[str, Any]) -> ComparedRun:
    return ComparedRun(
        letter=letter,
        run_id=head["run_id"],
        run_name=head["run_name"],
        status=RunStatus(head["status"]),
        started_at=head["started_at"],
        duration_s=duration_s(head["started_at"], head["ended_at"]),
        execution_count=head["execution_count"],
    )


def _metrics(run_ids: list[str]) -> tuple[tuple[ComparedMetric, ...], list[str]]:
    found = queries.rows(_METRICS, [run_ids])
    values = {(row["run_id"], row["key"]): row["value"] for row in found}
    keys = order_metrics({row["key"] for row in found})
    several = {row["key"] for row in found if row["n_points"] > 1}
    metrics = tuple(_metric(key, [values.get((run_id, key)) for run_id in run_ids]) for key in keys)
    return metrics, [key for key in keys if key in several]


def _metric(key: str, values: list[float | None]) -> ComparedMetric:
    direction = infer_direction(key)
    return ComparedMetric(key, direction, column_decimals(values), tuple(values), best_value(values, direction))


def _details(heads: list[dict[str, Any]]) -> tuple[ComparedText, ...]:
    rows = [
        ComparedText(key, False, tuple(None if head[column] is None else shorten(head[column], 40) for head in heads))
        for key, column in _DETAILS.items()
        if len({head[column] for head in heads}) > 1
    ]
    return tuple(rows)


def _drawable(points: Points | None) -> Points | None:
    if points is None or len(points.value) < 2:
        return None
    # Six digits are finer than any screen, and half as long.
    return replace(points, value=tuple(float(f"{value:.6g}") for value in points.value))


def _sources(run_ids: Sequence[str]) -> tuple[ComparedSource, ...]:
    texts = read_sources(run_ids)
    first = texts.get(run_ids[0])
    budget = _MOST_SOURCE_ROWS
    sources: list[ComparedSource] = []
    for right, run_id in enumerate(run_ids):
        if right == 0 or first is None or run_id not in texts:
            continue
        difference = diff_sources(first, texts[run_id], max_rows=max(budget, 12))
        sources.append(ComparedSource(0, right, difference))
        budget -= len(difference.rows)
    return tuple(sources)
