"""Makes a large store through jtrack's own write path: ``build_store.py STORE N_RUNS``.

Runs of 10 params and 10 metrics of 10 points, one run with a metric of 100,000 steps, all folded; then a hundred
runs more that stay in the journal, so that whatever is measured goes over base and tail. Points are a second
apart, with the jitter that real ones have, and losses that fall with noise: they compress as real ones do.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from timing import finish

N_KEYS, N_STEPS, N_LONG, N_TAIL = 10, 10, 100_000, 100
MODELS = ("tree", "forest", "boosting", "linear", "mlp")


def main(place: Path, n_runs: int) -> None:
    import jtrack
    from jtrack.tracking import current_store

    start = time.perf_counter()
    jtrack.set_tracking_uri(place)
    chance = random.Random(7)
    for number in range(n_runs - N_TAIL):
        _write_run(jtrack, chance, number)
    long_id = _write_long_run(jtrack, chance)
    written = time.perf_counter()
    store = current_store()
    # Only what a finished writer has written is folded whole, so this one ends and begins anew.
    store.close()
    store.fold()
    folded = time.perf_counter()
    for number in range(N_TAIL):
        _write_run(jtrack, chance, number)
    n_points = n_runs * N_KEYS * N_STEPS + N_LONG
    (place.parent / "facts.json").write_text(json.dumps({"long_id": long_id, "n_points": n_points}))
    store.close()
    finish(write_s=written - start, fold_s=folded - written, n_points=n_points)


def _write_run(jtrack: object, chance: random.Random, number: int) -> None:
    run = jtrack.start_run(run_name=f"run-{number}")  # type: ignore[attr-defined]
    params = {f"param_{n}": round(chance.random(), 4) for n in range(2, N_KEYS)}
    run.log_params({"model": chance.choice(MODELS), "depth": chance.randrange(1, 20), **params})
    began_ns = time.time_ns()
    for n in range(N_KEYS):
        _write_points(run, f"metric_{n}", chance, began_ns, N_STEPS)
    run.end()


def _write_long_run(jtrack: object, chance: random.Random) -> str:
    run = jtrack.start_run(run_name="long")  # type: ignore[attr-defined]
    _write_points(run, "loss", chance, time.time_ns(), N_LONG)
    run.end()
    return str(run.run_id)


def _write_points(run: object, key: str, chance: random.Random, began_ns: int, n_steps: int) -> None:
    # A step below log_metric, which takes times in milliseconds only: real ones have digits beyond.
    writer = run.store.writer  # type: ignore[attr-defined]
    series = writer.series(run.run_id, key)  # type: ignore[attr-defined]
    from jtrack.store.points import pack_record

    level, at_ns, append = chance.random(), began_ns, writer.points.append
    for step in range(n_steps):
        at_ns += 1_000_000_000 + int(chance.gauss(0, 20_000_000))
        append(pack_record(step, at_ns, level / (1 + step) + 0.01 * chance.random(), series))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
