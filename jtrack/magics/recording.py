"""The run that a tracked cell makes: opened before its body, closed after it, with what the cell did in between.

Every step after the run has started is its own attempt: one that fails is said once and leaves the others, and
above all the user's cell, as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from jtrack import tracking
from jtrack.capture.history import executed_cells
from jtrack.capture.late import CellNote, LateFacts, LateReader
from jtrack.capture.namespace import cell_metrics, cell_params
from jtrack.capture.origins import OriginReader
from jtrack.capture.slice_source import ExecutedCell
from jtrack.capture.tracebacks import traceback_text
from jtrack.entities import Cell, RunKind
from jtrack.magics.cells import FinishedCell, RunningCell, status_of
from jtrack.magics.config import JTrack
from jtrack.magics.header import Header
from jtrack.magics.notices import Notices
from jtrack.magics.printed import ARTIFACT, PrintedOutput
from jtrack.tracking.context import own_active_run, process
from jtrack.tracking.experiments import get_or_create_experiment

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jtrack.widgets.live.card import LiveCard

NOTEBOOK_WAIT_S = 0.3


@dataclass(frozen=True, slots=True)
class Desk:
    """What every recording of one kernel works with."""

    settings: JTrack
    notices: Notices
    late: LateReader
    origins: OriginReader = field(default_factory=OriginReader)

    def attempt(self, deed: str, act: Callable[[], object]) -> bool:
        """Do ``act``; when it fails, say once that the ``deed`` could not be done, and go on."""
        try:
            act()
        except Exception as error:
            self.notices.warn(deed, error)
            return False
        return True

    def note_origin(
        self,
        run: tracking.ActiveRun,
        cell: RunningCell,
        identity: str | None = None,
        record_reached: Callable[[], bool] = lambda: True,
        program: str | None = None,
    ) -> CellNote:
        """Begin to look up where the run of a cell comes from: notebook, earlier cells, environment, git.

        Parameters
        ----------
        program
            What the cell ran, where its source doesn't say so.
        """
        facts = LateFacts(git=self.settings.capture_git, environment=self.settings.capture_environment)
        return self.late.start(
            run,
            cell.origin,
            identity or cell.identity,
            cell.execution_count,
            facts,
            partial(self._cells_behind, cell, cell.source if program is None else program),
            record_reached,
        )

    def _cells_behind(self, cell: RunningCell, program: str) -> list[Cell]:
        if cell.execution_count is None:
            return []
        history = executed_cells(cell.shell, before=cell.execution_count)
        return self.origins.cells_behind(history, ExecutedCell(program, cell.execution_count))


class CellRecording:
    """One tracked cell while it runs."""

    def __init__(
        self, desk: Desk, header: Header, cell: RunningCell, run: tracking.ActiveRun, *, already_ran: bool = False
    ) -> None:
        self.header, self.cell, self.run = header, cell, run
        self.inner_error: BaseException | None = None
        self._desk = desk
        self._output: PrintedOutput | None = None
        self._are_params_known = False
        self._live: LiveCard | None = None
        self._note = desk.note_origin(run, cell, None, (lambda: True) if already_ran else self._record_reached)

    def record_settings(self) -> None:
        """Record what the header sets, each on its own: one that is no param keeps none of the others away."""
        self._log_each("param", self.run.log_param, self.header.values)

    def show_live(self) -> None:
        """Show the run while the cell runs, once that takes its time."""
        # Whoever sends no cell ids runs notebooks without anybody before them.
        if self._shows_card and self._desk.settings.live and self.cell.cell_id is not None:
            from jtrack.widgets.live.card import LiveCard

            self.run.expected_params = cell_params(self.cell.bindings, {}, None)
            self._live = LiveCard(self.run, self.cell.shell.display_pub)
            self._live.start()

    def record_output(self) -> None:
        """Keep from now on what the cell prints."""
        if self._desk.settings.capture_stdout:
            self._output = PrintedOutput(self.run, self.cell.shell, self._desk.settings.max_stdout_chars)
            self._output.start()

    def finish(self, error: BaseException | None) -> FinishedCell:
        """Close the run of a cell that ended just now."""
        finished = FinishedCell(self.cell, error if error is not None else self.inner_error, datetime.now(UTC))
        try:
            if self._live is not None:
                self._live.stop()
            printed = "" if self._output is None else self._output.stop()
            return self.close(finished, printed)
        except KeyboardInterrupt:  # an impatient second one must not leave the run open for the cells to come
            self._desk.attempt("record the end of the run", lambda: self._end_run(finished))
            raise

    def close(self, finished: FinishedCell, printed: str) -> FinishedCell:
        """Close the run: with what the cell set, printed and failed of."""
        attempt = self._desk.attempt
        try:
            attempt("end the runs that the cell left open", lambda: end_inner_runs(self.run, finished.error))
            attempt("record what the cell set", lambda: self._record_names(finished))
            attempt("keep the cell's output", lambda: self._keep_output(printed))
            attempt("record the cell's source", lambda: self._note.settle(NOTEBOOK_WAIT_S))
        finally:  # an interrupt must not leave the run open for the cells to come
            attempt("record the end of the run", lambda: self._end_run(finished))
        return replace(finished, run_id=self.run.run_id)

    def _keep_output(self, printed: str) -> None:
        if printed and ARTIFACT in self.run.files:
            text = f"the cell logs a {ARTIFACT} of its own, so what it printed is not kept"
            self._desk.notices.say(text, once=(ARTIFACT, ""))
        elif printed:
            self.run.log_text(printed.encode("utf-8", "replace").decode(), ARTIFACT)

    def _end_run(self, finished: FinishedCell) -> None:
        error = finished.error
        text = None if error is None else cell_traceback(self.cell.shell, error)
        self.run.end(status_of(error), error=text, ended_at=finished.ended_at)

    def show_card(self) -> None:
        """Show the run below the cell's output, unless it is to be quiet."""
        if self._shows_card:
            self._desk.attempt("show the run's card", lambda: _show_card(self.run.run_id, self._live))
        self._note.shown.set()

    def wait_for_facts(self) -> None:
        """Wait until the notebook, the environment and git are known and recorded."""
        self._note.wait()

    @property
    def _shows_card(self) -> bool:
        return not self.header.quiet and not self._desk.settings.quiet

    def _record_names(self, finished: FinishedCell) -> None:
        header, settings, namespace = self.header, self._desk.settings, self.cell.shell.user_ns
        failed, numbers_after = finished.error is not None, finished.numbers_after
        if self._takes_params:
            self._log_each("param", self.run.note_param, self._params(failed=failed))
        if settings.capture_metrics or header.metrics is not None:
            taken = {*self.run.metrics, *(self.run.params if header.metrics is None else ())}
            after = namespace if numbers_after is None or header.metrics is not None else numbers_after
            before, bindings = self.cell.numbers_before, self.cell.bindings
            numbers = cell_metrics(before, after, bindings, header.metrics, taken, failed=failed)
            self._log_each("metric", self.run.log_metric, numbers)
        if not failed:
            self._name_missing("param", header.params or (), {**namespace, **self.run.params})
            self._name_missing("metric", header.metrics or (), self.run.metrics)

    @property
    def _takes_params(self) -> bool:
        return self._desk.settings.capture_params or self.header.params is not None

    def _params(self, *, failed: bool) -> dict[str, Any]:
        cell = self.cell
        return cell_params(cell.bindings, cell.shell.user_ns, self.header.params, cell.numbers_before, failed=failed)

    def _record_reached(self) -> bool:
        """Record what the cell has come to, for a kernel that dies; says whether there is no more to come."""
        if self.run.ended:
            return True
        if self._output is not None:
            self._output.note_size()
        self._are_params_known = self._are_params_known or self._record_params_reached()
        return self._are_params_known and not self._desk.settings.capture_stdout

    def _record_params_reached(self) -> bool:
        """Record the params that the cell has come to; says whether these are all."""
        if not self._takes_params:
            return True
        bindings = self.cell.bindings
        # What it sets several times may still be in the making.
        settled = {
            key: value
            for key, value in self._params(failed=True).items()
            if key in bindings.literals or key in bindings.once or key not in bindings.names
        }
        with suppress(Exception):  # it is tried again when the cell ends, and told then
            for key, value in settled.items():
                if key not in self.run.params:
                    self.run.note_param(key, value)
        return all(key in settled for key in self.header.params or cell_params(bindings, {}))

    def _log_each(self, noun: str, log: Callable[[str, Any], object], values: dict[str, Any]) -> None:
        for key, value in values.items():
            self._desk.attempt(f"record {noun} {key!r}", partial(log, key, value))

    def _name_missing(self, noun: str, asked: Iterable[str], logged: dict[str, Any]) -> None:
        for name in asked:
            if name not in logged:
                said = "no number of this name" if noun == "metric" else "nothing of this name"
                self._desk.notices.say(f"--{noun}s {name}: after the cell there is {said}")


