"""The registry's panel in a real browser: the list, versions side by side, and what a click changes in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from jtrack import queries
from jtrack.registry import listing, versions
from jtrack.widgets.models.model import ModelsModel
from tests.widgets.panel_page import PanelPage, panel_pages
from tests.widgets.registered_models import log_model_run, register_churn

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]

Show = Callable[..., PanelPage]


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Shows the panel in a page; at the end nothing may have gone wrong there."""
    with panel_pages(browser) as opened:

        def open_page(name: str | None = None, **context: object) -> PanelPage:
            model = ModelsModel(name)
            shown = opened(model.frame, model.methods, **context)
            shown.page.locator(".jt-models").wait_for()
            return shown

        yield open_page


def test_the_list_opens_a_model_and_goes_back(show: Show) -> None:
    register_churn()
    page = show().page
    expect(page.get_by_role("rowheader")).to_have_count(2)
    page.get_by_role("button", name="churn", exact=True).click()
    expect(page.locator("thead th b")).to_have_text(["version 3", "version 2", "version 1"])
    page.keyboard.press("Enter")  # the focus is on the way back
    expect(page.get_by_role("button", name="wine-quality")).to_be_visible()


def test_a_stage_and_an_alias_are_moved_by_a_click(show: Show) -> None:
    register_churn()
    page = show("churn").page
    page.get_by_label("stage of version 3").focus()
    page.get_by_label("stage of version 3").select_option("Staging")
    expect(page.get_by_label("stage of version 3")).to_be_focused()
    assert versions.get_model_version("churn", 3).stage == "Staging"
    page.get_by_label("put an alias on version 1").click()
    page.get_by_label("alias for version 1").fill("champion")
    page.keyboard.press("Enter")
    expect(page.locator("thead th").nth(2)).to_contain_text("@champion")
    assert versions.get_model_version_by_alias("churn", "champion").version == 1
    page.get_by_label("take alias challenger away").click()
    expect(page.get_by_label("take alias challenger away")).to_have_count(0)
    assert versions.get_registered_model("churn").aliases == {"champion": 1}


def test_what_can_not_be_done_is_said_in_place(show: Show) -> None:
    register_churn()
    page = show("churn").page
    page.get_by_label("put an alias on version 1").click()
    page.get_by_label("alias for version 1").fill("v7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("'v7' is reserved")
    assert "v7" not in versions.get_registered_model("churn").aliases


def test_a_run_is_registered_by_a_click(show: Show) -> None:
    register_churn()
    log_model_run("amber-wren", depth=9, auc=0.95)
    page = show("churn").page
    expect(page.get_by_label("model of a run").locator("option").first).to_contain_text("amber-wren")
    page.get_by_role("button", name="register", exact=True).click()
    expect(page.locator("thead th b").first).to_have_text("version 4")
    newest = listing.versions_of_model("churn")[0]
    assert (newest.version, newest.run_id) == (4, queries.get_run("amber-wren").info.run_id)


def test_a_description_is_written_in_markdown_and_never_becomes_script(show: Show) -> None:
    register_churn()
    page = show("churn").page
    expect(page.locator(".jt-markdown strong").first).to_have_text("leave")
    page.get_by_label("describe churn").click()
    area = page.get_by_label("description of churn, in Markdown")
    expect(area).to_be_focused()
    area.fill("*new* <img src=x onerror=alert(1)> [a](javascript:alert(1))")
    page.get_by_role("button", name="save").click()
    expect(page.locator(".jt-markdown em").first).to_have_text("new")
    assert page.locator(".jt-markdown :is(img, a[href^=javascript])").count() == 0


def test_the_source_of_two_versions_is_held_against_each_other(show: Show) -> None:
    register_churn()
    page = show("churn").page
    page.get_by_label("source from").select_option(label="version 1")
    expect(page.locator(".jt-diff del")).to_contain_text("depth=3")
    expect(page.locator(".jt-diff ins")).to_contain_text("depth=5")


def test_a_version_leads_to_its_run(show: Show) -> None:
    made = register_churn()
    page = show("churn")
    page.page.get_by_role("button", name="quiet-otter").click()
    assert page.told("jtrack-open-run") == [{"run_id": made[1].run_id, "run_name": "quiet-otter"}]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_sound_for_a_screen_reader_in_both_themes(show: Show, scheme: str) -> None:
    register_churn()
    for name in (None, "churn"):
        page = show(name, color_scheme=scheme)
        found = Axe().run(page.page, options={"resultTypes": ["violations"]})
        assert found.response["violations"] == [], found.generate_report()
        page.screenshot(f"models-{'one' if name else 'list'}-{scheme}")
