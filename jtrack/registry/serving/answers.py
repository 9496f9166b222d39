"""From predictions to the bytes of an answer, and the split of joined predictions by the rows of each ask.

Values are laid out as MLflow's server does it: arrays as nested lists, frames and series as records. Unlike there, a
NaN is ``null``: the answer is JSON, which has no NaN.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Sequence
from typing import Any

import orjson

from jtrack.registry.serving.faults import RequestError

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


class UnsplittableError(Exception):
    """Predictions that are not one for each row."""


def split_predictions(predictions: Any, counts: Sequence[int]) -> list[Any]:
    """Cut joined predictions into those of each ask.

    Raises
    ------
    UnsplittableError
        They are not one for each row.
    """
    parts, start = [], 0
    rows = getattr(predictions, "iloc", predictions)
    if not hasattr(predictions, "shape") and not isinstance(predictions, list):
        raise UnsplittableError
    if not getattr(predictions, "shape", (1,)) or len(predictions) != sum(counts):
        raise UnsplittableError
    for count in counts:
        parts.append(rows[start : start + count])
        start += count
    return parts


def encode_predictions(predictions: Any, *, is_wrapped: bool = True) -> bytes:
    """Render predictions as the body of an answer; ``is_wrapped`` puts them under ``predictions``.

    Raises
    ------
    TypeError
        Something in them has no form in JSON.
    """
    plain = _plain(predictions)
    return orjson.dumps({"predictions": plain} if is_wrapped else plain, default=_encode, option=_OPTIONS)


def encode_error(error: RequestError) -> tuple[str, bytes]:
    """Render an error: its content type and its body."""
    if error.code is None:
        return "text/plain; charset=utf-8", error.message.encode()
    body: dict[str, Any] = {"error_code": error.code, "message": error.message}
    if error.faults:
        body["faults"] = error.faults
    return "application/json", orjson.dumps(body)


def _plain(predictions: Any) -> Any:
    if hasattr(predictions, "iloc"):
        frame = predictions.to_frame() if hasattr(predictions, "to_frame") else predictions
        return frame.to_dict(orient="records")
    if type(predictions).__module__.startswith("polars"):
        frame = predictions.to_frame() if hasattr(predictions, "to_frame") else predictions
        return frame.to_dicts()
    return predictions


def _encode(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return list(value)
    if hasattr(value, "iloc") or type(value).__module__.startswith("polars"):
        return _plain(value)
    if hasattr(value, "toarray"):
        return value.toarray().tolist()
    if hasattr(value, "tolist"):  # what orjson doesn't take of numpy: objects, texts, other byte orders
        return value.tolist()
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "model_dump"):
        return value.model_dump()
    raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} has no form in JSON")
