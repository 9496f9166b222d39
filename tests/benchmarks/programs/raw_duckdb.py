"""The same rows in plain DuckDB tables: ``raw_duckdb.py build STORE`` copies them, ``raw_duckdb.py use STORE`` asks."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb
from timing import finish, median_ms

SEARCH = """
    SELECT r.run_id FROM runs r
    JOIN latest_metrics m ON m.run_id = r.run_id AND m.key = 'metric_3'
    JOIN latest_metrics n ON n.run_id = r.run_id AND n.key = 'metric_5'
    JOIN params p ON p.run_id = r.run_id AND p.key = 'model'
    WHERE m.value < 0.05 AND n.value < 0.05 AND p.value <> 'mlp'
    ORDER BY m.value DESC LIMIT 100"""
WHOLE = ("SELECT * FROM runs", "SELECT * FROM params", "SELECT run_id, key, value FROM latest_metrics")
CURVE = "SELECT step, value, logged_at FROM metrics WHERE run_id = ? AND key = 'loss' ORDER BY step"


def build(place: Path) -> None:
    """Copy what the views show, a table each; ``metrics`` first, to see what it weighs alone."""
    import jtrack

    jtrack.set_tracking_uri(place)
    raw = place.parent / "raw.duckdb"
    raw.unlink(missing_ok=True)
    connection = duckdb.connect(str(raw))
    for view in ("metrics", "runs", "params", "latest_metrics"):
        # By file: handing 10 million rows over in memory would need a library that is not jtrack's.
        rows = jtrack.sql(f"SELECT * FROM {view} ORDER BY run_id" if view != "metrics" else "SELECT * FROM metrics")
        _copy(connection, view, rows, place.parent)
        if view == "metrics":
            connection.execute("CHECKPOINT")
            n_bytes = raw.stat().st_size
    connection.close()
    finish(metrics_bytes=n_bytes)


def _copy(connection: duckdb.DuckDBPyConnection, view: str, rows: duckdb.DuckDBPyRelation, folder: Path) -> None:
    file = folder / f"{view}.parquet"
    rows.write_parquet(str(file))
    connection.execute(f"CREATE TABLE {view} AS FROM read_parquet(?)", [str(file)])
    file.unlink()


def use(place: Path) -> None:
    """Open, search and read a curve as whoever writes SQL by hand would."""
    facts = json.loads((place.parent / "facts.json").read_text())
    start = time.perf_counter()
    connection = duckdb.connect(str(place.parent / "raw.duckdb"), read_only=True)
    connection.execute("SELECT count(*) FROM runs").fetchall()
    figures = {"open_ms": (time.perf_counter() - start) * 1e3}

    def search() -> None:
        ids = [run_id for (run_id,) in connection.execute(SEARCH).fetchall()]
        assert len(ids) == 100
        for query in WHOLE:
            connection.execute(f"{query} WHERE run_id IN (SELECT unnest(?))", [ids]).fetchall()

    def curve() -> None:
        assert len(connection.execute(CURVE, [facts["long_id"]]).fetchnumpy()["step"]) == 100_000

    figures |= {"search_first_ms": median_ms(search, 1), "search_ms": median_ms(search)}
    figures |= {"curve_first_ms": median_ms(curve, 1), "curve_ms": median_ms(curve)}
    finish(**figures)


if __name__ == "__main__":
    {"build": build, "use": use}[sys.argv[1]](Path(sys.argv[2]))
