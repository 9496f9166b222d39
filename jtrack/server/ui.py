"""``python -m jtrack.server.ui``: the page on a server of its own, which says on stdout where it is once it is there.

It is Jupyter's server without what Jupyter serves, neither kernels nor files nor terminals: the token, the password or
whatever else its configuration asks for, XSRF and the headers are those that one has there.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from jtrack.server.extension import load


class UiApp(ServerApp):
    """A Jupyter server that has jtrack's page and routes, and a way to log in."""

    default_services = ("auth", "security")  # type: ignore[assignment]  # a tuple of any length is meant

    def write_server_info_file(self) -> None:
        """Leave no notice: whoever looks for a server of notebooks finds none here."""

    def write_browser_open_files(self) -> None:
        """Leave none of these either."""

    @property
    def page_url(self) -> str:
        """Where the page is, with the token that opens it."""
        token = self.identity_provider.token
        return url_path_join(self.connection_url, "jtrack") + (f"?token={token}" if token else "")


def main(argv: Sequence[str] | None = None) -> None:
    """Serve the page for the store of the current folder, or that of ``$JTRACK_TRACKING_URI``."""
    parser = argparse.ArgumentParser(prog="jtrack ui")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--port-retries", type=int, default=0)
    asked = parser.parse_args(argv)
    app = UiApp()
    app.initialize(
        [
            *("--no-browser", "--allow-root", "-y", "--ServerApp.log_level=WARN", "--ServerApp.default_url=/jtrack"),
            *(f"--ServerApp.ip={asked.host}", f"--ServerApp.root_dir={os.getcwd()}"),
            *(f"--ServerApp.port={asked.port}", f"--ServerApp.port_retries={asked.port_retries}"),
        ],
        find_extensions=False,
    )
    load(app)
    app.io_loop.add_callback(lambda: sys.stdout.write(f"{app.page_url}\n") and sys.stdout.flush())
    app.start()


if __name__ == "__main__":
    main()
