"""The runs table of a notebook, a folder or a cell: what the side panel lists, as a table that follows it."""

from __future__ import annotations

from collections.abc import Sequence

from jtrack.server.places import Place
from jtrack.server.question import parse_scope
from jtrack.server.scopes import plan_scope
from jtrack.widgets.runs.model import RunsModel
from jtrack.widgets.runs.scope import RunsScope


class ScopedRuns(RunsModel):
    """A runs table that each look asks anew whose runs are meant: new ones join, and a rename loses none.

    Parameters
    ----------
    place
        The notebook or the folder.
    scope
        ``notebook``, ``folder`` or ``all``.
    filter_string, order_by, group_by
        As of `RunsModel`.
    cell_id
        Only the runs that this cell of the notebook made.
    """

    def __init__(
        self,
        place: Place,
        scope: str,
        filter_string: str = "",
        order_by: Sequence[str] | None = None,
        group_by: str | None = None,
        cell_id: str = "",
    ) -> None:
        self._place, self._name, self._cell_id = place, parse_scope(scope, place), cell_id
        super().__init__(filter_string, order_by, group_by=group_by)

    def scope(self) -> RunsScope | None:
        """Whose runs these are, as of now."""
        return plan_scope(self._name, self._place, self._cell_id)
