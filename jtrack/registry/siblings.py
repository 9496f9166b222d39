"""What the models of one sweep have in common: trial after trial logs the same kind of model, which needs the same.

To find what a model needs takes a fresh process, seconds each. Within a sweep it is found once for each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from jtrack import tracking
from jtrack.entities import RunKind
from jtrack.registry.flavors import Flavor, Saved
from jtrack.registry.model import PYTHON_FUNCTION, Model


def shared_requirements(
    manifest: Model, flavor: Flavor, saved: Saved, model: Any, find: Callable[[], list[str]]
) -> list[str]:
    """Give what ``find`` finds, or found for a model of this kind in an earlier trial of the sweep that runs now."""
    run = tracking.active_run()
    # What is in a class or a function of the user's, its type doesn't tell.
    if run is None or run.kind is not RunKind.TRIAL or run.run_id != manifest.run_id or flavor.name == PYTHON_FUNCTION:
        return find()
    known = _known_of_sweep(str(run.info.parent_run_id))
    kind = (flavor.name, *saved.packages, repr(manifest.signature), *sorted(set(_parts(model))))
    if kind not in known:
        known[kind] = find()
    return list(known[kind])


@lru_cache(maxsize=4)
def _known_of_sweep(sweep_run_id: str) -> dict[tuple[str, ...], list[str]]:
    return {}


def _parts(model: Any) -> Iterator[str]:
    """Name the types of a model and of all that it is made of, as scikit-learn and PyTorch tell it."""
    yield _named(model)
    if callable(params := getattr(model, "get_params", None)):
        yield from map(_named, params(deep=True).values())
    if callable(modules := getattr(model, "modules", None)):
        yield from map(_named, modules())


def _named(part: Any) -> str:
    told = part if callable(part) and hasattr(part, "__qualname__") else type(part)
    return f"{told.__module__}.{told.__qualname__}"
