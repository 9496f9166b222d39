"""The peers' environment, and the table at the end: printed, and kept in ``.cache/bench`` under its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.benchmarks.harness import cache_folder
from tests.benchmarks.peers import ensure_peers
from tests.benchmarks.report import Report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # Building a large store and several rounds of each program take their time.
            item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture(scope="session")
def peers() -> Path:
    """The Python of the peers' environment."""
    return ensure_peers()


@pytest.fixture(scope="session")
def report() -> Iterator[Report]:
    """Takes every figure; when all have been taken, the table is printed and kept."""
    report = Report()
    yield report
    text = report.render()
    if text:
        place = cache_folder("bench") / f"results-{datetime.now():%Y%m%d-%H%M%S}.md"
        place.write_text(text, encoding="utf-8")
        print(f"\n\n{text}\nkept in {place}")
