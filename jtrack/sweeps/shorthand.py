"""``uniform(0, 1)`` as text, to a node of hyperopt's: read from the syntax tree, nothing of the user's is evaluated.

Arguments are those of hyperopt's ``hp``, so the ``log…`` ones take logarithms; ``log(1e-4)`` writes one.
"""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Callable
from typing import Any

from jtrack.capture.literals import literal_value, parse_python
from jtrack.errors import InvalidSpaceError

# Name → the arguments that hyperopt's function takes behind the label.
DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "quniform": ("low", "high", "q"),
    "loguniform": ("low", "high"),
    "qloguniform": ("low", "high", "q"),
    "normal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "lognormal": ("mu", "sigma"),
    "qlognormal": ("mu", "sigma", "q"),
    "uniformint": ("low", "high"),
    "randint": ("low", "high"),
    "choice": (),
    "pchoice": (),
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "exp": math.exp,
    "sqrt": math.sqrt,
}
_HIGHEST_LOG = math.log(1.7e308)


def is_distribution(text: str) -> bool:
    """Whether ``text`` is written as a call: ``uniform(0, 1)``, and not a value."""
    call = _parse(text)
    return isinstance(call, ast.Call) and _function_name(call) not in _FUNCTIONS


def parse_distribution(name: str, text: str) -> Any:
    """Turn ``text`` into a node labelled ``name``.

    Raises
    ------
    InvalidSpaceError
        It names no distribution, or not with these arguments.
    """
    call = _parse(text)
    if not isinstance(call, ast.Call):
        raise InvalidSpaceError(f"{name}={text} is no distribution", "such as uniform(0, 1) or choice('a', 'b')")
    return _Builder(name).node(call, name)


