"""``jtrack.serve``: starts a server, and gives a handle that shows itself."""

from __future__ import annotations

import functools
from typing import Any

from jtrack.registry.serving.server import Server
from jtrack.registry.serving.server import serve as _serve
from jtrack.widgets.served.html import server_html, server_text


class ShownServer(Server):
    """A server that runs on this machine; see :class:`~jtrack.registry.serving.server.Server`."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": str(server_html(self)), "text/plain": server_text(self)}


@functools.wraps(_serve)
def serve(*args: Any, **options: Any) -> ShownServer:
    return shown(_serve(*args, **options))


def shown(server: Server) -> ShownServer:
    """Give a server the means to show itself."""
    return ShownServer(server.record)
