"""A sweep as a person sees it: the lines grow while the cell runs, and the notebook of sweeps from top to bottom.

The pictures it leaves in ``screenshots`` are there to be looked at.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.ui.lab import Lab, Notebook

SWEEPS = Path(__file__).parents[2] / "notebooks" / "sweeps.ipynb"
SLOW = (
    "%%sweep --name slow --max-evals 2000 --minimize loss --seed 3 "
    "lr=loguniform(log(1e-3), log(1)) kind=choice('a', 'b')\n"
    "import time; time.sleep(0.3)\nloss = (lr - 0.1) ** 2 + (kind == 'a') / 100"
)
_IS_IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
# The panels' own words, read until they say so.
_MORE_TRIALS = """n => [...document.querySelectorAll('.jt-parallel .jt-head')].some(
  head => parseInt(head.innerText.match(/([0-9]+) trial/)?.[1]) > n
)"""


@pytest.fixture
def notebook(lab: Lab, folder: Path) -> Notebook:
    cells = [new_code_cell("%load_ext jtrack"), new_code_cell("%live"), new_code_cell(SLOW)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "slow.ipynb")
    return lab.open_notebook(f"{folder.name}/slow.ipynb")


def test_the_lines_grow_while_the_cell_runs_until_the_sweep_is_stopped(lab: Lab, notebook: Notebook) -> None:
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.cell(2).locator(".cm-content").first.click()
    notebook.page.keyboard.press("Control+Enter")
    lines = notebook.outputs(2).locator(".jt-parallel")
    lines.wait_for()
    for n in (2, 6, 10):  # while the cell runs
        lab.page.wait_for_function(_MORE_TRIALS, arg=n)
    live = notebook.outputs(1).locator(".jt-live-panel")
    assert live.locator(".jt-name").inner_text() == "slow"  # the sweep, and not one trial after the other
    lab.screenshot("sweep-running", of=notebook.scroll_to(2))
    lines.get_by_role("button", name="stop the sweep").click()
    lab.page.wait_for_function(_IS_IDLE)
    notebook.wait_for_output(2, "sweep slow (")
    live.get_by_label("finished").wait_for()
    lines.get_by_text("running").wait_for(state="hidden")
    lab.screenshot("sweep-done", of=notebook.scroll_to(2))
    assert notebook.faults(2) == []
    assert lab.console_errors == []


@pytest.mark.timeout(400)  # a sweep that logs models, each kind of which is opened in a fresh process once
def test_the_notebook_of_sweeps_from_top_to_bottom(lab: Lab, folder: Path) -> None:
    shutil.copyfile(SWEEPS, folder / "sweeps.ipynb")
    opened = lab.open_notebook(f"{folder.name}/sweeps.ipynb")
    cells = nbformat.read(SWEEPS, as_version=4).cells
    for index in [index for index, cell in enumerate(cells) if cell.cell_type == "code"]:
        opened.run_cell(index)
        if "raises-exception" in cells[index].metadata.get("tags", []):
            opened.wait_for_output(index, "SweepInterrupted")
        else:
            assert opened.faults(index) == []
    first = [cell.id for cell in cells].index("first")
    lab.screenshot("sweep-notebook", of=opened.scroll_to(first))
    lab.screenshot("sweep-notebook-parallel", of=opened.scroll_to([cell.id for cell in cells].index("parallel")))
    assert lab.console_errors == []
    assert lab.foreign_requests == []
