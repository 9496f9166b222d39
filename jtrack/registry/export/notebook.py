"""Export from a notebook's file: a fresh kernel runs it from top to bottom, and then writes the package itself.

Both halves are here: what the calling process does, and what it asks the kernel to do. Between them goes a file with
what was written, or with the error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jtrack import errors
from jtrack.capture.notebook import NOTEBOOK_VARIABLE
from jtrack.errors import ExportError, InvalidInputError, JTrackError
from jtrack.registry.export.deliver import Written
from jtrack.registry.export.plan import plan_export
from jtrack.registry.export.session import session_of_shell
from jtrack.registry.export.stages import tell_plan
from jtrack.registry.export.write import write_package

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

Progress = Callable[[str], None]
_ASK = "from jtrack.registry.export.notebook import write_from_kernel as _write\n_write(get_ipython(), {words!r})"


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook.

    Raises
    ------
    InvalidInputError
        There is none, or it is no notebook.
    """
    import nbformat

    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except OSError as error:
        near = ", ".join(sorted(one.name for one in path.absolute().parent.glob("*.ipynb"))[:5])
        raise InvalidInputError(
            f"{path} can't be read: {error.strerror}", f"there are: {near}" if near else None
        ) from None
    except Exception:
        raise InvalidInputError(f"{path} is no notebook") from None
    return notebook


def write_from_notebook(
    path: Path, variable: str, package: str, example: str | None, project: Path, progress: Progress
) -> Written:
    """Run a notebook in a fresh kernel and let that write the package.

    Raises
    ------
    ExportError
        A cell failed: the message names it.
    JTrackError
        What the kernel raised while it wrote.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = read_notebook(path)
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name=notebook.metadata.get("kernelspec", {}).get("name", "python3"),
        resources={"metadata": {"path": str(path.absolute().parent)}},
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
    )
    words = {
        "variable": variable,
        "package": package,
        "example": example,
        "project": str(project),
        "notebook": str(path.absolute()),
    }
    environment = {**os.environ, NOTEBOOK_VARIABLE: str(path.absolute())}
    try:
        with client.setup_kernel(env=environment):
            _run_cells(client, notebook, progress)
            _run_code(client, _ASK.format(words=words))
    except CellExecutionError as error:
        said = f"{error.ename}: {error.evalue}".splitlines()[0]
        raise ExportError(
            f"cell [{_number_of_failed(notebook)}] of {path} failed: {said}", f"see that {path} runs from top to bottom"
        ) from None
    except DeadKernelError:
        raise ExportError(f"the kernel of {path} died", "is there enough memory for it?") from None
    except Exception as error:
        if type(error).__name__ == "NoSuchKernel":
            name = notebook.metadata.get("kernelspec", {}).get("name")
            raise InvalidInputError(
                f"{path} asks for a kernel {name!r}, which is not here", "jupyter kernelspec list"
            ) from None
        raise
    return _answer(project, progress)


def write_from_kernel(shell: Any, words: dict[str, Any]) -> None:
    """Write the package, inside the kernel that has the model."""
    project, path = Path(words["project"]), Path(words["notebook"])
    said: list[str] = []
    try:
        session = session_of_shell(shell, path.parent, path)
        plan = plan_export(session, words["variable"], words["package"], words["example"])
        tell_plan(session, plan, said.append)
        written = write_package(plan, project)
        answer = {"pins": written.pins, "notes": written.notes, "has_program": written.has_program, "said": said}
    except JTrackError as error:
        answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    _answer_file(project).write_text(json.dumps(answer), encoding="utf-8")


def _run_cells(client: NotebookClient, notebook: NotebookNode, progress: Progress) -> None:
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    for number, index in enumerate(code, 1):
        client.execute_cell(notebook.cells[index], index, execution_count=number)
        first = notebook.cells[index].source.strip().partition("\n")[0]
        progress(f"run      [{number}/{len(code)}] {first:.60}")


def _number_of_failed(notebook: NotebookNode) -> int:
    """Give the number of the last cell that was begun: none begins after one that failed."""
    return max((cell.execution_count or 0 for cell in notebook.cells if cell.cell_type == "code"), default=0)


def _run_code(client: NotebookClient, code: str) -> None:
    import nbformat

    cell = nbformat.v4.new_code_cell(code)
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1, store_history=False)


def _answer_file(project: Path) -> Path:
    return project.parent / "answer.json"


def _answer(project: Path, progress: Progress) -> Written:
    try:
        answer = json.loads(_answer_file(project).read_text(encoding="utf-8"))
    except OSError:
        raise ExportError("the notebook's kernel wrote nothing", "pip install jtrack where that kernel runs") from None
    if "error" in answer:
        kind = getattr(errors, answer["error"], ExportError)
        raise _again(kind, answer["message"], answer["hint"])
    for line in answer["said"]:
        progress(line)
    return Written(tuple(answer["pins"]), tuple(answer["notes"]), answer["has_program"])


def _again(kind: type[JTrackError], message: str, hint: str | None) -> JTrackError:
    """Make an error of the same class with the same words: each class has its own way to make them."""
    error = kind.__new__(kind)
    JTrackError.__init__(error, message, hint)
    return error
