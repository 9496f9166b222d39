"""A page with one panel and nothing else: the built renderers, the panel's own model behind them, no JupyterLab.

The page's questions go through the same function that answers a widget's messages (`answer_request`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

from jtrack.widgets.frames import frame_json
from jtrack.widgets.panel import answer_request
from jtrack.widgets.style import widget_stylesheet
from tests.ui.browser import PATIENCE_MS

ADDRESS = "http://panel.test/"
SHOTS = Path(__file__).parents[1] / "ui" / "screenshots"
BUILT = Path(__file__).parents[2] / "jtrack" / "widgets" / "static"

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>panel</title>
<style>%s body { margin: 16px; background: light-dark(#fff, #0f1316); color-scheme: light dark }
h1 { margin: 0; font-size: 0 }</style>
<main><h1>panel</h1><div id="panel"></div></main>
<script type="module">
import widget from './panel.js';
const listeners = { 'msg:custom': new Set(), 'change:_frame_json': new Set() };
const state = { _frame_json: await (await fetch('./frame.json')).json() };
const fire = (event, content) => listeners[event].forEach(listener => listener(content));
const model = {
  get: key => state[key],
  on: (event, listener) => listeners[event].add(listener),
  off: (event, listener) => listeners[event].delete(listener),
  send: content => window.answer(JSON.stringify(content)).then(reply => fire('msg:custom', JSON.parse(reply)))
};
const told = window.told = [];
for (const name of ['jtrack-brush', 'jtrack-selection', 'jtrack-open-run', 'jtrack-open-panel']) {
  document.addEventListener(name, event => told.push([name, event.detail]));
}
window.push = frame => { state._frame_json = frame; fire('change:_frame_json'); };
window.tell = news => fire('msg:custom', { news });
window.open_ = () => { window.close = widget.render({ model, el: document.getElementById('panel') }); };
window.open_();
</script></html>"""


class PanelPage:
    """A panel in a page of its own; ``errors`` is what the page complained of."""

    def __init__(self, browser: Browser, frame: object, methods: Mapping[str, Any], **context: Any) -> None:
        built = BUILT / f"{frame_json(frame)['panel']}.js"
        if not built.exists():
            pytest.fail("the panels are not built; `hatch run build` builds them", pytrace=False)
        self._module = built.read_text(encoding="utf-8")
        self.context: BrowserContext = browser.new_context(**{"viewport": {"width": 1000, "height": 700}, **context})
        self.context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.asked: list[str] = []
        self._frame, self._methods = frame, methods
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._on_console)
        self.page.expose_function("answer", self._answer)
        self.page.route("**/*", self._serve)
        self.page.goto(ADDRESS)

    def close(self) -> None:
        """Give the page back."""
        self.context.close()

    def wait_drawn(self) -> None:
        """Wait until every line is on the canvas."""
        self.page.locator("#panel > [data-drawn=true]").wait_for(state="attached")

    def screenshot(self, name: str) -> None:
        """Keep a picture of the panel in the git-ignored folder that JupyterLab's are in."""
        SHOTS.mkdir(exist_ok=True)
        self.page.locator("#panel > *").screenshot(path=SHOTS / f"{name}.png", animations="disabled")

    def told(self, name: str) -> list[Any]:
        """What the panel told the page around it, by the name of the event."""
        found: list[Any] = self.page.evaluate("name => window.told.filter(([n]) => n === name).map(([, d]) => d)", name)
        return found

    def push(self, frame: object) -> None:
        """Show another frame, as a kernel does without being asked."""
        self.page.evaluate("frame => window.push(frame)", frame_json(frame))

    def tell(self, news: object) -> None:
        """Send the panel what is new, as a kernel does without being asked."""
        self.page.evaluate("news => window.tell(news)", frame_json(news))

    def _answer(self, content: str) -> str:
        asked = json.loads(content)
        self.asked.append(asked["method"])
        return json.dumps(answer_request(self._methods, asked))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        served = {
            "": ("text/html", _PAGE % widget_stylesheet(frame_json(self._frame)["panel"])),
            "panel.js": ("text/javascript", self._module),
            "frame.json": ("application/json", json.dumps(frame_json(self._frame))),
            "favicon.ico": ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        }
        if path not in served:
            route.abort()
            return
        kind, body = served[path]
        route.fulfill(content_type=f"{kind}; charset=utf-8", body=body)


@contextmanager
def panel_pages(browser: Browser) -> Iterator[Callable[..., PanelPage]]:
    """Give what opens pages, as ``PanelPage`` does; at the end nothing may have gone wrong in them."""
    pages: list[PanelPage] = []

    def open_page(frame: object, methods: Mapping[str, Any], **context: Any) -> PanelPage:
        pages.append(PanelPage(browser, frame, methods, **context))
        return pages[-1]

    yield open_page
    errors = [error for page in pages for error in page.errors]
    for page in pages:
        page.close()
    assert errors == []
