"""What a user does in the runs table: complete a filter, narrow it, group, choose, change and download runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

import jtrack
from jtrack import queries
from jtrack.entities import RunKind
from jtrack.widgets.runs.model import RunsModel
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.panel_page import PanelPage, panel_pages

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]

Show = Callable[..., PanelPage]


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Shows a table in a page; at the end nothing may have gone wrong there."""
    with panel_pages(browser) as opened:

        def open_page(model: RunsModel, **context: Any) -> PanelPage:
            shown = opened(model.frame, model.methods, **context)
            shown.page.locator(".jt-runs").wait_for()
            return shown

        yield open_page


def log_wines(n: int = 8) -> list[str]:
    ids = []
    for i in range(n):
        curve = [0.9 + i / 100 - 0.4 / (k + 1) for k in range(30)]
        params = {"lr": (0.1, 0.03, 0.3)[i % 3], "model": ("tree", "linear")[i % 2], "seed": 1}
        ids.append(log_cell_run(f"run-{i}", params, {"val_accuracy": curve, "loss": [0.9, 0.5 - i / 50]}))
    return ids


def log_sweep() -> str:
    with jtrack.start_run(run_name="search", kind=RunKind.SWEEP) as sweep:
        for k in range(3):
            with jtrack.start_run(run_name=f"search-{k}", nested=True, kind=RunKind.TRIAL):
                jtrack.log_metric("loss", k / 10)
    return sweep.run_id


def names(shown: PanelPage) -> list[str]:
    return shown.page.locator(".jt-grid tbody .jt-open").all_inner_texts()


def row(shown: PanelPage, name: str) -> Locator:
    return shown.page.locator("tbody tr", has=shown.page.get_by_role("button", name=name, exact=True))


def check_accessible(shown: PanelPage, what: str) -> None:
    # Rows that are about to be replaced are dimmed for a moment.
    expect(shown.page.locator(".jtrack [aria-busy=true]")).to_have_count(0)
    result = Axe().run(shown.page)
    assert result.violations_count == 0, f"{what}: {result.generate_report()}"


def test_a_filter_is_completed_while_it_is_typed(show: Show) -> None:
    log_wines()
    shown = show(RunsModel())
    page = shown.page
    field = page.get_by_label("filter runs")
    options = page.get_by_role("listbox").get_by_role("option")
    field.press_sequentially("mod")
    expect(options).to_have_text(["params.model"])
    field.press("Tab")
    expect(field).to_have_value("params.model ")
    expect(options.first).to_have_text("=")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("params.model = ")
    expect(options).to_have_text(["'linear'value", "'tree'value"])
    expect(field).to_have_attribute("aria-expanded", "true")
    check_accessible(shown, "with completions")
    options.nth(1).click()
    expect(field).to_have_value("params.model = 'tree' ")
    expect(field).to_be_focused()
    expect(options).to_have_text(["and", "or"])
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("4 of 8 runs")


def test_a_click_on_a_value_narrows_the_filter(show: Show) -> None:
    log_wines()
    shown = show(RunsModel())
    page = shown.page
    field = page.get_by_label("filter runs")
    row(shown, "run-7").get_by_role("button", name="linear", exact=True).click()
    expect(field).to_have_value("params.model = 'linear'")
    assert names(shown) == ["run-7", "run-5", "run-3", "run-1"]
    # By keys: into the row, to its value, and press it.
    page.locator("tr[data-index='1']").focus()
    value = row(shown, "run-5").get_by_role("button", name="0.4000", exact=True)
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        if value.evaluate("node => node === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(field).to_have_value("params.model = 'linear' and metrics.loss <= 0.4")
    assert names(shown) == ["run-7", "run-5"]


def test_a_misspelt_key_offers_what_was_meant(show: Show) -> None:
    log_wines()
    shown = show(RunsModel())
    field = shown.page.get_by_label("filter runs")
    field.fill("metrics.lss < 0.4")
    field.press("Enter")
    expect(shown.page.get_by_text("No run has metrics.lss. Did you mean metrics.loss?")).to_be_visible()
    expect(shown.page.get_by_text("No run fits this filter")).to_be_visible()
    check_accessible(shown, "where nothing fits")
    shown.page.get_by_role("button", name="metrics.loss").click()
    expect(field).to_have_value("metrics.loss < 0.4")
    assert names(shown) == ["run-7", "run-6"]


def test_a_columns_menu_pins_hides_groups_and_draws_its_curves(show: Show) -> None:
    log_wines()
    shown = show(RunsModel(), viewport={"width": 700, "height": 700})
    page = shown.page

    def menu(column: str, item: str) -> None:
        page.locator("thead th", has_text=column).hover()
        page.get_by_role("button", name=f"more for column {column}").click()
        page.get_by_role("menuitem", name=item).or_(page.get_by_role("menuitemcheckbox", name=item)).click()

    curves = page.locator("tr[data-index='0'] .jt-sparkline path")
    before = curves.get_attribute("d")
    menu("loss", "draw its curves")
    expect(curves).not_to_have_attribute("d", before or "")
    menu("model", "pin")
    heads = page.locator("thead th")
    expect(heads.nth(2)).to_contain_text("model")
    page.locator(".jt-grid").evaluate("grid => { grid.scrollLeft = 400; }")
    left = heads.nth(2).evaluate("th => th.getBoundingClientRect().left")
    assert 0 < left < 300, "a pinned column stays in view"
    menu("val_accuracy", "hide")
    expect(page.locator("thead")).not_to_contain_text("val_accuracy")
    menu("lr", "group by its values")
    expect(page.get_by_label("group runs")).to_have_value("params.lr")
    expect(page.locator(".jt-group-row")).to_have_count(3)
    page.locator("thead").get_by_role("button", name="lr", exact=True).focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("menu", name="column lr")).to_be_visible()
    check_accessible(shown, "with a column's menu")


