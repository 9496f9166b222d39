"""The data of a comparison: a few runs side by side, what differs between them and what doesn't.

Curves and source differences are bounded when they are read, so that the frame stays small enough to be
saved with a notebook; the rest is read when someone asks for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from jtrack import queries
from jtrack.direction import Direction, best_value, infer_direction, order_metrics
from jtrack.entities import RunStatus
from jtrack.errors import InvalidInputError
from jtrack.store.search import plan_search
from jtrack.widgets.compare.details import TEXT_WIDTH, ComparedText, read_details, read_files, read_packages, read_tags
from jtrack.widgets.curves import Points, thinned_curves
from jtrack.widgets.difference import SourceDifference, diff_sources
from jtrack.widgets.format import column_decimals, plural, shorten, tell_apart
from jtrack.widgets.frames import duration_s, frame_json
from jtrack.widgets.params import ParamValue, read_params
from jtrack.widgets.run_page.metrics import is_system
from jtrack.widgets.timed_curves import XAxis, timed_curves

MOST_RUNS = 100
_MOST_CURVES = 6
_ALL_POINTS = 1000
_FEWEST_POINTS = 8
_MOST_ROWS = 60
_ALL_CELLS = 480
_MOST_SOURCE_ROWS = 160
_MOST_COUNTED = 24
MAX_BYTES = 28_000
_MOST_KEY_BYTES = 5_000
_MOST_AXIS_BYTES = 8_000
_NAME_WIDTH = 60
# Rows of a section, runs whose source is held against the first one's, and curves; tried in turn.
_STEPS = ((60, 100, 6), (20, 6, 4), (8, 3, 2), (5, 1, 1), (3, 1, 1), (2, 0, 1), (2, 0, 0))

_RUNS = """
SELECT r.run_id, r.run_name, r.status, r.started_at, r.ended_at, r.user_name, r.git_commit, r.git_branch, r.git_dirty,
       e.name AS experiment_name, c.execution_count, c.notebook_path, v.python_version, v.platform
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
    """What a comparison shows; ``n_found`` counts the runs that were meant, of which ``runs`` are the first.

    Of params, tags and packages those are listed that differ; ``n_params``, ``n_tags`` and ``n_packages`` count
    them. ``n_sources`` counts the different sources of the runs that were made by cells, ``n_curve_keys`` the metrics
    with curves. ``axes`` are the ids of what has numbers (``metrics.acc``, ``params.lr``), to be drawn against each
    other.
    """

    runs: tuple[ComparedRun, ...]
    n_found: int
    metrics: tuple[ComparedMetric, ...]
    n_metrics: int
    params: tuple[ComparedText, ...]
    n_params: int
    tags: tuple[ComparedText, ...]
    n_tags: int
    packages: tuple[ComparedText, ...]
    n_packages: int
    details: tuple[ComparedText, ...]
    constants: tuple[tuple[str, str], ...]
    curves: tuple[ComparedCurve, ...]
    curve_keys: tuple[str, ...]
    n_curve_keys: int
    sources: tuple[ComparedSource, ...]
    n_sources: int
    axes: tuple[str, ...]
    n_files: int
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
        run_ids = queries.resolve_runs(runs)
    if len(run_ids) < 2:
        raise InvalidInputError(
            f"compare takes two runs or more, and found {plural(len(run_ids), 'run')}",
            "runs() or %runs shows what there is; any prefix of an id that fits one run will do",
        )
    return run_ids


def compare_frame(found: Sequence[str]) -> CompareFrame:
    """Read what a comparison of these runs shows, of at most `MOST_RUNS` of them; see `fit_frame`."""
    run_ids = list(found[:MOST_RUNS])
    with queries.one_look():
        return _read_frame(run_ids, len(found))


