"""Sending an objective to another process: by cloudpickle, and where that fails, the name of what stands in the way."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from typing import Any

from jtrack.errors import UnpicklableError

_DEEPEST = 8


def pickle_whole(thing: Any, what: str) -> bytes:
    """Pickle ``thing`` with all that it refers to in the notebook.

    Raises
    ------
    UnpicklableError
        Something in it can't be pickled; the message names it.
    """
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(thing))
    except Exception as error:
        path, culprit = _find_culprit(thing, (), set())
        named = " → ".join(path)
        which = f"{named} ({_kind(culprit)})" if path else f"it is a {_kind(culprit)}"
        raise UnpicklableError(
            f"{what} can't be sent to another process: {which}: {_first_line(error)}",
            "make it inside the objective, or run the trials in threads: executor='threads'",
        ) from None


def _find_culprit(thing: Any, path: tuple[str, ...], seen: set[int]) -> tuple[tuple[str, ...], Any]:
    """Go down to the innermost part that can't be pickled by itself; gives the names that lead there."""
    seen.add(id(thing))
    if len(path) < _DEEPEST:
        for name, part in _parts(thing):
            if id(part) not in seen and not _can_pickle(part):
                return _find_culprit(part, (*path, name), seen)
    return path, thing


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, types.FunctionType):
        yield from _function_parts(thing)
    elif isinstance(thing, types.MethodType):
        yield type(thing.__self__).__name__, thing.__self__
    elif isinstance(thing, functools.partial):
        yield "function", thing.func
        yield from ((f"argument {index}", part) for index, part in enumerate(thing.args))
        yield from thing.keywords.items()
    elif isinstance(thing, dict):
        yield from ((f"[{key!r}]", part) for key, part in thing.items())
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from ((f"[{index}]", part) for index, part in enumerate(thing))
    elif isinstance(thing, type):
        yield from ((name, part) for name, part in vars(thing).items() if isinstance(part, types.FunctionType))
    else:
        yield from getattr(thing, "__dict__", {}).items()


def _function_parts(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not set yet
            continue
    for name in _global_names(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for value in function.__defaults__ or ():
        yield "a default", value


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _global_names(inner)


def _can_pickle(thing: Any) -> bool:
    import cloudpickle

    try:
        cloudpickle.dumps(thing)
    except Exception:  # whatever the object's own __reduce__ raises
        return False
    return True


def _kind(thing: Any) -> str:
    kind = type(thing)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
