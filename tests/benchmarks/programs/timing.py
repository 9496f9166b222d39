"""What the measured programs share; standard library only, since each peer has an environment without jtrack."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

_MAX_CALLS = 500_000


def per_call_us(batch: Callable[[int, int], None], seconds: float = 1.0) -> float:
    """Median over batches of the microseconds that one of ``batch(first, n)``'s ``n`` calls takes.

    A batch lasts about 5 ms, so that the clock's own cost and resolution drown in it. Half a million calls are
    enough, and as many as the shortest queue among the peers holds.
    """
    began = time.perf_counter()
    batch(0, 3)
    first, n = 3, _batch_size(batch, 3)
    costs = []
    while (time.perf_counter() - began < seconds and first < _MAX_CALLS) or len(costs) < 5:
        start = time.perf_counter()
        batch(first, n)
        costs.append((time.perf_counter() - start) / n * 1e6)
        first += n
    return statistics.median(costs)


def _batch_size(batch: Callable[[int, int], None], first: int) -> int:
    start = time.perf_counter()
    batch(first, 3)
    return max(1, min(10_000, int(0.005 / ((time.perf_counter() - start) / 3))))


def median_ms(work: Callable[[], Any], rounds: int = 5) -> float:
    """Median of the milliseconds that ``work`` takes."""
    costs = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        costs.append((time.perf_counter() - start) * 1e3)
    return statistics.median(costs)


def finish(**figures: Any) -> None:
    """Hand the figures to the benchmark and leave at once: closing down a peer is not what is measured."""
    print("\nFIGURES " + json.dumps(figures), flush=True)
    os._exit(0)
