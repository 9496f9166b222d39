"""What a sweep costs beside its objective: per trial, and in memory over ten thousand of them."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.harness import Program, interleave, own_python
from tests.benchmarks.report import Report, Row

ROUNDS = 5
N_TRIALS, N_PEER_TRIALS, N_MANY, N_PEER_MANY = 500, 30, 10_000, 2_000


def test_what_a_trial_costs(peers: Path, report: Report) -> None:
    programs = [
        Program("jtrack", own_python(), ("sweep.py", "jtrack", str(N_TRIALS))),
        Program("hyperopt alone", own_python(), ("sweep.py", "hyperopt", str(N_TRIALS))),
        Program("mlflow nested runs", peers, ("sweep.py", "mlflow", str(N_PEER_TRIALS))),
    ]
    ms = {name: figures["ms"] for name, figures in interleave(programs, ROUNDS).items()}
    # With the search itself: jtrack's loop saves more of hyperopt's time than recording takes.
    report.add(Row("a trial of a sweep, all but its objective", ms.pop("jtrack"), "ms", 1.0, ms))


def test_ten_thousand_trials(peers: Path, report: Report) -> None:
    programs = [Program(name, own_python(), ("sweep.py", name, str(N_MANY))) for name in ("jtrack", "hyperopt")]
    mlflow = Program("mlflow nested runs", peers, ("sweep.py", "mlflow", str(N_PEER_MANY)))
    figures = interleave([*programs, mlflow], 1)
    own, alone = figures["jtrack"], {"hyperopt alone": figures["hyperopt"]}
    grown = {name: each["grown_mb"] for name, each in alone.items()}
    if mlflow.name in figures:  # over fewer trials: ten thousand of them would take a quarter of an hour
        grown["mlflow, nine times its 1,000"] = figures[mlflow.name]["grown_mb"] * (N_MANY - 1000) / 1000
    report.add(
        Row("10,000 trials in one sweep", own["total_s"], "s", None, _pick(alone, "total_s")),
        Row("memory grown from its trial 1,000 to 10,000", own["grown_mb"], "MB", 5.0, grown),
        Row("the last 1,000 of them, each", own["last_ms"], "ms", 1.0, _pick(alone, "last_ms")),
    )


def test_ten_thousand_trials_that_tpe_looks_back_at(report: Report) -> None:
    programs = [Program(name, own_python(), ("sweep.py", name, str(N_MANY), "tpe")) for name in ("jtrack", "hyperopt")]
    figures = interleave(programs, 1)
    own, alone = figures["jtrack"], {"hyperopt alone": figures["hyperopt"]}
    # hyperopt keeps a document for each trial, which TPE reads; what jtrack needs beside these may not grow.
    most = alone["hyperopt alone"]["grown_mb"] + 5.0
    report.add(
        Row("the same with TPE, memory grown", own["grown_mb"], "MB", most, _pick(alone, "grown_mb")),
        Row("a trial after 10,000 that TPE knows", own["late_ms"], "ms", None, _pick(alone, "late_ms")),
    )


def _pick(figures: dict[str, dict[str, float]], key: str) -> dict[str, float]:
    return {name: each[key] for name, each in figures.items()}
