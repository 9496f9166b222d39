"""The page of a run as a widget and a server both hold it: the first frame, and what is read when it is opened.

Each question names its run, so that one page can lead from run to run while the panel it was made for stays what
a saved notebook shows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jtrack import queries
from jtrack.errors import InvalidInputError, MetricNotFoundError, RunNotFoundError
from jtrack.widgets.card.frame import CardParam, compare_params
from jtrack.widgets.curves import Points, thinned_curves
from jtrack.widgets.difference import SourceDifference, diff_sources
from jtrack.widgets.params import read_params
from jtrack.widgets.run_page.artifact_files import ArtifactEntry, list_artifacts
from jtrack.widgets.run_page.artifact_preview import Download, Preview, download_artifact, preview_artifact
from jtrack.widgets.run_page.edit import edit_run, read_editable
from jtrack.widgets.run_page.events import read_events
from jtrack.widgets.run_page.frame import (
    PARAM_ROOM,
    PackageChange,
    RunCell,
    RunFrame,
    package_changes,
    read_cells,
    read_packages,
    run_frame,
)
from jtrack.widgets.run_page.metrics import RunMetric, read_metrics
from jtrack.widgets.run_page.relatives import RelatedRun, find_neighbours, read_children
from jtrack.widgets.runs.actions import model_names, register_run

_MOST_POINTS = 1_500
_MOST_ROWS = 5_000
_MOST_SOURCE = 400_000
_MOST_SOURCE_ROWS = 1_000
_CHILDREN_AT_ONCE = 200

_CELL = """
SELECT r.run_id, r.experiment_id, r.started_at, c.cell_id, c.notebook_path, c.source
FROM runs r LEFT JOIN cells c ON c.run_id = r.run_id AND c.role = 'tracked'
WHERE r.run_id = ? ORDER BY c.execution_count DESC NULLS LAST LIMIT 1
"""
_ERROR = "SELECT right(error, 200000) AS error FROM runs WHERE run_id = ?"


@dataclass(frozen=True, slots=True)
class Packages:
    """All packages that a run ran on, as name and version, and what changed since the run before."""

    packages: tuple[tuple[str, str], ...]
    changes: tuple[PackageChange, ...]


@dataclass(frozen=True, slots=True)
class Children:
    """A page of a run's children."""

    runs: tuple[RelatedRun, ...]
    n_runs: int
    metric: str | None


class RunModel:
    """What a page of a run shows, and what it answers."""

    def __init__(self, run_id: str) -> None:
        self._frame = run_frame(run_id)
        self.on_edit: Callable[[RunFrame], None] | None = None

    @property
    def frame(self) -> RunFrame:
        """The run, read anew as long as it has not ended."""
        if self._frame.ended_at is None:
            self._frame = run_frame(self._frame.run_id)
        return self._frame

    def refresh(self) -> None:
        """Read the run anew, which may have been tagged, described or registered since it ended."""
        self._frame = run_frame(self._frame.run_id)

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """What a page may ask for, each about the run of a full id."""
        return {
            "open": run_frame,
            "curve": read_curve,
            "metrics": read_all_metrics,
            "params": read_all_params,
            "cells": read_all_cells,
            "difference": read_difference,
            "packages": read_all_packages,
            "artifacts": read_artifacts,
            "preview": read_preview,
            "download": read_download,
            "children": read_some_children,
            "events": read_events,
            "error": read_error,
            "editable": read_editable,
            "edit": self.edit,
            "names": model_names,
            "register": self.register,
        }

    def register(self, run_id: str, name: str) -> str:
        """Register the model of a run, which may be another one than the page was made for, and say as what."""
        version = register_run(run_id, name)
        if run_id == self._frame.run_id:
            self._take(run_frame(run_id))
        return version

    def edit(
        self,
        run_id: str,
        run_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str | None] | None = None,
    ) -> RunFrame:
        """Change a run, which may be another one than the page was made for; see `edit_run`."""
        frame = edit_run(run_id, run_name, description, tags)
        if run_id == self._frame.run_id:
            self._take(frame)
        return frame

    def _take(self, frame: RunFrame) -> None:
        self._frame = frame
        if self.on_edit is not None:
            self.on_edit(frame)


