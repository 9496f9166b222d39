"""The live panel without script, for a page that is read later: never more than 20 KB.

In a saved notebook this is how the run stood when it ended, or when the notebook was saved meanwhile.
"""

from __future__ import annotations

from jtrack.widgets import pieces
from jtrack.widgets.format import exact_moment, format_duration, format_number, shorten
from jtrack.widgets.frames import short_id
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.images import fit_points, line_path, svg_image
from jtrack.widgets.live.frame import MOST_CURVES, LiveFrame, LiveMetric
from jtrack.widgets.live.text import EMPTY, best_text, progress_text, system_texts
from jtrack.widgets.style import stylesheet

MAX_BYTES = 20_000
CHART_SIZE = (236, 72)
_CHART_POINTS = 100
_NAME_WIDTH = 60
_STEPS = ((MOST_CURVES, _CHART_POINTS, 20), (MOST_CURVES, 40, 6), (3, 24, 3), (0, 0, 0))


def live_html(frame: LiveFrame) -> Markup:
    """Render the frame in at most `MAX_BYTES` bytes of UTF-8."""
    for n_curves, n_points, n_notes in _STEPS:
        html = _panel(frame, n_curves, n_points, n_notes)
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def _panel(frame: LiveFrame, n_curves: int, n_points: int, n_notes: int) -> Markup:
    parts: list[Markup | None]
    if frame.run_id is None:
        parts = [tag("div", tag("b", "live", class_="jt-name"), class_="jt-head"), tag("div", EMPTY, class_="jt-quiet")]
    else:
        parts = [_head(frame), *_body(frame, n_curves, n_points), _notes(frame, n_notes)]
    label = "live" if frame.run_id is None else f"run {shorten(frame.run_name, _NAME_WIDTH)}"
    return join([stylesheet("live"), tag("div", parts, class_="jtrack jt-live-panel", role="group", aria_label=label)])


def _head(frame: LiveFrame) -> Markup:
    step = None if frame.step is None else tag("span", f"step {frame.step:,}")
    name = tag("b", shorten(frame.run_name, _NAME_WIDTH), class_="jt-name")
    return tag(
        "div",
        tag("span", pieces.state_mark(frame.status), " ", name),
        " ",
        tag("span", "run ", tag("code", short_id(frame.run_id or "")), title=frame.run_id),
        " ",
        tag("span", shorten(frame.experiment_name, _NAME_WIDTH)),
        " ",
        tag("span", step, " ", tag("span", format_duration(frame.elapsed_s)), class_="jt-end"),
        class_="jt-head",
    )


def _body(frame: LiveFrame, n_curves: int, n_points: int) -> list[Markup | None]:
    drawn = frame.metrics[:n_curves]
    rest = frame.n_metrics - len(drawn)
    more = tag("div", f"{rest:,} more metrics", class_="jt-strip jt-muted") if rest and drawn else None
    return [
        tag("div", tag("code", shorten(frame.error, 300)), class_="jt-strip jt-bad") if frame.error else None,
        tag("div", progress_text(frame.progress), class_="jt-strip") if frame.progress else None,
        tag("div", [_chart(metric, n_points) for metric in drawn], class_="jt-tiles") if drawn else _no_metrics(frame),
        more,
        tag("div", ", ".join(system_texts(frame.system)), class_="jt-strip jt-muted") if frame.system else None,
        _knobs(frame),
    ]


def _no_metrics(frame: LiveFrame) -> Markup | None:
    return None if frame.n_metrics else tag("div", "No metric was logged yet.", class_="jt-quiet")


def _chart(metric: LiveMetric, n_points: int) -> Markup:
    stride = max(-(-len(metric.value) // n_points), 1)
    step, value = list(metric.step[::stride]), list(metric.value[::stride])
    if step and step[-1] != metric.step[-1]:
        step, value = [*step, metric.step[-1]], [*value, metric.value[-1]]
    width, height = CHART_SIZE
    image = None
    if len(value) > 1:
        points = fit_points(step, value, (3, 4, width - 5, height - 4))
        x, y = points[-1]
        line = f'<path class="a" d="{line_path(points)}" stroke-width="1.5"/>'
        shapes = f'{line}<circle class="A" cx="{x:g}" cy="{y:g}" r="2.5"/>'
        classes = {"a": ("stroke", "accent"), "A": ("fill", "accent")}
        image = svg_image(CHART_SIZE, shapes, f"{metric.key} over {metric.n_points:,} points", classes)
    best = tag("div", best_text(metric), class_="jt-muted") if best_text(metric) else None
    head = (tag("b", shorten(metric.key, 40)), " ", tag("span", format_number(metric.last), class_="jt-num"))
    return tag("div", tag("div", *head, class_="jt-tile-head"), image, best, class_="jt-tile")


def _knobs(frame: LiveFrame) -> Markup | None:
    if not frame.knobs:
        return None
    texts = [
        join([tag("span", shorten(k.name, 30)), " ", tag("code", shorten(str(k.value), 30)), " "]) for k in frame.knobs
    ]
    return tag("div", tag("b", "knobs "), texts[:20], class_="jt-strip")


def _notes(frame: LiveFrame, n_notes: int) -> Markup | None:
    if not frame.notes or not n_notes:
        return None
    lines = [
        tag(
            "div",
            tag("span", f"{note.at:%H:%M:%S} ", class_="jt-muted", title=exact_moment(note.at)),
            shorten(note.text, 400),
        )
        for note in frame.notes[-n_notes:]
    ]
    return tag("div", lines, class_="jt-strip jt-notes", tabindex="0", role="group", aria_label="notes")
