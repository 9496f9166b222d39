"""From names and values back to the search language: what a click on a value adds to a filter, and what Tab offers."""

from __future__ import annotations

import re

from jtrack.store.search.expression import And, Or
from jtrack.store.search.grammar import parse_filter

# What the lexer takes for one word, less what a reader would stumble over.
_PLAIN = re.compile(r"[\w\-./]+")


def write_name(entity: str, key: str) -> str:
    """Write ``metrics.acc`` as a filter takes it, the key in back-ticks where it needs them."""
    return f"{entity}.{key}" if _PLAIN.fullmatch(key) else f"{entity}.`{key.replace('`', '``')}`"


def write_value(value: object) -> str:
    """Write a value as a filter takes it: text in quotes, numbers and true or false without."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    return "'" + text.replace("'", "''") + "'"


def join_filters(text: str, condition: str) -> str:
    """Write a filter for what fits ``text`` and ``condition`` both; a condition that is there already stays one.

    Raises
    ------
    InvalidFilterError
        One of them can't be read.
    """
    there, added = parse_filter(text), parse_filter(condition)
    if there is None or added is None:
        return condition if there is None else text
    if added in (there.terms if isinstance(there, And) else (there,)):
        return text
    return " and ".join(
        f"({part})" if isinstance(expr, Or) else part for part, expr in ((text, there), (condition, added))
    )
