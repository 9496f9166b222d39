"""One metric of an active run, and the hot path of ``log_metric``: from a value to a record in mapped memory.

``log`` does by itself what ``PointFile.append`` would do, since a call costs a tenth of all that there is to do here.
"""

from __future__ import annotations

import struct
from time import time_ns
from typing import TYPE_CHECKING, Any

from jtrack.errors import InvalidInputError
from jtrack.store.points import pack_record, write_record
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
        at_ns = time_ns() if timestamp is None else self._moment_ns(timestamp)
        block = self._writer.points.block
        try:
            slot = block.slots.pop()
        except IndexError:  # the block is full, or nothing was ever logged here
            self._log_slowly(value, step, at_ns)
            return
        try:
            write_record(block.memory, slot, step, at_ns, value, self._number, block.mark)
        except struct.error:  # cheaper than to look at the type of every step beforehand
            block.slots.append(slot)
            self._log_slowly(value, step, at_ns)
            return
        self.step = step
        self.value = value

    def _moment_ns(self, timestamp: Any) -> int:
        try:
            return int(timestamp) * 1_000_000
        except (TypeError, ValueError, OverflowError):
            raise InvalidInputError(
                f"timestamp {timestamp!r} of metric {self._key!r} is no number of milliseconds since 1970",
                "int(moment.timestamp() * 1000)",
            ) from None

    def _log_slowly(self, value: float, step: Any, at_ns: int) -> None:
        step = metric_step(self._key, step)
        try:
            record = pack_record(step, at_ns, value, self._number)
        except struct.error:
            raise InvalidInputError(
                f"timestamp {at_ns // 1_000_000} of metric {self._key!r} does not fit 64 bits",
                "a timestamp is in milliseconds",
            ) from None
        self._writer.points.append(record)
        self.step = step
        self.value = value
