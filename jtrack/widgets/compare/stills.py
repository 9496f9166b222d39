"""The figures of a comparison without plotly: scatter, contour and importance as still images, and as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jtrack.direction import Direction
from jtrack.widgets.axis_marks import DOT, across, axis_names, beside, marks_across, marks_up
from jtrack.widgets.chart import N_COLOURS
from jtrack.widgets.compare.columns import ComparedColumn, Importance, category_codes
from jtrack.widgets.compare.contour import axis_of, direction_of
from jtrack.widgets.format import MISSING, format_number, plural, shorten
from jtrack.widgets.html import Markup, escape, join, tag
from jtrack.widgets.images import N_SHADES, fraction, shades_css, svg_image
from jtrack.widgets.landscape.frame import Contour
from jtrack.widgets.landscape.image import CLASSES, FONT, contour_image, scale_bar
from jtrack.widgets.parallel.axes import Axis, AxisKind, Measure
from jtrack.widgets.style import stylesheet
from jtrack.widgets.text_table import align_cells

_SIZE = (470, 310)
_BOX = (66, 10, 376, 262)
_MOST_ROWS = 30
_MOST_NAMED = 12
_WIDTH = 30


def scatter_html(x: ComparedColumn, y: ComparedColumn, color: ComparedColumn | None) -> Markup:
    """Runs as points."""
    return _page(_title(x, y, color), _scatter_image(x, y, color))


def contour_html(contour: Contour, x: ComparedColumn, y: ComparedColumn, z: ComparedColumn) -> Markup:
    """A metric as shades over two columns."""
    return _page(_contour_title(x, y, z), contour_image(contour, axis_of(z).key, direction_of(z)))


def importance_html(metric: str, importances: Sequence[Importance]) -> Markup:
    """A bar a param, the most telling first."""
    rows = [
        tag(
            "tr",
            tag("th", shorten(each.key, _WIDTH), scope="row", title=each.key if len(each.key) > _WIDTH else None),
            tag("td", tag("div", class_="jt-share", style=f"width:{200 * abs(each.value):.0f}px")),
            tag("td", measure_text(each), class_="jt-num", align="right"),
            tag("td", plural(each.n_runs, "run"), class_="jt-muted"),
        )
        for each in importances
    ]
    return _page(f"what tells of {metric}", tag("table", tag("tbody", rows)))


def scatter_text(names: Sequence[str], x: ComparedColumn, y: ComparedColumn, color: ComparedColumn | None) -> str:
    """The values of a scatter, a row a run."""
    columns = [x, y, *([] if color is None or color.id in (x.id, y.id) else [color])]
    return _values_text(_title(x, y, color), names, columns)


def contour_text(names: Sequence[str], x: ComparedColumn, y: ComparedColumn, z: ComparedColumn) -> str:
    """The values below a contour, a row a run."""
    return _values_text(_contour_title(x, y, z), names, [x, y, z])


def importance_text(metric: str, importances: Sequence[Importance]) -> str:
    """Params and how much they tell, a row each."""
    rows = [[shorten(each.key, _WIDTH), measure_text(each), plural(each.n_runs, "run")] for each in importances]
    return "\n".join([f"what tells of {metric}", *(f"  {line}" for line in align_cells(rows, [False, True, True]))])


def measure_text(importance: Importance) -> str:
    """``ρ +0.82`` or ``η 0.41``; ``ρ 0.00`` for what is too little for a sign."""
    text = format_number(importance.value, 2)
    sign = "+" if importance.value > 0 and text != "0.00" else ""
    return f"η {text}" if importance.measure is Measure.ETA else f"ρ {sign}{text}"


def _page(title: str, content: Markup) -> Markup:
    head = tag("div", tag("b", shorten(title, 120), class_="jt-name"), class_="jt-head")
    body = tag("div", tag("figure", content), class_="jt-land")
    panel = tag("div", head, body, class_="jtrack jt-landscape", role="group", aria_label=shorten(title, 120))
    return join([stylesheet("runs", "landscape"), panel])


def _title(x: ComparedColumn, y: ComparedColumn, color: ComparedColumn | None) -> str:
    title = f"{axis_of(y).key} over {axis_of(x).key}"
    return title if color is None else f"{title}, coloured by {axis_of(color).key}"


def _contour_title(x: ComparedColumn, y: ComparedColumn, z: ComparedColumn) -> str:
    return f"{axis_of(z).key} over {axis_of(x).key} and {axis_of(y).key}"


def _scatter_image(x: ComparedColumn, y: ComparedColumn, color: ComparedColumn | None) -> Markup:
    left, top, right, bottom = _BOX
    x_axis, y_axis = axis_of(x), axis_of(y)
    xs, ys = _positions(x, x_axis, left + 8, right - 8), _positions(y, y_axis, bottom - 8, top + 8)
    inner = (left + 8, top + 8, right - 8, bottom - 8)
    shapes = [f'<path class="g" d="M{left} {top}V{bottom}H{right}"/>']
    shapes += [marks_across(x_axis, left + 8, right - 8, bottom + 15), marks_up(y_axis, inner)]
    shapes.append(axis_names(x_axis, y_axis, _BOX))
    drawn = [i for i, place in enumerate(zip(xs, ys, strict=True)) if np.isfinite(place).all()]
    classes = _dot_classes(color, len(xs))
    for i in drawn:
        path = f'style="{DOT}" stroke-width="8" stroke-opacity=".85" d="M{xs[i]:.1f} {ys[i]:.1f}h0"'
        shapes.append(f'<path class="{classes[i]}" {path}/>')
    shapes.append(_legend(color))
    palette = CLASSES | {f"c{i}": ("stroke", f"cat-{i}") for i in range(N_COLOURS)}
    palette |= {f"k{i}": ("fill", f"cat-{i}") for i in range(N_COLOURS)}
    label = f"{plural(len(drawn), 'run')}: {_title(x, y, color)}"
    return svg_image(_SIZE, "".join(shapes), shorten(label, 200), palette, FONT + shades_css("s:stroke", "f:fill"))


def _positions(column: ComparedColumn, axis: Axis, start: float, end: float) -> list[float]:
    if axis.kind is not AxisKind.CATEGORICAL:
        return across(axis, [np.nan if value is None else value for value in column.values], start, end)
    codes = category_codes(column.texts)[0]
    found = across(axis, [float(code) for code in codes], start, end)
    return beside(found, abs(end - start) / max(len(axis.categories), 1))


def _dot_classes(color: ComparedColumn | None, n: int) -> list[str]:
    if color is None:
        return ["a"] * n
    if not color.is_numeric:
        return ["d" if text is None else f"c{code % N_COLOURS}" for text, code in _coded(color)]
    worst, best = _ends(color)
    parts = [None if value is None else _part(value, worst, best) for value in color.values]
    return ["d" if part is None else f"s{min(int(part * N_SHADES), N_SHADES - 1)}" for part in parts]


def _ends(column: ComparedColumn) -> tuple[float, float]:
    """The worst and the best value; of a column that has no better end, the least and the largest."""
    there = [value for value in column.values if value is not None]
    low, high = min(there), max(there)
    return (high, low) if direction_of(column) is Direction.LOWER else (low, high)


def _part(value: float, worst: float, best: float) -> float:
    return fraction(value, worst, best) if worst <= best else 1 - fraction(value, best, worst)


def _coded(color: ComparedColumn) -> list[tuple[str | None, int]]:
    return list(zip(color.texts, category_codes(color.texts)[0], strict=True))


def _legend(color: ComparedColumn | None) -> str:
    if color is None:
        return ""
    if color.is_numeric:
        return scale_bar(_BOX, *_ends(color), direction_of(color))
    _, top, right, _ = _BOX
    names = category_codes(color.texts)[1]
    rows = [
        f'<text class="k{i % N_COLOURS}" x="{right + 12}" y="{top + 8 + 16 * i}">● {escape(shorten(name, 12))}</text>'
        for i, name in enumerate(names[:_MOST_NAMED])
    ]
    rest = len(names) - _MOST_NAMED
    more = f'<text class="t" x="{right + 12}" y="{top + 8 + 16 * _MOST_NAMED}">{rest} more</text>' if rest > 0 else ""
    return "".join(rows) + more


def _values_text(title: str, names: Sequence[str], columns: Sequence[ComparedColumn]) -> str:
    there = [i for i in range(len(names)) if None not in (columns[0].texts[i], columns[1].texts[i])]
    rows = [["run", *(shorten(axis_of(column).key, _WIDTH) for column in columns)]]
    for i in there[:_MOST_ROWS]:
        rows.append([shorten(names[i], _WIDTH), *(shorten(column.texts[i] or MISSING, _WIDTH) for column in columns)])
    rest = len(there) - _MOST_ROWS
    lines = align_cells(rows, [False, *[True] * len(columns)])
    return "\n".join([title, *(f"  {line}" for line in lines), *([f"  {rest:,} more"] if rest > 0 else [])])
