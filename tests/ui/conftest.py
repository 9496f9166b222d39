"""One server and one browser for all tests of this folder, one page for those of a file, and a folder for each test."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser

from tests.ui.browser import PATIENCE_MS, open_browser
from tests.ui.lab import Lab
from tests.ui.server import BUILT_EXTENSION, LabServer, lab_server

_HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_HAS_FAILED] = report.failed or (report.when != "setup" and item.stash[_HAS_FAILED])
    return report


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    if not (BUILT_EXTENSION / "package.json").exists():
        pytest.fail("the JupyterLab extension is not built; `hatch run build` builds it", pytrace=False)
    with lab_server(tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="package")
def browser(could_not_run: Callable[[str], NoReturn]) -> Iterator[Browser]:
    # Not for the whole session: Playwright keeps an event loop running in this thread, which kernel tests can't have.
    with open_browser(could_not_run, "the browser tests") as browser:
        yield browser


@pytest.fixture
def folder(server: LabServer, request: pytest.FixtureRequest) -> Path:
    """A folder of the test's own below the server's root."""
    path = server.root / request.node.name
    if path.exists():  # by its first try
        path = path.with_name(f"{path.name}-again")
    path.mkdir()
    return path


@pytest.fixture(scope="module")
def used_labs(server: LabServer) -> Iterator[list[Lab]]:
    """The page that the next test of this file takes, if there is one: JupyterLab loads longer than most tests take."""
    labs: list[Lab] = []
    yield labs
    for lab in labs:
        lab.page.context.close()


@pytest.fixture
def lab(used_labs: list[Lab], server: LabServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """JupyterLab with nothing open in it."""
    lab = used_labs.pop() if used_labs else _open_lab(server, browser)
    yield lab
    if request.node.stash[_HAS_FAILED]:
        _end(lab, f"failed-{request.node.name}")
    else:
        lab.clear()
        used_labs.append(lab)


@pytest.fixture
def fresh_lab(server: LabServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """JupyterLab in a page that nobody used before."""
    lab = _open_lab(server, browser)
    yield lab
    _end(lab, f"failed-{request.node.name}" if request.node.stash[_HAS_FAILED] else None)


def _open_lab(server: LabServer, browser: Browser) -> Lab:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    return Lab(context.new_page(), server)


def _end(lab: Lab, picture: str | None) -> None:
    if picture is not None:
        lab.screenshot(picture)
    lab.page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    lab.page.context.close()
