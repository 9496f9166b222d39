"""Every notebook runs from top to bottom in a real kernel, is stored without outputs, and reads without a kernel."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
KEPT_HTML_BYTES = 20_000

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def execute(path: Path, folder: Path) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    # The kernel's warnings are the user's; they are looked at below, where they show.
    client.execute(env={**os.environ, "PYTHONWARNINGS": "default"})
    return notebook


def outputs_of(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


@each_notebook
def test_it_is_stored_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert outputs_of(notebook) == []
    assert {cell.execution_count for cell in notebook.cells if cell.cell_type == "code"} == {None}


@pytest.mark.kernel
@pytest.mark.slow
@each_notebook
def test_it_runs_and_shows_something_without_a_kernel_too(path: Path, own_folder: Path) -> None:
    notebook = execute(path, own_folder)
    assert [output.text for output in outputs_of(notebook) if output.get("name") == "stderr"] == []
    bundles = [output.data for output in outputs_of(notebook) if "data" in output]
    for bundle in bundles:
        assert "text/plain" in bundle
        assert "<script" not in bundle.get("text/html", "")
    assert (own_folder / ".jtrack").is_dir()
    assert any("text/html" in bundle for bundle in bundles)
