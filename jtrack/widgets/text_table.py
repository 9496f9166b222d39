"""Rows of cells as lines of text that line up."""

from __future__ import annotations

from collections.abc import Sequence


def align_cells(rows: Sequence[Sequence[str]], right: Sequence[bool] = (False, True)) -> list[str]:
    """Pad the cells of each column to its widest one.

    Parameters
    ----------
    right
        Which columns stand to the right; columns beyond stand to the left.
    """
    n_columns = max(map(len, rows), default=0)
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(n_columns)]
    sides = [*right, *[False] * n_columns]
    lines = [
        "  ".join(
            cell.rjust(width) if side else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=False)
        )
        for row in rows
    ]
    return [line.rstrip() for line in lines]
