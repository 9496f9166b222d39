"""From what a function returns or raises to the JSON text and the status of the reply.

JSON has no word for NaN and infinities: they never leave as bare tokens (see ``frame_json`` for what stands for them).
"""

from __future__ import annotations

import json
from typing import Any

from jtrack.errors import (
    InvalidInputError,
    JTrackError,
    NotFoundError,
    QueryError,
    RunStateError,
    StoreVersionError,
)
from jtrack.server.files import RangeError
from jtrack.widgets.frames import frame_json


class PanelGoneError(JTrackError):
    """The server has forgotten a panel, or was started anew."""

    def __init__(self, panel_id: str) -> None:
        super().__init__(f"panel {panel_id!r} is no longer open", "open it again: params, and no panel_id")


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotFoundError, 404),
    (RangeError, 416),
    (PanelGoneError, 410),
    (RunStateError, 409),
    (StoreVersionError, 409),
    (InvalidInputError, 400),
    (QueryError, 400),
)


def render_json(value: object) -> str:
    """Render a frame, or anything made of plain values, frames and times."""
    return json.dumps(frame_json(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def parse_body(body: bytes) -> dict[str, Any]:
    """Read the JSON object that a page sent; nothing is an empty one.

    Raises
    ------
    InvalidInputError
        It is no JSON, no object, or holds NaN, which no reader but Python's takes.
    """
    try:
        value = json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"the request is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInputError("the request has to be a JSON object")
    return value


def status_of(error: Exception) -> int:
    """Give the HTTP status that says what kind of error it is."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
