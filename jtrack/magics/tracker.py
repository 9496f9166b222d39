"""Follows the cells of one shell: opens a run before a tracked cell and closes it after, through IPython's events.

Only ``pre_run_cell`` and ``post_run_cell`` will do: ``post_execute`` also fires for widgets' messages. ``%%capture``
and its like run their body as a cell within the cell, so the events nest; the outermost one is the user's cell.
"""

from __future__ import annotations

import _thread
import signal
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jtrack.capture.late import LateReader
from jtrack.capture.namespace import snapshot_numbers
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import HeaderError
from jtrack.magics.cell_header import HeaderTransformer, check_cell
from jtrack.magics.cells import FinishedCell, RunningCell, read_cell
from jtrack.magics.config import JTrack
from jtrack.magics.header import Header
from jtrack.magics.notices import Notices
from jtrack.magics.readiness import Readiness
from jtrack.magics.recording import CellRecording, Desk, open_recording
from jtrack.tracking.context import add_run_listener, current_store, process, remove_run_listener
from jtrack.tracking.unrecorded import UnrecordedRun

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from jtrack.tracking import ActiveRun

_SHORTLY_S = 0.05
_PLAIN_KINDS = (RunKind.BLOCK, RunKind.SWEEP)


class CellTracker:
    """The watcher of one shell's cells.

    ``auto`` is the header for cells that train while ``%track on`` is in force, ``last`` the cell that ran before.
    """

    def __init__(self, shell: InteractiveShell, settings: JTrack) -> None:
        self.shell = shell
        notices = Notices()
        self.desk = Desk(settings, notices, LateReader(notices.warn))
        self.auto: Header | None = None
        self.last: FinishedCell | None = None
        self.recording: CellRecording | None = None
        self.readiness = Readiness()
        self._runs: dict[str, ActiveRun] = {}  # the last of each cell
        self._cell: RunningCell | None = None
        self._inside: FinishedCell | None = None
        self._running: list[ExecutionInfo] = []
        self._request: str | None = None  # the front end's, for the outermost cell
        self._transformer = HeaderTransformer(self._may_strip, lambda: self.shell.user_ns)

    def attach(self) -> None:
        """Begin to follow the shell's cells."""
        self.shell.input_transformers_cleanup.append(self._transformer)
        self.shell.events.register("pre_run_cell", self.pre_run_cell)
        self.shell.events.register("post_run_cell", self.post_run_cell)
        add_run_listener(self._note_plain_run)
        self.readiness.prepare(current_store)

    def detach(self) -> None:
        """Leave the shell as it was found; the run of a cell that asks for this ends here."""
        if self.recording is not None:
            self._end(None)
        self.shell.input_transformers_cleanup.remove(self._transformer)
        self.shell.events.unregister("pre_run_cell", self.pre_run_cell)
        self.shell.events.unregister("post_run_cell", self.post_run_cell)
        remove_run_listener(self._note_plain_run)
        self.desk.late.close()

    @property
    def is_inside_cell(self) -> bool:
        """Whether a cell is running."""
        # An interrupt at the wrong moment makes IPython skip ``post_run_cell``: that cell runs no more at the next one.
        return bool(self._running) and self._request == _request_id(self.shell)

    def pre_run_cell(self, info: ExecutionInfo) -> None:
        """Open a run if the cell is to be tracked."""
        if info.silent or not _is_main_thread():
            return
        if info.store_history and not self.is_inside_cell:
            self._running.clear()
        self._running.append(info)
        if len(self._running) == 1:
            self._request = _request_id(self.shell)
            runs = list(process.runs)
            with self.desk.notices.hear():
                try:
                    self.desk.attempt("record this cell", lambda: self._begin(info))
                except KeyboardInterrupt:  # IPython would go on with the cell
                    self._give_up_begun(runs)
                    threading.Timer(_SHORTLY_S, _interrupt_main).start()

    def post_run_cell(self, result: ExecutionResult | None) -> None:
        """Close the run of the cell that ended."""
        if not _is_main_thread() or not self._leave(result):
            return
        error = _error_of(result)
        if self._running:
            if self.recording is not None and error is not None and self.recording.inner_error is None:
                self.recording.inner_error = error
            return
        with self.desk.notices.hear():
            try:
                self.desk.attempt("record the end of this cell", lambda: self._end(error))
            except KeyboardInterrupt:  # IPython would show the way through jtrack
                self.desk.notices.say("interrupted while the run of this cell was closed; %runs lists it")

    def _begin(self, info: ExecutionInfo) -> None:
        if self.recording is not None:  # nobody told of its end
            self.recording.finish(KeyboardInterrupt())
        cell = read_cell(self.shell, info)
        self._cell, self.recording = cell.with_numbers(), None
        header = self._header_of(cell)
        if header is not None:
            self.recording = open_recording(self.desk, header, cell)
            if self.recording is None:
                process.unrecorded = UnrecordedRun()
            else:
                self.recording.record_output()
                self.desk.attempt("show the run while it runs", self.recording.show_live)

    def _give_up_begun(self, runs_before: list[ActiveRun]) -> None:
        """End what was opened by halves: what the cell logs until it is interrupted goes nowhere."""
        if self.recording is None:
            for run in [run for run in process.runs if run not in runs_before]:
                run.end(RunStatus.KILLED)
            process.unrecorded = UnrecordedRun()

    def _header_of(self, cell: RunningCell) -> Header | None:
        if cell.header is not None:
            try:
                header = check_cell(cell.header, self.shell.user_ns)
            except HeaderError:
                return None  # the transformer has raised the same: nothing of this cell runs
            return None if header.help else header
        if self.auto is not None and self._trains(cell):
            return self.auto
        return None

    def _trains(self, cell: RunningCell) -> bool:
        calls = cell.bindings.calls
        return not calls.isdisjoint(self.desk.settings.training_calls) and "start_run" not in calls

    def cell_of(self, source: str, body: str) -> RunningCell:
        """Describe a part of the running cell as a cell of its own."""
        transformed = self.shell.input_transformer_manager.transform_cell(body)
        cell = RunningCell(self.shell, source, None, transformed, None, {}, None)
        if self._cell is None:
            return cell
        return replace(
            cell, cell_id=self._cell.cell_id, meta=self._cell.meta, execution_count=self._cell.execution_count
        )

    def finish(self, recording: CellRecording, error: BaseException | None) -> None:
        """Close the run of a part of the running cell."""
        self._inside = recording.finish(error)
        recording.show_card()

    def _end(self, error: BaseException | None) -> None:
        cell, recording, inside = self._cell, self.recording, self._inside
        self._cell = self.recording = self._inside = process.unrecorded = None
        if recording is not None:
            run = recording.run
            run.cell_before = self._runs.get(recording.cell.identity)
            if run.cell_before is not None:
                run.cell_before.cell_before = None  # one is remembered, not all of them
            self.last = recording.finish(error)
            if run.cell is not None:
                self._runs[recording.cell.identity] = run
            recording.show_card()
            self.readiness.prepare(lambda: run.store, after=recording.wait_for_facts)
        elif inside is not None:
            self.last = inside
        elif cell is not None and cell.execution_count is not None and not cell.is_only_commands:
            self.last = FinishedCell(cell, error, datetime.now(UTC), numbers_after=snapshot_numbers(self.shell.user_ns))

    def _note_plain_run(self, run: ActiveRun) -> None:
        """Record where a run came from that the cell's own code opens, as ``%%track`` would."""
        cell = self._cell
        if cell is None or self.recording is not None or not self._running or not _is_main_thread():
            return
        if run.ended or run.is_resumed or run.info.parent_run_id is not None or run.kind not in _PLAIN_KINDS:
            return
        if run.kind is RunKind.SWEEP and cell.source.lstrip().startswith("%%sweep"):
            return  # that magic records it itself
        if cell.origin.connection_file is not None:
            run.set_attributes(source_type="NOTEBOOK")
        self.desk.note_origin(run, cell)

    def _leave(self, result: ExecutionResult | None) -> bool:
        """Take the cell that ended off the stack; false where its beginning was never told, as of an empty one."""
        if result is None:
            return bool(self._running) and self._running.pop() is not None
        for depth in reversed(range(len(self._running))):
            # When the runner itself fails, IPython makes a new info for the same cell.
            info = self._running[depth]
            if info is result.info or info.raw_cell == getattr(result.info, "raw_cell", None):
                del self._running[depth:]
                return True
        return False

    def _may_strip(self) -> bool:
        check_main_shell()
        return not self.is_inside_cell


def check_main_shell() -> None:
    """Hold that this runs in the main shell, whose cells come one after another.

    Raises
    ------
    HeaderError
        It runs in a subshell, at the same time as a cell of the main one.
    """
    if not _is_main_thread():
        raise HeaderError("%%track records cells of the main shell, and this one runs in a subshell")


def _error_of(result: ExecutionResult | None) -> BaseException | None:
    if result is None:  # the task of a cell that awaits was cancelled from outside
        return KeyboardInterrupt()
    return result.error_before_exec or result.error_in_exec


def _request_id(shell: InteractiveShell) -> str | None:
    """Name the front end's request that is being answered; a terminal knows none."""
    parent: dict[str, dict[str, str]] = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("header", {}).get("msg_id")


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):  # which wakes up a call that waits
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
