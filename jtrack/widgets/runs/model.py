"""The runs table as a widget and a server both hold it: the search as last made, and the page's questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jtrack import queries
from jtrack.store import filter_help
from jtrack.store.search import plan_search
from jtrack.store.search.complete import Completions
from jtrack.store.search.write import join_filters
from jtrack.widgets.runs.actions import delete_runs, model_names, register_run, restore_runs, tag_runs
from jtrack.widgets.runs.columns import Column
from jtrack.widgets.runs.conditions import condition_of
from jtrack.widgets.runs.frame import (
    MOST_RESULTS,
    NEWEST_FIRST,
    RunsFrame,
    RunsQuery,
    RunsResult,
    find_experiments,
    read_runs,
)
from jtrack.widgets.runs.rows import Row
from jtrack.widgets.runs.scope import RunsScope, place_within
from jtrack.widgets.runs.table_file import FilePiece, TableFile

_MOST_ROWS_AT_ONCE = 200
_MOST_COLUMNS = 2_000


@dataclass(frozen=True, slots=True)
class Changed:
    """What was done: to which runs, and the table after it."""

    run_ids: tuple[str, ...]
    frame: RunsFrame


class RunsModel:
    """What is behind a runs table in any host.

    Parameters
    ----------
    filter_string, order_by, experiment_names, max_results, columns, pinned, spark, group_by
        As of `RunsQuery`.
    run_ids
        The runs to search among; ``None`` is all of them.
    """

    def __init__(
        self,
        filter_string: str = "",
        order_by: Sequence[str] | None = None,
        experiment_names: Sequence[str] | None = None,
        max_results: int = MOST_RESULTS,
        columns: Sequence[str] | None = None,
        pinned: Sequence[str] = (),
        spark: str | None = None,
        group_by: str | None = None,
        run_ids: Sequence[str] | None = None,
    ) -> None:
        self._all = self._within = None if run_ids is None else frozenset(run_ids)
        self._opened: set[str] = set()
        self._file = TableFile()
        names = None if experiment_names is None else tuple(experiment_names)
        self._query = RunsQuery(experiment_names=names, max_results=max_results)
        self.search(filter_string, order_by or (), columns, pinned, spark, group_by)

    @property
    def frame(self) -> RunsFrame:
        """The table as last read, with its first page."""
        return self.result.frame

    def refresh(self) -> None:
        """Make the same search again."""
        self.result = self._read(self._query, self._within, self._opened)

    def scope(self) -> RunsScope | None:
        """Whose runs the table shows; ``None`` is all of the store."""
        return None

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """What a page may ask; what changes runs is named as such actions are."""
        return {
            "rows": self.rows,
            "search": self.search,
            "among": self.among,
            "fold": self.fold,
            "columns": self.columns,
            "ids": self.ids,
            "complete": self.complete,
            "narrow": self.narrow,
            "file": self.file,
            "names": model_names,
            "delete": self.delete,
            "restore": self.restore,
            "tag": self.tag,
            "register": self.register,
        }

    def rows(self, offset: int, limit: int) -> tuple[Row, ...]:
        """Read a page of lines."""
        return self.result.rows(offset, min(limit, _MOST_ROWS_AT_ONCE))

    def search(
        self,
        filter_string: str,
        order_by: Sequence[str],
        columns: Sequence[str] | None = None,
        pinned: Sequence[str] = (),
        spark: str | None = None,
        group_by: str | None = None,
    ) -> RunsFrame:
        """Ask for other runs, or to see them otherwise; a fault leaves the table as it is."""
        query = replace(
            self._query,
            filter_string=filter_string,
            order_by=tuple(order_by) or (NEWEST_FIRST,),
            columns=None if columns is None else tuple(columns),
            pinned=tuple(pinned),
            spark=spark,
            group_by=group_by,
        )
        opened = self._opened if group_by == self._query.group_by else set()
        self.result = self._read(query, self._within, opened)
        self._query, self._opened = query, opened
        return self.result.frame

    def among(self, run_ids: Sequence[str] | None) -> RunsFrame:
        """Search among these runs alone, such as those that were brushed; ``None`` is all that there were at first.

        Runs of another table, none of which is here, change nothing.
        """
        asked = self._all if run_ids is None else frozenset(run_ids)
        found = self._read(self._query, asked, self._opened)
        if run_ids is None or found.run_ids:
            self._within, self.result = asked, found
        return self.frame

    def fold(self, line: str, is_open: bool) -> RunsFrame:
        """Open or close a line that others are folded into."""
        self.result = self.result.folded(line, is_open)
        self._opened = set(self.result.arranged.opened)
        return self.frame

    def columns(self) -> tuple[Column, ...]:
        """Give all columns that could be shown, of each kind those first that matter most or that most runs have."""
        return self.result.survey[:_MOST_COLUMNS]

    def ids(self, line: str | None = None) -> tuple[str, ...]:
        """Give the ids of all runs of the table, or of those in one of its groups."""
        return self.result.run_ids if line is None else tuple(self.result.arranged.runs_in(line))

    def complete(self, text: str, position: int) -> Completions:
        """Tell what can stand at a place of a filter; places count characters."""
        return filter_help.complete(queries.asked_store().catalog, text, position)

    def narrow(self, filter_string: str, line: str, column: str) -> str:
        """Write the filter for the runs that fit ``filter_string`` and have the value that a line has in a column.

        Parameters
        ----------
        line
            The id of a run, or of a group, which has but one value.
        column
            Its id, such as ``params.lr``.
        """
        if line in self.result.arranged.groups:
            return join_filters(filter_string, line)
        shown = {each.id: each for each in self.result.frame.columns}.get(column)
        noun, _, key = column.partition(".") if shown is None else (shown.kind.value, ".", shown.key)
        return join_filters(filter_string, condition_of(line, noun, key))

    def file(self, suffix: str, offset: int = 0) -> FilePiece:
        """Write all runs that the search finds, however many, as ``csv`` or ``parquet``; gives it piece by piece."""
        if offset == 0:
            experiments = find_experiments(self._query.experiment_names)
            search = plan_search(self._query.filter_string, self._query.order_by, experiments)
            within = None if self._within is None else list(self._within)
            self._file.write(queries.asked_store().catalog, suffix, *place_within(*search, self.scope()), within)
        return self._file.piece(offset)

    def delete(self, run_ids: Sequence[str]) -> Changed:
        """Delete runs, with all that is nested in them."""
        return self._changed(delete_runs(run_ids))

    def restore(self, run_ids: Sequence[str]) -> Changed:
        """Take deleted runs back."""
        return self._changed(restore_runs(run_ids))

    def tag(self, run_ids: Sequence[str], key: str, value: str | None) -> Changed:
        """Set a tag of runs; ``None`` takes it off."""
        return self._changed(tag_runs(run_ids, key, value))

    def register(self, run_id: str, name: str) -> str:
        """Register the model of a run, and say as what."""
        return register_run(run_id, name)

    def _read(self, query: RunsQuery, within: frozenset[str] | None, opened: set[str]) -> RunsResult:
        return read_runs(query, within=within, opened=opened, scope=self.scope())

    def _changed(self, run_ids: tuple[str, ...]) -> Changed:
        self.refresh()
        return Changed(run_ids, self.frame)
