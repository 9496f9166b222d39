"""Which store, which experiment and which run are meant when nobody says: the process's only mutable state.

A run is found through a context variable, so that tasks and threads can each have their own, and behind it
through a process-wide list, since a thread (and a cell run in a subshell) starts with an empty context.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from jtrack import settings
from jtrack.entities import RunKind
from jtrack.errors import InvalidInputError
from jtrack.store import Store, warn_unwritten
from jtrack.store.folder import StoreFolder
from jtrack.tracking.unrecorded import UnrecordedRun

if TYPE_CHECKING:
    from jtrack.tracking.run import ActiveRun

MOST_RECENT_STORES = 8  # each that is open has a thread, three open files and some megabytes of DuckDB's

RunListener = Callable[["ActiveRun"], object]

context_run: ContextVar[ActiveRun | None] = ContextVar("jtrack_run", default=None)


class _Process:
    """What this process has chosen and opened."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.tracking_uri: str | None = None
        # Of a notebook: what the environment said when it began, and the store that was meant then.
        self.held_uri: tuple[str | None, str] | None = None
        self.experiment_id: str | None = None
        # Of the experiment that was chosen: in a store that is made anew it is made anew too.
        self.experiment_name: str | None = None
        self.runs: list[ActiveRun] = []
        self.main_runs: weakref.WeakSet[ActiveRun] = weakref.WeakSet()  # those that began in the main thread
        # While a cell runs whose run could not be opened: what it logs goes nowhere.
        self.unrecorded: UnrecordedRun | None = None
        # The one that is open, if it is only one: then it is meant wherever somebody logs.
        self.only_run: ActiveRun | None = None
        self.last_run: ActiveRun | None = None
        # All that somebody still holds: a run, a panel, or the list of those that were used last.
        self.stores: weakref.WeakValueDictionary[Path, Store] = weakref.WeakValueDictionary()
        self.recent_stores: deque[Store] = deque(maxlen=MOST_RECENT_STORES)
        self.listeners: list[RunListener] = []

    def note_only_run(self) -> None:
        """Follow a change of ``runs``."""
        self.only_run = self.runs[0] if len(self.runs) == 1 else None


process = _Process()


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Choose the store for the runs to come.

    Parameters
    ----------
    uri
        A folder (``path`` or ``file:path``), from the working folder as it is now; ``None`` goes back to the
        environment and the nearest ``.jtrack``, as does ``""``.

    Raises
    ------
    InvalidInputError
        No store can be opened there; the choice before stands.
    """
    path = settings.parse_store_path(uri) if uri else None
    with process.lock:
        process.tracking_uri = None if path is None else str(path)
        process.experiment_id = process.experiment_name = None


def get_tracking_uri() -> str:
    """Name the store in force: what was set, else ``$JTRACK_TRACKING_URI``, else the nearest ``.jtrack`` folder."""
    if process.tracking_uri is not None:
        return process.tracking_uri
    if process.held_uri is not None and process.held_uri[0] == os.environ.get(settings.TRACKING_URI_VARIABLE):
        return process.held_uri[1]
    return settings.default_tracking_uri()


def hold_store() -> None:
    """Hold on to the store that is meant now: a notebook that changes the working folder doesn't change its store."""
    with process.lock, suppress(InvalidInputError):  # a wrong one in the environment is told when it is opened
        if process.held_uri is None:
            meant = str(settings.parse_store_path(settings.default_tracking_uri()))
            process.held_uri = (os.environ.get(settings.TRACKING_URI_VARIABLE), meant)


def current_store() -> Store:
    """Open the store in force; the same object for the same folder."""
    return open_store(get_tracking_uri())


def open_store(uri: str | os.PathLike[str]) -> Store:
    """Open the store at a tracking URI, whichever is in force; the same object for the same folder.

    A folder that was removed meanwhile gets a new object, and that is told: the old one's files lead nowhere. One that
    was renamed or moved with the working folder in it is followed.
    """
    path = settings.parse_store_path(uri)
    with process.lock:
        store = process.stores.get(path)
        if store is not None and store.writer.is_lost and not any(run.store is store for run in process.runs):
            path = _leave_lost_store(store)
        return store_at(path)


