"""What can stand at a place of a filter that is being typed: a name, a comparison, a value, or what joins two.

The tokens before the cursor are walked as the grammar walks them, only that nothing is wrong yet: a quote that is
still open belongs to the word that is being typed. Nothing here touches a store; it is told the keys, and asks for
values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from jtrack.errors import InvalidFilterError
from jtrack.store.search.fields import RUNS, Entity, Field, Kind, resolve_field
from jtrack.store.search.lexer import Token, TokenKind, tokenize
from jtrack.store.search.literals import operators_of
from jtrack.store.search.write import write_name, write_value

MOST_CHOICES = 50
_NAMES = (TokenKind.WORD, TokenKind.QUOTED, TokenKind.TICKED)
_ATTRIBUTES = tuple("run_name status started_at duration_s ended_at user_name run_id kind experiment_name".split())
_MOMENTS = ("today", "yesterday", "1 hour ago", "7 days ago")
_DATASETS = ("name", "digest", "context")

Keys = Mapping[str, Sequence[str]]  # the keys of metrics, params and tags, by these nouns, the likeliest first


class Expected(Enum):
    """What comes next."""

    NAME = auto()
    OPERATOR = auto()
    NOT = auto()  # after NOT, where a comparison is expected
    NULL = auto()
    LIST = auto()
    VALUE = auto()
    JOIN = auto()


@dataclass(frozen=True, slots=True)
class Completion:
    """A text that can stand there, and what it is: ``name``, ``operator``, ``value`` or ``word``."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Completions:
    """What can stand in place of the characters from ``start`` to ``end`` of the filter, the likeliest first."""

    start: int
    end: int
    choices: tuple[Completion, ...] = ()


@dataclass(slots=True)
class _Place:
    """Where the walk has come to."""

    expected: Expected = Expected.NAME
    field: Field | None = None
    is_range: bool = False  # the AND that follows belongs to BETWEEN
    is_list: bool = False


def complete_filter(
    text: str, position: int, keys: Keys, values_of: Callable[[Field], Iterable[object]]
) -> Completions:
    """Tell what can stand at ``position`` of a filter.

    Parameters
    ----------
    keys
        The keys that there are, by noun: ``{"metrics": [...], "params": [...], "tags": [...]}``.
    values_of
        Gives values that a param or tag has, the most frequent first.
    """
    position = max(0, min(position, len(text)))
    tokens, start = _split(text[:position])
    typed = text[start:position]
    place = _walk(tokens)
    choices = _choices(place, keys, values_of)
    return Completions(start, position, tuple(_fitting(choices, typed)[:MOST_CHOICES]))


def _split(before: str) -> tuple[list[Token], int]:
    """Give the tokens that are finished, and where the one that is being typed begins."""
    try:
        tokens = tokenize(before)[:-1]
        start = len(before)
    except InvalidFilterError as error:
        try:
            tokens = tokenize(before[: error.position])[:-1]
        except InvalidFilterError:
            tokens = []
        start = error.position
    # What touches the cursor is being typed; pieces that touch at a dot are one name.
    while tokens and tokens[-1].end == start and (start < len(before) or tokens[-1].kind is TokenKind.WORD):
        touching = tokens[-1]
        if start < len(before) and not (touching.kind is TokenKind.WORD and touching.text.endswith(".")):
            break
        start = tokens.pop().position
    return tokens, start


def _walk(tokens: Sequence[Token]) -> _Place:
    place = _Place()
    index = 0
    while index < len(tokens):
        index = _step(place, tokens, index)
    return place


