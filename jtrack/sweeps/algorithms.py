"""The algorithms by their names; hyperopt does the searching, but for the grid."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from jtrack.errors import InvalidInputError
from jtrack.sweeps.grid import grid_suggest
from jtrack.sweeps.space import Space

# Called with new ids, the domain, the trials so far and a seed; gives the documents of new trials, or none at the end.
Suggest = Callable[..., list[dict[str, Any]]]

_MODULES = {"tpe": "hyperopt.tpe", "random": "hyperopt.rand", "anneal": "hyperopt.anneal", "atpe": "hyperopt.atpe"}
NAMES = (*_MODULES, "grid")
LOOK_AHEAD = ("random", "grid")  # by name: what is tried next doesn't hang on what came before


def find_algorithm(algo: str | Suggest, space: Space, max_evals: int) -> Suggest:
    """Find the function that suggests points.

    Parameters
    ----------
    algo
        A name, or a function as hyperopt's ``fmin`` takes it: ``partial(tpe.suggest, gamma=0.5)``.

    Raises
    ------
    InvalidInputError
        There is no algorithm of this name, or what it needs is not installed.
    """
    if not isinstance(algo, str):
        if not callable(algo):
            raise InvalidInputError(
                f"{algo!r} is no algorithm", f"one of {', '.join(NAMES)}, or hyperopt's tpe.suggest"
            )
        return algo
    if algo == "grid":
        return grid_suggest(space.tree, max_evals)
    if algo not in _MODULES:
        near = difflib.get_close_matches(algo, NAMES, n=1)
        raise InvalidInputError(
            f"there is no algorithm {algo!r}", f"did you mean {near[0]!r}?" if near else f"one of {', '.join(NAMES)}"
        )
    if algo == "atpe":
        return _atpe()
    suggest: Suggest = import_module(_MODULES[algo]).suggest
    return suggest


def algorithm_name(algo: str | Suggest) -> str:
    """Name an algorithm as the sweep's run keeps it."""
    if isinstance(algo, str):
        return algo
    function = getattr(algo, "func", algo)
    module, name = getattr(function, "__module__", ""), getattr(function, "__name__", type(algo).__name__)
    known = {path: short for short, path in _MODULES.items()}
    return known.get(module, f"{module}.{name}") if name == "suggest" else name


def _atpe() -> Suggest:
    try:
        import_module("lightgbm")
    except ImportError:
        raise InvalidInputError("atpe needs lightgbm, which is not installed", "pip install lightgbm") from None
    from hyperopt import atpe, base

    def suggest(new_ids: list[int], domain: Any, trials: Any, seed: int) -> list[dict[str, Any]]:
        # It reads the loss of every trial, and stumbles over those that are still under way.
        done = [doc for doc in trials.trials if doc["state"] == base.JOB_STATE_DONE]
        docs: list[dict[str, Any]] = atpe.suggest(new_ids, domain, base.trials_from_docs(done, validate=False), seed)
        return docs

    return suggest
