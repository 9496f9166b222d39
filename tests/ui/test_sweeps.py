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
    "%%sweep slow --max-evals 25 --minimize loss --seed 3 lr=loguniform(log(1e-3), log(1)) kind=choice('a', 'b')\n"
    "import time; time.sleep(0.3)\nloss = (lr - 0.1) ** 2 + (kind == 'a') / 100"
)


@pytest.fixture
def notebook(lab: Lab, folder: Path) -> Notebook:
    cells = [new_code_cell("%load_ext jtrack"), new_code_cell(SLOW)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), folder / "slow.ipynb")
    return lab.open_notebook(f"{folder.name}/slow.ipynb")


def test_the_lines_grow_while_the_cell_runs(lab: Lab, notebook: Notebook) -> None:
    notebook.run_cell(0)
    notebook.cell(1).locator(".cm-content").first.click()
    notebook.page.keyboard.press("Control+Enter")
    counts = []
    for _ in range(200):
        shown = [text for text in notebook.outputs(1).all_inner_texts() if "sweep " in text]
        found = [word for text in shown for word in text.split("\n") if "trials" in word]
        if found and (not counts or counts[-1] != found[0]):
            counts.append(found[0])
        if any("25 trials" in text for text in shown):
            break
        notebook.page.wait_for_timeout(100)
    lab.screenshot("sweep-done", of=notebook.scroll_to(1))
    assert len(counts) >= 3, counts
    assert notebook.faults(1) == []
    assert lab.console_errors == []


def test_the_notebook_of_sweeps_from_top_to_bottom(lab: Lab, folder: Path) -> None:
    shutil.copyfile(SWEEPS, folder / "sweeps.ipynb")
    opened = lab.open_notebook(f"{folder.name}/sweeps.ipynb")
    cells = nbformat.read(SWEEPS, as_version=4).cells
    for index in [index for index, cell in enumerate(cells) if cell.cell_type == "code"]:
        opened.run_cell(index)
        assert opened.faults(index) == []
    first = [cell.id for cell in cells].index("first")
    lab.screenshot("sweep-notebook", of=opened.scroll_to(first))
    lab.screenshot("sweep-notebook-parallel", of=opened.scroll_to([cell.id for cell in cells].index("parallel")))
    assert lab.console_errors == []
    assert lab.foreign_requests == []
