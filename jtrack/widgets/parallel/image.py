"""Parallel coordinates as a still image of bounded size, for where no script draws them.

Of many lines some are drawn, spread evenly over all from the worst to the best; the best one is always there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jtrack.direction import Direction
from jtrack.widgets.format import format_number, shorten, tell_apart
from jtrack.widgets.html import Markup, escape
from jtrack.widgets.images import N_SHADES, shades_css, svg_image
from jtrack.widgets.parallel.axes import Axis, AxisKind, Measure
from jtrack.widgets.parallel.frame import ParallelFrame
from jtrack.widgets.parallel.scale import places, ticks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTH = 940
_LEFT, _RIGHT, _TOP, _HEIGHT = 58, 84, 48, 190
_MISSING_Y = _TOP + _HEIGHT + 18
_SIZE = (WIDTH, _MISSING_Y + 12)
_MOST_LINES = 260
_MOST_CORNERS, _FEWEST_CORNERS = 1700, 400
_SPREAD = 26
_CSS = (
    "text{font:11px system-ui,-apple-system,sans-serif;paint-order:stroke;stroke-width:3px;stroke-linejoin:round}"
    "text.h{font-weight:600;font-size:13px}.s{stroke-opacity:.5}"
)


def drawn_rows(frame: ParallelFrame) -> NDArray[np.int64]:
    """Which lines the image draws, from the worst to the best; those without a value of the objective come first."""
    import numpy as np

    n = len(frame.lines.positions)
    rows = np.arange(n)
    if frame.objective is not None:
        goal = frame.values(frame.objective).astype(np.float64)
        quality = -goal if frame.direction is Direction.LOWER else goal
        rows = np.argsort(np.where(np.isfinite(quality), quality, -np.inf), kind="stable")
    shown = [axis for axis in frame.axes if axis.is_shown]
    # A label takes as many bytes as eight corners of a line.
    n_corners = max(_MOST_CORNERS - 8 * sum(len(ticks(axis)) for axis in shown), _FEWEST_CORNERS)
    room = min(_MOST_LINES, n_corners // max(len(shown), 1))
    return rows if n <= room else rows[np.linspace(0, n - 1, room).round().astype(int)]


def parallel_image(frame: ParallelFrame) -> Markup:
    """Draw a frame that has at least one run and one axis."""
    axes = [axis for axis in frame.axes if axis.is_shown]
    xs = _columns_x(len(axes))
    rows = drawn_rows(frame)
    ys = [_heights(axis, frame.values(axis.id)[rows]) for axis in axes]
    shapes = [*_lines(frame, rows, xs, ys), *_best(frame, rows, xs, ys)]
    shapes += [_axis(axis, name, frame, x) for axis, name, x in zip(axes, _names(axes), xs, strict=True)]
    classes = {
        "r": ("stroke", "muted"),
        "t": ("fill", "muted"),
        "h": ("fill", "text"),
        "b": ("stroke", "best-line"),
        "g": ("stroke", "ground"),
    }
    label = f"parallel coordinates of {len(rows)} runs over {', '.join(axis.key for axis in axes)}"
    return svg_image(_SIZE, "".join(shapes), shorten(label, 300), classes, _CSS + shades_css("s:stroke"))


def head_note(axis: Axis, is_objective: bool) -> str:
    """What stands under an axis' name."""
    if is_objective:
        arrow = {Direction.LOWER: " ↓", Direction.HIGHER: " ↑", None: ""}[axis.direction]
        return f"objective{arrow}"
    if axis.correlation is None:
        return ""
    return f"{'η' if axis.measure is Measure.ETA else 'ρ'} {format_number(axis.correlation, 2)}"


def _columns_x(n_axes: int) -> list[float]:
    step = (WIDTH - _LEFT - _RIGHT) / max(n_axes - 1, 1)
    return [_LEFT + i * step for i in range(n_axes)] if n_axes > 1 else [WIDTH / 2]


def _heights(axis: Axis, values: NDArray[Any]) -> NDArray[np.float64]:
    """Heights of lines; values stand from the worst to the best, so that the better ones of a category are on top."""
    import numpy as np

    ys = _TOP + (1 - places(axis, values)) * _HEIGHT
    if axis.kind is AxisKind.CATEGORICAL:
        room = min(_HEIGHT / max(len(axis.categories), 1) * 0.6, _SPREAD)
        for code in range(len(axis.categories)):
            same = np.flatnonzero(values == code)
            if len(same) > 1:
                ys[same] += min(room, len(same) * 1.5) * np.linspace(0.5, -0.5, len(same))
    return np.where(np.isnan(ys), _MISSING_Y, ys)


def _lines(
    frame: ParallelFrame, rows: NDArray[np.int64], xs: Sequence[float], ys: Sequence[NDArray[np.float64]]
) -> list[str]:
    import numpy as np

    shades = np.full(len(rows), N_SHADES - 1)
    if frame.objective is not None:
        axis = next(axis for axis in frame.axes if axis.id == frame.objective)
        quality = places(axis, frame.values(axis.id)[rows])
        quality = 1 - quality if frame.direction is Direction.LOWER else quality
        shades = np.where(np.isnan(quality), -1, np.round(np.nan_to_num(quality) * (N_SHADES - 1))).astype(int)
    shapes = []
    for shade in range(-1, N_SHADES):
        path = "".join(_path(xs, [column[i] for column in ys]) for i in np.flatnonzero(shades == shade))
        if path:
            shapes.append(f'<path class="s {"r" if shade < 0 else f"s{shade}"}" d="{path}"/>')
    return shapes


def _path(xs: Sequence[float], ys: Sequence[float]) -> str:
    if len(xs) == 1:
        return f"M{xs[0] - 14:.0f} {ys[0]:.0f}h28"
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in zip(xs, ys, strict=True))


def _best(
    frame: ParallelFrame, rows: NDArray[np.int64], xs: Sequence[float], ys: Sequence[NDArray[np.float64]]
) -> list[str]:
    if frame.best is None:
        return []
    at = [row for row, line in enumerate(rows) if frame.lines.positions[line] == frame.best.position]
    path = "".join(_path(xs, [column[row] for column in ys]) for row in at)
    return [
        f'<path class="{kind}" stroke-width="{width}" d="{path}"/>' for kind, width in (("g", 5), ("b", 2.4)) if path
    ]


def _names(axes: Sequence[Axis]) -> list[str]:
    step = (WIDTH - _LEFT - _RIGHT) / max(len(axes) - 1, 1)
    # Params of a branch of a space begin alike.
    return [str(name) for name in tell_apart([axis.key for axis in axes], max(int(min(step, 160) / 7.4), 6))]


def _axis(axis: Axis, name: str, frame: ParallelFrame, x: float) -> str:
    note = head_note(axis, axis.id == frame.objective)
    parts = [
        f'<path class="r" d="M{x:.0f} {_TOP}v{_HEIGHT}"/>',
        f'<text class="h" x="{x:.0f}" y="16" text-anchor="middle">{escape(name)}</text>',
        f'<text class="t" x="{x:.0f}" y="32" text-anchor="middle">{note}</text>' if note else "",
    ]
    marks = ticks(axis)
    rise = 10 if len(marks) == 1 else 0
    for place, label in marks:
        y = _TOP + (1 - place) * _HEIGHT + 4 - rise
        parts.append(f'<text class="t g" x="{x + 7:.0f}" y="{y:.0f}">{escape(label)}</text>')
    if axis.n_missing:
        parts.append(f'<text class="t g" x="{x + 7:.0f}" y="{_MISSING_Y + 4}">missing</text>')
    return "".join(parts)
