"""jtrack in IPython: ``%load_ext jtrack`` hooks everything up, ``%unload_ext jtrack`` takes all of it off again.

Nothing is hooked before. What is hooked: one input transformer, two cell events, a completer, the magics and the
``JTrack`` settings; nothing of IPython's is replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Hook jtrack into the shell; ``%load_ext jtrack`` calls it."""
    from jtrack.magics.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take jtrack off the shell; ``%unload_ext jtrack`` calls it."""
    from jtrack.magics.extension import unload

    unload(shell)
