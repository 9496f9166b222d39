"""Names of the notebook in a magic's line: ``lr={best_lr}`` is the value, ``--name trial-{n}`` has it as text; pure.

As IPython fills in ``{…}`` for its own line magics, except that a value keeps its type, that only names, attributes
and items are looked up, and that a name which isn't there is an error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from jtrack.capture.literals import literal_value
from jtrack.errors import HeaderError
from jtrack.magics.tokens import Token, header_fault

_PATH = r"[^\W\d]\w*(?:\.[^\W\d]\w*|\[[^\[\]{}]*\])*"
_REFERENCE = re.compile(rf"\{{({_PATH})\}}")
_IN_TEXT = re.compile(rf"\{{(\{{{_PATH}\}})\}}|\{{({_PATH})\}}")


def is_reference(text: str) -> bool:
    """Whether a value is nothing but ``{name}``, ``{name.attribute}`` or ``{name[item]}``."""
    return _REFERENCE.fullmatch(text) is not None


def look_up(line: str, token: Token, names: Mapping[str, Any]) -> Any:
    """Give the value of what :func:`is_reference` is true of.

    Raises
    ------
    HeaderError
        The notebook has no such name, or that no such attribute or item.
    """
    try:
        return _resolve(token.text[1:-1], names)
    except ValueError as error:
        raise header_fault(line, token.start, str(error), "run the cell that sets it first") from None


def find_value(path: str, names: Mapping[str, Any]) -> Any:
    """Give the value of ``name`` or ``name.attribute``; ``None`` where there is none."""
    try:
        return _resolve(path, names)
    except ValueError:
        return None


def fill_in(text: str, names: Mapping[str, Any], write: Callable[[Any], str] = str) -> str:
    """Put values in the places of ``{name}`` in a text; ``{{name}}`` is left as ``{name}``.

    Parameters
    ----------
    write
        Makes the text of a value.

    Raises
    ------
    HeaderError
        There is no such name.
    """

    def value_of(found: re.Match[str]) -> str:
        as_it_stands, path = found.groups()
        if as_it_stands is not None:
            return str(as_it_stands)
        try:
            return write(_resolve(path, names))
        except ValueError as error:
            raise HeaderError(f"{text!r}: {error}", f"as text it is written {{{found[0]}}}") from None

    return _IN_TEXT.sub(value_of, text)


def _resolve(path: str, names: Mapping[str, Any]) -> Any:
    try:
        return _value(ast.parse(path, mode="eval").body, names)
    except _Unknown as error:
        raise ValueError(f"the notebook has no name {str(error)!r}") from None
    except Exception as error:  # whatever a user's object answers
        raise ValueError(f"{{{path}}} can't be looked up: {type(error).__name__}: {error}") from None


class _Unknown(Exception):
    """A name that isn't there."""


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            if name not in names:
                raise _Unknown(name)
            return names[name]
        case ast.Attribute(value=owner, attr=name):
            return getattr(_value(owner, names), name)
        case ast.Subscript(value=owner, slice=item):
            return _value(owner, names)[literal_value(item)]
    raise ValueError("only names, attributes and items can stand there")
