"""Marks and names along the two axes of a still image, and where values lie between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from jtrack.widgets.format import column_decimals, shorten
from jtrack.widgets.html import escape
from jtrack.widgets.parallel.axes import Axis, AxisKind
from jtrack.widgets.parallel.scale import places, ticks

Box = tuple[int, int, int, int]
"""Left, top, right and bottom of what is drawn between the axes."""

WIDEST_CATEGORIES = 30
DOT = "stroke-linecap:round"


def marks_across(axis: Axis, left: float, right: float, y: float) -> str:
    """Draw the labels below an axis that runs across."""
    parts = []
    marks = ticks(axis)
    room = max(int((right - left) / max(len(marks), 1) / 6), 3)
    for place, label in marks:
        x = left + place * (right - left)
        # The outermost labels end where the axis does.
        anchor = "start" if place < 0.02 else "end" if place > 0.98 else "middle"
        text = escape(shorten(label, room) if axis.kind is AxisKind.CATEGORICAL else label)
        parts.append(f'<text class="t" x="{x:.0f}" y="{y}" text-anchor="{anchor}">{text}</text>')
    return "".join(parts)


def marks_up(axis: Axis, box: Box) -> str:
    """Draw the labels beside an axis that runs up."""
    left, top, _, bottom = box
    parts = []
    for place, label in ticks(axis):
        y = bottom - place * (bottom - top) + (0 if place < 0.02 else 8 if place > 0.98 else 3.5)
        parts.append(f'<text class="t" x="{left - 6}" y="{y:.0f}" text-anchor="end">{escape(shorten(label, 8))}</text>')
    return "".join(parts)


def axis_names(x_axis: Axis, y_axis: Axis, box: Box) -> str:
    """Draw the names of both axes beside their labels."""
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    places_of = ((f"{x:.0f} {bottom + 34}", x_axis), (f"12 {y:.0f})rotate(-90", y_axis))
    return "".join(
        f'<text class="n" transform="translate({place})" text-anchor="middle">{escape(shorten(axis.key, 40))}</text>'
        for place, axis in places_of
    )


def across(axis: Axis, values: Sequence[float], start: float, end: float) -> list[float]:
    """Give the places of values between ``start`` and ``end`` of an axis."""
    found: list[float] = (start + places(axis, np.array(values, dtype=np.float64)) * (end - start)).tolist()
    return found


def beside(places_of: Sequence[float], room: float) -> list[float]:
    """Set dots of one category beside each other, by the golden ratio: as even as chance, and the same each time."""
    width = min(room * 0.6, 4 * WIDEST_CATEGORIES)
    return [place + ((i * 0.618033988749895) % 1 - 0.5) * width for i, place in enumerate(places_of)]


def diamond(x: float, y: float) -> str:
    """Draw the mark of the best one."""
    return f'<path class="b e" style="stroke-width:1.5" d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6-6z"/>'


def tick_decimals(values: Sequence[float]) -> int | None:
    """Decimals that tell the labels of an axis apart."""
    span = max(values) - min(values)
    if not math.isfinite(span) or span <= 0 or max(map(abs, values)) >= 1e6 or span < 1e-5:
        return column_decimals(values)
    return max(1 - math.floor(math.log10(span)), 0)
