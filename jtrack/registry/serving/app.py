"""The routes of a scoring server: MLflow's, a page that describes the model, and counts.

Everything but ``/ping`` and ``/health`` wants the token, where there is one.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from jtrack._version import __version__
from jtrack.registry.serving.answers import encode_error
from jtrack.registry.serving.counts import Counts
from jtrack.registry.serving.faults import RequestError, no_token, only_post, too_large, too_late
from jtrack.registry.serving.lanes import Lanes
from jtrack.registry.serving.options import ServeOptions
from jtrack.registry.serving.recorder import Recorder

_MB = 1024 * 1024


class ClientGoneError(Exception):
    """Whoever asked hung up."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the routes work with."""

    options: ServeOptions
    lanes: Lanes
    counts: Counts
    recorder: Recorder | None
    model_uri: str


def make_app(served: Served) -> Starlette:
    """Make the application."""

    async def ping(request: Request) -> Response:
        # A server whose every worker has died is there, and of no use.
        return Response(b"\n", 200 if served.lanes.n_ready else 503, media_type="application/json")

    async def version(request: Request) -> Response:
        return Response(__version__, media_type="application/json")  # as MLflow calls it

    async def metrics(request: Request) -> Response:
        return Response(served.counts.render(), headers={"content-type": Counts.content_type})

    async def openapi(request: Request) -> Response:
        from jtrack.registry.serving.openapi import render_openapi

        return Response(render_openapi(served.lanes.plan.folder, served.lanes.model), media_type="application/json")

    async def docs(request: Request) -> Response:
        from jtrack.registry.serving.page import render_page

        query = f"?{request.url.query}" if request.url.query else ""
        text, policy = render_page(served.lanes.plan.folder, served.lanes.model, served.model_uri, query)
        return Response(text, media_type="text/html", headers={"content-security-policy": policy})

    async def root(request: Request) -> Response:
        return RedirectResponse("docs" + (f"?{request.url.query}" if request.url.query else ""))

    def guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            if not _is_allowed(served.options.token, request.scope):
                return _response(no_token())
            return await answer(request)

        return ask

    open_routes = [Route("/ping", ping), Route("/health", ping)]
    pages = {"/version": version, "/metrics": metrics, "/openapi.json": openapi, "/docs": docs, "/": root}
    guarded_routes = [Route(path, guarded(answer)) for path, answer in pages.items()]
    return Starlette(routes=[Route("/invocations", Invocations(served)), *open_routes, *guarded_routes])


class Invocations:
    """``/invocations``, without a framework between: it is what a server is asked all day."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._most_bytes = int(served.options.max_body_mb * _MB)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        served, started, body, model = self._served, time.perf_counter(), b"", self._served.lanes.model
        content_type = _header(scope, b"content-type")
        try:
            if scope["method"] != "POST":
                raise only_post()
            if not _is_allowed(served.options.token, scope):
                raise no_token()
            body = await self._read_body(scope, receive)
            started = time.perf_counter()
            reply = await served.lanes.ask((content_type, body), served.options.timeout_s)
            answer, model = reply.answer, reply.model
            status, kind, content = answer.status, answer.content_type, answer.body
        except RequestError as error:
            status = error.status
            kind, content = encode_error(error)
        except ClientGoneError:
            return
        took_s = time.perf_counter() - started
        served.counts.request(status, took_s)
        if served.recorder is not None:
            served.recorder.offer(content_type, body, status, content, took_s, model)
        await _send(send, status, kind, content, model)

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes:
        announced = _header(scope, b"content-length")
        if announced.isdigit() and int(announced) > self._most_bytes:
            raise too_large(self._most_bytes)
        parts, n_bytes = [], 0
        try:
            async with asyncio.timeout(self._served.options.timeout_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGoneError
                    part = message.get("body", b"")
                    n_bytes += len(part)
                    if n_bytes > self._most_bytes:
                        raise too_large(self._most_bytes)
                    parts.append(part)
                    if not message.get("more_body"):
                        return parts[0] if len(parts) == 1 else b"".join(parts)
        except TimeoutError:
            raise too_late(self._served.options.timeout_s) from None


async def _send(send: Send, status: int, content_type: str, body: bytes, model: str) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"jtrack-model", model.encode("ascii", "backslashreplace")),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _response(error: RequestError) -> Response:
    kind, content = encode_error(error)
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else {}
    return Response(content, error.status, media_type=kind, headers=headers)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _is_allowed(token: str | None, scope: Scope) -> bool:
    """Whether a request has the token; a page may have it in its address, since a browser sends no header for it."""
    if token is None:
        return True
    given = _header(scope, b"authorization").removeprefix("Bearer ")
    if not given and scope["method"] == "GET":
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
    return hmac.compare_digest(given.encode(), token.encode())
