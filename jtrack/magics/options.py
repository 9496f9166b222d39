"""How a header's line is read: options, settings ``name=value``, and the experiment; pure.

One reader for every header of jtrack's. A magic says which options it has, and what it makes of a value.
"""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jtrack.magics.tokens import Token, header_fault, parse_text

_SEVERAL_WORDS = {"--name", "--note"}
_DASHES = "–—‐−"  # what a text processor makes of hyphens
_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Option:
    """An option as it is written: ``--name N``; ``metavar`` is empty for a switch."""

    flag: str
    metavar: str
    meaning: str

    @property
    def field_name(self) -> str:
        """What a header calls it: ``max_evals``."""
        return self.flag[2:].replace("-", "_")


class HeaderReader:
    """Goes through the tokens once; ``said`` collects what may be given once, by field.

    Parameters
    ----------
    line
        The whole line, the magic's own name included; ``tokens`` are what stands behind that.
    options
        Those of the magic.
    example
        A setting as it may be written, for hints.
    """

    def __init__(self, line: str, tokens: list[Token], options: Sequence[Option], example: str) -> None:
        self.line, self.tokens = line, tokens
        self.said: dict[str, Any] = {}
        self._options = {option.flag: option for option in options}
        self._example = example
        self._settings: set[str] = set()
        self._text_before: Option | None = None  # the text that stood just before, without quotes

    def read(self) -> None:
        """Read it to its end; raises :class:`HeaderError` with a caret where it can't be meant."""
        while self.tokens:
            token = self.tokens.pop(0)
            if not token.text[0].isalnum() or "=" in token.text:
                self._text_before = None
            if token.text.startswith("-"):
                self._read_option(token)
            elif "=" in token.text and token.text[0] not in "'\"":
                self._read_setting(token)
            else:
                self._read_experiment(token)

    def take_value(self, option: Option, value: Token) -> None:
        """Take an option's value; text that is given once, unless a magic means more by it."""
        self.said[option.field_name] = parse_text(self.line, value)

    def take_setting(self, name: str, value: Token) -> None:
        """Take ``name=value``; ``name`` can be one, and comes once."""
        raise NotImplementedError

    def _read_option(self, token: Token) -> None:
        flag, has_value, _ = token.text.partition("=")
        option = self._options.get(flag)
        if option is None:
            raise header_fault(self.line, token.start, f"there is no option {flag!r}", self._near(flag))
        if option.field_name in self.said:
            raise header_fault(self.line, token.start, f"{flag} is given twice")
        if option.metavar:
            value = self._value_of(token, option)
            self.take_value(option, value)
            if option.flag in _SEVERAL_WORDS and value.text[0] not in "'\"":
                self._text_before = option
        elif has_value:
            raise header_fault(self.line, token.start + len(flag), f"{flag} takes no value")
        else:
            self.said[option.field_name] = True

    def _value_of(self, token: Token, option: Option) -> Token:
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

    def _read_setting(self, token: Token) -> None:
        name, value = token.text.partition("=")[0], token.after("=")
        if not name or not value.text:
            raise self._half(token.start, token.text)
        self._check_comma(value)
        if not is_name(name):
            is_word = keyword.iskeyword(name)
            hint = f"{name!r} is a word of Python's own" if is_word else "quote it if it is the experiment"
            raise header_fault(self.line, token.start, f"{name!r} can't be a name", hint)
        if name in self._settings:
            raise header_fault(self.line, token.start, f"{name} is set twice")
        self._settings.add(name)
        self.take_setting(name, value)

    def _read_experiment(self, token: Token) -> None:
        self._check_comma(token)
        if self.tokens and self.tokens[0].text.startswith("="):
            raise self._half(self.tokens[0].start, f"{token.text} =")
        if token.text[0] in _DASHES:
            raise header_fault(self.line, token.start, "an option begins with two hyphens", f"--{token.text[1:]}")
        if self._text_before is not None:
            flag = self._text_before.flag
            hint = f"{flag} 'several words' in quotes; the experiment goes before the options"
            raise header_fault(self.line, token.start, f"it isn't clear whether {token.text!r} belongs to {flag}", hint)
        if "experiment" in self.said:
            first = self.said["experiment"]
            hint = "a name or a note of several words needs quotes; values are written name=value"
            raise header_fault(self.line, token.start, f"the experiment is {first!r} already", hint)
        self.said["experiment"] = parse_text(self.line, token)

    def _check_comma(self, token: Token) -> None:
        if token.text.endswith(","):
            hint = "blanks alone separate: lr=0.1 depth=4; a tuple of one is written in brackets: (4,)"
            raise header_fault(self.line, token.end - 1, "a comma doesn't belong here", hint)

    def _half(self, start: int, text: str) -> Exception:
        hint = f"write {self._example}, with no blanks around ="
        return header_fault(self.line, start, f"{text!r} is half of a setting", hint)

    def _near(self, flag: str) -> str:
        close = difflib.get_close_matches(flag, self._options, n=1, cutoff=0.5)
        return f"did you mean {close[0]!r}?" if close else "there are: " + ", ".join(self._options)


def is_name(text: str) -> bool:
    """Whether Python takes it for a name."""
    return _NAME.fullmatch(text) is not None and not keyword.iskeyword(text)
