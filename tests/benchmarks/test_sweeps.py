"""What a sweep costs beside its objective: per trial, and in memory over ten thousand of them."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.harness import Program, interleave, own_python
from tests.benchmarks.report import Report, Row

ROUNDS = 5
N_TRIALS, N_PEER_TRIALS, N_MANY = 500, 30, 10_000


def test_what_a_trial_costs(peers: Path, report: Report) -> None:
    programs = [
        Program("jtrack", own_python(), ("sweep.py", "jtrack", str(N_TRIALS))),
        Program("hyperopt alone", own_python(), ("sweep.py", "hyperopt", str(N_TRIALS))),
        Program("mlflow nested runs", peers, ("sweep.py", "mlflow", str(N_PEER_TRIALS))),
    ]
    ms = {name: figures["ms"] for name, figures in interleave(programs, ROUNDS).items()}
    # With the search itself: jtrack's loop saves more of hyperopt's time than recording takes.
    report.add(Row("a trial of a sweep, all but its objective", ms.pop("jtrack"), "ms", 1.0, ms))


def test_ten_thousand_trials(report: Report) -> None:
    programs = [Program(name, own_python(), ("sweep.py", name, str(N_MANY))) for name in ("jtrack", "hyperopt")]
    figures = interleave(programs, 1)
    own, alone = figures["jtrack"], figures["hyperopt"]
    report.add(
        Row("10,000 trials in one sweep", own["total_s"], "s", None, {"hyperopt alone": alone["total_s"]}),
        Row(
            "memory grown from its trial 1,000 to 10,000",
            own["grown_mb"],
            "MB",
            5.0,
            {"hyperopt alone": alone["grown_mb"]},
        ),
        Row("the last 1,000 of them, each", own["last_ms"], "ms", 1.0, {"hyperopt alone": alone["last_ms"]}),
    )
