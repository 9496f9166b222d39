"""The registry as text, for a terminal and `text/plain`."""

from __future__ import annotations

from datetime import datetime

from jtrack.widgets.format import MISSING, format_moment, format_number, plural, shorten
from jtrack.widgets.markdown import plain_text
from jtrack.widgets.models.frame import ModelPage, ModelRow, ModelsFrame
from jtrack.widgets.text_table import align_cells

EMPTY = "no registered models yet: %register @last NAME, or jtrack.register_model('runs:/…', 'name')"
_WIDTH = 28


def models_text(frame: ModelsFrame, now: datetime) -> str:
    """Render the list of models, or of the chosen one its versions side by side; times are UTC."""
    if frame.chosen is not None:
        return "\n".join(_page(frame.chosen, now))
    if not frame.models:
        return EMPTY
    head = ["name", "versions", "latest", "aliases", "stages", "updated"]
    rows = [head, *(_row(model, now) for model in frame.models)]
    rest = frame.n_models - len(frame.models)
    lines = align_cells(rows, [False, True, True, False, False, True])
    return "\n".join([*lines, *([f"{rest:,} more"] if rest else [])])


def alias_words(row: ModelRow | ModelPage) -> str:
    """``champion 3, challenger 4``."""
    return ", ".join(f"{mark.alias} {mark.version}" for mark in row.aliases) or MISSING


def _row(model: ModelRow, now: datetime) -> list[str]:
    latest = MISSING if model.latest_version is None else str(model.latest_version)
    stages = ", ".join(model.stages) or MISSING
    updated = format_moment(model.updated_at, now)
    return [shorten(model.name, 40), str(model.n_versions), latest, alias_words(model), stages, updated]


def _page(page: ModelPage, now: datetime) -> list[str]:
    lines = [f"{page.name}  {plural(page.n_versions, 'version')}"]
    lines += [f"  {line}" for line in plain_text(page.description).strip().splitlines()[:6]]
    rows = [
        ["version", *(str(version.version) for version in page.versions)],
        ["stage", *(version.stage for version in page.versions)],
        ["aliases", *(", ".join(version.aliases) or MISSING for version in page.versions)],
        ["run", *(shorten(version.run_name or MISSING, _WIDTH) for version in page.versions)],
        ["data", *(shorten(", ".join(version.data) or MISSING, _WIDTH) for version in page.versions)],
        ["registered", *(format_moment(version.created_at, now) for version in page.versions)],
    ]
    for metric in page.metrics:
        cells = [
            format_number(value, metric.decimals) + ("*" if value is not None and value == metric.best else "")
            for value in metric.values
        ]
        rows.append([shorten(metric.key, 30), *cells])
    for text in (*page.params, *page.details):
        rows.append([shorten(text.key, 30), *(MISSING if t is None else shorten(t, _WIDTH) for t in text.texts)])
    if page.versions:
        lines += [f"  {line}" for line in align_cells(rows, [False, *[True] * len(page.versions)])]
    lines += [f"  {format_moment(move.at, now)}  {move.user_name or MISSING}  {move.text}" for move in page.moves[:8]]
    return lines
