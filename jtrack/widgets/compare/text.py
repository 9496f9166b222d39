"""A comparison as text, for a terminal and `text/plain`."""

from __future__ import annotations

from jtrack.widgets.compare.frame import CompareFrame
from jtrack.widgets.compare.html import count_text, first_runs, same_sources, source_title
from jtrack.widgets.difference import unified
from jtrack.widgets.format import MISSING, format_duration, format_number, shorten
from jtrack.widgets.frames import STATE_SHAPES, short_id
from jtrack.widgets.text_table import align_cells

_MOST_ROWS = 20
_MOST_COLUMNS = 12
_WIDTH = 20


def compare_text(frame: CompareFrame) -> str:
    """Render a comparison as lines; the best value of a metric ends in a star."""
    legend = [
        f"  {run.letter}  {STATE_SHAPES[run.status]} {shorten(run.run_name, 40)}  {short_id(run.run_id)}"
        for run in frame.runs
    ]
    lines = [f"compare {count_text(frame)}", *legend, *(f"  {line}" for line in _table(frame)), *_source_lines(frame)]
    return "\n".join(lines)


def _table(whole: CompareFrame) -> list[str]:
    frame = first_runs(whole, _MOST_COLUMNS)
    rows = [["", *(run.letter for run in frame.runs)]]
    for metric in frame.metrics[:_MOST_ROWS]:
        rows.append([shorten(metric.key, 30), *(_value(v, metric.decimals, metric.best) for v in metric.values)])
    for param in frame.params[:_MOST_ROWS]:
        rows.append([shorten(param.key, 30), *(MISSING if t is None else shorten(t, _WIDTH) for t in param.texts)])
    for detail in (*frame.tags[:_MOST_ROWS], *frame.packages[:_MOST_ROWS], *frame.details):
        rows.append([shorten(detail.key, 30), *(MISSING if t is None else shorten(t, _WIDTH) for t in detail.texts)])
    rows.append(["took", *(format_duration(run.duration_s) for run in frame.runs)])
    return align_cells(rows, [False, *[True] * len(frame.runs)])


def _value(value: float | None, decimals: int | None, best: float | None) -> str:
    # A blank in place of the star keeps the digits of the column in line.
    star = "" if best is None else "*" if value == best else " "
    return format_number(value, decimals) + star


def _source_lines(frame: CompareFrame) -> list[str]:
    lines = []
    changed = [source for source in frame.sources if not source.difference.is_empty]
    for source in changed[:1]:
        lines.append(f"  source {source_title(source, frame)}")
        for sign, line, n_skipped in unified(source.difference.rows):
            text = f"{n_skipped:,} equal" if line is None else "".join(span.text for span in line.spans)
            lines.append(f"    {sign} {text}"[:120].rstrip())
    return lines + ([f"  {same_sources(frame)}"] if same_sources(frame) else [])
