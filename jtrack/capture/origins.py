"""The cells that a tracked cell came from, so that its run's program can be told when the notebook is long gone.

One flow for the whole session, which each tracked cell makes longer by the cells since the last one: what a cell costs
doesn't grow with the notebook. Asked beside the cell, on the thread that looks up the other slow facts.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from jtrack.capture.slice import Flow, follow
from jtrack.capture.slice_source import ExecutedCell
from jtrack.capture.source import cell_identity, text_sha256
from jtrack.entities import Cell, CellRole

MAX_SOURCE_CELLS = 200


class OriginReader:
    """Follows the cells of one session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flow: Flow = follow(())

    def cells_behind(self, history: Sequence[ExecutedCell], tracked: ExecutedCell) -> list[Cell]:
        """Give the cells of ``history`` that ``tracked``, which comes after them, was made from.

        Parameters
        ----------
        history
            All cells of the session so far, in the order in which they ran; the same ones as before and more.
        """
        with self._lock:
            known = len(self._flow.cells)
            if known > len(history) or self._flow.cells[:known] != tuple(history[:known]):
                self._flow = follow(())  # another session, or one that was told differently
                known = 0
            self._flow.extend(history[known:])
            found = self._flow.slice_of_next(tracked)
        return [_source_cell(history[index]) for index in found.cells if index < len(history)][-MAX_SOURCE_CELLS:]


def _source_cell(cell: ExecutedCell) -> Cell:
    identity = cell_identity(cell.cell_id, cell.source)
    return Cell(identity, cell.execution_count, CellRole.SOURCE, cell.source, text_sha256(cell.source), None)
