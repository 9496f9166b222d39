"""The path of the notebook that a cell belongs to: from whoever knows it, and None rather than a guess.

The front end and VS Code say it outright; a Jupyter server is asked, as only it hears of a rename; a program that
executes notebooks names it on its command line, believed when the file holds the very cell that runs.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jtrack.capture.servers import notebook_of_kernel, resolve_contents_path, running_servers

NOTEBOOK_VARIABLE = "JTRACK_NOTEBOOK_PATH"
_REST_AFTER_FAILURE_S = 60.0
_REST_AFTER_SLIP_S = 5.0


@dataclass(frozen=True, slots=True)
class CellOrigin:
    """What is known of a cell that runs, as far as it helps to find its notebook."""

    source: str
    cell_id: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    namespace: Mapping[str, Any] = field(default_factory=dict)
    connection_file: Path | None = None
    """The kernel's; ``None`` outside a kernel, where there is no notebook."""


class NotebookFinder:
    """Finds the notebook of each cell of one kernel; may be asked from any thread, and may take a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: Path | None = None
        self._executed: Path | None = None
        self._rest_until = 0.0

    def find(self, origin: CellOrigin) -> Path | None:
        """Give the absolute path of the notebook, or ``None`` where nobody knows it for sure."""
        if origin.connection_file is None:
            return None
        with self._lock:
            return (
                told_by_front_end(origin)
                or _told_by_variable(origin.namespace)
                or self._told_by_server(origin)
                or self._told_by_executor(origin)
                or _told_at_start(origin)
            )

    def _told_by_server(self, origin: CellOrigin) -> Path | None:
        kernel_id = kernel_id_of(origin.connection_file)
        if kernel_id is None:
            return None
        if time.monotonic() >= self._rest_until:
            try:
                self._served = _ask_servers(kernel_id)
                return self._served
            except OSError:
                # A server that hangs or refuses must not cost every cell its time limit.
                rest_s = _REST_AFTER_FAILURE_S if self._served is None else _REST_AFTER_SLIP_S
                self._rest_until = time.monotonic() + rest_s
        return self._served if self._served is not None and self._served.is_file() else None

    def _told_by_executor(self, origin: CellOrigin) -> Path | None:
        if self._executed is None:
            self._executed = _executed_notebook(origin.source)
        return self._executed


def told_by_front_end(origin: CellOrigin) -> Path | None:
    """Read what jtrack's JupyterLab extension sends with a cell: a path, absolute or as the server names it."""
    ours = origin.meta.get("jtrack")
    told = ours.get("notebook_path") if isinstance(ours, Mapping) else None
    if not isinstance(told, str) or not told:
        return None
    if Path(told).is_absolute() and Path(told).is_file():
        return Path(told)
    parents = {os.getppid(), int(os.environ.get("JPY_PARENT_PID") or 0)}
    owners = [server for server in running_servers(_runtime_dir()) if server["pid"] in parents]
    return resolve_contents_path(owners[0], told) if owners else None


def kernel_id_of(connection_file: Path | None) -> str | None:
    """Read the kernel's id from the name of its connection file, ``kernel-<id>.json``."""
    if connection_file is None or not connection_file.stem.startswith("kernel-"):
        return None
    return connection_file.stem.removeprefix("kernel-")


def holds_cell(notebook_path: Path, source: str, cell_id: str | None = None) -> bool:
    """Say whether the notebook as saved has a code cell with this id, or else with this source."""
    cells = _code_cells(notebook_path)
    if cell_id is not None:
        return any(known == cell_id for known, _ in cells)
    return any(text == source.strip() for _, text in cells)


def find_cell_id(notebook_path: Path, source: str) -> str | None:
    """Find the id of the one code cell with this source; ``None`` where there are several, or none that has an id."""
    found = [known for known, text in _code_cells(notebook_path) if text == source.strip()]
    return found[0] if len(found) == 1 else None


def read_cell_ids(notebook_path: Path) -> list[str]:
    """Read the ids of the code cells of the notebook as saved; none where it can't be read."""
    return [cell_id for cell_id, _ in _code_cells(notebook_path) if cell_id is not None]


def _code_cells(notebook_path: Path) -> list[tuple[str | None, str]]:
    """Read id and source of each code cell of the notebook as saved; none where it can't be read."""
    try:
        cells = json.loads(notebook_path.read_text("utf-8")).get("cells", [])
    except (OSError, ValueError, AttributeError):
        return []
    found = []
    for cell in cells:
        if cell.get("cell_type") == "code":
            text = cell.get("source", "")
            found.append((cell.get("id"), (text if isinstance(text, str) else "".join(text)).strip()))
    return found


def _told_by_variable(namespace: Mapping[str, Any]) -> Path | None:
    # VS Code sets the first in each kernel, papermill's --inject-input-path the second, jtrack's own runner the third.
    told = (
        namespace.get("__vsc_ipynb_file__"),
        namespace.get("PAPERMILL_INPUT_PATH"),
        os.environ.get(NOTEBOOK_VARIABLE),
    )
    return next((Path(path).absolute() for path in told if isinstance(path, str) and Path(path).is_file()), None)


def _told_at_start(origin: CellOrigin) -> Path | None:
    # The server's word from when the kernel started, which a rename has made stale: believed with the cell in the file.
    told = os.environ.get("JPY_SESSION_NAME") or ""
    if not told.endswith(".ipynb") or origin.cell_id is None:
        return None
    path = Path(told)
    return path if path.is_absolute() and holds_cell(path, origin.source, origin.cell_id) else None


def _ask_servers(kernel_id: str) -> Path | None:
    fault: OSError | None = None
    for server in running_servers(_runtime_dir()):
        try:
            if path := notebook_of_kernel(server, kernel_id):
                return path
        except OSError as error:
            fault = fault or error
    if fault is not None:
        raise fault
    return None


def _executed_notebook(source: str) -> Path | None:
    """Find the notebook that the process which started this kernel was told to execute: the one that holds the cell."""
    try:
        import psutil  # comes with ipykernel

        parent = psutil.Process(os.getppid())
        folder, words = Path(parent.cwd()), parent.cmdline()
    except Exception:
        return None
    named = [folder / word for word in words if word.endswith(".ipynb")]
    holding = [path for path in dict.fromkeys(named) if holds_cell(path, source)]
    is_papermill = any(Path(word).stem == "papermill" for word in words)  # its second notebook is a copy of the first
    return holding[0] if len(holding) == 1 or (holding and is_papermill) else None


def _runtime_dir() -> Path:
    from jupyter_core.paths import jupyter_runtime_dir

    return Path(jupyter_runtime_dir())
