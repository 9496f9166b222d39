"""The data of a run's page: what one sees at once, small enough to be saved with a notebook.

Long lists are cut, and say how long they are; the whole of each is read when someone opens it (`run_model`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from jtrack import queries
from jtrack.entities import DatasetInput, RunStatus
from jtrack.widgets.card.frame import CardParam, compare_params
from jtrack.widgets.frames import duration_s, frame_json
from jtrack.widgets.params import read_params
from jtrack.widgets.run_page.artifact_files import ArtifactEntry, list_artifacts
from jtrack.widgets.run_page.metrics import RunMetric, is_system, read_metrics
from jtrack.widgets.run_page.relatives import (
    RegisteredVersion,
    RelatedRun,
    find_neighbours,
    read_children,
    read_registered,
    read_related,
)

MAX_BYTES = 30_000
_TEXT = 4_000
_CELLS_TEXT = 8_000
_VALUE_WIDTH = 200
PARAM_ROOM = 24

_HEAD = """
SELECT r.*, e.name AS experiment_name, c.cell_id, c.execution_count, c.notebook_path,
       v.python_version, v.platform, v.packages::VARCHAR AS packages
FROM runs r
LEFT JOIN experiments e USING (experiment_id)
LEFT JOIN environments v ON v.environment_sha256 = r.environment_sha256
LEFT JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked'
WHERE r.run_id = ? ORDER BY c.execution_count DESC NULLS LAST LIMIT 1
"""
_PACKAGES = """
SELECT v.packages::VARCHAR AS packages FROM runs r JOIN environments v USING (environment_sha256) WHERE r.run_id = ?
"""
_CELLS = """
SELECT cell_id, execution_count, role, source, notebook_path FROM cells
-- A trial is made by its sweep's cell.
WHERE run_id = (SELECT CASE kind WHEN 'trial' THEN parent_run_id ELSE run_id END FROM runs WHERE run_id = ?)
ORDER BY role = 'source', execution_count DESC NULLS LAST
"""
_TAGS = f"SELECT key, left(value, {_VALUE_WIDTH + 1}) AS value FROM tags WHERE run_id = ? ORDER BY key"
_INPUTS = "SELECT name, digest, context, source, schema, profile FROM inputs WHERE run_id = ?"
_NOTES = """
SELECT "at", detail ->> 'text' AS text FROM events WHERE subject = ? AND kind = 'note_added' ORDER BY "at" DESC
"""


@dataclass(frozen=True, slots=True)
class RunCell:
    """A cell as it was executed; ``n_hidden`` characters are left out at the end of ``source``."""

    role: str
    cell_id: str | None
    execution_count: int | None
    notebook_path: str | None
    source: str
    n_hidden: int


@dataclass(frozen=True, slots=True)
class RunTag:
    """A tag; the value is cut at 200 characters."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class RunNote:
    """A text that somebody left with the run, when it was left."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package whose version differs; ``None`` where it is not installed."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """What the run ran on; ``changes`` are the first of ``n_changes`` since the run before."""

    python_version: str
    platform: str
    n_packages: int
    changes: tuple[PackageChange, ...]
    n_changes: int


@dataclass(frozen=True, slots=True)
class RunFrame:
    """What the page of a run shows first; ``n_*`` count what the lists beside them are the beginning of.

    ``previous`` and ``next`` are the runs of the same cell before and after this one.
    """

    run_id: str
    run_name: str
    kind: str
    status: RunStatus
    is_deleted: bool
    experiment_name: str
    started_at: datetime
    ended_at: datetime | None
    duration_s: float | None
    user_name: str | None
    source_name: str | None
    cell_id: str | None
    execution_count: int | None
    notebook_path: str | None
    git_commit: str | None
    git_branch: str | None
    git_dirty: bool | None
    artifact_uri: str
    description: str | None
    error: str | None
    metrics: tuple[RunMetric, ...]
    n_metrics: int
    system: tuple[RunMetric, ...]
    n_system: int
    params: tuple[CardParam, ...]
    n_params: int
    n_changed: int
    tags: tuple[RunTag, ...]
    n_tags: int
    cells: tuple[RunCell, ...]
    n_cells: int
    environment: RunEnvironment | None
    inputs: tuple[DatasetInput, ...]
    n_inputs: int
    artifacts: tuple[ArtifactEntry, ...]
    n_artifacts: int
    has_model: bool
    notes: tuple[RunNote, ...]
    n_notes: int
    parent: RelatedRun | None
    previous: RelatedRun | None
    next: RelatedRun | None
    children: tuple[RelatedRun, ...]
    n_children: int
    children_metric: str | None
    versions: tuple[RegisteredVersion, ...] = ()
    panel: str = field(default="run", init=False)


def run_frame(run_id: str) -> RunFrame:
    """Read what the page of a run shows first, in at most about `MAX_BYTES` of JSON.

    Raises
    ------
    RunNotFoundError
        No run has this address.
    """
    with queries.one_look():
        run_id = queries.resolve_run(run_id)
        return fit_frame(_read_frame(run_id, queries.rows(_HEAD, [run_id])[0]))


def _read_frame(run_id: str, head: Mapping[str, Any]) -> RunFrame:
    previous_id, next_id = find_neighbours(head)
    related = read_related([head["parent_run_id"], previous_id, next_id])
    metrics = read_metrics(run_id, previous_id)
    params = _params(run_id, previous_id)
    children, n_children, children_metric = read_children(run_id, 0, 8)
    artifacts = list_artifacts(run_id)
    cells, tags = read_cells(run_id, _CELLS_TEXT), read_tags(run_id)
    inputs, notes = read_inputs(run_id), queries.rows(_NOTES, [run_id])
    return RunFrame(
        **_head_fields(head),
        metrics=tuple(metric for metric in metrics if not is_system(metric.key)),
        n_metrics=sum(not is_system(metric.key) for metric in metrics),
        system=tuple(metric for metric in metrics if is_system(metric.key)),
        n_system=sum(is_system(metric.key) for metric in metrics),
        params=params,
        n_params=sum(param.value is not None for param in params),
        n_changed=sum(param.change != "same" for param in params),
        tags=tags,
        n_tags=len(tags),
        cells=cells,
        n_cells=len(cells),
        environment=_environment(head, previous_id),
        inputs=inputs,
        n_inputs=len(inputs),
        artifacts=artifacts,
        n_artifacts=len(artifacts),
        has_model=any(PurePosixPath(artifact.path).name == "MLmodel" for artifact in artifacts),
        notes=tuple(RunNote(row["at"], row["text"][:_TEXT]) for row in notes),
        n_notes=len(notes),
        parent=related.get(head["parent_run_id"]),
        previous=related.get(previous_id),
        next=related.get(next_id),
        children=children,
        n_children=n_children,
        children_metric=children_metric,
        versions=read_registered(run_id),
    )


def fit_frame(frame: RunFrame, max_bytes: int = MAX_BYTES) -> RunFrame:
    """Cut the lists of a frame until its JSON is small enough, all alike and the source last."""
    for n in (40, 20, 10, 4, 1):
        cut = _cut(frame, n)
        if len(json.dumps(frame_json(cut))) <= max_bytes:
            return cut
    return replace(
        cut, cells=(), description=(cut.description or "")[:500] or None, error=(cut.error or "")[-1000:] or None
    )


def read_cells(run_id: str, max_characters: int) -> tuple[RunCell, ...]:
    """Read the cells of a run, the tracked one first, with at most this much source in all."""
    cells = []
    for row in queries.rows(_CELLS, [run_id]):
        source = row.pop("source")
        cells.append(RunCell(**row, source=source[:max_characters], n_hidden=max(len(source) - max_characters, 0)))
        max_characters = max(max_characters - len(source), 0)
    return tuple(cells)


def read_tags(run_id: str) -> tuple[RunTag, ...]:
    """Read the tags of a run, by key."""
    rows = queries.rows(_TAGS, [run_id])
    return tuple(RunTag(row["key"], _cut_text(row["value"], _VALUE_WIDTH)) for row in rows)


def read_inputs(run_id: str) -> tuple[DatasetInput, ...]:
    """Read what a run read, with long descriptions cut."""
    rows = queries.rows(_INPUTS, [run_id])
    return tuple(
        DatasetInput(**{key: value and _cut_text(value, _VALUE_WIDTH) for key, value in row.items()}) for row in rows
    )


def package_changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[PackageChange, ...]:
    """The packages whose versions differ, by name."""
    names = sorted((name for name in {**old, **new} if old.get(name) != new.get(name)), key=str.lower)
    return tuple(PackageChange(name, old.get(name), new.get(name)) for name in names)


def read_packages(run_id: str | None) -> dict[str, str] | None:
    """Read the packages that a run ran on; ``None`` where that isn't known."""
    found = queries.rows(_PACKAGES, [run_id]) if run_id else []
    return json.loads(found[0]["packages"]) if found else None


