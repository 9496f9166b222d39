"""The side panel in a real JupyterLab: whose runs, live beside a busy or a dead kernel, searched, selected, opened."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from jtrack.widgets.style import whole_stylesheet
from tests.ui.lab import Lab
from tests.ui.server import ROOT, SERVER_CONFIG, lab_server
from tests.ui.side import (
    LOAD,
    MAKE_RUNS,
    TRACKED,
    TRAIN,
    Side,
    accessibility_faults,
    begin,
    main_area,
    open_new_notebook,
    write_notebook,
)

BUILT_STYLE = ROOT / "labextension" / "lib" / "lab" / "lab.css"
SWEEP = """
import jtrack, jtrack.tracking
from jtrack.entities import RunKind
with jtrack.tracking.start_run(run_name="lofty-lynx", kind=RunKind.SWEEP):
    for trial in range(8):
        with jtrack.tracking.start_run(run_name=f"trial-{trial}", nested=True, kind=RunKind.TRIAL):
            jtrack.log_param("depth", trial)
            jtrack.log_metric("loss", (trial - 3) ** 2)
""".strip()

# JupyterLab saves the layout a moment after it changed; earlier tests left theirs in the same workspace.
_COUNT_BEYOND_NAME = """row => {
  row.style.width = '170px';
  const end = part => row.querySelector(part).getBoundingClientRect().right;
  const beyond = end('.jt-side-name .jt-muted') - end('.jt-side-name');
  row.style.width = '';
  return beyond;
}"""
_WAIT_FOR_SAVED_LAYOUT = """async folder => {
  for (;;) {
    const { data } = await window.jupyterapp.serviceManager.workspaces.fetch('default');
    const front = data['layout-restorer:data']?.main?.current ?? '';
    if (front.startsWith('jtrack-panels:') && JSON.stringify(data[front] ?? '').includes(folder)) return;
  }
}"""


@pytest.fixture
def lab(fresh_lab: Lab) -> Lab:
    """The side panel remembers what it was asked for."""
    return fresh_lab


def show_made_runs(lab: Lab, folder: Path) -> Side:
    """Make three runs in a notebook and show them beside it."""
    notebook = open_new_notebook(lab, folder, MAKE_RUNS)
    notebook.run_cell(0)
    side = Side.of(lab)
    side.choose("all runs")
    side.wait_for_names("depth-6", "depth-4", "depth-2")
    return side


def test_it_lists_the_runs_of_this_notebook_of_this_folder_and_all(lab: Lab, folder: Path) -> None:
    (folder / "sub").mkdir()
    write_notebook(folder / "sub" / "deep.ipynb", LOAD, TRACKED.format(name="deeper", depth=2))
    beside = open_new_notebook(lab, folder, LOAD, TRACKED.format(name="beside", depth=3), name="other")
    beside.run_cell(0)
    beside.run_cell(1)
    deep = lab.open_notebook(f"{folder.name}/sub/deep.ipynb")
    deep.run_cell(0)
    deep.run_cell(1)
    here = open_new_notebook(lab, folder, LOAD, TRACKED.format(name="here", depth=4))
    side = Side.of(lab)
    side.panel.get_by_text("No runs of this notebook yet").wait_for()
    # Or in another store, that its kernel has turned to.
    expect(side.panel).to_contain_text(f"Looked for in {folder / '.jtrack'}.")
    lab.screenshot("side-empty", of=side.panel)
    here.run_cell(0)
    here.run_cell(1)
    side.wait_for_names("here")
    side.choose("runs of this folder")
    side.wait_for_names("here", "deeper", "beside")
    side.choose("all runs")
    side.wait_for_names("here", "deeper", "beside")
    assert lab.console_errors == []
    assert lab.foreign_requests == []


def test_it_follows_a_run_while_the_kernel_is_busy_and_knows_it_killed(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, "%load_ext jtrack", TRAIN.format(name="long-one"))
    side = Side.of(lab)
    notebook.run_cell(0)
    begin(notebook, 1)
    live = notebook.outputs(1).locator(".jt-live-panel")
    expect(live).to_contain_text("running")
    row = side.rows("long-one")
    expect(row).to_contain_text("running")
    value = row.locator(".jt-side-value")
    for _ in range(2):
        before = value.inner_text()
        expect(value).not_to_have_text(before)
    row.locator(".jt-sparkline").wait_for()
    assert notebook.cell(1).locator(".jp-InputPrompt").inner_text() == "[*]:"
    lab.screenshot("side-busy")

    kernel = int(notebook.wait_for_output(1, "training in").inner_text().split()[2])
    os.kill(kernel, signal.SIGKILL)
    expect(row).to_contain_text("killed")
    lab.screenshot("side-killed", of=side.panel)
    expect(live).to_contain_text("killed")
    lab.screenshot("live-killed", of=live)
    assert lab.foreign_requests == []


def test_a_filter_is_searched_for_and_its_fault_is_shown_in_place(lab: Lab, folder: Path) -> None:
    side = show_made_runs(lab, folder)
    side.filter("params.depth > 2")
    side.wait_for_names("depth-6", "depth-4")

    side.filter("params.depth > 2 and metrics.val_accuracy >")
    fault = side.panel.get_by_role("alert")
    expect(fault).to_contain_text("val_accuracy")
    box = side.panel.get_by_label("filter runs")
    expect(box).to_have_attribute("aria-invalid", "true")
    assert box.input_value() == "params.depth > 2 and metrics.val_accuracy >"
    # What was found before goes on being shown, and being followed.
    side.wait_for_names("depth-6", "depth-4")
    lab.screenshot("side-fault", of=side.panel)

    side.filter("params.depth = 999")
    side.panel.get_by_text("No run fits this filter").wait_for()
    assert fault.count() == 0
    box.press("Escape")
    side.wait_for_names("depth-6", "depth-4", "depth-2")


def test_it_sorts_by_a_metric_and_marks_the_best(lab: Lab, folder: Path) -> None:
    log_loss = f"{MAKE_RUNS}\n        jtrack.log_metric('val_loss', (depth - 3.9) ** 2 // 1)"
    notebook = open_new_notebook(lab, folder, log_loss)
    notebook.run_cell(0)
    side = Side.of(lab)
    side.choose("all runs")
    side.wait_for_names("depth-6", "depth-4", "depth-2")
    side.panel.get_by_label("sort by").select_option("val_accuracy")
    expect(side.rows("depth-6").locator(".jt-best")).to_have_text("0.8592")
    side.panel.get_by_role("button", name="highest first").click()
    side.wait_for_names("depth-2", "depth-4", "depth-6")
    # The best of a loss is the lowest, also of one that no row shows yet.
    side.panel.get_by_label("sort by").select_option("val_loss")
    side.wait_for_names("depth-4", "depth-2", "depth-6")
    expect(side.panel.get_by_role("button", name="lowest first")).to_have_text("lowest ↑")
    expect(side.rows("depth-4").locator(".jt-best")).to_have_text("0")
    lab.screenshot("side-sorted", of=side.panel)
    side.panel.get_by_role("button", name="open as table").click()
    table = main_area(lab.page)
    expect(table.get_by_role("columnheader", name="val_loss")).to_have_attribute("aria-sort", "ascending")
    expect(table.locator(".jt-grid tbody .jt-open")).to_have_text(["depth-4", "depth-2", "depth-6"])
    lab.screenshot("side-sorted-table")
    assert lab.console_errors == []


def test_runs_are_walked_selected_and_compared_with_keys_alone(lab: Lab, folder: Path) -> None:
    side = show_made_runs(lab, folder)
    side.panel.get_by_label("filter runs").press("ArrowDown")
    expect(side.rows("depth-6")).to_be_focused()
    lab.page.keyboard.press("Space")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Space")
    assert side.selected() == ["depth-6", "depth-2"]
    lab.screenshot("side-selected", of=side.panel)
    lab.choose_from_palette("jtrack: Compare Selected Runs")
    panel = main_area(lab.page)
    panel.locator(".jt-chart").first.wait_for()
    text = panel.inner_text()
    assert "depth-6" in text
    assert "depth-2" in text
    assert "depth-4" not in text
    lab.screenshot("side-compare")

    side.rows("depth-4").focus()
    lab.page.keyboard.press("Enter")
    lab.page.locator(".lm-TabBar-tab.lm-mod-current", has_text="depth-4").wait_for()
    main_area(lab.page).get_by_role("tab", name="overview").wait_for()
    side.rows("depth-4").focus()
    lab.page.keyboard.press("Escape")
    assert side.selected() == []
    assert lab.console_errors == []
    assert lab.foreign_requests == []


def test_while_the_server_does_not_answer_the_runs_stay_as_they_were_read(lab: Lab, folder: Path) -> None:
    side = show_made_runs(lab, folder)
    lab.page.route("**/jtrack/api/runs?*", lambda route: route.abort())
    side.rows("depth-4").click(modifiers=["Control"])
    side.choose("this folder")
    alert = side.panel.get_by_role("alert")
    expect(alert).to_contain_text("does not answer")
    expect(side.rows("depth-4")).to_be_hidden()
    side.choose("all runs")
    expect(side.panel).to_contain_text("What is shown is what was read last.")
    expect(side.rows("depth-4")).to_be_visible()
    lab.screenshot("side-offline", of=side.panel)
    lab.page.unroute("**/jtrack/api/runs?*")
    side.panel.get_by_role("button", name="try again").click()
    expect(alert).to_have_count(0)
    expect(side.rows()).to_have_count(3)


def test_runs_are_selected_with_the_mouse_and_their_text_is_not(lab: Lab, folder: Path) -> None:
    side = show_made_runs(lab, folder)
    side.rows("depth-6").click(modifiers=["ControlOrMeta"])
    side.rows("depth-2").click(modifiers=["Shift"])
    assert side.selected() == ["depth-6", "depth-4", "depth-2"]
    side.rows("depth-4").click(modifiers=["ControlOrMeta"])
    assert side.selected() == ["depth-6", "depth-2"]
    side.rows("depth-6").dblclick()
    assert lab.page.evaluate("String(getSelection())") == ""


def test_an_open_panel_is_there_again_after_a_reload(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, MAKE_RUNS)
    notebook.run_cell(0)
    side = Side.of(lab)
    side.choose("all runs")
    side.rows("depth-6").click()
    main_area(lab.page).get_by_role("tab", name="overview").wait_for()
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save-all').then(() => null)")
    lab.page.evaluate(_WAIT_FOR_SAVED_LAYOUT, folder.name)
    lab.page.goto(f"{lab.server.url}/lab")
    lab.page.wait_for_function("() => window.jupyterapp !== undefined")
    lab.page.evaluate("() => window.jupyterapp.restored.then(() => null)")
    lab.page.locator(".lm-TabBar-tabLabel", has_text="depth-6").click()
    main_area(lab.page).get_by_role("tab", name="overview").wait_for()
    expect(main_area(lab.page)).to_contain_text("val_accuracy")


def test_a_sweep_opens_as_parallel_coordinates_and_hides_its_trials(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, SWEEP)
    notebook.run_cell(0)
    assert notebook.faults(0) == []
    side = Side.of(lab)
    side.choose("all runs")
    side.wait_for_names("lofty-lynx")
    expect(side.rows("lofty-lynx")).to_contain_text("8 trials")
    assert side.rows("lofty-lynx").evaluate(_COUNT_BEYOND_NAME) <= 0
    side.rows("lofty-lynx").click()
    expect(main_area(lab.page)).to_contain_text("depth")
    expect(main_area(lab.page)).to_contain_text("loss")
    # The tab is its own: the axes take what the panel's head and foot leave of it, and nothing is to be scrolled.
    host = main_area(lab.page)
    assert host.evaluate("host => host.scrollHeight - host.clientHeight") == 0
    assert host.evaluate("host => host.querySelector('.jt-track').offsetHeight / host.clientHeight") > 0.7
    lab.screenshot("side-sweep")
    main_area(lab.page).get_by_role("button", name="trial-3").click()
    lab.page.locator(".lm-TabBar-tab.lm-mod-current", has_text="trial-3").wait_for()
    side.filter("metrics.loss < 1")
    side.wait_for_names("trial-3")
    side.panel.get_by_role("button", name="open as table").click()
    main_area(lab.page).locator(".jt-grid tbody th", has_text="trial-3").wait_for()
    assert main_area(lab.page).locator(".jt-grid tbody th", has_text="trial").count() == 1
    assert lab.console_errors == []


def test_it_takes_the_theme_and_axe_finds_nothing(lab: Lab, folder: Path) -> None:
    fails = "%%track --name sad-newt\nraise ValueError('lr too large')"
    notebook = open_new_notebook(lab, folder, LOAD, TRACKED.format(name="first", depth=4), fails, MAKE_RUNS)
    for index in (0, 1, 2, 3):
        notebook.run_cell(index)
    side = Side.of(lab)
    side.choose("all runs")
    side.wait_for_names("depth-6", "depth-4", "depth-2", "sad-newt", "first")
    side.rows("depth-6").locator(".jt-sparkline").wait_for()
    side.panel.get_by_role("button", name="keys").click()
    side.rows("depth-4").focus()
    lab.page.keyboard.press("Space")
    for theme in ("light", "dark"):
        lab.set_theme(dark=theme == "dark")
        assert side.panel.locator(".jt-side").evaluate("node => getComputedStyle(node).colorScheme") == theme
        lab.screenshot(f"side-{theme}")
        assert accessibility_faults(lab.page, ".jtrack-side") == []
        assert accessibility_faults(lab.page, ".jtrack-mark") == []
    side.rows("first").click()
    main_area(lab.page).get_by_role("tab", name="overview").wait_for()
    for theme in ("dark", "light"):
        lab.set_theme(dark=theme == "dark")
        lab.screenshot(f"side-run-{theme}")
        assert accessibility_faults(lab.page, ".jtrack-host") == []


def test_the_extension_draws_by_the_stylesheet_that_the_widgets_carry() -> None:
    built = BUILT_STYLE.read_text(encoding="utf-8")
    assert built.startswith(whole_stylesheet())
    assert ".jtrack-side:not(#j" in built


def test_the_shortcut_opens_the_panel_from_a_notebook(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, "1 + 1")
    notebook.scroll_to(0)
    lab.page.keyboard.press("Alt+Shift+J")
    expect(Side(lab.page).panel.get_by_label("filter runs")).to_be_focused()


def test_without_the_server_extension_it_says_so_and_what_to_type(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "off.json"
    config.write_text(SERVER_CONFIG.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")
    monkeypatch.setattr("tests.ui.server.SERVER_CONFIG", config)
    root = tmp_path / "served"
    root.mkdir()
    with lab_server(root, tmp_path / "private") as server:
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        lab = Lab(context.new_page(), server)
        (root / "work").mkdir()
        open_new_notebook(lab, root / "work", "1 + 1")
        side = Side.of(lab)
        expect(side.panel.get_by_role("alert")).to_contain_text("server extension is not running")
        expect(side.panel).to_contain_text("jupyter server extension list")
        lab.screenshot("side-no-server", of=side.panel)
        lab.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll().then(() => null)")
        context.close()
