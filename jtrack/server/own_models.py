"""Models of panels whose room has none yet: what the widgets of the same names do, without a widget around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jtrack.widgets.card.frame import CardFrame, card_frame
from jtrack.widgets.runs.frame import NEWEST_FIRST, RunRow, RunsFrame, RunsQuery, read_runs

_MOST_ROWS_AT_ONCE = 200


class RunsModel:
    """The runs table: ``rows`` reads a page of it, ``search`` makes it another one; ``run_ids`` are all it searches."""

    def __init__(
        self,
        filter_string: str = "",
        order_by: Sequence[str] | None = None,
        experiment_names: Sequence[str] | None = None,
        max_results: int = 1000,
        columns: Sequence[str] | None = None,
        run_ids: Sequence[str] | None = None,
    ) -> None:
        self._within = None if run_ids is None else frozenset(run_ids)
        self._result = read_runs(
            RunsQuery(
                filter_string=filter_string,
                order_by=tuple(order_by or (NEWEST_FIRST,)),
                experiment_names=None if experiment_names is None else tuple(experiment_names),
                max_results=max_results,
                columns=None if columns is None else tuple(columns),
            ),
            within=self._within,
        )

    @property
    def frame(self) -> RunsFrame:
        """The table with its first page."""
        return self._result.frame

    def refresh(self) -> None:
        """Search again for what was searched for last."""
        self._result = read_runs(self._result.frame.query, within=self._within)

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
        self._result = read_runs(query, within=self._within)
        return self._result.frame


class CardModel:
    """The run card, which is read anew each time it is looked at: its run may be training."""

    def __init__(self, run_id: str) -> None:
        self._run_id = card_frame(run_id).run_id

    @property
    def frame(self) -> CardFrame:
        """The card as the run stands now."""
        return card_frame(self._run_id)

    def refresh(self) -> None:
        """Do nothing: the card is always read anew."""

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """None."""
        return {}
