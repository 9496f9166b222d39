"""Which params mattered: how much worse a model of the objective gets when one of them is shuffled.

The model is a small forest of extremely randomized trees (Geurts et al. 2006), grown here in numpy: it takes numbers
and categories alike, needs no scaling, and a few hundred trials make it in a second. Each tree is judged on the half of
the trials that it was not grown on, so that a param which only looks useful comes to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_TREES = 64
N_SHUFFLES = 4
SMALLEST_LEAF = 3
MOST_TRIALS = 2000


def param_importance(params: Mapping[str, Sequence[Any]], losses: Sequence[float], seed: int = 0) -> dict[str, float]:
    """Rank params by what they have to do with the objective.

    Parameters
    ----------
    params
        By name, one value a trial; ``None`` where a trial doesn't have the param.
    losses
        Finite, one a trial.

    Returns
    -------
    dict[str, float]
        Shares that sum to 1, the largest first; all 0 where nothing can be told.
    """
    draw = np.random.default_rng(seed)
    features = np.column_stack([_as_numbers(values) for values in params.values()]) if params else np.empty((0, 0))
    # By ranks: one diverged trial would otherwise be all that the model sees.
    targets = np.unique(np.asarray(losses, dtype=np.float64), return_inverse=True)[1].astype(np.float64)
    if len(targets) > MOST_TRIALS:
        chosen = draw.choice(len(targets), MOST_TRIALS, replace=False)
        features, targets = features[chosen], targets[chosen]
    harm = np.zeros(len(params))
    if len(targets) >= 4 * SMALLEST_LEAF:
        for _ in range(N_TREES):
            harm += _harm_of_shuffling(features, targets, draw)
    harm = np.maximum(harm, 0)
    total = float(harm.sum())
    shares = {name: float(value) / total if total else 0.0 for name, value in zip(params, harm, strict=True)}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


@dataclass(slots=True)
class _Tree:
    """Nodes in columns: ``feature`` is -1 in a leaf."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    value: list[float]


def _as_numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    """Numbers stay, anything else becomes the number of its category; what is missing is below all of it."""
    if all(value is None or (isinstance(value, (int, float)) and np.isfinite(value)) for value in values):
        there = [float(value) for value in values if value is not None]
        below = min(there, default=0.0) - (max(there, default=0.0) - min(there, default=0.0) or 1.0)
        return np.array([below if value is None else float(value) for value in values])
    codes: dict[str, int] = {}
    return np.array([-1.0 if value is None else codes.setdefault(repr(value), len(codes)) for value in values])


def _harm_of_shuffling(
    features: NDArray[np.float64], targets: NDArray[np.float64], draw: np.random.Generator
) -> NDArray[np.float64]:
    order = draw.permutation(len(targets))
    grown, judged = order[: len(order) // 2], order[len(order) // 2 :]
    tree = _grow(features[grown], targets[grown], draw)
    inputs, wanted = features[judged], targets[judged]
    plain = float(np.mean((_predict(tree, inputs) - wanted) ** 2))
    harm = np.zeros(features.shape[1])
    for column in range(features.shape[1]):
        for _ in range(N_SHUFFLES):
            shuffled = inputs.copy()
            shuffled[:, column] = draw.permutation(shuffled[:, column])
            harm[column] += float(np.mean((_predict(tree, shuffled) - wanted) ** 2)) - plain
    return harm


def _grow(features: NDArray[np.float64], targets: NDArray[np.float64], draw: np.random.Generator) -> _Tree:
    tree = _Tree([], [], [], [], [])
    waiting: list[tuple[NDArray[np.intp], list[int] | None, int]] = [(np.arange(len(targets)), None, 0)]
    while waiting:
        rows, side, parent = waiting.pop()
        node = len(tree.feature)
        if side is not None:
            side[parent] = node
        column, threshold = _best_random_split(features[rows], targets[rows], draw)
        tree.feature.append(column)
        tree.threshold.append(threshold)
        tree.value.append(float(targets[rows].mean()))
        tree.left.append(-1)
        tree.right.append(-1)
        if column >= 0:
            is_left = features[rows, column] <= threshold
            waiting += [(rows[is_left], tree.left, node), (rows[~is_left], tree.right, node)]
    return tree


def _best_random_split(
    features: NDArray[np.float64], targets: NDArray[np.float64], draw: np.random.Generator
) -> tuple[int, float]:
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


def _predict(tree: _Tree, features: NDArray[np.float64]) -> NDArray[np.float64]:
    columns, thresholds = np.array(tree.feature), np.array(tree.threshold)
    left, right, values = np.array(tree.left), np.array(tree.right), np.array(tree.value)
    nodes = np.zeros(len(features), dtype=np.intp)
    rows = np.arange(len(features))
    while (inside := columns[nodes] >= 0).any():
        here = nodes[inside]
        goes_left = features[rows[inside], columns[here]] <= thresholds[here]
        nodes[inside] = np.where(goes_left, left[here], right[here])
    return values[nodes]