def open_recording(desk: Desk, header: Header, cell: RunningCell, *, already_ran: bool = False) -> CellRecording | None:
    """Start the run of a cell; ``None``, and a word why, where that can't be done.

    Parameters
    ----------
    already_ran
        The cell ran before: its run starts when it did, and nothing is set for it.
    """
    if not already_ran:
        cell.shell.user_ns.update(header.values)
        cell = cell.with_numbers(header.params or ())
    try:
        source_type = "LOCAL" if cell.origin.connection_file is None else "NOTEBOOK"
        run = _start_run(header, source_type, cell.started_at if already_ran else None)
    except Exception as error:
        desk.notices.warn("record this cell", error)
        return None
    recording = CellRecording(desk, header, cell, run, already_ran=already_ran)
    recording.record_settings()
    return recording


def end_inner_runs(run: tracking.ActiveRun, error: BaseException | None) -> None:
    """End the runs that were opened inside ``run`` and not ended: what a cell opened ends with it.

    A cell that ended its own run may have opened others after it, which would be around the runs of all later cells.
    """
    for inner in reversed(list(process.runs)):
        if inner is not run and (_is_inside(inner, run) or (run.ended and _is_after(inner, run))):
            inner.end(status_of(error))


def cell_traceback(shell: InteractiveShell, error: BaseException) -> str:
    """Render the error of a cell with the cells' names in place of their temporary files'."""

    def cell_name(filename: str) -> str | None:
        named = shell.compile.format_code_name(filename)
        return " ".join(named) if named else None

    return traceback_text(error, cell_name)


def _start_run(header: Header, source_type: str, started_at: datetime | None) -> tracking.ActiveRun:
    experiment_id = None
    if header.experiment is not None:
        experiment_id = get_or_create_experiment(tracking.current_store(), header.experiment).experiment_id
    return tracking.start_run(
        experiment_id=experiment_id,
        run_name=header.name,
        # A run that the user has left open is the one around: the cell's run becomes its child.
        nested=own_active_run() is not None,
        tags=header.tags or None,
        description=header.note,
        kind=RunKind.CELL,
        source_type=source_type,
        started_at=started_at,
    )


def _is_inside(run: tracking.ActiveRun, around: tracking.ActiveRun) -> bool:
    outer = run.outer
    while outer is not None and outer is not around:
        outer = outer.outer
    return outer is around


def _is_after(run: tracking.ActiveRun, before: tracking.ActiveRun) -> bool:
    return run in process.main_runs and run.info.started_at >= before.info.started_at


def _show_card(run_id: str, live: LiveCard | None) -> None:
    from IPython.display import display

    from jtrack.widgets.card.panel import run_card

    if live is not None:
        live.leave()
    display(run_card(run_id))  # type: ignore[no-untyped-call]
