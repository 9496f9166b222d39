"""A metric over two columns of numbers: a surface through the runs, for the figure, its still image and the panel.

The surface is Shepard's (1968): the mean of all runs, weighted by the inverse cube of their distance, which passes
through the runs' own values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jtrack.direction import Direction, best_value, infer_direction
from jtrack.errors import InvalidInputError
from jtrack.widgets.compare.columns import ComparedColumn, category_codes
from jtrack.widgets.landscape.frame import Contour, Dots
from jtrack.widgets.landscape.image import contour_paths
from jtrack.widgets.parallel.axes import Axis, AxisKind, Measure
from jtrack.widgets.parallel.scale import places
from jtrack.widgets.runs.columns import ColumnKind

_GRID = 40
_NEAREST = 1e-6
SIDE = 1000


@dataclass(frozen=True, slots=True)
class ContourShades:
    """A contour for a page: where it is above one level after the other, from worst to best.

    ``paths`` are SVG path data in a box of `SIDE` × `SIDE`, y downwards, whose edges are the ends of the axes.
    """

    worst: float
    best: float
    direction: Direction | None
    paths: tuple[str, ...]


def compared_contour(x: ComparedColumn, y: ComparedColumn, z: ComparedColumn) -> Contour:
    """Lay a surface of ``z`` over ``x`` and ``y``.

    Raises
    ------
    InvalidInputError
        One of the three holds no numbers, or fewer than four runs have all of them.
    """
    for column in (x, y, z):
        if not column.is_numeric:
            raise InvalidInputError(f"{column.id!r} holds texts, and a contour takes numbers")
    rows = list(zip(x.values, y.values, z.values, strict=True))
    known = [(a, b, c) for a, b, c in rows if a is not None and b is not None and c is not None]
    if len(known) < 4:
        raise InvalidInputError(f"a contour takes four runs or more that have {x.id}, {y.id} and {z.id}")
    at_x, at_y, at_z = (tuple(float(row[i]) for row in known) for i in range(3))
    x_axis, y_axis = axis_of(x), axis_of(y)
    xs, ys = _line(x_axis, at_x), _line(y_axis, at_y)
    x_places, at_x_places = (places(x_axis, np.array(values)) for values in (xs, at_x))
    y_places, at_y_places = (places(y_axis, np.array(values)) for values in (ys, at_y))
    surface = _surface(x_places, y_places, at_x_places, at_y_places, np.array(at_z))
    best = best_value(at_z, direction_of(z))
    at_best = None if best is None else (at_x[at_z.index(best)], at_y[at_z.index(best)])
    predicted = tuple(tuple(row) for row in surface.tolist())
    return Contour(x_axis, y_axis, xs, ys, predicted, Dots(at_x, at_y), at_best)


def contour_shades(x: ComparedColumn, y: ComparedColumn, z: ComparedColumn) -> ContourShades:
    """Lay a surface, and cut it into shades."""
    direction = direction_of(z)
    sign = -1.0 if direction is Direction.LOWER else 1.0
    worst, best, paths = contour_paths(compared_contour(x, y, z), sign, (0, 0, SIDE, SIDE))
    return ContourShades(worst, best, direction, tuple(paths))


def axis_of(column: ComparedColumn) -> Axis:
    """Describe a column as an axis."""
    there = [value for value in column.values if value is not None]
    low, high = (min(there), max(there)) if there and column.is_numeric else (None, None)
    source, _, key = column.id.partition(".")
    kind = AxisKind.LOG if column.is_log else AxisKind.NUMERIC if column.is_numeric else AxisKind.CATEGORICAL
    return Axis(
        id=column.id,
        source=ColumnKind.PARAM if source == "params" else ColumnKind.METRIC,
        key=key,
        kind=kind,
        low=low,
        high=high,
        categories=() if column.is_numeric else tuple(category_codes(column.texts)[1]),
        is_whole=all(float(value).is_integer() for value in there),
        direction=direction_of(column),
        correlation=None,
        measure=Measure.RHO if column.is_numeric else Measure.ETA,
        n_missing=sum(text is None for text in column.texts),
        is_shown=True,
    )


def direction_of(column: ComparedColumn) -> Direction | None:
    """Which end of a column is better: of a metric as its name says, of a param nobody can say."""
    source, _, key = column.id.partition(".")
    return infer_direction(key) if source == "metrics" else None


def _line(axis: Axis, values: tuple[float, ...]) -> tuple[float, ...]:
    low, high = min(values), max(values)
    if axis.kind is AxisKind.LOG:
        line = np.logspace(math.log10(low), math.log10(high), _GRID)
    else:
        line = np.linspace(low, high, _GRID)
    return tuple(np.clip(line, low, high).tolist())  # 10 ** log10(x) may come out a little beside x


def _surface(
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.float64],
) -> NDArray[np.float64]:
    at_x, at_y = np.meshgrid(xs, ys)
    distance = np.sqrt((at_x[..., None] - x) ** 2 + (at_y[..., None] - y) ** 2)
    weight = 1 / np.maximum(distance, _NEAREST) ** 3
    surface: NDArray[np.float64] = (weight * z).sum(-1) / weight.sum(-1)
    return surface
