"""What the line of ``%%track`` says, parsed into a value; pure.

``OPTIONS`` is the one place that knows the options: the parser, Tab and the help all read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from jtrack.magics.options import HeaderReader, Option, is_name
from jtrack.magics.references import fill_in, is_reference, look_up
from jtrack.magics.tokens import Token, header_fault, is_word, parse_text, parse_value, split_tokens

OPTIONS = (
    Option("--name", "N", "name of the run"),
    Option("--params", "a,b", "take exactly these names as params"),
    Option("--metrics", "a,b", "take exactly these names as metrics"),
    Option("--tag", "k=v", "a tag of the run; may be given again"),
    Option("--note", "TEXT", "description of the run, in quotes"),
    Option("--quiet", "", "show no card"),
    Option("--help", "", "show what can stand here, and run nothing"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """What to record of a cell, and the names to set before it runs."""

    experiment: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    params: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    note: str | None = None
    quiet: bool = False
    help: bool = False
    words: frozenset[str] = frozenset()
    """Names in ``values`` whose value is a plain word, which could be meant as a name of the notebook."""


def parse_header(line: str, names: Mapping[str, Any] = MappingProxyType({})) -> Header:
    """Parse a whole line, the magic's own name included.

    Parameters
    ----------
    names
        The notebook's, for ``{name}`` in the line.

    Raises
    ------
    HeaderError
        The line says something that can't be meant; the message has a caret under the place.
    """
    name_end = len(line) - len(line.lstrip()) + len(line.split(maxsplit=1)[0]) if line.strip() else 0
    reader = _Reader(line, split_tokens(line, name_end), OPTIONS, "name=value", names=names)
    reader.read()
    known = {**names, **reader.values}
    said: dict[str, Any] = {
        name: fill_in(text, known) if isinstance(text, str) else text for name, text in reader.said.items()
    }
    tags = {key: fill_in(text, known) for key, text in reader.tags.items()}
    return Header(values=reader.values, tags=tags, words=frozenset(reader.words), **said)


class _Reader(HeaderReader):
    """Knows what is particular of ``%%track``: lists of names, and tags, which may be given again."""

    def __init__(self, *args: Any, names: Mapping[str, Any]) -> None:
        super().__init__(*args)
        self.values: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.words: set[str] = set()
        self._names = names

    def take_value(self, option: Option, value: Token) -> None:
        if option.flag == "--tag":
            self._read_tag(value)
        elif option.flag in {"--params", "--metrics"}:
            self.said[option.field_name] = self._read_names(value)
        else:
            super().take_value(option, value)

    def take_setting(self, name: str, value: Token) -> None:
        if is_reference(value.text):
            self.values[name] = look_up(self.line, value, self._names)
            return
        self.values[name] = parse_value(self.line, value)
        if is_word(value.text):
            self.words.add(name)

    def _read_tag(self, value: Token) -> None:
        whole = Token(parse_text(self.line, value), value.start)  # the quotes may go around all of it
        key, has_value, _ = whole.text.partition("=")
        if not has_value or not key:
            raise header_fault(self.line, value.start, "a tag is written key=value", "--tag stage=draft")
        self.tags[key] = parse_text(self.line, whole.after("="))

    def _read_names(self, value: Token) -> tuple[str, ...]:
        while value.text.endswith(",") and self.tokens and not self.tokens[0].text.startswith("--"):
            following = self.tokens.pop(0)
            value = Token(self.line[value.start : following.end], value.start)
        names = tuple(name.strip() for name in parse_text(self.line, value).split(","))
        for name in names:
            if not is_name(name):
                raise header_fault(self.line, value.start, f"{name!r} can't be a name", "separate names by commas: a,b")
        return names
