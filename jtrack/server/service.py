"""What the server holds between requests: open stores, open panels, watches, and the threads that do the work.

The event loop belongs to every kernel and terminal of the server: whatever touches a disk or a database is done in a
thread. Looks for changes have threads of their own, so that they are quick while others wait for a slow search.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from jtrack import queries
from jtrack.server.panels import Panels
from jtrack.server.places import Place
from jtrack.server.shelf import Shelf
from jtrack.store import Store
from jtrack.store.folder import StoreFolder
from jtrack.store.watch import FolderWatch

N_THREADS = 8
LOOK_EVERY_S = 0.05
LEAST_WAIT_S = 0.1
_MOST_WATCHES = 64
_T = TypeVar("_T")


class Service:
    """One per server; its coroutines run in the server's event loop."""

    def __init__(self, root: Callable[[], Path]) -> None:
        self.panels = Panels()
        self._root = root
        self._shelf = Shelf()
        self._threads = ThreadPoolExecutor(N_THREADS, thread_name_prefix="jtrack")
        self._lookers = ThreadPoolExecutor(2, thread_name_prefix="jtrack-watch")
        self._watches: dict[Path, _SharedWatch] = {}  # the least recently used first

    @property
    def root(self) -> Path:
        """The folder that the server serves."""
        return self._root()

    async def ask(self, place: Place, work: Callable[[Store], _T]) -> _T:
        """Do ``work`` in a thread in which questions go to the place's store."""
        return await self.run(lambda: self._work_with_store(place, work))

    async def run(self, work: Callable[[], _T]) -> _T:
        """Do ``work`` in a thread, in a context of its own."""
        # Fresh each time: what one request sets must not be found by the next on the same thread.
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: contextvars.Context().run(work))

    async def wait_for_change(
        self, store_path: Path, since: str | None, timeout_s: float, is_gone: Callable[[], bool] = lambda: False
    ) -> str:
        """Wait until the store's token is another than ``since``, and give it; the same one where time is up.

        However busy the store is, it takes a tenth of a second, so that a page that asks again at once doesn't spin.
        """
        watch = self._watch(store_path)
        end = time.monotonic() + timeout_s
        if since is not None:
            await asyncio.sleep(min(LEAST_WAIT_S, timeout_s))
        while True:
            token = await watch.look()
            if token != since or time.monotonic() >= end or is_gone():
                return token
            await asyncio.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        """Let go of everything; what is under way is finished first."""
        self._lookers.shutdown()
        self._threads.shutdown()
        self._shelf.close()

    def _work_with_store(self, place: Place, work: Callable[[Store], _T]) -> _T:
        with self._shelf.lend(place.store_path) as store, queries.using(store):
            return work(store)

    def _watch(self, store_path: Path) -> _SharedWatch:
        watch = self._watches.pop(store_path, None) or _SharedWatch(store_path, self._lookers)
        self._watches[store_path] = watch
        while len(self._watches) > _MOST_WATCHES:
            del self._watches[next(iter(self._watches))]
        return watch


class _SharedWatch:
    """One store's watch, however many pages wait for it: a look serves all who ask while it is fresh."""

    def __init__(self, store_path: Path, threads: ThreadPoolExecutor) -> None:
        self._watch = FolderWatch(StoreFolder(store_path))
        self._threads = threads
        self._looking: asyncio.Future[str] | None = None
        self._looked_at = 0.0
        self._token = ""

    async def look(self) -> str:
        """Give a token that is at most a moment old."""
        if self._looking is None:
            if time.monotonic() - self._looked_at < LOOK_EVERY_S / 2:
                return self._token
            self._looking = asyncio.get_running_loop().run_in_executor(self._threads, self._watch.look)
            self._looking.add_done_callback(self._keep)
        # A page that goes away must not take the look from the others.
        return await asyncio.shield(self._looking)

    def _keep(self, looking: asyncio.Future[str]) -> None:
        self._looking, self._looked_at = None, time.monotonic()
        if not looking.cancelled() and looking.exception() is None:
            self._token = looking.result()
