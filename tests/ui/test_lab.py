"""JupyterLab starts with the extension, a cell runs, and its kernel knows which notebook it is in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.ui.lab import Lab
from tests.ui.server import LabServer

TELL_METADATA = """
import json
print("SENT", json.dumps(get_ipython().get_parent()["metadata"].get("jtrack"), ensure_ascii=False))
""".strip()


def write_notebook(path: Path, *sources: str) -> None:
    # Without a kernel's name JupyterLab asks for one in a dialog.
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=kernel), path)


def test_the_extension_is_listed_as_ok() -> None:
    done = subprocess.run([sys.executable, "-m", "jupyter", "labextension", "list"], capture_output=True, text=True)
    (line,) = [line for line in done.stderr.splitlines() if line.strip().startswith("jtrack v")]
    assert "enabled" in line
    assert "OK" in line


def test_lab_starts_with_the_extension_and_runs_a_cell(lab: Lab, server: LabServer, folder: Path) -> None:
    write_notebook(folder / "first.ipynb", "print(6 * 7)")
    notebook = lab.open_notebook(f"{folder.name}/first.ipynb")
    assert lab.page.evaluate("() => window.jupyterapp.hasPlugin('jtrack:notebook-path')")
    notebook.run_cell(0)
    notebook.wait_for_output(0, "42")
    assert lab.console_errors == []
    assert lab.foreign_requests == []


def test_the_kernel_is_told_the_notebook_path_also_after_a_rename_and_a_restart(lab: Lab, folder: Path) -> None:
    write_notebook(folder / "before.ipynb", TELL_METADATA)
    notebook = lab.open_notebook(f"{folder.name}/before.ipynb")
    notebook.run_cell(0)
    notebook.wait_for_output(0, f'"notebook_path": "{folder.name}/before.ipynb"')

    lab.page.evaluate(
        "path => window.jupyterapp.shell.currentWidget.context.rename(path)",
        "after 'ä'.ipynb",
    )
    notebook.run_cell(0)
    notebook.wait_for_output(0, f"{folder.name}/after 'ä'.ipynb")

    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel().then(() => null)")
    notebook.run_cell(0)
    notebook.wait_for_output(0, "after 'ä'.ipynb")


def test_the_palette_puts_track_on_a_cell_and_takes_it_off(lab: Lab, folder: Path) -> None:
    write_notebook(folder / "track.ipynb", "depth = 4\nscore = depth / 5", "# not this one")
    notebook = lab.open_notebook(f"{folder.name}/track.ipynb")
    notebook.scroll_to(0)
    lab.choose_from_palette("jtrack: Track This Cell")
    lab.page.wait_for_function("() => window.jupyterapp.commands.isToggled('jtrack:track-cell')")
    # No cell had it yet, and without it the kernel would not know %%track.
    assert notebook.source(0) == "%load_ext jtrack"
    assert notebook.source(1) == "%%track\ndepth = 4\nscore = depth / 5"
    lab.choose_from_palette("jtrack: Track This Cell")
    lab.page.wait_for_function("() => !window.jupyterapp.commands.isToggled('jtrack:track-cell')")
    assert notebook.source(1) == "depth = 4\nscore = depth / 5"
    assert notebook.source(2) == "# not this one"


def test_the_runs_of_a_notebook_open_beside_it_and_leave_it_alone(lab: Lab, folder: Path) -> None:
    tracked = "%%track --name {}\ndepth = 4\nscore = depth / 5"
    write_notebook(folder / "other.ipynb", "%load_ext jtrack", tracked.format("elsewhere"))
    write_notebook(folder / "it's mine.ipynb", "%load_ext jtrack", tracked.format("here"))
    for name in ("other", "it's mine"):
        notebook = lab.open_notebook(f"{folder.name}/{name}.ipynb")
        notebook.run_cell(0)
        notebook.run_cell(1)
        notebook.wait_for_output(1, "score")
    before = lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.model.toJSON()")
    lab.choose_from_palette("jtrack: Show Runs of This Notebook")
    shown = lab.page.locator(".jtrack-host .jt-grid")
    shown.filter(has_text="here").wait_for()
    assert "elsewhere" not in shown.inner_text()
    lab.screenshot("runs-beside")
    assert lab.page.locator(".lm-TabBar-tabLabel", has_text="Runs of it's mine.ipynb").is_visible()
    notebooks = "() => [...window.jupyterapp.shell.widgets('main')].find(w => w.model?.toJSON).model.toJSON()"
    assert lab.page.evaluate(notebooks) == before
