"""Values that a reader of the source can see: Python literals, and arithmetic of numbers.

``ast.literal_eval`` takes no ``10**-3`` or ``60 * 60``, which is how people write settings; numbers are folded
here, with a bound on their size so that a slip of the keyboard can't hang the kernel.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable
from typing import Any

_MAX_BITS = 4096
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def parse_python(source: str) -> ast.Module | None:
    """Parse ``source`` without a word; ``None`` where it isn't Python.

    Compiling the cell itself warns of what is doubtful in it; a second parse must not warn again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def parse_literal(text: str) -> Any:
    """Turn the text of a literal into its value.

    Raises
    ------
    ValueError
        ``text`` is not a literal.
    """
    module = parse_python(text.strip())
    if module is None or len(module.body) != 1 or not isinstance(module.body[0], ast.Expr):
        raise ValueError(f"not a literal: {text!r}")
    return literal_value(module.body[0].value)


def literal_value(node: ast.expr) -> Any:
    """Give the value of a literal's syntax tree: numbers, text, booleans, None, and tuples, lists and dicts of these.

    Bytes, sets and complex numbers are no settings that a param keeps as they are, and count as none.

    Raises
    ------
    ValueError
        ``node`` holds anything else.
    """
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return +_number(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _fold(op, _number(left), _number(right))
        case ast.Tuple(elts=items):
            return tuple(literal_value(item) for item in items)
        case ast.List(elts=items):
            return [literal_value(item) for item in items]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return _literal_dict(keys, values)
    raise ValueError(f"not a literal: {type(node).__name__}")


def _literal_dict(keys: list[ast.expr | None], values: list[ast.expr]) -> dict[Any, Any]:
    pairs = zip(keys, values, strict=True)
    try:
        return {literal_value(key): literal_value(item) for key, item in pairs if key is not None}
    except TypeError as error:  # a list as a key
        raise ValueError(str(error)) from None


def _number(node: ast.expr) -> int | float:
    value = literal_value(node)
    if type(value) not in (int, float):
        raise ValueError("not a number")
    number: int | float = value
    return number


def _fold(op: ast.operator, left: int | float, right: int | float) -> int | float:
    act = _ARITHMETIC.get(type(op))
    if act is None or _is_huge(op, left, right):
        raise ValueError("not arithmetic of numbers")
    try:
        result: int | float = act(left, right)
    except ArithmeticError as error:
        raise ValueError(str(error)) from None
    if type(result) not in (int, float):  # (-8) ** 0.5 is complex
        raise ValueError("not a real number")
    return result


def _is_huge(op: ast.operator, left: int | float, right: int | float) -> bool:
    if not isinstance(left, int) or not isinstance(right, int):
        return False
    if isinstance(op, ast.Pow):
        return left.bit_length() * abs(right) > _MAX_BITS
    return max(left.bit_length(), right.bit_length()) > _MAX_BITS
