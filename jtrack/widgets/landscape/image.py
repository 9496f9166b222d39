"""Slices and the contour of a landscape as still images, which any page shows without script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jtrack.direction import Direction
from jtrack.widgets.axis_marks import (
    DOT,
    WIDEST_CATEGORIES,
    Box,
    across,
    axis_names,
    beside,
    diamond,
    marks_across,
    marks_up,
    tick_decimals,
)
from jtrack.widgets.chart import nice_ticks
from jtrack.widgets.format import format_number, shorten
from jtrack.widgets.html import Markup
from jtrack.widgets.images import N_SHADES, line_path, shades_css, svg_image
from jtrack.widgets.landscape.frame import Contour, Landscape, Slice
from jtrack.widgets.landscape.surface import level_path
from jtrack.widgets.parallel.axes import Axis, AxisKind
from jtrack.widgets.parallel.scale import places

Range = tuple[float, float]

_SLICE_SIZE = (260, 150)
_SLICE_BOX = (46, 8, 252, 126)
_CONTOUR_SIZE = (470, 310)
_CONTOUR_BOX = (66, 10, 376, 262)
_TOO_FAR = 2.5
FONT = "text{font:10px system-ui,-apple-system,sans-serif}text.n{font-size:11px}"
CLASSES = {
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
    shapes.append(marks_across(cut.axis, left, right, bottom + 14))
    xs = across(cut.axis, cut.tried.x, left, right)
    if cut.axis.kind is AxisKind.CATEGORICAL:
        xs = beside(xs, (right - left) / len(cut.axis.categories))
    dots = "".join(f"M{x:.0f} {up(y):.0f}h0" for x, y in zip(xs, cut.tried.y, strict=True))
    shapes.append(f'<path class="d" style="{DOT}" stroke-width="4.5" stroke-opacity=".5" d="{dots}"/>')
    shapes.append(_model_line(cut, [up(value) for value in cut.predicted]))
    (x,) = across(cut.axis, [cut.best[0]], left, right)
    shapes.append(diamond(x, up(cut.best[1])))
    n_far = sum(not of_values[0] <= y <= of_values[1] for y in cut.tried.y)
    label = f"{land.metric} over {cut.axis.key}, {len(cut.tried.x)} trials" + (
        f", {n_far} off the scale" if n_far else ""
    )
    return svg_image(_SLICE_SIZE, "".join(shapes), shorten(label, 200), CLASSES, FONT)


def contour_image(contour: Contour, metric: str, direction: Direction | None) -> Markup:
    """Draw two params and by shades what is expected of a metric; the dots are what was tried, the diamond the best."""
    left, top, right, bottom = _CONTOUR_BOX
    sign = -1.0 if direction is Direction.LOWER else 1.0
    low, high, paths = contour_paths(contour, sign, _CONTOUR_BOX)
    shapes = [f'<rect class="f0" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>']
    for shade, path in enumerate(paths, start=1):
        shapes.append(f'<path class="f{shade} s{shade}" stroke-width="1.2" d="{path}"/>')
    shapes += [_tried(contour), marks_across(contour.x_axis, left, right, bottom + 15)]
    shapes += [marks_up(contour.y_axis, _CONTOUR_BOX), scale_bar(_CONTOUR_BOX, low, high, direction)]
    shapes.append(axis_names(contour.x_axis, contour.y_axis, _CONTOUR_BOX))
    label = f"{metric} over {contour.x_axis.key} and {contour.y_axis.key}, as expected from {len(contour.tried.x)} runs"
    return svg_image(
        _CONTOUR_SIZE, "".join(shapes), shorten(label, 200), CLASSES, FONT + shades_css("s:stroke", "f:fill")
    )


def contour_paths(contour: Contour, sign: float, box: Box) -> tuple[float, float, list[str]]:
    """Give the worst and the best of the surface, and where it is above each level between them, in ``box``.

    Parameters
    ----------
    sign
        -1 where lower is better.
    """
    left, top, right, bottom = box
    heights = sign * np.array(contour.predicted)
    low, high = float(heights.min()), float(heights.max())
    xs, heights = _spread(contour.x_axis, contour.x, heights, 1)
    ys, heights = _spread(contour.y_axis, contour.y, heights, 0)
    columns, rows = (left + xs * (right - left)).tolist(), (bottom - ys * (bottom - top)).tolist()
    levels = [low + shade / N_SHADES * (high - low) for shade in range(1, N_SHADES)] if high > low else []
    return sign * low, sign * high, [level_path(columns, rows, heights.tolist(), level) for level in levels]


def _grid(box: Box, values: Sequence[float], of_values: Range) -> str:
    left, top, right, bottom = box
    decimals = tick_decimals(values)
    parts = []
    for value in values:
        y = bottom - (value - of_values[0]) / (of_values[1] - of_values[0]) * (bottom - top)
        parts.append(f'<path class="g" d="M{left} {y:.1f}H{right}"/>')
        text = format_number(value, decimals)
        parts.append(f'<text class="t" x="{left - 6}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>')
    return "".join(parts)


def scale_bar(box: Box, worst: float, best: float, direction: Direction | None) -> str:
    """Draw the shades beside ``box`` with what their ends stand for."""
    _, top, right, bottom = box
    left, height = right + 16, (bottom - top) / N_SHADES
    decimals = tick_decimals([worst, best])
    parts = []
    for shade in range(N_SHADES):
        y = bottom - (shade + 1) * height
        parts.append(f'<rect class="f{shade}" x="{left}" y="{y:.1f}" width="12" height="{height + 0.5:.1f}"/>')
    for y, value, word in ((top + 8, best, "better"), (bottom, worst, "worse")):
        parts.append(f'<text class="t" x="{left + 18}" y="{y}">{format_number(value, decimals)}</text>')
        if direction is not None:
            parts.append(f'<text class="t" x="{left + 18}" y="{y + (12 if word == "better" else -12)}">{word}</text>')
    return "".join(parts)


def _tried(contour: Contour) -> str:
    left, top, right, bottom = _CONTOUR_BOX
    xs = across(contour.x_axis, contour.tried.x, left, right)
    ys = across(contour.y_axis, contour.tried.y, bottom, top)
    if contour.x_axis.kind is AxisKind.CATEGORICAL:
        xs = beside(xs, (right - left) / len(contour.x_axis.categories))
    if contour.y_axis.kind is AxisKind.CATEGORICAL:
        ys = beside(ys, (bottom - top) / len(contour.y_axis.categories))
    dots = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in zip(xs, ys, strict=True))
    best = ""
    if contour.best is not None:
        (x,) = across(contour.x_axis, [contour.best[0]], left, right)
        (y,) = across(contour.y_axis, [contour.best[1]], bottom, top)
        best = diamond(x, y)
    outline = f'<path style="{DOT};stroke:#1d2126" stroke-width="4.6" d="{dots}"/>'
    return f'{outline}<path style="{DOT};stroke:#fff" stroke-width="3" d="{dots}"/>{best}'


def _model_line(cut: Slice, heights: Sequence[float]) -> str:
    left, _, right, _ = _SLICE_BOX
    xs = across(cut.axis, cut.x, left, right)
    if cut.axis.kind is not AxisKind.CATEGORICAL:
        path = line_path([(round(x, 1), round(y, 1)) for x, y in zip(xs, heights, strict=True)])
    else:
        half = 0.36 * min((right - left) / len(xs), 4 * WIDEST_CATEGORIES)
        path = "".join(f"M{x - half:.0f} {y:.1f}h{2 * half:.0f}" for x, y in zip(xs, heights, strict=True))
    return f'<path class="a" stroke-width="2" d="{path}"/>'


def _spread(axis: Axis, values: Sequence[float], heights: Any, along: int) -> tuple[Any, Any]:
    """Give places from 0 to 1; a category becomes a band, by its two edges."""
    if axis.kind is not AxisKind.CATEGORICAL:
        return places(axis, np.array(values)), heights
    n = len(axis.categories)
    edges = np.array([edge for code in range(n) for edge in (code / n, (code + 1) / n)])
    return edges, np.repeat(heights, 2, axis=along)
