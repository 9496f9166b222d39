"""What a search text says, as frozen values: tests joined by and, or, not. Equal texts give equal expressions.

``NOT x`` finds exactly what ``x`` doesn't; ``!=``, as in MLflow, asks for a value that is there and is another.
"""

from __future__ import annotations

from dataclasses import dataclass

from jtrack.store.search.fields import Field
from jtrack.store.search.literals import Value


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison; ``operator`` is ``= != < <= > >= [NOT ]LIKE [NOT ]ILIKE [NOT ]IN IS[ NOT] NULL``.

    ``values`` holds one value, as many as the list has for ``IN``, none for ``IS NULL``.
    """

    field: Field
    operator: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class And:
    """Every term holds."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some term holds."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The term doesn't hold, be it false or about something missing."""

    term: Expr


Expr = Comparison | And | Or | Not


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key to order by; what is NaN, then what is missing, comes last in both directions."""

    field: Field
    descending: bool
