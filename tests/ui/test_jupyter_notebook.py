"""Jupyter Notebook has no room beside its notebook: the same panels in it, and what JupyterLab opens beside in tabs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import jupyterlab
import pytest
from jupyterlab.commands import get_app_dir
from playwright.sync_api import Page, expect

from tests.ui.lab import Lab, Notebook
from tests.ui.packages import install_into
from tests.ui.server import LabServer, enable_server_extension, environment, free_port, lab_command, started
from tests.ui.side import write_notebook

TRACKED = "%%track --name first\nlr = 0.1\nimport jtrack\njtrack.log_metric('loss', 0.5)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, could_not_run: Callable[[str], NoReturn]) -> Iterator[LabServer]:
    """A Jupyter Notebook of the kind that goes with this JupyterLab."""
    private, root = tmp_path_factory.mktemp("jupyter"), tmp_path_factory.mktemp("served")
    packages = private / "packages"
    # Its 7.6 is made of JupyterLab's 4.6.
    minor = jupyterlab.__version__.split(".")[1]
    install_into(packages, f"notebook==7.{minor}.*", "panels in Jupyter Notebook", could_not_run)
    enable_server_extension(private)
    env = {**environment(private), "PYTHONPATH": str(packages), "JUPYTER_PATH": str(private)}
    # JupyterLab serves the settings of both, and those of its debugger are among them.
    application = private / "application"
    for data in (Path(get_app_dir()), packages / "share" / "jupyter" / "lab"):
        shutil.copytree(data, application, dirs_exist_ok=True)
    (private / "config" / "labconfig" / "page_config.json").unlink()
    port = free_port()
    command = [*lab_command(root, private, port, "notebook", "JupyterNotebookApp"), f"--LabApp.app_dir={application}"]
    with started(command, port, root, env) as log:
        yield LabServer(f"http://127.0.0.1:{port}", root, log)


@pytest.fixture
def notebook(server: LabServer, fresh_lab: Lab) -> Notebook:
    """A notebook with a run of its first cell and a table of runs."""
    fresh_lab.opens_at = "notebooks"
    write_notebook(server.root / "work.ipynb", "%load_ext jtrack", TRACKED, "%runs")
    notebook = fresh_lab.open_notebook("work.ipynb")
    for index in range(3):
        notebook.run_cell(index)
    return notebook


def opened_by(act: Callable[[], None], page: Page) -> Page:
    with page.expect_popup() as popup:
        act()
    return popup.value


def test_panels_open_in_tabs_of_the_browser(notebook: Notebook) -> None:
    lab, page = notebook.lab, notebook.page
    page.locator(".jt-card").first.wait_for()
    expect(page.locator(".jt-runs tr[data-index='0']")).to_contain_text("first")
    run = opened_by(lambda: page.locator(".jt-runs tr[data-index='0'] [data-do='open']").click(), page)
    expect(run.locator(".jt-run-page")).to_contain_text("first")
    page.locator(".jp-InputPrompt").first.click()
    runs = opened_by(lambda: lab.choose_from_palette("jtrack: Show Runs of This Notebook"), page)
    expect(runs.locator(".jt-runs tr[data-index='0']")).to_contain_text("first")
    lab.screenshot("jupyter-notebook")


def test_the_side_panel_shows_the_runs_of_the_notebook(notebook: Notebook) -> None:
    lab, page = notebook.lab, notebook.page
    lab.choose_from_palette("jtrack: Show the Side Panel")
    expect(page.locator(".jt-side-run").first).to_contain_text("first")
    lab.screenshot("jupyter-notebook-side")
