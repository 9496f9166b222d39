"""Everything that a run has, for its page: one answer, with curves thinned and long lists cut and counted.

Whatever is cut says how much there is, and can be asked for by itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from jtrack import queries
from jtrack.direction import Direction, infer_direction, order_metrics
from jtrack.entities import CellRole, Curve, DatasetInput, RunInfo, RunStatus
from jtrack.server.question import Question
from jtrack.server.values import typed_form
from jtrack.store import curves as store_curves
from jtrack.store.addresses import run_id_of
from jtrack.widgets.frames import duration_s
from jtrack.widgets.run_page.relatives import RelatedRun, find_neighbours, read_children, read_related

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog

_MOST_CURVES = 60
_ALL_POINTS = 12_000
_MOST_POINTS = 1_000
_MOST_TEXT = 2_000
_MOST_CHILDREN = 200
_MOST_EVENTS = 500
_MOST_ARTIFACTS = 5_000
_NO_CELL = {"cell_id": None, "notebook_path": None, "execution_count": None}

_PARAMS = f"""
SELECT key, left(value, {_MOST_TEXT}) AS value, length(value) AS n_characters, number,
       CASE WHEN length(value_json::VARCHAR) <= {_MOST_TEXT} THEN value_json::VARCHAR END AS value_json
FROM params WHERE run_id = ? ORDER BY key
"""
_METRICS = """
SELECT key, step, value, logged_at, n_points, min_value, max_value FROM latest_metrics WHERE run_id = ?
"""
_CELLS = """
SELECT cell_id, execution_count, role, source, source_sha256, notebook_path FROM cells
WHERE run_id = ? ORDER BY role = 'tracked', execution_count NULLS FIRST
"""
_ARTIFACTS = f"""
SELECT path, n_bytes, sha256, created_at FROM artifacts WHERE run_id = ? ORDER BY path LIMIT {_MOST_ARTIFACTS}
"""
_EVENTS = f"""
SELECT "at", kind, detail::VARCHAR AS detail FROM events WHERE subject = ? AND kind NOT IN ('run_attached', 'series')
ORDER BY "at" DESC LIMIT {_MOST_EVENTS}
"""


@dataclass(frozen=True, slots=True)
class PageParam:
    """A param: ``value`` as text, cut at 2,000 of ``n_characters``; ``value_json`` its typed form, if not cut."""

    key: str
    value: str
    n_characters: int
    number: float | None
    value_json: Any


@dataclass(frozen=True, slots=True)
class PageCurve:
    """A metric's points, thinned to its shape; ``logged_at_ms`` counts from the epoch."""

    step: tuple[int, ...]
    value: tuple[float, ...]
    logged_at_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PageMetric:
    """A metric's last point and extremes; ``curve`` is ``None`` for one point, and where too many have one."""

    key: str
    direction: Direction | None
    step: int
    value: float
    logged_at: datetime
    n_points: int
    min_value: float | None
    max_value: float | None
    curve: PageCurve | None


@dataclass(frozen=True, slots=True)
class Note:
    """A text that somebody left with the run while it trained or after."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Knob:
    """A value that the run's loop reads, as it is now."""

    name: str
    value: bool | int | float | str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The run's parent, its children (the first of ``n_children``), and the runs of its cell before and after it."""

    parent: RelatedRun | None
    children: tuple[RelatedRun, ...]
    n_children: int
    previous: RelatedRun | None
    next: RelatedRun | None


@dataclass(frozen=True, slots=True)
class RunPage:
    """Everything a run has. ``artifacts_url`` is relative to the API's own address."""

    run: RunInfo
    experiment_name: str | None
    duration_s: float | None
    is_stop_asked: bool
    params: tuple[PageParam, ...]
    metrics: tuple[PageMetric, ...]
    tags: dict[str, str]
    inputs: tuple[DatasetInput, ...]
    cells: tuple[dict[str, Any], ...]
    environment: dict[str, Any] | None
    artifacts: tuple[dict[str, Any], ...]
    artifacts_url: str
    lineage: Lineage
    knobs: tuple[Knob, ...]
    notes: tuple[Note, ...]
    events: tuple[dict[str, Any], ...]


