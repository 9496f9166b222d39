"""Serves the model over HTTP in MLflow's scoring protocol, with nothing but Python's own library."""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .scoring import about, answer, load

MAX_BODY_BYTES = 64 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """Answers `/invocations`, `/ping`, `/health` and `/version`."""

    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Say that it lives, or what it is."""
        if self.path in {"/ping", "/health"}:
            self._send(200, b"\n")
        elif self.path == "/version":
            self._send(200, about()["version"].encode(), "text/plain")
        else:
            self._fail(404, f"there is no {self.path}; ask /invocations, /ping, /health or /version")

    def do_POST(self) -> None:
        """Predict."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/invocations" or length > MAX_BODY_BYTES:
            self.close_connection = True
            self._fail(413 if length > MAX_BODY_BYTES else 404, "the body is too large" if length else "no such path")
            return
        try:
            reply = answer(json.loads(self.rfile.read(length)))
        except (ValueError, KeyError, TypeError) as error:
            self._fail(400, str(error))
        except Exception:
            traceback.print_exc(file=sys.stderr)  # the model's insides are for its owner, not for who asks
            self._fail(500, "the model failed")
        else:
            self._send(200, json.dumps(reply).encode())

    def _fail(self, status: int, message: str) -> None:
        code = "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR"
        self._send(status, json.dumps({"error_code": code, "message": message}).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Keep quiet: a line for every request would fill a disk."""


def serve(host: str = "127.0.0.1", port: int = 8080) -> None:
    """Serve until interrupted; port 0 takes a free one, and the first line says which."""
    load()
    with ThreadingHTTPServer((host, port), Handler) as server:
        sys.stdout.write(f"http://{host}:{server.server_port}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
