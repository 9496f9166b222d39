"""Between HTTP and the functions that answer: authentication, threads, JSON, files.

Everything that decides who may ask is Jupyter's own: its identity provider, its authorizer (runs count as contents),
its XSRF check and its headers. So a Hub, a proxy and a stricter policy hold here as they do for notebooks.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.server.answers import parse_body, render_json, status_of
from jtrack.server.files import SANDBOX, RangeError, ServedFile, disposition, find_file, parse_range
from jtrack.server.panel_models import WRITING_METHODS
from jtrack.server.places import Place, find_place
from jtrack.server.question import Question
from jtrack.server.service import Service
from jtrack.server.table_files import write_table
from jtrack.store import Store
from jtrack.widgets.frames import error_json
from jtrack.widgets.runs.table_file import FORMATS

Answerer = Callable[[Question], object]

_CHUNK_BYTES = 256 * 1024
_MOST_WAIT_S = 25.0


class Handler(APIHandler):
    """What all routes share."""

    auth_resource = "contents"

    def initialize(self, service: Service) -> None:
        """Take what the server holds between requests."""
        self.service = service

    def set_default_headers(self) -> None:
        """Keep answers out of caches: they are the user's own, and change."""
        super().set_default_headers()
        self.set_header("Cache-Control", "private, no-cache")

    def words(self) -> dict[str, list[str]]:
        """Give the arguments of the query, blanks at their ends and all: names and paths may have them."""
        return {name: self.get_query_arguments(name, strip=False) for name in self.request.query_arguments}

    def place(self, words: Mapping[str, list[str]], body: Mapping[str, Any]) -> Place:
        """Find the store that is meant; what the body says goes before what the address says."""
        named = {name: body.get(name, words.get(name, [None])[-1]) for name in ("notebook_path", "store")}
        for name, value in named.items():
            if not isinstance(value, str | None):
                raise InvalidInputError(f"{name} has to be text, and is {value!r:.80}")
        return find_place(self.service.root, **named)

    async def ask(self, answer: Callable[[Question], Any], path: tuple[str, ...]) -> Any:
        """Let ``answer`` answer this request, in a thread."""
        words, body = self.words(), parse_body(self.request.body)
        place = await self.service.run(lambda: self.place(words, body))

        def work(store: Store) -> Any:
            return answer(Question(store, place, path, words, body))

        return await self.service.ask(place, work)

    def fail(self, error: Exception) -> None:
        """Reply with an error, as a panel shows it."""
        status = status_of(error)
        if status == 500:
            self.log.error("jtrack: %s %s", self.request.method, self.request.path, exc_info=error)
        self.set_status(status)
        self.finish(render_json(error_json(error)))


class JsonHandler(Handler):
    """Answers with JSON what a function of this route returns."""

    def initialize(self, service: Service, answers: Mapping[str, Answerer]) -> None:  # type: ignore[override]
        """Take the functions of this route, by HTTP method."""
        super().initialize(service)
        self._answers = answers

    @web.authenticated
    @authorized
    async def get(self, *path: str) -> None:
        """Answer a question."""
        await self._reply(path)

    @web.authenticated
    @authorized
    async def post(self, *path: str) -> None:
        """Do something to a run."""
        await self._reply(path)

    async def _reply(self, path: tuple[str, ...], *, writes: bool = False) -> None:
        answer = self._answers.get(self.request.method or "")
        if answer is None:
            raise web.HTTPError(405)
        try:
            text = await self.ask(lambda question: _render(answer, question, writes), path)
        except Exception as error:
            self.fail(error)
        else:
            await self.finish(text)


class PanelHandler(JsonHandler):
    """Answers a panel's questions. They come by POST since they have a body; most of them only read."""

    @web.authenticated
    async def post(self, *path: str) -> None:
        """Answer a question, or do what a button of the panel asks for."""
        try:
            method = str(parse_body(self.request.body).get("method"))
        except InvalidInputError as error:
            self.fail(error)
            return
        await (self._change(path) if method in WRITING_METHODS else self._read(path))

    @authorized(action="read")  # type: ignore[untyped-decorator]
    async def _read(self, path: tuple[str, ...]) -> None:
        await self._reply(path)

    @authorized(action="write")  # type: ignore[untyped-decorator]
    async def _change(self, path: tuple[str, ...]) -> None:
        await self._reply(path, writes=True)


