"""Reads one metric of one run: the number of its series first, then its points by that number, which lie together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jtrack.entities import Curve

if TYPE_CHECKING:
    from jtrack.store.catalog import Catalog


def read_curve(catalog: Catalog, run_id: str, key: str, max_points: int | None = None) -> Curve | None:
    """Read the points of a metric, ordered by step and then time; ``None`` where there are none."""
    found = catalog.rows(
        "SELECT series_no FROM every_series WHERE run_id = ? AND key = ? AND n_points > 0", [run_id, key]
    )
    if not found:
        return None
    columns = (
        catalog.cursor()
        .execute(
            "SELECT step, value, logged_at FROM every_points WHERE series_no = ? ORDER BY step, logged_at",
            [found[0]["series_no"]],
        )
        .fetchnumpy()
    )
    step, value, logged_at = (np.asarray(columns[name]) for name in ("step", "value", "logged_at"))
    keep = slice(None) if max_points is None else thin(value, max_points)
    return Curve(step[keep], value[keep], logged_at.astype("datetime64[us]")[keep])


def thin(value: NDArray[np.float64], max_points: int) -> NDArray[np.int64]:
    """Choose about ``max_points`` places of a curve: the first, the last, and each bucket's extremes.

    Parameters
    ----------
    value
        float64 [n]; NaN is never an extreme.
    max_points
        At least 2.

    Returns
    -------
    NDArray[np.int64]
        Places in rising order, at most ``max_points`` of them.
    """
    n = len(value)
    if n <= max(max_points, 2):
        return np.arange(n)
    n_buckets = (max_points - 2) // 2
    if n_buckets < 1:
        return np.array([0, n - 1])
    # A bucket a row, the last ones padded with NaN: all extremes in two calls.
    width = -(-(n - 2) // n_buckets)
    padded = np.full(n_buckets * width, np.nan)
    padded[: n - 2] = value[1:-1]
    buckets = padded.reshape(n_buckets, width)
    some = ~np.isnan(buckets).all(axis=1)
    starts = 1 + width * np.flatnonzero(some)
    lows, highs = np.nanargmin(buckets[some], axis=1), np.nanargmax(buckets[some], axis=1)
    return np.unique(np.concatenate([[0, n - 1], starts + lows, starts + highs]))
