"""Panels and figures in a JupyterLab behind a prefix, whose policy lets pages load only what its server sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.ui.browser import PATIENCE_MS
from tests.ui.lab import Lab
from tests.ui.server import LabServer, enable_server_extension, environment, free_port, lab_command, started
from tests.ui.side import LOAD, MAKE_RUNS, open_new_notebook

PREFIX = "/user/an@b/"
# JupyterLab itself compiles its settings' schemas and writes styles into the page; of blobs it needs none.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws://127.0.0.1:*"
)
FIGURES = "table.scatter('depth', 'val_accuracy')"


pytestmark = pytest.mark.timeout(300)  # a server of its own, and every panel


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[LabServer]:
    root, private, port = tmp_path / "served", tmp_path / "jupyter", free_port()
    root.mkdir()
    enable_server_extension(private)
    policy = f"--ServerApp.tornado_settings={{'headers': {{'Content-Security-Policy': \"{POLICY}\"}}}}"
    command = [*lab_command(root, private, port), f"--ServerApp.base_url={PREFIX}", policy]
    with started(command, port, root, environment(private)) as log:
        yield LabServer(f"http://127.0.0.1:{port}{PREFIX.rstrip('/')}", root, log)


def test_panels_draw_where_nothing_but_the_server_may_send_a_script(strict: LabServer, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    lab = Lab(context.new_page(), strict)
    libraries: list[str] = []
    context.on("request", lambda request: libraries.append(request.url) if "plotly" in request.url else None)
    folder = strict.root / "notes"
    folder.mkdir()
    shown = ("%runs", "table = %compare\ntable", "%parallel depth-2 depth-4 depth-6", "%live depth-2")
    notebook = open_new_notebook(lab, folder, LOAD, MAKE_RUNS, *shown, FIGURES, "table.importance()")
    for index in range(8):
        notebook.run_cell(index)
    for index, name in ((2, "runs"), (3, "compare"), (4, "parallel"), (5, "live-panel")):
        notebook.scroll_to(index)
        panel = notebook.outputs(index).locator(f".jt-{name}.jt-interactive")
        panel.wait_for()
        # With its rules, too: the frame around every panel.
        expect(panel).to_have_css("border-top-left-radius", "8px")
    notebook.scroll_to(3)
    notebook.outputs(3).get_by_role("tab", name="importance").click()
    notebook.outputs(3).locator(".jt-told").first.wait_for()
    for index in (6, 7):
        notebook.scroll_to(index)
        notebook.outputs(index).locator(".main-svg").first.wait_for()
    assert len(libraries) == len(set(libraries)), "plotly.js reaches a page once"
    lab.command("docmanager:save")
    saved = (folder / "wine.ipynb").read_text(encoding="utf-8")
    assert "plotly.js v" not in saved and len(saved) < 300_000
    assert lab.foreign_requests == []
    # One try tells the extension that blobs are forbidden; then nothing of ours asks for one. (Plotly's images do.)
    refused = [error for error in lab.console_errors if "Content Security Policy" in error and "img-src" not in error]
    assert len(refused) == 1 and "blob:" in refused[0]
    lab.screenshot("policy-strict")
    context.close()