def store_at(path: Path) -> Store:
    """Open the store in a folder; the same object for as long as it is among the last few or somebody holds it."""
    with process.lock:
        store = process.stores.get(path)
        if store is None:
            store = process.stores[path] = Store(path)
        if not process.recent_stores or process.recent_stores[-1] is not store:
            with suppress(ValueError):
                process.recent_stores.remove(store)
            process.recent_stores.append(store)
        return store


def _leave_lost_store(store: Store) -> Path:
    """Close a store whose files are no longer where they were; gives the folder to go on in."""
    path = _find_moved(store) or store.path
    if path == store.path:
        warn_unwritten(f"{path} is gone, and the runs in it: a new one begins there")
        process.experiment_id = None
    else:
        warn_unwritten(f"{store.path} was moved: it is {path} now, and goes on there")
        process.tracking_uri = str(path)
    store.writer.close()
    del process.stores[store.path]
    return path


def _find_moved(store: Store) -> Path | None:
    """Find where the chosen store is now: the working folder moves along with what it is in, and the journal tells."""
    with suppress(OSError):  # the working folder itself was removed
        path = settings.nearest_store_path(Path.cwd())
        is_chosen = settings.parse_store_path(get_tracking_uri()) == store.path
        if is_chosen and StoreFolder(path).events_path(store.writer.name).is_file():
            return path
    return None


def find_active_run() -> ActiveRun | None:
    """Find the run that a log call means: this context's, else the process's."""
    run = find_context_run()
    if run is not None:
        return run
    runs = process.runs
    return runs[-1] if runs else None


def find_context_run() -> ActiveRun | None:
    """Find the run that is open in this context alone; one that another thread has ended is still set here."""
    run = context_run.get()
    while run is not None and run.ended:
        run = run.outer
    return run


def find_late_run() -> ActiveRun | None:
    """Find the run of the tracked cell that this task was begun in, where the cell has ended before its task."""
    run = context_run.get()
    return run if run is not None and run.kind == RunKind.CELL else None


def find_own_run(store: Store, run_id: str) -> ActiveRun | None:
    """Find the object of a run that this process records."""
    with process.lock:
        return next((run for run in process.runs if run.run_id == run_id and run.store is store), None)


def enter_run(run: ActiveRun) -> None:
    """Make ``run`` the active one: in this context, and for threads that have none of their own."""
    with process.lock:
        context_run.set(run)
        if is_main_thread():
            process.main_runs.add(run)
        # A worker's own run is no business of other threads while the main thread has one open.
        if is_main_thread() or not process.runs:
            process.runs.append(run)
        else:
            process.runs.insert(0, run)
        process.note_only_run()
    _tell_listeners(run)


def leave_run(run: ActiveRun) -> None:
    """Take ``run`` off, wherever it stands; the one around it is active again."""
    with process.lock:
        if run in process.runs:
            process.runs.remove(run)
        process.note_only_run()
        process.last_run = run
        if context_run.get() is run:
            context_run.set(run.outer)
    _tell_listeners(run)


def add_run_listener(listener: RunListener) -> None:
    """Have ``listener`` called with each run that begins or ends in this process, in the run's own thread."""
    with process.lock:
        process.listeners.append(listener)


def remove_run_listener(listener: RunListener) -> None:
    """Call it no more; one that isn't there is no error."""
    with process.lock, suppress(ValueError):
        process.listeners.remove(listener)


def _tell_listeners(run: ActiveRun) -> None:
    for listener in list(process.listeners):
        with suppress(Exception):  # who watches a training must not be able to break it
            listener(run)


def own_active_run() -> ActiveRun | None:
    """Find the run that was started in this very context; in the main thread, in any that was the main thread's."""
    run = find_context_run()
    if run is None and is_main_thread():
        return next((own for own in reversed(process.runs) if own in process.main_runs), None)
    return run


def is_main_thread() -> bool:
    """Whether this is the thread that the process began with, and in a kernel runs the cells."""
    return threading.current_thread() is threading.main_thread()


def _reset_locks_after_fork() -> None:
    # Another thread of the parent may have held one, and there is no such thread here to let it go.
    process.lock = threading.RLock()
    for run in process.runs:
        run.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_locks_after_fork)
