"""A real Jupyter server with the extension, below a base_url as on a Hub, and a client that speaks HTTP to it."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.ui.server import ROOT, enable_server_extension, environment, free_port, started

TOKEN = "jtrack-server-tests"
BASE_URL = "/user/an@b/"


@dataclass(frozen=True)
class Reply:
    """What came back; header names are in lower case, and several of one name are joined by a comma."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_constant=_refuse_constant)

    @property
    def cookies(self) -> dict[str, str]:
        pairs = [part.split(";")[0].split("=", 1) for part in self.headers.get("set-cookie", "").split("\n")]
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


@dataclass(frozen=True)
class Client:
    """Asks the API of one server."""

    port: int
    root: Path
    log: list[str]
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"token {TOKEN}"})

    def get(self, path: str, *, headers: dict[str, str] | None = None, method: str = "GET", **words: Any) -> Reply:
        query = urlencode(words, doseq=True)
        return self.send(method, path + ("?" + query if query else ""), None, headers)

    def post(self, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Reply:
        sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return self.send("POST", path, sent, headers)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str] | None = None) -> Reply:
        """Send a request; the path is below the API's, or from the root where it begins with ``/``."""
        address = path if path.startswith("/") else f"{BASE_URL}jtrack/api/{path}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, address, body, self.headers if headers is None else headers)
            answer = connection.getresponse()
            found: dict[str, str] = {}
            for name, value in answer.getheaders():
                glue = "\n" if name.lower() == "set-cookie" else ", "
                found[name.lower()] = found[name.lower()] + glue + value if name.lower() in found else value
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()


@contextmanager
def serve(root: Path, private: Path, *options: str) -> Iterator[Client]:
    """Serve the folder ``root``; the extension is switched on by the file that the wheel installs."""
    enable_server_extension(private)
    port = free_port()
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}", f"--ServerApp.base_url={BASE_URL}"),
        *options,
    ]
    with started(command, port, root, {**environment(private), "PYTHONPATH": str(ROOT)}) as log:
        yield Client(port, root, log)


def _refuse_constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")
