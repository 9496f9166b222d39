"""A cell's standard output, kept while it is shown.

The stream's ``write`` is wrapped for as long as the cell runs, on the stream object itself, as IPython does for its
history: the kernel checks the type of ``sys.stdout``, so it can't be replaced. IPython's own record won't do: it
leaves out cells that await, and has no bound.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any


class BoundedText:
    """Text that keeps its beginning and its end when it grows past ``limit`` characters."""

    def __init__(self, limit: int) -> None:
        self._head_room = limit // 2
        self._tail_limit = limit - self._head_room
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._tail_length = 0
        self._n_dropped = 0

    def add(self, text: str) -> None:
        """Add ``text`` at the end."""
        if self._head_room:
            self._head.append(text[: self._head_room])
            text = text[self._head_room :]
            self._head_room -= len(self._head[-1])
        if text:
            self._tail.append(text)
            self._tail_length += len(text)
            self._shorten()

    def text(self) -> str:
        """Give what was kept, with a line that says how much is missing between the two parts."""
        gap = f"\n… {self._n_dropped:,} characters left out …\n" if self._n_dropped else ""
        return "".join(self._head) + gap + "".join(self._tail)

    def _shorten(self) -> None:
        excess = self._tail_length - self._tail_limit
        while excess > 0:
            first = self._tail.popleft()
            if len(first) > excess:
                self._tail.appendleft(first[excess:])
            cut = min(len(first), excess)
            excess -= cut
            self._tail_length -= cut
            self._n_dropped += cut


class OutputRecorder:
    """Copies what is written to one stream into a bounded text, from :meth:`start` to :meth:`stop`.

    Parameters
    ----------
    stream
        A text stream that takes attributes, such as ``sys.stdout``.
    limit
        Characters to keep.
    belongs
        Asked at each write, on the writing thread: whether it is this cell's output.

    Attributes
    ----------
    kept : BoundedText
        What was written so far, as it was written.
    listener : Callable[[str], None]
        Told each text that is kept, one after another.
    """

    def __init__(self, stream: Any, limit: int, belongs: Callable[[], bool] = lambda: True) -> None:
        self.kept = BoundedText(limit)
        self.listener: Callable[[str], None] = lambda text: None
        self._stream = stream
        self._belongs = belongs
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._recording = False
        self._wrapper: Any = None
        self._pid = os.getpid()
        self._had_own = False
        self._original: Any = None

    def start(self) -> None:
        """Begin to record; a stream that takes no attributes is left as it is."""
        self._original = self._stream.write
        self._had_own = "write" in getattr(self._stream, "__dict__", {})
        self._wrapper = self._write
        self._recording = True
        try:
            self._stream.write = self._wrapper
        except AttributeError:
            self._wrapper = None

    def stop(self) -> str:
        """End recording and give what was written, as a terminal would show it."""
        with self._lock:
            self._take_waiting()
            self._recording = False
        # Somebody who wrapped the stream after us still calls through us: then the wrapper stays, and passes on.
        if self._wrapper is not None and getattr(self._stream, "__dict__", {}).get("write") == self._wrapper:
            if self._had_own:
                self._stream.write = self._original
            else:
                del self._stream.write
        return settle_lines(self.kept.text())

    def _write(self, data: str, *args: Any, **options: Any) -> Any:
        result = self._original(data, *args, **options)
        # A forked child has only a copy of what was written, and would write the listener's file over with it.
        if self._recording and os.getpid() == self._pid and self._belongs():
            self._waiting.append(data)
            # Who finds the lock taken leaves its text to the holder. It may be the same thread, when the handler of a
            # signal prints in the middle of a print: that must not wait. An interrupt can come between ``acquire`` and
            # the line after it, and the lock would stay taken for ever; it can't come there in ``with``.
            while self._waiting and not self._lock.locked():
                with self._lock:
                    self._take_waiting()
        return result

    def _take_waiting(self) -> None:
        while self._waiting:
            text = self._waiting.popleft()
            if self._recording:
                self.kept.add(text)
                self.listener(text)


def settle_lines(text: str) -> str:
    r"""Drop what a carriage return has overwritten, so that a progress bar is its last state."""
    if "\r" not in text:
        return text
    return "\n".join(_settle(line) for line in text.split("\n"))


def _settle(line: str) -> str:
    shown = [part for part in line.split("\r") if part]
    return shown[-1] if shown else ""
