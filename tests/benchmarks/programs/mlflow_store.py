"""A store of the same size in MLflow on SQLite: ``mlflow_store.py build FOLDER N_RUNS``, then ``use FOLDER``."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from timing import finish, median_ms

FILTER = "metrics.metric_3 < 0.05 and metrics.metric_5 < 0.05 and params.model != 'mlp'"
ORDER = ["metrics.metric_3 DESC"]
N_KEYS, N_STEPS, N_LONG, BATCH = 10, 10, 100_000, 1000
MODELS = ("tree", "forest", "boosting", "linear", "mlp")


def build(folder: Path, n_runs: int) -> None:
    """Write the runs that build_store.py writes, in batches as large as MLflow takes them."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    chance = random.Random(7)
    start = time.perf_counter()
    for number in range(n_runs):
        run_id = client.create_run("0", run_name=f"run-{number}").info.run_id
        params = {"model": chance.choice(MODELS), "depth": chance.randrange(1, 20)}
        params |= {f"param_{n}": round(chance.random(), 4) for n in range(2, N_KEYS)}
        levels = [chance.random() for _ in range(N_KEYS)]
        metrics = [
            Metric(f"metric_{n}", level / (1 + step) + 0.01 * chance.random(), 1_700_000_000_000 + step * 1000, step)
            for n, level in enumerate(levels)
            for step in range(N_STEPS)
        ]
        client.log_batch(run_id, metrics, [Param(key, str(value)) for key, value in params.items()])
        client.set_terminated(run_id)
    long_id = client.create_run("0", run_name="long").info.run_id
    for first in range(0, N_LONG, BATCH):
        points = [Metric("loss", 1 / (1 + step), step * 1000, step) for step in range(first, first + BATCH)]
        client.log_batch(long_id, points)
    (folder / "long_id.txt").write_text(long_id)
    n_points = n_runs * N_KEYS * N_STEPS + N_LONG
    finish(write_s=time.perf_counter() - start, bytes_a_point=(folder / "mlflow.db").stat().st_size / n_points)


def use(folder: Path) -> None:
    """Open, search and read a curve, as use_store.py does."""
    start = time.perf_counter()
    from mlflow import MlflowClient

    imported = time.perf_counter()
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    client.search_experiments()
    opened = time.perf_counter()
    long_id = (folder / "long_id.txt").read_text()

    def search() -> None:
        assert len(client.search_runs(["0"], FILTER, order_by=ORDER, max_results=100)) == 100

    def curve() -> None:
        assert len(client.get_metric_history(long_id, "loss")) == N_LONG

    figures = {"import_ms": (imported - start) * 1e3, "open_ms": (opened - imported) * 1e3}
    figures |= {"search_first_ms": median_ms(search, 1), "search_ms": median_ms(search)}
    figures |= {"curve_first_ms": median_ms(curve, 1), "curve_ms": median_ms(curve, 3)}
    finish(**figures)


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        use(Path(sys.argv[2]))
