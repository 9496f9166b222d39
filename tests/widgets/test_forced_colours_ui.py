"""Panels where the system forces its own few colours on a page: what is told by a colour or a line is still told."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, expect

from jtrack.widgets.compare.model import CompareModel
from jtrack.widgets.parallel.model import ParallelModel
from jtrack.widgets.runs.model import RunsModel
from tests.widgets.panel_page import panel_pages
from tests.widgets.parallel_runs import depth_and_rate, log_sweep, log_trials

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]


def looks(of: Locator, name: str) -> str:
    return str(of.evaluate("(node, name) => getComputedStyle(node)[name]", name))


def test_what_is_chosen_and_what_is_drawn_is_seen_in_forced_colours(browser: Browser) -> None:
    sweep = log_sweep(minimize="val_loss")
    run_ids = log_trials(sweep, depth_and_rate(12))
    parallel, compare, runs = ParallelModel(sweep), CompareModel(run_ids), RunsModel()
    with panel_pages(browser) as show:
        page = show(parallel.frame, parallel.methods, forced_colors="active").page
        assert "gradient" in looks(page.locator(".jt-ramp"), "backgroundImage")

        page = show(compare.frame, compare.methods, forced_colors="active").page
        page.get_by_role("tab", name="importance").click()
        bar = page.locator(".jt-told").first
        bar.wait_for()
        assert looks(bar, "backgroundColor") != looks(page.locator("body"), "backgroundColor")
        tabs = page.get_by_role("tab")
        lines = [looks(tab, "borderBottomWidth") for tab in tabs.all()]
        assert lines == ["2px" if tab.get_attribute("aria-selected") == "true" else "0px" for tab in tabs.all()]

        page = show(runs.frame, runs.methods, forced_colors="active").page
        page.get_by_label("filter runs").press_sequentially("params.")
        expect(page.locator(".jt-completions [role=option]")).to_have_count(5)
        page.keyboard.press("ArrowDown")
        option = page.locator(".jt-completions [aria-selected=true]")
        expect(option).to_have_count(1)
        assert looks(option, "outlineStyle") == "solid"
