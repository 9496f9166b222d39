"""What an axis of the parallel coordinates is, told from its values: its kind, its ends, how much it matters.

Pure functions over numpy columns. A missing value is NaN in a column of numbers; in a column of categories
it is the code `MISSING_CODE`.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from jtrack.direction import Direction
from jtrack.widgets.runs.columns import ColumnKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MISSING_CODE = 255
MOST_CATEGORIES = 30
_LOG_DECADES = 2
_FEWEST_PAIRS = 3
_FINE_ENOUGH = 1e-4


class AxisKind(StrEnum):
    """How values lie on an axis."""

    NUMERIC = "numeric"
    LOG = "log"
    CATEGORICAL = "categorical"


class Measure(StrEnum):
    """What the number at an axis' head is: a rank correlation, or for categories a correlation ratio of ranks."""

    RHO = "rho"
    ETA = "eta"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    ``low`` and ``high`` are the ends of the finite values (``None`` without any); of categories there are
    labels instead. ``correlation`` with the objective is ``None`` where it can't be told; of the measure
    ``eta`` it has no sign.
    """

    id: str
    source: ColumnKind
    key: str
    kind: AxisKind
    low: float | None
    high: float | None
    categories: tuple[str, ...]
    is_whole: bool
    direction: Direction | None
    correlation: float | None
    measure: Measure
    n_missing: int
    is_shown: bool

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to see on this axis: one value for all runs that have one."""
        return len(self.categories) < 2 if self.kind is AxisKind.CATEGORICAL else self.low == self.high


@dataclass(frozen=True, slots=True)
class PackedColumn:
    """A column of values as text that any transport carries: little-endian numbers in base64.

    ``dtype`` is ``u1`` for the codes of categories, ``f4`` for numbers, ``f8`` where 32 bits would show.
    """

    dtype: str
    data: str

    def array(self) -> NDArray[Any]:
        """The values: codes, or numbers with NaN for the missing."""
        import numpy as np

        return np.frombuffer(base64.b64decode(self.data), dtype=f"<{self.dtype}")


def pack_column(values: NDArray[Any], dtype: str) -> PackedColumn:
    """Pack values; see `dtype_for`."""
    return PackedColumn(dtype, base64.b64encode(values.astype(f"<{dtype}").tobytes()).decode())


def dtype_for(values: NDArray[Any]) -> str:
    """The narrowest type in which the values still lie where they lay, to a ten-thousandth of the axis."""
    import numpy as np

    if values.dtype == np.uint8:
        return "u1"
    finite = values[np.isfinite(values)]
    if not finite.size:
        return "f4"
    # Too large for 32 bits becomes infinite, and too small becomes zero, which a log axis can't show.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        narrow = finite.astype(np.float32).astype(np.float64)
        spread = finite.max() / 2 - finite.min() / 2
        error = np.abs(narrow - finite).max()
        kept = np.isfinite(narrow).all() and ((narrow == 0) == (finite == 0)).all()
    return "f4" if kept and error <= spread * _FINE_ENOUGH else "f8"


def numeric_ends(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """The least and the largest finite value."""
    import numpy as np

    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (None, None)


def numeric_kind(low: float | None, high: float | None, values: NDArray[np.float64] | None = None) -> AxisKind:
    """Log for positive values that span more than two decades; with ``values``, not by a few small ones alone."""
    if low is None or high is None or low <= 0 or math.log10(high) - math.log10(low) <= _LOG_DECADES + 1e-9:
        return AxisKind.NUMERIC
    if values is None:
        return AxisKind.LOG
    import numpy as np

    from jtrack.sweeps.surrogate import spans_decades

    return AxisKind.LOG if spans_decades(values[np.isfinite(values)]) else AxisKind.NUMERIC


def rank_correlation(values: NDArray[np.float64], objective: NDArray[np.float64]) -> float | None:
    """Spearman's coefficient over the runs that have both; ``None`` for fewer than three, or where one is constant."""
    import numpy as np

    both = np.isfinite(values) & np.isfinite(objective)
    if both.sum() < _FEWEST_PAIRS:
        return None
    left, right = _ranks(values[both]), _ranks(objective[both])
    left, right = left - left.mean(), right - right.mean()
    size = math.sqrt(float(left @ left) * float(right @ right))
    return max(-1.0, min(1.0, float(left @ right) / size)) if size > 0 else None


def correlation_ratio(codes: NDArray[np.uint8], objective: NDArray[np.float64]) -> float | None:
    """How much of the objective's ranks the categories tell: 0 nothing, 1 everything.

    The square root of epsilon squared (Kelley 1935), which unlike eta does not grow by having more categories.
    """
    import numpy as np

    both = (codes != MISSING_CODE) & np.isfinite(objective)
    names, index = np.unique(codes[both], return_inverse=True)
    n, k = int(both.sum()), len(names)
    if n < _FEWEST_PAIRS or k < 2 or n <= k:
        return None
    ranks = _ranks(objective[both])
    ranks = ranks - ranks.mean()
    total = float(ranks @ ranks)
    if total <= 0:
        return None
    sums, counts = np.bincount(index, weights=ranks, minlength=k), np.bincount(index, minlength=k)
    within = total - float((sums**2 / counts).sum())
    return math.sqrt(max(0.0, 1 - within / total * (n - 1) / (n - k)))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0, ties at their mean."""
    import numpy as np

    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    mean: NDArray[np.float64] = (ends - (counts + 1) / 2)[index]
    return mean


def importance(axis: Axis) -> tuple[float, str]:
    """A key to sort axes by, the most telling first."""
    return (1.0 if axis.correlation is None else -abs(axis.correlation)), axis.key
