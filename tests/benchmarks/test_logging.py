"""What the user's own thread pays: a metric, a run, an import."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.benchmarks.harness import Program, interleave, own_python, wall_ms
from tests.benchmarks.peers import pulseon_home
from tests.benchmarks.report import Report, Row

ROUNDS = 5


def test_log_metric(peers: Path, report: Report) -> None:
    own = [
        Program(name, own_python(), ("log_metric.py", function, "."))
        for name, function in (("jtrack", "jtrack"), ("run", "jtrack_run"), ("list append", "list_append"))
    ]
    others = [
        Program(name, peers, ("log_metric.py", name, "."), pulseon_home() if name == "pulseon" else None)
        for name in ("pulseon", "pandm", "trackio", "wandb", "mlflow")
    ]
    us = {name: figures["us"] for name, figures in interleave([*own, *others], ROUNDS).items()}
    figure, by_run = us.pop("jtrack"), us.pop("run")
    report.add(
        Row("log_metric, on the caller's thread", figure, "µs", 1.0, us),
        Row("run.log_metric, on the caller's thread", by_run, "µs", 1.0, {"list append": us["list append"]}),
    )


def test_start_run_and_end_run(peers: Path, report: Report) -> None:
    own = Program("jtrack", own_python(), ("start_run.py", "jtrack", "."))
    others = [Program(name, peers, ("start_run.py", name, ".")) for name in ("pandm", "mlflow", "wandb")]
    ms = {name: figures["us"] / 1000 for name, figures in interleave([own, *others], ROUNDS).items()}
    report.add(Row("start_run + end_run", ms.pop("jtrack"), "ms", 1.0, ms))


def test_import(peers: Path, report: Report) -> None:
    whats = {
        "bare": (own_python(), "pass"),
        "jtrack": (own_python(), "import jtrack"),
        "first use": (own_python(), "import jtrack; jtrack.log_metric"),
        "bare, peers": (peers, "pass"),
        "mlflow": (peers, "import mlflow"),
        "wandb": (peers, "import wandb"),
    }
    walls: dict[str, list[float]] = {name: [] for name in whats}
    for _ in range(15):
        for name, (python, code) in whats.items():
            walls[name].append(wall_ms(python, code))
    ms = {name: statistics.median(wall) for name, wall in walls.items()}
    others = {name: ms[name] - ms["bare, peers"] for name in ("mlflow", "wandb")}
    report.add(
        Row("import jtrack, over a bare interpreter", ms["jtrack"] - ms["bare"], "ms", 60, others),
        Row("import jtrack and log_metric, over a bare interpreter", ms["first use"] - ms["bare"], "ms"),
    )
