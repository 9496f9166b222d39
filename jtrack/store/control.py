"""Messages to a run that is training, from whoever watches it: a button, a panel, another process.

One small file of JSON lines a run. The training process looks at it when its loop asks, at most ten times a
second, and for the price of one look at a clock in between; it needs neither a thread nor a kernel that is free.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from jtrack.store.folder import StoreFolder
from jtrack.store.journal import open_line, seal_line

LOOK_EVERY_S = 0.1


def send_message(folder: StoreFolder, run_id: str, message: dict[str, Any]) -> None:
    """Leave a message for a run, whichever process it runs in.

    Parameters
    ----------
    message
        JSON values: ``{"do": "stop"}``, ``{"do": "knob", "name": "lr", "value": 0.01}``.
    """
    folder.control.mkdir(parents=True, exist_ok=True)
    message = {**message, "at": time.time_ns() // 1000, "detail": {}}
    line = seal_line(json.dumps(message, separators=(",", ":")).encode())
    descriptor = os.open(folder.control_path(run_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


class Mailbox:
    """Reads the messages to one run, each once.

    Parameters
    ----------
    start
        How many bytes of messages were taken before; see :func:`messages_end`.
    """

    def __init__(self, folder: StoreFolder, run_id: str, start: int = 0) -> None:
        self._path = folder.control_path(run_id)
        self._taken = start
        self._next_look = 0.0

    def new_messages(self, *, at_once: bool = False) -> list[dict[str, Any]]:
        """Give what has come since the last look; nothing where that was a moment ago, unless it is ``at_once``."""
        now = time.monotonic()
        if now < self._next_look and not at_once:
            return []
        self._next_look = now + LOOK_EVERY_S
        if _size(self._path) <= self._taken:
            return []
        messages, self._taken = _read(self._path, self._taken)
        return messages


def messages_end(folder: StoreFolder, run_id: str) -> int:
    """Tell where the messages to a run end now: what was said to an earlier life of it stands before."""
    return _size(folder.control_path(run_id))


def read_messages(folder: StoreFolder, run_id: str, start: int) -> tuple[list[dict[str, Any]], int]:
    """Read the messages to a run from a place on, without taking them: who watches sees what was asked of it.

    Returns
    -------
    tuple[list[dict[str, Any]], int]
        The messages, and the place where they end.
    """
    path = folder.control_path(run_id)
    return _read(path, start) if _size(path) > start else ([], start)


def _read(path: str | os.PathLike[str], start: int) -> tuple[list[dict[str, Any]], int]:
    with open(path, "rb") as file:
        file.seek(start)
        *lines, rest = file.read().split(b"\n")
        end = file.tell() - len(rest)
    return [message for message in map(open_line, lines) if message is not None], end


def _size(path: str | os.PathLike[str]) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
