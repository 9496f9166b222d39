"""Which operators a kind of field takes, and the value that a token is for it.

MLflow wants params quoted and metrics bare. Here a param takes both and means different things by them:
``params.lr = '0.1'`` compares its text, ``params.lr < 0.2`` its number.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

from jtrack.errors import InvalidFilterError
from jtrack.store.search.fields import Field, Kind, did_you_mean
from jtrack.store.search.lexer import Token, TokenKind
from jtrack.store.search.moments import Moment, find_moment, moment_of_ms

Value = str | int | float | bool | Moment

_NULLS = ("IS NULL", "IS NOT NULL")
_SAME = ("=", "!=")
_LISTS = ("IN", "NOT IN")
_LIKES = ("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE")
_ORDERS = ("<", "<=", ">", ">=")
_OPERATORS = {
    Kind.TEXT: (*_SAME, *_LIKES, *_LISTS, *_NULLS),
    Kind.NUMBER: (*_SAME, *_ORDERS, *_LISTS, *_NULLS),
    Kind.TIME: (*_SAME, *_ORDERS, *_NULLS),
    Kind.FLAG: (*_SAME, *_NULLS),
    Kind.TYPED: (*_SAME, *_ORDERS, *_LIKES, *_LISTS, *_NULLS),
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf(?:inity)?|nan", re.IGNORECASE)
# More digits than that, and Python refuses to read the number rather than take its time.
_MAX_DIGITS = 4000
_TRUTHS = {"true": True, "false": False}


def operators_of(field: Field) -> tuple[str, ...]:
    """Give the operators that ``field`` takes, the most usual first."""
    return _OPERATORS[field.kind]


def check_operator(field: Field, operator: str, text: str, position: int, shown: str | None = None) -> None:
    """Raise InvalidFilterError, its caret at ``position``, unless ``field`` takes ``operator``."""
    allowed = _OPERATORS[field.kind]
    if operator not in allowed:
        problem = f"{field} is {field.kind} and takes no {shown or operator}"
        raise InvalidFilterError(text, position, problem, f"it takes {', '.join(allowed)}")


def read_value(field: Field, operator: str, token: Token, text: str, now: datetime) -> Value:
    """Give the value that ``token`` means when compared with ``field`` by ``operator``.

    Raises
    ------
    InvalidFilterError
        It is not a value, or not one for this field and operator; the caret stands at the token.
    """
    if token.kind not in (TokenKind.WORD, TokenKind.QUOTED):
        problem = f"a value for {field} is missing here"
        raise InvalidFilterError(text, token.position, problem, f"it is {field.kind}")
    if operator.endswith("LIKE") or (field.kind is Kind.TYPED and operator not in _ORDERS):
        value = _typed_value(field, token, text) if not operator.endswith("LIKE") else _text_value(field, token, text)
    elif field.kind is Kind.TEXT:
        value = _choice(field, _text_value(field, token, text), token, text)
    elif field.kind is Kind.TIME:
        value = _time_value(field, token, text, now)
    elif field.kind is Kind.FLAG:
        value = _flag_value(field, token, text)
    else:
        value = _number_value(field, token, text)
    if operator in _ORDERS and isinstance(value, float) and math.isnan(value):
        raise InvalidFilterError(text, token.position, f"nothing is {operator} nan", "nan goes with = and !=")
    return value


def _typed_value(field: Field, token: Token, text: str) -> Value:
    if token.kind is TokenKind.QUOTED:
        return token.text
    number = _find_number(token)
    if number is not None:
        return number
    if token.text.lower() in _TRUTHS:
        return _TRUTHS[token.text.lower()]
    raise _unquoted(field, token, text)


def _text_value(field: Field, token: Token, text: str) -> str:
    if token.kind is not TokenKind.QUOTED:
        raise _unquoted(field, token, text)
    return token.text


def _choice(field: Field, value: str, token: Token, text: str) -> str:
    choices = field.attribute.choices if field.attribute else ()
    if not choices:
        return value
    for choice in choices:
        if value.lower() == choice.lower():
            return str(choice)
    near = did_you_mean(value.upper() if choices[0].isupper() else value.lower(), choices)
    raise InvalidFilterError(text, token.position, f"{value!r} is no {field.key.replace('_', ' ')}", near)


def _number_value(field: Field, token: Token, text: str) -> float:
    number = _find_number(token)
    if number is None or token.kind is TokenKind.QUOTED:
        hint = f"write {token.text} without quotes" if number is not None else "as in metrics.accuracy > 0.9"
        raise InvalidFilterError(text, token.position, f"{field} is compared with a number, not {token.text!r}", hint)
    return number if isinstance(number, float) else _float(number)


def _time_value(field: Field, token: Token, text: str, now: datetime) -> Moment:
    if token.kind is TokenKind.QUOTED:
        moment = find_moment(token.text, now)
    else:
        number = _find_number(token)
        moment = None if number is None or math.isnan(number) else moment_of_ms(number)
    if moment is None:
        hint = "write '2026-01-31', '2026-01-31 18:30', 'yesterday', '2 hours ago', or milliseconds since 1970"
        raise InvalidFilterError(text, token.position, f"{field} is compared with a time, not {token.text!r}", hint)
    return moment


def _flag_value(field: Field, token: Token, text: str) -> bool:
    if token.text.lower() not in _TRUTHS:
        raise InvalidFilterError(text, token.position, f"{field} is compared with true or false, not {token.text!r}")
    return _TRUTHS[token.text.lower()]


def _find_number(token: Token) -> int | float | None:
    if _INTEGER.fullmatch(token.text):
        return int(token.text) if len(token.text) <= _MAX_DIGITS else float(token.text)
    return float(token.text) if _FLOAT.fullmatch(token.text) else None


def _float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _unquoted(field: Field, token: Token, text: str) -> InvalidFilterError:
    quoted = token.text.replace("'", "''")
    problem = f"{field} is compared with text in quotes, not {token.text}"
    return InvalidFilterError(text, token.position, problem, f"write '{quoted}'")