def read_page(asked: Question) -> RunPage:
    """Read the page of the run at an address (a full id, a prefix or a name that fits one run, ``@last``).

    Raises
    ------
    RunNotFoundError
        There is none; the hint lists near names.
    """
    run_id = run_id_of(asked.store.catalog, asked.path[0])
    run = queries.get_run(run_id)
    events = parse_events(queries.rows(_EVENTS, [run_id]))
    cells = queries.rows(_CELLS, [run_id])
    return RunPage(
        run=run.info,
        experiment_name=_experiment_name(run.info.experiment_id),
        duration_s=duration_s(run.info.started_at, run.info.ended_at),
        is_stop_asked=run.info.status is RunStatus.RUNNING and _is_stop_asked(events),
        params=tuple(_param(row) for row in queries.rows(_PARAMS, [run_id])),
        metrics=_metrics(asked.store.catalog, run_id),
        tags=run.data.tags,
        inputs=run.inputs.dataset_inputs,
        cells=tuple(cells),
        environment=_environment(run.info.environment_sha256),
        artifacts=tuple(queries.rows(_ARTIFACTS, [run_id])),
        artifacts_url=f"artifacts/{run_id}/",
        lineage=_lineage(run.info, cells),
        knobs=read_knobs(events),
        notes=tuple(Note(e["at"], e["detail"].get("text", "")) for e in events if e["kind"] == "note_added"),
        events=tuple(events),
    )


def read_curve(asked: Question) -> PageCurve:
    """Read one metric of one run, thinned to ``max_points`` (2,000; 100,000 at most).

    Raises
    ------
    MetricNotFoundError
        The run has no such metric; the hint lists near names.
    """
    max_points = asked.number("max_points", 2_000, 2, 100_000)
    return _page_curve(queries.metric_history(asked.path[0], asked.path[1], max_points=max_points))


def read_knobs(events: Sequence[dict[str, Any]]) -> tuple[Knob, ...]:
    """Tell from a run's events, newest first, what its knobs are and where they stand."""
    knobs: dict[str, Any] = {}
    for event in events:
        if event["kind"] == "knob_turned":
            knobs.setdefault(event["detail"]["name"], event["detail"]["value"])
    return tuple(Knob(name, knobs[name]) for name in sorted(knobs))


def parse_events(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give rows of the view ``events`` with their detail as an object."""
    return [{**row, "detail": json.loads(row["detail"])} for row in rows]


def _is_stop_asked(events: Sequence[dict[str, Any]]) -> bool:
    for event in events:
        if event["kind"] == "stop_asked":
            return True
        if event["kind"] == "run_changed" and event["detail"].get("status") == RunStatus.RUNNING:
            return False  # what was said to an earlier life of a run that was taken up again is over
    return False


def _param(row: dict[str, Any]) -> PageParam:
    return PageParam(**{**row, "value_json": typed_form(row["value_json"])})


def _metrics(catalog: Catalog, run_id: str) -> tuple[PageMetric, ...]:
    found = {row["key"]: row for row in catalog.rows(_METRICS, [run_id])}
    keys = order_metrics(found)
    curved = [key for key in keys if found[key]["n_points"] > 1][:_MOST_CURVES]
    max_points = min(_ALL_POINTS // max(len(curved), 1), _MOST_POINTS)
    curves = {key: store_curves.read_curve(catalog, run_id, key, max_points) for key in curved}
    return tuple(
        PageMetric(**found[key], direction=infer_direction(key), curve=_page_curve(curves.get(key))) for key in keys
    )


@overload
def _page_curve(curve: Curve) -> PageCurve: ...
@overload
def _page_curve(curve: Curve | None) -> PageCurve | None: ...
def _page_curve(curve: Curve | None) -> PageCurve | None:
    if curve is None:
        return None
    times = curve.logged_at.astype("datetime64[ms]").astype("int64")
    return PageCurve(tuple(curve.step.tolist()), tuple(curve.value.tolist()), tuple(times.tolist()))


def _experiment_name(experiment_id: str) -> str | None:
    found = queries.rows("SELECT name FROM experiments WHERE experiment_id = ?", [experiment_id])
    return found[0]["name"] if found else None


def _environment(digest: str | None) -> dict[str, Any] | None:
    found = queries.rows("SELECT * FROM environments WHERE environment_sha256 = ?", [digest])
    return {**found[0], "packages": json.loads(found[0]["packages"])} if found else None


def _lineage(info: RunInfo, cells: Sequence[dict[str, Any]]) -> Lineage:
    tracked: dict[str, Any] = next((cell for cell in cells if cell["role"] == CellRole.TRACKED), _NO_CELL)
    previous, following = find_neighbours({**asdict(info), **tracked})
    related = read_related([info.parent_run_id, previous, following])
    children, n_children, _ = read_children(info.run_id, 0, _MOST_CHILDREN)
    return Lineage(related.get(info.parent_run_id), children, n_children, related.get(previous), related.get(following))
