"""skops files: what scikit-learn and its faces in other libraries are saved as, for they run no code when opened.

What a file may hold beyond what skops knows is told by its own list of types, read without loading anything.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError, UntrustedModelError
from jtrack.registry.flavors.calls import first_line
from jtrack.registry.flavors.loaders import skops_model
from jtrack.registry.flavors.pickles import check_trust, remember

# skops asks for it whenever a column of text was seen; making one runs nothing.
_HARMLESS = frozenset({"numpy.dtype"})
_STAND_INS = [f"sklearn.externals.array_api_compat.{name}" for name in ("torch", "dask", "cupy")]


def skops_loader() -> tuple[str, str]:
    """Name and source of the loader that stands beside a skops file, for an MLflow that knows no skops."""
    return "skops_model", Path(skops_model.__file__).read_text(encoding="utf-8")


def skops_problem(model: Any) -> str | None:
    """Tell why ``model`` can't be tried with skops here; ``None`` where it can."""
    try:
        _skops_io()
    except ImportError:
        return "skops is not installed: pip install skops"
    if type(model).__module__ == "__main__":
        return f"{type(model).__name__} is defined in the notebook"
    return None


def write_skops(model: Any, file: Path, trusted: Collection[str] | None) -> list[str]:
    """Write by skops and read it back; returns the types beyond those that skops trusts by itself.

    Raises
    ------
    InvalidModelError
        skops can't hold the model; nothing is left behind.
    InvalidInputError
        ``trusted`` was given and leaves out a type that the model has.
    """
    skops_io = _skops_io()
    try:
        skops_io.dump(model, file)
        found = [str(name) for name in skops_io.get_untrusted_types(file=file)]
        from_notebook = [name for name in found if name.startswith("__main__.")]
        if from_notebook:
            raise InvalidModelError(f"{from_notebook[0]} is defined in the notebook")
        skops_io.load(file, trusted=found)
    except Exception as error:  # skops raises whatever it meets in the object
        file.unlink(missing_ok=True)
        raise InvalidModelError(f"skops can't hold it: {first_line(error)}") from error
    if trusted is not None and set(found) - set(trusted):
        file.unlink()
        raise InvalidInputError(
            "skops_trusted_types leaves out " + ", ".join(sorted(set(found) - set(trusted))),
            "leave skops_trusted_types out to take all that the model has",
        )
    remember(file.read_bytes())
    return found


def read_skops(file: Path, folder: Path, *, trust: bool, harmless: Collection[str] = ()) -> Any:
    """Load a skops file; ``harmless`` are types that it may hold without being trusted.

    Raises
    ------
    UntrustedModelError
        It holds other types, and ``trust`` is false.
    InvalidModelError
        It can't be opened here.
    """
    try:
        skops_io = _skops_io()
    except ModuleNotFoundError as error:
        raise InvalidModelError(
            f"{file.name} was saved by skops, and there is no {error.name} here", f"pip install {error.name}"
        ) from None
    try:
        found = [str(name) for name in skops_io.get_untrusted_types(file=file)]
        unknown = sorted(set(found) - _HARMLESS - set(harmless))
        if unknown:
            check_trust(file.read_bytes(), f"{file.name} holds {', '.join(unknown)}", trust=trust, folder=folder)
        return skops_io.load(file, trusted=found)
    except UntrustedModelError:
        raise
    except Exception as error:  # a zip that is none, a class that is gone, what the class's own reader meets
        raise InvalidModelError(
            f"{file} can't be opened here: {first_line(error)}",
            f"it was made with what {folder / 'requirements.txt'} says",
        ) from error


def _skops_io() -> Any:
    """Import skops, and not all frameworks that happen to be installed.

    To list scikit-learn's estimators, skops walks through every package in it. Among these are stand-ins that import
    PyTorch, Dask and CuPy, which takes seconds; a walk passes over what can't be imported.
    """
    left_out = [name for name in _STAND_INS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(left_out))  # type: ignore[arg-type]
    try:
        return importlib.import_module("skops.io")
    finally:
        for name in left_out:
            del sys.modules[name]
