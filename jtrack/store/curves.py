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
    n_buckets = max((max_points - 2) // 2, 0)
    inner = np.array_split(np.arange(1, n - 1), n_buckets) if n_buckets else []
    places = [0, n - 1]
    for bucket in inner:
        piece = value[bucket]
        if len(piece) and not np.isnan(piece).all():
            places += [int(bucket[np.nanargmin(piece)]), int(bucket[np.nanargmax(piece)])]
    return np.unique(np.array(places, dtype=np.int64))