def fit_frame(frame: CompareFrame, max_bytes: int = MAX_BYTES) -> CompareFrame:
    """Leave out what can be asked for, and names beyond measure, until the JSON fits into a widget's state."""
    frame = replace(
        frame,
        runs=tuple(replace(run, run_name=shorten(run.run_name, _NAME_WIDTH)) for run in frame.runs),
        constants=tuple((shorten(key, _NAME_WIDTH), text) for key, text in frame.constants),
        curve_keys=_first_names(frame.curve_keys, _MOST_KEY_BYTES),
        axes=_first_names(frame.axes, _MOST_AXIS_BYTES),
    )
    for n_rows, n_sources, n_curves in _STEPS:
        cut = replace(
            frame,
            metrics=frame.metrics[:n_rows],
            params=frame.params[:n_rows],
            tags=frame.tags[: n_rows // 2],
            packages=frame.packages[: n_rows // 2],
            sources=_first_sources(frame.sources, n_sources),
            curves=frame.curves[:n_curves],
        )
        if len(json.dumps(frame_json(cut))) <= max_bytes:
            break
    return cut


def _first_names(names: Sequence[str], max_bytes: int) -> tuple[str, ...]:
    ends = accumulate(len(json.dumps(name)) + 2 for name in names)
    return tuple(name for name, end in zip(names, ends, strict=True) if end <= max_bytes)


def _first_sources(sources: Sequence[ComparedSource], n: int) -> tuple[ComparedSource, ...]:
    """Keep the lines of the first ones; of the others, unless they are many, how many lines differ."""
    if len(sources) > _MOST_COUNTED:
        return tuple(source for i, source in enumerate(sources) if i < n or source.difference.is_empty)
    return tuple(source if i < n else _without_lines(source) for i, source in enumerate(sources))


def _without_lines(source: ComparedSource) -> ComparedSource:
    difference = source.difference
    n_hidden = difference.n_hidden + len(difference.rows)
    return replace(source, difference=replace(difference, rows=(), n_hidden=n_hidden))


def _read_frame(run_ids: list[str], n_found: int) -> CompareFrame:
    heads = _heads(run_ids)
    metrics, curved = read_metrics(run_ids)
    params, constants = split_params(run_ids, read_params(run_ids))
    tags, packages, sources = read_tags(run_ids), read_packages(run_ids), read_sources(run_ids)
    n_rows = max(min(_ALL_CELLS // len(run_ids), _MOST_ROWS), 6)
    n_curves = max(min(_MOST_CURVES, _ALL_POINTS // (_FEWEST_POINTS * len(run_ids))), 1)
    shown = [key for key in curved if not is_system(key)][:n_curves]
    n_points = max(_ALL_POINTS // (len(run_ids) * max(len(shown), 1)), _FEWEST_POINTS)
    return CompareFrame(
        runs=tuple(_run(letter_of(i), heads[run_id]) for i, run_id in enumerate(run_ids)),
        n_found=n_found,
        metrics=metrics[:n_rows],
        n_metrics=len(metrics),
        params=params[:n_rows],
        n_params=len(params),
        tags=tags[: n_rows // 2],
        n_tags=len(tags),
        packages=packages[: n_rows // 2],
        n_packages=len(packages),
        details=read_details(run_ids, heads),
        constants=constants[:_MOST_ROWS],
        curves=read_curves(run_ids, shown, n_points),
        curve_keys=tuple(curved),
        n_curve_keys=len(curved),
        sources=_sources(run_ids, sources),
        n_sources=len(set(sources.values())),
        axes=axis_ids(metrics, params),
        n_files=len(read_files(run_ids)),
    )


def letter_of(index: int) -> str:
    """The letters that stand for a run: A to Z, then AA, AB and so on."""
    first, last = divmod(index, 26)
    return (chr(64 + first) if first else "") + chr(65 + last)


def axis_ids(metrics: Sequence[ComparedMetric], params: Sequence[ComparedText]) -> tuple[str, ...]:
    """What can be drawn against each other by their ids: params that differ, then metrics, those that differ first."""
    ordered = sorted(metrics, key=lambda metric: len(set(metric.values)) < 2)
    return (*(f"params.{p.key}" for p in params[:_MOST_ROWS]), *(f"metrics.{m.key}" for m in ordered[:_MOST_ROWS]))


def read_curves(
    run_ids: Sequence[str], keys: Sequence[str], max_points: int, x: XAxis = XAxis.STEP
) -> tuple[ComparedCurve, ...]:
    """Read curves of the given metrics, each thinned to about ``max_points``."""
    if x is not XAxis.STEP:
        timed = {(run_id, key): p for key in keys for run_id, p in timed_curves(run_ids, key, max_points, x).items()}
    found = thinned_curves(run_ids, keys, max_points) if x is XAxis.STEP else timed
    return tuple(ComparedCurve(key, _drawable([found.get((run_id, key)) for run_id in run_ids])) for key in keys)


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
            differing.append(ComparedText(key, numeric, tuple(tell_apart(list(map(_long_text, values)), TEXT_WIDTH))))
    return tuple(differing), tuple(constants)


def _long_text(value: ParamValue | None) -> str | None:
    if value is None:
        return None
    return value.exact if value.text.endswith("…") else value.text


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


def read_metrics(run_ids: list[str]) -> tuple[tuple[ComparedMetric, ...], list[str]]:
    """Read the last values of all metrics, and the keys of those with more than one point."""
    found = queries.rows(_METRICS, [run_ids])
    values = {(row["run_id"], row["key"]): row["value"] for row in found}
    keys = sorted(order_metrics({row["key"] for row in found}), key=is_system)
    several = {row["key"] for row in found if row["n_points"] > 1}
    metrics = tuple(_metric(key, [values.get((run_id, key)) for run_id in run_ids]) for key in keys)
    return metrics, [key for key in keys if key in several]


def _metric(key: str, values: list[float | None]) -> ComparedMetric:
    # That a machine is used less is no merit of a run.
    direction = None if is_system(key) else infer_direction(key)
    return ComparedMetric(key, direction, column_decimals(values), tuple(values), best_value(values, direction))


def _drawable(series: Sequence[Points | None]) -> tuple[Points | None, ...]:
    lines = [None if points is None or len(points.value) < 2 else points for points in series]
    values = [value for points in lines if points is not None for value in points.value]
    if not values:
        return tuple(lines)
    # Five digits of what the lines span are finer than any screen, and half as long.
    half_span, largest = max(values) / 2 - min(values) / 2, max(map(abs, values))
    digits = 5 + max(math.floor(math.log10(largest / half_span)), 0) if half_span > 0 else 5
    return tuple(
        None if points is None else replace(points, value=tuple(float(f"{value:.{digits}g}") for value in points.value))
        for points in lines
    )


def _sources(run_ids: Sequence[str], texts: Mapping[str, str]) -> tuple[ComparedSource, ...]:
    first = texts.get(run_ids[0])
    budget = _MOST_SOURCE_ROWS
    sources: list[ComparedSource] = []
    for right, run_id in enumerate(run_ids):
        if right == 0 or first is None or run_id not in texts:
            continue
        # Beyond what may be saved, only how much differs is told: the lines are read when they are looked at.
        difference = diff_sources(first, texts[run_id], max_rows=max(budget, 0))
        sources.append(ComparedSource(0, right, difference))
        budget -= len(difference.rows)
    return tuple(sources)
