"""Scatter, contour and importance of compared runs as plotly figures, which keep only their data in a notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError
from jtrack.widgets.compare.columns import ComparedColumn, Importance, category_codes
from jtrack.widgets.parallel.axes import AxisKind, Measure, numeric_kind

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go
    from numpy.typing import NDArray

_GRID = 40
# Okabe and Ito's, without the yellow that white ground swallows.
_CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#595959")
_LAYOUT = {"template": "none", "font": {"size": 12}, "margin": {"l": 60, "r": 20, "t": 30, "b": 50}, "height": 380}


def scatter_figure(
    names: Sequence[str], x: ComparedColumn, y: ComparedColumn, color: ComparedColumn | None
) -> go.Figure:
    """Draw runs as points; a colour of numbers is a scale, one of texts a trace a text."""
    import plotly.graph_objects as go

    figure = go.Figure(layout=_LAYOUT)
    if color is None or color.is_numeric:
        marker: dict[str, Any] = {"size": 8}
        if color is not None:
            bar = {"title": {"text": _name(color)}}
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
    return _with_axes(figure, x, y)


def contour_figure(names: Sequence[str], x: ComparedColumn, y: ComparedColumn, z: ComparedColumn) -> go.Figure:
    """Draw a metric over two params: a surface weighted by distance from the runs, and the runs themselves.

    Raises
    ------
    InvalidInputError
        One of the three holds no numbers, or fewer than four runs have all of them.
    """
    import numpy as np
    import plotly.graph_objects as go

    for column in (x, y, z):
        if not column.is_numeric:
            raise InvalidInputError(f"{column.id!r} holds texts, and a contour takes numbers")
    known = [k for k, values in enumerate(zip(x.values, y.values, z.values, strict=True)) if None not in values]
    if len(known) < 4:
        raise InvalidInputError(f"a contour takes four runs or more that have {x.id}, {y.id} and {z.id}")
    points = [np.array([column.values[k] for k in known], dtype=np.float64) for column in (x, y, z)]
    xs, ys = _grid_line(points[0]), _grid_line(points[1])
    surface = _surface(_scaled(points[0], points[0]), _scaled(points[1], points[1]), points[2], xs, ys, points)
    scale = {"colorscale": "Viridis", "zmin": float(points[2].min()), "zmax": float(points[2].max())}
    figure = go.Figure(layout=_LAYOUT)
    bar = {"title": {"text": _name(z)}}
    figure.add_trace(go.Contour(x=xs.tolist(), y=ys.tolist(), z=surface.round(6).tolist(), colorbar=bar, **scale))
    marker = {"size": 7, "color": "#ffffff", "line": {"color": "#1d2126", "width": 1}}
    texts = [f"{names[k]}: {z.values[k]:.4g}" for k in known]
    figure.add_trace(
        go.Scatter(
            x=points[0].tolist(), y=points[1].tolist(), text=texts, mode="markers", marker=marker, showlegend=False
        )
    )
    return _with_axes(figure, x, y)


def importance_figure(metric: str, importances: Sequence[Importance]) -> go.Figure:
    """Draw bars of how much each param tells of a metric, the most telling on top.

    Raises
    ------
    InvalidInputError
        No param of these runs tells anything.
    """
    import plotly.graph_objects as go

    if not importances:
        raise InvalidInputError(f"nothing can be told of {metric!r}", "it takes three runs in which a param differs")
    shown = list(reversed(importances))
    sign = {Measure.RHO: "ρ", Measure.ETA: "η"}
    bars = go.Bar(
        x=[abs(each.value) for each in shown],
        y=[each.key for each in shown],
        orientation="h",
        marker={"color": "#0072B2"},
        text=[
            f"{sign[each.measure]} {each.value:+.2f}" if each.measure is Measure.RHO else f"η {each.value:.2f}"
            for each in shown
        ],
        hovertext=[f"{each.n_runs} runs" for each in shown],
    )
    figure = go.Figure(bars, layout=_LAYOUT)
    figure.update_layout(height=max(120 + 24 * len(shown), 200))
    figure.update_xaxes(range=[0, 1], title_text=f"rank correlation with {metric}, without its sign")
    figure.update_yaxes(automargin=True)
    return figure


def _name(column: ComparedColumn) -> str:
    return column.id.partition(".")[2]


def _axis(column: ComparedColumn) -> list[float | None] | list[str | None]:
    return list(column.values) if column.is_numeric else list(column.texts)


def _with_axes(figure: go.Figure, x: ComparedColumn, y: ComparedColumn) -> go.Figure:
    for update, column in ((figure.update_xaxes, x), (figure.update_yaxes, y)):
        kind = "category" if not column.is_numeric else "log" if _is_log(column) else "linear"
        options = {"categoryarray": category_codes(column.texts)[1]} if kind == "category" else {}
        update(title_text=_name(column), type=kind, automargin=True, **options)
    return figure


def _is_log(column: ComparedColumn) -> bool:
    values = [value for value in column.values if value is not None]
    return bool(values) and column.id.startswith("params.") and numeric_kind(min(values), max(values)) is AxisKind.LOG


def _grid_line(values: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    low, high = float(values.min()), float(values.max())
    if numeric_kind(low, high) is AxisKind.LOG:
        return np.logspace(math.log10(low), math.log10(high), _GRID)
    return np.linspace(low, high, _GRID)


def _scaled(values: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values between 0 and 1, on the scale of the axis that ``by`` gives."""
    import numpy as np

    low, high = float(by.min()), float(by.max())
    if numeric_kind(low, high) is AxisKind.LOG:
        values, low, high = np.log10(values), math.log10(low), math.log10(high)
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _surface(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.float64],
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    points: Sequence[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Shepard's weighting by the inverse cube of the distance, which passes through the runs' own values."""
    import numpy as np

    at_x, at_y = np.meshgrid(_scaled(xs, points[0]), _scaled(ys, points[1]))
    distance = np.sqrt((at_x[..., None] - x) ** 2 + (at_y[..., None] - y) ** 2)
    weight = 1 / np.maximum(distance, 1e-6) ** 3
    surface: NDArray[np.float64] = (weight * z).sum(-1) / weight.sum(-1)
    return surface
