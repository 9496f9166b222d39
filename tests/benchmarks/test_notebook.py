"""What a notebook and its onlookers feel: a tracked cell, and a point on its way to another process."""

from __future__ import annotations

import pytest

from tests.benchmarks.harness import Program, interleave, own_python
from tests.benchmarks.report import Report, Row
from tests.benchmarks.stores import ensure_store

ROUNDS = 3


def test_track_adds_little_to_a_cell(report: Report) -> None:
    own = interleave([Program("jtrack", own_python(), ("track_cell.py",))], ROUNDS)["jtrack"]
    note = f"an untracked empty cell takes {own['plain_ms']:.1f} ms"
    report.add(
        Row("what %%track adds to an empty cell", own["added_ms"], "ms", 20, note=note),
        Row("what %%track adds to the first cell", own["first_ms"], "ms"),
        Row("%load_ext jtrack", own["load_ms"], "ms"),
    )


@pytest.mark.parametrize("n_runs", [0, 100_000])
def test_a_point_is_soon_visible_elsewhere(n_runs: int, report: Report) -> None:
    # Rounds in a large store add a run of 60 points each; nothing that is measured in it feels that.
    where = ensure_store(n_runs).path if n_runs else ".jtrack"
    own = interleave([Program("jtrack", own_python(), ("see_point.py", where))], ROUNDS)["jtrack"]
    among = f", among {n_runs:,} runs" if n_runs else ""
    report.add(
        Row(f"a point visible to a second process{among}", own["median_ms"], "ms", 100, note=_note(own)),
        Row(f"the latest of 60 such points{among}", own["worst_ms"], "ms", 100),
    )


def _note(own: dict[str, float]) -> str:
    return f"asked every 10 ms; a question costs {own['query_ms']:.1f} ms, the first {own['first_ms']:.0f} ms"
