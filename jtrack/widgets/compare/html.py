"""A comparison without script: one table of what differs, still curves, and the source differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from jtrack.widgets import pieces
from jtrack.widgets.chart import N_COLOURS, curves_image
from jtrack.widgets.compare.details import ComparedText
from jtrack.widgets.compare.frame import ComparedMetric, ComparedSource, CompareFrame
from jtrack.widgets.format import MINUS, MISSING, and_more, format_duration, format_number, plural, shorten
from jtrack.widgets.frames import short_id
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.style import stylesheet

_Row = TypeVar("_Row")

MAX_BYTES = 36_000
_MOST_CONSTANTS = 10


@dataclass(frozen=True, slots=True)
class _Limits:
    columns: int = 20
    rows: int = 40
    charts: int = 4
    sources: int = 3


# Tried in turn until all of it is small enough; the curves are what takes most of the room.
_STEPS = (
    _Limits(),
    _Limits(rows=16),
    _Limits(columns=14, rows=12, charts=3),
    _Limits(columns=12, rows=10, charts=2, sources=2),
    _Limits(columns=10, rows=8, charts=2, sources=1),
    _Limits(columns=8, rows=6, charts=1, sources=1),
    _Limits(columns=6, rows=4, charts=1, sources=0),
    _Limits(columns=4, rows=3, charts=0, sources=0),
)


def compare_html(frame: CompareFrame) -> Markup:
    """Render a comparison in at most `MAX_BYTES` bytes; of many runs the table shows the first, the curves all."""
    for limits in _STEPS:
        html = _page(frame, limits)
        if len(html.encode()) <= MAX_BYTES:
            break
    return html


def _page(frame: CompareFrame, limits: _Limits) -> Markup:
    shown = first_runs(frame, limits.columns)
    return join(
        [
            stylesheet("runs", "difference", "compare"),
            tag(
                "div",
                _head(frame),
                pieces.scroll_area("what differs", _table(shown, limits.rows)),
                _left_out(frame, shown),
                _constants(frame),
                _curves(frame, limits.charts),
                _sources(frame, limits.sources),
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


def changed_lines(source: ComparedSource) -> str:
    """``−2 +3``."""
    return f"{MINUS}{source.difference.n_removed} +{source.difference.n_added}"


def other_sources(sources: Sequence[ComparedSource], frame: CompareFrame) -> str:
    """How many lines differ in those whose lines aren't shown: ``from A to D −2 +3, E −1 +1 and 9 more``."""
    told = [f"{frame.runs[source.right].letter} {changed_lines(source)}" for source in sources]
    return f"from {frame.runs[0].letter} to {and_more(told, 10)}"


def sources_note(frame: CompareFrame) -> str:
    """How many sources there are, and which runs ran the first one's; empty where no run was made by a cell."""
    letters = [frame.runs[source.right].letter for source in frame.sources if source.difference.is_empty]
    if frame.n_sources <= 1:
        return "the same in all runs" if len(letters) == len(frame.runs) - 1 else ""
    same = f", the same in {frame.runs[0].letter}, {', '.join(letters)}" if letters else ""
    return f"{frame.n_sources} different in {plural(len(frame.runs), 'run')}{same}"


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
        _number(MISSING if text is None else text, "jt-num" if text == first else "jt-num jt-new") for text in row.texts
    ]
    return tag("tr", _key(row.key), cells)


def _constants(frame: CompareFrame) -> Markup | None:
    if not frame.constants:
        return None
    shown = [f"{shorten(key, 32)} {text}" for key, text in frame.constants[:_MOST_CONSTANTS]]
    rest = len(frame.constants) - len(shown)
    text = ", ".join([*shown, *([f"{rest:,} more"] if rest else [])])
    return tag("div", "same in all: ", text, class_="jt-line jt-muted")


def _curves(frame: CompareFrame, n: int) -> Markup | None:
    letters = [run.letter for run in frame.runs]
    drawn = []
    for curve in frame.curves[:n]:
        image = curves_image(curve.series, letters, f"{shorten(curve.key, 60)} by step, one line a run")
        if image is not None:
            drawn.append(tag("div", tag("div", tag("b", shorten(curve.key, 60)), class_="jt-label jt-as-is"), image))
    return tag("div", drawn, class_="jt-charts") if drawn else None


def _sources(frame: CompareFrame, n: int) -> Markup | None:
    changed = [source for source in frame.sources if not source.difference.is_empty]
    note = sources_note(frame)
    if not note and not changed:
        return None
    shown = [source for source in changed if source.difference.rows][:n]
    blocks = [
        tag(
            "div",
            tag(
                "div",
                tag("b", source_title(source, frame)),
                " ",
                tag("i", changed_lines(source), " lines"),
                class_="jt-label jt-as-is",
            ),
            pieces.source_block(source.difference),
        )
        for source in shown
    ]
    rest = [source for source in changed if source not in shown]
    more = tag("div", other_sources(rest, frame), class_="jt-muted") if rest else None
    head = tag("div", tag("b", "sources"), " ", tag("i", note), class_="jt-label")
    return tag("div", head, blocks, more, class_="jt-sources")
