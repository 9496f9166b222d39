"""The runs table without script: its first rows as an HTML table, readable where styles are taken away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from jtrack.entities import RunStatus
from jtrack.widgets import pieces
from jtrack.widgets.format import MISSING, format_duration, format_number, plural, shorten
from jtrack.widgets.frames import short_id
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.images import spark_image
from jtrack.widgets.runs.columns import Column, ColumnKind
from jtrack.widgets.runs.frame import RunsFrame
from jtrack.widgets.runs.rows import GroupRow, Row, RunRow
from jtrack.widgets.style import stylesheet

MOST_ROWS = 20
_MOST_BYTES = 15_000  # of rows: a notebook keeps them beside the table's state
_MOST_CONSTANTS = 8
_KEY_WIDTH = 32
_CELL_WIDTH = 24


def runs_html(frame: RunsFrame, now: datetime) -> Markup:
    """Render the first rows, at most `MOST_ROWS`; ``now`` decides whether a time needs its date."""
    rows = _rows(frame, now)
    if not rows:
        body = tag("div", _as_code(empty_text(frame)), class_="jt-empty")
    else:
        table = tag("table", tag("thead", _header(frame)), tag("tbody", rows))
        body = pieces.scroll_area("table of runs", table)
    return join(
        [
            stylesheet("runs"),
            tag(
                "div",
                _head(frame),
                [tag("div", f"{note}.", class_="jt-fault") for note in unknown_texts(frame)],
                body,
                _foot(frame, len(rows)),
                class_="jtrack jt-runs",
                role="group",
                aria_label="runs",
            ),
        ]
    )


def count_text(frame: RunsFrame) -> str:
    """``5 of 1,204 runs``, or ``1,204 runs`` where none are left out."""
    if frame.n_runs == frame.n_total:
        return plural(frame.n_runs, "run")
    return f"{frame.n_runs:,} of {plural(frame.n_total, 'run')}"


def empty_text(frame: RunsFrame, command: str = "%runs") -> str:
    """What to type to fill an empty table; ``command`` is what was typed for this one."""
    if frame.n_total:
        total = plural(frame.n_total, "run")
        return f"No run fits this filter; there are {total}. {command} without a filter shows all."
    return "No runs yet. Put %%track in front of a cell that trains, and run it."


def _as_code(text: str) -> list[Markup | str]:
    """The commands in a text as code."""
    return [tag("code", word) if word.startswith("%") else word for word in re.split(r"(%+\w+)", text)]


def unknown_texts(frame: RunsFrame) -> list[str]:
    """What the filter or the order asks for and no run has; nothing where there are no runs."""
    return [shorten(str(key), 300) for key in frame.unknown] if frame.n_total else []


def constants_text(frame: RunsFrame) -> str:
    """The params that are the same in every run, in one line."""
    shown = [f"{shorten(c.key, _KEY_WIDTH)} {c.text}" for c in frame.constants[:_MOST_CONSTANTS]]
    rest = frame.n_constants - len(shown)
    return ", ".join([*shown, *([f"{rest:,} more"] if rest else [])])


def _head(frame: RunsFrame) -> Markup:
    filter_text = shorten(frame.query.filter_string, 200)
    return tag(
        "div",
        tag("b", shorten(frame.title, 60), class_="jt-name"),
        " ",
        tag("span", count_text(frame)),
        " ",
        tag("code", filter_text, class_="jt-filter") if filter_text else None,
        class_="jt-head",
    )


def _header(frame: RunsFrame) -> Markup:
    cells = [tag("th", "run", scope="col")]
    for column in frame.columns:
        number = "jt-num" if column.is_numeric else None
        cells.append(tag("th", _title(column, frame), scope="col", class_=number, align="right" if number else None))
        cells += [tag("th", "", class_="jt-spark", aria_hidden="true")] if _has_spark(frame, column) else []
    return tag(
        "tr", cells, tag("th", "took", scope="col", class_="jt-num", align="right"), tag("th", "started", scope="col")
    )


def _title(column: Column, frame: RunsFrame) -> str:
    key = frame.query.order_by[0]
    name = "experiment" if column.kind is ColumnKind.ATTRIBUTE else shorten(column.key, _KEY_WIDTH)
    if not key.startswith(column.id):
        return name
    return f"{name} {'↓' if key.upper().endswith(' DESC') else '↑'}"


def _has_spark(frame: RunsFrame, column: Column) -> bool:
    return column.id == frame.spark and any(isinstance(row, RunRow) and row.spark for row in frame.rows)


def _rows(frame: RunsFrame, now: datetime) -> list[Markup]:
    rows: list[Markup] = []
    n_bytes = 0
    for row in frame.rows[:MOST_ROWS]:
        rows.append(_row(row, frame, now))
        n_bytes += len(rows[-1])
        if n_bytes > _MOST_BYTES:
            break
    return rows


def _row(row: Row, frame: RunsFrame, now: datetime) -> Markup:
    cells: list[Markup] = []
    for column, value in zip(frame.columns, row.cells, strict=True):
        cells.append(_cell(column, value, is_best=isinstance(row, RunRow) and value == column.best))
        if _has_spark(frame, column):
            cells.append(tag("td", _spark(row.spark) if isinstance(row, RunRow) else None, class_="jt-spark"))
    if isinstance(row, GroupRow):
        return tag("tr", tag("th", _group_name(row), scope="row"), cells, tag("td", ""), tag("td", ""))
    running = row.status in (RunStatus.RUNNING, RunStatus.SCHEDULED)
    return tag(
        "tr",
        tag("th", _run_name(row), scope="row"),
        cells,
        tag("td", "–" if running else format_duration(row.duration_s), class_="jt-num jt-muted", align="right"),
        tag("td", pieces.moment_mark(row.started_at, now), class_="jt-muted"),
    )


def _run_name(row: RunRow) -> Markup:
    name = tag("span", shorten(row.run_name, 40), title=f"{shorten(row.run_name, 200)}, run {row.run_id}")
    parts = [
        "\u2003" * row.depth,
        pieces.state_mark(row.status),
        " ",
        name,
        " ",
        tag("code", short_id(row.run_id), class_="jt-muted"),
        *([" ", tag("span", row.inside, class_="jt-muted")] if row.inside else []),
    ]
    return join(parts)


def _group_name(row: GroupRow) -> Markup:
    return join(["\u2003" * row.depth, shorten(row.label, 60), " ", tag("span", group_text(row), class_="jt-muted")])


def group_text(row: GroupRow) -> str:
    """What stands beside the value of a group: its metrics are means."""
    return f"{plural(row.n_folded, 'run')}, mean" if row.n_folded > 1 else plural(row.n_folded, "run")


def _cell(column: Column, value: float | str | None, *, is_best: bool) -> Markup:
    if isinstance(value, (int, float)):
        text = format_number(value, column.decimals)
        content: Markup | str = tag("b", text, title="best") if is_best else text
        return tag("td", content, class_="jt-num jt-best" if is_best else "jt-num", align="right", title=repr(value))
    text = MISSING if value is None else shorten(value, _CELL_WIDTH)
    number = column.is_numeric
    return tag("td", text, class_="jt-num" if number else None, align="right" if number else None)


def _spark(spark: Sequence[int] | None) -> Markup | None:
    return None if spark is None else spark_image(spark[::2], spark[1::2], "curve")


def _foot(frame: RunsFrame, n_rows: int) -> Markup | None:
    parts = []
    if frame.n_lines > n_rows > 0:
        parts.append(tag("span", f"first {n_rows} of {frame.n_lines:,}"))
    if frame.constants:
        parts.append(tag("span", "same in all: ", constants_text(frame)))
    return tag("div", [join([part, " "]) for part in parts], class_="jt-foot") if parts else None