def test_nested_runs_fold_and_open_by_mouse_and_keys(show: Show) -> None:
    log_sweep()
    log_cell_run("alone", {})
    shown = show(RunsModel())
    page = shown.page
    page.get_by_label("group runs").select_option("parent")
    expect(page.locator("tbody tr[data-index]")).to_have_count(2)
    row(shown, "search").get_by_role("button", name="open search").click()
    expect(page.locator("tbody tr[data-index]")).to_have_count(5)
    assert names(shown) == ["alone", "search", "search-2", "search-1", "search-0"]
    page.locator("tr[data-index='1']").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("tbody tr[data-index]")).to_have_count(2)
    expect(page.locator("tr[data-index='1']")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("tbody tr[data-index]")).to_have_count(5)


def test_chosen_runs_are_told_to_the_page_and_shown_in_other_panels(show: Show) -> None:
    ids = log_wines()
    shown = show(RunsModel())
    page = shown.page
    height = page.locator(".jt-runs").bounding_box()
    page.get_by_role("checkbox", name="choose run-7").check()
    page.get_by_role("checkbox", name="choose run-5").click(modifiers=["Shift"])
    expect(page.get_by_text("3 runs chosen")).to_be_visible()
    assert shown.told("jtrack-selection")[-1] == {"run_ids": [ids[7], ids[6], ids[5]]}
    page.get_by_role("button", name="compare", exact=True).click()
    assert shown.told("jtrack-open-panel") == [
        {"panel": "compare", "params": {"runs": [ids[7], ids[6], ids[5]]}, "label": "compare 3 runs"}
    ]
    expect(page.get_by_text("%compare")).to_be_visible()  # nobody shows it here, so that it says what does
    page.locator("tr[data-index='3']").focus()
    page.keyboard.press(" ")
    expect(page.get_by_text("4 runs chosen")).to_be_visible()
    page.get_by_role("checkbox", name="choose all runs").check()
    expect(page.get_by_text("8 runs chosen")).to_be_visible()
    page.get_by_role("button", name="clear", exact=True).click()
    assert shown.told("jtrack-selection")[-1] == {"run_ids": []}
    page.keyboard.press("Escape")
    page.locator("tr[data-index='2']").focus()
    page.keyboard.press("Enter")
    assert shown.told("jtrack-open-run") == [{"run_id": ids[5], "run_name": "run-5"}]
    assert page.locator(".jt-runs").bounding_box() == height, "a panel never grows after it was drawn"


