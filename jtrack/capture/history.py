"""The cells that a shell has executed in this session, and where an error stopped one; from the shell's own history.

So it works however late jtrack was loaded. A shell is taken for what it has: nothing of IPython is imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jtrack.capture.slice_source import ExecutedCell

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(r"Cell In\[(\d+)\], line (\d+)|^-+> (\d+) ", re.MULTILINE)


def executed_cells(shell: Any, before: int | None = None) -> list[ExecutedCell]:
    """Give the cells in the order in which they ran.

    Parameters
    ----------
    before
        Only those with a smaller number.
    """
    history = shell.history_manager
    raised: Mapping[int, Any] = getattr(history, "exceptions", {})  # IPython keeps them from 9.0 on
    return [
        ExecutedCell(source, number, failed_line=_failed_line(number, raised.get(number)))
        for number, source in enumerate(list(history.input_hist_raw))
        if number and source.strip() and (before is None or number < before)
    ]


def _failed_line(number: int, raised: Any) -> int | None:
    """Find the line that raised, by the traceback that the shell kept; the first where it says none."""
    if raised is None:
        return None
    lines = raised.get("traceback") if isinstance(raised, Mapping) else None
    text = _COLOUR.sub("", "\n".join(lines or []))
    for found in _PLACE.finditer(text):
        if found[1] == str(number):
            return int(found[2])
        if found[3]:
            return int(found[3])
    return 1
