"""The interpreter, the machine and every installed package, asked once and again only when something was installed.

Reading the metadata of some hundred packages takes a tenth of a second; a look at the modification times of the
folders on ``sys.path`` takes microseconds and says whether that has to be done again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import threading
from importlib import metadata

from jtrack.entities import Environment

_Key = tuple[tuple[str, int], ...]


class EnvironmentReader:
    """Describes the environment of this process; safe to ask from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[_Key, Environment] | None = None

    def read(self) -> Environment:
        """Give the environment as it is now."""
        with self._lock:
            key = _path_key()
            if self._known is None or self._known[0] != key:
                self._known = key, read_environment()
            return self._known[1]


def read_environment() -> Environment:
    """Ask for everything, however long it takes."""
    python_version, system, packages = platform.python_version(), platform.platform(), installed_packages()
    described = json.dumps([python_version, system, packages], sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(described.encode("utf-8", "backslashreplace")).hexdigest()
    return Environment(digest, python_version, system, packages)


def installed_packages() -> dict[str, str]:
    """Map installed distributions to their versions, by name; the first on ``sys.path`` wins, as on import."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        try:
            name, version = distribution.metadata["Name"], distribution.version
        except Exception:  # half-removed packages leave folders with anything in them
            continue
        if name and version:
            found.setdefault(name, version)
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def _path_key() -> _Key:
    # The working folder, "", changes with every save of a notebook, and nothing is installed there.
    return tuple((folder, _modified_ns(folder)) for folder in sys.path if folder)


def _modified_ns(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0
