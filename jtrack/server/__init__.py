"""The Jupyter server extension: answers from the store itself, whether the kernel is busy, dead or was never there."""

from __future__ import annotations

from typing import Any


def _load_jupyter_server_extension(server: Any) -> None:
    from jtrack.server.extension import load

    load(server)
