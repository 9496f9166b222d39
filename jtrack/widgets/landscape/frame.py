"""The data of a landscape: the share of each param, slices through the best trial, a contour of the first two params.

All of it comes from one model of the finished trials. A slice moves one param and leaves the others as they are in the
best trial that has it; the contour moves two.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jtrack.direction import Direction
from jtrack.errors import InvalidInputError
from jtrack.sweeps.surrogate import Column, Surrogate
from jtrack.widgets.format import format_param
from jtrack.widgets.parallel.axes import Axis, AxisKind, Measure
from jtrack.widgets.runs.columns import ColumnKind

MOST_SLICES = 6
MOST_DOTS = 240
MOST_CATEGORIES = 12
_ON_A_SLICE, _ON_A_SIDE = 61, 29


@dataclass(frozen=True, slots=True)
class Dots:
    """Trials at their places: on an axis of categories ``x`` and ``y`` are the categories' numbers."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """One param: what the model says along it, the trials that have it, and the best of these."""

    axis: Axis
    x: tuple[float, ...]
    predicted: tuple[float, ...]
    tried: Dots
    best: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Contour:
    """Two params: what the model says over them, a row for each of ``y``, and the trials that have both.

    ``best`` is ``None`` where nobody can say which one is.
    """

    x_axis: Axis
    y_axis: Axis
    x: tuple[float, ...]
    y: tuple[float, ...]
    predicted: tuple[tuple[float, ...], ...]
    tried: Dots
    best: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Landscape:
    """What a sweep learned; without ``shares`` there were too few trials to tell."""

    title: str
    n_trials: int
    n_finished: int
    metric: str
    direction: Direction
    best_value: float | None
    best_params: dict[str, str]
    shares: dict[str, float]
    slices: tuple[Slice, ...]
    contour: Contour | None


@dataclass(frozen=True, slots=True)
class Learned:
    """A sweep, and what can be learned from the trials of it that finished."""

    title: str
    n_trials: int
    metric: str
    direction: Direction
    model: Surrogate


def landscape_frame(
    learned: Learned, slices: Sequence[str] | None = None, contour: Sequence[str] | None = None
) -> Landscape:
    """Make the landscape of a sweep.

    Parameters
    ----------
    slices
        The params to make slices of; ``None`` takes the most important ones.
    contour
        The two params to make a contour of, across and up; ``None`` takes the two most important ones.

    Raises
    ------
    InvalidInputError
        No param of this name differs between the trials, or there are too few of them.
    """
    model = learned.model
    shares = model.importance() if model.can_tell else {}
    # Names that nobody asked for are there to be seen: of two hundred categories nothing can.
    offered = [name for name in shares if _n_categories(model.columns[name]) <= MOST_CATEGORIES]
    _check_names([*(slices or ()), *(contour or ())], len(model.losses), shares)
    pair = list(contour or offered[:2])
    land = _Land(model, 1 if learned.direction is Direction.LOWER else -1)
    best = int(np.argmin(model.losses)) if len(model.losses) else None
    return Landscape(
        title=learned.title,
        n_trials=learned.n_trials,
        n_finished=len(model.losses),
        metric=learned.metric,
        direction=learned.direction,
        best_value=None if best is None else land.values([best])[0],
        best_params={} if best is None else land.params_of(best),
        shares=shares,
        slices=tuple(land.slice(name) for name in (offered[:MOST_SLICES] if slices is None else slices)),
        contour=land.contour(*pair) if len(pair) == 2 else None,
    )


