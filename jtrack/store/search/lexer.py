"""Cuts a search text into tokens, each with the place where it stands, so that any later complaint has a caret.

A bare word takes every character that means nothing else here: keys such as ``train/loss`` or ``préc@5``
need no quotes, and a number is a word that reads as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from jtrack.errors import InvalidFilterError, InvalidInputError


class TokenKind(Enum):
    """What a token is; ``QUOTED`` is text or a key, ``TICKED`` only ever a key."""

    WORD = auto()
    QUOTED = auto()
    TICKED = auto()
    OPERATOR = auto()
    OPEN = auto()
    CLOSE = auto()
    COMMA = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a search text; ``text`` is without its quotes, ``position`` and ``end`` are offsets with them."""

    kind: TokenKind
    text: str
    position: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Tell whether this is one of the keywords ``words``, which are given in upper case."""
        return self.kind is TokenKind.WORD and self.text.upper() in words


_TOKEN = re.compile(
    r"""
      (?P<QUOTED>   '[^']*(?:''[^']*)*' | "[^"]*(?:""[^"]*)*" )
    | (?P<TICKED>   `[^`]*(?:``[^`]*)*` )
    | (?P<OPERATOR> <> | [<>]=? | ==? | != )
    | (?P<OPEN>     \( )
    | (?P<CLOSE>    \) )
    | (?P<COMMA>    , )
    | (?P<WORD>     [^\s'"`(),=<>!;]+ )
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")
_SAME = {"==": "=", "<>": "!="}


def tokenize(text: str) -> list[Token]:
    """Cut ``text`` into tokens, the last of which is always the ``END``.

    Raises
    ------
    InvalidFilterError
        A quote is not closed, or a character has no meaning here.
    """
    if not isinstance(text, str):
        raise InvalidInputError(f"a filter or an order is text, not {text!r}", '"metrics.accuracy > 0.9"')
    tokens = []
    position = _skip_space(text, 0)
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _stray(text, position)
        tokens.append(_token(found))
        position = _skip_space(text, found.end())
    end = len(text.rstrip())
    return [*tokens, Token(TokenKind.END, "", end, end)]


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return position if found is None else found.end()


def _token(found: re.Match[str]) -> Token:
    kind = TokenKind[found.lastgroup or "WORD"]
    text = str(found.group())
    if kind in (TokenKind.QUOTED, TokenKind.TICKED):
        quote = text[0]
        text = text[1:-1].replace(quote * 2, quote)
    return Token(kind, _SAME.get(text, text) if kind is TokenKind.OPERATOR else text, found.start(), found.end())


def _stray(text: str, position: int) -> InvalidFilterError:
    character = text[position]
    problem, hint = f"{character!r} has no meaning here", None
    if character in "'\"`":
        problem = f"the quote {character} is not closed"
        hint = f"close it with {character}, and write {character * 2} for one inside"
    elif character == "!":
        hint = "not is written NOT, and unequal !="
    return InvalidFilterError(text, position, problem, hint)
