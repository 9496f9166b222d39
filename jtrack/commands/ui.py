"""``ui``: the panels in a browser, without JupyterLab. The server is a process of its own, for the kernel's sake."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from jtrack import settings
from jtrack.commands.command import Command
from jtrack.errors import InvalidInputError, JTrackError

DEFAULT_PORT = 5000
_RETRIES = 50


@dataclass(frozen=True, slots=True)
class PageClosed:
    """The page was served, and is no longer."""

    url: str
    is_good: bool = True

    def as_text(self) -> str:
        """Say so."""
        return "the page is closed"

    def as_json(self) -> dict[str, str]:
        """Give where it was."""
        return {"url": self.url}


def ui(
    backend_store_uri: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> PageClosed:
    """Show the runs in a browser, without JupyterLab, until it is interrupted.

    The address that it prints holds a token, as Jupyter's does: whoever has it sees the runs, and can change them.

    Parameters
    ----------
    backend_store_uri
        The store: a folder. ``None`` takes the one that a notebook in this folder would use.
    host
        Who may ask: this machine alone, or with ``0.0.0.0`` everybody who reaches it.
    port
        ``None`` takes 5000, or another one where that is taken.

    Raises
    ------
    InvalidInputError
        The port is taken, or the store is no folder.
    """
    environment = dict(os.environ)
    if backend_store_uri is not None:
        environment["JTRACK_TRACKING_URI"] = str(settings.parse_store_path(backend_store_uri))
    if port is not None:
        _check_free(host, port)
    chosen = ["--port", str(DEFAULT_PORT), "--port-retries", str(_RETRIES)] if port is None else ["--port", str(port)]
    command = [sys.executable, "-m", "jtrack.server.ui", "--host", host, *chosen]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            if url and progress is not None:
                progress(f"{url}\nCtrl-C ends it.")
            server.wait()
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
    if not url:
        raise JTrackError("the page could not be served", "what the server says of it stands above")
    return PageClosed(url)


def _check_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise InvalidInputError(f"port {port} of {host} can't be had: {error}", "--port N takes another") from None


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backend-store-uri", metavar="FOLDER", help="the store; else the one of this folder")
    parser.add_argument("-h", "--host", default="127.0.0.1", metavar="HOST", help="whom to answer (%(default)s)")
    parser.add_argument("-p", "--port", type=int, metavar="PORT", help=f"else {DEFAULT_PORT}, or one that is free")


UI = Command("ui", ui, _add_arguments, has_json=False)
