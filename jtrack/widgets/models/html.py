"""The registry without script: the list of models, a model's versions side by side, and its history."""

from __future__ import annotations

from datetime import datetime

from jtrack.widgets import pieces
from jtrack.widgets.compare.details import ComparedText
from jtrack.widgets.compare.frame import ComparedMetric
from jtrack.widgets.format import MISSING, format_number, plural, shorten
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.markdown import markdown_html
from jtrack.widgets.models.frame import AliasMark, ModelPage, ModelRow, ModelsFrame, VersionColumn
from jtrack.widgets.style import stylesheet

MAX_BYTES = 60_000
_STEPS = (200, 60, 20, 6)  # rows of the list, and of a section; tried in turn


def models_html(frame: ModelsFrame, now: datetime) -> Markup:
    """Render the registry in at most `MAX_BYTES` bytes."""
    for n_rows in _STEPS:
        html = _panel(frame, now, n_rows)
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def _panel(frame: ModelsFrame, now: datetime, n_rows: int) -> Markup:
    page = frame.chosen
    title = "registered models" if page is None else page.name
    count = plural(frame.n_models, "model") if page is None else plural(page.n_versions, "version")
    head = tag("div", tag("b", title, class_="jt-name"), " ", tag("span", count), class_="jt-head")
    body = _list(frame, now, n_rows) if page is None else _page(page, now, n_rows)
    return join(
        [
            stylesheet("difference", "runs", "compare", "models"),
            tag("div", head, body, class_="jtrack jt-models", role="group", aria_label="registered models"),
        ]
    )


def _list(frame: ModelsFrame, now: datetime, n_rows: int) -> Markup:
    if not frame.models:
        hint = tag("code", "%register @last NAME")
        return tag(
            "div", "No registered models yet. ", hint, " registers the model of the last run.", class_="jt-empty"
        )
    heads = [
        tag("th", name, scope="col", class_="jt-num" if right else None)
        for name, right in (
            ("name", False),
            ("versions", True),
            ("aliases", False),
            ("stages", False),
            ("updated", True),
        )
    ]
    rows = [_row(model, now) for model in frame.models[:n_rows]]
    rest = frame.n_models - len(rows)
    table = tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows))
    more = tag("div", f"{rest:,} more", class_="jt-line jt-muted") if rest else None
    return join([pieces.scroll_area("registered models", table, class_="jt-runs"), more])


def _row(model: ModelRow, now: datetime) -> Markup:
    summary = tag("div", model.summary, class_="jt-muted") if model.summary else None
    return tag(
        "tr",
        tag("th", tag("b", shorten(model.name, 60)), summary, scope="row"),
        tag("td", str(model.n_versions), class_="jt-num", align="right"),
        tag("td", [[_alias(mark), " "] for mark in model.aliases] or MISSING),
        tag("td", ", ".join(model.stages) or MISSING),
        tag("td", pieces.moment_mark(model.updated_at, now), class_="jt-num", align="right"),
    )


def _alias(mark: AliasMark) -> Markup:
    return tag("span", f"@{mark.alias} {mark.version}", class_="jt-badge")


def _page(page: ModelPage, now: datetime, n_rows: int) -> Markup:
    tags = [[tag("span", f"{key} {value}", class_="jt-badge"), " "] for key, value in page.tags]
    versions = pieces.scroll_area(f"versions of {page.name}", _versions(page, now, n_rows), class_="jt-compare")
    return join(
        [
            tag("div", markdown_html(page.description), class_="jt-markdown") if page.description else None,
            tag("div", tags, class_="jt-line") if tags else None,
            versions if page.versions else _no_version(),
            _constants(page),
            _notes(page),
            _source(page),
            _history(page, now),
        ]
    )


def _no_version() -> Markup:
    return tag("div", "No versions yet. ", tag("code", "%register @last NAME"), " registers one.", class_="jt-empty")


