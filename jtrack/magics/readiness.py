"""Keeps the store's reading side at hand between cells, in a thread, so that the next card waits for little.

The first question of a process loads DuckDB, which takes half a second, and each later one takes in what was logged
since. Both are done while the user reads or types, for whom it would otherwise be added to a cell. All but NumPy: when
two threads import parts of it at once, Python may give one of them half a module, and that one could be the user's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from jtrack.store import Store
from jtrack.store.background import in_background


class Readiness:
    """Looks at the store in the background; one look at a time."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def prepare(self, find_store: Callable[[], Store], after: Callable[[], object] = lambda: None) -> None:
        """Begin a look at the store that ``find_store`` gives, when ``after`` has returned; only a first call waits."""
        import numpy  # noqa: F401  in this thread, see above

        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._look, args=(find_store, after), name="jtrack-readiness", daemon=True
            )
            self._thread.start()

    def wait(self) -> None:
        """Wait for the look that is under way."""
        if self._thread is not None:
            self._thread.join()

    def _look(self, find_store: Callable[[], Store], after: Callable[[], object]) -> None:
        # Whatever is wrong is said by the question that meets it: nobody has asked for this one.
        with suppress(Exception):
            after()
            with in_background():
                import jtrack.widgets.card.panel  # noqa: F401  what shows the first card

                find_store().catalog.prepare()
