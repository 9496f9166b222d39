"""The page of a run without script: everything in the frame, one part below the other, in at most 50 KB.

What doesn't fit is left out in steps; the counts always say how much there is.
"""

from __future__ import annotations

from collections.abc import Sequence

from jtrack.widgets import pieces
from jtrack.widgets.card.frame import CardParam, Change
from jtrack.widgets.format import MISSING, exact_moment, format_bytes, format_duration, format_number, plural, shorten
from jtrack.widgets.frames import short_id
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.images import spark_image
from jtrack.widgets.markdown import markdown_html, markdown_tree
from jtrack.widgets.run_page.frame import RunCell, RunFrame
from jtrack.widgets.run_page.metrics import SYSTEM, RunMetric
from jtrack.widgets.run_page.relatives import RelatedRun
from jtrack.widgets.run_page.text import facts
from jtrack.widgets.style import stylesheet

MAX_BYTES = 36_000
_KEY_WIDTH = 40
_MOST_SPARKS = 12


def run_html(frame: RunFrame) -> Markup:
    """Render the page of a run in at most `MAX_BYTES` bytes of UTF-8."""
    for limit in (40, 20, 8, 3):
        html = _page(frame, limit)
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def _page(frame: RunFrame, limit: int) -> Markup:
    columns = [_metrics(frame, limit), _params(frame, limit), _facts(frame)]
    parts = [
        _head(frame),
        _error(frame),
        tag("div", markdown_html(markdown_tree(frame.description)), class_="jt-prose") if frame.description else None,
        tag("div", columns, class_="jt-columns"),
        _children(frame, limit),
        _files(frame, limit),
        [_cell(cell, is_open=i == 0) for i, cell in enumerate(frame.cells[: max(limit // 8, 1)])],
    ]
    page = tag("div", parts, class_="jtrack jt-run-page", role="group", aria_label=f"run {shorten(frame.run_name, 60)}")
    return join([stylesheet("difference", "run"), page])


def _head(frame: RunFrame) -> Markup:
    return tag(
        "div",
        tag("span", pieces.state_mark(frame.status), " ", tag("b", shorten(frame.run_name, 60), class_="jt-name")),
        " ",
        tag("span", "run ", tag("code", short_id(frame.run_id)), title=frame.run_id),
        " ",
        tag("span", shorten(frame.experiment_name, 60)),
        tag("span", " deleted", class_="jt-bad") if frame.is_deleted else None,
        " ",
        tag(
            "span",
            tag("span", format_duration(frame.duration_s)) if frame.duration_s is not None else None,
            " ",
            tag("time", exact_moment(frame.started_at), datetime=frame.started_at.isoformat()),
            class_="jt-end",
        ),
        class_="jt-head",
    )


def _error(frame: RunFrame) -> Markup | None:
    if not frame.error:
        return None
    *_, last = frame.error.strip().splitlines()
    trace = tag(
        "details",
        tag("summary", "traceback"),
        tag("pre", frame.error, tabindex="0", role="group", aria_label="traceback"),
    )
    return tag("div", tag("code", shorten(last, 300), class_="jt-bad"), trace, class_="jt-part")


def _label(text: str, n_rows: int, n_shown: int) -> Markup:
    note = f"{n_shown} of {n_rows:,}" if n_rows > n_shown else ""
    return tag("div", tag("b", text), " ", tag("i", note) if note else None, class_="jt-label")


def _metrics(frame: RunFrame, limit: int) -> Markup | None:
    groups = [
        ("metrics", frame.metrics[:limit], frame.n_metrics),
        ("system", frame.system[: limit // 4], frame.n_system),
    ]
    drawn = [
        [_label(title, n_rows, len(metrics)), tag("table", [_metric_row(m, i) for i, m in enumerate(metrics)])]
        for title, metrics, n_rows in groups
        if metrics
    ]
    return tag("div", drawn) if drawn else None


def _metric_row(metric: RunMetric, i: int) -> Markup:
    best = None if metric.best is None or metric.best == metric.value else f"best {format_number(metric.best)}"
    spark = metric.spark if i < _MOST_SPARKS else None
    return tag(
        "tr",
        _key(metric.key.removeprefix(SYSTEM)),
        tag("td", format_number(metric.value), class_="jt-num", align="right", title=repr(metric.value)),
        tag("td", pieces.difference_mark(metric.value, metric.previous, metric.direction)),
        tag("td", spark_image(spark[::2], spark[1::2], plural(metric.n_points, "point")) if spark else None),
        tag("td", best, class_="jt-muted"),
    )


def _key(key: str) -> Markup:
    return tag("th", shorten(key, _KEY_WIDTH), scope="row", title=shorten(key, 250) if len(key) > 20 else None)


def _params(frame: RunFrame, limit: int) -> Markup | None:
    shown = frame.params[:limit]
    if not shown:
        return None
    label = _label("params", max(frame.n_params, len(frame.params)), len(shown))
    return tag("div", label, tag("table", [_param_row(param) for param in shown]))


def _param_row(param: CardParam) -> Markup:
    value, old = param.value, param.previous
    note = tag("del", old.text, title=old.exact) if old else "new" if param.change is Change.ADDED else None
    return tag(
        "tr",
        _key(param.key),
        tag("td", value.text if value else MISSING, class_="jt-num", align="right", title=value and value.exact),
        tag("td", note, class_="jt-muted"),
        class_=None if param.change is Change.SAME else "jt-new",
    )


def _facts(frame: RunFrame) -> Markup:
    rows = [tag("tr", tag("th", key, scope="row"), tag("td", value)) for key, value in facts(frame)]
    return tag("div", tag("div", tag("b", "about"), class_="jt-label"), tag("table", rows), class_="jt-about")


def _children(frame: RunFrame, limit: int) -> Markup | None:
    shown = frame.children[:limit]
    if not shown:
        return None
    heads = ["run", frame.children_metric or "", "took"]
    head = tag("tr", [tag("th", shorten(text, 40), scope="col", class_="jt-muted") for text in heads])
    table = tag("table", tag("thead", head), tag("tbody", [_child_row(run) for run in shown]))
    return tag("div", _label("children", frame.n_children, len(shown)), table, class_="jt-part")


def _child_row(run: RelatedRun) -> Markup:
    return tag(
        "tr",
        tag("th", pieces.state_mark(run.status), " ", shorten(run.run_name, 40), scope="row"),
        tag("td", format_number(run.value), class_="jt-num", align="right"),
        tag("td", format_duration(run.duration_s), class_="jt-num", align="right"),
    )


def _files(frame: RunFrame, limit: int) -> Markup | None:
    shown = frame.artifacts[:limit]
    if not shown:
        return None
    rows: Sequence[Markup] = [
        tag(
            "tr", tag("th", shorten(file.path, 80), scope="row"), tag("td", format_bytes(file.n_bytes), class_="jt-num")
        )
        for file in shown
    ]
    return tag("div", _label("files", frame.n_artifacts, len(shown)), tag("table", rows), class_="jt-part")


def _cell(cell: RunCell, *, is_open: bool) -> Markup:
    count = "" if cell.execution_count is None else f" [{cell.execution_count}]"
    title = f"cell{count}" if cell.role == "tracked" else f"from cell{count}"
    rest = tag("div", f"… {cell.n_hidden:,} more characters", class_="jt-muted") if cell.n_hidden else None
    source = tag("pre", cell.source, class_="jt-source", tabindex="0", role="group", aria_label="source")
    return tag("details", tag("summary", title), source, rest, class_="jt-part", open=is_open)
