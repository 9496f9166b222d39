"""The far end of a :class:`~jtrack.sweeps.workers.ProcessExecutor`: takes calls from its input, sends back what came.

``python -m jtrack.sweeps.worker``. Nobody's ``__main__`` is run again, as multiprocessing would, so scripts need no
guard. When the input ends, whoever asked is gone: an idle worker leaves in peace, a busy one at once.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
from typing import IO, Any

LENGTH = struct.Struct("<Q")


def send(stream: IO[bytes], payload: bytes) -> None:
    """Write one message: its length, then itself."""
    stream.write(LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; ``None`` where the stream has ended."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    payload = stream.read(length)
    return payload if len(payload) == length else None


def main() -> None:
    """Serve calls until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for whoever asked, who then ends this process
    requests, replies = _take_streams()
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    is_busy = threading.Event()

    def listen() -> None:
        while (request := receive(requests)) is not None:
            waiting.put(request)
        if is_busy.is_set():
            os._exit(1)
        waiting.put(None)

    threading.Thread(target=listen, name="jtrack-requests", daemon=True).start()
    while (request := waiting.get()) is not None:
        is_busy.set()
        reply = answer(request)
        send(replies, reply)
        is_busy.clear()


def answer(request: bytes) -> bytes:
    """Make the call that ``request`` holds; gives whether it went well, and its result or error, pickled."""
    try:
        function, args, kwargs = pickle.loads(request)
        return _pickled(True, function(*args, **kwargs))
    except Exception as error:
        return _pickled(False, error)


def _pickled(went_well: bool, result: Any) -> bytes:
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps((went_well, result)))
    except Exception as error:
        said = RuntimeError(f"{type(result).__name__}: {result!s:.500} (and it can't be sent back: {error})")
        return pickle.dumps((False, said))


def _take_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Keep the two pipes for messages alone: what the objective prints goes to standard error."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


if __name__ == "__main__":
    main()
    sys.exit(0)
