"""The data of the registry's panel: the registered models, and of the chosen one its versions side by side.

Versions are columns, the newest first; rows are their metrics, and whatever else differs between them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from jtrack import queries
from jtrack.entities import ModelVersion, RegisteredModel, RegistryMove
from jtrack.registry import history, listing
from jtrack.widgets.compare.details import ComparedText
from jtrack.widgets.compare.frame import ComparedMetric, ComparedSource, read_metrics, read_sources, split_params
from jtrack.widgets.difference import diff_sources
from jtrack.widgets.format import shorten
from jtrack.widgets.frames import frame_json
from jtrack.widgets.markdown import Element, markdown_tree, plain_text
from jtrack.widgets.models.details import read_details
from jtrack.widgets.params import read_params

MOST_MODELS = 200
MOST_VERSIONS = 8
MOST_ROWS = 24
MOST_MOVES = 30
MOST_CANDIDATES = 20
_MOST_SOURCE_ROWS = 80
_MOST_DESCRIPTION, _MOST_NOTE = 6_000, 1_500  # characters that are shown; what is edited is read whole
MAX_BYTES = 37_000
# Models of the list, rows of a section, rows of a source, and moves; tried in turn.
_STEPS = ((200, 24, 80, 30), (60, 12, 40, 16), (20, 6, 20, 8), (8, 3, 0, 4))

_ORIGINS = """
SELECT r.run_id, r.run_name, c.notebook_path, c.execution_count
FROM runs r LEFT JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked'
WHERE r.run_id IN (SELECT unnest(?::VARCHAR[]))
"""
_DATA = "SELECT run_id, name, digest FROM inputs WHERE run_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY name LIMIT 200"
_CANDIDATES = """
SELECT r.run_id, r.run_name, r.started_at, a.path
FROM artifacts a JOIN runs r USING (run_id)
WHERE (a.path = 'MLmodel' OR a.path LIKE '%/MLmodel') AND r.lifecycle_stage = 'active'
ORDER BY a.created_at DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class AliasMark:
    """An alias and the version that it stands on."""

    alias: str
    version: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One registered model in the list."""

    name: str
    n_versions: int
    latest_version: int | None
    aliases: tuple[AliasMark, ...]
    stages: tuple[str, ...]  # "Production 3"
    updated_at: datetime
    summary: str


@dataclass(frozen=True, slots=True)
class VersionColumn:
    """One version: where it stands, and where it came from."""

    version: int
    stage: str
    aliases: tuple[str, ...]
    run_id: str | None
    run_name: str | None
    notebook_path: str | None
    execution_count: int | None
    data: tuple[str, ...]  # what its run read
    source: str
    created_at: datetime
    user_name: str | None
    description: tuple[Element | str, ...]


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One entry of the history, as a sentence."""

    at: datetime
    user_name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class ModelPage:
    """The chosen model; ``sources`` hold what changed in the code from each version's run to the one left of it."""

    name: str
    description: tuple[Element | str, ...]
    tags: tuple[tuple[str, str], ...]
    aliases: tuple[AliasMark, ...]
    versions: tuple[VersionColumn, ...]
    n_versions: int
    metrics: tuple[ComparedMetric, ...]
    params: tuple[ComparedText, ...]
    details: tuple[ComparedText, ...]
    constants: tuple[tuple[str, str], ...]
    source: ComparedSource | None
    moves: tuple[MoveRow, ...]
    n_moves: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run's model that could be registered."""

    uri: str
    run_name: str
    path: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class ModelsFrame:
    """What the panel shows; ``chosen`` is the model that was asked for, or the one there is."""

    models: tuple[ModelRow, ...]
    n_models: int
    chosen: ModelPage | None
    candidates: tuple[Candidate, ...]
    panel: str = field(default="models", init=False)

    @property
    def chosen_name(self) -> str | None:
        """The name of the model whose versions are shown."""
        return None if self.chosen is None else self.chosen.name


def models_frame(name: str | None = None) -> ModelsFrame:
    """Read what the panel shows; with a name, that model's versions too.

    Raises
    ------
    RegisteredModelNotFoundError
        There is no such model; the hint lists near names.
    """
    with queries.one_look():
        found = listing.search_registered_models(order_by=["updated_at DESC"])
        chosen = None if name is None else _page(listing.get_registered_model(name))
        candidates = queries.rows(_CANDIDATES, [MOST_CANDIDATES])
    return ModelsFrame(
        models=tuple(map(_row, found[:MOST_MODELS])),
        n_models=len(found),
        chosen=chosen,
        candidates=tuple(
            _candidate(row["run_id"], row["path"], row["run_name"], row["started_at"]) for row in candidates
        ),
    )


def fit_frame(frame: ModelsFrame, max_bytes: int = MAX_BYTES) -> ModelsFrame:
    """Leave out what can be asked for, until the frame's JSON is small enough for a widget's state."""
    for n_models, n_rows, n_source, n_moves in _STEPS:
        chosen = frame.chosen and _cut(frame.chosen, n_rows, n_source, n_moves)
        cut = replace(frame, models=frame.models[:n_models], chosen=chosen)
        if len(json.dumps(frame_json(cut))) <= max_bytes:
            return cut
    bare = cut.chosen and replace(
        cut.chosen, description=(), versions=tuple(replace(v, description=()) for v in cut.chosen.versions)
    )
    return replace(cut, chosen=bare)


