"""Parallel coordinates in a real JupyterLab: brushed there and known in the kernel, growing while a cell trains."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from tests.ui.lab import Lab, Notebook

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
SWEEP = """
%load_ext jtrack
with jtrack.start_run(run_name="lofty-lynx"):
    for i in range(400):
        with jtrack.start_run(run_name=f"trial-{i}", nested=True):
            jtrack.log_params({"x": i, "opt": ["adam", "sgd"][i % 2], **{f"p{k}": i * (k + 3) % 101 for k in range(8)}})
            jtrack.log_metric("val_loss", 1 + i / 10)
""".strip()
GROW = """
import time
for i in range(100):
    with jtrack.start_run(run_name=f"trial-{i}", nested=True):
        jtrack.log_param("x", i)
        jtrack.log_metric("val_loss", 1 + i)
    time.sleep(0.2)
""".strip()


def open_new_notebook(lab: Lab, folder: Path, *sources: str) -> Notebook:
    path = folder / "sweep.ipynb"
    cells = [new_code_cell("import jtrack"), *(new_code_cell(source) for source in sources)]
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)
    notebook = lab.open_notebook(f"{folder.name}/{path.name}")
    notebook.run_cell(0)
    return notebook


def test_what_is_brushed_is_known_in_the_kernel(lab: Lab, folder: Path) -> None:
    notebook = open_new_notebook(lab, folder, SWEEP, "panel = %parallel lofty-lynx\npanel", "len(panel.brushed)")
    notebook.run_cell(1)
    notebook.run_cell(2)
    panel = notebook.outputs(2).locator(".jt-parallel")
    expect(panel.locator(".jt-head")).to_contain_text("400 runs")
    expect(panel.locator(".jt-head")).not_to_contain_text("of them here")
    panel.get_by_role("slider", name="brush on x", exact=True).press("Enter")
    count = panel.get_by_role("status").filter(has_text="of 400 brushed")
    expect(count).to_have_text("100 of 400 brushed")
    lab.screenshot("parallel-light", of=panel)
    # The kernel is told a moment after the brush rests: ask it until it knows.
    for _ in range(50):
        notebook.run_cell(3)
        if notebook.outputs(3).inner_text().strip().endswith("100"):
            break
    notebook.wait_for_output(3, "100")
    lab.set_theme(dark=True)
    panel.locator("xpath=self::*[@data-drawn='true']").wait_for()
    lab.screenshot("parallel-dark", of=panel)
    lab.set_theme(dark=False)
    assert lab.console_errors == []
    assert lab.foreign_requests == []


def test_lines_come_while_the_cell_that_makes_them_runs(lab: Lab, folder: Path) -> None:
    start = "run = jtrack.start_run(run_name='live')\njtrack.parallel(run)"
    notebook = open_new_notebook(lab, folder, start, GROW)
    notebook.run_cell(1)
    panel = notebook.outputs(1).locator(".jt-parallel")
    expect(panel.locator(".jt-empty")).to_contain_text("no child runs yet")
    height = panel.bounding_box()
    lab.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    lab.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-cell')")
    panel.locator(".jt-head", has_text=re.compile(r"[1-9] runs.*running")).wait_for()
    panel.get_by_role("slider", name="brush on x", exact=True).press("Enter")
    panel.locator(".jt-head", has_text=re.compile(r"[2-9]\d runs")).wait_for()
    # The kernel's own state would not do: a subshell that answered the panel calls it idle.
    state = "() => window.jupyterapp.shell.currentWidget.content.widgets[2].model.executionState"
    assert lab.page.evaluate(state) == "running"
    assert panel.locator(".jt-band").count() == 1
    after = panel.bounding_box()
    assert height is not None and after is not None and after["height"] == height["height"]
    lab.command("notebook:interrupt-kernel")
    assert lab.foreign_requests == []
