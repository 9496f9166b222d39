"""Curves of several runs as a still image, for where no script draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jtrack.widgets.curves import Points
from jtrack.widgets.format import format_ticks
from jtrack.widgets.html import Markup, escape
from jtrack.widgets.images import fraction, short_path, svg_image

N_COLOURS = 7
_FINE = 10
DASHES = ("", f"{6 * _FINE} {3 * _FINE}", f"{2 * _FINE} {3 * _FINE}")
SIZE = (440, 190)
_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 8, 424, 168
_MOST_NAMED = 16
_LABEL_WIDTH = 16
_FONT = "text{font:10px system-ui,-apple-system,sans-serif}"


def nice_ticks(low: float, high: float, n: int = 4) -> list[float]:
    """Round values that lie within ``low`` and ``high``, at most about ``n`` + 1 of them."""
    rough = (high / 2 - low / 2) / (n + 1) * 2
    if not math.isfinite(rough) or rough <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999) * power
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def curves_image(series: Sequence[Points | None], letters: Sequence[str], label: str) -> Markup | None:
    """Draw one metric of several runs, each line in its colour and ending in its letter."""
    drawn = [points for points in series if points is not None]
    if not drawn:
        return None
    x_range = (min(p.step[0] for p in drawn), max(p.step[-1] for p in drawn))
    y_range = (min(min(p.value) for p in drawn), max(max(p.value) for p in drawn))
    is_named = len(drawn) <= _MOST_NAMED
    lines = [_line(p, x_range, y_range, i) for i, p in enumerate(series) if p is not None]
    # Of many lines one sees what they are together.
    looks = f'stroke-width="{1.25 * _FINE}"' if is_named else f'stroke-width="{_FINE}" stroke-opacity=".6"'
    shapes = [_axes(x_range, y_range), f'<g transform="scale({1 / _FINE})" {looks}>{"".join(lines)}</g>']
    if is_named:
        shapes += _end_labels(series, letters, x_range, y_range)
    classes = {"g": ("stroke", "line"), "t": ("fill", "muted")}
    for index in range(min(len(series), N_COLOURS)):
        classes |= {f"s{index}": ("stroke", f"cat-{index}"), f"f{index}": ("fill", f"cat-{index}")}
    return svg_image(SIZE, "".join(shapes), label, classes, _FONT)


def _axes(x_range: tuple[float, float], y_range: tuple[float, float]) -> str:
    parts = []
    heights = nice_ticks(*y_range)
    for value, label in zip(heights, format_ticks(heights), strict=True):
        y = _scale(value, y_range, _BOTTOM, _TOP)
        parts.append(f'<path class="g" d="M{_LEFT} {y:g}H{_RIGHT}"/>')
        parts.append(f'<text class="t" x="{_LEFT - 6}" y="{y + 3.5:g}" text-anchor="end">{label}</text>')
    # Steps are counted: there is nothing between one and the next.
    across = [value for value in map(float, nice_ticks(*x_range)) if value.is_integer()]
    for value, label in zip(across, format_ticks(across), strict=True):
        x = _scale(value, x_range, _LEFT, _RIGHT)
        parts.append(f'<text class="t" x="{x:g}" y="{_BOTTOM + 16}" text-anchor="middle">{label}</text>')
    return "".join(parts)


def _line(points: Points, x_range: tuple[float, float], y_range: tuple[float, float], index: int) -> str:
    xs = [_scale(step, x_range, _LEFT, _RIGHT) for step in points.step]
    ys = [_scale(value, y_range, _BOTTOM, _TOP) for value in points.value]
    colour, dash = index % N_COLOURS, DASHES[index // N_COLOURS % len(DASHES)]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path class="s{colour}"{dashes} d="{short_path(list(zip(xs, ys, strict=True)), _FINE)}"/>'


def _end_labels(
    series: Sequence[Points | None], letters: Sequence[str], x_range: tuple[float, float], y_range: tuple[float, float]
) -> list[str]:
    drawn = {i: points for i, points in enumerate(series) if points is not None}
    xs = [_scale(p.step[-1], x_range, _LEFT, _RIGHT) for p in drawn.values()]
    ys = [_scale(p.value[-1], y_range, _BOTTOM, _TOP) for p in drawn.values()]
    labels = []
    for i, x, y in zip(drawn, xs, spread_ends(xs, ys, _TOP, _BOTTOM), strict=True):
        place = f'x="{x + 4:g}" y="{y + 3.5:g}" font-weight="600"'
        labels.append(f'<text class="f{i % N_COLOURS}" {place}>{escape(letters[i])}</text>')
    return labels


def spread_ends(xs: Sequence[float], heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Move labels apart as `spread_labels` does, but not for those of lines that end elsewhere."""
    groups: list[list[int]] = []
    for index in sorted(range(len(xs)), key=lambda index: xs[index]):
        if groups and xs[index] - xs[groups[-1][-1]] < _LABEL_WIDTH:
            groups[-1].append(index)
        else:
            groups.append([index])
    placed: dict[int, float] = {}
    for group in groups:
        placed |= zip(group, spread_labels([heights[index] for index in group], top, bottom), strict=True)
    return [placed[index] for index in range(len(xs))]


def spread_labels(heights: Sequence[float], top: float, bottom: float, room: float = 10) -> list[float]:
    """Move labels apart that would cover each other, in their order and within ``top`` and ``bottom``."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    room = min(room, (bottom - top) / max(len(heights) - 1, 1))
    placed = list(heights)
    above = top - room
    for index in order:
        placed[index] = above = max(heights[index], above + room)
    below = bottom + room
    for index in reversed(order):
        placed[index] = below = min(placed[index], below - room)
    return [round(height, 1) for height in placed]


def _scale(value: float, source: tuple[float, float], start: float, end: float) -> float:
    return round(start + fraction(value, *source) * (end - start), 1)
