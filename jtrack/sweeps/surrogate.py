"""A model of the objective over the params, learned from the trials that finished.

It is a small forest of extremely randomized trees (Geurts et al. 2006), grown here in numpy: it takes numbers and
categories alike, needs no scaling, and a few hundred trials make it in a second. Each tree grows on half of the trials
and is judged on the other, so that a param which only looks useful comes to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

N_TREES = 64
N_SHUFFLES = 4
SMALLEST_LEAF = 3
MOST_TRIALS = 1000
_LOG_RATIO, _LOG_SPREAD, _LOG_CROWD = 100, 12, 20


@dataclass(frozen=True, slots=True)
class Column:
    """One param of the trials, and how the model sees it: numbers, their logarithms, or the numbers of categories.

    ``categories`` is ``None`` for numbers; what a trial doesn't have is ``missing``, which is below all else.
    """

    name: str
    values: tuple[Any, ...]
    categories: tuple[Any, ...] | None
    is_log: bool
    missing: float

    def encode(self, values: Sequence[Any]) -> Numbers:
        """Turn values into what the model sees."""
        if self.categories is not None:
            codes = {repr(category): code for code, category in enumerate(self.categories)}
            return np.array([self.missing if value is None else codes[repr(value)] for value in values])
        return np.array([self._encode_number(value) for value in values])

    def _encode_number(self, value: float | None) -> float:
        if value is None:
            return self.missing
        return math.log10(value) if self.is_log else float(value)


class Surrogate:
    """Tells which params mattered, and what the objective would be where no trial was.

    Parameters
    ----------
    params
        By name, one value a trial; ``None`` where a trial doesn't have the param.
    losses
        Finite, one a trial. The model goes by their ranks: one diverged trial would otherwise be all that it sees.
    logarithmic
        Whether a param was searched by its logarithm; of one that isn't named here, its values tell.
    """

    def __init__(
        self,
        params: Mapping[str, Sequence[Any]],
        losses: Sequence[float],
        seed: int = 0,
        logarithmic: Mapping[str, bool] | None = None,
    ) -> None:
        known = logarithmic or {}
        self.columns = {name: _read_column(name, values, known.get(name)) for name, values in params.items()}
        self._draw = np.random.default_rng(seed)
        encoded = [column.encode(column.values) for column in self.columns.values()]
        features = np.column_stack(encoded) if encoded else np.empty((len(losses), 0))
        self.losses = np.asarray(losses, dtype=np.float64)
        self._levels, ranks = np.unique(self.losses, return_inverse=True)
        targets = ranks.astype(np.float64)
        if len(targets) > MOST_TRIALS:
            chosen = self._draw.choice(len(targets), MOST_TRIALS, replace=False)
            features, targets = features[chosen], targets[chosen]
        self._features, self._targets = features, targets
        self._trees: list[tuple[_Tree, NDArray[np.intp]]] = []
        if self.can_tell:
            self._trees = [self._grow_one() for _ in range(N_TREES)]

    @property
    def can_tell(self) -> bool:
        """Whether there are trials enough, and anything in them that differs."""
        return len(self._targets) >= 4 * SMALLEST_LEAF and bool(self.columns) and len(self._levels) > 1

    def importance(self) -> dict[str, float]:
        """Tell how much worse the model gets when a param is shuffled: shares that sum to 1, the largest first."""
        harm = np.zeros(len(self.columns))
        for tree, judged in self._trees:
            harm += self._harm_of_shuffling(tree, judged)
        harm = np.maximum(harm, 0)
        total = float(harm.sum())
        shares = {name: float(each) / total if total else 0.0 for name, each in zip(self.columns, harm, strict=True)}
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    def predict(self, params: Mapping[str, Sequence[Any]]) -> Numbers:
        """Say what the objective would be at points: columns of all params, with ``None`` for branches not taken."""
        features = np.column_stack([column.encode(params[name]) for name, column in self.columns.items()])
        ranks: Numbers = np.stack([_predict(tree, features) for tree, _ in self._trees]).mean(axis=0)
        losses: Numbers = np.interp(ranks, np.arange(len(self._levels)), self._levels)
        return losses

    def _grow_one(self) -> tuple[_Tree, NDArray[np.intp]]:
        order = self._draw.permutation(len(self._targets))
        grown, judged = order[: len(order) // 2], order[len(order) // 2 :]
        return _grow(self._features[grown], self._targets[grown], self._draw), judged

    def _harm_of_shuffling(self, tree: _Tree, judged: NDArray[np.intp]) -> Numbers:
        inputs, wanted = self._features[judged], self._targets[judged]
        plain = float(np.mean((_predict(tree, inputs) - wanted) ** 2))
        harm = np.zeros(inputs.shape[1])
        for column in range(inputs.shape[1]):
            for _ in range(N_SHUFFLES):
                shuffled = inputs.copy()
                shuffled[:, column] = self._draw.permutation(shuffled[:, column])
                harm[column] += float(np.mean((_predict(tree, shuffled) - wanted) ** 2)) - plain
        return harm


@dataclass(frozen=True, slots=True)
class _Tree:
    """Nodes in columns: ``feature`` is -1 in a leaf."""

    feature: NDArray[np.intp]
    threshold: Numbers
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: Numbers


def _read_column(name: str, values: Sequence[Any], is_logarithmic: bool | None) -> Column:
    """Tell numbers from categories, and whether they are to be seen by their logarithm."""
    there = [value for value in values if value is not None]
    if all(_is_number(value) for value in there):
        low, high = min(there, default=0.0), max(there, default=0.0)
        is_log = low > 0 and (spans_decades(there) if is_logarithmic is None else is_logarithmic)
        ends = (math.log10(low), math.log10(high)) if is_log else (float(low), float(high))
        return Column(name, tuple(values), None, is_log, ends[0] - (ends[1] - ends[0] or 1.0))
    kinds = {repr(value): value for value in there}
    return Column(name, tuple(values), tuple(kinds[text] for text in sorted(kinds)), False, -1.0)


def spans_decades(values: Sequence[float] | Numbers) -> bool:
    """Whether positive values are better seen by their logarithm: they span two decades, or are crowded at the low end.

    A few small ones among them are not enough: these any draw from a range that begins at 0 has.
    """
    low, tenth, middle, ninetieth, high = np.quantile(np.asarray(values, dtype=np.float64), [0, 0.1, 0.5, 0.9, 1])
    if high <= _LOG_RATIO * low:
        return False
    return bool(ninetieth > _LOG_SPREAD * tenth or _LOG_CROWD * middle < high)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _grow(features: Numbers, targets: Numbers, draw: np.random.Generator) -> _Tree:
    nodes: list[tuple[int, float, float]] = []
    sides: tuple[list[int], list[int]] = ([], [])
    waiting: list[tuple[NDArray[np.intp], int, int]] = [(np.arange(len(targets)), -1, 0)]
    while waiting:
        rows, parent, side = waiting.pop()
        node = len(nodes)
        if parent >= 0:
            sides[side][parent] = node
        column, threshold = _best_random_split(features[rows], targets[rows], draw)
        nodes.append((column, threshold, float(targets[rows].mean())))
        for of_side in sides:
            of_side.append(-1)
        if column >= 0:
            is_left = features[rows, column] <= threshold
            waiting += [(rows[is_left], node, 0), (rows[~is_left], node, 1)]
    feature, threshold_of, value = zip(*nodes, strict=True)
    left, right = (np.array(each, dtype=np.intp) for each in sides)
    return _Tree(np.array(feature, dtype=np.intp), np.array(threshold_of), left, right, np.array(value))


def _best_random_split(features: Numbers, targets: Numbers, draw: np.random.Generator) -> tuple[int, float]:
    """Draw one threshold for each column and take the one that parts the targets best; -1 where none does."""
    n = len(targets)
    low, high = features.min(axis=0), features.max(axis=0)
    if n < 2 * SMALLEST_LEAF or not (high > low).any():
        return -1, 0.0
    thresholds = draw.uniform(low, high)
    is_left = features <= thresholds
    n_left = is_left.sum(axis=0)
    sum_left = targets @ is_left
    allowed = (n_left >= SMALLEST_LEAF) & (n - n_left >= SMALLEST_LEAF)
    if not allowed.any():
        return -1, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = sum_left**2 / n_left + (targets.sum() - sum_left) ** 2 / (n - n_left)
    column = int(np.argmax(np.where(allowed, gain, -np.inf)))
    return column, float(thresholds[column])


def _predict(tree: _Tree, features: Numbers) -> Numbers:
    nodes = np.zeros(len(features), dtype=np.intp)
    rows = np.arange(len(features))
    while (inside := tree.feature[nodes] >= 0).any():
        here = nodes[inside]
        goes_left = features[rows[inside], tree.feature[here]] <= tree.threshold[here]
        nodes[inside] = np.where(goes_left, tree.left[here], tree.right[here])
    return tree.value[nodes]
