"""100,000 runs of 10 params and 10 metrics, 10 million points: what it costs to open, search and read them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.benchmarks.harness import Program, interleave, own_python
from tests.benchmarks.report import Report, Row, show
from tests.benchmarks.stores import BuiltStore, ensure_mlflow_store, ensure_store

ROUNDS = 5
SIZES = (1_000, 10_000, 100_000)
# It takes minutes to write its thousands, so it stops at two of them.
MLFLOW_SIZES = (1_000, 2_000)
# Name in the table, the figure of the program, the promise at 100,000 runs.
MEASURED = (
    ("opening a store, duckdb imported before", "open_ms", 300),
    ("searching: 100 runs filtered, ordered, read whole", "search_ms", 200),
    ("the first such search of a process", "search_first_ms", None),
    ("a metric of 100,000 steps", "curve_ms", 50),
    ("the first such metric of a process", "curve_first_ms", None),
)


def test_large_store(peers: Path, report: Report) -> None:
    stores = [ensure_store(n_runs) for n_runs in SIZES]
    programs = [Program(f"{s.n_runs:,}", own_python(), ("use_store.py", s.path)) for s in stores]
    programs.append(Program("raw DuckDB", own_python(), ("raw_duckdb.py", "use", stores[-1].path)))
    for store in (ensure_mlflow_store(peers, n_runs) for n_runs in MLFLOW_SIZES):
        programs.append(Program(f"mlflow at {store.n_runs:,}", peers, ("mlflow_store.py", "use", str(store.folder))))
    figures = interleave(programs, ROUNDS)
    sized = {n_runs: figures.pop(f"{n_runs:,}") for n_runs in SIZES}
    for what, key, promise in MEASURED:
        beside = {name: found[key] for name, found in figures.items()}
        growth = [sized[n_runs][key] for n_runs in SIZES]
        report.add(Row(f"{what}, at 100,000 runs", growth[-1], "ms", promise, beside, _growth(growth, "ms")))
    report.add(_bytes_row(stores), _writing_row(stores))


def _growth(figures: list[float], unit: str) -> str:
    return "from 1,000 runs on: " + " → ".join(show(figure, unit) for figure in figures)


def _bytes_row(stores: list[BuiltStore]) -> Row:
    bytes_a_point = [_bytes_a_point(store) for store in stores]
    largest = stores[-1].figures
    beside = {"raw DuckDB": largest["metrics_bytes"] / largest["n_points"]}
    return Row("bytes a point, at 10 million", bytes_a_point[-1], "B", 10, beside, _growth(bytes_a_point, "B"))


def _bytes_a_point(store: BuiltStore) -> float:
    newest = max(Path(store.path).glob("store.*.duckdb"), key=lambda path: int(path.suffixes[0][1:]))
    with duckdb.connect(str(newest), read_only=True) as connection:
        (block_bytes,) = connection.execute("SELECT block_size FROM pragma_database_size()").fetchall()[0]
        (n_points,) = connection.execute("SELECT count(*) FROM points").fetchall()[0]
        (n_blocks,) = connection.execute(
            """SELECT count(DISTINCT block) FROM (
                   SELECT unnest(list_append(additional_block_ids, block_id)) AS block
                   FROM pragma_storage_info('points')) WHERE block >= 0"""
        ).fetchall()[0]
    return float(n_blocks * block_bytes / n_points)


def _writing_row(stores: list[BuiltStore]) -> Row:
    growth = [store.figures["write_s"] for store in stores]
    folds = " → ".join(f"{store.figures['fold_s']:.1f} s" for store in stores)
    return Row(
        "writing 100,000 runs and 10 million points", growth[-1], "s", note=f"{_growth(growth, 's')}; folding {folds}"
    )
