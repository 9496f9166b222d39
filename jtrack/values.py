"""Between a logged value and its text: exact both ways, or an error that says which value and why.

A param has three forms: its text as MLflow would write it, JSON that gives the typed value back, and its
number where it is one. What JSON has no word for stands in an object with one ``$`` key.
"""

from __future__ import annotations

import enum
import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from jtrack.errors import InvalidInputError

MAX_KEY_LENGTH = 250
MAX_VALUE_BYTES = 16 * 1024 * 1024
MAX_ARRAY_ITEMS = 10_000
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_NUMERIC_TEXT = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def check_key(noun: str, key: object) -> str:
    """Return ``key`` if it can name a param, metric or tag.

    Raises
    ------
    InvalidInputError
        It is not text, is empty, is longer than 250 characters, or holds half a character.
    """
    if not isinstance(key, str):
        raise InvalidInputError(f"the name of {_an(noun)} is text, not {type(key).__name__}: {key!r}")
    if not key or len(key) > MAX_KEY_LENGTH:
        problem = "is empty" if not key else f"has {len(key)} characters"
        raise InvalidInputError(f"the name of {_an(noun)} {problem}", f"give 1 to {MAX_KEY_LENGTH} characters")
    check_encodable(f"the {noun} name", key)
    return str(key)


def check_mapping(noun: str, values: object) -> Mapping[str, Any]:
    """Return ``values`` if they are a dictionary of params, metrics or tags.

    Raises
    ------
    InvalidInputError
        They are something else.
    """
    if not isinstance(values, Mapping):
        raise InvalidInputError(f"{noun}s come as a dictionary, not as {type(values).__name__}", "{'name': value}")
    return values


def check_text(noun: str, key: str, value: object) -> str:
    """Return ``value`` as text that the store can keep whole: a tag, a description, a name."""
    text = value if type(value) is str else str(value)
    check_encodable(f"{noun} {key!r}", text)
    _check_size(f"{noun} {key!r}", text)
    return text


def check_encodable(what: str, text: str) -> bytes:
    """Return ``text`` in UTF-8, which holds all but half characters.

    Raises
    ------
    InvalidInputError
        There is one in it; ``what`` says in what.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"{what} has half a character (a lone surrogate) at position {error.start}",
            "text.encode('utf-8', 'replace').decode() drops it",
        ) from None


def _an(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"


def plain_value(value: Any) -> Any:
    """Unwrap numpy scalars, 0-d arrays and 0-d tensors to the Python value they hold.

    Raises
    ------
    ValueError
        It holds none: a tensor without data, a masked value, a long double that no float64 is exactly.
    """
    if type(value) in (float, int, str, bool, type(None)):
        return value
    if isinstance(value, enum.Enum):
        return plain_value(value.value) if isinstance(value, (int, str, float)) else value
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return _item_of(value)
    for plain in (bool, int, float, str):
        if isinstance(value, plain):
            return plain(value)
    return value


def _item_of(value: Any) -> Any:
    if _is_time(value):
        return str(value)  # of nanoseconds, item() is a bare int
    if is_masked(value):
        raise ValueError("it is masked")
    item = _unpacked(value.item)
    # A long double's item() is itself, and wider than float64.
    return item if type(item) is not type(value) else _exact_float("value", value)


def _unpacked(unpack: Callable[[], Any]) -> Any:
    try:
        return unpack()
    except RuntimeError as error:  # torch's, of a tensor without data or of a kind that has none at hand
        raise ValueError(str(error).partition("\n")[0]) from None


def _is_time(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M")  # torch's have no kind


def is_masked(value: Any) -> bool:
    """Whether it is numpy's mark for a value that is not there; its ``item()`` is 0.0."""
    return getattr(value, "ndim", None) == 0 and bool(getattr(value, "mask", False))


