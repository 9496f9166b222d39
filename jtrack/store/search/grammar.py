"""The search language "as MLflow writes it", and more: OR, NOT, parentheses, BETWEEN, IN anywhere, typed params.

Recursive descent over the tokens: or → and → not → test. Every test is checked where it stands, so that what
comes out is right and a complaint has its caret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jtrack.errors import InvalidFilterError
from jtrack.store.search.expression import And, Comparison, Expr, Not, Or, OrderKey
from jtrack.store.search.fields import RUNS, Entity, Field, Subject, resolve_field
from jtrack.store.search.lexer import Token, TokenKind, tokenize
from jtrack.store.search.literals import Value, check_operator, read_value

_MAX_DEPTH = 100
_NAMES = (TokenKind.WORD, TokenKind.QUOTED, TokenKind.TICKED)
_KEYWORDS = ("AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "IS", "BETWEEN")
_ELSEWHERE = {"&": "and", "&&": "and", "|": "or", "||": "or", "~": "not"}


def parse_filter(text: str, subject: Subject = RUNS, *, now: datetime | None = None) -> Expr | None:
    """Read a search text.

    Parameters
    ----------
    text
        For example ``metrics.acc > 0.9 and (params.model = 'mlp' or tags.stage is null)``.
    subject
        What is searched: ``RUNS`` or ``EXPERIMENTS``.
    now
        What ``'2 days ago'`` counts from; the present when not given.

    Returns
    -------
    Expr | None
        ``None`` when the text is empty, which everything fits.

    Raises
    ------
    InvalidFilterError
        With the place of the fault.
    """
    parser = _Parser(text, subject, now or datetime.now())
    return parser.whole()


def parse_order(items: str | Sequence[str] | None, subject: Subject = RUNS) -> list[OrderKey]:
    """Read ``order_by``: ``metrics.acc DESC``, ``start_time``, several in one text parted by commas.

    Raises
    ------
    InvalidFilterError
        With the place of the fault in the item it is in.
    """
    texts: Iterable[str] = [items] if isinstance(items, str) else items or ()
    return [key for text in texts for key in _Parser(text, subject, datetime.now()).order_keys()]


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field where a text names it: from ``position`` to ``end``."""

    field: Field
    position: int
    end: int


def find_names(text: str, subject: Subject = RUNS) -> list[NamedField]:
    """Give the fields that a search text names, in its order.

    Raises
    ------
    InvalidFilterError
        As `parse_filter`.
    """
    parser = _Parser(text, subject, datetime.now())
    parser.whole()
    return parser.named


