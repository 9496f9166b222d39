"""A person's first five minutes: the quickstart notebook cell by cell, an edit, and what the card says of it.

The pictures it leaves in ``screenshots`` are there to be looked at.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from tests.ui.lab import Lab, Notebook

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def index_of(notebook_path: Path, cell_id: str) -> int:
    return [cell.id for cell in nbformat.read(notebook_path, as_version=4).cells].index(cell_id)


def code_cells(notebook_path: Path) -> list[int]:
    cells = nbformat.read(notebook_path, as_version=4).cells
    return [index for index, cell in enumerate(cells) if cell.cell_type == "code"]


@pytest.fixture
def quickstart(lab: Lab, folder: Path) -> Notebook:
    shutil.copyfile(QUICKSTART, folder / "quickstart.ipynb")
    return lab.open_notebook(f"{folder.name}/quickstart.ipynb")


def test_the_quickstart_from_top_to_bottom_and_an_edited_cell_again(lab: Lab, quickstart: Notebook) -> None:
    for index in code_cells(QUICKSTART):
        quickstart.run_cell(index)
        assert quickstart.faults(index) == []

    first = index_of(QUICKSTART, "first")
    card = quickstart.wait_for_output(first, "first run of this cell")
    lab.screenshot("card-first", of=card)
    lab.screenshot("quickstart-first", of=quickstart.scroll_to(first))

    source = quickstart.source(first)
    quickstart.edit_cell(first, source.replace("hidden = 8", "hidden = 16"))
    quickstart.run_cell(first)
    card = quickstart.wait_for_output(first, "hidden = 16")
    text = card.inner_text()
    for said in ("hidden", "hidden = 8", "errors", "accuracy", "▲", "▼"):
        assert said in text
    lab.screenshot("card-again", of=card)
    lab.set_theme(dark=True)
    lab.screenshot("card-again-dark", of=card)
    lab.set_theme(dark=False)

    assert lab.console_errors == []
    assert lab.foreign_requests == []


def test_the_panels_of_the_quickstart_are_drawn(lab: Lab, quickstart: Notebook) -> None:
    for index in code_cells(QUICKSTART):
        quickstart.run_cell(index)
    for name in ("runs", "compare"):
        index = index_of(QUICKSTART, name)
        panel = quickstart.wait_for_output(index, "wider")
        lab.screenshot(f"panel-{name}", of=panel)
    lab.screenshot("quickstart-end", of=quickstart.scroll_to(index_of(QUICKSTART, "search")))
    lab.screenshot("quickstart-page")
