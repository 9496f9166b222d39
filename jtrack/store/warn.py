"""Warns of what the store could not write or read, at the line of the user's that it happened in.

``stacklevel`` can't say which line that is: calls come through different depths of jtrack, and the heartbeat's thread
has no line of the user's at all; there it is the one that the main thread is at.
"""

from __future__ import annotations

import gc
import sys
import threading
import warnings
from types import FrameType

_OWN_MODULES = ("jtrack", "threading")


class StoreWarning(UserWarning):
    """Something in the store could not be written yet, or not be read; the rest is unharmed."""


def warn_at_users_line(message: str) -> None:
    """Warn with the innermost line that isn't jtrack's own; at the interpreter's end, with the program alone."""
    frame = _users_frame(sys._getframe(1)) or _users_frame(_main_frame())
    if frame is None:
        program = getattr(sys.modules.get("__main__"), "__file__", None) or sys.argv[0] or "python"
        warnings.warn_explicit(message, StoreWarning, program, 0)
        return
    place = frame.f_globals
    warnings.warn_explicit(
        message,
        StoreWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=place.get("__name__"),
        registry=place.setdefault("__warningregistry__", {}),
    )


def warn_unwritten(message: str) -> None:
    """Warn of what could not be written, and let training go on where warnings are errors."""
    try:
        warn_at_users_line(message)
    except StoreWarning:
        sys.stderr.write(f"StoreWarning: {message}\n")


def _main_frame() -> FrameType | None:
    # Where a garbage collection begins within, CPython (3.11.7 for one) waits for a lock that this very call holds.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames().get(threading.main_thread().ident or 0)
    finally:
        if was_enabled:
            gc.enable()


def _users_frame(frame: FrameType | None) -> FrameType | None:
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OWN_MODULES:
        frame = frame.f_back
    return frame
