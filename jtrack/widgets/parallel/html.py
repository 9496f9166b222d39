"""Parallel coordinates without script, as HTML around a still image, and as text."""

from __future__ import annotations

from jtrack.direction import Direction
from jtrack.widgets.format import MISSING, and_more, format_number, plural, shorten
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.parallel.axes import Axis, AxisKind
from jtrack.widgets.parallel.frame import ParallelFrame
from jtrack.widgets.parallel.image import drawn_rows, head_note, parallel_image
from jtrack.widgets.parallel.scale import value_text
from jtrack.widgets.pieces import scroll_area
from jtrack.widgets.style import stylesheet
from jtrack.widgets.text_table import align_cells

_TITLE_WIDTH = 80
_KEY_WIDTH = 30
_VALUES_WIDTH = 40
_NAMES_WIDTH = 160
_NAME_WIDTH = 40
_MOST_ROWS = 40


def parallel_html(frame: ParallelFrame) -> Markup:
    """Render the panel as it first shows, less the interaction."""
    if is_empty(frame):
        body = tag("div", empty_text(frame), class_="jt-empty")
    else:
        body = join([scroll_area("lines of the runs", parallel_image(frame), class_="jt-lines"), _axes(frame)])
    name = tag("b", shorten(frame.title, _TITLE_WIDTH), class_="jt-name")
    about = tag("span", about_text(frame)) if about_text(frame) else None
    head = tag("div", name, " ", tag("span", plural(frame.n_runs, frame.noun)), " ", about, class_="jt-head")
    panel = tag(
        "div", head, body, _foot(frame), class_="jtrack", role="group", aria_label="parallel coordinates of runs"
    )
    return join([stylesheet("lines"), panel])


def parallel_text(frame: ParallelFrame) -> str:
    """Render the axes as lines of text, with the best run's values."""
    head = "  ".join(part for part in (frame.title, plural(frame.n_runs, frame.noun), about_text(frame)) if part)
    if is_empty(frame):
        return f"{head}\n  {empty_text(frame)}"
    rows = [_axis_heads(frame), *(_axis_row(frame, axis) for axis in _shown(frame))]
    return "\n".join([head, *(f"  {line}" for line in align_cells(rows, [False, False, False, True]))])


def is_empty(frame: ParallelFrame) -> bool:
    """Whether there is nothing to draw."""
    return frame.n_runs == 0 or not frame.axes


def empty_text(frame: ParallelFrame) -> str:
    """What is said in the place of lines."""
    return frame.empty_hint if frame.n_runs == 0 else f"{plural(frame.n_runs, frame.noun)} without params or metrics."


def about_text(frame: ParallelFrame) -> str:
    """``tpe · minimize val_rmse``."""
    goal = next((axis.key for axis in frame.axes if axis.id == frame.objective), "")
    verb = {Direction.LOWER: "minimize ", Direction.HIGHER: "maximize ", None: ""}[frame.direction if goal else None]
    return " · ".join(shorten(part, _TITLE_WIDTH) for part in (frame.algorithm or "", verb + goal) if part)


def _axes(frame: ParallelFrame) -> Markup:
    """The axes in words, for whoever does not see the image; its line names them, the table below it says more."""
    axes = _shown(frame)
    heads = [tag("th", text, scope="col", class_="jt-muted") for text in _axis_heads(frame)]
    rows = [
        tag("tr", tag("th", name, scope="row"), [tag("td", text) for text in rest])
        for name, *rest in (_axis_row(frame, axis) for axis in axes[:_MOST_ROWS])
    ]
    names = shorten(", ".join(shorten(axis.key, _NAME_WIDTH) for axis in axes), _NAMES_WIDTH)
    said = tag(
        "summary", f"{len(axes)} {'axis' if len(axes) == 1 else 'axes'}: ", tag("span", names, class_="jt-muted")
    )
    table = scroll_area("axes", tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows)))
    return tag("details", said, table, class_="jt-axes-said")


def _shown(frame: ParallelFrame) -> list[Axis]:
    return [axis for axis in frame.axes if axis.is_shown]


def _axis_heads(frame: ParallelFrame) -> list[str]:
    best = f"best {shorten(frame.best.run_name, _KEY_WIDTH)}" if frame.best else ""
    return ["axis", "", "values", best]


def _axis_row(frame: ParallelFrame, axis: Axis) -> list[str]:
    note = head_note(axis, axis.id == frame.objective)
    return [shorten(axis.key, _KEY_WIDTH), note, _values_text(axis), _best_text(frame, axis)]


def _foot(frame: ParallelFrame) -> Markup | None:
    parts = []
    if frame.best:
        name, value = shorten(frame.best.run_name, 60), format_number(frame.best.value)
        parts.append(tag("span", "best ", tag("span", name), " ", tag("b", value, class_="jt-best")))
    if not is_empty(frame) and len(drawn_rows(frame)) < frame.n_runs:
        parts.append(tag("span", f"{len(drawn_rows(frame)):,} of {frame.n_runs:,} lines drawn"))
    return tag("div", [join([part, " "]) for part in parts], class_="jt-foot") if parts else None


def _values_text(axis: Axis) -> str:
    missing = f", {axis.n_missing:,} missing" if axis.n_missing else ""
    if axis.kind is AxisKind.CATEGORICAL:
        return shorten(and_more(axis.categories, 4), _VALUES_WIDTH) + missing
    if axis.low is None or axis.high is None:
        return MISSING
    ends = [format_number(axis.low), format_number(axis.high)]
    log = " (log)" if axis.kind is AxisKind.LOG else ""
    return (" to ".join(dict.fromkeys(ends))) + log + missing


def _best_text(frame: ParallelFrame, axis: Axis) -> str:
    if frame.best is None:
        return ""
    row = frame.lines.positions.index(frame.best.position)
    return shorten(value_text(axis, frame.values(axis.id)[row]), _VALUES_WIDTH)
