"""What a large store costs its reader: ``use_store.py STORE``, in a fresh process each time."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from timing import finish, median_ms

# About one run in six; MLflow takes the same text.
FILTER = "metrics.metric_3 < 0.05 and metrics.metric_5 < 0.05 and params.model != 'mlp'"
ORDER = ["metrics.metric_3 DESC"]
N_FOUND = 100


def main(place: Path) -> None:
    facts = json.loads((place.parent / "facts.json").read_text())
    began = time.perf_counter()
    import jtrack
    from jtrack import queries

    jtrack.set_tracking_uri(place)
    import duckdb  # noqa: F401
    import numpy  # noqa: F401

    imported = time.perf_counter()
    queries.rows("SELECT count(*) FROM experiments")
    opened = time.perf_counter()

    def search() -> None:
        found = jtrack.search_runs(
            filter_string=FILTER, order_by=ORDER, max_results=N_FOUND, search_all_experiments=True, output_format="list"
        )
        assert len(found) == N_FOUND, len(found)

    def curve() -> None:
        assert len(jtrack.metric_history(facts["long_id"], "loss")) == 100_000

    figures = {"import_ms": (imported - began) * 1e3, "open_ms": (opened - imported) * 1e3}
    figures["search_first_ms"] = median_ms(search, 1)
    figures["search_ms"] = median_ms(search)
    figures["newest_ms"] = median_ms(lambda: jtrack.search_runs(max_results=N_FOUND, output_format="list"))
    figures["curve_first_ms"] = median_ms(curve, 1)
    figures["curve_ms"] = median_ms(curve)
    finish(**figures)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
