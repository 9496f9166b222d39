"""The page that shows the panels without JupyterLab, at ``<base_url>jtrack``: a document, a script and a stylesheet.

All three come from this server, and the page's policy allows nothing else: neither another host nor a script in the
document. Who may see it is Jupyter's business, as for every route.
"""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from importlib import resources

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from jtrack.widgets.style import whole_stylesheet

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src data:; media-src data: blob:; connect-src 'self'; frame-src 'self' blob: data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
FILES = {"page.js": "text/javascript; charset=utf-8", "page.css": "text/css; charset=utf-8"}

_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>jtrack</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base_url}jtrack/page.css?v={style}">
<script type="module" src="{base_url}jtrack/page.js?v={script}"></script>
</head>
<body data-base-url="{base_url}"></body>
</html>
"""


class PageHandler(JupyterHandler):
    """The document; what it is to show stands behind the # of its address."""

    auth_resource = "contents"

    @property
    def content_security_policy(self) -> str:
        """Nothing from elsewhere."""
        return POLICY

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Give the document, and the cookie that lets its script change something."""
        assert self.xsrf_token
        self.set_header("Cache-Control", "private, no-cache")
        script, style = (_digest(name) for name in FILES)
        self.finish(_DOCUMENT.format(base_url=escape(self.base_url), script=script, style=style))


class PageFileHandler(JupyterHandler):
    """The script and the stylesheet; their address changes with them, so that a browser may keep them."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    def get(self, name: str) -> None:
        """Give one of them."""
        self.set_header("Content-Type", FILES[name])
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.finish(_read(name))


@cache
def _read(name: str) -> str:
    folder = resources.files("jtrack.server")
    if name == "page.css":
        return whole_stylesheet() + folder.joinpath(name).read_text(encoding="utf-8")
    return folder.joinpath("static", name).read_text(encoding="utf-8")


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_read(name).encode()).hexdigest()[:12]
