"""Where the store is and who the user is: the environment and the folder, asked anew each time.

A tracking URI set in code goes before ``$JTRACK_TRACKING_URI``, and that before the nearest ``.jtrack`` folder.
"""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

from jtrack.errors import InvalidInputError

STORE_FOLDER = ".jtrack"
TRACKING_URI_VARIABLE = "JTRACK_TRACKING_URI"
STATE_VARIABLE = "JTRACK_STATE_DIR"


def default_tracking_uri(start: Path | None = None) -> str:
    """Name the store that is meant when nobody said: from the environment, else from the folder.

    Parameters
    ----------
    start
        The folder to look upward from; ``None`` is the working folder, which in Jupyter is the notebook's.
    """
    return os.environ.get(TRACKING_URI_VARIABLE) or str(nearest_store_path(start or Path.cwd()))


def nearest_store_path(start: Path) -> Path:
    """Find the nearest ``.jtrack`` at or above ``start``; where there is none, the one to make in ``start``."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / STORE_FOLDER).is_dir():
            return folder / STORE_FOLDER
    return start / STORE_FOLDER


def parse_store_path(uri: str | os.PathLike[str]) -> Path:
    """Turn a tracking URI into the folder of a local store.

    Raises
    ------
    InvalidInputError
        The URI names a kind of store that this jtrack can't open.
    """
    text = _folder_named(uri)
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text)  # two letters at least: "C:" is a drive
    if scheme is None:
        return Path(text).expanduser().absolute()
    if scheme[0].lower() == "file:":
        parsed = urlparse(text)
        return Path(unquote(parsed.netloc + parsed.path)).expanduser().absolute()
    raise InvalidInputError(f"no store can be opened at {text!r}", "give a folder: 'path' or 'file:path'")


def _folder_named(uri: object) -> str:
    if isinstance(uri, str | os.PathLike) and "\0" not in (text := str(os.fspath(uri))):
        return text
    raise InvalidInputError(f"a store is named by its folder, not by {uri!r}", "give 'path' or 'file:path'")


def state_path() -> Path:
    """Name the folder of what this machine knows of running servers: ``$JTRACK_STATE_DIR``, or where such things go."""
    named = os.environ.get(STATE_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_STATE_HOME")
    return Path(base or Path.home() / ".local" / "state").expanduser().absolute() / "jtrack"


def user_name() -> str | None:
    """Name the user as the system knows them; ``None`` where it doesn't, as in a container without a passwd entry."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return None
