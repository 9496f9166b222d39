"""The process that holds a model: reads pickled requests from its standard input, writes pickled answers.

It has nothing of the web in it, and imports only what the model needs. What the model prints goes to the log.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from jtrack.errors import JTrackError
from jtrack.registry.serving.words import Failed, Ready


def main(folder: str, trust: str, joins: str) -> int:
    """Load the model and answer until the input ends.

    Parameters
    ----------
    trust
        ``"1"`` to open files that can run code.
    joins
        ``"1"``, ``"0"``, or empty to see by the example; see :meth:`Scorer.open`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt of the terminal is the server's affair
    replies = _take_standard_output()
    requests = os.fdopen(os.dup(0), "rb")
    started = time.perf_counter()
    try:
        from jtrack.registry.serving.scorer import Scorer

        scorer = Scorer.open(Path(folder), trust=trust == "1", joins=None if not joins else joins == "1")
    except Exception as error:
        return _fail(replies, error)
    _send(replies, Ready(time.perf_counter() - started, scorer.joins))
    while True:
        try:
            batch = pickle.load(requests)
        except EOFError:  # the server has gone, or wants no more of this worker
            return 0
        _send(replies, scorer.score(batch))


def _take_standard_output() -> BinaryIO:
    """Keep the standard output for answers, and let whoever prints write to the log."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a log is read while it grows, and a worker may die
    return replies


def _send(replies: BinaryIO, message: Any) -> None:
    try:
        pickle.dump(message, replies, pickle.HIGHEST_PROTOCOL)
        replies.flush()
    except BrokenPipeError:
        os._exit(0)


def _fail(replies: BinaryIO, error: Exception) -> int:
    if isinstance(error, JTrackError):
        _send(replies, Failed(error.message, error.hint))
    else:
        traceback.print_exc()
        _send(replies, Failed(f"the model can't be loaded: {type(error).__name__}: {error}", None))
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
