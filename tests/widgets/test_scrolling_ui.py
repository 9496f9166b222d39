"""Whatever scrolls in a panel, in its interactive form or its still one, is reached by keyboard and has a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from jtrack import tracking
from jtrack.widgets.compare.html import compare_html
from jtrack.widgets.compare.model import CompareModel
from jtrack.widgets.live.html import live_html
from jtrack.widgets.models.html import models_html
from jtrack.widgets.models.model import ModelsModel
from jtrack.widgets.parallel.html import parallel_html
from jtrack.widgets.parallel.model import ParallelModel
from jtrack.widgets.run_page.html import run_html
from jtrack.widgets.run_page.model import RunModel
from jtrack.widgets.runs.html import runs_html
from jtrack.widgets.runs.model import RunsModel
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.panel_page import PanelPage, panel_pages
from tests.widgets.registered_models import register_churn
from tests.widgets.test_live import live_frame

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]

Show = Callable[..., PanelPage]
NARROW = {"viewport": {"width": 420, "height": 700}}
# A reader may also come in by what stands inside and can have the focus.
_OUT_OF_REACH = """() => {
  const focusable = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
  const scrolls = node => {
    const { overflowX, overflowY } = getComputedStyle(node);
    const [across, down] = [overflowX, overflowY].map(each => each === 'auto' || each === 'scroll');
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = node;
    return across && scrollWidth > clientWidth + 1 || down && scrollHeight > clientHeight + 1;
  };
  const isNamed = node => node.tabIndex === 0 && (node.ariaLabel || node.hasAttribute('aria-labelledby'));
  const isReached = node => node.tabIndex === 0 ? isNamed(node) : node.querySelector(focusable);
  const isWrong = node => node.matches('.jt-scroll') ? !isNamed(node) : scrolls(node) && !isReached(node);
  return [...document.querySelectorAll('.jtrack, .jtrack *')].filter(isWrong).map(node => node.outerHTML.slice(0, 140));
}"""
_PAGE = '<!doctype html><html lang="en"><title>still</title><main style="width:400px">%s</main></html>'


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    with panel_pages(browser) as opened:
        yield opened


def out_of_reach(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_OUT_OF_REACH)
    return found


def log_much() -> list[str]:
    """Runs with more of everything than fits: rows, columns, lines of source, notes."""
    ids = []
    for i in range(16):
        source = "".join(f"value_{k} = compute(seed={i + k}, more={'long ' * 20!r})\n" for k in range(40))
        params = {f"param_{k}": i * k + 1 for k in range(30)}
        ids.append(log_cell_run(f"run-{i}", params, {"loss": [1.0, i / 20], "acc": i / 20}, source=source))
    with tracking.start_run(run_id=ids[-1]) as run:
        run.log_text("a,b\n" + "1,2\n" * 80, "table.csv")
        run.log_text("word " * 4000, "notes.txt")
        for k in range(20):
            run.note(f"note {k}")
    return ids


def test_what_scrolls_in_a_panel_is_reached_by_keyboard_and_has_a_name(show: Show) -> None:
    ids = log_much()
    register_churn()
    notes = replace(live_frame(3), notes=live_frame(3).notes * 20)
    watch: Mapping[str, Any] = {"watch": lambda visible: {}, "look": lambda since: {}}
    models = [RunsModel(), CompareModel(ids), ParallelModel(ids), ModelsModel(), ModelsModel("churn")]
    for frame, methods in [*((model.frame, model.methods) for model in models), (notes, watch)]:
        page = show(frame, methods, **NARROW).page
        page.locator("#panel > .jtrack").wait_for()
        assert out_of_reach(page) == [], frame
    model = RunModel(ids[-1])
    page = show(model.frame, model.methods, **NARROW).page
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.locator(".jt-tab-body .jt-page-part > *").first.wait_for()
        page.wait_for_function("() => !document.querySelector('.jt-tab-body [role=status]:not(.jt-readout)')")
        assert out_of_reach(page) == [], tab.inner_text()


def test_what_scrolls_in_a_still_form_is_too(browser: Browser) -> None:
    ids = log_much()
    register_churn()
    now = datetime.now(UTC)
    stills = [
        runs_html(RunsModel().frame, now),
        compare_html(CompareModel(ids).frame),
        parallel_html(ParallelModel(ids).frame),
        run_html(RunModel(ids[-1]).frame),
        models_html(ModelsModel().frame, now),
        models_html(ModelsModel("churn").frame, now),
        live_html(replace(live_frame(3), notes=live_frame(3).notes * 20)),
    ]
    page = browser.new_page(viewport={"width": 420, "height": 700})
    for still in stills:
        page.set_content(_PAGE % still)
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        assert page.locator(".jtrack").count() == 1
        assert out_of_reach(page) == [], still[-300:]
    page.close()
