"""The buttons on a run that trains, with the kernels that people have: without subshells, with the first, with today's.

Each ipykernel is installed into a folder of its own, which its kernel finds first. Where the kernel takes no messages
while a cell runs, the buttons go through the server; where that doesn't answer either, they say so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Request, expect

from tests.server.client import BASE_URL
from tests.ui.lab import Lab, Notebook
from tests.ui.packages import install_into
from tests.ui.server import LabServer, lab_server
from tests.ui.side import Side
from tests.ui.test_live import NOTES, TRAIN, begin, wait_for_longer_curve

KERNELS = {"6.29": "ipykernel==6.29.5", "7.3": "ipykernel==7.3.0", "newest": "ipykernel>=7.4,<8"}
VERSION = "import ipykernel; print('ipykernel', ipykernel.__version__)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, could_not_run: Callable[[str], NoReturn]) -> Iterator[LabServer]:
    """A JupyterLab that offers a kernel of each version, at an address as a Hub gives."""
    private = tmp_path_factory.mktemp("jupyter")
    for name, wanted in KERNELS.items():
        folder = private / f"ipykernel-{name}"
        install_into(folder, wanted, "buttons with several kernels", could_not_run)
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": f"ipykernel {name}",
            "language": "python",
            "env": {"PYTHONPATH": str(folder)},
        }
        path = private / "data" / "kernels" / f"ipykernel-{name}" / "kernel.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(spec), encoding="utf-8")
    with lab_server(tmp_path_factory.mktemp("served"), private, BASE_URL) as running:
        yield running


def train(lab: Lab, folder: Path, kernel: str) -> tuple[Notebook, Locator, list[str]]:
    """Begin to train under a kernel; gives the live panel, and what is asked of the server from then on."""
    name = f"ipykernel-{kernel}"
    metadata = {"kernelspec": {"name": name, "display_name": name.replace("-", " ")}}
    cells = [new_code_cell(source) for source in (VERSION, "%load_ext jtrack", TRAIN.format(name="steered"), NOTES)]
    nbformat.write(new_notebook(cells=cells, metadata=metadata), folder / "live.ipynb")
    notebook = lab.open_notebook(f"{folder.name}/live.ipynb")
    notebook.run_cell(0)
    major_minor = KERNELS[kernel].partition("==")[2].rpartition(".")[0] or "7."
    notebook.wait_for_output(0, f"ipykernel {major_minor}")
    notebook.run_cell(1)
    steered: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "/jtrack/api/runs/" in request.url:
            steered.append(request.url.rpartition("/")[2])

    lab.page.on("request", note)
    begin(notebook, 2)
    panel = notebook.outputs(2).locator(".jt-live-panel")
    panel.wait_for()
    wait_for_longer_curve(panel)
    return notebook, panel, steered


def leave_note(panel: Locator, text: str) -> None:
    panel.get_by_label("note", exact=True).fill(text)
    panel.get_by_label("note", exact=True).press("Enter")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kernel", KERNELS)
def test_stop_knob_and_note_work_while_the_cell_trains(lab: Lab, folder: Path, kernel: str) -> None:
    notebook, panel, steered = train(lab, folder, kernel)
    field = panel.get_by_label("lr", exact=True)
    field.fill("0.025")
    field.press("Enter")
    panel.locator(".jt-tile", has_text="lr_used").locator(".jt-num", has_text="0.025").wait_for()
    expect(Side.of(lab).rows("steered")).to_contain_text("running")
    leave_note(panel, "the loss is falling")
    panel.locator(".jt-notes", has_text="the loss is falling").wait_for()
    lab.screenshot(f"live-ipykernel-{kernel}", of=panel)
    panel.get_by_role("button", name="stop after this epoch").click()
    printed = notebook.wait_for_output(2, "ended after").inner_text()
    assert int(printed.split()[2]) < 400
    assert printed.split()[-1] == "0.025"
    notebook.run_cell(3)
    notebook.wait_for_output(3, "['the loss is falling']")
    if kernel == "6.29":
        assert steered == ["knob", "note", "stop"], "there is no other way"


@pytest.mark.timeout(400)
def test_without_subshells_and_without_the_server_it_says_so(lab: Lab, folder: Path) -> None:
    notebook, panel, _ = train(lab, folder, "6.29")
    gone = "**/jtrack/api/runs/**"
    lab.page.route(gone, lambda route: route.fulfill(status=404, content_type="text/html", body="<h1>404</h1>"))
    panel.get_by_role("button", name="stop after this epoch").click()
    told = panel.get_by_role("status").filter(has_text="no Jupyter server with jtrack to go through")
    told.wait_for()
    lab.screenshot("live-no-way", of=panel)
    lab.page.unroute(gone)
    panel.get_by_role("button", name="stop after this epoch").click()
    assert int(notebook.wait_for_output(2, "ended after").inner_text().split()[2]) < 400
