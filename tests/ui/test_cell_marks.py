"""Between a cell and its runs: the mark under it, from a run to its cell and back, the commands that write headers."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Request, expect

from tests.ui.lab import Lab, Notebook
from tests.ui.side import KERNEL, LOAD, TRACKED, Side, main_area, open_new_notebook

DELETE_ALL = """
import jtrack
for run in jtrack.search_runs(search_all_experiments=True, output_format="list"):
    jtrack.delete_run(run.info.run_id)
""".strip()
DOCUMENT = "() => JSON.stringify(window.jupyterapp.shell.currentWidget.model.toJSON())"


def mark(notebook: Notebook, index: int) -> str:
    return notebook.cell(index).locator(".jtrack-mark").inner_text()


def test_a_tracked_cell_is_marked_with_its_last_metric_and_the_document_knows_nothing_of_it(
    lab: Lab, folder: Path
) -> None:
    notebook = open_new_notebook(lab, folder, LOAD, TRACKED.format(name="first", depth=4), "print('untracked')")
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.run_cell(2)
    shown = notebook.cell(1).locator(".jtrack-mark")
    expect(shown).to_contain_text("val_accuracy 0.8400 · 1 run")
    notebook.edit_cell(1, TRACKED.format(name="second", depth=6))
    notebook.run_cell(1)
    expect(shown).to_contain_text("val_accuracy 0.8600 ▲ 0.0200 · 2 runs")
    lab.screenshot("mark")
    assert notebook.panel.locator(".jtrack-mark").count() == 1
    document = json.loads(lab.page.evaluate(DOCUMENT))
    assert [cell["metadata"].keys() & {"jtrack"} for cell in document["cells"]] == [set()] * 3
    assert "2 runs" not in json.dumps([cell["source"] for cell in document["cells"]])
    notebook.edit_cell(2, DELETE_ALL)
    notebook.run_cell(2)
    expect(shown).to_have_count(0)
    assert lab.console_errors == []


def test_from_a_run_to_its_cell_and_from_the_cell_to_its_runs(lab: Lab, folder: Path) -> None:
    middle = [f"'cell {number}'" for number in range(60)]
    sources = [LOAD, TRACKED.format(name="top", depth=4), *middle, TRACKED.format(name="bottom", depth=6)]
    notebook = open_new_notebook(lab, folder, *sources)
    last = len(sources) - 1
    for index in (0, 1, last):
        notebook.run_cell(index)
    side = Side.of(lab)
    side.wait_for_names("bottom", "top")
    notebook.scroll_to(0)
    side.rows("bottom").focus()
    lab.page.keyboard.press("c")
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    lab.page.wait_for_function(f"last => ({active})() === last", arg=last)
    expect(notebook.cell(last)).to_be_in_viewport()
    lab.screenshot("to-cell")

    lab.choose_from_palette("jtrack: Show Runs of This Cell")
    side.wait_for_names("bottom")
    lab.screenshot("runs-of-cell", of=side.panel)
    side.panel.get_by_role("button", name="show the runs of all cells").click()
    side.wait_for_names("bottom", "top")

    # The way back also leads from a run's page, when the notebook was closed.
    side.rows("top").click()
    main_area(lab.page).get_by_role("tab", name="overview").wait_for()
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save-all').then(() => null)")
    lab.page.evaluate(
        "() => [...window.jupyterapp.shell.widgets('main')].find(w => w.context?.path.endsWith('wine.ipynb')).dispose()"
    )
    lab.page.get_by_role("button", name="go to the cell of top").click()
    lab.page.wait_for_function(f"() => window.jupyterapp.shell.currentWidget?.content?.model && ({active})() === 1")
    expect(notebook.cell(1).locator(".jtrack-mark")).to_contain_text("0.8400")
    notebook.cell(1).locator(".jtrack-mark button").click()
    side.wait_for_names("top")
    assert lab.console_errors == []


def test_many_cells_cost_one_question(lab: Lab, folder: Path) -> None:
    sources = [
        LOAD,
        *(f"%%track --name run-{n}\ndepth = {n}\naccuracy = depth / 8" for n in range(5)),
        *(f"{n}" for n in range(60)),
    ]
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/jtrack/api/cells" in request.url:
            asked.append(request.url)

    notebook = open_new_notebook(lab, folder, *sources)
    for index in range(6):
        notebook.run_cell(index)
    expect(notebook.cell(5).locator(".jtrack-mark")).to_contain_text("accuracy 0.5")
    lab.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save').then(() => null)")
    lab.page.on("request", note)
    again = lab.open_notebook(f"{folder.name}/wine.ipynb")
    for index in range(1, 6):
        again.scroll_to(index)
        expect(again.cell(index).locator(".jtrack-mark")).to_contain_text(f"accuracy {(index - 1) / 8:.3g}")
    again.scroll_to(len(sources) - 1)
    assert len(asked) == 1


def choose_with_keys(lab: Lab, notebook: Notebook, label: str) -> None:
    """Choose a command from the menu in the notebook's toolbar."""
    menu = lab.page.locator(".lm-Menu.jtrack-menu")
    notebook.panel.get_by_role("button", name="jtrack: track this cell, and more").focus()
    lab.page.keyboard.press("Enter")
    menu.wait_for()
    item = menu.locator(".lm-Menu-item", has_text=label)
    for _ in range(20):
        lab.page.keyboard.press("ArrowDown")
        if "lm-mod-active" in (item.get_attribute("class") or ""):
            break
    lab.screenshot("notebook-menu")
    lab.page.keyboard.press("Enter")
    menu.wait_for(state="detached")


