"""Starts servers, and gives handles of them: ``jtrack.serve``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from jtrack.errors import InvalidInputError, ServingError
from jtrack.registry.serving.options import (
    DEFAULT_MAX_BODY_MB,
    DEFAULT_TIMEOUT_S,
    LOOPBACK,
    ServeOptions,
    ServerRecord,
    living_records,
    load_record,
    new_server_id,
)

_STOP_WITHIN_S = 25.0
_LOG_LINES = 200


class Server:
    """A server that runs on this machine, as a process of its own."""

    def __init__(self, record: ServerRecord) -> None:
        self._record = record

    @property
    def url(self) -> str:
        """Its address: ``http://127.0.0.1:5002``."""
        return self._record.url or ""

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._record.pid or 0

    @property
    def model_uri(self) -> str:
        """The address that it was asked to serve."""
        return self._record.model_uri

    @property
    def model(self) -> str:
        """What that address means to it now: a version, a run's model, or a folder."""
        return self.record.model

    @property
    def record(self) -> ServerRecord:
        """All that is known of it, as of now."""
        with suppress(OSError):  # it has ended
            self._record = load_record(self._record.path)
        return self._record

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._record.lives

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Ask it to predict, over HTTP.

        Parameters
        ----------
        data
            A data frame, array, list or dictionary, as the model takes it.

        Returns
        -------
        Any
            The predictions as JSON has them: a list, of numbers or of dictionaries.

        Raises
        ------
        InvalidInputError
            The data or the params don't fit; every fault is told.
        ServingError
            The model failed, or the server doesn't answer.
        """
        from jtrack.registry.example import serving_body

        body = serving_body(data, params).encode()
        headers = {"Content-Type": "application/json"}
        if self._record.options.token:
            headers["Authorization"] = f"Bearer {self._record.options.token}"
        request = urllib.request.Request(f"{self.url}/invocations", body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business on loopback
        try:
            with opener.open(request, timeout=self._record.options.timeout_s + 10) as response:
                return json.load(response)["predictions"]
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, error.read()) from None
        except OSError as error:
            raise ServingError(f"{self.url} doesn't answer: {error}", f"it said:\n{self.logs(5)}") from None

    def logs(self, n_lines: int = _LOG_LINES) -> str:
        """Give the last lines that it said."""
        try:
            lines = self._record.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:  # it writes to a terminal
            return ""
        return "\n".join(lines[-n_lines:])

    def stop(self) -> None:
        """End it; requests that are under way are answered first. One that has ended is no error."""
        if not self.is_running or not self.pid:
            return
        _signal(self.pid, signal.SIGTERM)
        until = time.monotonic() + _STOP_WITHIN_S
        while self.is_running:
            if time.monotonic() > until:
                _signal(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            time.sleep(0.02)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Server {self.model_uri} at {self.url}{'' if self.is_running else ', ended'}>"


def serve(
    model_uri: Any,
    port: int | None = None,
    *,
    host: str = "127.0.0.1",
    workers: int = 1,
    token: str | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    max_body_mb: float = DEFAULT_MAX_BODY_MB,
    join: bool | None = None,
    record: float = 0.0,
    trust: bool | None = None,
    detach: bool = False,
) -> Server:
    """Serve a model over HTTP, in a process of its own that ends with this one.

    Parameters
    ----------
    model_uri
        Any address of a model. Where it is an alias, a stage or ``latest``, the server follows it: when it moves, the
        other version is loaded beside the one that serves, and no request is refused meanwhile.
    port
        ``None`` takes a free one.
    host
        Where to listen; by default only this machine can ask.
    workers
        Processes that hold the model; requests are spread over them.
    token
        Callers have to send it: ``Authorization: Bearer TOKEN``.
    timeout_s
        How long a request may take, waiting included.
    max_body_mb
        The largest body of a request.
    join
        Whether requests that wait are predicted together. ``None`` joins them where the model's example shows that it
        makes no difference.
    record
        The share of requests to keep in the store, 0 to 1, in the experiment *served models*; see
        :func:`jtrack.models.load_requests`.
    trust
        Open a model from elsewhere though its files can run code; see :func:`jtrack.load_model`.
    detach
        Let it run on when this process ends.

    Returns
    -------
    Server
        With ``url``, ``predict(x)``, ``logs()`` and ``stop()``; it ends by itself at the end of a ``with``.

    Raises
    ------
    NotFoundError
        There is no such model.
    ServingError
        It doesn't start; the message says why.
    """
    options = ServeOptions(host, port or 0, workers, token, timeout_s, max_body_mb, join, record)
    asked = make_record(model_uri, options, trust=trust, owner_pid=None if detach else os.getpid())
    return start_server(asked)


def make_record(
    model_uri: Any, options: ServeOptions, *, trust: bool | None = None, owner_pid: int | None = None
) -> ServerRecord:
    """Find the model, and write down how it is to be served.

    Raises
    ------
    NotFoundError, InvalidInputError
        There is no such model, or an option is out of its range.
    """
    from jtrack.registry.addresses import locate_model
    from jtrack.registry.serving.follow import named
    from jtrack.tracking.context import current_store

    options.check()
    found = locate_model(model_uri)
    trusted = found.from_store if trust is None else trust
    record = ServerRecord(
        server_id=new_server_id(),
        model_uri=found.uri,
        model=named(found),
        folder=str(found.path.absolute()),
        trust=trusted,
        store_path=str(current_store().path),
        options=options,
        owner_pid=owner_pid,
    )
    record.save()
    return record


def start_server(record: ServerRecord, waiting: Callable[[], object] = lambda: None) -> Server:
    """Start the process of a server and wait until it answers.

    Raises
    ------
    ServingError
        It ended instead.
    """
    command = [sys.executable, "-m", "jtrack.registry.serving.main", str(record.path)]
    with record.log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # an interrupt of the notebook or the terminal is not meant for it
        )
    # Whoever started it takes note of its end, whenever that is: else a dead one would stay in the table of processes.
    threading.Thread(target=process.wait, name="jtrack-server-end", daemon=True).start()
    try:
        return Server(_wait_until_up(process, record, waiting))
    except BaseException:
        process.terminate()
        process.wait()
        record.forget()
        raise


def running_servers() -> list[Server]:
    """Give all servers of this user that run on this machine, the oldest first."""
    return [Server(record) for record in living_records() if record.url is not None]


def find_server(name: str) -> Server:
    """Find a running server by its port, its address, or the address of its model.

    Raises
    ------
    ServingError
        There is none, or more than one.
    """
    running = running_servers()
    found = [server for server in running if name in (str(server.port), server.url, server.model_uri, server.model)]
    if len(found) == 1:
        return found[0]
    ports = ", ".join(str(server.port) for server in (found or running))
    hint = f"by their ports: {ports}" if ports else "jtrack models serve -m URI starts one"
    raise ServingError(f"{'no' if not found else 'more than one'} running server is {name!r}", hint)


def openness_warning(options: ServeOptions) -> str | None:
    """Say that anybody on the network may ask; ``None`` where only this machine may, or a token is wanted."""
    if options.host in LOOPBACK or options.token:
        return None
    return f"anybody who reaches {options.host} can ask this model: --token SECRET lets in only who has it"


def _wait_until_up(
    process: subprocess.Popen[bytes], record: ServerRecord, waiting: Callable[[], object]
) -> ServerRecord:
    while True:
        ended = process.poll() is not None  # asked first: what it wrote before it ended is then all there is
        try:
            found = load_record(record.path)
        except (OSError, ValueError):
            found = record
        if found.error is not None:
            raise ServingError(*found.error)
        if found.url is not None and not ended:
            return found
        if ended:
            said = Server(record).logs(1)
            raise ServingError(f"the server ended with {process.returncode}: {said}", f"all it said: {record.log_path}")
        waiting()
        time.sleep(0.01)


def _refusal(status: int, body: bytes) -> InvalidInputError | ServingError:
    try:
        said = json.loads(body)
        message, faults = str(said["message"]), said.get("faults") or []
    except (ValueError, KeyError, TypeError):
        message, faults = body.decode(errors="replace").strip()[:400] or f"status {status}", []
    if status in (400, 413, 415):
        return InvalidInputError("; ".join(map(str, faults)) or message)
    return ServingError(message)


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
