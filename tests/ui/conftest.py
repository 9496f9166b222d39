"""One server and one browser for all tests of this folder; each test gets a page and a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser

from tests.ui.browser import open_browser
from tests.ui.lab import Lab
from tests.ui.server import BUILT_EXTENSION, LabServer, lab_server


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
    path.mkdir()
    return path


@pytest.fixture
def lab(server: LabServer, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Lab]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(60_000)
    lab = Lab(context.new_page(), server)
    failed_before = request.session.testsfailed
    yield lab
    if request.session.testsfailed > failed_before:
        lab.screenshot(f"failed-{request.node.name}")
    _shut_kernels_down(lab)
    context.close()


def _shut_kernels_down(lab: Lab) -> None:
    lab.page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")
