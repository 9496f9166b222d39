"""The runs table as text, for a terminal and `text/plain`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jtrack.widgets.format import MISSING, and_more, format_duration, format_moment, format_number, shorten
from jtrack.widgets.frames import STATE_SHAPES, short_id
from jtrack.widgets.runs.columns import Column
from jtrack.widgets.runs.frame import RunsFrame
from jtrack.widgets.runs.html import constants_text, count_text, empty_text, group_text, unknown_texts
from jtrack.widgets.runs.rows import GroupRow, Row
from jtrack.widgets.text_table import align_cells

_MOST_COLUMNS = 8
_MOST_NAMED = 5
_WIDTH = 20


def runs_text(
    frame: RunsFrame,
    now: datetime,
    max_rows: int | None = None,
    command: str = "%runs",
    max_width: int | None = None,
) -> str:
    """Render the rows of ``frame`` as lines; the best value of a metric ends in a star.

    Parameters
    ----------
    max_rows
        How many at most; all of the frame's page where ``None``.
    command
        What was typed for them, for the hints.
    max_width
        Leave out columns, the last ones first, until a line has at most so many characters.
    """
    head = f"{frame.title}  {count_text(frame)}"
    head += f"  {frame.query.filter_string}" if frame.query.filter_string else ""
    head += "".join(f"\n  {note}" for note in unknown_texts(frame))
    if not frame.rows:
        return f"{head}\n  {empty_text(frame, command)}"
    columns = frame.columns[:_MOST_COLUMNS]
    shown = frame.rows[:max_rows]
    lines = _table(shown, columns, now)
    while max_width is not None and columns and max(map(len, lines)) > max_width:
        columns = columns[:-1]
        lines = _table(shown, columns, now)
    if left_out := [shorten(column.key, _WIDTH) for column in frame.columns[len(columns) :]]:
        lines.append(f"  not shown: {and_more(left_out, _MOST_NAMED)}")
    rest = frame.n_lines - len(shown)
    if rest > 0:
        lines.append(f"  {rest:,} more")
    if frame.constants:
        lines.append(f"  same in all: {constants_text(frame)}")
    return "\n".join([head, *lines])


def _table(rows: Sequence[Row], columns: tuple[Column, ...], now: datetime) -> list[str]:
    titles = ["run", "id", *(shorten(column.key, _WIDTH) for column in columns), "took", "started"]
    cells = [_cells(row, columns, now) for row in rows]
    right = [False, False, *(column.is_numeric for column in columns), True, False]
    return [f"  {line}" for line in align_cells([titles, *cells], right)]


def _cells(row: Row, columns: tuple[Column, ...], now: datetime) -> list[str]:
    marks = not isinstance(row, GroupRow)
    values = [_cell(column, value, marks) for column, value in zip(columns, row.cells, strict=False)]
    indent = "  " * row.depth
    if isinstance(row, GroupRow):
        return [f"{indent}{shorten(row.label, 30)} · {group_text(row)}", "", *values, "", ""]
    name = f"{STATE_SHAPES[row.status]} {shorten(row.run_name, 30)}" + (f" · {row.inside}" if row.inside else "")
    times = [format_duration(row.duration_s), format_moment(row.started_at, now)]
    return [indent + name, short_id(row.run_id), *values, *times]


def _cell(column: Column, value: float | str | None, marks: bool) -> str:
    if isinstance(value, (int, float)):
        # A blank in place of the star keeps the digits of the column in line.
        star = "" if column.best is None else "*" if marks and value == column.best else " "
        return format_number(value, column.decimals) + star
    return MISSING if value is None else shorten(value, _WIDTH)
