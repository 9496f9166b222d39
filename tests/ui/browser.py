"""Finds a Chromium for the tests, and gets one where there is none: ``python -m tests.ui.browser``.

Order: ``$JTRACK_CHROMIUM``, what the system has, what Playwright downloaded earlier. The last resort, a download by
Playwright, is made by the command only, never in the middle of a test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The shell has no windows to manage: a page of JupyterLab takes it a fifth less of the processor's time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_REMEDY = "apt-get install chromium-headless-shell, or set JTRACK_CHROMIUM to a Chromium or Chrome"

# What is expected of a page may take a machine with much else to do longer than Playwright's five seconds.
PATIENCE_MS = 60_000

_FLAGS = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Name the executable of a Chromium that is there already."""
    named = os.environ.get("JTRACK_CHROMIUM")
    if named:
        return shutil.which(named)
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or _downloaded_by_playwright()


@contextmanager
def open_browser(could_not_run: Callable[[str], NoReturn], what: str) -> Iterator[Browser]:
    """Start a Chromium for ``what``, and end it; where there is none, say so."""
    from playwright.sync_api import expect, sync_playwright

    executable = find_chromium()
    if executable is None:
        could_not_run(f"{what}: no Chromium was found ({_REMEDY})")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        yield browser
        browser.close()


def _downloaded_by_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> int:
    """Say which browser the tests will use; download one where there is none."""
    found = find_chromium()
    if found is None and not os.environ.get("JTRACK_CHROMIUM"):
        print("no Chromium here: asking Playwright for one", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        found = find_chromium()
    print(f"browser tests use {found}" if found else f"no Chromium for the browser tests ({_REMEDY})")
    # Without one the tests themselves say what could not run, and fail in CI.
    return 0


if __name__ == "__main__":
    sys.exit(main())
