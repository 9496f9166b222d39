"""Follows an alias, a stage or ``latest`` while a server runs: when it means another version, the server turns to that.

The store's folder is looked at, which costs next to nothing; the database is asked when something has changed there.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

from jtrack.errors import JTrackError
from jtrack.registry.addresses import ModelAddress, locate_model
from jtrack.registry.serving.log import say
from jtrack.store.background import in_background
from jtrack.store.folder import StoreFolder
from jtrack.store.watch import FolderWatch

LOOK_EVERY_S = 0.5
_FIXED_VERSION = re.compile(r"models:/+.+/\d+")


def can_move(model_uri: str) -> bool:
    """Whether an address may come to mean another model."""
    return model_uri.startswith("models:") and _FIXED_VERSION.fullmatch(model_uri) is None


class Follower(threading.Thread):
    """Looks until it is stopped.

    Parameters
    ----------
    current
        The version that is served.
    move
        Called with another one; raises a JTrackError where that can't be served.
    """

    def __init__(self, store: Path, model_uri: str, current: str, move: Callable[[ModelAddress], None]) -> None:
        super().__init__(name="jtrack-follow", daemon=True)
        self._watch = FolderWatch(StoreFolder(store))
        self._model_uri = model_uri
        self._current = current
        self._move = move
        self._stopped = threading.Event()
        self._refused: str | None = None
        self._said: str | None = None

    def run(self) -> None:
        """Look at the store, and move when the address does."""
        seen = None
        while not self._stopped.wait(LOOK_EVERY_S):
            token = self._watch.look()
            if token != seen:
                seen = token
                self._look()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _look(self) -> None:
        name = None
        try:
            with in_background():
                found = locate_model(self._model_uri)
            name = named(found)
            if name in (self._current, self._refused):
                return
            self._move(found)
        except JTrackError as error:
            self._refused = name  # not tried again at every run that is logged, until the address means another
            if error.message != self._said:
                say(f"{self._model_uri} can't be followed: {error.message}; {self._current} is served on")
            self._said = error.message
            return
        say(f"{self._model_uri} is {name} now, before {self._current}")
        self._current, self._refused, self._said = name, None, None


def named(found: ModelAddress) -> str:
    """Name what an address means now: a version, a run's model, or a folder."""
    if found.name is not None and found.version is not None:
        return f"models:/{found.name}/{found.version}"
    return found.source or found.uri
