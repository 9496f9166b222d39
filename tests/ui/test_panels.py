"""The panels in a real JupyterLab: used with mouse and keys, while a cell trains, in the dark, and without trust."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import expect

from tests.ui.lab import Lab, Notebook
from tests.ui.side import KERNEL, LOAD, MAKE_RUNS, TRACKED, open_new_notebook


def names_in(notebook: Notebook, index: int) -> list[str]:
    return notebook.outputs(index).locator(".jt-grid tbody .jt-open").all_inner_texts()


def test_the_runs_table_sorts_and_filters_where_it_stands(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, MAKE_RUNS, "jtrack.runs()")
    notebook.run_cell(0)
    notebook.run_cell(1)
    table = notebook.outputs(1).locator(".jt-runs")
    table.locator("tbody th", has_text="depth-6").wait_for()
    assert names_in(notebook, 1) == ["depth-6", "depth-4", "depth-2"]

    table.get_by_role("button", name="depth", exact=True).click()
    table.locator("th[aria-sort=ascending]", has_text="depth").wait_for()
    assert names_in(notebook, 1) == ["depth-2", "depth-4", "depth-6"]

    table.get_by_label("filter runs").fill("params.depth > 2")
    table.get_by_label("filter runs").press("Enter")
    table.get_by_role("status").filter(has_text="2 of 3 runs").wait_for()
    assert names_in(notebook, 1) == ["depth-4", "depth-6"]

    table.get_by_label("filter runs").fill("params.depth >")
    table.get_by_label("filter runs").press("Enter")
    fault = table.get_by_role("alert")
    fault.wait_for()
    assert "params.depth" in fault.inner_text()
    assert names_in(notebook, 1) == ["depth-4", "depth-6"]
    lab.screenshot("panels-runs-fault", of=table)
    assert lab.console_errors == []
    assert lab.foreign_requests == []


def test_runs_that_are_chosen_in_the_table_are_what_the_other_panels_show(lab: Lab, folder: Path) -> None:
    shown = 'table = jtrack.runs()\ndisplay(table, jtrack.compare("params.seed = 1"), jtrack.parallel())'
    notebook = open_new_notebook(lab, folder, MAKE_RUNS, shown)
    notebook.run_cell(0)
    notebook.run_cell(1)
    outputs = notebook.outputs(1)
    compared = outputs.locator(".jt-compare .jt-head")
    lit = outputs.locator(".jt-parallel").get_by_role("status").first
    expect(compared).to_contain_text("3 runs")
    for name in ("depth-6", "depth-2"):
        outputs.get_by_label(f"choose {name}").check()
    expect(compared).to_contain_text("2 runs")
    assert "depth-4" not in outputs.locator(".jt-compare").inner_text()
    expect(lit).to_have_text("2 of 3 chosen")
    lab.screenshot("panels-chosen", of=notebook.panel)
    for name in ("depth-6", "depth-2"):
        outputs.get_by_label(f"choose {name}").uncheck()
    expect(compared).to_contain_text("3 runs")
    expect(lit).to_have_text("drag along an axis to brush")
    assert lab.console_errors == []


def test_arrow_keys_walk_the_rows_and_leave_the_notebook_alone(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, MAKE_RUNS, "jtrack.runs()", "'below'")
    notebook.run_cell(0)
    notebook.run_cell(1)
    table = notebook.outputs(1).locator(".jt-runs")
    table.locator("tbody th").first.wait_for()
    table.locator("tr[data-index='0']").focus()
    lab.page.keyboard.press("ArrowDown")
    assert lab.page.evaluate("() => document.activeElement.dataset.index") == "1"
    assert lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == 1


def test_keys_in_a_field_of_a_panel_are_its_own_and_shortcuts_are_jupyterlabs(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, MAKE_RUNS, "jtrack.compare(['depth-2', 'depth-4', 'depth-6'])", "'below'")
    notebook.run_cell(0)
    panel = notebook.run_cell(1).locator(".jt-compare")
    smoothing = panel.get_by_label("smoothing of the curves")
    smoothing.focus()
    for key in ("ArrowRight", "ArrowUp"):
        lab.page.keyboard.press(key)
    expect(smoothing).to_have_value("0.04")
    groups = panel.get_by_label("draw runs as groups")
    groups.focus()
    lab.page.keyboard.press("ArrowDown")
    expect(groups).to_have_value("0")
    lab.page.keyboard.press("m")  # in JupyterLab: make this cell one of text, without its panel
    expect(groups).to_be_focused()

    panel.get_by_role("button", name="log").first.click()
    is_changed = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
    assert lab.page.evaluate(is_changed)
    lab.page.keyboard.press("Control+S")
    lab.page.wait_for_function(f"() => !({is_changed})()")
    assert lab.console_errors == []


def test_the_runs_table_answers_while_a_cell_runs(lab: Lab, folder: Path) -> None:
    busy = "import time; print('begun', flush=True); time.sleep(300)"
    notebook = open_new_notebook(lab, folder, MAKE_RUNS, "jtrack.runs()", busy)
    notebook.run_cell(0)
    notebook.run_cell(1)
    table = notebook.outputs(1).locator(".jt-runs")
    table.locator("tbody th", has_text="depth-6").wait_for()
    notebook.scroll_to(2)
    notebook.cell(2).locator(".cm-content").click()
    lab.page.keyboard.press("Control+Enter")
    notebook.wait_for_output(2, "begun")

    # The first message after display may still go to the busy main shell; the second doesn't.
    table.get_by_role("button", name="depth", exact=True).click()
    table.get_by_role("button", name="depth", exact=True).click()
    table.locator("th[aria-sort]", has_text="depth").wait_for()
    assert notebook.cell(2).locator(".jp-InputPrompt").inner_text() == "[*]:"
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")


def test_the_comparison_shows_curves_and_values_under_the_pointer(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, MAKE_RUNS, "jtrack.compare(['depth-2', 'depth-4', 'depth-6'])")
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = notebook.outputs(1).locator(".jt-compare")
    panel.locator(".jt-chart").wait_for()
    assert panel.locator(".jt-curve").count() == 3
    panel.locator(".jt-chart").hover()
    panel.locator(".jt-readout", has_text="step").wait_for()
    assert panel.locator(".jt-readout b").count() == 3
    lab.screenshot("panels-compare", of=panel)
    assert lab.console_errors == []


def test_the_panels_take_the_theme_of_jupyterlab(lab: Lab, folder: Path) -> None:
    first, second = TRACKED.format(name="first", depth=4), TRACKED.format(name="second", depth=6)
    notebook = open_new_notebook(lab, folder, "%load_ext jtrack", first, "%runs", "%compare")
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.edit_cell(1, second)
    for index in (1, 2, 3):
        notebook.run_cell(index)
    for theme, other in (("dark", "light"), ("light", "dark")):
        lab.set_theme(dark=theme == "dark")
        # Not the system's scheme decides, but the theme.
        lab.page.emulate_media(color_scheme=other)  # type: ignore[arg-type]
        notebook.scroll_to(1)
        card = notebook.wait_for_output(1, "second").locator(".jtrack").first
        assert card.evaluate("node => getComputedStyle(node).colorScheme") == theme
        for index, name in ((1, "card"), (2, "runs"), (3, "compare")):
            notebook.scroll_to(index)
            panel = notebook.outputs(index).locator(".jtrack").first
            panel.wait_for()
            lab.screenshot(f"panels-{name}-{theme}", of=panel)


def test_a_card_reads_well_in_a_notebook_that_is_not_trusted(lab: Lab, folder: Path) -> None:
    curve = "\nimport jtrack\nfor step in range(20): jtrack.log_metric('val_loss', 1 / (step + 1), step=step)"
    notebook = open_new_notebook(lab, folder, "%load_ext jtrack", TRACKED.format(name="first", depth=4) + curve)
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.edit_cell(1, TRACKED.format(name="second", depth=6) + curve)
    notebook.run_cell(1)
    notebook.wait_for_output(1, "best of 2")
    outputs = "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.outputs.toJSON()"
    bundle = lab.page.evaluate(outputs)[-1]["data"]
    cell = new_code_cell("'from elsewhere'", outputs=[new_output("display_data", data=bundle)])
    nbformat.write(new_notebook(cells=[cell], metadata=KERNEL), folder / "untrusted.ipynb")

    stranger = lab.open_notebook(f"{folder.name}/untrusted.ipynb")
    card = stranger.wait_for_output(0, "val_accuracy")
    assert card.locator("style").count() == 0, "JupyterLab trusts it after all"
    for said in ("second", "0.8600", "▲ 0.0200", "since first", "- depth = 4", "+ depth = 6", "best of 2 in this cell"):
        # Section heads are in small capitals where the stylesheet comes from elsewhere.
        assert said in " ".join(card.inner_text().split()).replace("SINCE", "since")
    curves = card.locator("img")
    assert curves.evaluate_all("images => images.map(image => image.complete && image.naturalWidth > 0)") == [True]
    lab.screenshot("panels-card-untrusted", of=card)


def test_a_saved_panel_shows_its_saved_form_where_its_kernel_is_gone(lab: Lab, folder: Path) -> None:
    foreign = "import ipywidgets\nipywidgets.IntSlider()"
    notebook = open_new_notebook(lab, folder, LOAD, TRACKED.format(name="first", depth=4), "%runs", foreign)
    for index in range(4):
        notebook.run_cell(index)
    notebook.outputs(2).get_by_label("choose first").wait_for()
    lab.command("docmanager:save")
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown().then(() => null)")

    again = lab.open_notebook(f"{folder.name}/wine.ipynb")
    saved = again.outputs(2)
    expect(saved.get_by_role("row").filter(has_text="first")).to_contain_text("0.8400")
    expect(saved).not_to_contain_text("model not found")
    lab.screenshot("saved-panel")
    # What another package has saved is shown as before.
    expect(again.outputs(3)).to_contain_text("model not found")
    again.run_cell(0)
    again.run_cell(2)
    again.outputs(2).get_by_label("choose first").wait_for()
