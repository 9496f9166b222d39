"""Pieces that several panels' fallbacks share: a run's state, a difference with its arrow, a source difference.

Each reads as plain text too: where a page drops styles and classes, words, signs and shapes are still there.
"""

from __future__ import annotations

from datetime import datetime

from jtrack.direction import Direction, is_better
from jtrack.entities import RunStatus
from jtrack.widgets.difference import Line, SourceDifference, unified
from jtrack.widgets.format import exact_moment, format_difference, format_moment
from jtrack.widgets.frames import STATE_SHAPES, STATE_WORDS
from jtrack.widgets.html import Markup, join, tag

_STATE_CLASS = {RunStatus.FINISHED: "jt-ok", RunStatus.FAILED: "jt-bad", RunStatus.KILLED: "jt-bad"}


def state_mark(status: RunStatus) -> Markup:
    """The state as a shape; its word stands beside it, or is its name where all went well."""
    word, shape = STATE_WORDS[status], STATE_SHAPES[status]
    kind = _STATE_CLASS.get(status, "jt-live")
    if status is RunStatus.FINISHED:
        return tag("span", shape, class_=f"jt-state {kind}", title=word, role="img", aria_label=word)
    return join(
        [tag("span", shape, class_=f"jt-state {kind}", aria_hidden="true"), " ", tag("span", word, class_=kind)]
    )


def difference_text(value: float, previous: float | None) -> str:
    """``▲ 0.0121``, ``▼ 0.039``, ``=``; empty without a value to compare with."""
    if previous is None:
        return ""
    if value == previous or (value != value and previous != previous):
        return "="
    if value != value or previous != previous:
        return ""
    return f"{'▲' if value > previous else '▼'} {format_difference(value, previous)}".rstrip()


def difference_mark(value: float, previous: float | None, direction: Direction | None) -> Markup:
    """`difference_text` in the colour of better or worse, with the word for those who don't see it."""
    text = difference_text(value, previous)
    if not text or previous is None:
        return Markup("")
    if text == "=":
        return tag("span", "=", class_="jt-muted", title="same as before")
    verdict = {True: "better", False: "worse", None: None}[is_better(value, previous, direction)]
    title = f"before: {previous!r}" + (f", {verdict} now" if verdict else "")
    return tag("span", text, class_=f"jt-{verdict or 'muted'}", title=title)


def scroll_area(name: str, *children: object, class_: str = "") -> Markup:
    """An area that scrolls by itself: reached by keyboard too, and with a name that is read out."""
    return tag("div", *children, class_=f"jt-scroll {class_}".rstrip(), tabindex="0", role="group", aria_label=name)


def source_block(difference: SourceDifference, line_width: int = 400, *, scrolls: bool = True) -> Markup:
    """A unified difference with the changed words marked; longer lines are cut."""
    lines = [_source_line(sign, line, n, line_width) for sign, line, n in unified(difference.rows)]
    if difference.n_hidden:
        lines.append(tag("span", f"… {difference.n_hidden:,} more lines"))
    reached = {"tabindex": "0", "role": "group", "aria_label": "source difference"} if scrolls else {}
    return tag("pre", lines, class_="jt-diff", **reached)


def _source_line(sign: str, line: Line | None, n_skipped: int, width: int) -> Markup:
    if line is None:
        return tag("span", f"… {n_skipped:,} equal")
    spans: list[Markup | str] = []
    for text, changed in line.spans:
        piece = text[: max(width, 0)]
        width -= len(text)
        spans.append(tag("b", piece) if changed and piece else piece)
    if width < 0:
        spans.append("…")
    element = {"-": "del", "+": "ins"}.get(sign, "span")
    # The newline is for pages without styles, where del and ins don't start a line by themselves.
    return tag(element, f"{sign} ", spans, "\n")


def moment_mark(moment: datetime | None, now: datetime) -> Markup:
    """A time that stays true in a saved page, with the exact one on hover."""
    return tag("time", format_moment(moment, now), title=exact_moment(moment), datetime=moment and moment.isoformat())