class ChangesHandler(Handler):
    """Keeps a page waiting until something is logged into the store."""

    # A page that waits is no sign of a person: an idle server may still be culled.
    _track_activity = False

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Wait for a change since the token ``since``."""
        words = self.words()
        try:
            since = words.get("since", [""])[-1] or None
            timeout_s = _seconds(words.get("timeout", [""])[-1])
            place = await self.service.run(lambda: self.place(words, {}))
            token = await self.service.wait_for_change(place.store_path, since, timeout_s, lambda: self.is_gone)
        except Exception as error:
            self.fail(error)
        else:
            if not self.is_gone:
                await self.finish(render_json({"token": token, "changed": token != since}))

    is_gone = False

    def on_connection_close(self) -> None:
        """Note that nobody waits any more."""
        self.is_gone = True
        super().on_connection_close()


class FileHandler(Handler):
    """Sends files in pieces, read in a thread."""

    async def send_file(self, file: BinaryIO, start: int, stop: int) -> None:
        """Send the bytes from ``start`` up to ``stop``; stops quietly where the reader has gone."""
        await self.service.run(lambda: file.seek(start))
        sizes = [min(_CHUNK_BYTES, stop - at) for at in range(start, stop, _CHUNK_BYTES)]
        try:
            for size in sizes:
                self.write(await self.service.run(partial(file.read, size)))
                await self.flush()
        except StreamClosedError:
            return


class ArtifactHandler(FileHandler):
    """Sends a file of a run, so that nothing in it can act in Jupyter's name."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str, path: str) -> None:
        """Send a file, or a part of it."""
        self.check_xsrf_cookie()  # as Jupyter does for files: no other site may show them as its own
        try:
            found = await self.ask(lambda _: find_file(queries.get_run(run_id).info.run_id, path), (run_id, path))
            part = parse_range(self.request.headers.get("Range"), found.n_bytes)
        except Exception as error:
            if isinstance(error, RangeError):
                self.set_header("Content-Range", f"bytes */{error.n_bytes}")
            self.fail(error)
            return
        self._describe(found)
        if self.check_etag_header():
            self.set_status(304)
            await self.finish()
            return
        start, stop = part or (0, found.n_bytes)
        if part is not None:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{found.n_bytes}")
        self.set_header("Content-Length", str(stop - start))
        if self.request.method != "HEAD":
            with await self.service.run(lambda: found.path.open("rb")) as file:
                await self.send_file(file, start, stop)
        await self.finish(set_content_type=found.content_type)

    head = get

    def _describe(self, found: ServedFile) -> None:
        # A second policy beside Jupyter's own: a browser obeys both.
        self.add_header("Content-Security-Policy", SANDBOX)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Content-Type", found.content_type)
        self.set_header("Content-Disposition", disposition(found.name, is_shown=found.is_shown))
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Etag", found.etag)


class TableHandler(FileHandler):
    """Sends the runs that a search finds as a file for other programs."""

    @web.authenticated
    @authorized
    async def get(self, suffix: str) -> None:
        """Write the table and send it."""
        with tempfile.TemporaryDirectory(prefix="jtrack-") as folder:
            target = Path(folder) / f"jtrack-runs.{suffix}"
            try:
                await self.ask(lambda question: write_table(question, target), ())
            except Exception as error:
                self.fail(error)
                return
            n_bytes = target.stat().st_size
            self.set_header("Content-Type", FORMATS[suffix])
            self.set_header("Content-Disposition", disposition(target.name, is_shown=False))
            self.set_header("Content-Length", str(n_bytes))
            with target.open("rb") as file:
                await self.send_file(file, 0, n_bytes)
        await self.finish(set_content_type=FORMATS[suffix])


def _render(answer: Answerer, question: Question, writes: bool) -> str:
    if writes:
        return render_json(answer(question))  # what it wrote is to be seen in its answer
    # One look for all that is read, so that the parts of an answer agree.
    with queries.one_look():
        return render_json(answer(question))


def _seconds(text: str) -> float:
    try:
        seconds = float(text or _MOST_WAIT_S)
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        raise InvalidInputError(f"timeout is a number of seconds, not {text!r}")
    return min(max(seconds, 0.0), _MOST_WAIT_S)
