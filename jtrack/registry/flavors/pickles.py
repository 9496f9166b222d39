"""Pickles as model files: written by cloudpickle, marked as such, and opened only where they are trusted.

A pickle runs code when it is opened. What this process wrote itself it may open again, wherever the file lies; it is
known by its content, so that a file that was exchanged behind its back is not.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

from jtrack.errors import InvalidModelError, UntrustedModelError

_written: set[str] = set()


def write_pickle(thing: Any, file: Path, by_value: ModuleType | None = None) -> None:
    """Pickle an object by cloudpickle, which takes along what a notebook defined.

    Parameters
    ----------
    by_value
        A module whose classes go into the pickle whole, so that whoever opens it needn't have the module.

    Raises
    ------
    InvalidModelError
        Something in it can't be pickled; the message names it.
    """
    import cloudpickle

    if by_value is not None:
        cloudpickle.register_pickle_by_value(by_value)
    try:
        content = cloudpickle.dumps(thing)
    except Exception as error:
        raise InvalidModelError(
            f"the {type(thing).__name__} can't be pickled: {_first_line(error)}",
            "open connections, files and locks in load_context, and not before",
        ) from error
    finally:
        if by_value is not None:
            cloudpickle.unregister_pickle_by_value(by_value)
    write_content(content, file)


def write_content(content: bytes, file: Path) -> None:
    """Write what another library pickled, and know it again."""
    remember(content)
    file.write_bytes(content)


def remember(content: bytes) -> None:
    """Know the content of a file that this process wrote, so that it may open it again."""
    _written.add(hashlib.sha256(content).hexdigest())


def check_trust(content: bytes, reason: str, *, trust: bool, folder: Path) -> None:
    """Raise UntrustedModelError unless ``content`` is trusted or was written by this process.

    Parameters
    ----------
    reason
        What would run: ``"model.pkl is a pickle"``.
    """
    if not trust and hashlib.sha256(content).hexdigest() not in _written:
        raise UntrustedModelError(folder, reason)


def read_pickle(file: Path, *, trust: bool, folder: Path, unpickler: type[pickle.Unpickler] = pickle.Unpickler) -> Any:
    """Open a pickle, if it is trusted or this process wrote it.

    Raises
    ------
    UntrustedModelError
        It came from elsewhere, and ``trust`` is false.
    InvalidModelError
        It can't be opened here: something that it needs is missing.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidModelError(f"the model's file {file} can't be read: {error.strerror}") from None
    check_trust(content, f"{file.name} is a pickle", trust=trust, folder=folder)
    importlib.import_module("cloudpickle")  # its reducers are looked up by name
    try:
        return unpickler(io.BytesIO(content)).load()
    except ModuleNotFoundError as error:
        raise InvalidModelError(
            f"{file} needs the module {error.name!r}, which is not here",
            f"pip install -r {folder / 'requirements.txt'}",
        ) from error
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, TypeError, ValueError) as error:
        raise InvalidModelError(
            f"{file} can't be opened here: {_first_line(error)}",
            f"it was made with what {folder / 'requirements.txt'} says",
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
