"""Small things that several flavors need: classes by name, the params that a call takes, an error in one line."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidModelError


def import_class(name: str, folder: Path) -> Any:
    """Import a class by its full name; ``folder`` is the model's, for the message.

    Raises
    ------
    InvalidModelError
        Its module isn't here, or has no such class any more.
    """
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InvalidModelError(
            f"the model in {folder} is a {name}, which is not here: {first_line(error)}",
            f"pip install -r {folder / 'requirements.txt'}",
        ) from error


def accepted(call: Callable[..., Any], params: dict[str, Any] | None) -> dict[str, Any]:
    """Keep the params that ``call`` has arguments for: a signature's params may be meant for another flavor."""
    if not params:
        return {}
    known = inspect.signature(call).parameters
    if any(one.kind is one.VAR_KEYWORD for one in known.values()):
        return params
    return {name: value for name, value in params.items() if name in known}


def installed_as(*names: str) -> str:
    """Give the first of some distributions that is installed: ``xgboost`` comes as ``xgboost-cpu`` too."""
    for name in names:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        return name
    return names[0]


def providers(modules: Iterable[str]) -> list[str]:
    """Name the distributions that modules came from; one's own modules have none."""
    known = importlib.metadata.packages_distributions()
    return sorted({name for module in modules for name in known.get(module.partition(".")[0], ())})


def first_line(error: BaseException) -> str:
    """Give the first line of an error's message, or its class where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
