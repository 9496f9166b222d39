"""What all tests share: a store of one's own, marks by folder, and a loud account of what could not run.

A test that lacks something of the machine (a browser, say) calls ``could_not_run``: in CI that is a failure, elsewhere
the test is skipped and named once more in capitals at the end, so that nobody takes the run for whole. So is one that
failed at its first try: those in a browser have a second.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

TESTS = Path(__file__).parent
COULD_NOT_RUN = "COULD NOT RUN: "
SECOND_TRY = "FAILED, AND WAS TRIED AGAIN: "
CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="store the new text where a snapshot differs")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _take_long_files_first(items)
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder == "ui":
            item.add_marker(pytest.mark.ui)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(180))
        if folder == "benchmarks":
            item.add_marker(pytest.mark.bench)
        if any(item.get_closest_marker(name) for name in ("ui", "bench", "kernel")):
            item.add_marker(pytest.mark.slow)
    if "bench" not in config.getoption("markexpr"):
        measured = [item for item in items if item.get_closest_marker("bench")]
        config.hook.pytest_deselected(items=measured)
        items[:] = [item for item in items if item not in measured]


def _take_long_files_first(items: list[pytest.Item]) -> None:
    # The workers of `pytest -n` take file after file: a long one at the end would leave the others without work.
    long = {item.path for item in items if item.get_closest_marker("slow") or item.path.is_relative_to(TESTS / "ui")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def could_not_run() -> Callable[[str], NoReturn]:
    """Call it with a reason and a remedy: fails in CI, else skips and is told again at the end."""

    def tell(reason: str) -> NoReturn:
        if CI:
            pytest.fail(f"{COULD_NOT_RUN}{reason}", pytrace=False)
        pytest.skip(f"{COULD_NOT_RUN}{reason}")

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # From the reports, which also come from the processes of `pytest -n`.
    told = [
        str(report.longrepr) for kind in ("skipped", "failed", "error") for report in terminalreporter.getreports(kind)
    ]
    reasons = sorted({match[1] for text in told if (match := re.search(rf"({COULD_NOT_RUN}[^'\"\n]*)", text))})
    if reasons:
        terminalreporter.section("LEFT OUT", sep="!", red=True, bold=True)
    for reason in reasons:
        # One line with a fixed beginning: .ci/run repeats it after everything else.
        terminalreporter.line(reason, red=True, bold=True)
    tried_again = terminalreporter.getreports("rerun")
    for report in tried_again:
        terminalreporter.section(f"first try of {report.nodeid}", sep="_")
        terminalreporter.line(report.longreprtext)
    for report in tried_again:
        terminalreporter.line(f"{SECOND_TRY}{report.nodeid}", yellow=True, bold=True)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder, so that no test finds the store of another or of the developer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JTRACK_TRACKING_URI", raising=False)
    yield tmp_path
    if tracking := sys.modules.get("jtrack.tracking"):  # not imported for this: many tests never touch it
        _forget_choices(tracking)


def _forget_choices(tracking: ModuleType) -> None:
    """End what is active, and choose neither store nor experiment: these are the process's, not the test's."""
    while tracking.active_run() is not None:
        tracking.end_run("KILLED")
    tracking.set_tracking_uri(None)
    tracking.context.process.held_uri = None


@pytest.fixture
def store_path(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store's folder, not yet made; the tracking uri points at it, also for processes that the test starts."""
    path = own_folder / ".jtrack"
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(path))
    return path


@pytest.fixture
def accepts(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Hold a text against a stored one; ``--accept`` stores the new text instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--accept"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing; `hatch run snap` stores it"
        assert text == path.read_text(encoding="utf-8")

    return compare
