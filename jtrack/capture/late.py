"""Facts that take a while, looked up beside the cell and set on its run when they are known.

One thread per tracked cell: the notebook's path first, as the record of the cell waits for it, then the environment and
git, and what the cell comes to while it runs. The cell is never delayed; a kernel that shuts down gives the last of
them a moment.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from jtrack.capture.environment import EnvironmentReader
from jtrack.capture.git import read_git_state
from jtrack.capture.notebook import CellOrigin, NotebookFinder, find_cell_id
from jtrack.capture.source import tracked_cell

if TYPE_CHECKING:
    from jtrack.entities import Cell
    from jtrack.tracking import ActiveRun

SHUTDOWN_WAIT_S = 2.0
QUICK_CELL_S = 0.05  # a cell that takes less has its card shown first: starting git takes the interpreter from it
LOOK_EVERY_S = 1.0  # what a cell has come to; at first, when it comes to most, it is looked at sooner
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class LateFacts:
    """Which of the slow facts to look up."""

    git: bool = True
    environment: bool = True


class LateReader:
    """Looks up the slow facts of one kernel's cells, remembering between cells what doesn't change."""

    def __init__(self, warn: Callable[[str, Exception], None]) -> None:
        self._finder = NotebookFinder()
        self._environment = EnvironmentReader()
        self._warn = warn
        self._running: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        atexit.register(self.wait, SHUTDOWN_WAIT_S)

    def start(
        self,
        run: ActiveRun,
        origin: CellOrigin,
        identity: str,
        execution_count: int | None,
        facts: LateFacts,
        sources: Callable[[], list[Cell]] = list,
        record_reached: Callable[[], bool] = lambda: True,
    ) -> CellNote:
        """Begin to look up what belongs to ``run``; returns at once.

        Parameters
        ----------
        sources
            Finds the cells that the tracked one came from.
        record_reached
            Records what the cell has come to so far, until it says that there is no more to come.
        """
        note = CellNote(run, origin, identity, execution_count)
        work = (note, facts, sources, record_reached)
        thread = threading.Thread(target=self._look_up, args=work, name="jtrack-facts", daemon=True)
        self._running.add(thread)
        note.thread = thread
        thread.start()
        return note

    def wait(self, timeout_s: float) -> None:
        """Wait for the look-ups that are under way."""
        for thread in list(self._running):
            if thread.is_alive():
                thread.join(timeout_s)

    def close(self) -> None:
        """Let go of the process's exit hook."""
        atexit.unregister(self.wait)

    def _look_up(
        self,
        note: CellNote,
        facts: LateFacts,
        sources: Callable[[], list[Cell]],
        record_reached: Callable[[], bool],
    ) -> None:
        folder = self._attempt("find the notebook's path", lambda: note.write(self._finder.find(note.origin)))
        is_all = note.shown.wait(QUICK_CELL_S) or record_reached()
        self._attempt("record the cells that it came from", lambda: _record_sources(note, sources()))
        if facts.environment:
            self._attempt("record the environment", lambda: note.run.record_environment(self._environment.read()))
            is_all = is_all or record_reached()
        if facts.git:
            self._attempt("record the state of git", lambda: _set_git(note.run, folder or Path.cwd()))
        pause_s = QUICK_CELL_S
        while not is_all:
            is_all = note.shown.wait(pause_s) or record_reached()
            pause_s = min(2 * pause_s, LOOK_EVERY_S)

    def _attempt(self, deed: str, act: Callable[[], _T]) -> _T | None:
        try:
            return act()
        except Exception as error:
            self._warn(deed, error)
            return None


class CellNote:
    """The record of a tracked cell, written once: when its notebook is known, or when there is no more time."""

    def __init__(self, run: ActiveRun, origin: CellOrigin, identity: str, execution_count: int | None) -> None:
        self.run, self.origin = run, origin
        self._identity, self._execution_count = identity, execution_count
        self._lock = threading.Lock()
        self._written = threading.Event()
        self.shown = threading.Event()
        self.thread: threading.Thread | None = None

    def write(self, notebook_path: Path | None) -> Path | None:
        """Record the cell unless that was done; gives the notebook's folder."""
        with self._lock:
            if not self._written.is_set():
                self._record(notebook_path)
                self._written.set()
        return None if notebook_path is None else notebook_path.parent

    def _record(self, notebook_path: Path | None) -> None:
        source, identity = self.origin.source, self._identity
        if notebook_path is None:
            self.run.record_cell(tracked_cell(source, identity, self._execution_count, None))
            return
        if self.origin.cell_id is None:
            # Who executes a notebook as a whole sends no ids. With the file's own it is the same cell in JupyterLab.
            identity = find_cell_id(notebook_path, source) or identity
        self.run.record_cell(tracked_cell(source, identity, self._execution_count, str(notebook_path)))
        self.run.set_attributes(source_name=str(notebook_path))

    def settle(self, timeout_s: float) -> None:
        """Wait until the cell is recorded; record it without its notebook when that takes too long."""
        if not self._written.wait(timeout_s):
            self.write(None)

    def wait(self) -> None:
        """Wait until all that is looked up for the run is recorded."""
        if self.thread is not None:
            self.thread.join()


def _record_sources(note: CellNote, cells: list[Cell]) -> None:
    for cell in cells:
        note.run.record_cell(cell)


def _set_git(run: ActiveRun, folder: Path) -> None:
    state = read_git_state(folder)
    if state is not None:
        run.set_attributes(git_commit=state.commit, git_branch=state.branch, git_dirty=state.dirty)
