"""A search space: a tree of hyperopt's ``hp`` nodes, and the two forms of a point in it.

hyperopt knows a point by its *values*: a number for each label, an index where there was a choice. The objective
gets it evaluated, and the run gets it flat: ``clf.kernel.width``, only the params of the branches that were taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from jtrack.errors import InvalidSpaceError

Values = dict[str, int | float]

_CASTS = ("float", "int")


class Space:
    """What is searched.

    Parameters
    ----------
    tree
        What hyperopt's ``fmin`` takes as ``space``: ``hp`` nodes, alone or in dicts and lists, nested as they like.

    Raises
    ------
    InvalidSpaceError
        There is nothing in it to search, or two parts of it have one name.
    """

    def __init__(self, tree: Any) -> None:
        from hyperopt import base, pyll
        from hyperopt.exceptions import DuplicateLabel

        if not any(node.name == "hyperopt_param" for node in pyll.dfs(pyll.as_apply(tree))):
            raise InvalidSpaceError(f"there is nothing to search in the space {tree!r:.80}", _EXAMPLE)
        try:
            self.domain = base.Domain(_no_objective, tree)
        except DuplicateLabel as error:
            raise InvalidSpaceError(
                f"two parts of the space are named {error.args[0]!r}", "give each hp node a label of its own"
            ) from None
        self._check_choices()
        self._check_ranges()
        self._choices = {_label(node.pos_args[0]): node for node in _nodes(self.tree) if node.name == "switch"}

    @property
    def tree(self) -> Any:
        """The space as an expression of hyperopt's."""
        return self.domain.expr

    @property
    def labels(self) -> list[str]:
        """The labels of all ``hp`` nodes."""
        return list(self.domain.params)

    def describe(self) -> dict[str, str]:
        """Say in a word what each label ranges over: ``uniform(0, 1)``, ``choice('a', 'b')``."""
        return {label: self._describe(label, node) for label, node in self.domain.params.items()}

    def point(self, values: Mapping[str, int | float]) -> Any:
        """Evaluate a point: what the objective is called with, as hyperopt would call it."""
        from hyperopt import pyll

        return pyll.rec_eval(self.tree, memo=self.domain.memo_from_config(values))

    def params(self, values: Mapping[str, int | float], point: Any) -> dict[str, Any]:
        """Lay a point out flat, under dotted names; what stands in branches not taken is not there.

        Raises
        ------
        InvalidSpaceError
            Two parts of the point come to the same name.
        """
        params: dict[str, Any] = {}
        for name, value in _flatten(self.tree, values, point, ""):
            if name in params:
                raise InvalidSpaceError(f"two parts of the space come to the name {name!r}", "rename one of them")
            params[name] = _shown(value)
        return params

    def _check_choices(self) -> None:
        for node in _nodes(self.tree):
            if node.name == "switch" and len(node.pos_args) == 1:
                raise InvalidSpaceError(
                    f"{_label(node.pos_args[0])!r} is a choice of nothing", "hp.choice('x', [1, 2])"
                )

    def _check_ranges(self) -> None:
        """Draw each value once: hyperopt itself finds fault with a range only when it draws from it."""
        from hyperopt import pyll
        from numpy.random import default_rng

        for label, node in self.domain.params.items():
            try:
                pyll.stochastic.sample(node, default_rng(0))
            except Exception as error:
                said = f"{error}".partition("\n")[0] or type(error).__name__
                raise InvalidSpaceError(f"nothing can be drawn from {label!r}: {said}") from None

    def _describe(self, label: str, node: Any) -> str:
        switch = self._choices.get(label)
        if switch is not None:
            options = [_described_option(option) for option in switch.pos_args[1:]]
            word = "choice" if node.name == "randint" else "pchoice"
            return f"{word}({', '.join(options)})"
        literal = _logarithm if node.name.endswith("loguniform") else _literal
        arguments = [literal(argument) for argument in node.pos_args]
        named = [_literal(argument) for name, argument in node.named_args if name not in ("rng", "size")]
        return f"{node.name}({', '.join([*arguments, *named])})"


_EXAMPLE = "such as {'lr': hp.loguniform('lr', -9, 0), 'depth': hp.randint('depth', 2, 9)}"


def _no_objective(point: Any) -> None:
    """Stand for the objective, which the sweep calls itself."""


def _nodes(tree: Any) -> Iterator[Any]:
    from hyperopt import pyll

    yield from pyll.dfs(tree)


def _label(node: Any) -> str:
    return str(node.arg["label"].obj)


def _literal(node: Any) -> str:
    return str(node.obj) if hasattr(node, "obj") else "…"


def _logarithm(node: Any) -> str:
    """Write a logarithm as it was most likely given: ``log(0.001)`` for -6.907755278982137."""
    value = getattr(node, "obj", None)
    if not isinstance(value, (int, float)) or abs(value) > 300:
        return _literal(node)
    plain = float(f"{math.exp(value):.6g}")
    return f"log({plain:g})" if value != int(value) and math.isclose(math.log(plain), value) else _literal(node)


def _described_option(option: Any) -> str:
    if option.name == "dict":
        return "{" + ", ".join(name for name, _ in option.named_args) + "}"
    if not hasattr(option, "obj"):
        return "…"
    value = option.obj
    return repr(value) if isinstance(value, (str, int, float, bool, type(None))) else getattr(value, "__name__", "…")


def _leaf_label(node: Any) -> str | None:
    """Give the label of a node that is one ``hp`` value and nothing around it."""
    while node.name in _CASTS and len(node.pos_args) == 1:
        node = node.pos_args[0]
    if node.name == "switch":
        node = node.pos_args[0]
    return _label(node) if node.name == "hyperopt_param" else None


def _flatten(node: Any, values: Mapping[str, int | float], value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if node.name == "switch" and node.pos_args[0].name == "hyperopt_param":
        label = _label(node.pos_args[0])
        option = node.pos_args[1 + int(values[label])]
        yield from _flatten(option, values, value, name or ("" if isinstance(value, dict) else label))
    elif node.name == "dict":
        for key, inner in _items(node):
            yield from _flatten(inner, values, value[key], f"{name}.{key}" if name else str(key))
    elif node.name == "pos_args" and any(inner.name == "hyperopt_param" for inner in _nodes(node)):
        for index, inner in enumerate(node.pos_args):
            word = _leaf_label(inner) or str(index)
            yield from _flatten(inner, values, value[index], f"{name}.{word}" if name else word)
    else:
        yield name or _leaf_label(node) or "x", value


def _items(node: Any) -> Iterator[tuple[Any, Any]]:
    """Give the keys and parts of a dict; hyperopt has one whose keys aren't all texts as a list of pairs."""
    yield from node.named_args
    for pairs in node.pos_args:
        yield from ((_key(pair.pos_args[0]), pair.pos_args[1]) for pair in pairs.pos_args)


def _key(node: Any) -> Any:
    return tuple(map(_key, node.pos_args)) if node.name == "pos_args" else node.obj


def _shown(value: Any) -> Any:
    """What is among the options is known by its name where its ``str`` would hold an address."""
    if callable(value):
        return getattr(value, "__qualname__", value)
    has_own_text = getattr(type(value), "__repr__", None) is not object.__repr__
    return value if has_own_text else f"{type(value).__qualname__} object"
