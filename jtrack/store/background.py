"""Lets a background thread ask DuckDB, and the interpreter end only when no such thread is inside of it.

When the interpreter ends, CPython before 3.14 unwinds a daemon thread at its next wish for the interpreter's lock. In
C++ that is an exception nobody may catch: the whole process is aborted, whatever its exit code was to be.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_change = threading.Condition()
_n_inside = 0
_is_ending = False


@contextmanager
def in_background() -> Iterator[None]:
    """Hold up the interpreter's end while the block runs; once that has begun, end the calling thread instead."""
    global _n_inside
    with _change:
        if _is_ending:
            raise SystemExit
        _n_inside += 1
    try:
        yield
    finally:
        with _change:
            _n_inside -= 1
            _change.notify_all()


@atexit.register
def _end() -> None:
    global _is_ending
    with _change:
        _is_ending = True
        _change.wait_for(lambda: _n_inside <= 0)


def _forget_threads() -> None:
    global _change, _n_inside
    _change, _n_inside = threading.Condition(), 0  # a forked child has none of its parent's


os.register_at_fork(after_in_child=_forget_threads)