def read_curve(run_id: str, key: str) -> Points:
    """Read one metric of a run, thinned to what a chart can show.

    Raises
    ------
    MetricNotFoundError, RunNotFoundError
        The run has no points of it.
    """
    found = thinned_curves([run_id], [key], _MOST_POINTS).get((run_id, key))
    if found is None:
        raise MetricNotFoundError(key)
    return found


def read_all_metrics(run_id: str) -> tuple[RunMetric, ...]:
    """Read all metrics of a run, the first 5,000."""
    return read_metrics(run_id, _previous_id(run_id))[:_MOST_ROWS]


def read_all_params(run_id: str) -> tuple[CardParam, ...]:
    """Read all params of a run with those of the run before, the first 5,000."""
    previous = _previous_id(run_id)
    found = read_params([run_id] if previous is None else [run_id, previous])
    return compare_params(found[run_id], None if previous is None else found[previous], PARAM_ROOM)[:_MOST_ROWS]


def read_all_cells(run_id: str) -> tuple[RunCell, ...]:
    """Read the cells of a run in full, up to 400,000 characters."""
    return read_cells(run_id, _MOST_SOURCE)


def read_difference(run_id: str) -> SourceDifference:
    """Read what changed in the run's cell since the run before.

    Raises
    ------
    InvalidInputError
        There is no run before, or no cell.
    """
    previous = _previous_id(run_id)
    sources = [_cell(each)["source"] for each in (previous, run_id) if each is not None]
    if len(sources) < 2 or None in sources:
        raise InvalidInputError("this is the first run of its cell, and there is nothing to compare it with")
    return diff_sources(*sources, max_rows=_MOST_SOURCE_ROWS)


def read_all_packages(run_id: str) -> Packages:
    """Read the packages that a run ran on."""
    packages, before = read_packages(run_id) or {}, read_packages(_previous_id(run_id))
    changes = () if before is None else package_changes(before, packages)
    return Packages(tuple(sorted(packages.items(), key=lambda pair: pair[0].lower())), changes)


def read_artifacts(run_id: str) -> tuple[ArtifactEntry, ...]:
    """List the files of a run."""
    return list_artifacts(run_id)


def read_preview(run_id: str, path: str) -> Preview:
    """Read what a page shows of a file; see `preview_artifact`."""
    return preview_artifact(run_id, path)


def read_download(run_id: str, path: str) -> Download:
    """Read a whole file; see `download_artifact`."""
    return download_artifact(run_id, path)


def read_some_children(run_id: str, offset: int, limit: int) -> Children:
    """Read a page of the run's children in the order of their start."""
    return Children(*read_children(run_id, offset, min(limit, _CHILDREN_AT_ONCE)))


def read_error(run_id: str) -> str | None:
    """Read a failed run's whole traceback."""
    found = queries.rows(_ERROR, [run_id])
    error: str | None = found[0]["error"] if found else None
    return error


def plotly_json(run_id: str, path: str) -> str:
    """Read a figure's JSON from a run's files.

    Raises
    ------
    InvalidInputError
        The file is no plotly figure.
    """
    from jtrack.widgets.run_page.artifact_files import find_artifact
    from jtrack.widgets.run_page.figure_sketch import is_figure

    text = find_artifact(run_id, path).read_text(encoding="utf-8", errors="replace")
    try:
        known = is_figure(json.loads(text))
    except (ValueError, RecursionError):
        known = False
    if not known:
        raise InvalidInputError(f"{path!r} is no plotly figure", "one that was kept by log_figure(fig, 'name.json') is")
    return text


def _cell(run_id: str) -> dict[str, Any]:
    found = queries.rows(_CELL, [run_id])
    if not found:
        raise RunNotFoundError(run_id)
    return found[0]


def _previous_id(run_id: str) -> str | None:
    return find_neighbours(_cell(run_id))[0]
