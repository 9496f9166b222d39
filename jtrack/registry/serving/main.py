"""The process of a server: ``python -m jtrack.registry.serving.main RECORD``.

The workers are started first, so that the model loads while the web server's libraries do. The port is taken before
either, and nothing is answered on it before the model is at hand.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jtrack.errors import JTrackError, ServingError
from jtrack.registry.serving.lanes import Lanes
from jtrack.registry.serving.log import say
from jtrack.registry.serving.options import ServerRecord, load_record
from jtrack.registry.serving.workers import WorkerPlan
from jtrack.store.folder import hold_lock

if TYPE_CHECKING:
    from jtrack.registry.addresses import ModelAddress

_OWNER_EVERY_S = 1.0
_FINISH_WITHIN_S = 20

OnReady = Callable[[ServerRecord], None]


def main(record_path: str) -> int:
    """Serve as the record says, until a signal or the end of its owner."""
    record = load_record(Path(record_path))
    try:
        run_server(record)
    except JTrackError as error:
        record.changed(pid=os.getpid(), error=(error.message, error.hint))
        say(f"{error.message}\n  hint: {error.hint}" if error.hint else error.message)
        return 1
    return 0


def run_server(record: ServerRecord, on_ready: OnReady = lambda record: None) -> None:
    """Serve in this process until it is told to end.

    Parameters
    ----------
    on_ready
        Called with the record once requests are answered.

    Raises
    ------
    InvalidModelError
        The model can't be loaded.
    ServingError
        The port is taken.
    """
    with _sign_of_life(record.lock_path), _port(record.options.host, record.options.port) as listener:
        plan = WorkerPlan(Path(record.folder), record.trust, record.options.joins)
        lanes = Lanes(plan, record.model, record.options.n_workers)
        try:
            site = _Site(record, lanes)
            lanes.wait_ready()
            site.serve(listener, on_ready)
        finally:
            lanes.close()
            record.forget()


class _Site:
    """The web server, and what goes on beside it."""

    def __init__(self, record: ServerRecord, lanes: Lanes) -> None:
        import uvicorn

        from jtrack import tracking
        from jtrack.registry.serving.app import Served, make_app
        from jtrack.registry.serving.counts import Counts
        from jtrack.registry.serving.recorder import Recorder

        tracking.set_tracking_uri(record.store_path)
        options = record.options
        self._record, self._lanes, self._counts = record, lanes, Counts()
        self._counts.watch(lanes)
        self._counts.model(record.model_uri, record.model)
        self._recorder = Recorder(options.record, record.model_uri) if options.record > 0 else None
        app = make_app(Served(options, lanes, self._counts, self._recorder, record.model_uri))
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                access_log=False,
                log_level="warning",
                lifespan="off",
                timeout_graceful_shutdown=_FINISH_WITHIN_S,
            )
        )

    def serve(self, listener: socket.socket, on_ready: OnReady) -> None:
        """Answer requests until the server is told to end; what is under way then is finished."""
        # uvicorn passes the signal that ended it on, when all is done: here that is no reason to die.
        signal.signal(signal.SIGTERM, lambda *_: None)
        follower = self._follow()
        if self._record.owner_pid is not None:
            threading.Thread(target=self._end_with, args=(self._record.owner_pid,), daemon=True).start()
        with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._serve(listener, on_ready))
        if follower is not None:
            follower()
        if self._recorder is not None:
            self._recorder.close()
        say("ended")

    async def _serve(self, listener: socket.socket, on_ready: OnReady) -> None:
        serving = asyncio.ensure_future(self._server.serve(sockets=[listener]))
        while not self._server.started and not serving.done():
            await asyncio.sleep(0.005)
        if self._server.started:
            ready = self._record.changed(pid=os.getpid(), url=_url(listener))
            say(f"{ready.model} is served at {ready.url}")
            on_ready(ready)
        await serving

    def _follow(self) -> Callable[[], None] | None:
        from jtrack.registry.serving.follow import Follower, can_move

        if not can_move(self._record.model_uri):
            return None
        follower = Follower(Path(self._record.store_path), self._record.model_uri, self._record.model, self._move)
        follower.start()
        return follower.stop

    def _move(self, found: ModelAddress) -> None:
        """Turn to another version."""
        from jtrack.registry.serving.follow import named

        record = load_record(self._record.path)
        try:
            trust = found.from_store or record.trust
            self._lanes.replace(WorkerPlan(found.path, trust, record.options.joins), named(found))
        except JTrackError:
            self._counts.reload(is_good=False)
            raise
        self._counts.reload(is_good=True)
        self._counts.model(record.model_uri, named(found))
        record.changed(model=named(found), folder=str(found.path))

    def _end_with(self, owner_pid: int) -> None:
        """End the server when its owner has gone, however that ended."""
        import psutil

        with suppress(psutil.NoSuchProcess):
            owner = psutil.Process(owner_pid)
            while owner.is_running() and owner.status() != psutil.STATUS_ZOMBIE:
                time.sleep(_OWNER_EVERY_S)
        say("whoever started this server has gone")
        self._server.should_exit = True


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return None
    return uvloop.new_event_loop


@contextmanager
def _sign_of_life(path: Path) -> Iterator[None]:
    """Hold the lock that says that this server lives."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        hold_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _port(host: str, port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise ServingError(
                f"{host} port {port} can't be had: {error.strerror or error}",
                "--port 0 takes a free one; jtrack models ps lists the servers that run",
            ) from None
        yield listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
