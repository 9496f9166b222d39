"""Which axes parallel coordinates have and in what order, and by which metric the runs are judged.

What the caller wishes comes first, then what the sweep says of itself, then what the values tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jtrack.direction import Direction, order_metrics
from jtrack.errors import InvalidInputError
from jtrack.widgets.parallel.axes import (
    MISSING_CODE,
    Axis,
    AxisKind,
    Measure,
    correlation_ratio,
    importance,
    numeric_ends,
    numeric_kind,
    rank_correlation,
)
from jtrack.widgets.parallel.read import Source
from jtrack.widgets.parallel.select import Stated, direction_of
from jtrack.widgets.runs.columns import ColumnKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_SHOWN = 12
MOST_AXES = 24
_MOST_HIDDEN_CHARACTERS = 800


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the caller wants to see the runs; ``None`` leaves the choice to the data."""

    dims: tuple[str, ...] | None = None
    color: str | None = None


UNCHOSEN = Wishes()


def make_axes(
    sources: Sequence[Source],
    columns: Mapping[str, NDArray[Any]],
    objective: Source | None,
    direction: Direction | None,
    dims: Sequence[str] | None = None,
) -> tuple[Axis, ...]:
    """Put axes in order: params by importance from the left, the objective last, then what is hidden at first.

    Parameters
    ----------
    columns
        By the ids of sources; a source without a column gets no axis.
    dims
        Keys or ids to show, in this order.

    Raises
    ------
    InvalidInputError
        One of ``dims`` is no param or metric of these runs.
    """
    goal = columns.get(objective.id) if objective else None
    axes = [_axis(source, columns[source.id], goal, objective, direction) for source in sources if source.id in columns]
    if dims is not None:
        shown = list(dict.fromkeys(find_axis(name, axes) for name in dims))
    else:
        shown = _shown_by_default(axes, objective)
    rest = [axis for axis in axes if axis not in shown]
    rest.sort(key=lambda axis: (axis.source is not ColumnKind.PARAM, *importance(axis)))
    hidden = _as_long_as_small(rest[: max(MOST_AXES - len(shown), 0)])
    return tuple(replace(axis, is_shown=axis in shown) for axis in (*shown, *hidden))


def find_axis(name: str, axes: Sequence[Axis]) -> Axis:
    """Find an axis by its id or its key; a param before a metric of the same key."""
    for axis in [*(axis for axis in axes if axis.id == name), *(axis for axis in axes if axis.key == name)]:
        return axis
    keys = [axis.key for axis in axes]
    hint = f"there are: {', '.join(keys[:12])}" if keys else None
    raise InvalidInputError(f"these runs have no param or metric {name!r}", hint)


def choose_objective(sources: Sequence[Source], stated: Stated, wishes: Wishes) -> Source | None:
    """The metric that runs are judged by: as stated, else the colour, the last of ``dims``, or the telling one."""
    metrics = {source.key: source for source in sources if source.kind is ColumnKind.METRIC}
    by_id = {source.id: source for source in metrics.values()}
    for name in (stated.metric, wishes.color, *reversed(wishes.dims or ())):
        if name is not None and (name in metrics or name in by_id):
            return metrics.get(name) or by_id[name]
    if not metrics:
        return None
    # A metric that only a few runs have says little about the rest of them.
    most = max(source.n_runs for source in metrics.values())
    return metrics[order_metrics(key for key, source in metrics.items() if source.n_runs * 2 > most)[0]]


def _as_long_as_small(axes: Sequence[Axis]) -> list[Axis]:
    """Leave out hidden axes whose categories a notebook would have to keep in great number."""
    kept, n_characters = [], 0
    for axis in axes:
        n_characters += sum(map(len, axis.categories))
        if n_characters <= _MOST_HIDDEN_CHARACTERS:
            kept.append(axis)
    return kept


def worth_reading(sources: Sequence[Source], objective: Source | None, wanted: Sequence[str]) -> list[Source]:
    """So many of the sources as could ever be shown; which of them matter is only known once they are read."""
    chosen = {*wanted, *((objective.id,) if objective else ())}
    needed = [source for source in sources if source.id in chosen or source.key in chosen]
    params = [source for source in sources if source.kind is ColumnKind.PARAM]
    metrics = {source.key: source for source in sources if source.kind is ColumnKind.METRIC}
    rest = [*params[: MOST_AXES * 2], *(metrics[key] for key in order_metrics(metrics)[:MOST_AXES])]
    return list(dict.fromkeys([*needed, *rest]))


def _axis(
    source: Source,
    values: NDArray[Any],
    goal: NDArray[np.float64] | None,
    objective: Source | None,
    direction: Direction | None,
) -> Axis:
    import numpy as np

    is_objective = source is objective
    common = (source.id, source.kind, source.key)
    if source.categories is not None:
        ratio = None if goal is None else correlation_ratio(values, goal)
        n_missing = int((values == MISSING_CODE).sum())
        kind, labels = AxisKind.CATEGORICAL, source.labels
        return Axis(*common, kind, None, None, labels, False, None, ratio, Measure.ETA, n_missing, True)
    low, high = numeric_ends(values)
    finite = values[np.isfinite(values)]
    rho = None if goal is None or is_objective else rank_correlation(values, goal)
    return Axis(
        *common,
        kind=numeric_kind(low, high, values),
        low=low,
        high=high,
        categories=(),
        is_whole=bool(finite.size and (finite == np.trunc(finite)).all()),
        direction=_direction(source, is_objective, direction),
        correlation=rho,
        measure=Measure.RHO,
        n_missing=len(values) - len(finite),
        is_shown=True,
    )


def _direction(source: Source, is_objective: bool, direction: Direction | None) -> Direction | None:
    if source.kind is not ColumnKind.METRIC:
        return None
    return direction if is_objective else direction_of(source.key, Stated())


def _shown_by_default(axes: Sequence[Axis], objective: Source | None) -> list[Axis]:
    last = [axis for axis in axes if objective is not None and axis.id == objective.id]
    params = [axis for axis in axes if axis.source is ColumnKind.PARAM]
    telling = [axis for axis in params if not axis.is_constant]
    others = telling or params or [axis for axis in axes if axis not in last]
    return [*sorted(others, key=importance)[: MOST_SHOWN - len(last)], *last]
