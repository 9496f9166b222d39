"""A run card as text, for a terminal, a mail and `text/plain`."""

from __future__ import annotations

from collections.abc import Sequence

from jtrack.direction import is_better
from jtrack.widgets import pieces
from jtrack.widgets.card.frame import MOST_METRICS, CardFrame, CardMetric, CardParam, Change
from jtrack.widgets.card.html import actions, inside_text, standing_text
from jtrack.widgets.difference import unified
from jtrack.widgets.format import format_duration, format_number, shorten
from jtrack.widgets.frames import STATE_SHAPES, STATE_WORDS, short_id
from jtrack.widgets.text_table import align_cells

_MOST_PARAMS = 12
_WIDTH = 30


def card_text(frame: CardFrame) -> str:
    """Render a card as lines of text."""
    lines = [_head(frame)]
    if frame.error:
        lines.append(f"  {frame.error}")
    lines += _section("metrics", [_metric(m) for m in frame.metrics], MOST_METRICS)
    lines += _section("params", [_param(p) for p in frame.params], _MOST_PARAMS)
    lines += _since(frame)
    lines += [f"  {inside_text(frame)}"] if frame.inside.n_runs else []
    foot = [standing_text(frame.standing), *actions(frame)]
    return "\n".join([*lines, "  " + "   ".join(part for part in foot if part)])


def _head(frame: CardFrame) -> str:
    cell = "" if frame.execution_count is None else f"  cell [{frame.execution_count}]"
    state = f"{STATE_SHAPES[frame.status]} {STATE_WORDS[frame.status]}"
    name = f"{shorten(frame.run_name, 60)}  run {short_id(frame.run_id)}  {shorten(frame.experiment_name, 60)}"
    return f"{state}  {name}  {format_duration(frame.duration_s)}{cell}"


def _section(title: str, rows: Sequence[Sequence[str]], limit: int) -> list[str]:
    if not rows:
        return []
    more = [f"    {len(rows) - limit:,} more"] if len(rows) > limit else []
    return [f"  {title}", *(f"    {line}" for line in align_cells(rows[:limit])), *more]


def _metric(metric: CardMetric) -> list[str]:
    verdict = None if metric.previous is None else is_better(metric.value, metric.previous, metric.direction)
    word = {True: "better", False: "worse", None: ""}[verdict]
    difference = pieces.difference_text(metric.value, metric.previous)
    return [shorten(metric.key, _WIDTH), format_number(metric.value), difference, word]


def _param(param: CardParam) -> list[str]:
    value = shorten(param.value.text, _WIDTH) if param.value else "–"
    if param.change is Change.ADDED:
        return [shorten(param.key, _WIDTH), value, "new"]
    return [shorten(param.key, _WIDTH), value, f"was {shorten(param.previous.text, _WIDTH)}" if param.previous else ""]


def _since(frame: CardFrame) -> list[str]:
    if frame.previous is None:
        return []
    lines = [f"  since {shorten(frame.previous.run_name, 60)}"]
    if frame.source is not None:
        lines += ["    same source"] if frame.source.is_empty else source_lines(frame)
    return lines + [f"    ! {warning}" for warning in frame.warnings]


def source_lines(frame: CardFrame) -> list[str]:
    """The source difference as indented lines with - and + in front."""
    if frame.source is None:
        return []
    lines = []
    for sign, line, n_skipped in unified(frame.source.rows):
        text = f"{n_skipped:,} equal" if line is None else "".join(span.text for span in line.spans)
        lines.append(f"    {sign} {text}"[:120].rstrip())
    return lines + ([f"    … {frame.source.n_hidden:,} more lines"] if frame.source.n_hidden else [])
