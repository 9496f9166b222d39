"""Logs a fitted object that stands in a variable, into the run of the cell that made it.

Which cell that was is read off the session's history: the last one whose source sets the name. Where it was tracked,
its run takes the model, ended or not; where it wasn't, the model gets a run of its own that keeps that cell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jtrack import queries, tracking
from jtrack.capture.bindings import find_bindings
from jtrack.capture.data import describe_data
from jtrack.capture.literals import parse_python
from jtrack.capture.source import cell_identity, python_body, tracked_cell
from jtrack.entities import DatasetInput, ModelVersion, Run, RunKind
from jtrack.errors import InvalidInputError
from jtrack.tracking.context import context_run
from jtrack.tracking.run import ActiveRun

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_EXAMPLE_ROWS = 5
_RUNS_OF_CELL = """
SELECT c.run_id, c.source FROM cells c JOIN runs r USING (run_id)
WHERE c.role = 'tracked' AND c.execution_count = ? AND r.lifecycle_stage = 'active' ORDER BY r.started_at DESC LIMIT 20
"""


def log_variable(shell: InteractiveShell, name: str, example: str | None = None) -> str:
    """Keep the object in a variable as a run's model.

    Parameters
    ----------
    example
        A variable with data, whose first rows are kept as the model's input example.

    Returns
    -------
    str
        The address of the model; of a run, a version or a text, its own.

    Raises
    ------
    InvalidInputError
        There is no such variable ``example``.
    """
    value = shell.user_ns[name]
    if isinstance(value, str):
        return value
    address = _address_of(value)
    if address is not None:
        return address
    from jtrack.registry.save import log_model

    rows = None if example is None else _first_rows(shell.user_ns, example)
    with _run_for(shell, name) as run:
        info = log_model(value, name, input_example=rows)
        known = queries.get_run(run.run_id).inputs.dataset_inputs
        for data in _data_of_cell(shell, name):
            if data not in known:
                run.log_input(data)
        return str(info.model_uri)


def _address_of(value: Any) -> str | None:
    if isinstance(value, (ActiveRun, Run)):
        return f"runs:/{value.info.run_id}"
    if isinstance(value, ModelVersion):
        return value.uri
    uri = getattr(value, "model_uri", None)
    return uri if isinstance(uri, str) else None


def _first_rows(user_ns: dict[str, Any], name: str) -> Any:
    if name not in user_ns:
        raise InvalidInputError(f"there is no variable {name!r}", "--example takes the name of a table or an array")
    value = user_ns[name]
    return value.head(_EXAMPLE_ROWS) if hasattr(value, "head") else value[:_EXAMPLE_ROWS]


@contextmanager
def _run_for(shell: InteractiveShell, name: str) -> Iterator[ActiveRun]:
    """Make the run that the model belongs to the active one."""
    active = tracking.find_active_run()
    if active is not None:
        yield active
        return
    count, source = _maker(shell, name)
    run_id = _run_of_cell(count, name)
    if run_id is None:
        with tracking.start_run(kind=RunKind.CELL) as run:
            if source:
                run.record_cell(tracked_cell(source, cell_identity(None, python_body(source)), count, None))
            yield run
        return
    # It is not taken up again: its state and its end stay what they were.
    late = ActiveRun(tracking.current_store(), queries.get_run(run_id).info)
    token = context_run.set(late)
    try:
        yield late
    finally:
        context_run.reset(token)


def _maker(shell: InteractiveShell, name: str) -> tuple[int | None, str]:
    """Find the last cell of this session that set a name: its number and its source."""
    cells = list(enumerate(shell.history_manager.input_hist_raw if shell.history_manager else ()))
    found = next(((count, source) for count, source in reversed(cells) if _sets(source, name)), None)
    return (None, "") if found is None else found


def _data_of_cell(shell: InteractiveShell, name: str) -> list[DatasetInput]:
    """Describe the tables and arrays that the cell which set a name reads, as they are now."""
    _, source = _maker(shell, name)
    module = parse_python(python_body(source))
    if module is None:
        return []
    own = {node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    read = [node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    named = {key: shell.user_ns[key] for key in read if key in shell.user_ns and key not in own}
    return [data for key, value in named.items() if (data := describe_data(value, key)) is not None]


def _run_of_cell(count: int | None, name: str) -> str | None:
    if count is None:
        return None
    rows = queries.rows(_RUNS_OF_CELL, [count])
    return next((row["run_id"] for row in rows if _sets(row["source"], name)), None)


def _sets(source: str, name: str) -> bool:
    if name not in source:  # most cells, without a look at their syntax
        return False
    found = find_bindings(python_body(source))
    return name in found.computed or name in found.literals or name in found.uncounted
