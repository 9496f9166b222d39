"""Slices and the contour of a landscape as still images, which any page shows without script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jtrack.direction import Direction
from jtrack.widgets.chart import nice_ticks
from jtrack.widgets.format import column_decimals, format_number, shorten
from jtrack.widgets.html import Markup, escape
from jtrack.widgets.images import N_SHADES, line_path, shades_css, svg_image
from jtrack.widgets.landscape.frame import Contour, Landscape, Slice
from jtrack.widgets.landscape.surface import level_path
from jtrack.widgets.parallel.axes import Axis, AxisKind
from jtrack.widgets.parallel.scale import places, ticks

Range = tuple[float, float]

_SLICE_SIZE = (260, 150)
_SLICE_BOX = (46, 8, 252, 126)
_CONTOUR_SIZE = (470, 310)
_CONTOUR_BOX = (66, 10, 376, 262)
_TOO_FAR = 2.5
_WIDEST_CATEGORIES = 30
_FONT = "text{font:10px system-ui,-apple-system,sans-serif}text.n{font-size:11px}"
_DOT = "stroke-linecap:round"
_CLASSES = {
    "t": ("fill", "muted"),
    "n": ("fill", "text"),
    "g": ("stroke", "line"),
    "d": ("stroke", "muted"),
    "a": ("stroke", "accent"),
    "b": ("fill", "best-line"),
    "e": ("stroke", "ground"),
}


def value_range(land: Landscape, values: Sequence[float]) -> Range:
    """The objective's range that all slices share; trials that went far astray stand at its edge."""
    best = float(min(values) if land.direction is Direction.LOWER else max(values))
    away = np.abs(np.asarray(values, dtype=np.float64) - best)
    far = min(float(away.max()), _TOO_FAR * float(np.quantile(away, 0.9))) or float(away.max()) or 1.0
    return (best, best + far) if land.direction is Direction.LOWER else (best - far, best)


def slice_image(land: Landscape, cut: Slice, of_values: Range) -> Markup:
    """Draw one param across and the objective up: trials as dots, the model as a line, the best trial as a diamond."""
    left, top, right, bottom = _SLICE_BOX
    margin = 0.06 * (of_values[1] - of_values[0])
    low, high = of_values[0] - margin, of_values[1] + margin

    def up(value: float) -> float:
        return bottom - (min(max(value, of_values[0]), of_values[1]) - low) / (high - low) * (bottom - top)

    shapes = [_grid(_SLICE_BOX, nice_ticks(low, high, 3), (low, high))]
    shapes.append(_marks_across(cut.axis, left, right, bottom + 14))
    xs = _across(cut.axis, cut.tried.x, left, right)
    if cut.axis.kind is AxisKind.CATEGORICAL:
        xs = _beside(xs, (right - left) / len(cut.axis.categories))
    dots = "".join(f"M{x:.0f} {up(y):.0f}h0" for x, y in zip(xs, cut.tried.y, strict=True))
    shapes.append(f'<path class="d" style="{_DOT}" stroke-width="4.5" stroke-opacity=".5" d="{dots}"/>')
    shapes.append(_model_line(cut, [up(value) for value in cut.predicted]))
    (x,) = _across(cut.axis, [cut.best[0]], left, right)
    shapes.append(_diamond(x, up(cut.best[1])))
    n_far = sum(not of_values[0] <= y <= of_values[1] for y in cut.tried.y)
    label = f"{land.metric} over {cut.axis.key}, {len(cut.tried.x)} trials" + (
        f", {n_far} off the scale" if n_far else ""
    )
    return svg_image(_SLICE_SIZE, "".join(shapes), shorten(label, 200), _CLASSES, _FONT)


def contour_image(land: Landscape, contour: Contour) -> Markup:
    """Draw two params and by shades what the model says of the objective; the dots are trials, the diamond the best."""
    left, top, right, bottom = _CONTOUR_BOX
    sign = -1.0 if land.direction is Direction.LOWER else 1.0
    heights = sign * np.array(contour.predicted)
    low, high = float(heights.min()), float(heights.max())
    xs, heights = _spread(contour.x_axis, contour.x, heights, 1)
    ys, heights = _spread(contour.y_axis, contour.y, heights, 0)
    columns, rows = left + xs * (right - left), bottom - ys * (bottom - top)
    shapes = [f'<rect class="f0" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>']
    for shade in range(1, N_SHADES) if high > low else ():
        path = level_path(columns.tolist(), rows.tolist(), heights.tolist(), low + shade / N_SHADES * (high - low))
        shapes.append(f'<path class="f{shade} s{shade}" stroke-width="1.2" d="{path}"/>')
    shapes += [_tried(contour, columns), _marks_across(contour.x_axis, left, right, bottom + 15)]
    shapes += [_marks_up(contour.y_axis), _scale_bar(sign * low, sign * high)]
    x, y = (left + right) / 2, (top + bottom) / 2
    for place, axis in ((f"{x:.0f} {bottom + 34}", contour.x_axis), (f"12 {y:.0f})rotate(-90", contour.y_axis)):
        name = escape(shorten(axis.key, 40))
        shapes.append(f'<text class="n" transform="translate({place})" text-anchor="middle">{name}</text>')
    label = f"{land.metric} over {contour.x_axis.key} and {contour.y_axis.key}, as the model has it"
    return svg_image(
        _CONTOUR_SIZE, "".join(shapes), shorten(label, 200), _CLASSES, _FONT + shades_css("s:stroke", "f:fill")
    )


