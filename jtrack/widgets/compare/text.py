"""A comparison as text, for a terminal and `text/plain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jtrack.widgets.compare.details import ComparedText
from jtrack.widgets.compare.frame import CompareFrame
from jtrack.widgets.compare.html import changed_lines, count_text, first_runs, other_sources, source_title, sources_note
from jtrack.widgets.difference import unified
from jtrack.widgets.format import MISSING, format_duration, format_number, plural, shorten, tell_apart
from jtrack.widgets.frames import STATE_SHAPES, short_id
from jtrack.widgets.text_table import align_cells

_MOST_ROWS = 20
_MOST_COLUMNS = 24
_WIDTH = 20
_LINE_WIDTH = 110
_MOST_NAMED = 40
_MOST_LINES = 40


def compare_text(frame: CompareFrame) -> str:
    """Render a comparison as lines; the best value of a metric ends in a star. Wide tables are folded."""
    legend = [
        f"  {run.letter}  {STATE_SHAPES[run.status]} {shorten(run.run_name, 40)}  {short_id(run.run_id)}"
        for run in frame.runs[:_MOST_NAMED]
    ]
    unnamed = len(frame.runs) - len(legend)
    more = [f"  and {plural(unnamed, 'more run')}"] if unnamed else []
    return "\n".join([f"compare {count_text(frame)}", *legend, *more, *_table(frame), *_source_lines(frame)])


def _table(whole: CompareFrame) -> list[str]:
    frame = first_runs(whole, _MOST_COLUMNS)
    rows = [["", *(run.letter for run in frame.runs)]]
    for metric in frame.metrics[:_MOST_ROWS]:
        rows.append([shorten(metric.key, 30), *(_value(v, metric.decimals, metric.best) for v in metric.values)])
    for texts in (frame.params, frame.tags, frame.packages, frame.details):
        rows += map(_text_row, texts[:_MOST_ROWS])
    rows.append(["took", *(format_duration(run.duration_s) for run in frame.runs)])
    lines = [f"  {line}".rstrip() for line in _folded(rows)]
    n_rows = whole.n_metrics + whole.n_params + whole.n_tags + whole.n_packages + len(whole.details)
    n_out, n_rows_out = len(whole.runs) - len(frame.runs), n_rows - (len(rows) - 2)
    left_out = [*([plural(n_out, "run")] if n_out else []), *([plural(n_rows_out, "row")] if n_rows_out else [])]
    return lines + ([f"  the table leaves out {' and '.join(left_out)}"] if left_out else [])


def _text_row(row: ComparedText) -> list[str]:
    return [shorten(row.key, 30), *(MISSING if text is None else text for text in tell_apart(row.texts, _WIDTH))]


def _folded(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lay as many columns beside each other as a terminal is wide, and the rest below them under the same keys."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    first = 1
    while first < len(widths):
        last, room = first + 1, _LINE_WIDTH - widths[0] - widths[first]
        while last < len(widths) and room >= widths[last] + 2:
            room -= widths[last] + 2
            last += 1
        yield from [] if first == 1 else [""]
        yield from align_cells([[row[0], *row[first:last]] for row in rows], [False, *[True] * (last - first)])
        first = last


def _value(value: float | None, decimals: int | None, best: float | None) -> str:
    # A blank in place of the star keeps the digits of the column in line.
    star = "" if best is None else "*" if value == best else " "
    return format_number(value, decimals) + star


def _source_lines(frame: CompareFrame) -> list[str]:
    note = sources_note(frame)
    lines = [f"  sources: {note}"] if note else []
    changed = [source for source in frame.sources if not source.difference.is_empty]
    for source in changed[:1]:
        lines.append(f"  {source_title(source, frame)}  {changed_lines(source)} lines")
        for sign, line, n_skipped in list(unified(source.difference.rows))[:_MOST_LINES]:
            text = f"{n_skipped:,} equal" if line is None else "".join(span.text for span in line.spans)
            lines.append(f"    {sign} {text}"[:120].rstrip())
    return lines + ([f"  {other_sources(changed[1:], frame)}"] if changed[1:] else [])
