"""The runs that a list shows, as a file for other programs."""

from __future__ import annotations

from pathlib import Path

from jtrack.server.question import Question
from jtrack.server.runs_listing import plan_runs
from jtrack.widgets.runs.table_file import write_runs


def write_table(asked: Question, target: Path) -> None:
    """Write the runs that a request asks for to ``target``, whose suffix says the format.

    Raises
    ------
    InvalidFilterError
        The filter or the order can't be read.
    InvalidInputError
        The runs have more keys than a table can have columns.
    """
    found, values = plan_runs(asked)
    write_runs(asked.store.catalog, found, values, target)
