"""``runs``: the table of runs, as the panel of the same name shows it, in text."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jtrack.commands.command import Command

if TYPE_CHECKING:
    from jtrack.entities import Run
    from jtrack.widgets.runs.frame import RunsResult

DEFAULT_MAX_RESULTS = 100


@dataclass(frozen=True, slots=True)
class RunsListing:
    """The runs that were found, in their order."""

    result: RunsResult
    is_good: bool = True

    @property
    def run_ids(self) -> tuple[str, ...]:
        """Full ids, in the table's order."""
        return self.result.run_ids

    def as_text(self) -> str:
        """Give the table."""
        from jtrack.widgets.html import printable
        from jtrack.widgets.runs.text import runs_text

        frame, most = self.result.frame, self.result.frame.query.max_results
        width = shutil.get_terminal_size((0, 0)).columns  # none where it goes into a file or another program
        text = printable(runs_text(frame, datetime.now(UTC), command="jtrack runs", max_width=width or None))
        if frame.n_runs < most or frame.n_runs == frame.n_total:
            return text
        return f"{text}\n  the first {most:,}; jtrack runs -n {10 * most} shows more"

    def as_json(self) -> Any:
        """Give a list of runs, each with its params, metrics and tags."""
        from jtrack import queries

        found = queries.search_runs(
            filter_string=self.result.frame.query.filter_string,
            order_by=list(self.result.frame.query.order_by),
            experiment_names=self.result.frame.query.experiment_names,
            search_all_experiments=self.result.frame.query.experiment_names is None,
            max_results=self.result.frame.query.max_results,
            output_format="list",
        )
        return [run_json(run) for run in found]


def run_json(run: Run) -> dict[str, Any]:
    """Lay a run out under the names of its columns."""
    from jtrack.widgets.frames import frame_json

    attributes = frame_json(run.info)
    return {**attributes, "duration_s": run.info.duration_s, **frame_json(run.data)}


def runs(
    filter_string: str | Sequence[str] = "",
    order_by: Sequence[str] | None = None,
    experiment_names: Sequence[str] | None = None,
    max_results: int = DEFAULT_MAX_RESULTS,
) -> RunsListing:
    """List runs, the newest first.

    A filter goes in quotes, or the shell takes > and ' for itself:
    jtrack runs "metrics.accuracy > 0.9 and params.depth = 4"

    Parameters
    ----------
    filter_string
        A filter, or its words.
    order_by
        Such as ``["metrics.accuracy DESC"]``.
    experiment_names
        Only runs of these; ``None`` takes all.
    max_results
        At most so many.

    Raises
    ------
    InvalidFilterError
        The filter or the order doesn't parse.
    ExperimentNotFoundError
        There is no experiment of a name that was asked for.
    """
    from jtrack.widgets.runs.frame import NEWEST_FIRST, RunsQuery, read_runs

    query = RunsQuery(
        filter_string=filter_string if isinstance(filter_string, str) else " ".join(filter_string),
        order_by=tuple(order_by or (NEWEST_FIRST,)),
        experiment_names=None if experiment_names is None else tuple(experiment_names),
        max_results=max_results,
    )
    return RunsListing(read_runs(query, page_size=max_results))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("filter_string", metavar="FILTER", nargs="*", help="which runs; all without one")
    parser.add_argument(
        "--order-by", metavar="KEY", action="append", help='such as "metrics.accuracy DESC"; may be given again'
    )
    parser.add_argument(
        "--experiment",
        dest="experiment_names",
        metavar="NAME",
        action="append",
        help="only runs of this one; may be given again",
    )
    parser.add_argument(
        "-n", "--max-results", type=int, default=DEFAULT_MAX_RESULTS, metavar="N", help="at most N runs (%(default)s)"
    )


RUNS = Command("runs", runs, _add_arguments)
