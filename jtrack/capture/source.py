"""A cell's source as it ran, and what makes two executions the same cell.

The front end's cell id where it sends one; else a hash of the body, so that an edit makes another cell there.
"""

from __future__ import annotations

import hashlib
import re

from jtrack.entities import Cell, CellRole

_CELL_MAGIC = re.compile(r"%%(\w+)")
# The cell magics of IPython whose body is Python that runs in the notebook's own namespace.
_PYTHON_MAGICS = {"time", "capture", "prun", "track"}


def text_sha256(text: str) -> str:
    """Hash text as UTF-8; half a character, which UTF-8 has no word for, counts as its escape."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def cell_identity(cell_id: str | None, body: str) -> str:
    """Give the id under which a cell is known again."""
    return cell_id or f"sha256:{text_sha256(body.strip())[:16]}"


def tracked_cell(source: str, identity: str, execution_count: int | None, notebook_path: str | None) -> Cell:
    """Describe the cell that a run is made of."""
    return Cell(identity, execution_count, CellRole.TRACKED, source, text_sha256(source), notebook_path)


def python_body(body: str) -> str:
    """Give the part of a cell that is Python of the notebook: below ``%%time`` and its like, none of ``%%bash``."""
    lines = body.splitlines(keepends=True)
    while lines:
        magic = _CELL_MAGIC.match(lines[0])
        if magic is None and lines[0].strip():
            return "".join(lines)
        if magic is not None and magic[1] not in _PYTHON_MAGICS:
            return ""
        del lines[0]
    return ""
