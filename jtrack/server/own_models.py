"""Models of panels whose room has none yet: what the widgets of the same names do, without a widget around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.widgets.card_frame import CardFrame, card_frame
from jtrack.widgets.compare_frame import (
    ComparedCurve,
    ComparedSource,
    compare_frame,
    read_curves,
    read_sources,
    select_runs,
)
from jtrack.widgets.difference import diff_sources
from jtrack.widgets.runs_frame import NEWEST_FIRST, RunRow, RunsFrame, RunsQuery, read_runs

_MOST_ROWS_AT_ONCE = 200
_MOST_POINTS = 4000
_MOST_SOURCE_ROWS = 1000


class RunsModel:
    """The runs table: ``rows`` reads a page of it, ``search`` makes it another one."""

    def __init__(
        self,
        filter_string: str = "",
        order_by: Sequence[str] | None = None,
        experiment_names: Sequence[str] | None = None,
        max_results: int = 1000,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._result = read_runs(
            RunsQuery(
                filter_string=filter_string,
                order_by=tuple(order_by or (NEWEST_FIRST,)),
                experiment_names=None if experiment_names is None else tuple(experiment_names),
                max_results=max_results,
                columns=None if columns is None else tuple(columns),
            )
        )

    @property
    def frame(self) -> RunsFrame:
        """The table with its first page."""
        return self._result.frame

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """``rows`` and ``search``."""
        return {"rows": self._rows, "search": self._search}

    def _rows(self, offset: int, limit: int) -> tuple[RunRow, ...]:
        return self._result.rows(offset, min(limit, _MOST_ROWS_AT_ONCE))

    def _search(self, filter_string: str, order_by: Sequence[str], columns: Sequence[str] | None) -> RunsFrame:
        query = replace(
            self._result.frame.query,
            filter_string=filter_string,
            order_by=tuple(order_by) or (NEWEST_FIRST,),
            columns=None if columns is None else tuple(columns),
        )
        self._result = read_runs(query)
        return self._result.frame


class CompareModel:
    """Runs side by side: ``curve`` reads one more metric, ``difference`` the source of two of them."""

    def __init__(self, runs: Sequence[str] | str = "") -> None:
        self.frame = compare_frame(select_runs(runs))

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """``curve`` and ``difference``."""
        return {"curve": self._curve, "difference": self._difference}

    def _curve(self, key: str) -> ComparedCurve:
        run_ids = [run.run_id for run in self.frame.runs]
        return read_curves(run_ids, [key], _MOST_POINTS // len(run_ids))[0]

    def _difference(self, left: int, right: int) -> ComparedSource:
        n_runs = len(self.frame.runs)
        if not (0 <= left < n_runs and 0 <= right < n_runs):
            raise InvalidInputError(f"there are {n_runs} runs here, not {max(left, right) + 1}")
        run_ids = [self.frame.runs[index].run_id for index in (left, right)]
        texts = read_sources(run_ids)
        if not {*run_ids} <= {*texts}:
            raise InvalidInputError("one of the runs was not made by a cell", "choose two that were")
        old, new = (texts[run_id] for run_id in run_ids)
        return ComparedSource(left, right, diff_sources(old, new, max_rows=_MOST_SOURCE_ROWS))


class CardModel:
    """The run card, which is read anew each time it is looked at: its run may be training."""

    def __init__(self, run_id: str) -> None:
        self._run_id = card_frame(run_id).run_id

    @property
    def frame(self) -> CardFrame:
        """The card as the run stands now."""
        return card_frame(self._run_id)

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """None."""
        return {}
