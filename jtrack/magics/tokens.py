"""A magic's line cut into tokens, and the values in them; pure, and the same for every header of jtrack's.

Blanks separate tokens, but not inside quotes or brackets, so ``x=[1, 2]`` and ``s='a b'`` are one each. A value is
a Python literal; a plain word needs no quotes. What could be read in two ways is an error that says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from jtrack.capture.literals import parse_literal
from jtrack.errors import HeaderError

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_WORD = re.compile(r"[^\W\d][^\s'\"()\[\]{},=]*|[/.~\\][^\s'\"()\[\]{},=]+")
_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_NUMBER_WORD = re.compile(r"[+-]?(inf|nan)")
_OTHER_LANGUAGES = {"true": "True", "false": "False", "none": "None", "null": "None"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a line and its offset in it."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset just behind the token."""
        return self.start + len(self.text)

    def after(self, separator: str) -> Token:
        """Give the part behind the first ``separator``."""
        left, found, right = self.text.partition(separator)
        return Token(right, self.start + len(left) + len(found))


def header_fault(line: str, position: int, problem: str, hint: str | None = None) -> HeaderError:
    """Make the error for a fault at ``position`` of ``line``, with a caret under the place."""
    return HeaderError(f"{problem}\n    {line.rstrip()}\n    {' ' * position}^", hint)


def split_tokens(line: str, start: int = 0) -> list[Token]:
    """Cut ``line`` into tokens from offset ``start`` on; ``#`` at a token's place begins a comment.

    Raises
    ------
    HeaderError
        A quote or bracket is not closed.
    """
    tokens = []
    position = start
    while position < len(line):
        if line[position].isspace():
            position += 1
        elif line[position] == "#":
            break
        else:
            end = _token_end(line, position)
            tokens.append(Token(line[position:end], position))
            position = end
    return tokens


def parse_value(line: str, token: Token) -> Any:
    """Turn a token into the value it writes.

    Python literals are themselves, arithmetic of numbers is worked out, ``inf`` and ``nan`` are floats, and a word
    that begins with a letter, ``_``, ``/``, ``.`` or ``~`` is text.

    Raises
    ------
    HeaderError
        It is neither, or it is ``true``, ``none`` or the like, which Python writes otherwise.
    """
    text = token.text
    if text.lower() in _OTHER_LANGUAGES and text != _OTHER_LANGUAGES[text.lower()]:
        meant = _OTHER_LANGUAGES[text.lower()]
        hint = f"write {meant}, or '{text}' with its quotes for the text"
        raise header_fault(line, token.start, f"{text!r} can be read in two ways", hint)
    if _NUMBER_WORD.fullmatch(text):
        return float(text)
    try:
        return parse_literal(text)
    except ValueError:
        if _WORD.fullmatch(text):
            return text
    hint = f"if it is text, quote it: {text!r}"
    if text.startswith("$"):
        hint = f"the value of a name of the notebook is written {{{text[1:]}}}"
    raise header_fault(line, token.start, f"{text!r} is no Python literal", hint)


def is_word(text: str) -> bool:
    """Whether a value is a plain word, or words with dots between, which could be meant as a name."""
    return bool(_PATH.fullmatch(text)) and not (_NUMBER_WORD.fullmatch(text) or text in _OTHER_LANGUAGES.values())


def parse_text(line: str, token: Token) -> str:
    """Turn a token into text: without its quotes where it has them, else as it stands."""
    if token.text[:1] not in {"'", '"'}:
        return token.text
    try:
        return str(parse_literal(token.text))
    except ValueError:
        raise header_fault(line, token.start, f"{token.text} is not one quoted text") from None


def _token_end(line: str, start: int) -> int:
    open_brackets: list[int] = []
    position = start
    while position < len(line):
        mark = line[position]
        if mark in "'\"":
            position = _quote_end(line, position)
            continue
        if mark in _CLOSING:
            open_brackets.append(position)
        elif mark in _CLOSING.values():
            if not open_brackets or _CLOSING[line[open_brackets.pop()]] != mark:
                raise header_fault(line, position, f"{mark!r} closes nothing")
        elif mark.isspace() and not open_brackets:
            break
        position += 1
    if open_brackets:
        raise header_fault(line, open_brackets[-1], f"{line[open_brackets[-1]]!r} is not closed")
    return position


def _quote_end(line: str, start: int) -> int:
    position = start + 1
    while position < len(line):
        if line[position] == "\\":
            position += 1
        elif line[position] == line[start]:
            return position + 1
        position += 1
    raise header_fault(line, start, "the quote is not closed")
