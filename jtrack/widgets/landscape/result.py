"""A sweep's result that can also show itself: what ``jtrack.sweep`` gives, by the room that may draw."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import ParamSpec

from jtrack.sweeps.result import SweepResult, read_result
from jtrack.sweeps.sweep import sweep as _sweep
from jtrack.widgets.landscape.panel import LandscapePanel, landscape

P = ParamSpec("P")


class ShownSweepResult(SweepResult):
    """The outcome of a sweep; see :class:`~jtrack.sweeps.SweepResult`."""

    def show(self) -> LandscapePanel:
        """Show what the sweep learned: which params mattered, slices, and a contour of the first two."""
        return landscape(self)

    def slices(self, *params: str) -> LandscapePanel:
        """Show the objective over single params, by trials and by a model of them.

        Parameters
        ----------
        params
            Without any: the most important ones.

        Raises
        ------
        InvalidInputError
            No param of this name differs between the trials, or too few have finished.
        """
        return landscape(self, ("slices",), slices=params or None)

    def contour(self, x: str | None = None, y: str | None = None) -> LandscapePanel:
        """Show the objective over two params, by a model of the trials.

        Parameters
        ----------
        x, y
            The params across and up; without them, the two most important ones.

        Raises
        ------
        InvalidInputError
            No param of this name differs between the trials, or too few have finished.
        """
        names = [name for name in (x, y) if name is not None]
        rest = [name for name in self.importance() if name not in names] if names else []
        return landscape(self, ("contour",), contour=[*names, *rest][:2] or None)


def shown(result: SweepResult) -> ShownSweepResult:
    """Give a result the means to show itself."""
    return ShownSweepResult(**{each.name: getattr(result, each.name) for each in fields(SweepResult)})


def _showing(function: Callable[P, SweepResult]) -> Callable[P, ShownSweepResult]:
    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> ShownSweepResult:
        return shown(function(*args, **kwargs))

    return call


sweep = _showing(_sweep)


def get_sweep(run: object = None) -> ShownSweepResult:
    """Read the result of an earlier sweep.

    Parameters
    ----------
    run
        The sweep: a run, an id, a prefix or a name; ``None`` takes the newest.

    Raises
    ------
    RunNotFoundError
        There is none.
    InvalidInputError
        The run is no sweep.
    """
    return shown(read_result(run))