class _Parser:
    """Walks one text's tokens from left to right."""

    def __init__(self, text: str, subject: Subject, now: datetime) -> None:
        self.text, self.subject, self.now = text, subject, now
        self.tokens = tokenize(text)
        self.index = 0
        self.depth = 0
        self.named: list[NamedField] = []

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def whole(self) -> Expr | None:
        if self._at(TokenKind.END):
            return None
        expr = self.any_of()
        if not self._at(TokenKind.END):
            raise self._no_end()
        return expr

    def order_keys(self) -> list[OrderKey]:
        keys = [self.order_key()]
        while self._take(TokenKind.COMMA):
            keys.append(self.order_key())
        if self.token.kind is not TokenKind.END:
            raise self._fail(
                f"{self.token.text!r} can't stand here", "a key to order by ends with ASC or DESC, or nothing"
            )
        return keys

    def order_key(self) -> OrderKey:
        start = self.token
        field = self.field()
        if field.entity is Entity.DATASET:
            problem = "runs can't be ordered by datasets: one run may read several"
            raise InvalidFilterError(self.text, start.position, problem, "order by an attribute, metric, param or tag")
        descending = self._take_word("DESC")
        if not descending:
            self._take_word("ASC")
        return OrderKey(field, descending)

    def any_of(self) -> Expr:
        terms = [self.all_of()]
        while self._take_word("OR"):
            terms.append(self.all_of())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def all_of(self) -> Expr:
        terms = [self.term()]
        while self._take_word("AND"):
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def term(self) -> Expr:
        opening = self.token
        negated = self._take_word("NOT")
        if not negated and not self._take(TokenKind.OPEN):
            return self.test()
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise InvalidFilterError(self.text, opening.position, f"nested deeper than {_MAX_DEPTH}")
        expr = Not(self.term()) if negated else self.any_of()
        if not negated and not self._take(TokenKind.CLOSE):
            raise self._no_end(opening)
        self.depth -= 1
        return expr

    def test(self) -> Expr:
        field = self.field()
        operator = self.token
        if self._take_word("IS"):
            return self.null_test(field, operator)
        negated = self._take_word("NOT")
        if self._take_word("BETWEEN"):
            return self.between_test(field, operator, negated)
        name = self.operator_name(negated)
        check_operator(field, name, self.text, operator.position)
        if name.endswith("IN"):
            return Comparison(field, name, self.value_list(field, name))
        return Comparison(field, name, (self.value(field, name),))

    def null_test(self, field: Field, operator: Token) -> Comparison:
        name = "IS NOT NULL" if self._take_word("NOT") else "IS NULL"
        if not self._take_word("NULL"):
            raise self._fail("NULL or NOT NULL goes after IS", "a value is compared with =")
        check_operator(field, name, self.text, operator.position)
        return Comparison(field, name)

    def between_test(self, field: Field, operator: Token, negated: bool) -> Expr:
        low, high = ("<", ">") if negated else (">=", "<=")
        check_operator(field, low, self.text, operator.position, shown="BETWEEN")
        first = Comparison(field, low, (self.value(field, low),))
        if not self._take_word("AND"):
            raise self._fail("AND and the upper bound are missing here", "as in metrics.loss BETWEEN 0.1 AND 0.5")
        second = Comparison(field, high, (self.value(field, high),))
        return Or((first, second)) if negated else And((first, second))

    def field(self) -> Field:
        start = self.token
        if start.kind not in _NAMES or start.is_word(*_KEYWORDS):
            what = "at the end" if start.kind is TokenKind.END else f"before {start.text!r}"
            raise self._fail(f"a name such as metrics.accuracy is missing {what}")
        name = self._next().text
        # `metrics.`, then the key in quotes: pieces that touch, at a dot, are one name.
        while self.token.kind in _NAMES and self._touches() and (name.endswith(".") or self.token.text.startswith(".")):
            name += self._next().text
        field = resolve_field(self.subject, name, self.text, start.position)
        self.named.append(NamedField(field, start.position, self.tokens[self.index - 1].end))
        return field

    def operator_name(self, negated: bool) -> str:
        token = self.token
        if token.is_word("LIKE", "ILIKE", "IN"):
            return f"{'NOT ' if negated else ''}{self._next().text.upper()}"
        if token.kind is TokenKind.OPERATOR and not negated:
            return self._next().text
        if negated:
            raise self._fail(
                "IN, LIKE, ILIKE or BETWEEN goes after NOT here", "NOT before the whole comparison takes any"
            )
        raise self._fail(
            "a comparison such as = or > is missing here", "a name with spaces in it goes between back-ticks"
        )

    def value(self, field: Field, operator: str) -> Value:
        value = read_value(field, operator, self.token, self.text, self.now)
        self.index += 1
        return value

    def value_list(self, field: Field, operator: str) -> tuple[Value, ...]:
        if not self._take(TokenKind.OPEN):
            raise self._fail(f"a list in parentheses goes after {operator}", f"as in {field} {operator} ('a', 'b')")
        values = [self.value(field, operator)]
        while self._take(TokenKind.COMMA) and not self._at(TokenKind.CLOSE):
            values.append(self.value(field, operator))
        if not self._take(TokenKind.CLOSE):
            raise self._fail("a comma or the end of the list is missing here", "values are parted by commas")
        return tuple(values)

    def _no_end(self, opening: Token | None = None) -> InvalidFilterError:
        if opening is not None and self._at(TokenKind.END):
            return InvalidFilterError(self.text, opening.position, "this parenthesis is not closed")
        if self._at(TokenKind.CLOSE):
            return self._fail("no parenthesis is open here")
        word = _ELSEWHERE.get(self.token.text)
        hint = f"write {word}" if word else "conditions are joined by and / or"
        return self._fail(f"{self.token.text!r} can't stand here", hint)

    def _fail(self, problem: str, hint: str | None = None) -> InvalidFilterError:
        return InvalidFilterError(self.text, self.token.position, problem, hint)

    def _touches(self) -> bool:
        return self.token.position == self.tokens[self.index - 1].end

    def _next(self) -> Token:
        self.index += 1
        return self.tokens[self.index - 1]

    def _at(self, kind: TokenKind) -> bool:
        return self.token.kind is kind

    def _take(self, kind: TokenKind) -> bool:
        taken = self._at(kind)
        self.index += taken
        return taken

    def _take_word(self, word: str) -> bool:
        taken = self.token.is_word(word)
        self.index += taken
        return taken
