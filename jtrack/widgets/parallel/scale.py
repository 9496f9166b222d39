"""Where values lie on an axis, from 0 at its low end to 1 at its high end, and the marks beside it.

labextension/src/panels/parallelScale.ts does the same for the live panel; this is for the still image.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jtrack.widgets.format import MINUS, MISSING, format_number, format_ticks, shorten
from jtrack.widgets.parallel.axes import MISSING_CODE, Axis, AxisKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_LABELS = 14
_LABEL_WIDTH = 22


def places(axis: Axis, values: NDArray[Any]) -> NDArray[np.float64]:
    """Places of values, NaN for what has none: missing, infinite, not positive on a log axis."""
    import numpy as np

    if axis.kind is AxisKind.CATEGORICAL:
        codes = np.where(values == MISSING_CODE, np.nan, values)
        return (codes + 0.5) / max(len(axis.categories), 1)
    wide = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    if axis.low is None or axis.high is None or axis.low == axis.high:
        return np.where(np.isnan(wide), np.nan, 0.5)
    if axis.kind is AxisKind.LOG:
        low, high = math.log10(axis.low), math.log10(axis.high)
        return (np.log10(np.where(wide > 0, wide, np.nan)) - low) / (high - low)
    # Halves, because the span of two floats may be more than a float can hold.
    return (wide / 2 - axis.low / 2) / (axis.high / 2 - axis.low / 2)


def ticks(axis: Axis) -> list[tuple[float, str]]:
    """Three marks of an axis as (place, label), or one a category."""
    if axis.kind is AxisKind.CATEGORICAL:
        n = len(axis.categories)
        step = max(math.ceil(n / _MOST_LABELS), 1)
        return [((code + 0.5) / n, shorten(axis.categories[code], _LABEL_WIDTH)) for code in range(0, n, step)]
    if axis.low is None or axis.high is None:
        return []
    if axis.low == axis.high:
        return [(0.5, format_number(axis.low))]
    return _log_ticks(axis.low, axis.high) if axis.kind is AxisKind.LOG else _linear_ticks(axis, axis.low, axis.high)


def value_text(axis: Axis, value: float) -> str:
    """A value of an axis as people read it; of a category its label."""
    if axis.kind is AxisKind.CATEGORICAL:
        return axis.categories[int(value)] if 0 <= value < len(axis.categories) else MISSING
    return MISSING if math.isnan(value) else format_number(float(value))


def _linear_ticks(axis: Axis, low: float, high: float) -> list[tuple[float, str]]:
    middle = low / 2 + high / 2
    middle = float(math.floor(middle + 0.5)) if axis.is_whole else middle
    values = list(dict.fromkeys([low, middle, high]))
    return [
        ((v / 2 - low / 2) / (high / 2 - low / 2), label) for v, label in zip(values, _alike(axis, values), strict=True)
    ]


def _alike(axis: Axis, values: list[float]) -> list[str]:
    """Labels with as many decimals as tell the values apart, the same number for all."""
    span, largest = (values[-1] / 2 - values[0] / 2) * 2, max(map(abs, values))
    if not math.isfinite(span) or largest >= 1e7 or span < 1e-4:
        return format_ticks(values)
    if largest < 1e-3:
        return [_short_power(value) for value in values]
    decimals = 0 if axis.is_whole else max(1 - math.floor(math.log10(span)), 0)
    return [format_number(value, decimals) for value in values]


def _short_power(value: float) -> str:
    mantissa, _, exponent = f"{abs(value):.1e}".partition("e")
    return f"{MINUS if value < 0 else ''}{mantissa}e{int(exponent)}" if value else "0"


def _log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    start, end = math.log10(low), math.log10(high)
    first, last = math.ceil(start - 1e-9), math.floor(end + 1e-9)
    if last - first >= 2:
        powers = [first, math.floor((first + last) / 2 + 0.5), last]
        return [((power - start) / (end - start), f"1e{power}") for power in powers]
    return [(at, format_number(10 ** (start + at * (end - start)))) for at in (0.0, 0.5, 1.0)]
