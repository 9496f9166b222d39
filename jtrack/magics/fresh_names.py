"""The names in the store that Tab offers, read at most every few seconds, and none where the store can't be read."""

from __future__ import annotations

import re
import time

from jtrack.store.known_names import Names, read_names
from jtrack.store.search.complete import Completions

_FRESH_FOR_S = 5.0


class FreshNames:
    """Remembers the names for the few seconds in which somebody types."""

    def __init__(self) -> None:
        self._names = Names()
        self._stale_at = float("-inf")

    def names(self) -> Names:
        """Give the names as of a few seconds ago at most."""
        if time.monotonic() >= self._stale_at:
            from jtrack.queries import asked_store

            try:
                self._names = read_names(asked_store().catalog)
            except Exception:  # no store yet, or one that can't be read: Tab is no place to say so
                self._names = Names()
            self._stale_at = time.monotonic() + _FRESH_FOR_S
        return self._names

    def complete_filter(self, text: str) -> Completions:
        """Tell what can stand at the end of a filter."""
        from jtrack.queries import asked_store
        from jtrack.store.filter_help import complete

        try:
            return complete(asked_store().catalog, text, len(text), self.names())
        except Exception:
            return Completions(len(text), len(text))


def quoted(name: str) -> str:
    """Write a name as a magic's line takes it: in quotes where it has blanks or signs in it."""
    return name if re.fullmatch(r"[\w./@:+][\w./@:+-]*", name) else repr(name)
