"""Which params mattered: how much worse a model of the objective gets when one of them is shuffled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jtrack.sweeps.surrogate import Surrogate


def param_importance(params: Mapping[str, Sequence[Any]], losses: Sequence[float], seed: int = 0) -> dict[str, float]:
    """Rank params by what they have to do with the objective.

    Parameters
    ----------
    params
        By name, one value a trial; ``None`` where a trial doesn't have the param.
    losses
        Finite, one a trial.

    Returns
    -------
    dict[str, float]
        Shares that sum to 1, the largest first; all 0 where nothing can be told.
    """
    return Surrogate(params, losses, seed).importance()
