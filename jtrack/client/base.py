"""What the client's parts share: which store they ask, and the runs that they write to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from jtrack import queries
from jtrack.settings import parse_store_path
from jtrack.store import Store
from jtrack.tracking.context import current_store, find_own_run, open_store
from jtrack.tracking.resume import logged_params
from jtrack.tracking.run import ActiveRun


class ClientBase:
    """Holds on to a store, and to the runs that are written to."""

    def __init__(
        self, tracking_uri: str | os.PathLike[str] | None = None, registry_uri: str | os.PathLike[str] | None = None
    ) -> None:
        # As it is meant here: the working folder may be another one later.
        self._path = None if tracking_uri is None else parse_store_path(tracking_uri)
        self._runs: dict[str, ActiveRun] = {}

    @property
    def tracking_uri(self) -> str:
        """The folder of the store."""
        return str(self._store.path)

    @property
    def _store(self) -> Store:
        return current_store() if self._path is None else open_store(self._path)

    @contextmanager
    def _asking(self) -> Iterator[Store]:
        with queries.using(self._store) as store:
            yield store

    def _run(self, run_id: str) -> ActiveRun:
        """Give the run to be written to; it is not taken up again, so that its state stays what it is."""
        known = self._runs.get(run_id) or find_own_run(self._store, run_id)
        if known is None:
            with self._asking() as store:
                found = queries.get_run(run_id)
            known = ActiveRun(store, found.info, logged_params(store, found.info.run_id))
            self._runs[found.info.run_id] = self._runs[run_id] = known
        return known