def _step(place: _Place, tokens: Sequence[Token], index: int) -> int:
    """Take one token, or the several of a name, and give the index of the next."""
    token = tokens[index]
    if place.expected is Expected.NAME:
        if token.is_word("NOT") or token.kind is TokenKind.OPEN:
            return index + 1
        return _take_name(place, tokens, index)
    if place.expected in (Expected.OPERATOR, Expected.NOT):
        _take_operator(place, token)
    elif place.expected is Expected.LIST:
        place.expected = Expected.VALUE
    elif place.expected in (Expected.VALUE, Expected.NULL):
        if not token.is_word("NOT"):
            place.expected = Expected.JOIN
    elif token.is_word("AND", "OR"):
        place.expected = Expected.VALUE if place.is_range else Expected.NAME
        place.is_range = False
    elif token.kind is TokenKind.COMMA and place.is_list:
        place.expected = Expected.VALUE
    else:
        place.is_list = False
    return index + 1


def _take_name(place: _Place, tokens: Sequence[Token], index: int) -> int:
    name, position = tokens[index].text, tokens[index].position
    index += 1
    while (
        index < len(tokens)
        and tokens[index].kind in _NAMES
        and tokens[index].position == tokens[index - 1].end
        and (name.endswith(".") or tokens[index].text.startswith("."))
    ):
        name += tokens[index].text
        index += 1
    try:
        place.field = resolve_field(RUNS, name, name, position)
    except InvalidFilterError:
        place.field = None
    place.expected = Expected.OPERATOR
    return index


def _take_operator(place: _Place, token: Token) -> None:
    if token.is_word("IS"):
        place.expected = Expected.NULL
    elif token.is_word("NOT"):
        place.expected = Expected.NOT
    elif token.is_word("IN"):
        place.expected, place.is_list = Expected.LIST, True
    else:
        place.expected, place.is_range = Expected.VALUE, token.is_word("BETWEEN")


def _choices(place: _Place, keys: Keys, values_of: Callable[[Field], Iterable[object]]) -> list[Completion]:
    if place.expected is Expected.NAME:
        return [*(Completion(name, "name") for name in field_names(keys)), Completion("not", "word")]
    if place.expected is Expected.JOIN:
        joins = ("and",) if place.is_range else ("and", "or")
        return [Completion(word, "word") for word in joins]
    if place.expected is Expected.NULL:
        return [Completion(word, "word") for word in ("null", "not null")]
    if place.field is None:
        return []
    if place.expected is Expected.LIST:
        return [Completion("(", "operator")]
    if place.expected is Expected.VALUE:
        return [Completion(text, "value") for text in _values(place.field, values_of)]
    negated = place.expected is Expected.NOT
    names = [name for name in operators_of(place.field) if name.startswith("NOT ") == negated]
    return [Completion(name.removeprefix("NOT ").lower(), "operator") for name in names]


def field_names(keys: Keys) -> list[str]:
    """Give all names that a search for runs can ask about, as a filter takes them."""
    own = [write_name(noun, key) for noun in ("metrics", "params", "tags") for key in keys.get(noun, ())]
    fixed = {Entity.ATTRIBUTE: _ATTRIBUTES, Entity.DATASET: _DATASETS}
    return [*own, *(f"{entity}.{name}" for entity, names in fixed.items() for name in names)]


def _values(field: Field, values_of: Callable[[Field], Iterable[object]]) -> list[str]:
    if field.attribute is not None and field.attribute.choices:
        return [write_value(choice) for choice in field.attribute.choices]
    if field.kind is Kind.FLAG:
        return ["true", "false"]
    if field.kind is Kind.TIME:
        return [write_value(moment) for moment in _MOMENTS]
    return list(dict.fromkeys(write_value(value) for value in values_of(field)))


def _fitting(choices: Sequence[Completion], typed: str) -> list[Completion]:
    """Those that begin as what was typed, then names whose key does, then names that have it in them."""
    wanted = _bare(typed)
    ranked: list[list[Completion]] = [[], [], []]
    for choice in choices:
        text = _bare(choice.text)
        key = text.partition(".")[2] if choice.kind == "name" else ""
        rank = 0 if text.startswith(wanted) else 1 if key.startswith(wanted) else 2 if wanted in key else None
        if rank is not None and choice.text != typed:
            ranked[rank].append(choice)
    return [choice for group in ranked for choice in group]


def _bare(text: str) -> str:
    return text.lower().replace("`", "").lstrip("'\"")
