"""Filled contours as SVG paths: cell by cell, the part of each cell where the surface is above a level.

Whole cells of a row are one rectangle. A level lies on top of those below it, so no region needs a hole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Row = Sequence[float]
Point = tuple[float, float]


def level_path(xs: Row, ys: Row, surface: Sequence[Row], level: float) -> str:
    """Draw where the surface is at or above a level.

    Parameters
    ----------
    xs, ys
        Where the columns and the rows of ``surface`` lie, in the picture's units; equal neighbours have nothing
        between them.
    """
    pieces: list[str] = []
    for row in range(len(ys) - 1):
        whole_from: int | None = None
        for column in range(len(xs)):
            is_cell = column < len(xs) - 1
            corners = list(_corners(xs, ys, surface, row, column)) if is_cell else []
            n_above = sum(height >= level for _, height in corners)
            if is_cell and n_above == 4:
                whole_from = column if whole_from is None else whole_from
                continue
            if whole_from is not None:
                pieces.append(_rectangle(xs[whole_from], ys[row], xs[column], ys[row + 1]))
                whole_from = None
            if n_above:
                pieces.append(_polygon(_clipped(corners, level)))
    return "".join(pieces)


def _corners(xs: Row, ys: Row, surface: Sequence[Row], row: int, column: int) -> Iterator[tuple[Point, float]]:
    for down, right in ((0, 0), (0, 1), (1, 1), (1, 0)):
        yield (xs[column + right], ys[row + down]), surface[row + down][column + right]


def _clipped(corners: Sequence[tuple[Point, float]], level: float) -> list[Point]:
    """Walk around a cell and keep what is above the level, with the points where the way crosses it."""
    kept = []
    for ((x, y), height), ((to_x, to_y), to_height) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if height >= level:
            kept.append((x, y))
        if (height >= level) != (to_height >= level):
            part = (level - height) / (to_height - height)
            kept.append((x + part * (to_x - x), y + part * (to_y - y)))
    return kept


def _rectangle(left: float, top: float, right: float, bottom: float) -> str:
    return f"M{left:.0f} {top:.0f}H{right:.0f}V{bottom:.0f}H{left:.0f}z"


def _polygon(points: Sequence[Point]) -> str:
    rounded = list(dict.fromkeys((round(x), round(y)) for x, y in points))
    return "M" + "L".join(f"{x} {y}" for x, y in rounded) + "z" if len(rounded) > 2 else ""