def _versions(page: ModelPage, now: datetime, n_rows: int) -> Markup:
    n = len(page.versions)
    rest = page.n_versions - n
    heads = [_version_head(version) for version in page.versions]
    rows = [
        tag("tr", _key("run"), [_cell(shorten(version.run_name or MISSING, 28)) for version in page.versions]),
        tag("tr", _key("made by"), [_cell(_origin(version)) for version in page.versions]),
        *_data_row(page),
        tag("tr", _key("registered"), [_cell(pieces.moment_mark(v.created_at, now)) for v in page.versions]),
    ]
    sections: list[Markup] = []
    if page.metrics:
        sections += [_label("metrics", n), *map(_metric, page.metrics[:n_rows])]
    if page.params:
        sections += [_label("params that differ", n), *map(_text, page.params[:n_rows])]
    if page.details:
        sections += [_label("model", n), *map(_text, page.details[:n_rows])]
    corner = tag("td", tag("span", f"newest {n} of {page.n_versions}", class_="jt-muted") if rest else "")
    head = tag("tr", corner, heads, tag("td", "", class_="jt-rest"))
    return tag("table", tag("thead", head), tag("tbody", rows, sections))


def _version_head(version: VersionColumn) -> Markup:
    stage = tag("span", version.stage, class_="jt-stage") if version.stage != "None" else None
    badges = [[tag("span", f"@{alias}", class_="jt-badge"), " "] for alias in version.aliases]
    title = tag("b", f"version {version.version}")
    return tag("th", title, tag("br"), badges, stage, scope="col", class_="jt-num", align="right")


def _data_row(page: ModelPage) -> list[Markup]:
    if not any(version.data for version in page.versions):
        return []
    cells = [_cell(shorten(", ".join(version.data) or MISSING, 40)) for version in page.versions]
    return [tag("tr", _key("data"), cells)]


def _origin(version: VersionColumn) -> str:
    cell = f"cell [{version.execution_count}]" if version.execution_count is not None else ""
    notebook = (version.notebook_path or "").rpartition("/")[2]
    return " of ".join(part for part in (cell, shorten(notebook, 28)) if part) or MISSING


def _key(key: str) -> Markup:
    return tag("th", shorten(key, 40), scope="row")


def _cell(content: Markup | str, class_: str = "jt-num") -> Markup:
    return tag("td", content, class_=class_, align="right")


def _label(title: str, n: int) -> Markup:
    return tag("tr", tag("th", tag("b", title), class_="jt-label", colspan=n + 1, scope="colgroup"))


def _metric(metric: ComparedMetric) -> Markup:
    cells = []
    for value in metric.values:
        is_best = value is not None and value == metric.best
        text: Markup | str = format_number(value, metric.decimals)
        shown = tag("b", text, title="best") if is_best else text
        cells.append(_cell(shown, "jt-num jt-best" if is_best else "jt-num"))
    return tag("tr", _key(metric.key), cells)


def _text(row: ComparedText) -> Markup:
    """One row of what differs; what another value than the version before it has is marked."""
    cells = []
    for place, text in enumerate(row.texts):
        is_new = place + 1 < len(row.texts) and text != row.texts[place + 1]
        shown = MISSING if text is None else shorten(text, 40)
        cells.append(_cell(shown, "jt-num jt-new" if is_new else "jt-num"))
    return tag("tr", _key(row.key), cells)


def _constants(page: ModelPage) -> Markup | None:
    shown = [f"{shorten(key, 32)} {shorten(text, 60)}" for key, text in page.constants[:10]]
    return tag("div", "same in all: ", ", ".join(shown), class_="jt-line jt-muted") if shown else None


def _notes(page: ModelPage) -> Markup | None:
    noted = [version for version in page.versions if version.description]
    blocks = [
        tag(
            "div",
            tag("div", tag("b", f"version {v.version}"), class_="jt-label jt-as-is"),
            markdown_html(v.description),
        )
        for v in noted[:4]
    ]
    return tag("div", blocks, class_="jt-markdown") if blocks else None


def _source(page: ModelPage) -> Markup | None:
    if page.source is None or page.source.difference.is_empty:
        return None
    left, right = (page.versions[place].version for place in (page.source.left, page.source.right))
    title = tag("div", tag("b", f"source, version {left} → {right}"), class_="jt-label jt-as-is")
    return tag("div", tag("div", title, pieces.source_block(page.source.difference)), class_="jt-part")


def _history(page: ModelPage, now: datetime) -> Markup:
    rows = [
        tag("tr", tag("td", pieces.moment_mark(m.at, now)), tag("td", m.user_name or MISSING), tag("td", m.text))
        for m in page.moves
    ]
    summary = tag("summary", f"history: {plural(page.n_moves, 'move')}")
    return tag("div", tag("details", summary, tag("table", rows)), class_="jt-part")