class _Land:
    """Goes over the model; ``sign`` makes losses of values, and values of losses."""

    def __init__(self, model: Surrogate, sign: int) -> None:
        self._model, self._sign = model, sign

    def slice(self, name: str) -> Slice:
        """Move one param."""
        column, axis = self._model.columns[name], axis_of(self._model.columns[name])
        places, meant = _line(column, axis, _ON_A_SLICE)
        rows, best = self._having(name)
        at_best = self._at(best, len(places)) | {name: meant}
        return Slice(
            axis=axis,
            x=places,
            predicted=self._predict(at_best),
            tried=Dots(self._places(column, rows), self.values(rows)),
            best=(self._places(column, [best])[0], self.values([best])[0]),
        )

    def contour(self, across: str, up: str) -> Contour:
        """Move two params."""
        columns = self._model.columns[across], self._model.columns[up]
        axes = axis_of(columns[0]), axis_of(columns[1])
        (xs, meant_x), (ys, meant_y) = (_line(*each, _ON_A_SIDE) for each in zip(columns, axes, strict=True))
        rows, best = self._having(across, up)
        points = self._at(best, len(xs) * len(ys))
        points |= {across: list(meant_x) * len(ys), up: [value for value in meant_y for _ in xs]}
        flat = self._predict(points)
        predicted = tuple(flat[row * len(xs) : (row + 1) * len(xs)] for row in range(len(ys)))
        tried = Dots(self._places(columns[0], rows), self._places(columns[1], rows))
        at_best = (self._places(columns[0], [best])[0], self._places(columns[1], [best])[0])
        return Contour(*axes, xs, ys, predicted, tried, at_best)

    def _having(self, *names: str) -> tuple[list[int], int]:
        """Find the trials that have these params: so many as can be drawn, and the best of all."""
        columns = [self._model.columns[name].values for name in names]
        rows = [row for row, values in enumerate(zip(*columns, strict=True)) if None not in values]
        if not rows:
            raise InvalidInputError(f"no trial has both {' and '.join(names)}", "they are of branches apart")
        best = min(rows, key=lambda row: self._model.losses[row])
        if len(rows) > MOST_DOTS:
            rows = [rows[round(i * (len(rows) - 1) / (MOST_DOTS - 1))] for i in range(MOST_DOTS)]
        return rows, best

    def _at(self, row: int, n: int) -> dict[str, list[Any]]:
        return {name: [column.values[row]] * n for name, column in self._model.columns.items()}

    def _predict(self, points: Mapping[str, Sequence[Any]]) -> tuple[float, ...]:
        return tuple(float(value) for value in self._sign * self._model.predict(points))

    def values(self, rows: Sequence[int]) -> tuple[float, ...]:
        """Give the objective of trials."""
        return tuple(float(self._sign * self._model.losses[row]) for row in rows)

    def params_of(self, row: int) -> dict[str, str]:
        """Give what a trial had, as people read it."""
        there = {name: column.values[row] for name, column in self._model.columns.items()}
        return {name: format_param(value) for name, value in there.items() if value is not None}

    @staticmethod
    def _places(column: Column, rows: Sequence[int]) -> tuple[float, ...]:
        values = [column.values[row] for row in rows]
        return tuple(map(float, values if column.categories is None else column.encode(values)))


def axis_of(column: Column) -> Axis:
    """Describe a column as an axis, for its ticks and its ends."""
    there = [value for value in column.values if value is not None]
    is_numeric = column.categories is None
    kind = AxisKind.LOG if column.is_log else AxisKind.NUMERIC if is_numeric else AxisKind.CATEGORICAL
    return Axis(
        id=f"params.{column.name}",
        source=ColumnKind.PARAM,
        key=column.name,
        kind=kind,
        low=float(min(there)) if is_numeric else None,
        high=float(max(there)) if is_numeric else None,
        categories=() if is_numeric else tuple(format_param(each) for each in column.categories or ()),
        is_whole=is_numeric and all(float(value).is_integer() for value in there),
        direction=None,
        correlation=None,
        measure=Measure.RHO if is_numeric else Measure.ETA,
        n_missing=len(column.values) - len(there),
        is_shown=True,
    )


def _line(column: Column, axis: Axis, n: int) -> tuple[tuple[float, ...], list[Any]]:
    """Lay places along an axis; gives these, and the values that the model takes there."""
    if column.categories is not None:
        return tuple(map(float, range(len(column.categories)))), list(column.categories)
    assert axis.low is not None and axis.high is not None
    if axis.kind is AxisKind.LOG:
        places = np.logspace(math.log10(axis.low), math.log10(axis.high), n)
    elif axis.is_whole and axis.high - axis.low < n:
        places = np.arange(axis.low, axis.high + 1)
    else:
        places = np.linspace(axis.low, axis.high, n)
    places = np.clip(places, axis.low, axis.high)  # 10 ** log10(x) may come out a little beside x
    return tuple(map(float, places)), [float(place) for place in places]


def _n_categories(column: Column) -> int:
    return len(column.categories or ())


def _check_names(names: Sequence[str], n_finished: int, shares: Mapping[str, float]) -> None:
    for name in names:
        if not shares:
            raise InvalidInputError(
                f"{n_finished} finished trials are too few to tell anything", "it takes a dozen that differ"
            )
        if name not in shares:
            near = difflib.get_close_matches(name, shares, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(shares)}"
            raise InvalidInputError(f"no param {name!r} differs between the trials", hint)
