"""Which store a request means: from the notebook's path as Jupyter names it, or from a folder below the root.

Pure but for looking which folders there are. Paths come from a page, so they are taken apart here, and nothing of
them is believed: a place never lies outside the server's root. The store that belongs to it may lie above.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from jtrack import queries, settings
from jtrack.capture.notebook import read_cell_ids
from jtrack.errors import InvalidInputError

_PATHS_OF_CELLS = """
SELECT DISTINCT notebook_path AS path FROM cells
WHERE cell_id IN (SELECT unnest(?::VARCHAR[])) AND role = 'tracked' AND notebook_path IS NOT NULL
"""
_LATER_PATHS = """
SELECT DISTINCT later.notebook_path AS path FROM cells later JOIN cells former USING (cell_id)
WHERE former.notebook_path IN (SELECT unnest(?::VARCHAR[])) AND former.role = 'tracked' AND later.role = 'tracked'
  AND later.notebook_path IS NOT NULL
"""
_DRIVE = re.compile(r"[A-Za-z]{2,}:")  # "RTC:" before the path of a notebook that several edit together


@dataclass(frozen=True, slots=True)
class Place:
    """A store, and the folder and notebook that it was found from.

    ``notebook_path`` is the file's absolute path, as runs record it; ``None`` where a folder was asked for.
    """

    store_path: Path
    folder: Path
    notebook_path: Path | None = None


def find_place(root: Path, *, notebook_path: str | None = None, store: str | None = None) -> Place:
    """Find the store that a kernel would use, for a notebook or for a folder.

    That is ``$JTRACK_TRACKING_URI``, which kernels inherit from the server; else the nearest ``.jtrack`` at or above
    the folder. The search goes on above ``root``, since the kernel's does: the runs of a notebook are shown wherever
    they went. Nothing that a request says can name a folder outside ``root``; a link inside it is followed, as
    Jupyter's own file browser follows it.

    Parameters
    ----------
    root
        The folder that the server serves.
    notebook_path
        Relative to ``root``, with ``/``. The file need not exist.
    store
        A folder, relative to ``root``; one that is a store itself is taken as it is. ``None``, and no
        ``notebook_path`` either, is ``root``.

    Raises
    ------
    InvalidInputError
        The path leads out of ``root``, or ``$JTRACK_TRACKING_URI`` names no folder.
    """
    if notebook_path:
        notebook = resolve_below(root, notebook_path)
        return Place(_kernels_store(notebook.parent), notebook.parent, notebook)
    folder = resolve_below(root, store or "")
    return Place(folder if _is_store(folder) else _kernels_store(folder), folder)


def resolve_below(root: Path, path: str) -> Path:
    """Turn a path as Jupyter names it (relative to its root, with ``/``) into an absolute one.

    Raises
    ------
    InvalidInputError
        It leads out of ``root``, or can't be a path.
    """
    parts = [part for part in _DRIVE.sub("", path, count=1).split("/") if part not in ("", ".")]
    if any(part == ".." or "\0" in part or (os.name == "nt" and re.search(r"[\\:]", part)) for part in parts):
        raise InvalidInputError(f"{path!r} leads out of the server's folder", "give a path below it, with '/'")
    return Path(os.path.abspath(root), *parts)


def spellings(path: Path) -> list[str]:
    """Give the texts under which a path may have been recorded: as it was named, and with links followed."""
    return list(dict.fromkeys([str(path), os.path.realpath(path)]))


def known_paths(notebook: Path) -> list[str]:
    """Give the texts under which a notebook's runs may have been recorded: its path now, and those it had before.

    A path is one that it had before if cells of this notebook ran there and no file is there any more. A notebook that
    is gone itself has another path now, which a page that shows its runs may not know: where its cells ran later.
    Questions go to the store in force.
    """
    now = spellings(notebook)
    later = [] if notebook.exists() else _later_paths(now)
    cell_ids = [cell_id for path in (notebook, *later) for cell_id in read_cell_ids(path)]
    if not cell_ids:
        return now
    found = [row["path"] for row in queries.rows(_PATHS_OF_CELLS, [cell_ids])]
    return list(dict.fromkeys([*now, *map(str, later), *(path for path in found if not Path(path).exists())]))


def _later_paths(former: list[str]) -> list[Path]:
    return [path for row in queries.rows(_LATER_PATHS, [former]) if (path := Path(row["path"])).is_file()]


def _kernels_store(folder: Path) -> Path:
    return settings.parse_store_path(settings.default_tracking_uri(folder))


def _is_store(folder: Path) -> bool:
    return folder.name == settings.STORE_FOLDER or (folder / "journal").is_dir() or any(folder.glob("store.*.duckdb"))
