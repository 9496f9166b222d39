"""The page of a run in a real JupyterLab: it answers from the kernel, and keys stay with its tabs."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from tests.ui.lab import Lab

MAKE_RUN = """
import jtrack
with jtrack.start_run(run_name="shown") as run:
    jtrack.log_params({"depth": 4})
    for step in range(30):
        jtrack.log_metric("val_loss", 1 / (step + 1), step=step)
    jtrack.log_dict({"answer": 42}, "report.json")
""".strip()


def test_a_run_is_shown_with_its_files_and_curves(lab: Lab, folder: Path) -> None:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    cells = [new_code_cell(source) for source in (MAKE_RUN, "jtrack.show()", "'below'")]
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "page.ipynb")
    notebook = lab.open_notebook(f"{folder.name}/page.ipynb")
    notebook.run_cell(0)
    notebook.run_cell(1)
    page = notebook.outputs(1).locator(".jt-run-page")
    page.get_by_role("tab", name="files").click()
    expect(page.locator(".jt-json")).to_contain_text("answer: 42")
    page.get_by_role("tab", name="metrics").focus()
    page.get_by_role("tab", name="metrics").click()
    expect(page.locator(".jt-chart .jt-curve")).to_have_count(1)
    lab.page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="params")).to_be_focused()
    assert lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == 1
    lab.screenshot("panels-run", of=page)
    assert lab.console_errors == []
    assert lab.foreign_requests == []
