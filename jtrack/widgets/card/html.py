"""A run card as HTML without script: complete, escaped, and never more than 20 KB.

What doesn't fit is left out in steps, longest lists first; the counts always say how much there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jtrack.widgets import pieces
from jtrack.widgets.card.frame import MOST_METRICS, CardFrame, CardMetric, CardParam, Change, Standing
from jtrack.widgets.format import format_duration, format_number, ordinal, plural, shorten
from jtrack.widgets.frames import short_id
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.images import spark_image
from jtrack.widgets.params import ParamValue
from jtrack.widgets.style import stylesheet

MAX_BYTES = 20_000
_NAME_WIDTH = 60


@dataclass(frozen=True, slots=True)
class _Limits:
    metrics: int = MOST_METRICS
    more_metrics: int = 60
    params: int = 8
    more_params: int = 60
    name_width: int = 60
    line_width: int = 200
    is_bare: bool = False
    """Without what is seen on hover, spark lines and the source."""


_STEPS = (
    _Limits(),
    _Limits(more_metrics=25, more_params=25),
    _Limits(more_metrics=0, more_params=0, line_width=100),
    # What is left of a card whose every name is long and full of characters that HTML escapes.
    _Limits(metrics=4, more_metrics=0, params=4, more_params=0, name_width=24, line_width=50),
    _Limits(metrics=4, more_metrics=0, params=4, more_params=0, name_width=16, is_bare=True),
)


def card_html(frame: CardFrame) -> Markup:
    """Render a card in at most `MAX_BYTES` bytes of UTF-8."""
    for limits in _STEPS:
        html = _card(frame, limits)
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def _card(frame: CardFrame, limits: _Limits) -> Markup:
    columns = [_metrics(frame, limits), _params(frame, limits), _since(frame, limits)]
    return join(
        [
            stylesheet("difference", "card"),
            tag(
                "div",
                _head(frame),
                _error(frame),
                tag("div", columns, class_="jt-columns") if any(columns) else None,
                _inside(frame),
                _foot(frame),
                class_="jtrack jt-card",
                role="group",
                aria_label=f"run {shorten(frame.run_name, _NAME_WIDTH)}",
            ),
        ]
    )


def _head(frame: CardFrame) -> Markup:
    cell = None if frame.execution_count is None else tag("span", f"cell [{frame.execution_count}]")
    return tag(
        "div",
        tag(
            "span",
            pieces.state_mark(frame.status),
            " ",
            tag("b", shorten(frame.run_name, _NAME_WIDTH), class_="jt-name"),
        ),
        " ",
        tag("span", "run ", tag("code", short_id(frame.run_id)), title=frame.run_id),
        " ",
        tag("span", shorten(frame.experiment_name, _NAME_WIDTH)),
        " ",
        tag("span", tag("span", format_duration(frame.duration_s)), " ", cell, class_="jt-end"),
        class_="jt-head",
    )


def _error(frame: CardFrame) -> Markup | None:
    return tag("div", tag("code", shorten(frame.error, 300)), class_="jt-error") if frame.error else None


def _label(text: str, note: Markup | str | None = None) -> Markup:
    return tag("div", tag("b", text), " ", None if note is None else tag("i", note), class_="jt-label")


def _metrics(frame: CardFrame, limits: _Limits) -> Markup | None:
    if not frame.metrics:
        return None
    shown = frame.metrics[: limits.metrics]
    sparks = any(metric.points for metric in shown)
    rows = [_metric_row(metric, limits, frame.previous is not None, sparks) for metric in shown]
    return tag("div", _label("metrics"), tag("table", rows), _more_metrics(frame, limits))


def _metric_row(metric: CardMetric, limits: _Limits, compared: bool, sparks: bool) -> Markup:
    difference = pieces.difference_mark(metric.value, metric.previous, metric.direction)
    points = metric.points
    image = None
    if points and not limits.is_bare:
        image = spark_image(points.step, points.value, f"{plural(points.n_points, 'point')}")
    title = None if limits.is_bare else repr(metric.value)
    return tag(
        "tr",
        _key(metric.key, limits),
        tag("td", format_number(metric.value), class_="jt-num", align="right", title=title),
        tag("td", difference) if compared else None,
        tag("td", image) if sparks else None,
    )


def _more_metrics(frame: CardFrame, limits: _Limits) -> Markup | None:
    rest = frame.metrics[limits.metrics :]
    if not rest:
        return None
    listed = rest[: limits.more_metrics]
    rows = [[shorten(m.key, 40), format_number(m.value), pieces.difference_text(m.value, m.previous)] for m in listed]
    return _more(len(rest), rows)


def _more(n_rest: int, rows: Sequence[Sequence[str]]) -> Markup:
    title = f"{n_rest:,} more"
    if not rows:
        return tag("div", title, class_="jt-muted")
    body = [
        tag("tr", [tag("td", cell, class_="jt-num" if i == 1 else None) for i, cell in enumerate(row)]) for row in rows
    ]
    unlisted = tag("div", f"and {n_rest - len(rows):,} not listed", class_="jt-muted") if n_rest > len(rows) else None
    return tag("details", tag("summary", title), tag("table", body), unlisted)


def _params(frame: CardFrame, limits: _Limits) -> Markup | None:
    if not frame.params:
        return None
    n_changed = sum(param.change is not Change.SAME for param in frame.params)
    note = None if frame.previous is None else f"{n_changed} changed of {len(frame.params)}"
    rest = frame.params[limits.params :]
    rows = [_param_row(param, limits, n_changed > 0) for param in frame.params[: limits.params]]
    more = _more(len(rest), [_more_param(param) for param in rest[: limits.more_params]]) if rest else None
    return tag("div", _label("params", note), tag("table", rows), more)


def _param_row(param: CardParam, limits: _Limits, with_old: bool) -> Markup:
    value, old = param.value, param.previous
    note = _value("del", old, limits) if old else "new" if param.change is Change.ADDED else None
    return tag(
        "tr",
        _key(param.key, limits),
        _value("td", value, limits, class_="jt-num", align="right"),
        tag("td", note, class_="jt-old jt-muted") if with_old else None,
        class_=None if param.change is Change.SAME else "jt-new",
    )


def _value(name: str, value: ParamValue | None, limits: _Limits, **attributes: object) -> Markup:
    if value is None:
        return tag(name, "–", title="gone", **attributes)
    if limits.is_bare:
        return tag(name, shorten(value.text, limits.name_width), **attributes)
    return tag(name, value.text, title=value.exact, **attributes)


def _more_param(param: CardParam) -> list[str]:
    value = shorten(param.value.text, 24) if param.value else "–"
    return [shorten(param.key, 40), value, f"was {shorten(param.previous.text, 24)}" if param.previous else ""]


def _since(frame: CardFrame, limits: _Limits) -> Markup | None:
    if frame.previous is None or limits.is_bare:
        return None
    source = frame.source
    return tag(
        "div",
        _label("since", shorten(frame.previous.run_name, _NAME_WIDTH)),
        tag("div", "same source", class_="jt-muted") if source is not None and source.is_empty else None,
        pieces.source_block(source, limits.line_width, scrolls=False)
        if source is not None and not source.is_empty
        else None,
        [tag("p", "⚠ ", shorten(warning, 200), class_="jt-note") for warning in frame.warnings],
        class_="jt-since",
    )


def inside_text(frame: CardFrame) -> str:
    """``3 runs inside: depth-2, depth-4, depth-6``; empty without any."""
    inside = frame.inside
    if not inside.n_runs:
        return ""
    rest = inside.n_runs - len(inside.names)
    names = ", ".join(shorten(name, 32) for name in inside.names)
    return f"{plural(inside.n_runs, 'run')} inside: {names}" + (f" and {rest:,} more" if rest else "")


def _inside(frame: CardFrame) -> Markup | None:
    text = inside_text(frame)
    return tag("div", text, class_="jt-inside jt-muted") if text else None


def standing_text(standing: Standing | None) -> str:
    """``best of 23 in this cell by val_loss``, ``joint 2nd of 23``; the first run of a cell says so."""
    if standing is None:
        return ""
    if standing.n_runs <= 1:
        return "first run of this cell"
    if standing.rank is None:
        return f"{plural(standing.n_runs, 'run')} of this cell"
    if standing.n_ranked <= 1:
        return f"{plural(standing.n_runs, 'run')} of this cell, the first with {standing.key}"
    rank = "best" if standing.rank == 1 else ordinal(standing.rank)
    joint = "joint " if standing.is_joint else ""
    return f"{joint}{rank} of {standing.n_ranked:,} in this cell by {shorten(standing.key or '', _NAME_WIDTH)}"


def actions(frame: CardFrame) -> list[str]:
    """What to type next."""
    compare = [f"%compare {short_id(frame.previous.run_id)} {short_id(frame.run_id)}"] if frame.previous else []
    return [*compare, "%runs"]


def _foot(frame: CardFrame) -> Markup:
    return tag(
        "div",
        tag("span", standing_text(frame.standing)),
        " ",
        tag("span", [join([tag("code", action), " "]) for action in actions(frame)], class_="jt-end"),
        class_="jt-foot",
    )


def _key(key: str, limits: _Limits) -> Markup:
    shown = shorten(key, limits.name_width)
    title = shorten(key, 3 * limits.name_width) if len(key) > 20 and not limits.is_bare else None
    return tag("th", shown, scope="row", title=title)