class _Builder:
    """Builds the nodes of one name; labels of nested ones are their dotted places."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._taken: set[str] = set()

    def node(self, call: ast.Call, label: str) -> Any:
        from hyperopt import hp

        word = _function_name(call)
        if word not in DISTRIBUTIONS:
            near = difflib.get_close_matches(word, DISTRIBUTIONS, n=1)
            hint = f"did you mean {near[0]}?" if near else "there are: " + ", ".join(DISTRIBUTIONS)
            raise InvalidSpaceError(f"{self._name}: there is no distribution {word!r}", hint)
        label = self._free(label)
        if word in ("choice", "pchoice"):
            return getattr(hp, word)(label, self._options(call, word, label))
        numbers = check_arguments(self._name, word, *_numbers(self._name, word, call))
        if word.endswith("loguniform"):
            _check_logarithms(self._name, word, call, numbers)
        return getattr(hp, word)(label, *numbers)

    def _options(self, call: ast.Call, word: str, label: str) -> list[Any]:
        nodes = call.args
        if len(nodes) == 1 and isinstance(nodes[0], (ast.List, ast.Tuple)):
            nodes = nodes[0].elts
        if call.keywords or not nodes:
            raise InvalidSpaceError(f"{self._name}: {word} takes its options", f"{word}{_example(word)}")
        if word == "choice":
            return [self._option(node, label) for node in nodes]
        options = [self._weighted(node, label) for node in nodes]
        total = math.fsum(weight for weight, _ in options)
        if not math.isclose(total, 1.0, rel_tol=1e-6):
            raise InvalidSpaceError(f"{self._name}: the probabilities of pchoice sum to {total:g}, not to 1")
        return options

    def _weighted(self, node: ast.expr, label: str) -> tuple[float, Any]:
        if not isinstance(node, ast.Tuple) or len(node.elts) != 2:
            raise InvalidSpaceError(f"{self._name}: pchoice takes pairs", f"pchoice{_example('pchoice')}")
        return float(_number(self._name, node.elts[0])), self._option(node.elts[1], label)

    def _option(self, node: ast.expr, label: str) -> Any:
        if isinstance(node, ast.Call) and _function_name(node) not in _FUNCTIONS:
            return self.node(node, label)
        if isinstance(node, ast.Dict):
            return dict(self._item(key, value, label) for key, value in zip(node.keys, node.values, strict=True))
        if isinstance(node, (ast.List, ast.Tuple)):
            return [self._option(item, label) for item in node.elts]
        if isinstance(node, ast.Name):
            raise InvalidSpaceError(f"{self._name}: {node.id} is a name, not a value", f"if it is text: '{node.id}'")
        return _value(self._name, node)

    def _item(self, key: ast.expr | None, value: ast.expr, label: str) -> tuple[str, Any]:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise InvalidSpaceError(f"{self._name}: the keys of a space are texts")
        return key.value, self._option(value, f"{label}.{key.value}")

    def _free(self, label: str) -> str:
        """Give ``label``, numbered where another branch has it: hyperopt wants each one once."""
        free, count = label, 1
        while free in self._taken:
            count += 1
            free = f"{label}#{count}"
        self._taken.add(free)
        return free


def check_arguments(name: str, word: str, arguments: list[float], named: dict[str, float]) -> list[float]:
    """Hold the arguments of a distribution against what it takes; gives them in order.

    Raises
    ------
    InvalidSpaceError
        There are too few or too many, or nothing lies between them.
    """
    wanted = DISTRIBUTIONS[word]
    if word == "randint" and "upper" in named:
        return [named["upper"]]
    if word == "randint" and len(arguments) == 1 and not named:
        return _checked_integers(name, [0, *arguments])[1:]
    given = dict(zip(wanted, arguments, strict=False)) | named
    if len(arguments) > len(wanted) or set(given) != set(wanted) or len(given) != len(arguments) + len(named):
        raise InvalidSpaceError(f"{name}: {word} takes ({', '.join(wanted)})", f"{word}{_example(word)}")
    if "low" in given and not given["low"] < given["high"]:
        raise InvalidSpaceError(f"{name}: {word} has nothing between {given['low']} and {given['high']}")
    for positive in ("sigma", "q"):
        if positive in given and not given[positive] > 0:
            raise InvalidSpaceError(f"{name}: {positive} of {word} is above 0, not {given[positive]}")
    if word.endswith("loguniform") and given["high"] > _HIGHEST_LOG:
        raise InvalidSpaceError(
            f"{name}: {word} takes logarithms, and exp({given['high']}) is infinite",
            f"{word}(log({given['low']}), log({given['high']}))",
        )
    ordered = [given[argument] for argument in wanted]
    return _checked_integers(name, ordered) if word == "randint" else ordered


def _check_logarithms(name: str, word: str, call: ast.Call, numbers: list[float]) -> None:
    """Refuse what was meant as the range itself: plain numbers that begin near 0, whose exponentials begin at 1."""
    low, high = numbers[:2]
    plain = not any(isinstance(node, ast.Call) for argument in call.args for node in ast.walk(argument))
    if plain and not call.keywords and (0 < low < high < 1 or 0 < low < 0.1):
        raise InvalidSpaceError(
            f"{name}: {word} takes logarithms, so this ranges from {math.exp(low):.4g} to {math.exp(high):.4g}",
            f"{word}(log({low}), log({high}))",
        )


def _checked_integers(name: str, bounds: list[float]) -> list[float]:
    if any(type(bound) is not int for bound in bounds) or not bounds[0] < bounds[1]:
        raise InvalidSpaceError(
            f"{name}: randint takes whole numbers, the upper one above {bounds[0]}", "randint(2, 9)"
        )
    return bounds


def _numbers(name: str, word: str, call: ast.Call) -> tuple[list[float], dict[str, float]]:
    named = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise InvalidSpaceError(f"{name}: {word} takes its arguments one by one")
        named[keyword.arg] = _number(name, keyword.value)
    return [_number(name, argument) for argument in call.args], named


def _number(name: str, node: ast.expr) -> float:
    value = _value(name, node)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise InvalidSpaceError(f"{name}: {ast.unparse(node)} is no finite number")
    number: float = value
    return number


def _value(name: str, node: ast.expr) -> Any:
    try:
        return literal_value(_Folded().visit(node))
    except ValueError as error:
        raise InvalidSpaceError(
            f"{name}: {ast.unparse(node)} is no literal ({error})", "numbers, arithmetic of them, log(…), 'texts'"
        ) from None


class _Folded(ast.NodeTransformer):
    """Works out ``log(1e-4)`` and its like, with or without ``np.`` or ``math.`` in front."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = _FUNCTIONS.get(_function_name(node))
        if function is None or len(node.args) != 1 or node.keywords:
            raise ValueError(f"{ast.unparse(node.func)} can't be called here")
        argument = literal_value(self.visit(node.args[0]))
        try:
            return ast.Constant(function(argument))
        except (TypeError, ArithmeticError) as error:
            raise ValueError(str(error)) from None


def _function_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="hp" | "np" | "numpy" | "math"), attr=name):
            return name
    return ast.unparse(call.func)


def _parse(text: str) -> ast.expr | None:
    module = parse_python(text.strip())
    if module is None or len(module.body) != 1 or not isinstance(module.body[0], ast.Expr):
        return None
    return module.body[0].value


def _example(word: str) -> str:
    given = {"choice": "('a', 'b')", "pchoice": "((0.7, 'a'), (0.3, 'b'))", "randint": "(2, 9)"}
    by_count = {2: "(0, 1)", 3: "(0, 100, 5)"}
    return given.get(word) or by_count[len(DISTRIBUTIONS[word])]
