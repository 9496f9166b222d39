"""How soon a second process sees a point: ``see_point.py STORE``; both ends are here, told apart by more arguments.

Both read the machine's monotonic clock, which on Linux and macOS is one for all processes.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from typing import Any

from timing import finish

N_POINTS = 60
QUERY = "SELECT max(step) AS step FROM metrics WHERE run_id = ? AND key = 'loss'"


def write(store: str) -> None:
    """Log points at odd moments, and compare with what the reader says when it saw each."""
    import jtrack

    jtrack.set_tracking_uri(store)
    run = jtrack.start_run()
    run.log_metric("loss", 0.5, step=0)
    reader = subprocess.Popen([sys.executable, __file__, store, run.run_id], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    reader.stdout.readline()
    logged_at = {}
    for step in range(1, N_POINTS + 1):
        time.sleep(random.uniform(0.05, 0.15))
        run.log_metric("loss", 0.5, step=step)
        logged_at[step] = time.monotonic()
    found: dict[str, Any] = json.loads(reader.stdout.readline())
    late = [(found["seen_at"][str(step)] - at) * 1e3 for step, at in logged_at.items()]
    finish(
        median_ms=statistics.median(late), worst_ms=max(late), query_ms=found["query_ms"], first_ms=found["first_ms"]
    )


def read(store: str, run_id: str) -> None:
    """Ask again and again, a hundredth of a second apart, for the newest step."""
    import jtrack
    from jtrack import queries

    jtrack.set_tracking_uri(store)
    start = time.monotonic()
    step = queries.rows(QUERY, [run_id])[0]["step"]
    first_ms = (time.monotonic() - start) * 1e3
    print("ready", flush=True)
    seen_at, costs = {}, []
    while step < N_POINTS:
        time.sleep(0.01)
        start = time.monotonic()
        newest = queries.rows(QUERY, [run_id])[0]["step"]
        now = time.monotonic()
        costs.append((now - start) * 1e3)
        seen_at.update(dict.fromkeys(range(step + 1, newest + 1), now))
        step = newest
    print(json.dumps({"seen_at": seen_at, "query_ms": statistics.median(costs), "first_ms": first_ms}), flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        write(sys.argv[1])
    else:
        read(*sys.argv[1:])