def _grid(box: tuple[int, int, int, int], values: Sequence[float], of_values: Range) -> str:
    left, top, right, bottom = box
    decimals = _decimals(values)
    parts = []
    for value in values:
        y = bottom - (value - of_values[0]) / (of_values[1] - of_values[0]) * (bottom - top)
        parts.append(f'<path class="g" d="M{left} {y:.1f}H{right}"/>')
        text = format_number(value, decimals)
        parts.append(f'<text class="t" x="{left - 6}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>')
    return "".join(parts)


def _marks_across(axis: Axis, left: float, right: float, y: float) -> str:
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


def _marks_up(axis: Axis) -> str:
    left, top, _, bottom = _CONTOUR_BOX
    parts = []
    for place, label in ticks(axis):
        y = bottom - place * (bottom - top) + (0 if place < 0.02 else 8 if place > 0.98 else 3.5)
        parts.append(f'<text class="t" x="{left - 6}" y="{y:.0f}" text-anchor="end">{escape(shorten(label, 8))}</text>')
    return "".join(parts)


def _scale_bar(worst: float, best: float) -> str:
    _, top, right, bottom = _CONTOUR_BOX
    left, height = right + 16, (bottom - top) / N_SHADES
    decimals = _decimals([worst, best])
    parts = []
    for shade in range(N_SHADES):
        y = bottom - (shade + 1) * height
        parts.append(f'<rect class="f{shade}" x="{left}" y="{y:.1f}" width="12" height="{height + 0.5:.1f}"/>')
    for y, value, word in ((top + 8, best, "better"), (bottom, worst, "worse")):
        parts.append(f'<text class="t" x="{left + 18}" y="{y}">{format_number(value, decimals)}</text>')
        parts.append(f'<text class="t" x="{left + 18}" y="{y + (12 if word == "better" else -12)}">{word}</text>')
    return "".join(parts)


def _tried(contour: Contour, columns: Any) -> str:
    left, top, right, bottom = _CONTOUR_BOX
    xs = _across(contour.x_axis, contour.tried.x, left, right)
    ys = _across(contour.y_axis, contour.tried.y, bottom, top)
    if contour.x_axis.kind is AxisKind.CATEGORICAL:
        xs = _beside(xs, (right - left) / len(contour.x_axis.categories))
    if contour.y_axis.kind is AxisKind.CATEGORICAL:
        ys = _beside(ys, (bottom - top) / len(contour.y_axis.categories))
    dots = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in zip(xs, ys, strict=True))
    (x,) = _across(contour.x_axis, [contour.best[0]], left, right)
    (y,) = _across(contour.y_axis, [contour.best[1]], bottom, top)
    outline = f'<path style="{_DOT};stroke:#1d2126" stroke-width="4.6" d="{dots}"/>'
    return f'{outline}<path style="{_DOT};stroke:#fff" stroke-width="3" d="{dots}"/>{_diamond(x, y)}'


def _model_line(cut: Slice, heights: Sequence[float]) -> str:
    left, _, right, _ = _SLICE_BOX
    xs = _across(cut.axis, cut.x, left, right)
    if cut.axis.kind is not AxisKind.CATEGORICAL:
        path = line_path([(round(x, 1), round(y, 1)) for x, y in zip(xs, heights, strict=True)])
    else:
        half = 0.36 * min((right - left) / len(xs), 4 * _WIDEST_CATEGORIES)
        path = "".join(f"M{x - half:.0f} {y:.1f}h{2 * half:.0f}" for x, y in zip(xs, heights, strict=True))
    return f'<path class="a" stroke-width="2" d="{path}"/>'


def _diamond(x: float, y: float) -> str:
    return f'<path class="b e" style="stroke-width:1.5" d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6-6z"/>'


def _across(axis: Axis, values: Sequence[float], start: float, end: float) -> list[float]:
    found: list[float] = (start + places(axis, np.array(values, dtype=np.float64)) * (end - start)).tolist()
    return found


def _beside(places_of: Sequence[float], room: float) -> list[float]:
    """Set dots of one category beside each other, by the golden ratio: as even as chance, and the same each time."""
    width = min(room * 0.6, 4 * _WIDEST_CATEGORIES)
    return [place + ((i * 0.618033988749895) % 1 - 0.5) * width for i, place in enumerate(places_of)]


def _spread(axis: Axis, values: Sequence[float], heights: Any, along: int) -> tuple[Any, Any]:
    """Give places from 0 to 1; a category becomes a band, by its two edges."""
    if axis.kind is not AxisKind.CATEGORICAL:
        return places(axis, np.array(values)), heights
    n = len(axis.categories)
    edges = np.array([edge for code in range(n) for edge in (code / n, (code + 1) / n)])
    return edges, np.repeat(heights, 2, axis=along)


def _decimals(values: Sequence[float]) -> int | None:
    span = max(values) - min(values)
    if not math.isfinite(span) or span <= 0 or max(map(abs, values)) >= 1e6 or span < 1e-5:
        return column_decimals(values)
    return max(1 - math.floor(math.log10(span)), 0)