def test_a_newcomer_tracks_compares_sweeps_and_exports_from_the_toolbar_with_keys_alone(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(
        lab,
        folder,
        "lr = 0.1\n# as deep as it may be\ndepth = 4\ntotal = 0\nmodel = dict(depth=depth)\n"
        "total += lr\nloss = total * depth",
    )

    def choose(label: str) -> None:
        choose_with_keys(lab, notebook, label)

    notebook.scroll_to(0)
    choose("jtrack: Track This Cell")
    lab.page.wait_for_function("() => window.jupyterapp.commands.isToggled('jtrack:track-cell')")
    assert notebook.source(0) == "%load_ext jtrack"
    assert notebook.source(1).startswith("%%track\nlr = 0.1")
    notebook.run_cell(1)
    expect(notebook.cell(1).locator(".jtrack-mark")).to_contain_text("loss 0.4000 · 1 run")
    choose("jtrack: Compare Runs of This Cell")
    # One run can't be compared: that is said, in the tests' quiet way.
    expect(lab.page.locator(".jp-Notification-Status")).to_contain_text("1")
    notebook.edit_cell(1, notebook.source(1).replace("0.1", "0.2"))
    notebook.run_cell(1)
    expect(notebook.cell(1).locator(".jtrack-mark")).to_contain_text("2 runs")
    choose("jtrack: Compare Runs of This Cell")
    comparison = lab.page.locator(".jtrack-host .jt-compare")
    comparison.get_by_role("rowheader", name="lr").wait_for()
    lab.screenshot("compare-cell")
    lab.page.evaluate(
        "() => [...window.jupyterapp.shell.widgets('main')].find(w => w.id.startsWith('jtrack-panel-')).dispose()"
    )

    notebook.scroll_to(1)
    choose("jtrack: Export a Model of This Cell")
    assert notebook.source(2) == "%export model"
    assert lab.page.evaluate("() => window.getSelection().toString()") == "model"
    notebook.scroll_to(1)
    tracked = notebook.source(1)
    choose("jtrack: Sweep This Cell")
    header = "%%sweep --max-evals 20 --minimize loss lr=uniform(0.1,0.4) depth=choice(2,4,8)\n"
    body = "# as deep as it may be\ntotal = 0\nmodel = dict(depth=depth)\ntotal += lr\nloss = total * depth"
    assert notebook.source(1) == header + body
    assert lab.page.evaluate("() => window.getSelection().toString()") == "loss"
    assert not lab.page.evaluate("() => window.jupyterapp.commands.isEnabled('jtrack:sweep-cell')")
    lab.screenshot("sweep-cell")
    lab.page.keyboard.press("Control+z")
    assert notebook.source(1) == tracked
    lab.page.keyboard.press("Control+Shift+z")
    assert notebook.source(1) == header + body

    notebook.edit_cell(1, header.replace("20", "4") + body)
    notebook.run_cell(1)
    assert notebook.faults(1) == []
    expect(notebook.outputs(1).locator(".jt-parallel .jt-head")).to_contain_text("4 trials")
    lab.screenshot("sweep-cell-run")
    assert lab.console_errors == []


def test_a_sweep_takes_over_what_the_header_of_a_tracked_cell_says(lab: Lab, folder: Path) -> None:
    header = "%%track digits lr=0.1 kind='a b' --name loss --tag note=new hidden=64 --quiet # so far"
    notebook = open_new_notebook(lab, folder, LOAD, f"{header}\nseed = 3\nloss = lr / hidden")
    notebook.run_cell(0)
    notebook.scroll_to(1)
    lab.command("jtrack:sweep-cell")
    swept = "lr=uniform(0.05,0.2) kind='a b' hidden=choice(32,64,128) seed=choice(1,3,6)"
    assert notebook.source(1) == f"%%sweep digits --max-evals 20 --minimize loss {swept}\nloss = lr / hidden"
    assert lab.page.evaluate("() => window.getSelection().toString()") == "loss"
    notebook.edit_cell(1, notebook.source(1).replace("20", "2"))
    notebook.run_cell(1)
    assert notebook.faults(1) == []
    expect(notebook.outputs(1).locator(".jt-parallel .jt-head")).to_contain_text("2 trials")


def test_a_text_about_loading_the_extension_does_not_load_it(lab: Lab, folder: Path) -> None:
    cells = [new_markdown_cell("Begin with\n```\n%load_ext jtrack\n```"), new_code_cell("loss = 0.5")]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), folder / "wine.ipynb")
    notebook = lab.open_notebook(f"{folder.name}/wine.ipynb")
    notebook.scroll_to(1)
    lab.command("jtrack:track-cell")
    assert notebook.source(1) == "%load_ext jtrack"
    notebook.run_cell(2)
    assert notebook.faults(2) == []
