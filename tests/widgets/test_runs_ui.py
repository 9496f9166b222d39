"""The runs table in a real browser: sorted, filtered, scrolled and walked, with mouse and keys, at any length."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from jtrack.errors import InvalidFilterError
from jtrack.widgets.runs.frame import RunsFrame
from jtrack.widgets.runs.panel import RunsTable, runs
from jtrack.widgets.runs.rows import RunRow
from tests.waiting import wait_until
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.panel_page import PanelPage, panel_pages
from tests.widgets.test_card import NASTY

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]

BUILT = Path(__file__).parents[2] / "labextension" / "lib" / "panels"
CASES = json.loads(Path(__file__).with_name("format_cases.json").read_text("utf-8"))
Show = Callable[..., PanelPage]


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Shows a table in a page; at the end nothing may have gone wrong there."""
    with panel_pages(browser) as opened:

        def open_page(frame: RunsFrame, methods: Mapping[str, Any], **context: Any) -> PanelPage:
            shown = opened(frame, methods, **context)
            shown.page.locator(".jt-runs").wait_for()
            return shown

        yield open_page


def log_wines(n: int = 8) -> RunsTable:
    for i in range(n):
        lr, depth = (0.1, 0.03, 0.3)[i % 3], i % 5
        curve = [0.9 + i / 100 - 0.4 / (k + 1) for k in range(30)]
        log_cell_run(f"run-{i}", {"lr": lr, "depth": depth, "seed": 1}, {"val_accuracy": curve, "loss": 0.5 - i / 50})
    return runs(order_by="metrics.val_accuracy DESC")


def names(shown: PanelPage) -> list[str]:
    return [text.split()[1] for text in shown.page.locator(".jt-grid tbody th").all_inner_texts()]


def test_a_click_on_a_head_sorts_and_a_second_one_turns_it_round(show: Show) -> None:
    table = log_wines()
    shown = show(table.frame, table._methods)
    page = shown.page
    head = page.locator("th", has=page.get_by_role("button", name="loss", exact=True))
    assert names(shown)[0] == "run-7"

    sort = head.get_by_role("button", name="loss", exact=True)
    sort.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(shown)[0] == "run-7", "a lower loss is better, so the lowest comes first"
    expect(page.locator("thead th[scope=col]").nth(2)).to_contain_text("loss ↑".replace(" ", ""))

    sort.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(shown)[0] == "run-0"
    expect(sort).to_be_focused()


def test_the_filter_is_asked_for_with_enter_and_faults_show_in_place(show: Show) -> None:
    table = log_wines()
    shown = show(table.frame, table._methods)
    page = shown.page
    height = page.locator(".jt-runs").bounding_box()
    field = page.get_by_label("filter runs")
    field.fill("metrics.loss < 0.4 and params.depth = 1")
    field.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 of 8 runs")
    assert names(shown) == ["run-6"]

    field.fill("metrics.loss ~ 0.4")
    field.press("Enter")
    fault = page.get_by_role("alert")
    expect(fault).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert names(shown) == ["run-6"], "what was there stays"
    start = field.evaluate("field => field.selectionStart")
    with pytest.raises(InvalidFilterError) as caught:
        runs("metrics.loss ~ 0.4")
    assert start == caught.value.position

    field.press("Escape")
    expect(field).to_have_value("metrics.loss < 0.4 and params.depth = 1")
    expect(fault).to_have_count(0)
    field.fill("")
    field.press("Enter")
    expect(page.get_by_role("status")).to_have_text("8 runs")
    assert page.locator(".jt-runs").bounding_box() == height


def test_a_fault_takes_its_room_from_the_rows(show: Show) -> None:
    table = log_wines(30)
    page = show(table.frame, table._methods).page
    before = page.locator(".jt-runs").bounding_box()
    page.get_by_label("filter runs").fill("nonsense")
    page.get_by_label("filter runs").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.locator(".jt-runs").bounding_box() == before


def test_columns_come_and_go_by_the_menu(show: Show) -> None:
    table = log_wines()
    page = show(table.frame, table._methods).page
    page.get_by_role("button", name="columns").click()
    page.get_by_role("checkbox", name="seed").check()
    expect(page.locator("thead")).to_contain_text("seed")
    page.get_by_role("checkbox", name="depth").uncheck()
    expect(page.locator("thead")).not_to_contain_text("depth")
    page.get_by_role("button", name="choose for me").click()
    expect(page.locator("thead")).to_contain_text("depth")
    expect(page.locator("thead")).not_to_contain_text("seed")