def render_param(key: str, value: Any) -> tuple[str, str]:
    """Give the text and the JSON of a param; :func:`parse_param` turns the JSON back into the value.

    ``None``, bool, int of any size, float with NaN and infinities, str, and lists, tuples and dicts of
    these come back as they went in; arrays and tensors as lists. Any other object is kept as its ``str()``, as
    MLflow does, and a dataclass that holds arrays with all of their values.

    Raises
    ------
    InvalidInputError
        The value can't be kept whole: half a character, a cycle, more than 16 MiB, a table, a large array.
    """
    try:
        plain = _without_arrays(plain_value(value))
        text = plain if isinstance(plain, str) else str(plain)
        encoded = json.dumps(_encode(plain), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (RecursionError, ValueError) as error:
        reason = error.message if isinstance(error, InvalidInputError) else error
        raise InvalidInputError(
            f"param {key!r} can't be kept: {reason}", "log it with log_dict or log_artifact"
        ) from None
    check_encodable(f"param {key!r}", encoded)
    _check_size(f"param {key!r}", encoded)
    return text, encoded


def parse_param(value_json: str) -> Any:
    """Turn the ``value_json`` of a param back into the value that was logged."""
    return json.loads(value_json, object_hook=_decode_object)


def param_number(text: str, value_json: str) -> float | None:
    """Give the number that a param is: an int, a float, or text that reads as one; ``None`` for all else."""
    if value_json.startswith('{"$float"'):
        return float(text)
    if not _NUMERIC_TEXT.fullmatch(text) or value_json[:1] in "[{tfn":
        return None
    try:
        return float(text)
    except OverflowError:
        return None


def metric_value(key: str, value: Any) -> float:
    """Return ``value`` as the float64 that is exactly it.

    Raises
    ------
    InvalidInputError
        It is not a number, or no float64 is exactly it (an int beyond 2**53, a Decimal, a long double).
    """
    if getattr(value, "ndim", 0) != 0:
        raise InvalidInputError(
            f"metric {key!r} is one number, not an array of shape {tuple(value.shape)}", "log its mean, or each by name"
        )
    if isinstance(value, (str, bytes)) or not (hasattr(type(value), "__float__") or hasattr(type(value), "__index__")):
        raise InvalidInputError(
            f"metric {key!r} is a number, not {type(value).__name__}: {value!r:.80}",
            "log text with log_param or set_tag",
        )
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = _number_in(key, value)
    return _exact_float(f"metric {key!r}", value)


def _number_in(key: str, value: Any) -> Any:
    if _is_time(value):
        raise InvalidInputError(f"metric {key!r} is a number, not a time: {value}", "log its .astype(float)")
    if is_masked(value):
        raise InvalidInputError(f"metric {key!r} holds no number: it is masked", "log float('nan') in its place")
    try:
        # Compared as numpy's or torch's own, an int is rounded first, and equals what it was rounded to.
        item = _unpacked(value.item)
    except ValueError as error:
        raise InvalidInputError(f"metric {key!r} holds no number: {error}") from None
    if isinstance(item, complex):
        raise InvalidInputError(f"metric {key!r} is a number, not complex: {item!r}", "log its .real, or abs() of it")
    return item if type(item) in (int, float, bool) else value


def metric_step(key: str, step: Any) -> int:
    """Return ``step`` as an int that fits 64 bits; a float is taken when it is a whole number."""
    try:
        number = int(step) if isinstance(step, float) and step.is_integer() else operator.index(plain_value(step))
    except (TypeError, ValueError):
        raise InvalidInputError(f"step of metric {key!r} is a whole number, not {step!r}") from None
    if not INT64_MIN <= number <= INT64_MAX:
        raise InvalidInputError(f"step of metric {key!r} does not fit 64 bits: {number}")
    return number


def _exact_float(what: str, value: Any) -> float:
    try:
        number = float(value)
        exact = number == value or math.isnan(number)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(f"{what} can't be kept as a float64: {error}", "log it with log_param") from None
    if not exact:
        raise InvalidInputError(
            f"{what} = {value} can't be kept exactly: the nearest float64 is {number!r}",
            "log float(value) if that will do, or log_param to keep every digit",
        )
    return number


def _check_size(what: str, text: str) -> None:
    if len(text) > MAX_VALUE_BYTES // 4 and len(text.encode("utf-8")) > MAX_VALUE_BYTES:
        raise InvalidInputError(f"{what} is larger than {MAX_VALUE_BYTES >> 20} MiB", "log it as an artifact: log_text")


class _SetText(str):
    """The text of a set, which stands without quotes in the text of what holds it."""

    __slots__ = ()
    __repr__ = str.__str__


def _without_arrays(value: Any) -> Any:
    """Turn arrays and tensors, also inside other values, into lists: their ``str()`` leaves parts out.

    Sets become their text, in order: ``str()`` gives another order in each process.
    """
    # A kind of list, tuple or dictionary, such as a named tuple, is kept as what it is a kind of, to which it is equal.
    if isinstance(value, (list, tuple)):
        return (list if isinstance(value, list) else tuple)(_without_arrays(item) for item in value)
    if isinstance(value, dict):
        return {key: _without_arrays(item) for key, item in value.items()}
    if type(value) in (set, frozenset):
        return _set_text(value)
    if _n_dimensions(value) == 0:
        return _record_text(value) if _holds_array_or_set(value) else value
    n_items = math.prod(value.shape)
    if not hasattr(value, "tolist") or hasattr(value, "iloc") or n_items > MAX_ARRAY_ITEMS:
        raise ValueError(f"a {type(value).__name__} of shape {tuple(value.shape)} is no setting")
    return _unpacked((value.astype(str) if _is_time(value) else value).tolist)


def _set_text(items: set[Any] | frozenset[Any]) -> _SetText:
    if not items:
        return _SetText(items)
    are_numbers = all(isinstance(item, (int, float)) for item in items)
    shown = [repr(item) for item in sorted(items)] if are_numbers else sorted(repr(_without_arrays(i)) for i in items)
    text = f"{{{', '.join(shown)}}}"
    return _SetText(text if type(items) is set else f"frozenset({text})")


def _record_text(record: Any) -> str:
    """Give a dataclass as its ``repr()`` would, with lists for arrays."""
    parts = (f"{name}={_without_arrays(part)!r}" for name, part in _shown_fields(record).items())
    return f"{type(record).__qualname__}({', '.join(parts)})"


def _holds_array_or_set(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_array_or_set(item) for item in value)
    inner = value if isinstance(value, dict) else _shown_fields(value)
    is_one = type(value) in (set, frozenset) or _n_dimensions(value) > 0
    return is_one or any(_holds_array_or_set(item) for item in inner.values())


def _shown_fields(value: Any) -> dict[str, Any]:
    """Give the fields of a dataclass that its ``repr()`` shows; nothing of anything else."""
    fields = getattr(type(value), "__dataclass_fields__", {})
    return {name: getattr(value, name) for name, field in fields.items() if field.repr and hasattr(value, name)}


def _n_dimensions(value: Any) -> int:
    found = len(value.shape) if _is_table(value) else getattr(value, "ndim", None)
    return found if isinstance(found, int) and not isinstance(value, type) else 0


def _is_table(value: Any) -> bool:
    """Whether it is a table of polars or of Arrow: ``str()`` leaves parts of it out, and it has no ``ndim``."""
    return type(value).__module__.partition(".")[0] in ("polars", "pyarrow") and hasattr(value, "shape")


def _encode(value: Any) -> Any:
    value = plain_value(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if type(value) is list:
        return [_encode(item) for item in value]
    if type(value) is tuple:
        return {"$tuple": [_encode(item) for item in value]}
    if type(value) is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: _encode(item) for key, item in value.items()}
        return {"$dict": [[_encode(key), _encode(item)] for key, item in value.items()]}
    return str(value)


def _decode_object(found: dict[str, Any]) -> Any:
    if len(found) != 1:
        return found
    ((name, inner),) = found.items()
    if name == "$float":
        return float(inner)
    if name == "$tuple":
        return tuple(inner)
    if name == "$dict":
        return dict(inner)
    return found
