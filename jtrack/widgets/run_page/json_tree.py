"""JSON as a tree to be opened on a page: cut in width, depth and number, with numbers exactly as they were written.

A browser's own reader would round large integers and refuse NaN, which Python writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

_MOST_NODES = 4_000
_MOST_ENTRIES = 100
_MOST_DEPTH = 12
_MOST_TEXT = 400


@dataclass(frozen=True, slots=True)
class JsonNode:
    """One value: ``text`` of a plain one, the first of ``n`` ``entries`` of an object or array."""

    kind: str
    text: str
    n: int
    entries: tuple[tuple[str, JsonNode], ...]


class _Literal(str):
    """A number, true, false or null, as it was written."""

    __slots__ = ()


def parse_tree(text: str) -> JsonNode:
    """Read JSON.

    Raises
    ------
    ValueError
        It is none.
    RecursionError
        It is nested more deeply than Python reads.
    """
    value = json.loads(text, parse_int=_Literal, parse_float=_Literal, parse_constant=_Literal)
    return _Builder().node(value, 0)


class _Builder:
    def __init__(self) -> None:
        self._n_left = _MOST_NODES

    def node(self, value: Any, depth: int) -> JsonNode:
        self._n_left -= 1
        if isinstance(value, dict):
            return JsonNode("object", "", len(value), self._entries(value.items(), depth))
        if isinstance(value, list):
            return JsonNode("array", "", len(value), self._entries(((str(i), v) for i, v in enumerate(value)), depth))
        if isinstance(value, _Literal):
            return JsonNode("number", value[:_MOST_TEXT], 0, ())
        if isinstance(value, str):
            return JsonNode("string", value[:_MOST_TEXT], len(value), ())
        return JsonNode("word", json.dumps(value), 0, ())

    def _entries(self, items: Iterable[tuple[str, Any]], depth: int) -> tuple[tuple[str, JsonNode], ...]:
        if depth >= _MOST_DEPTH:
            return ()
        entries = []
        for key, value in islice(items, _MOST_ENTRIES):
            if self._n_left <= 0:
                break
            entries.append((key[:_MOST_TEXT], self.node(value, depth + 1)))
        return tuple(entries)