@pytest.fixture
def endless(show: Show) -> tuple[PanelPage, list[tuple[int, int]]]:
    """A table of 100,000 rows, and the offsets and limits that it asked for."""
    frame = log_wines(1).frame
    sample = frame.rows[0]
    asked: list[tuple[int, int]] = []

    def rows(offset: int, limit: int) -> list[RunRow]:
        asked.append((offset, limit))
        return [replace(sample, run_name=f"run-{i}") for i in range(offset, min(offset + limit, 100_000))]

    first = tuple(replace(sample, run_name=f"run-{i}") for i in range(25))
    return show(replace(frame, n_runs=100_000, n_lines=100_000, n_total=100_000, rows=first), {"rows": rows}), asked


def test_a_hundred_thousand_rows_are_read_as_they_are_seen(endless: tuple[PanelPage, list[tuple[int, int]]]) -> None:
    shown, asked = endless
    page = shown.page
    grid = page.locator(".jt-grid")
    assert asked == []
    assert page.locator("table").get_attribute("aria-rowcount") == "100001"
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight / 2; }")
    expect(page.locator("tr[data-index='50000'] th")).to_contain_text("run-50000")
    wait_until(lambda: page.evaluate("true") and len(asked) == 3)
    assert sorted(asked[:2]) == [(49_900, 100), (50_000, 100)], "what is in view comes first"
    assert asked[2] == (50_100, 200), "and then what comes next"
    grid.evaluate("grid => { grid.scrollTop -= 290; }")
    wait_until(lambda: page.evaluate("true") and len(asked) == 4)
    assert asked[3] == (49_700, 200), "whichever way it goes"
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    expect(page.locator("tr[data-index='99999'] th")).to_contain_text("run-99999")
    assert page.locator("tbody tr").count() < 40
    assert asked[4] == (99_900, 100)
    heads = page.locator("thead th").first.bounding_box()
    box = grid.bounding_box()
    assert heads is not None
    assert box is not None
    assert heads["y"] == pytest.approx(box["y"], abs=1), "the head stays in view"


def test_what_comes_next_is_read_once_the_pointer_is_on_the_table(
    endless: tuple[PanelPage, list[tuple[int, int]]],
) -> None:
    shown, asked = endless
    shown.page.locator("tr[data-index='3'] th").hover()
    wait_until(lambda: shown.page.evaluate("true") and len(asked) == 2)
    assert asked == [(0, 200), (200, 200)]
    shown.page.locator(".jt-grid").evaluate("grid => { grid.scrollTop = 29 * 30; }")
    expect(shown.page.locator("tr[data-index='45'] th")).to_contain_text("run-45")
    assert len(asked) == 2


def test_who_drags_across_the_whole_table_waits_for_the_rows_of_the_end_alone(show: Show) -> None:
    frame = log_wines(1).frame
    sample = frame.rows[0]
    asked: list[int] = []

    def rows(offset: int, limit: int) -> list[RunRow]:
        asked.append(offset)
        time.sleep(0.1)  # as slow as a kernel that has something else to do
        return [replace(sample, run_name=f"run-{i}") for i in range(offset, offset + limit)]

    page = show(replace(frame, n_runs=100_000, n_lines=100_000), {"rows": rows}).page
    page.locator(".jt-grid").evaluate(
        """async grid => {
            for (let i = 1; i <= 60; i++) {
              grid.scrollTop = grid.scrollHeight * i / 80;
              await new Promise(resolve => requestAnimationFrame(resolve));
            }
        }"""
    )
    expect(page.locator("tr[data-index='75000'] th")).to_contain_text("run-75000")
    assert len(asked) < 40


def test_keys_walk_the_rows_to_the_last_one(endless: tuple[PanelPage, list[tuple[int, int]]]) -> None:
    shown, _ = endless
    page = shown.page
    page.locator("tr[data-index='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("tr[data-index='1']")).to_be_focused()
    page.keyboard.press("PageDown")
    page.keyboard.press("End")
    expect(page.locator("tr[data-index='99999']")).to_be_focused()
    expect(page.locator("tr[data-index='99999'] th")).to_contain_text("run-99999")
    page.keyboard.press("ArrowUp")
    expect(page.locator("tr[data-index='99998']")).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator("tr[data-index='0']")).to_be_focused()
    assert page.evaluate("window.scrollY") == 0


