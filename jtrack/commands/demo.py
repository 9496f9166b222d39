"""``demo``: executes the quickstart notebook in a real kernel, in a folder of its own that the user keeps.

The kernel is given the folder's own store, so that the demo never writes into one that lies above it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jtrack.capture.notebook import NOTEBOOK_VARIABLE
from jtrack.commands.command import Command
from jtrack.errors import InvalidInputError, JTrackError
from jtrack.settings import STORE_FOLDER, TRACKING_URI_VARIABLE

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOK = "quickstart.ipynb"
NEEDS = ("sklearn", "pandas")
CELL_TIMEOUT_S = 600

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A notebook that was executed, and what its runs look like."""

    notebook_path: Path
    store_path: Path
    runs: str
    comparison: str
    is_good: bool = True

    def as_text(self) -> str:
        """The runs, their comparison, and what to type next."""
        opened = f"{_jupyter()} lab {shlex.quote(_shown(self.notebook_path))}"
        parts = [
            self.runs,
            self.comparison,
            f"Open it in JupyterLab, change a value and run a cell again:\n\n  {opened}",
        ]
        return "\n\n".join(part.rstrip() for part in parts)

    def as_json(self) -> Any:
        """Give where things are."""
        return {"notebook_path": str(self.notebook_path), "store_path": str(self.store_path)}


def demo(folder: str | Path = "jtrack-demo", progress: Progress | None = None) -> Demonstration:
    """Run the quickstart notebook on real data, and show its runs.

    The notebook and its runs stay in the folder. A notebook that is there already is run as it is, edited or not.

    Parameters
    ----------
    folder
        Where to put the notebook; made if it isn't there.
    progress
        Is given a line when a cell begins or ends; ``None`` tells nobody.

    Raises
    ------
    InvalidInputError
        A package that the notebook uses is not installed.
    JTrackError
        A cell failed.
    """
    _check_packages()
    path = _place_notebook(Path(folder))
    store_path = path.parent.resolve() / STORE_FOLDER
    _execute(path, store_path, progress or (lambda line: None))
    return _show(path, store_path)


def quickstart_notebook() -> Path:
    """Find the notebook: inside the installed package, or beside it in a clone."""
    package = Path(str(resources.files("jtrack")))
    found = [
        path for path in (package / "notebooks" / NOTEBOOK, package.parent / "notebooks" / NOTEBOOK) if path.exists()
    ]
    if not found:
        raise JTrackError(f"{NOTEBOOK} is missing from the installation", "pip install --force-reinstall jtrack")
    return found[0]


def _check_packages() -> None:
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise InvalidInputError(f"the demo needs {' and '.join(missing)}", 'pip install "jtrack[demo]"')


def _place_notebook(folder: Path) -> Path:
    path = folder / NOTEBOOK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            shutil.copyfile(quickstart_notebook(), path)
    except OSError as error:
        raise InvalidInputError(
            f"{folder} can't hold the demo: {error.strerror}", "jtrack demo ANOTHER_FOLDER"
        ) from error
    return path


def _execute(path: Path, store_path: Path, progress: Progress) -> None:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, as_version=4)
    teller = _Teller(notebook, progress)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=teller.begin,
        on_cell_executed=teller.end,
        # State of widgets is megabytes that no reader of the file needs: every panel has a form without script.
        store_widget_state=False,
        # It would warn on the terminal that it listens on the loopback without encryption.
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        told = {TRACKING_URI_VARIABLE: str(store_path), NOTEBOOK_VARIABLE: str(path.absolute())}
        client.execute(env={**os.environ, **told})
    except CellExecutionError as error:
        raise JTrackError(
            f"cell {teller.index} of {path} failed: {error.ename}: {error.evalue}", f"see {path}"
        ) from error
    finally:
        nbformat.write(notebook, path)


class _Teller:
    """Tells which cell runs, and how long each took."""

    def __init__(self, notebook: NotebookNode, progress: Progress) -> None:
        self.code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        self.progress = progress
        self.index = 0
        self.started = 0.0

    def begin(self, cell: NotebookNode, cell_index: int) -> None:
        if cell.cell_type == "code":
            self.index += 1
            self.started = time.perf_counter()

    def end(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        first = cell.source.strip().partition("\n")[0]
        taken_s = time.perf_counter() - self.started
        self.progress(f"  [{self.index}/{len(self.code)}] {first:<60.60} {taken_s:5.1f} s")


def _show(path: Path, store_path: Path) -> Demonstration:
    from jtrack.commands.compare import compare
    from jtrack.commands.runs import runs
    from jtrack.tracking.context import process, set_tracking_uri

    before = process.tracking_uri
    set_tracking_uri(store_path)
    try:
        listed = runs()
        compared = compare()  # as a filter that all runs pass: the oldest first
        return Demonstration(path, store_path, listed.as_text(), compared.as_text())
    finally:
        set_tracking_uri(before)


def _jupyter() -> str:
    """The `jupyter` of this very environment, as short as it can be typed."""
    own = shutil.which("jupyter", path=str(Path(sys.executable).parent))
    if own is None:
        return f"{shlex.quote(_shown(Path(sys.executable)))} -m jupyter"
    return "jupyter" if shutil.which("jupyter") == own else shlex.quote(_shown(Path(own)))


def _shown(path: Path) -> str:
    absolute = Path(os.path.abspath(path))  # not resolved: a venv's bin must stay the venv's
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default="jtrack-demo", metavar="FOLDER", help="where to (%(default)s)")


DEMO = Command("demo", demo, _add_arguments, has_json=False)