def _head_fields(head: Mapping[str, Any]) -> dict[str, Any]:
    kept = """run_id run_name kind started_at ended_at user_name source_name cell_id execution_count notebook_path
    git_commit git_branch git_dirty artifact_uri""".split()
    return {
        **{name: head[name] for name in kept},
        "status": RunStatus(head["status"]),
        "is_deleted": head["lifecycle_stage"] == "deleted",
        "experiment_name": head["experiment_name"] or head["experiment_id"],
        "duration_s": duration_s(head["started_at"], head["ended_at"]),
        "description": _cut_text(head["description"], _TEXT) if head["description"] else None,
        # Of a traceback the end says most.
        "error": head["error"][-_TEXT:] if head["error"] else None,
    }


def _params(run_id: str, previous_id: str | None) -> tuple[CardParam, ...]:
    found = read_params([run_id] if previous_id is None else [run_id, previous_id])
    return compare_params(found[run_id], None if previous_id is None else found[previous_id], PARAM_ROOM)


def _environment(head: Mapping[str, Any], previous_id: str | None) -> RunEnvironment | None:
    if head["packages"] is None:
        return None
    packages, before = json.loads(head["packages"]), read_packages(previous_id)
    changes = () if before is None else package_changes(before, packages)
    return RunEnvironment(head["python_version"], head["platform"], len(packages), changes, len(changes))


def _cut(frame: RunFrame, n: int) -> RunFrame:
    environment = frame.environment
    return replace(
        frame,
        metrics=_with_few_sparks(frame.metrics[:n]),
        system=_with_few_sparks(frame.system[: n // 2]),
        params=frame.params[:n],
        tags=frame.tags[:n],
        cells=frame.cells[:n] if n > 1 else frame.cells[:1],
        environment=environment and replace(environment, changes=environment.changes[:n]),
        inputs=frame.inputs[: max(n // 4, 1)],
        artifacts=frame.artifacts[:n],
        notes=frame.notes[: max(n // 8, 1)],
        children=frame.children[:n],
    )


def _with_few_sparks(metrics: Sequence[RunMetric]) -> tuple[RunMetric, ...]:
    return tuple(metric if i < 12 else replace(metric, spark=None) for i, metric in enumerate(metrics))


def _cut_text(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
