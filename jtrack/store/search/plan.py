"""The whole of a search: text in, one SELECT of ids in their order out. Nothing here touches a store."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from datetime import datetime

from jtrack.entities import LifecycleStage, ViewType
from jtrack.errors import InvalidInputError
from jtrack.store.search.expression import Expr, OrderKey
from jtrack.store.search.fields import EXPERIMENTS, MODEL_VERSIONS, REGISTERED_MODELS, RUNS, Subject
from jtrack.store.search.grammar import parse_filter, parse_order
from jtrack.store.search.sql import Clause, Query

_STAGE = {ViewType.ACTIVE_ONLY: LifecycleStage.ACTIVE, ViewType.DELETED_ONLY: LifecycleStage.DELETED}


def plan_search(
    filter_string: str | None = "",
    order_by: str | Sequence[str] | None = None,
    experiment_ids: Sequence[str] | None = None,
    view_type: ViewType | int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    offset: int = 0,
    *,
    is_ordered: bool = True,
    now: datetime | None = None,
) -> tuple[str, list[object]]:
    """Plan a search for runs.

    Parameters
    ----------
    filter_string
        See :func:`~jtrack.store.search.grammar.parse_filter`; empty finds all.
    order_by
        Keys, the most important first; ties, and all when there is none, go by the newest start, then by id.
    experiment_ids
        Only runs of these; ``None`` takes those of every experiment.
    max_results, offset
        How many to return, ``None`` being all, and how many to leave out before.
    is_ordered
        Whether the order matters; to count what is found, say, it would be put in order in vain.
    now
        What ``'2 days ago'`` counts from; the present when not given.

    Returns
    -------
    tuple[str, list[object]]
        SQL over the views, with one column ``run_id`` in the order asked for, and its parameters.

    Raises
    ------
    InvalidFilterError
        The filter or a key of the order can't be read; with its place.
    InvalidInputError
        A number that isn't one of those possible.
    """
    limits: list[Clause] = [_stage(view_type)]
    if experiment_ids is not None:
        limits.append(("s.experiment_id IN (SELECT unnest(?::VARCHAR[]))", [list(experiment_ids)]))
    expr = parse_filter(filter_string or "", RUNS, now=now)
    return _plan(RUNS, expr, parse_order(order_by, RUNS), limits, _page(max_results, offset), is_ordered=is_ordered)


def plan_experiment_search(
    filter_string: str | None = "",
    order_by: str | Sequence[str] | None = None,
    view_type: ViewType | int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    offset: int = 0,
    *,
    now: datetime | None = None,
) -> tuple[str, list[object]]:
    """Plan a search for experiments; as :func:`plan_search`, with ``experiment_id`` for the column."""
    expr = parse_filter(filter_string or "", EXPERIMENTS, now=now)
    return _plan(EXPERIMENTS, expr, parse_order(order_by, EXPERIMENTS), [_stage(view_type)], _page(max_results, offset))


def plan_model_search(
    filter_string: str = "", order_by: str | Sequence[str] | None = None, max_results: int | None = None
) -> tuple[str, list[object]]:
    """Plan a search for registered models; as :func:`plan_search`, with ``name`` for the column."""
    expr = parse_filter(filter_string, REGISTERED_MODELS)
    keys = parse_order(order_by, REGISTERED_MODELS)
    return _plan(REGISTERED_MODELS, expr, keys, [], _page(max_results, 0))


def plan_version_search(
    filter_string: str = "", order_by: str | Sequence[str] | None = None, max_results: int | None = None
) -> tuple[str, list[object]]:
    """Plan a search for versions; as :func:`plan_search`, with columns ``model_id`` and ``version``."""
    expr = parse_filter(filter_string, MODEL_VERSIONS)
    return _plan(MODEL_VERSIONS, expr, parse_order(order_by, MODEL_VERSIONS), [], _page(max_results, 0))


def _plan(
    subject: Subject,
    expr: Expr | None,
    keys: Sequence[OrderKey],
    limits: Sequence[Clause],
    page: Clause,
    *,
    is_ordered: bool = True,
) -> tuple[str, list[object]]:
    query = Query(subject)
    conditions = [*limits, *([query.where(expr)] if expr is not None else [])]
    # Ties are broken, so that the same search gives the same order, and pages don't overlap.
    order = [*query.order(keys), *subject.last_order]
    joins, join_values = query.joins()
    where = " AND ".join(f"({sql})" for sql, _ in conditions) or "TRUE"
    lines = (
        f"SELECT {subject.found} FROM {subject.view} s",
        joins,
        f"WHERE {where}",
        f"ORDER BY {', '.join(order)}" if is_ordered else "",
        page[0],
    )
    values = [*join_values, *(value for _, given in conditions for value in given), *page[1]]
    return "\n".join(line for line in lines if line), values


def _stage(view_type: ViewType | int) -> Clause:
    try:
        view = ViewType(view_type)
    except ValueError:
        known = ", ".join(f"{kind.value} ({kind.name})" for kind in ViewType)
        raise InvalidInputError(f"{view_type!r} is no view type", f"there are: {known}") from None
    return ("TRUE", []) if view is ViewType.ALL else ("s.lifecycle_stage = ?", [str(_STAGE[view])])


def _page(max_results: int | None, offset: int) -> Clause:
    for name, number in (("max_results", max_results), ("offset", offset)):
        if number is not None and number < 0:
            raise InvalidInputError(f"{name} is a number from 0 on, not {number}")
    limit: Clause = ("", []) if max_results is None else ("LIMIT ?", [operator.index(max_results)])
    skip: Clause = ("OFFSET ?", [operator.index(offset)]) if offset else ("", [])
    return f"{limit[0]} {skip[0]}".strip(), [*limit[1], *skip[1]]
