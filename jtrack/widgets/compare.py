"""``compare``: a few runs side by side, with their curves and what changed in their source."""

from __future__ import annotations

from collections.abc import Sequence

from jtrack.errors import InvalidInputError
from jtrack.widgets.compare_frame import (
    ComparedCurve,
    ComparedSource,
    CompareFrame,
    compare_frame,
    read_curves,
    read_sources,
    select_runs,
)
from jtrack.widgets.compare_html import compare_html
from jtrack.widgets.compare_text import compare_text
from jtrack.widgets.difference import diff_sources
from jtrack.widgets.html import Markup
from jtrack.widgets.panel import Panel

_MOST_POINTS = 4000
_MOST_SOURCE_ROWS = 1000


class Comparison(Panel):
    """Runs side by side. ``frame`` holds what is shown; see `compare`."""

    def __init__(self, frame: CompareFrame) -> None:
        self._compared = frame
        super().__init__(frame, {"curve": self._curve, "difference": self._difference})

    def _curve(self, key: str) -> ComparedCurve:
        run_ids = [run.run_id for run in self._compared.runs]
        return read_curves(run_ids, [key], _MOST_POINTS // len(run_ids))[0]

    def _difference(self, left: int, right: int) -> ComparedSource:
        n_runs = len(self._compared.runs)
        if not (0 <= left < n_runs and 0 <= right < n_runs):
            raise InvalidInputError(f"there are {n_runs} runs here, not {max(left, right) + 1}")
        run_ids = [self._compared.runs[index].run_id for index in (left, right)]
        texts = read_sources(run_ids)
        if not {*run_ids} <= {*texts}:
            raise InvalidInputError("one of the runs was not made by a cell", "choose two that were")
        old, new = (texts[run_id] for run_id in run_ids)
        return ComparedSource(left, right, diff_sources(old, new, max_rows=_MOST_SOURCE_ROWS))

    def _html(self) -> Markup:
        return compare_html(self._compared)

    def _text(self) -> str:
        return compare_text(self._compared)


def compare(runs: Sequence[object] | str = "") -> Comparison:
    """Compare runs: what differs between them, their curves, and their source.

    Parameters
    ----------
    runs
        Addresses (ids, prefixes, names, runs) in the order to show them, or one filter; at most 20 are
        shown, of a filter the newest. The first one is what the others' source is held against.

    Returns
    -------
    Comparison
        Shows itself; ``.frame`` is the data behind it.

    Raises
    ------
    InvalidInputError
        Fewer than two runs.
    RunNotFoundError
        No run at an address.
    InvalidFilterError
        The filter doesn't parse; a caret stands under the place.
    """
    return Comparison(compare_frame(select_runs(runs)))
