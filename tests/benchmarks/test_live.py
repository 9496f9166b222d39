"""What it costs a training to be watched: the same training with its panel seen and not seen, in turn."""

from __future__ import annotations

import pytest

from tests.benchmarks.harness import Program, interleave, own_python
from tests.benchmarks.report import Report, Row

ROUNDS = 1  # each interleaves many blocks of its own


@pytest.mark.parametrize("work", ["python", "arrays"])
def test_a_live_panel_costs_the_training_at_most_a_percent(work: str, report: Report) -> None:
    own = interleave([Program("jtrack", own_python(), ("train_live.py", work))], ROUNDS)["jtrack"]
    steps = f"a step {own['wall_percent']:+.2f} % by the clock, {own['own_percent']:+.2f} % in its thread"
    note = f"processor time of the other threads; {steps}; {own['frames_per_s']:.1f} frames a second"
    report.add(Row(f"what a live panel takes of a training ({work})", own["taken_percent"], "%", 1.0, note=note))
