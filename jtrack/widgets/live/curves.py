"""A curve that grows while somebody looks: thinned as it comes, so that an hour and a minute cost the same.

Points are gathered into buckets of which the lowest and the highest are kept; when there are too many, each bucket
takes twice as many points from then on. What is kept only grows at its end in between, so that a page can be sent
the end alone; ``generation`` counts the times when it has to be sent whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, float]
_MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Extreme:
    """A value and the step where it was."""

    step: int
    value: float


class GrowingCurve:
    """One metric as far as it has come.

    Parameters
    ----------
    most_points
        About how many points are kept.
    """

    def __init__(self, most_points: int = 240) -> None:
        self.generation = 0
        self.n_points = 0
        self.last: Extreme | None = None
        self.low: Extreme | None = None
        self.high: Extreme | None = None
        self._most = most_points
        self._size = 1
        self._steps: list[int] = []
        self._values: list[float] = []
        self._open: list[Pair] = []

    @property
    def n_kept(self) -> int:
        """How many points stand fast until the generation changes; those after them may still be replaced."""
        return len(self._steps)

    def points(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Give steps and values in the order in which they were logged."""
        rest = _extremes(self._open)
        return (*self._steps, *(step for step, _ in rest)), (*self._values, *(value for _, value in rest))

    def extend(self, step: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Take points in the order in which they were logged."""
        if not len(value):
            return
        self.n_points += len(value)
        self.last = Extreme(int(step[-1]), float(value[-1]))
        if len(value) > _MOST_AT_ONCE:
            finite = np.isfinite(value)
            step, value = step[finite], value[finite]
            places = extreme_places(value, _MOST_AT_ONCE // 2)
            step, value = step[places], value[places]
        # Most looks bring a point or two: for these the interpreter is quicker than arrays are.
        for pair in zip(step.tolist(), value.tolist(), strict=True):
            if math.isfinite(pair[1]):
                self._note_extremes(*pair)
                self._add(pair)

    def _note_extremes(self, step: int, value: float) -> None:
        if self.low is None or value < self.low.value:
            self.low = Extreme(step, value)
        if self.high is None or value > self.high.value:
            self.high = Extreme(step, value)

    def _add(self, pair: Pair) -> None:
        self._open.append(pair)
        if len(self._open) >= self._size:
            for step, value in _extremes(self._open)[:2]:
                self._steps.append(step)
                self._values.append(_rounded(value))
            self._open = []
            if len(self._steps) >= self._most:
                self._halve()

    def _halve(self) -> None:
        places = extreme_places(np.array(self._values), self._most // 4).tolist()
        self._steps = [self._steps[place] for place in places]
        self._values = [self._values[place] for place in places]
        self._size *= 2 if self._size > 1 else 4
        self.generation += 1


def extreme_places(value: NDArray[np.float64], n_buckets: int) -> NDArray[np.intp]:
    """Choose the first, the last, and the lowest and highest place of each of ``n_buckets`` pieces, in their order.

    ``store.curves.thin`` chooses the same and takes NaN too, a piece after the other; here all pieces are looked
    through at once, since this is done while a training has to wait.
    """
    size = max(len(value) // n_buckets, 1)
    n_whole = len(value) // size
    pieces = value[: n_whole * size].reshape(n_whole, size)
    starts = np.arange(n_whole) * size
    ends = np.arange(len(value))[[0, -1]] if len(value) else np.empty(0, np.intp)
    rest = np.arange(n_whole * size, len(value))
    return np.unique(np.concatenate([ends, starts + pieces.argmin(1), starts + pieces.argmax(1), rest]))


def _rounded(value: float) -> float:
    # Nobody sees an eighth digit of a curve, and a saved notebook would carry it.
    return float(f"{value:.7g}")


def _extremes(pairs: Sequence[Pair]) -> list[Pair]:
    """The lowest and the highest of a bucket in their order, and its last where it is neither."""
    if len(pairs) < 3:
        return list(pairs)
    values = [value for _, value in pairs]
    places = sorted({values.index(min(values)), values.index(max(values))})
    ends = [] if places[-1] == len(pairs) - 1 else [len(pairs) - 1]
    return [pairs[place] for place in (*places, *ends)]
