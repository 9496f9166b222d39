"""A browser for the panels' tests, one for each file that needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.ui.browser import FLAGS, REMEDY, find_chromium


@pytest.fixture(scope="module")
def browser(could_not_run: Callable[[str], NoReturn]) -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        could_not_run(f"the panels' browser tests: no Chromium was found ({REMEDY})")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()