def _cut(page: ModelPage, n_rows: int, n_source: int, n_moves: int) -> ModelPage:
    source = page.source
    if source is not None:
        rows = source.difference.rows
        n_hidden = source.difference.n_hidden + max(len(rows) - n_source, 0)
        source = replace(source, difference=replace(source.difference, rows=rows[:n_source], n_hidden=n_hidden))
    return replace(
        page,
        metrics=page.metrics[:n_rows],
        params=page.params[:n_rows],
        details=page.details[:n_rows],
        constants=page.constants[:n_rows],
        tags=page.tags[:n_rows],
        source=source,
        moves=page.moves[:n_moves],
    )


def read_difference(versions: Sequence[ModelVersion], left: int, right: int) -> ComparedSource | None:
    """Read what changed in the cell from one version's run to another's; ``None`` where one was not made by a cell."""
    runs = [versions[place].run_id or "" for place in (left, right)]
    texts = read_sources(runs)
    if any(run_id not in texts for run_id in runs):
        return None
    difference = diff_sources(texts[runs[0]], texts[runs[1]], max_rows=_MOST_SOURCE_ROWS)
    return ComparedSource(left, right, difference)


def move_text(move: RegistryMove) -> str:
    """Tell one entry of the history in a sentence."""
    version = "" if move.version is None else f"version {move.version}"
    if move.what == "registered":
        return f"{move.name} was made"
    if move.what == "version":
        return f"{version} was registered from {shorten(str(move.from_value), 80)}"
    if move.what == "stage":
        return f"{version}: {move.from_value} → {move.to_value}"
    if move.what == "alias":
        return f"@{move.key}: {_place(move.from_value)} → {_place(move.to_value)}"
    if move.what == "deleted":
        return f"{version or move.name} was deleted"
    if move.what == "tag":
        return f"{version or move.name}: tag {move.key} {_value(move.from_value)} → {_value(move.to_value)}"
    return f"{version or move.name}: {move.what} {_value(move.from_value)} → {_value(move.to_value)}"


def _place(version: int | None) -> str:
    return "none" if version is None else f"version {version}"


def _value(value: object) -> str:
    return "none" if value in (None, "") else repr(shorten(str(value), 40))


def _row(model: RegisteredModel) -> ModelRow:
    latest = max((version.version for version in model.latest_versions), default=None)
    staged = [f"{version.stage} {version.version}" for version in model.latest_versions if version.stage != "None"]
    words = plain_text(markdown_tree(model.description[:400])).strip().split("\n", 1)[0]
    return ModelRow(
        name=model.name,
        n_versions=model.n_versions,
        latest_version=latest,
        aliases=_marks(model),
        stages=tuple(staged),
        updated_at=model.updated_at,
        summary=shorten(words, 100),
    )


def _marks(model: RegisteredModel) -> tuple[AliasMark, ...]:
    return tuple(AliasMark(alias, version) for alias, version in sorted(model.aliases.items()))


def _page(model: RegisteredModel) -> ModelPage:
    versions = listing.versions_of_model(model.name)
    shown = versions[:MOST_VERSIONS]
    run_ids = [version.run_id or "" for version in shown]
    metrics, _ = read_metrics(run_ids)
    params, constants = split_params(run_ids, read_params(run_ids))
    details, same = read_details(shown)
    moves = history.history(model.name)
    origins: dict[str, dict[str, Any]] = {
        row["run_id"]: {**row, "data": []} for row in queries.rows(_ORIGINS, [run_ids])
    }
    for row in queries.rows(_DATA, [run_ids]):
        if row["run_id"] in origins:
            origins[row["run_id"]]["data"].append(f"{row['name']} {row['digest'] or ''}".strip())
    return ModelPage(
        name=model.name,
        description=markdown_tree(model.description[:_MOST_DESCRIPTION]),
        tags=tuple(sorted(model.tags.items())),
        aliases=_marks(model),
        versions=tuple(_column(version, origins.get(version.run_id or "", {})) for version in shown),
        n_versions=len(versions),
        metrics=metrics[:MOST_ROWS],
        params=params[:MOST_ROWS],
        details=tuple(_short(detail) for detail in details[:MOST_ROWS]),
        constants=tuple((key, shorten(text, 120)) for key, text in (*same, *constants)[:MOST_ROWS]),
        source=read_difference(shown, 1, 0) if len(shown) > 1 else None,
        moves=tuple(MoveRow(move.at, move.user_name, move_text(move)) for move in moves[:MOST_MOVES]),
        n_moves=len(moves),
    )


def _short(row: ComparedText) -> ComparedText:
    return replace(row, texts=tuple(text and shorten(text, 300) for text in row.texts))


def _column(version: ModelVersion, origin: dict[str, Any]) -> VersionColumn:
    return VersionColumn(
        version=version.version,
        stage=version.stage.value,
        aliases=version.aliases,
        run_id=version.run_id,
        run_name=origin.get("run_name"),
        notebook_path=origin.get("notebook_path"),
        execution_count=origin.get("execution_count"),
        data=tuple(shorten(text, 80) for text in origin.get("data", [])[:6]),
        source=version.source,
        created_at=version.created_at,
        user_name=version.user_name,
        description=markdown_tree(version.description[:_MOST_NOTE]),
    )


def _candidate(run_id: str, path: str, run_name: str, started_at: datetime) -> Candidate:
    place = path.rpartition("/")[0]
    return Candidate(f"runs:/{run_id}/{place}".rstrip("/"), run_name, place, started_at)
