"""The one table that the benchmarks end in: what was measured, the promise, and how the others fare."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import datetime

_LOAD = os.getloadavg if hasattr(os, "getloadavg") else lambda: (0.0, 0.0, 0.0)
_HEADS = ("what", "jtrack", "promise", "", "beside it (ratio to jtrack)", "load")


@dataclass(frozen=True)
class Row:
    """One figure of jtrack's; ``beside`` are others' figures for the same, in the same unit."""

    what: str
    figure: float
    unit: str
    promise: float | None = None
    beside: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def verdict(self) -> str:
        """``met`` or ``NOT MET``; empty where nothing was promised."""
        if self.promise is None:
            return ""
        return "met" if self.figure <= self.promise else "NOT MET"


@dataclass
class Report:
    """Rows as they come in, and the load of the machine while they did."""

    rows: list[Row] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)

    def add(self, *rows: Row) -> None:
        """Take rows, say them at once, and note the load."""
        for row in rows:
            self.rows.append(row)
            self.loads.append(_LOAD()[0])
            print("\n" + " | ".join(cell for cell in _cells(row) if cell), end="")

    def render(self) -> str:
        """Render the table in Markdown, with the machine above it."""
        if not self.rows:
            return ""
        rows = [(*_cells(row), f"{load:.1f}") for row, load in zip(self.rows, self.loads, strict=True)]
        lines = [f"| {' | '.join(cells)} |" for cells in (_HEADS, tuple("---" for _ in _HEADS), *rows)]
        machine = f"Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} processors"
        head = f"{datetime.now():%Y-%m-%d %H:%M}, {machine}; load is the load average when the row was done"
        held = [row for row in self.rows if row.verdict]
        missed = [row.what for row in held if row.verdict != "met"]
        foot = f"not met: {'; '.join(missed)}" if missed else f"all {len(held)} promises that were measured are met"
        return "\n".join([head, "", *lines, "", foot, ""])


def _cells(row: Row) -> tuple[str, ...]:
    promise = "" if row.promise is None else f"≤ {show(row.promise, row.unit)}"
    beside = ", ".join(
        f"{name} {show(value, row.unit)} ({_ratio(value, row.figure)})" for name, value in row.beside.items()
    )
    return (
        row.what,
        show(row.figure, row.unit),
        promise,
        row.verdict,
        "; ".join(part for part in (beside, row.note) if part),
    )


def show(value: float, unit: str) -> str:
    """Render a figure with three digits and its unit."""
    digits = max(0, 2 - len(str(int(abs(value)))) + 1) if abs(value) < 1000 else 0
    return f"{value:,.{digits}f} {unit}"


def _ratio(value: float, own: float) -> str:
    ratio = value / own if own else float("inf")
    return f"×{ratio:.2g}" if ratio < 100 else f"×{ratio:,.0f}"
