"""A cell's params and metrics, from what its source says and what it left in the namespace.

With no word from the user:

* **Params** are the names that the cell sets once, at its top level, to a literal: numbers (``10**-3`` too), text,
  booleans, and tuples, lists and dicts of these, ``dict(depth=3)`` too. Not taken: ``None`` and empty text, lists and
  dicts, also such as ``{"loss": []}`` (places for results), names that the cell sets again, lists and dicts that it
  gives other items, literals of more than 1,000 characters.
* **Metrics** are the numbers that the cell newly worked out into names: ints, floats, numpy scalars and arrays or
  tensors of no dimension. Not taken: booleans, params, loop variables, clock readings (``t0 = time()``), knobs, ints
  beyond 2**53, and whatever the run has logged under that name.

Names with a leading underscore count for neither. ``--params`` and ``--metrics`` name exactly what to take instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from jtrack.capture.bindings import Bindings
from jtrack.values import is_masked

MAX_LITERAL_LENGTH = 1_000
MAX_EXACT_INT = 2**53
_ARRAY_LIBRARIES = {"numpy", "torch", "jax", "jaxlib", "tensorflow", "cupy", "mlx", "ml_dtypes"}
_NO_NUMBER_KINDS = "bcmMOSUT"  # bool, complex, time spans, times, objects, text


def snapshot_numbers(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the numbers that public names hold, as the objects they are, to tell later which were set anew."""
    return {name: value for name, value in list(namespace.items()) if name[:1] != "_" and _may_be_number(value)}


def cell_params(
    bindings: Bindings,
    namespace: Mapping[str, Any],
    names: Sequence[str] | None = None,
    before: Mapping[str, Any] = MappingProxyType({}),
    *,
    failed: bool = False,
) -> dict[str, Any]:
    """Choose the params of a cell that ran.

    Parameters
    ----------
    names
        Take exactly these, from the source where it sets them to a literal, else from the namespace; one
        that is in neither is left out. ``None`` goes by the rules above.
    before
        What the namespace held before the cell under ``names``.
    failed
        The cell stopped part way, or still runs: what it has not come to is no param of it.
    """
    settings = {
        name: value for name, value in bindings.literals.items() if not failed or _holds(namespace, name, value)
    }
    if names is None:
        return {name: value for name, value in settings.items() if _is_setting(name, value)}
    chosen = {}
    for name in names:
        if name in settings:
            chosen[name] = settings[name]
        elif name in namespace and name not in bindings.literals:
            # What the cell was to set and hasn't, is still what an earlier cell had set.
            is_stale = failed and name in bindings.names and _is_as_before(name, before, namespace)
            if not is_stale:
                chosen[name] = namespace[name]
    return chosen


def cell_metrics(
    before: Mapping[str, Any],
    namespace: Mapping[str, Any],
    bindings: Bindings,
    names: Sequence[str] | None = None,
    taken: Collection[str] = (),
    *,
    failed: bool = False,
) -> dict[str, float]:
    """Choose the metrics of a cell that ran.

    Parameters
    ----------
    before
        What :func:`snapshot_numbers` gave before the cell.
    names
        Take exactly these; one that holds no number is left out. ``None`` goes by the rules above.
    taken
        Names that the run already has as a param or metric.
    failed
        The cell stopped part way: a name that holds what it held before is no result of it.
    """
    if names is None:
        names = [name for name in snapshot_numbers(namespace) if _is_result(name, before, namespace, bindings)]
    if failed:
        names = [name for name in names if not _is_as_before(name, before, namespace)]
    numbers = {name: number_of(namespace.get(name)) for name in names if name not in taken}
    return {name: number for name, number in numbers.items() if number is not None}


def number_of(value: Any) -> int | float | None:
    """Give the number that ``value`` is, exactly; ``None`` for all else, booleans included."""
    if not _may_be_number(value):
        return None
    if type(value) not in (int, float):
        try:
            value = None if is_masked(value) else value.item()
        except Exception:  # a tensor without data, or on a device that is gone
            return None
    if type(value) is float:
        return value
    return value if type(value) is int and abs(value) <= MAX_EXACT_INT else None


def _may_be_number(value: Any) -> bool:
    kind = type(value)
    if kind is float or kind is int:
        return True
    # Only the array libraries' own types are asked for their shape: any other object may answer anything, or be slow.
    if kind.__module__.partition(".")[0] not in _ARRAY_LIBRARIES or not hasattr(value, "item"):
        return False
    dtype = getattr(value, "dtype", None)
    return getattr(value, "ndim", None) == 0 and getattr(dtype, "kind", "f") not in _NO_NUMBER_KINDS


def _is_setting(name: str, value: Any) -> bool:
    if name[:1] == "_" or value is None or value == "" or _is_place_for_results(value):
        return False
    return len(value if isinstance(value, str) else repr(value)) <= MAX_LITERAL_LENGTH


def _is_place_for_results(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, tuple | list) and all(map(_is_place_for_results, value))


def _holds(namespace: Mapping[str, Any], name: str, value: Any) -> bool:
    held = namespace.get(name)
    return type(held) is type(value) and bool(held == value)


def _is_result(name: str, before: Mapping[str, Any], namespace: Mapping[str, Any], bindings: Bindings) -> bool:
    if name in bindings.literals or name in bindings.uncounted:
        return False
    # Small ints and cached floats are the same object when worked out again: there the source has to say it.
    return not _is_as_before(name, before, namespace) or name in bindings.computed


def _is_as_before(name: str, before: Mapping[str, Any], namespace: Mapping[str, Any]) -> bool:
    return name in before and before[name] is namespace.get(name)
