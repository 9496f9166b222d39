"""A real kernel trains in a tracked cell; the server knows all of it while the kernel is busy, and when it is dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.magics.kernels import Kernel
from tests.server.client import Client

pytestmark = [pytest.mark.slow, pytest.mark.kernel]

TRAINING = """%%track lr=0.5
import time, jtrack
run = jtrack.active_run()
for epoch in range(100_000):
    rate = run.knob("rate", lr)
    jtrack.log_metric("val_loss", rate / (epoch + 1))
    if run.should_stop:
        break
    time.sleep(0.01)
"""


@pytest.fixture
def kernel(folder: Path) -> Iterator[Kernel]:
    notebook = folder / "a.ipynb"
    notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "utf-8")
    kernel = Kernel(folder, JTRACK_TRACKING_URI=str(folder / ".jtrack"), JTRACK_NOTEBOOK_PATH=str(notebook))
    assert kernel.run("%load_ext jtrack").ok
    yield kernel
    kernel.stop()


def test_a_busy_kernel_is_watched_steered_and_stopped(server: Client, folder: Path, kernel: Kernel) -> None:
    request = kernel.send(TRAINING, "c1")
    notebook = {"notebook_path": f"{folder.name}/a.ipynb"}
    page = wait_for(server, notebook, lambda runs: bool(runs and runs[0]["metrics"]))
    run_id, n_points = page[0]["run_id"], page[0]["metrics"][0]["n_points"]
    assert (page[0]["status"], page[0]["kind"]) == ("RUNNING", "cell")
    page = wait_for(server, notebook, lambda runs: runs[0]["metrics"][0]["n_points"] > n_points)
    assert server.post(f"runs/{run_id}/knob", {**notebook, "name": "rate", "value": 8.0}).status == 200
    wait_for(server, notebook, lambda runs: ("rate", 8.0) in [(m["key"], m["value"]) for m in runs[0]["metrics"]])
    assert server.post(f"runs/{run_id}/stop", notebook).status == 200
    assert kernel.collect(request).ok
    (cell,) = wait_for_cells(server, notebook, lambda cells: bool(cells) and cells[0]["status"] == "FINISHED")
    assert (cell["cell_id"], cell["run_id"], cell["metric"]["key"]) == ("c1", run_id, "val_loss")


def test_the_runs_of_a_dead_kernel_are_there_and_killed(server: Client, folder: Path, kernel: Kernel) -> None:
    kernel.send(TRAINING, "c1")
    notebook = {"notebook_path": f"{folder.name}/a.ipynb"}
    wait_for(server, notebook, lambda runs: bool(runs and runs[0]["metrics"]))
    kernel.manager.shutdown_kernel(now=True)
    (run,) = wait_for(server, notebook, lambda runs: runs[0]["status"] == "KILLED")
    assert run["ended_at"] is not None
    assert run["metrics"][0]["n_points"] > 0


def wait_for(server: Client, notebook: dict[str, str], is_there: Callable[[list[Any]], bool]) -> list[Any]:
    """Read the notebook's runs as a side panel does, until they are as wanted."""
    return _wait(server, notebook, lambda: server.get("runs", **notebook).json["runs"], is_there)


def wait_for_cells(server: Client, notebook: dict[str, str], is_there: Callable[[list[Any]], bool]) -> list[Any]:
    """Read the notebook's cells until they are as wanted."""
    return _wait(server, notebook, lambda: server.get("cells", **notebook).json, is_there)


def _wait(
    server: Client,
    notebook: dict[str, str],
    read: Callable[[], list[Any]],
    is_there: Callable[[list[Any]], bool],
) -> list[Any]:
    token = ""
    while not is_there(found := read()):
        token = server.get("changes", **notebook, since=token).json["token"]
    return found
