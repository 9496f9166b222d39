"""A comparison without script: one table of what differs, still curves, and the source differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from jtrack.widgets import pieces
from jtrack.widgets.chart import N_COLOURS, curves_image
from jtrack.widgets.compare.details import ComparedText
from jtrack.widgets.compare.frame import ComparedMetric, ComparedSource, CompareFrame
from jtrack.widgets.format import MISSING, format_duration, format_number, plural, shorten
from jtrack.widgets.frames import short_id
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.style import stylesheet

_Row = TypeVar("_Row")

MAX_BYTES = 36_000
# Columns and rows of a section, tried in turn until all of it is small enough.
_STEPS = ((20, 40), (20, 16), (12, 10), (8, 6), (4, 3))
_MOST_CHARTS = 4
_MOST_SOURCES = 3
_MOST_CONSTANTS = 10


def compare_html(frame: CompareFrame) -> Markup:
    """Render a comparison in at most `MAX_BYTES` bytes; of many runs the table shows the first, the curves all."""
    for n_columns, n_rows in _STEPS:
        html = _page(frame, n_columns, n_rows)
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def _page(frame: CompareFrame, n_columns: int, n_rows: int) -> Markup:
    shown = first_runs(frame, n_columns)
    return join(
        [
            stylesheet("runs", "difference", "compare"),
            tag(
                "div",
                _head(frame),
                tag("div", _table(shown, n_rows), class_="jt-scroll"),
                _left_out(frame, shown),
                _constants(frame),
                _curves(frame),
                _sources(frame),
                class_="jtrack jt-compare",
                role="group",
                aria_label="comparison of runs",
            ),
        ]
    )


def count_text(frame: CompareFrame) -> str:
    """``3 runs``, or ``20 of 57 runs``."""
    n_shown = len(frame.runs)
    return plural(n_shown, "run") if n_shown == frame.n_found else f"{n_shown} of {plural(frame.n_found, 'run')}"


def first_runs(frame: CompareFrame, n: int) -> CompareFrame:
    """The same comparison with the columns of the first runs only."""
    return replace(
        frame,
        runs=frame.runs[:n],
        metrics=tuple(replace(metric, values=metric.values[:n]) for metric in frame.metrics),
        params=_first_texts(frame.params, n),
        tags=_first_texts(frame.tags, n),
        packages=_first_texts(frame.packages, n),
        details=_first_texts(frame.details, n),
    )


def _first_texts(rows: Sequence[ComparedText], n: int) -> tuple[ComparedText, ...]:
    return tuple(replace(row, texts=row.texts[:n]) for row in rows)


def source_title(source: ComparedSource, frame: CompareFrame) -> str:
    """``A → B  brisk-heron → quiet-otter``."""
    left, right = frame.runs[source.left], frame.runs[source.right]
    return f"{left.letter} → {right.letter}  {shorten(left.run_name, 40)} → {shorten(right.run_name, 40)}"


def same_sources(frame: CompareFrame) -> str:
    """Which runs ran the same source as the first one; empty where none did."""
    letters = [frame.runs[s.right].letter for s in frame.sources if s.difference.is_empty]
    return f"same source as {frame.runs[0].letter}: {', '.join(letters)}" if letters else ""


def _left_out(frame: CompareFrame, shown: CompareFrame) -> Markup | None:
    rest = len(frame.runs) - len(shown.runs)
    text = f"{plural(rest, 'more run')}, which the table leaves out"
    return tag("div", text, class_="jt-line jt-muted") if rest else None


def _head(frame: CompareFrame) -> Markup:
    return tag("div", tag("b", "compare", class_="jt-name"), " ", tag("span", count_text(frame)), class_="jt-head")


def _table(frame: CompareFrame, n: int) -> Markup:
    heads = [
        tag(
            "th",
            tag("b", run.letter, class_=f"jt-letter jt-cat-{index % N_COLOURS}"),
            " ",
            pieces.state_mark(run.status),
            " ",
            tag("span", shorten(run.run_name, 24), title=f"{shorten(run.run_name, 200)}, run {run.run_id}"),
            tag("br"),
            tag("code", short_id(run.run_id), class_="jt-muted"),
            scope="col",
            class_="jt-num",
            align="right",
        )
        for index, run in enumerate(frame.runs)
    ]
    took = tag("tr", _key("took"), [_number(format_duration(run.duration_s)) for run in frame.runs])
    sections = [
        *_section("metrics", frame.metrics[:n], frame.n_metrics, _metric_row, len(heads)),
        *_section("params that differ", frame.params[:n], frame.n_params, _text_row, len(heads)),
        *_section("tags that differ", frame.tags[: n // 2], frame.n_tags, _text_row, len(heads)),
        *_section("packages that differ", frame.packages[: n // 2], frame.n_packages, _text_row, len(heads)),
        _label_row("run", len(heads)),
        [_text_row(detail) for detail in frame.details],
        took,
    ]
    # The last cell takes what room is left, so that the line below the heads goes through.
    head = tag("tr", tag("td", ""), heads, tag("td", "", class_="jt-rest"))
    return tag("table", tag("thead", head), tag("tbody", sections))


def _section(
    title: str, rows: Sequence[_Row], n_rows: int, render: Callable[[_Row], Markup], n_runs: int
) -> Iterable[Markup]:
    if rows:
        rest = f" ({n_rows - len(rows):,} more)" if n_rows > len(rows) else ""
        yield _label_row(title + rest, n_runs)
    yield from (render(row) for row in rows)


def _label_row(title: str, n_runs: int) -> Markup:
    return tag("tr", tag("th", tag("b", title), class_="jt-label", colspan=n_runs + 1, scope="colgroup"))


def _key(key: str) -> Markup:
    return tag("th", shorten(key, 40), scope="row", title=shorten(key, 250) if len(key) > 30 else None)


def _number(text: str, class_: str = "jt-num") -> Markup:
    return tag("td", text, class_=class_, align="right")


def _metric_row(metric: ComparedMetric) -> Markup:
    cells = []
    for value in metric.values:
        best = value is not None and value == metric.best
        text: Markup | str = format_number(value, metric.decimals)
        content = tag("b", text, title="best") if best else text
        cells.append(tag("td", content, class_="jt-num jt-best" if best else "jt-num", align="right"))
    return tag("tr", _key(metric.key), cells)


def _text_row(row: ComparedText) -> Markup:
    first = row.texts[0]
    cells = [
        _number(MISSING if text is None else shorten(text, 32), "jt-num" if text == first else "jt-num jt-new")
        for text in row.texts
    ]
    return tag("tr", _key(row.key), cells)


def _constants(frame: CompareFrame) -> Markup | None:
    if not frame.constants:
        return None
    shown = [f"{shorten(key, 32)} {text}" for key, text in frame.constants[:_MOST_CONSTANTS]]
    rest = len(frame.constants) - len(shown)
    text = ", ".join([*shown, *([f"{rest:,} more"] if rest else [])])
    return tag("div", "same in all: ", text, class_="jt-line jt-muted")


def _curves(frame: CompareFrame) -> Markup | None:
    letters = [run.letter for run in frame.runs]
    drawn = []
    for curve in frame.curves[:_MOST_CHARTS]:
        image = curves_image(curve.series, letters, f"{shorten(curve.key, 60)} by step, one line a run")
        if image is not None:
            drawn.append(tag("div", tag("div", tag("b", shorten(curve.key, 60)), class_="jt-label jt-as-is"), image))
    return tag("div", drawn, class_="jt-charts") if drawn else None


def _sources(frame: CompareFrame) -> Markup | None:
    changed = [source for source in frame.sources if not source.difference.is_empty]
    if not frame.sources:
        return None
    blocks = [
        tag(
            "div",
            tag("div", tag("b", source_title(source, frame)), class_="jt-label jt-as-is"),
            pieces.source_block(source.difference),
        )
        for source in [source for source in changed if source.difference.rows][:_MOST_SOURCES]
    ]
    rest = len(changed) - len(blocks)
    notes = [same_sources(frame), f"{plural(rest, 'more run')} with another source" if rest else ""]
    return tag("div", blocks, [tag("div", note, class_="jt-muted") for note in notes if note], class_="jt-sources")
