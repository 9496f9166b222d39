"""A comparison as a widget and a server both hold it: the frame, and what is read when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError
from jtrack.widgets.compare.columns import ComparedColumn, Importance, read_column, read_importance
from jtrack.widgets.compare.details import ComparedFile, ComparedText, read_files, read_packages, read_tags
from jtrack.widgets.compare.frame import (
    MOST_RUNS,
    ComparedCurve,
    ComparedMetric,
    ComparedSource,
    CompareFrame,
    compare_frame,
    fit_frame,
    read_curves,
    read_metrics,
    read_sources,
    select_runs,
    split_params,
)
from jtrack.widgets.difference import diff_sources
from jtrack.widgets.params import read_params
from jtrack.widgets.run_page.artifact_preview import Preview, preview_artifact
from jtrack.widgets.timed_curves import XAxis

if TYPE_CHECKING:
    from jtrack.widgets.compare.contour import ContourShades

_ALL_POINTS = 12_000
_MOST_POINTS = 1_000
_MOST_CELLS = 50_000
_MOST_SOURCE_ROWS = 1_000


class CompareModel:
    """What is behind a comparison in any host; ``runs`` are addresses, or a filter."""

    def __init__(self, runs: Sequence[object] | str = "") -> None:
        # For the still forms, which fit themselves; the page asks for what its frame leaves out.
        self.whole = compare_frame(select_runs(runs))
        self.frame = fit_frame(self.whole)
        self._run_ids = self._first_ids = [run.run_id for run in self.frame.runs]
        self._n_found = self.frame.n_found

    def refresh(self) -> None:
        """Read the same runs anew, which may still train; what a filter would find by now is another comparison."""
        self.frame = self._read(self.frame.n_found)

    def select(self, run_ids: Sequence[str]) -> CompareFrame:
        """Compare other runs, such as those chosen in a table; fewer than two are the first ones again."""
        chosen = list(dict.fromkeys(run_ids))
        is_first = len(chosen) < 2
        # Cut before anything is read: a table has as many runs to choose as a store.
        self._run_ids = self._first_ids if is_first else select_runs(chosen[:MOST_RUNS])
        self.frame = self._read(self._n_found if is_first else len(chosen))
        return self.frame

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """What a page may ask."""
        return {
            "curve": self.curve,
            "difference": self.difference,
            "rows": self.rows,
            "column": self.column,
            "contour": self.contour,
            "importance": self.importance,
            "files": self.files,
            "preview": self.preview,
            "select": self.select,
        }

    def curve(self, key: str, x: str = "step") -> ComparedCurve:
        """Read one metric of all runs over steps (``step``) or time (``relative``, ``wall``)."""
        n_points = min(max(_ALL_POINTS // len(self._run_ids), 60), _MOST_POINTS)
        return read_curves(self._run_ids, [key], n_points, XAxis(x))[0]

    def difference(self, left: int, right: int) -> ComparedSource:
        """Read what changed from the source of one run to that of another."""
        texts = read_sources([self._run_id(left), self._run_id(right)])
        old, new = (texts.get(self._run_id(place)) for place in (left, right))
        if old is None or new is None:
            raise InvalidInputError("one of the runs was not made by a cell", "choose two that were")
        return ComparedSource(left, right, diff_sources(old, new, max_rows=_MOST_SOURCE_ROWS))

    def rows(self, section: str) -> tuple[ComparedMetric | ComparedText, ...]:
        """Read all rows of a section of the table: ``metrics``, ``params``, ``tags`` or ``packages``."""
        readers: dict[str, Callable[[], Sequence[ComparedMetric | ComparedText]]] = {
            "metrics": lambda: read_metrics(self._run_ids)[0],
            "params": lambda: split_params(self._run_ids, read_params(self._run_ids))[0],
            "tags": lambda: read_tags(self._run_ids),
            "packages": lambda: read_packages(self._run_ids),
        }
        if section not in readers:
            raise InvalidInputError(f"a comparison has no section {section!r}", f"one of {', '.join(readers)}")
        return tuple(readers[section]()[: _MOST_CELLS // len(self._run_ids)])

    def column(self, axis: str) -> ComparedColumn:
        """Read a param or metric of all runs, to be drawn against another."""
        return read_column(self._run_ids, axis)

    def contour(self, x: str, y: str, z: str) -> ContourShades:
        """Lay a surface of one column over two others, in shades."""
        from jtrack.widgets.compare.contour import contour_shades

        return contour_shades(self.column(x), self.column(y), self.column(z))

    def importance(self, metric: str) -> tuple[Importance, ...]:
        """Rank the params that differ by how much they tell of a metric."""
        return read_importance(self._run_ids, self.frame.axes, metric)

    def files(self) -> tuple[ComparedFile, ...]:
        """List the files that several of the runs have under one path."""
        return read_files(self._run_ids)

    def preview(self, run: int, path: str) -> Preview:
        """Read what a page shows of a file of one of the runs."""
        return preview_artifact(self._run_id(run), path)

    def _read(self, n_found: int) -> CompareFrame:
        return fit_frame(replace(compare_frame(self._run_ids), n_found=n_found))

    def _run_id(self, place: int) -> str:
        if not 0 <= place < len(self._run_ids):
            raise InvalidInputError(f"there are {len(self._run_ids)} runs here, not {place + 1}")
        return self._run_ids[place]