def test_a_group_is_chosen_and_let_go_by_its_box_and_by_keys(show: Show) -> None:
    log_wines()
    shown = show(RunsModel(group_by="params.lr"))
    page = shown.page
    box = page.get_by_role("checkbox", name="choose the runs with lr 0.1")
    everything = page.get_by_role("checkbox", name="choose all runs")
    box.click()
    expect(page.get_by_text("3 runs chosen")).to_be_visible()
    expect(box).to_be_checked()
    shown.screenshot("runs-group-chosen")
    page.get_by_role("button", name="run", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("run↑")
    expect(box).to_be_checked()  # in another order they are the same runs
    box.click()
    expect(box).not_to_be_checked()
    expect(page.get_by_text("chosen")).to_have_count(0)
    line = page.locator(".jt-group-row", has=box)
    line.focus()
    for is_chosen in (True, False, True):
        page.keyboard.press(" ")
        expect(box).to_be_checked(checked=is_chosen)
    page.get_by_role("button", name="open lr 0.1").click()
    page.get_by_role("checkbox", name="choose run-3").uncheck()
    expect(box).not_to_be_checked()
    expect(page.get_by_text("2 runs chosen")).to_be_visible()
    everything.click()
    expect(page.get_by_text("8 runs chosen")).to_be_visible()
    expect(page.locator(".jt-grid input:checked")).to_have_count(7)  # the head, three groups, three runs
    box.click()
    expect(page.get_by_text("5 runs chosen")).to_be_visible()
    expect(everything).to_be_checked(indeterminate=True)


def test_the_box_of_the_head_stands_for_the_runs_of_this_very_table(show: Show) -> None:
    log_wines()
    shown = show(RunsModel("params.model = 'tree'"))
    page = shown.page
    everything = page.get_by_role("checkbox", name="choose all runs")
    everything.click()
    expect(page.get_by_text("4 runs chosen")).to_be_visible()
    expect(everything).to_be_checked()

    def search(text: str, n_runs: str) -> None:
        page.get_by_label("filter runs").fill(text)
        page.get_by_label("filter runs").press("Enter")
        expect(page.get_by_role("status").first).to_have_text(n_runs)

    search("params.model = 'linear' and params.lr < 0.2", "3 of 8 runs")
    expect(everything).to_be_checked(indeterminate=True)  # four runs are chosen, and none of these three
    everything.click()
    expect(page.get_by_text("7 runs chosen")).to_be_visible()
    expect(everything).to_be_checked()
    everything.click()
    expect(page.get_by_text("4 runs chosen")).to_be_visible()
    search("params.model = 'tree'", "4 of 8 runs")
    expect(everything).to_be_checked()  # each of its rows is
    page.get_by_role("checkbox", name="choose run-2").uncheck()
    expect(everything).to_be_checked(indeterminate=True)


def test_a_range_takes_the_runs_that_were_not_read_yet(show: Show) -> None:
    ids = log_wines(450)[::-1]
    shown = show(RunsModel())
    page = shown.page
    page.get_by_role("checkbox", name="choose run-447", exact=True).check()
    page.locator("tr[data-index='2']").focus()
    page.keyboard.press("End")
    page.get_by_role("checkbox", name="choose run-3", exact=True).click(modifiers=["Shift"])
    expect(page.get_by_text("445 runs chosen")).to_be_visible()
    assert set(shown.told("jtrack-selection")[-1]["run_ids"]) == set(ids[2:447])
    page.get_by_role("button", name="clear", exact=True).click()
    page.get_by_role("checkbox", name="choose run-3", exact=True).check()
    # In another order there is another range between two runs: it begins anew.
    page.get_by_role("button", name="run", exact=True).click()
    page.get_by_role("checkbox", name="choose run-100", exact=True).click(modifiers=["Shift"])
    expect(page.get_by_text("2 runs chosen")).to_be_visible()


def test_a_brush_elsewhere_in_the_page_narrows_the_table(show: Show) -> None:
    ids = log_wines()
    shown = show(RunsModel())
    brush = (
        "run_ids => document.body.dispatchEvent(new CustomEvent('jtrack-brush', {bubbles: true, detail: {run_ids}}))"
    )
    shown.page.evaluate(brush, ids[:3])
    expect(shown.page.get_by_text("3 chosen runs")).to_be_visible()
    assert names(shown) == ["run-2", "run-1", "run-0"]
    shown.page.evaluate(brush, ["of another table"])
    shown.page.get_by_role("button", name="all runs").click()
    expect(shown.page.get_by_role("status").first).to_have_text("8 runs")


def test_runs_are_tagged_and_deleted_from_their_rows_and_taken_back(show: Show) -> None:
    ids = log_wines()
    shown = show(RunsModel())
    page = shown.page

    def do(name: str, item: str) -> None:
        row(shown, name).hover()
        page.get_by_role("button", name=f"what can be done with {name}").click()
        page.get_by_role("menuitem", name=item).click()

    do("run-4", "tag")
    page.get_by_label("tag", exact=True).fill("stage")
    page.get_by_label("value", exact=True).fill("candidate")
    page.get_by_label("value", exact=True).press("Enter")
    expect(page.get_by_text("tagged stage: 1 run")).to_be_visible()
    assert queries.get_run(ids[4]).data.tags["stage"] == "candidate"
    do("run-4", "delete")
    expect(page.get_by_text("deleted 1 run")).to_be_visible()
    assert "run-4" not in names(shown)
    check_accessible(shown, "with something to undo")
    page.get_by_role("button", name="undo").click()
    expect(page.get_by_text("taken back: 1 run")).to_be_visible()
    assert "run-4" in names(shown)
    do("run-4", "register")
    page.get_by_label("name of the registered model").fill("wine")
    page.get_by_role("button", name="register", exact=True).click()
    expect(page.locator(".jt-said .jt-bad")).to_contain_text("model")
    expect(page.get_by_label("name of the registered model")).to_have_value("wine")
    page.keyboard.press("Escape")
    expect(page.get_by_label("name of the registered model")).to_have_count(0)


def test_a_form_can_be_left_while_nobody_answers_it(show: Show) -> None:
    log_wines(3)
    shown = show(RunsModel())
    page = shown.page
    page.evaluate(
        """() => {
            const answer = window.answer;
            window.unanswered = [];
            window.answer = content => JSON.parse(content).method === 'tag'
                ? new Promise(resolve => window.unanswered.push(() => answer(content).then(resolve)))
                : answer(content);
        }"""
    )
    page.get_by_role("checkbox", name="choose run-1").check()

    def send_tag(key: str) -> None:
        page.get_by_role("button", name="tag", exact=True).click()
        field = page.get_by_label("tag", exact=True)
        field.fill(key)
        field.press("Enter")
        field.press("Enter")
        send = page.get_by_role("button", name="set tag")
        expect(send).to_be_disabled()
        send.press("Enter")

    for key, leave in (("a", lambda: page.keyboard.press("Escape")), ("b", page.get_by_text("cancel").click)):
        send_tag(key)
        leave()
        expect(page.get_by_role("button", name="set tag")).to_have_count(0)
    send_tag("c")
    page.wait_for_function("window.unanswered.length >= 3")
    assert page.evaluate("window.unanswered.length") == 3, "each is asked once"
    page.evaluate("window.unanswered.forEach(answer => answer())")
    expect(page.get_by_text("tagged c: 1 run")).to_be_visible()
    expect(page.get_by_role("button", name="set tag")).to_have_count(0)


def test_all_runs_that_fit_are_downloaded(show: Show) -> None:
    log_wines()
    shown = show(RunsModel("params.model = 'tree'", max_results=2))
    with shown.page.expect_download() as found:
        shown.page.get_by_role("button", name="csv").click()
    assert found.value.suggested_filename == "jtrack-runs.csv"
    text = Path(found.value.path()).read_text(encoding="utf-8")
    assert [line["run_name"] for line in csv.DictReader(io.StringIO(text))] == ["run-6", "run-4", "run-2", "run-0"]


def test_what_is_logged_meanwhile_comes_without_moving_the_view(show: Show) -> None:
    log_wines(60)
    model = RunsModel()
    shown = show(model)
    page = shown.page
    grid = page.locator(".jt-grid")
    grid.evaluate("grid => { grid.scrollTop = 40 * 29; }")
    expect(page.locator("tr[data-index='45'] .jt-open")).to_have_text("run-14")
    log_wines(1)
    model.refresh()
    shown.push(model.frame)
    expect(page.locator("tr[data-index='45'] .jt-open")).to_have_text("run-15")
    assert grid.evaluate("grid => grid.scrollTop") == 40 * 29


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_states_are_drawn_and_accessible_in_both_themes(show: Show, scheme: str) -> None:
    shown = show(RunsModel(), color_scheme=scheme)
    expect(shown.page.get_by_text("No runs yet.")).to_be_visible()
    check_accessible(shown, "empty")
    shown.screenshot(f"runs-empty-{scheme}")
    log_wines(30)
    shown = show(RunsModel(order_by=["metrics.val_accuracy DESC"], pinned=["params.model"]), color_scheme=scheme)
    shown.page.get_by_role("checkbox", name="choose run-29").check()
    check_accessible(shown, "with chosen runs")
    shown.screenshot(f"runs-chosen-{scheme}")
    shown.page.get_by_label("group runs").select_option("params.lr")
    shown.page.get_by_role("button", name="open lr 0.3").click()
    expect(shown.page.locator("tbody tr.jt-group-row")).to_have_count(3)
    check_accessible(shown, "grouped")
    shown.screenshot(f"runs-grouped-{scheme}")
    shown.page.get_by_role("button", name="columns").click()
    shown.page.get_by_label("filter runs").fill("metrics.loss ~ 1")
    shown.page.get_by_label("filter runs").press("Enter")
    expect(shown.page.get_by_role("alert")).to_be_visible()
    check_accessible(shown, "with a fault")
    shown.screenshot(f"runs-fault-{scheme}")
