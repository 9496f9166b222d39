"""The large stores that benchmarks read: made through jtrack's own write path, and kept until that path changes."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import PROGRAMS, ROOT, Program, cache_folder, own_python, run_program

# What the bytes of a store depend on.
_OWN_SOURCES = ("jtrack/store", "jtrack/tracking", "jtrack/values.py", "tests/benchmarks/programs/build_store.py")


@dataclass(frozen=True)
class BuiltStore:
    """A store that stands ready; ``figures`` is what making it said of itself."""

    folder: Path
    n_runs: int
    figures: dict[str, Any]

    @property
    def path(self) -> str:
        """The store itself."""
        return str(self.folder / ".jtrack")


def ensure_store(n_runs: int) -> BuiltStore:
    """Give a jtrack store of so many runs, with the same rows in plain DuckDB beside it."""
    programs = [
        Program("jtrack", own_python(), ("build_store.py", ".jtrack", str(n_runs))),
        Program("raw DuckDB", own_python(), ("raw_duckdb.py", "build", ".jtrack")),
    ]
    return _ensure(f"jtrack-{n_runs}", n_runs, _digest(*_OWN_SOURCES), programs)


def ensure_mlflow_store(peers: Path, n_runs: int) -> BuiltStore:
    """Give an MLflow store of so many runs, on SQLite."""
    digest = _digest("tests/benchmarks/programs/mlflow_store.py", "tests/benchmarks/peers.py")
    program = Program("mlflow", peers, ("mlflow_store.py", "build", ".", str(n_runs)))
    return _ensure(f"mlflow-{n_runs}", n_runs, digest, [program])


def _ensure(name: str, n_runs: int, digest: str, programs: list[Program]) -> BuiltStore:
    folder = cache_folder("bench") / name
    record = folder / "built.json"
    if not record.exists() or json.loads(record.read_text())["digest"] != digest:
        print(f"\nmaking {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        figures: dict[str, Any] = {"digest": digest}
        for program in programs:
            figures |= run_program(program, folder)
        record.write_text(json.dumps(figures))
    return BuiltStore(folder, n_runs, json.loads(record.read_text()))


def _digest(*sources: str) -> str:
    digest = hashlib.sha256(PROGRAMS.joinpath("timing.py").read_bytes())
    for source in sources:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
