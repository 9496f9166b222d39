"""Hooks jtrack's parts into a shell and takes them off again, leaving the shell as it was.

What was hooked is found again through the shell's own table of magics, so that no state of the module's is needed
and several shells in one process keep apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jtrack.magics.completion import MagicCompleter
from jtrack.magics.config import JTrack
from jtrack.magics.export_magics import ExportMagics
from jtrack.magics.line_magics import TrackMagics
from jtrack.magics.panel_magics import PanelMagics
from jtrack.magics.registry_magics import RegistryMagics
from jtrack.magics.serve_magics import ServeMagics
from jtrack.magics.sweep_magic import SweepMagics
from jtrack.magics.tracker import CellTracker
from jtrack.sweeps.progress import add_maker, remove_maker
from jtrack.tracking.context import hold_store

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic import Magics


def load(shell: InteractiveShell) -> None:
    """Hook everything up; a second call does nothing."""
    if _loaded(shell) is not None:
        return
    hold_store()
    settings = JTrack(parent=shell)
    _configurables(shell).append(settings)
    tracker = CellTracker(shell, settings)
    tracker.attach()
    completer = MagicCompleter()
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(completer.matcher)
    panels = (PanelMagics(shell), RegistryMagics(shell), ExportMagics(shell), ServeMagics(shell))
    sweeps = SweepMagics(shell, tracker)
    shell.register_magics(TrackMagics(shell, tracker, completer), sweeps, *panels)
    add_maker(sweeps.shows)


def unload(shell: InteractiveShell) -> None:
    """Take everything off."""
    magics = _loaded(shell)
    if magics is None:
        return
    magics.tracker.detach()
    remove_maker(shell.magics_manager.registry[SweepMagics.__name__].shows)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.remove(magics.completer.matcher)
    _configurables(shell).remove(magics.tracker.desk.settings)
    others = (
        shell.magics_manager.registry[kind.__name__]
        for kind in (PanelMagics, RegistryMagics, ExportMagics, ServeMagics, SweepMagics)
    )
    for registered in (magics, *others):
        _unregister(shell, registered)


def _loaded(shell: InteractiveShell) -> TrackMagics | None:
    magics = shell.magics_manager.registry.get(TrackMagics.__name__)
    return magics if isinstance(magics, TrackMagics) else None


def _unregister(shell: InteractiveShell, magics: Magics) -> None:
    for kind, functions in magics.magics.items():
        table = shell.magics_manager.magics[kind]
        for name, function in functions.items():
            if table.get(name) == function:  # the user may have put another in its place
                del table[name]
    del shell.magics_manager.registry[type(magics).__name__]
    _configurables(shell).remove(magics)


def _configurables(shell: InteractiveShell) -> list[Any]:
    return shell.configurables
