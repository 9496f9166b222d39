"""What a request asks, taken apart and checked: functions that answer see typed values and no web framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from jtrack.entities import ViewType
from jtrack.errors import InvalidInputError
from jtrack.server.places import Place
from jtrack.store import Store

_VIEWS = {"active": ViewType.ACTIVE_ONLY, "deleted": ViewType.DELETED_ONLY, "all": ViewType.ALL}

_NAMES_OF_KINDS = {"str": "text", "dict": "an object", "NoneType": "null", "bool": "true or false"}


class Scope(StrEnum):
    """Which runs of a store are meant."""

    NOTEBOOK = "notebook"
    FOLDER = "folder"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Question:
    """One request.

    ``path`` holds what stands in the address after the route's own words, ``words`` the arguments of the query (each
    may be given several times), ``body`` the JSON that was sent.
    """

    store: Store
    place: Place
    path: tuple[str, ...] = ()
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Give an argument of the query, the last where it was given several times."""
        return self.words[name][-1] if self.words.get(name) else default

    def texts(self, name: str) -> list[str]:
        """Give an argument of the query as often as it was given; empty ones are left out."""
        return [text for text in self.words.get(name, ()) if text]

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Give an argument of the query as a whole number, brought into the limits."""
        text = self.text(name, str(default))
        try:
            return min(max(int(text), least), most)
        except ValueError:
            raise InvalidInputError(f"{name} is a whole number, not {text!r}") from None

    @property
    def scope(self) -> Scope:
        """Which runs are meant: of the notebook where one was named, else all."""
        default = Scope.ALL if self.place.notebook_path is None else Scope.NOTEBOOK
        return parse_scope(self.text("scope", default.value), self.place)

    @property
    def view_type(self) -> ViewType:
        """Whether deleted runs are meant."""
        text = self.text("view", "active")
        if text not in _VIEWS:
            raise InvalidInputError(f"no view {text!r}", f"one of {', '.join(_VIEWS)}")
        return _VIEWS[text]

    def said(self, name: str, kind: type | tuple[type, ...]) -> Any:
        """Give a value of the body.

        Raises
        ------
        InvalidInputError
            It is missing, or no ``kind``.
        """
        value = self.body.get(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            wanted = " or ".join(_NAMES_OF_KINDS.get(kind.__name__, kind.__name__) for kind in kinds)
            raise InvalidInputError(f"{name!r} has to be {wanted}, and is {value!r:.80}")
        return value


def parse_scope(text: str, place: Place) -> Scope:
    """Read which runs of a store are meant.

    Raises
    ------
    InvalidInputError
        There is no such scope, or the place is no notebook where its runs are meant.
    """
    if text not in list(Scope):
        raise InvalidInputError(f"no scope {text!r}", f"one of {', '.join(Scope)}")
    if text == Scope.NOTEBOOK and place.notebook_path is None:
        raise InvalidInputError("the runs of a notebook need its path", "notebook_path=folder/name.ipynb")
    return Scope(text)
