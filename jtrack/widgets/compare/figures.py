"""Scatter, contour and importance of compared runs as plotly figures; a notebook keeps their data and a still form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from jtrack.errors import InvalidInputError
from jtrack.widgets.compare.columns import ComparedColumn, Importance, category_codes
from jtrack.widgets.compare.contour import axis_of, compared_contour
from jtrack.widgets.compare.stills import (
    contour_html,
    contour_text,
    importance_html,
    importance_text,
    measure_text,
    scatter_html,
    scatter_text,
)
from jtrack.widgets.parallel.axes import AxisKind
from jtrack.widgets.still_figure import StillFigure

# Of text and lines, on no ground of their own: it can be read on white and on black. No other figure has this very
# grey, so JupyterLab's extension finds what is drawn in it and gives it the theme's colours (lab/style/figures.css).
INK = "rgb(118, 117, 119)"
_FAINT = "rgba(118, 117, 119, 0.3)"
_CLEAR = "rgba(0, 0, 0, 0)"
# Okabe and Ito's, without the yellow that white ground swallows.
_CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7f7f7f")
_AXIS = {"gridcolor": _FAINT, "zerolinecolor": _FAINT, "linecolor": INK, "tickcolor": INK}
_LAYOUT: dict[str, Any] = {
    "template": "none",
    "font": {"size": 12, "color": INK},
    "paper_bgcolor": _CLEAR,
    "plot_bgcolor": _CLEAR,
    "modebar": {"bgcolor": _CLEAR, "color": INK, "activecolor": "#0072B2"},
    "xaxis": _AXIS,
    "yaxis": _AXIS,
    "margin": {"l": 60, "r": 20, "t": 30, "b": 50},
    "height": 380,
}


def scatter_figure(
    names: Sequence[str], x: ComparedColumn, y: ComparedColumn, color: ComparedColumn | None
) -> StillFigure:
    """Draw runs as points; a colour of numbers is a scale, one of texts a trace a text."""
    figure = StillFigure(layout=_LAYOUT)
    if color is None or color.is_numeric:
        marker: dict[str, Any] = {"size": 8}
        if color is not None:
            marker["line"] = {"color": INK, "width": 1}  # one end of the scale is near the ground
            bar = {"title": {"text": _name(color)}, "outlinewidth": 0}
            marker |= {"color": list(color.values), "colorscale": "Viridis", "showscale": True, "colorbar": bar}
        figure.add_trace(go.Scatter(x=_axis(x), y=_axis(y), text=list(names), mode="markers", marker=marker))
    else:
        groups = list(dict.fromkeys(text or "–" for text in color.texts))
        for i, group in enumerate(groups):
            members = [k for k, text in enumerate(color.texts) if (text or "–") == group]
            xs, ys = _axis(x), _axis(y)
            figure.add_trace(
                go.Scatter(
                    x=[xs[k] for k in members],
                    y=[ys[k] for k in members],
                    text=[names[k] for k in members],
                    name=group,
                    mode="markers",
                    marker={"size": 8, "color": _CATEGORIES[i % len(_CATEGORIES)], "symbol": i // len(_CATEGORIES)},
                )
            )
        figure.update_layout(legend_title_text=_name(color))
    return _with_axes(figure, x, y).with_still(scatter_html(x, y, color), scatter_text(names, x, y, color))


def contour_figure(names: Sequence[str], x: ComparedColumn, y: ComparedColumn, z: ComparedColumn) -> StillFigure:
    """Draw a metric over two params: a surface weighted by distance from the runs, and the runs themselves.

    Raises
    ------
    InvalidInputError
        One of the three holds no numbers, or fewer than four runs have all of them.
    """
    contour = compared_contour(x, y, z)
    known = [k for k, values in enumerate(zip(x.values, y.values, z.values, strict=True)) if None not in values]
    heights = [value for k in known if (value := z.values[k]) is not None]
    surface = [[round(value, 6) for value in row] for row in contour.predicted]
    scale = {"colorscale": "Viridis", "zmin": min(heights), "zmax": max(heights)}
    figure = StillFigure(layout=_LAYOUT)
    bar = {"title": {"text": _name(z)}, "outlinewidth": 0}
    figure.add_trace(go.Contour(x=list(contour.x), y=list(contour.y), z=surface, colorbar=bar, **scale))
    marker = {"size": 7, "color": "#ffffff", "line": {"color": "#1d2126", "width": 1}}
    texts = [f"{names[k]}: {z.values[k]:.4g}" for k in known]
    dots = {"x": list(contour.tried.x), "y": list(contour.tried.y), "text": texts}
    figure.add_trace(go.Scatter(**dots, mode="markers", marker=marker, showlegend=False))
    _with_axes(figure, x, y)
    return figure.with_still(contour_html(contour, x, y, z), contour_text(names, x, y, z))


def importance_figure(metric: str, importances: Sequence[Importance]) -> StillFigure:
    """Draw bars of how much each param tells of a metric, the most telling on top.

    Raises
    ------
    InvalidInputError
        No param of these runs tells anything.
    """
    if not importances:
        raise InvalidInputError(f"nothing can be told of {metric!r}", "it takes three runs in which a param differs")
    shown = list(reversed(importances))
    bars = go.Bar(
        x=[abs(each.value) for each in shown],
        y=[each.key for each in shown],
        orientation="h",
        marker={"color": "#0072B2"},
        text=[measure_text(each) for each in shown],
        hovertext=[f"{each.n_runs} runs" for each in shown],
    )
    figure = StillFigure(bars, layout=_LAYOUT)
    figure.update_layout(height=max(120 + 24 * len(shown), 200))
    figure.update_xaxes(range=[0, 1], title_text=f"rank correlation with {metric}, without its sign")
    figure.update_yaxes(automargin=True)
    return figure.with_still(importance_html(metric, importances), importance_text(metric, importances))


def _name(column: ComparedColumn) -> str:
    return column.id.partition(".")[2]


def _axis(column: ComparedColumn) -> list[float | None] | list[str | None]:
    return list(column.values) if column.is_numeric else list(column.texts)


def _with_axes(figure: StillFigure, x: ComparedColumn, y: ComparedColumn) -> StillFigure:
    for update, column in ((figure.update_xaxes, x), (figure.update_yaxes, y)):
        kind = "category" if not column.is_numeric else "log" if axis_of(column).kind is AxisKind.LOG else "linear"
        options = {"categoryarray": category_codes(column.texts)[1]} if kind == "category" else {}
        update(title_text=_name(column), type=kind, automargin=True, **options)
    return figure
