"""What it costs a training to be watched: the same cell with its live card and without it, in turn."""

from __future__ import annotations

import pytest

from tests.benchmarks.harness import Program, interleave, own_python
from tests.benchmarks.report import Report, Row

ROUNDS = 1  # each interleaves five pairs of its own


@pytest.mark.parametrize("work", ["python", "arrays"])
def test_a_live_card_costs_the_training_at_most_a_percent(work: str, report: Report) -> None:
    own = interleave([Program("jtrack", own_python(), ("train_live.py", work))], ROUNDS)["jtrack"]
    note = f"of {own['seconds']:.1f} s; processor time {own['cpu_percent']:+.2f} %"
    report.add(Row(f"what a live card adds to a training ({work})", own["percent"], "%", 1.0, note=note))
