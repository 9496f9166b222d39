"""Typed values for a page: what JSON has no word for keeps the ``$`` form that the store has it in."""

from __future__ import annotations

import json
from typing import Any


def typed_form(value_json: str | None) -> Any:
    """Give a param's typed form as plain JSON: ``0.1``, ``"tree"``, ``{"$float": "nan"}``, ``{"$tuple": [1, 2]}``.

    ``None`` where there is none, and where the value is ``None``: the text tells them apart.
    """
    return None if value_json is None else json.loads(value_json)
