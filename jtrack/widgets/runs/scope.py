"""The runs that a table is about, where these are not all of the store: those of a notebook, a folder or a cell.

They are told by a question and not by ids: a look then finds those that came since, and a folder's 100,000 runs need
not be handed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunsScope:
    """SQL that finds the ids of the runs, what is in it, and what a table calls them."""

    title: str
    sql: str
    values: tuple[object, ...] = ()


def place_within(search: str, values: Sequence[object], scope: RunsScope | None) -> tuple[str, list[object]]:
    """Lay a scope over a search: SQL with columns ``run_id`` and ``place``, its place in the order, and what is in it.

    Parameters
    ----------
    search, values
        As of :func:`~jtrack.store.search.plan.plan_search`.
    """
    placed = f"SELECT run_id, row_number() OVER () AS place FROM ({search})"
    if scope is None:
        return placed, list(values)
    return f"SELECT run_id, place FROM ({placed}) WHERE run_id IN ({scope.sql})", [*values, *scope.values]
