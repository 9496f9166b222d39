"""A plotly figure's lines, points and bars as plain numbers, for a page that has no plotly.

The library weighs 5 MB and belongs in no notebook; most figures of a run are lines, points and bars. What can't be
sketched is named.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_MOST_TRACES = 30
_ALL_POINTS = 6_000
_MOST_LABELS = 200
_DRAWN = {"scatter": "lines", "scattergl": "lines", "bar": "bars"}


@dataclass(frozen=True, slots=True)
class SketchTrace:
    """One trace: ``mode`` is lines, markers, lines+markers or bars; ``x`` and ``y`` are finite and of one length."""

    name: str
    mode: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FigureSketch:
    """What can be drawn of a figure.

    ``x_kind`` is number, time (seconds since 1970) or category, whose places are positions in ``x_labels``;
    ``left_out`` names traces that aren't drawn.
    """

    title: str
    x_title: str
    y_title: str
    x_kind: str
    x_labels: tuple[str, ...]
    is_x_log: bool
    is_y_log: bool
    traces: tuple[SketchTrace, ...]
    n_traces: int
    left_out: tuple[str, ...]


def is_figure(value: Any) -> bool:
    """Whether JSON looks like a plotly figure: traces in ``data``, and a layout."""
    if not isinstance(value, Mapping) or not isinstance(value.get("layout"), Mapping):
        return False
    data = value.get("data")
    return isinstance(data, list) and all(isinstance(trace, Mapping) for trace in data)


def sketch_figure(figure: Mapping[str, Any]) -> FigureSketch:
    """Take what can be drawn out of a figure's JSON; what it holds is not believed to be well-formed."""
    traces = [trace for trace in figure["data"] if isinstance(trace, Mapping)]
    drawn = [trace for trace in traces if _can_draw(trace)][:_MOST_TRACES]
    skipped = Counter(str(trace.get("type", "scatter"))[:40] for trace in traces if not _can_draw(trace))
    layout = figure["layout"]
    x_axis, y_axis = (_mapping(layout.get(name)) for name in ("xaxis", "yaxis"))
    columns = [_columns(trace) for trace in drawn]
    kind, labels = _x_kind([x for x, _ in columns])
    n_each = max(_ALL_POINTS // max(len(drawn), 1), 50)
    return FigureSketch(
        title=_text(layout.get("title")),
        x_title=_text(x_axis.get("title")),
        y_title=_text(y_axis.get("title")),
        x_kind=kind,
        x_labels=tuple(labels),
        is_x_log=x_axis.get("type") == "log",
        is_y_log=y_axis.get("type") == "log",
        traces=tuple(
            _trace(trace, *_points(x, y, kind, labels), n_each) for trace, (x, y) in zip(drawn, columns, strict=True)
        ),
        n_traces=len(traces),
        left_out=tuple(f"{n} × {name}" if n > 1 else name for name, n in skipped.items()),
    )


def _can_draw(trace: Mapping[str, Any]) -> bool:
    on_first_axes = trace.get("xaxis", "x") == "x" and trace.get("yaxis", "y") == "y"
    upright = trace.get("orientation", "v") != "h"
    return trace.get("type", "scatter") in _DRAWN and on_first_axes and upright and trace.get("visible") is not False


def _columns(trace: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    y = _array(trace.get("y"))
    x = _array(trace.get("x")) or list(range(len(y)))
    return x, y


def _array(value: Any) -> list[Any]:
    """A column: a list, or as plotly 6 writes arrays: base64 of numbers with their type."""
    if isinstance(value, Mapping):
        import numpy as np

        try:
            decoded = np.frombuffer(base64.b64decode(str(value["bdata"])), dtype=str(value["dtype"]))
            return list(decoded.tolist())
        except (KeyError, ValueError, TypeError):
            return []
    return value if isinstance(value, list) else []


def _x_kind(columns: Sequence[list[Any]]) -> tuple[str, list[str]]:
    values = [value for column in columns for value in column if value is not None]
    if all(isinstance(value, (int, float)) for value in values):
        return "number", []
    if all(isinstance(value, str) and _seconds(value) is not None for value in values):
        return "time", []
    return "category", list(dict.fromkeys(str(value)[:80] for value in values))[:_MOST_LABELS]


def _points(x: list[Any], y: list[Any], kind: str, labels: Sequence[str]) -> tuple[list[float], list[float]]:
    places = {label: float(i) for i, label in enumerate(labels)}
    pairs: list[tuple[float, float]] = []
    for raw_x, raw_y in zip(x, y, strict=False):
        at = (
            places.get(str(raw_x)[:80]) if kind == "category" else _seconds(raw_x) if kind == "time" else _finite(raw_x)
        )
        value = _finite(raw_y)
        if at is not None and value is not None:
            pairs.append((at, value))
    return [at for at, _ in pairs], [value for _, value in pairs]


def _trace(trace: Mapping[str, Any], x: list[float], y: list[float], most: int) -> SketchTrace:
    mode = _DRAWN[trace.get("type", "scatter")]
    if mode == "lines":
        said = trace.get("mode")
        # Without a mode, plotly shows points too where they are few.
        said = said if isinstance(said, str) else "lines+markers" if len(x) < 20 else "lines"
        mode = "+".join(part for part in ("lines", "markers") if part in said) or "markers"
    stride = -(-len(x) // most) or 1
    return SketchTrace(str(trace.get("name") or "")[:80], mode, tuple(x[::stride]), tuple(y[::stride]))


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _seconds(value: Any) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(title: Any) -> str:
    text = title.get("text") if isinstance(title, Mapping) else title
    return text[:120] if isinstance(text, str) else ""
