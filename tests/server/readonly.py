"""A policy for the tests: everybody may read contents, and nobody may write them."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth import Authorizer


class ReadOnly(Authorizer):
    """Refuses whatever is no reading of contents or of the server itself."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return action == "read" and resource in ("contents", "api")
