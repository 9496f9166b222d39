"""One metric of an active run, and the hot path of ``log_metric``: from a value to a record in mapped memory.

``log`` says by itself what ``PointFile.append`` would do, since a call costs a tenth of all that there is to do here.
"""

from __future__ import annotations

import struct
from time import time_ns
from typing import TYPE_CHECKING, Any
from zlib import crc32

from jtrack.errors import InvalidInputError
from jtrack.store.points import pack_record, seal_into
from jtrack.values import metric_step, metric_value

if TYPE_CHECKING:
    from jtrack.store.journal import Writer


class Series:
    """One metric of one run: its number in the journal, and the last step and value that were logged."""

    __slots__ = ("_key", "_number", "_writer", "step", "value")

    def __init__(self, writer: Writer, key: str, number: int, step: int) -> None:
        self.step = step
        self.value = float("nan")
        self._writer = writer
        self._key = key
        self._number = number

    def log(self, value: float, step: int | None, timestamp: int | None) -> None:
        """Log one point; see :func:`jtrack.log_metric`."""
        if type(value) is not float:
            value = metric_value(self._key, value)
        if step is None:
            step = int(self.step) + 1  # a narrow integer of numpy's would overflow
        at_ns = time_ns() if timestamp is None else int(timestamp) * 1_000_000
        try:
            record = pack_record(step, at_ns, value, self._number)
        except struct.error:  # cheaper than to look at the type of every step beforehand
            self.log(value, self._whole_step(step, timestamp), timestamp)
            return
        points = self._writer.points
        block = points.block
        try:
            seal_into(block.memory, block.slots.pop(), record, crc32(record))
        except IndexError:  # the block is full, or nothing was ever logged here
            points.append(record)
        self.step = step
        self.value = value

    def _whole_step(self, step: Any, timestamp: int | None) -> int:
        """Return a step that can be packed; raises InvalidInputError if there is none, or the time was at fault."""
        whole = metric_step(self._key, step)
        if type(step) is int:
            raise InvalidInputError(
                f"timestamp {timestamp} of metric {self._key!r} does not fit 64 bits", "a timestamp is in milliseconds"
            )
        return whole
