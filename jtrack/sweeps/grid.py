"""Grid search as an algorithm of hyperopt's shape: trial ``n`` is point ``n`` of a grid that fits the number of trials.

Every option of a choice is taken; the other axes are cut into as many values as leave the grid within the limit.
The order is the tree's, the last axis changing fastest, so a grid taken up again goes on where it stopped.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from functools import partial
from statistics import NormalDist
from typing import Any

from jtrack.errors import InvalidSpaceError
from jtrack.sweeps.space import Values


def grid_suggest(tree: Any, max_evals: int) -> Callable[..., list[Any]]:
    """Make the function that hyperopt calls for the next trials; it gives none behind the end of the grid."""
    points = list(itertools.islice(_points(tree, n_values_per_axis(tree, max_evals)), max_evals))
    return partial(_suggest, points)


def n_values_per_axis(tree: Any, max_evals: int) -> int:
    """Find the number of values per axis whose grid is the largest within ``max_evals``; at least 1."""
    n = 1
    while n < max_evals and _n_points(tree, n) < _n_points(tree, n + 1) <= max_evals:
        n += 1
    return n


def axis_values(node: Any, n: int) -> list[int | float]:
    """Cut one ``hp`` value into up to ``n`` values, evenly in what it is drawn from."""
    word = node.name
    arguments = [argument.obj for argument in node.pos_args] + [
        argument.obj for name, argument in node.named_args if name in ("q", "low", "high", "mu", "sigma", "upper")
    ]
    if word == "randint":
        low, high = (0, arguments[0]) if len(arguments) == 1 else arguments[:2]
        return sorted({low + round(part * (high - low - 1)) for part in _parts(n, ends=True)})
    step = arguments[2] if word.lstrip("q") != word and len(arguments) > 2 else None
    plain = word.removeprefix("q").removeprefix("log")
    if plain == "uniform":
        low, high = arguments[:2]
        drawn = [low + part * (high - low) for part in _parts(n, ends=True)]
    elif plain == "normal":
        drawn = [NormalDist(*arguments[:2]).inv_cdf(part) for part in _parts(n, ends=False)]
    else:
        raise InvalidSpaceError(f"a grid has no points for {word!r}", "use algo='tpe' or algo='random'")
    values = [math.exp(value) for value in drawn] if "log" in word else drawn
    return values if step is None else sorted({round(value / step) * step for value in values})


def _suggest(points: list[Values], new_ids: list[int], domain: Any, trials: Any, seed: int) -> list[Any]:
    docs = []
    for tid in new_ids:
        if tid < len(points):
            values = {label: [points[tid][label]] if label in points[tid] else [] for label in domain.params}
            misc = {
                "tid": tid,
                "cmd": domain.cmd,
                "workdir": domain.workdir,
                "idxs": {label: [tid] * len(value) for label, value in values.items()},
                "vals": values,
            }
            docs += trials.new_trial_docs([tid], [None], [domain.new_result()], [misc])
    return docs


def _points(node: Any, n: int) -> Iterator[Values]:
    if node.name == "hyperopt_param":
        label, inner = node.arg["label"].obj, node.arg["obj"]
        yield from ({label: value} for value in axis_values(inner, n))
    elif node.name == "switch" and node.pos_args[0].name == "hyperopt_param":
        label = node.pos_args[0].arg["label"].obj
        for index, option in enumerate(node.pos_args[1:]):
            yield from ({label: index, **below} for below in _points(option, n))
    else:
        # One axis is a list, short; their product is gone through lazily, since it may be past all counting.
        axes = [list(_points(inner, n)) for inner in _searched_inputs(node)]
        for combination in itertools.product(*axes):
            yield {label: value for part in combination for label, value in part.items()}


def _n_points(node: Any, n: int) -> int:
    if node.name == "hyperopt_param":
        return len(axis_values(node.arg["obj"], n))
    if node.name == "switch" and node.pos_args[0].name == "hyperopt_param":
        return sum(_n_points(option, n) for option in node.pos_args[1:])
    return math.prod(_n_points(inner, n) for inner in _searched_inputs(node))


def _searched_inputs(node: Any) -> list[Any]:
    from hyperopt import pyll

    return [inner for inner in node.inputs() if any(below.name == "hyperopt_param" for below in pyll.dfs(inner))]


def _parts(n: int, *, ends: bool) -> list[float]:
    """Cut 0 to 1 into ``n`` even places, with or without the ends."""
    if n == 1 or not ends:
        return [(index + 0.5) / n for index in range(n)]
    return [index / (n - 1) for index in range(n)]
