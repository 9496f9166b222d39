"""Panels in the main area: alive while a cell trains, and leading to the cells that made what they show."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.ui.lab import Lab, Notebook
from tests.ui.side import LOAD, TRACKED, Side, begin, main_area, open_new_notebook, write_notebook

TRAIN = """
%%track wine-quality --name long-one
import time, jtrack
for step in range(6000):
    jtrack.log_metrics({"loss": 1 / (step + 1), "accuracy": 1 - 1 / (step + 2)}, step=step)
    time.sleep(0.05)
""".strip()
SWEEP = """
%%sweep --max-evals 4 --minimize loss --seed 1 --name lofty-lynx lr=uniform(0,1)
loss = (lr - 0.3) ** 2
""".strip()
ACTIVE_CELL = """() => {
  const { currentWidget } = window.jupyterapp.shell;
  return [currentWidget?.context?.path, currentWidget?.content?.activeCellIndex];
}"""


def wait_for_cell(lab: Lab, path: str, index: int) -> None:
    """Wait until a cell of a notebook is the one that one is in."""
    lab.page.wait_for_function(
        f"asked => JSON.stringify(({ACTIVE_CELL})()) === JSON.stringify(asked)", arg=[path, index]
    )


def wait_for_news(value: Locator) -> None:
    """Wait until what is told there changes twice."""
    for _ in range(2):
        before = value.inner_text()
        expect(value).not_to_have_text(before)


def close_all(lab: Lab) -> None:
    lab.command("docmanager:save-all")
    lab.page.evaluate("() => [...window.jupyterapp.shell.widgets('main')].forEach(widget => widget.dispose())")


def test_open_panels_follow_a_run_that_trains(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, LOAD, TRACKED.format(name="before", depth=4), TRAIN)
    notebook.run_cell(0)
    notebook.run_cell(1)
    begin(notebook, 2)
    side = Side.of(lab)
    side.wait_for_names("long-one", "before")
    side.rows("long-one").click()
    page = main_area(lab.page).locator(".jt-run-page")
    wait_for_news(page.locator(".jt-page-overview tr", has_text="loss").locator("td").first)
    page.get_by_role("tab", name="metrics").click()
    row = page.locator("tr.jt-pick", has_text="loss")
    # The row can be seen, and what was chosen in the part stays chosen while it is drawn anew.
    assert row.evaluate("row => getComputedStyle(row).opacity") == "1"
    row.get_by_role("button").click()
    wait_for_news(row.locator("td").first)
    expect(row.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    expect(row.get_by_role("button")).to_be_focused()
    lab.screenshot("open-run-page")

    side.panel.get_by_role("button", name="open as table").click()
    table = main_area(lab.page).locator(".jt-runs")
    wait_for_news(table.locator("tr", has_text="long-one").locator("td", has_text=re.compile(r"^0\.\d+$")).nth(1))
    lab.screenshot("open-runs")

    side.rows("long-one").focus()
    lab.page.keyboard.press("Control+A")
    side.panel.get_by_role("button", name="compare").click()
    comparison = main_area(lab.page).locator(".jt-compare")
    comparison.get_by_role("button", name="before", exact=False).first.click()
    wait_for_news(comparison.locator("tr", has=lab.page.get_by_role("rowheader", name="loss")).first)
    expect(comparison.locator(".jt-run", has_text="before")).to_have_attribute("aria-pressed", "false")
    lab.screenshot("open-compare")
    lab.page.evaluate(
        "() => [...window.jupyterapp.shell.widgets('main')].find(w => w.sessionContext)"
        ".sessionContext.session.kernel.interrupt()"
    )
    expect(comparison.locator(".jt-run", has_text="long-one")).not_to_contain_text("running")
    assert lab.console_errors == []


def test_a_run_of_another_store_is_said_to_be_looked_for_in_this_one(lab: Lab, folder: Path) -> None:
    turn = f"import jtrack\njtrack.set_tracking_uri({str(folder / 'elsewhere')!r})"
    notebook = open_new_notebook(lab, folder, LOAD, turn, TRACKED.format(name="far", depth=4), "%runs")
    for index in range(4):
        notebook.run_cell(index)
    notebook.outputs(3).get_by_text("far", exact=True).click()
    expect(main_area(lab.page)).to_contain_text("no run '")
    expect(main_area(lab.page)).to_contain_text(f"looked for in {folder / '.jtrack'}; jtrack.set_tracking_uri(")


def test_what_is_newest_opens_from_the_palette(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, LOAD, SWEEP, TRAIN)
    notebook.run_cell(0)
    lab.choose_from_palette("jtrack: Parallel Coordinates")
    expect(main_area(lab.page)).to_contain_text("No runs yet")
    lab.choose_from_palette("jtrack: Live")
    live = main_area(lab.page).locator(".jt-live-panel")
    expect(live).to_contain_text("No run is running")
    lab.page.locator(".lm-TabBar-tab", has_text="wine.ipynb").click()
    notebook.run_cell(1)
    begin(notebook, 2)
    # Asked again, they show what is newest now, in the same tab.
    lab.choose_from_palette("jtrack: Parallel Coordinates")
    expect(main_area(lab.page)).to_contain_text("sweep lofty-lynx")
    lab.choose_from_palette("jtrack: Live")
    expect(live).to_contain_text("long-one")
    wait_for_news(live.locator(".jt-tile", has_text="loss").locator(".jt-num").first)
    assert lab.page.locator(".lm-TabBar-tab", has_text="Live").count() == 1
    lab.screenshot("open-live")
    assert lab.console_errors == []


def test_a_trial_leads_to_the_cell_of_its_sweep(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, LOAD, "'between'", SWEEP)
    notebook.run_cell(0)
    notebook.run_cell(2)
    assert notebook.faults(2) == []
    path = f"{folder.name}/wine.ipynb"
    side = Side.of(lab)
    notebook.scroll_to(0)
    side.rows("lofty-lynx").click()
    lab.page.get_by_role("button", name="Go to the cell of").click()
    wait_for_cell(lab, path, 2)

    notebook.scroll_to(0)
    side.filter("attributes.parent_run_id IS NOT NULL")
    side.wait_for_names(*(f"lofty-lynx-{number}" for number in (3, 2, 1, 0)))
    trial = side.rows().first
    trial.focus()
    lab.page.keyboard.press("c")
    wait_for_cell(lab, path, 2)
    trial.click()
    page = main_area(lab.page)
    page.get_by_role("tab", name="overview").wait_for()
    lab.screenshot("open-trial")
    page.get_by_role("button", name="which lofty-lynx holds").click()
    wait_for_cell(lab, path, 2)

    notebook.scroll_to(0)
    side.filter("")
    side.wait_for_names("lofty-lynx")
    side.panel.get_by_role("button", name="open as table").click()
    # As in the list, the trials are folded into their sweep.
    main_area(lab.page).get_by_role("button", name="open lofty-lynx").click()
    row = main_area(lab.page).locator(".jt-grid tbody tr", has_text="lofty-lynx-1")
    row.focus()
    lab.page.keyboard.press("Shift+F10")
    main_area(lab.page).get_by_role("menuitem", name="go to its cell").click()
    wait_for_cell(lab, path, 2)
    assert lab.console_errors == []


def test_marks_and_the_way_to_a_cell_outlive_a_rename_and_find_a_second_notebook(lab: Lab, folder: Path) -> None:
    write_notebook(folder / "second.ipynb", "1", "2", LOAD, TRACKED.format(name="other", depth=2))
    second = lab.open_notebook(f"{folder.name}/second.ipynb")
    second.run_cell(2)
    second.run_cell(3)
    lab.command("docmanager:save")
    notebook = open_new_notebook(lab, folder, LOAD, "'between'", TRACKED.format(name="first-one", depth=4))
    notebook.run_cell(0)
    notebook.run_cell(2)
    mark = notebook.cell(2).locator(".jtrack-mark")
    expect(mark).to_contain_text("1 run")
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.rename('renamed.ipynb')")
    notebook.edit_cell(2, TRACKED.format(name="again", depth=6))
    notebook.run_cell(2)
    expect(mark).to_contain_text("2 runs")
    assert notebook.panel.locator(".jtrack-mark").count() == 1

    side = Side.of(lab)
    side.wait_for_names("again", "first-one")
    side.panel.get_by_role("button", name="open as table").click()
    expect(main_area(lab.page).locator(".jt-grid tbody .jt-open")).to_have_text(["again", "first-one"])
    lab.screenshot("renamed-table")
    side.choose("runs of this folder")
    side.wait_for_names("again", "first-one", "other")
    side.rows("first-one").click()
    page = main_area(lab.page)
    page.get_by_role("button", name="go to the cell of first-one").click()
    wait_for_cell(lab, f"{folder.name}/renamed.ipynb", 2)
    side.rows("other").focus()
    lab.page.keyboard.press("c")
    wait_for_cell(lab, f"{folder.name}/second.ipynb", 3)
    expect(Notebook(lab, lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")).cell(3)).to_contain_text("depth")

    assert lab.console_errors == []
    # Closed and renamed where nobody looked.
    close_all(lab)
    (folder / "renamed.ipynb").rename(folder / "once-more.ipynb")
    side.rows("first-one").focus()
    lab.page.keyboard.press("c")
    wait_for_cell(lab, f"{folder.name}/once-more.ipynb", 2)
