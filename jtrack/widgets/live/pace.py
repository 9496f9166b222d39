"""How often a panel may look at a training: as often as it costs the training no more than its share.

What counts is the processor time of the looking thread, since that is what a training in the same process has to do
without; the clock on the wall also runs while the thread waits for its turn.
"""

from __future__ import annotations

import threading

LEAST_S = 0.1
MOST_S = 10.0
# Of one percent; the rest goes to the kernel's own thread, which sends what is shown, and to the store's reading.
SHARE = 0.004
THREAD_NAME = "jtrack-live"
_WEIGHT = 0.2
_MOST_TIMES = 4.0
_FIRST_GUESS_S = 0.001


class Pace:
    """Decides how long to rest after each look, by what looks usually cost.

    A look that is dear once, since it opens the database, counts as a few usual ones: to stand still for the
    seconds that it would have to be paid for with is what a watcher takes for a failure.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._usual_s: float | None = None

    def rest_s(self, cost_s: float, n_watching: int = 1) -> float:
        """Tell how long to rest after a look that cost ``cost_s``, where so many panels look."""
        if self._usual_s is None:
            self._usual_s = min(cost_s, _FIRST_GUESS_S)
        self._usual_s += _WEIGHT * (min(cost_s, _MOST_TIMES * self._usual_s) - self._usual_s)
        return min(max(LEAST_S, self._usual_s * n_watching / self._share), MOST_S)


def count_watching() -> int:
    """Count the panels of this process that look at a training now."""
    return max(sum(thread.name == THREAD_NAME for thread in threading.enumerate()), 1)
