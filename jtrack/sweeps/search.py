"""hyperopt's side of a sweep: what was suggested, what came of it, and what to try next.

``fmin`` would do, but for three things: it can't be taken up in the middle of its random numbers, it goes through
all its trials several times for each new one, and it waits by sleeping. Suggestions are drawn exactly as it draws
them (one number of the generator per trial), so a seed gives the trials that ``fmin`` gives.
"""

from __future__ import annotations

import math
from typing import Any

from hyperopt import base
from hyperopt.utils import coarse_utcnow
from numpy.random import default_rng

from jtrack.entities import RunStatus
from jtrack.errors import SweepError
from jtrack.sweeps.algorithms import Suggest
from jtrack.sweeps.space import Space, Values
from jtrack.sweeps.trial import Outcome

_HIGHEST_SEED = 2**31 - 1


class History(base.Trials):  # type: ignore[misc]
    """hyperopt's trials, growing by one without going through all of them."""

    def add(self, doc: dict[str, Any]) -> None:
        """Add one document that algorithms see at once."""
        self._dynamic_trials.append(doc)
        self._trials.append(doc)
        self._ids.add(doc["tid"])


class Search:
    """Suggests points and learns from their outcomes.

    Parameters
    ----------
    sign
        1 where lower is better, -1 where higher is: hyperopt minimizes.
    forgets
        Keep no trials that have ended, 2.5 KB each: for algorithms that don't look back, and no ``early_stop``.
    """

    def __init__(self, space: Space, suggest: Suggest, seed: int, sign: int, *, forgets: bool = False) -> None:
        self.trials = History()
        self.finished = History()
        self._space, self._suggest, self._sign, self._forgets = space, suggest, sign, forgets
        self._generator = default_rng(seed)
        self._seeds: list[int] = []
        self._docs: dict[int, dict[str, Any]] = {}

    def suggest(self, tid: int) -> Values | None:
        """Draw the point of trial ``tid``; ``None`` where the algorithm has no more."""
        seed = self._seed_of(tid)
        try:
            docs = self._suggest([tid], self._space.domain, self.trials, seed)
        except Exception as error:  # atpe has its troubles with some spaces
            said = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise SweepError(f"the algorithm came to no next point: {said}", "try another one, such as tpe") from error
        return self._take(docs[0]) if docs else None

    def restore(self, tid: int, values: Values) -> None:
        """Put a point back that was drawn in an earlier life of the sweep."""
        self._seed_of(tid)
        domain = self._space.domain
        listed = {label: [values[label]] if label in values else [] for label in domain.params}
        misc = {
            "tid": tid,
            "cmd": domain.cmd,
            "workdir": domain.workdir,
            "idxs": {label: [tid] * len(value) for label, value in listed.items()},
            "vals": listed,
        }
        self._take(self.trials.new_trial_docs([tid], [None], [domain.new_result()], [misc])[0])

    def learn(self, outcome: Outcome) -> bool:
        """Take an outcome in; whether hyperopt has a loss to learn from.

        As in ``fmin``: a trial that raised is forgotten, one that came to NaN or infinity is kept. But a loss of minus
        infinity, which hyperopt would take for the best there can be, is forgotten too.
        """
        doc = self._docs.pop(outcome.tid)
        doc["refresh_time"] = coarse_utcnow()
        loss = None if outcome.value is None else self._sign * outcome.value
        if loss is None or loss == -math.inf or outcome.status is RunStatus.KILLED:
            doc["state"] = base.JOB_STATE_ERROR
            self.trials.refresh()
            return False
        doc["state"] = base.JOB_STATE_DONE
        doc["result"] = {"loss": loss, "status": base.STATUS_OK}
        if not self._forgets:
            self.finished.add(doc)
        return True

    def _take(self, doc: dict[str, Any]) -> Values:
        self._docs[doc["tid"]] = doc
        doc["book_time"] = coarse_utcnow()
        if not self._forgets:
            self.trials.add(doc)
        # numpy's scalars into Python's: as they are, neither JSON nor another process's numpy need take them.
        return {label: value.item() if hasattr(value, "item") else value for label, value in _values_of(doc).items()}

    def _seed_of(self, tid: int) -> int:
        while len(self._seeds) <= tid:
            self._seeds.append(int(self._generator.integers(_HIGHEST_SEED)))
        return self._seeds[tid]


def _values_of(doc: dict[str, Any]) -> Values:
    values: Values = base.spec_from_misc(doc["misc"])
    return values
