"""What ipyflow saw, where a kernel has it loaded: which cells really had a part in a variable.

The static slice takes it that a call it doesn't know changes what it is given. ipyflow watched the cells run and knows
better; its word narrows the slice, and never adds to it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace

from jtrack.registry.export.session import Session

_HEAD = re.compile(r"^# Cell (\d+)$", re.MULTILINE)


def narrowed(session: Session, variable: str) -> Session:
    """Empty the cells that had no part in a variable; the session itself where nobody watched, or too little was seen.

    Cells that set something for the whole process, such as a seed, stay: what they change is no variable.
    """
    seen = _cells_seen(variable)
    if not seen:
        return session
    flow = session.flow
    kept = {index for index, cell in enumerate(session.cells) if cell.execution_count in seen} | flow.cells_that_set_up
    less = replace(
        session,
        cells=tuple(cell if index in kept else replace(cell, source="") for index, cell in enumerate(session.cells)),
    )
    # Not everything is watched: what C code does, and what ran before ipyflow was loaded, is not.
    has_all = set(less.flow.slice_of([variable]).unknown) <= set(flow.slice_of([variable]).unknown)
    return less if has_all else session


def _cells_seen(variable: str) -> set[int]:
    """Give the execution counts of the cells in ipyflow's slice of a variable; none where it isn't at work."""
    singletons = sys.modules.get("ipyflow.singletons")
    if singletons is None:
        return set()
    try:
        symbol = singletons.flow().global_scope.lookup_symbol_by_name(variable)
        program = "" if symbol is None else str(symbol.code(format_type=str))
    except (
        Exception
    ):  # it follows every line of Python by rewriting it: where that went wrong, its word is worth nothing
        return set()
    return {int(number) for number in _HEAD.findall(program)}