def test_nasty_names_are_only_names(show: Show) -> None:
    name = NASTY.encode("utf-8", "ignore").decode()
    log_cell_run(name, {name: name}, {name: 1.0})
    table = runs()
    page = show(table.frame, table._methods).page
    assert page.locator("script:not([type=module])").count() == 0
    assert page.locator(".jt-runs img").count() == 0
    assert "<script>alert('x')</script>" in page.locator("tbody th").inner_text()


def test_how_long_ago_runs_began_stays_true_in_an_open_table(show: Show) -> None:
    table = log_wines()
    page = show(table.frame, table._methods).page
    page.clock.install()
    page.reload()
    began = page.locator("tbody time").first
    expect(began).to_have_text(re.compile("now|s ago"))
    page.clock.fast_forward("05:00")
    expect(began).to_have_text("5 min ago")


def test_in_a_narrow_table_the_names_make_room_for_the_values(show: Show) -> None:
    table = log_wines()
    page = show(table.frame, table._methods, viewport={"width": 300, "height": 700}).page
    head, value = page.get_by_role("columnheader", name="run").first, page.locator("tbody td.jt-num").first
    name = page.locator("tbody th").first
    value.evaluate("cell => cell.closest('.jt-grid').scrollLeft = cell.offsetLeft")
    expect(value).to_be_in_viewport(ratio=1)
    expect(name).not_to_be_in_viewport()
    expect(head).not_to_be_in_viewport()
    page.set_viewport_size({"width": 560, "height": 700})
    expect(name).to_be_in_viewport(ratio=1)
    expect(head).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_table_is_drawn_in_both_themes(show: Show, scheme: str) -> None:
    table = log_wines(30)
    shown = show(table.frame, table._methods, color_scheme=scheme)
    shown.screenshot(f"runs-{scheme}")
    ground = shown.page.locator(".jt-runs").evaluate("node => getComputedStyle(node).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(27, 31, 36)")


def test_numbers_read_the_same_as_in_python(browser: Browser) -> None:
    module = BUILT / "format.js"
    if not module.exists():
        pytest.fail("the renderers are not built; `hatch run build` builds them", pytrace=False)
    page = browser.new_page()
    told = page.evaluate(
        """async ([source, cases]) => {
          const f = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
          const number = v => (v === null || Array.isArray(v) ? v : Number(v));
          const now = new Date('2026-03-01T14:03:11Z');
          const ago = s => f.formatAgo(new Date(now - s * 1000).toISOString(), now);
          return {
            format_number: cases.format_number.map(([v, d]) => f.formatNumber(number(v), d)),
            format_duration: cases.format_duration.map(([s]) => f.formatDuration(s)),
            format_ago: cases.format_ago.map(([s]) => ago(s)),
            plural: cases.plural.map(([n]) => f.plural(n, 'run')),
            shorten: cases.shorten.map(([text, width]) => f.shorten(text, width)),
            column_decimals: cases.column_decimals.map(([vs]) => f.columnDecimals(vs.map(number))),
            format_difference: cases.format_difference.map(([v, p]) => f.formatDifference(v, p)),
            format_ticks: cases.format_ticks.map(([vs]) => f.formatTicks(vs)),
            format_bytes: cases.format_bytes.map(([n]) => f.formatBytes(n)),
            tell_apart: cases.tell_apart.map(([texts, width]) => f.tellApart(texts, width))
          };
        }""",
        [module.read_text(encoding="utf-8"), CASES],
    )
    page.close()
    assert told == {name: [case[-1] for case in cases] for name, cases in CASES.items()}


def test_a_table_whose_kernel_was_restarted_says_what_to_do(show: Show) -> None:
    table = log_wines()
    page = show(table.frame, table._methods).page
    # As the channel of a widget does when its kernel is another one.
    page.evaluate("() => { window.answer = () => { throw new Error('Cannot send'); }; }")
    page.get_by_role("button", name="loss", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("✕ The kernel that this came from has ended. Run the cell again.")
