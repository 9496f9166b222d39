"""What the line of ``%%track`` says, parsed into a value; pure.

``OPTIONS`` is the one place that knows the options: the parser, Tab and the help all read it.
"""

from __future__ import annotations

import difflib
import keyword
import re
from dataclasses import dataclass, field
from typing import Any

from jtrack.magics.tokens import Token, header_fault, parse_text, parse_value, split_tokens

_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Option:
    """An option as it is written: ``--name N``; ``metavar`` is empty for a switch."""

    flag: str
    metavar: str
    meaning: str


OPTIONS = (
    Option("--name", "N", "name of the run"),
    Option("--params", "a,b", "take exactly these names as params"),
    Option("--metrics", "a,b", "take exactly these names as metrics"),
    Option("--tag", "k=v", "a tag of the run; may be given again"),
    Option("--note", "TEXT", "description of the run, in quotes"),
    Option("--quiet", "", "show no card"),
)
_BY_FLAG = {option.flag: option for option in OPTIONS}


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


def parse_header(line: str) -> Header:
    """Parse a whole line, the magic's own name included.

    Raises
    ------
    HeaderError
        The line says something that can't be meant; the message has a caret under the place.
    """
    name_end = len(line) - len(line.lstrip()) + len(line.split(maxsplit=1)[0]) if line.strip() else 0
    reader = _Reader(line, split_tokens(line, name_end))
    reader.read()
    return Header(values=reader.values, tags=reader.tags, **reader.said)


class _Reader:
    """Goes through the tokens once; ``said`` collects the fields of the header that are given once."""

    def __init__(self, line: str, tokens: list[Token]) -> None:
        self.line, self.tokens = line, tokens
        self.values: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.said: dict[str, Any] = {}

    def read(self) -> None:
        while self.tokens:
            token = self.tokens.pop(0)
            if token.text.startswith("-"):
                self._read_option(token)
            elif "=" in token.text and token.text[0] not in "'\"":
                self._read_assignment(token)
            else:
                self._read_experiment(token)

    def _read_option(self, token: Token) -> None:
        flag, has_value, _ = token.text.partition("=")
        option = _BY_FLAG.get(flag)
        if option is None:
            raise header_fault(self.line, token.start, f"there is no option {flag!r}", _near_option(flag))
        if not option.metavar:
            if has_value:
                raise header_fault(self.line, token.start + len(flag), f"{flag} takes no value")
            self._say(token, "quiet", True)
        elif flag == "--tag":
            self._read_tag(self._value_of(token))
        elif flag in {"--params", "--metrics"}:
            self._say(token, flag[2:], self._read_names(self._value_of(token)))
        else:
            self._say(token, flag[2:], parse_text(self.line, self._value_of(token)))

    def _value_of(self, token: Token) -> Token:
        option = _BY_FLAG[token.text.partition("=")[0]]
        if "=" in token.text:
            value = token.after("=")
        elif self.tokens and not self.tokens[0].text.startswith("--"):
            value = self.tokens.pop(0)
        else:
            value = Token("", token.end)
        if not value.text:
            hint = f"{option.flag} {option.metavar}"
            raise header_fault(self.line, value.start, f"{option.flag} needs a value", hint)
        return value

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
            if not _is_name(name):
                raise header_fault(self.line, value.start, f"{name!r} can't be a name", "separate names by commas: a,b")
        return names

    def _read_assignment(self, token: Token) -> None:
        name = token.text.partition("=")[0]
        if not name or not token.after("=").text:
            hint = "write name=value, with no blanks around ="
            raise header_fault(self.line, token.start, f"{token.text!r} is half of a setting", hint)
        if not _is_name(name):
            is_word = keyword.iskeyword(name)
            hint = f"{name!r} is a word of Python's own" if is_word else "quote it if it is the experiment"
            raise header_fault(self.line, token.start, f"{name!r} can't be a name", hint)
        if name in self.values:
            raise header_fault(self.line, token.start, f"{name} is set twice")
        self.values[name] = parse_value(self.line, token.after("="))

    def _read_experiment(self, token: Token) -> None:
        if self.tokens and self.tokens[0].text.startswith("="):
            hint = "write name=value, with no blanks around ="
            raise header_fault(self.line, self.tokens[0].start, f"'{token.text} =' is half of a setting", hint)
        if "experiment" in self.said:
            first = self.said["experiment"]
            hint = "a name or a note of several words needs quotes; values are written name=value"
            raise header_fault(self.line, token.start, f"the experiment is {first!r} already", hint)
        self.said["experiment"] = parse_text(self.line, token)

    def _say(self, token: Token, name: str, value: Any) -> None:
        if name in self.said:
            raise header_fault(self.line, token.start, f"--{name} is given twice")
        self.said[name] = value


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and not keyword.iskeyword(text)


def _near_option(flag: str) -> str:
    close = difflib.get_close_matches(flag, _BY_FLAG, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "there are: " + ", ".join(_BY_FLAG)
