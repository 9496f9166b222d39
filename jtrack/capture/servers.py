"""The Jupyter servers of this user, and which notebook a kernel runs for.

Running servers leave a file with their address and token in Jupyter's runtime folder. ``jupyter_server`` has a
function that lists them, but importing it into a kernel takes a third of a second.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

TIMEOUT_S = 0.5
_KNOWN_DRIVES = ("RTC:",)  # the prefix of notebooks that are edited together


def running_servers(runtime_dir: Path) -> Iterator[dict[str, Any]]:
    """Read the servers' files, this kernel's own parent first; torn files and servers that are gone are skipped."""
    parents = {os.getppid(), int(os.environ.get("JPY_PARENT_PID") or 0)}
    found = []
    for path in runtime_dir.glob("jpserver-*.json"):
        try:
            server = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(server, dict) and _is_alive(server.get("pid")):
            found.append(server)
    yield from sorted(found, key=lambda server: server["pid"] not in parents)


def notebook_of_kernel(server: dict[str, Any], kernel_id: str) -> Path | None:
    """Ask one server which notebook has the kernel ``kernel_id``; ``None`` where it has none.

    Raises
    ------
    OSError
        The server didn't answer, or wouldn't.
    """
    for session in _sessions(server):
        if session.get("type") == "notebook" and (session.get("kernel") or {}).get("id") == kernel_id:
            return resolve_contents_path(server, str(session.get("path", "")))
    return None


def resolve_contents_path(server: dict[str, Any], contents_path: str) -> Path | None:
    """Turn a path as the server's clients name it into the file it is, if it is one."""
    for drive in _KNOWN_DRIVES:
        contents_path = contents_path.removeprefix(drive)
    path = Path(server.get("root_dir") or "/", contents_path.lstrip("/"))
    return path if path.is_file() else None


def _sessions(server: dict[str, Any]) -> list[dict[str, Any]]:
    if server.get("sock"):
        raise OSError("a server on a Unix socket can't be asked over HTTP")
    token = server.get("token") or os.environ.get("JUPYTERHUB_API_TOKEN")
    request = urllib.request.Request(f"{str(server['url']).rstrip('/')}/api/sessions")
    if token:
        request.add_header("Authorization", f"token {token}")
    # A proxy of the environment's has no business between a kernel and the server beside it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            sessions = json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
        raise
    except (ValueError, HTTPException) as error:
        raise OSError(f"no sessions from {server['url']}: {error}") from error
    return [session for session in sessions if isinstance(session, dict)]


def _is_alive(pid: Any) -> bool:
    if not isinstance(pid, int):
        return False
    if os.name == "nt":
        return True  # os.kill(pid, 0) ends the process there; asking a server that is gone only takes a moment
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
