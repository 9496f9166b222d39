"""A browser for the panels' tests, one for each file that needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from playwright.sync_api import Browser

from tests.ui.browser import open_browser


@pytest.fixture(scope="module")
def browser(could_not_run: Callable[[str], NoReturn]) -> Iterator[Browser]:
    with open_browser(could_not_run, "the panels' browser tests") as browser:
        yield browser
