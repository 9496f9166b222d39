"""The data of parallel coordinates: axes, and one line a run, as columns that travel in a few kilobytes or whole.

A frame holds some lines by their positions: all of them in Python, a bounded sample in what a notebook saves,
those after a position in an answer to the page. `bounded` and `lines_from` make the latter two of the first.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jtrack import queries
from jtrack.direction import Direction
from jtrack.entities import Run, RunKind
from jtrack.widgets.format import shorten
from jtrack.widgets.parallel.axes import Axis, PackedColumn, dtype_for, pack_column
from jtrack.widgets.parallel.choose import UNCHOSEN, Wishes, choose_objective, find_axis, make_axes, worth_reading
from jtrack.widgets.parallel.read import find_sources, read_columns
from jtrack.widgets.parallel.select import (
    UNENDED,
    Found,
    Selection,
    Stated,
    direction_of,
    read_found,
    stated_objective,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_LINES_AT_ONCE = 25_000
_SAVED_BYTES = 15_500
_FEWEST_SAVED = 8
_HAS_MODEL = "SELECT 1 AS one FROM artifacts WHERE run_id = ? AND (path = 'MLmodel' OR path LIKE '%/MLmodel') LIMIT 1"


@dataclass(frozen=True, slots=True)
class Lines:
    """Some of the lines: their ``positions`` among all runs, and one column an axis in the order of the axes."""

    positions: tuple[int, ...]
    run_ids: tuple[str, ...]
    run_names: tuple[str, ...]
    columns: tuple[PackedColumn, ...]


@dataclass(frozen=True, slots=True)
class BestRun:
    """The run with the best value of the objective; with a model, it can be registered."""

    position: int
    run_id: str
    run_name: str
    value: float
    has_model: bool


@dataclass(frozen=True, slots=True)
class ParallelFrame:
    """What parallel coordinates show.

    ``axes`` stand from left to right, the objective last unless asked otherwise. The first ``n_settled`` of
    ``n_runs`` lines won't change. ``layout`` changes when columns that were sent before mean something else. A
    parent that ``is_stoppable`` is a sweep that runs.
    """

    title: str
    noun: str
    n_runs: int
    n_settled: int
    parent_run_id: str | None
    algorithm: str | None
    objective: str | None
    direction: Direction | None
    color: str | None
    axes: tuple[Axis, ...]
    best: BestRun | None
    lines: Lines
    layout: str
    is_live: bool
    is_stoppable: bool
    empty_hint: str
    panel: str = field(default="parallel", init=False)

    def values(self, axis: str) -> NDArray[Any]:
        """The values of one axis, by key or id, in the order of ``lines``: numbers, or codes of its categories."""
        return self.lines.columns[self.axes.index(find_axis(axis, self.axes))].array()


def parallel_frame(selection: Selection, wishes: Wishes = UNCHOSEN, before: Sequence[str] = ()) -> ParallelFrame:
    """Read all of what parallel coordinates of a selection show.

    Parameters
    ----------
    before
        Runs that were shown already, which keep their positions.
    """
    found = read_found(selection, before)
    parent = queries.get_run(selection.parent_run_id) if selection.parent_run_id else None
    stated = stated_objective(parent.data.params, parent.data.tags) if parent else Stated()
    wanted = [*(wishes.dims or ()), *([wishes.color] if wishes.color else [])]
    sources = find_sources(found.run_ids, wanted)
    objective = choose_objective(sources, stated, wishes)
    direction = direction_of(objective.key if objective else None, stated)
    columns = read_columns(found.run_ids, worth_reading(sources, objective, wanted))
    axes = make_axes(sources, columns, objective, direction, wishes.dims)
    color = find_axis(wishes.color, axes).id if wishes.color else objective.id if objective else None
    lines = _lines(found, axes, columns)
    return ParallelFrame(
        title=_title(selection, parent),
        noun="trial" if found.are_trials or (parent and parent.info.kind is RunKind.SWEEP) else "run",
        n_runs=len(found.run_ids),
        n_settled=found.n_settled,
        parent_run_id=selection.parent_run_id,
        algorithm=stated.algorithm,
        objective=objective.id if objective else None,
        direction=direction,
        color=color,
        axes=axes,
        best=_best(found, columns.get(objective.id) if objective else None, direction),
        lines=lines,
        layout=_layout(axes, lines),
        is_live=found.n_settled < len(found.run_ids) or (parent is not None and parent.info.status in UNENDED),
        is_stoppable=parent is not None and parent.info.kind is RunKind.SWEEP and parent.info.status in UNENDED,
        empty_hint=_empty_hint(selection, parent),
    )


def bounded(frame: ParallelFrame) -> ParallelFrame:
    """The frame with so many lines as a notebook can keep: spread over all, the newest, and the best."""
    n = len(frame.lines.positions)
    bytes_a_line = 70 + sum(int(column.dtype[1]) * 4 / 3 for column in frame.lines.columns)
    bytes_of_axes = sum(230 + len(axis.key) * 2 + sum(len(c) + 4 for c in axis.categories) for axis in frame.axes)
    room = max(int((_SAVED_BYTES - bytes_of_axes) / bytes_a_line), _FEWEST_SAVED)
    if n <= room:
        return frame
    spread = {round(index * (n - 1) / max(room * 3 // 4, 1)) for index in range(room * 3 // 4)}
    best = {frame.best.position} if frame.best else set()
    return replace(frame, lines=take(frame.lines, sorted(spread | set(range(n - room // 4, n)) | best)))


def lines_from(frame: ParallelFrame, position: int) -> ParallelFrame:
    """The frame with the lines from ``position`` on, at most `MOST_LINES_AT_ONCE` of them."""
    n = len(frame.lines.positions)
    start = min(max(position, 0), n)
    return replace(frame, lines=take(frame.lines, range(start, min(start + MOST_LINES_AT_ONCE, n))))


def take(lines: Lines, rows: Sequence[int]) -> Lines:
    """Some of the lines."""
    chosen = list(rows)
    return Lines(
        positions=tuple(lines.positions[row] for row in chosen),
        run_ids=tuple(lines.run_ids[row] for row in chosen),
        run_names=tuple(lines.run_names[row] for row in chosen),
        columns=tuple(pack_column(column.array()[chosen], column.dtype) for column in lines.columns),
    )


def _lines(found: Found, axes: Sequence[Axis], columns: Mapping[str, NDArray[Any]]) -> Lines:
    packed = tuple(pack_column(columns[axis.id], dtype_for(columns[axis.id])) for axis in axes)
    return Lines(tuple(range(len(found.run_ids))), found.run_ids, found.run_names, packed)


def _best(found: Found, goal: NDArray[np.float64] | None, direction: Direction | None) -> BestRun | None:
    import numpy as np

    if goal is None or direction is None or not np.isfinite(goal).any():
        return None
    better = goal if direction is Direction.HIGHER else -goal
    position = int(np.argmax(np.where(np.isfinite(better), better, -math.inf)))
    run_id = found.run_ids[position]
    has_model = bool(queries.rows(_HAS_MODEL, [run_id]))
    return BestRun(position, run_id, found.run_names[position], float(goal[position]), has_model)


def _layout(axes: Sequence[Axis], lines: Lines) -> str:
    meaning = [(axis.id, axis.categories, column.dtype) for axis, column in zip(axes, lines.columns, strict=True)]
    return hashlib.md5(repr(meaning).encode(), usedforsecurity=False).hexdigest()[:12]


def _title(selection: Selection, parent: Run | None) -> str:
    if parent is not None:
        kind = "sweep" if parent.info.kind is RunKind.SWEEP else "run"
        return f"{kind} {parent.info.run_name}"
    return "runs" if not selection.filter_string else f"runs with {shorten(selection.filter_string, 120)}"


def _empty_hint(selection: Selection, parent: Run | None) -> str:
    """What to type to fill an empty panel."""
    if parent is not None:
        running = parent.info.status in UNENDED
        there_are_none = f"{parent.info.run_name} has no child runs"
        return f"{there_are_none} yet." if running else f"{there_are_none}. %parallel without a run shows what has."
    if selection.filter_string:
        return "No run fits this filter. %parallel without one shows the newest sweep, or all runs."
    return "No runs yet. Put %%track in front of a cell that trains, and run it a few times."
