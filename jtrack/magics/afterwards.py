"""Tracks what the events could not: the cell that has run already, and a body handed to ``%%track`` as a magic."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from jtrack.errors import HeaderError, RunStateError
from jtrack.magics.cell_header import SHOW_HELP, TrackedSource, check_cell
from jtrack.magics.header import Header
from jtrack.magics.recording import open_recording
from jtrack.magics.tracker import CellTracker, check_main_shell
from jtrack.tracking.context import process
from jtrack.tracking.unrecorded import UnrecordedRun

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def track_last(tracker: CellTracker, header: Header) -> None:
    """Make a run of the cell that ran before.

    Raises
    ------
    RunStateError
        No cell has run yet, it is a run already, or the store takes none.
    """
    last = tracker.last
    if last is None:
        raise RunStateError("no cell has run since jtrack was loaded", "run the cell again, then %track --last")
    if last.run_id is not None:
        raise RunStateError(f"the last cell is a run already: {last.run_id[:8]}", "jtrack.get_run('@last') reads it")
    recording = open_recording(tracker.desk, header, last.cell, already_ran=True)
    if recording is None:  # why is said once, and this was asked for
        raise RunStateError("the last cell could not be recorded", "%jtrack doctor looks what is wrong with the store")
    printed = _printed(tracker.shell, last.cell.execution_count)
    tracker.last = recording.close(last, printed)
    recording.show_card()


def track_body(tracker: CellTracker, line: str, body: str) -> Any:
    """Run ``body`` in the notebook's namespace as a run; gives the value of its last expression.

    Raises
    ------
    HeaderError
        The line is wrong, or the cell around it is tracked already.
    """
    check_main_shell()
    header = check_cell(TrackedSource(f"%%track {line}", 1, body), tracker.shell.user_ns)
    if header.help:
        return show_help(tracker.shell)
    if tracker.recording is not None:
        raise HeaderError("this cell is tracked already", "keep one %%track, on the cell's first line")
    recording = open_recording(tracker.desk, header, tracker.cell_of(f"%%track {line}\n{body}", body))
    if recording is None:
        process.unrecorded = UnrecordedRun()  # until the cell around it has ended
        return _run(tracker.shell, body)
    recording.record_output()
    error: BaseException | None = None
    try:
        return _run(tracker.shell, body)
    except BaseException as raised:
        error = raised
        raise
    finally:
        tracker.finish(recording, error)


def show_help(shell: InteractiveShell) -> None:
    """Show what ``%%track?`` shows."""
    name, _, words = SHOW_HELP[1:].partition(" ")
    shell.run_line_magic(name, words)


def _run(shell: InteractiveShell, body: str) -> Any:
    code = shell.input_transformer_manager.transform_cell(body)
    flags = shell.compile.flags  # the notebook's own ``from __future__`` lines
    filename = shell.compile.cache(code, shell.execution_count, raw_code=body)
    tree = ast.parse(code, filename)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec", flags, dont_inherit=True), shell.user_ns)
    if isinstance(last, ast.Expr):
        expression = ast.Expression(last.value)
        return eval(compile(expression, filename, "eval", flags, dont_inherit=True), shell.user_ns)
    return None


def _printed(shell: InteractiveShell, execution_count: int | None) -> str:
    # Nobody listened when the cell ran, but IPython keeps what was printed (except by cells that await).
    kept = getattr(shell.history_manager, "outputs", {})  # IPython has it from 9 on
    streams = [
        output.bundle["stream"] for output in kept.get(execution_count, ()) if output.output_type == "out_stream"
    ]
    return "".join("".join(stream) for stream in streams)
