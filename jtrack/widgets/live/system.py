"""Reads what the machine does, every two seconds and only while somebody looks."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from jtrack.tracking.system import MEGABYTE, gpu_reader
from jtrack.widgets.live.frame import GpuUse, SystemUse

EVERY_S = 2.0


class UseMeter:
    """Measures this machine, and one process on it.

    Parameters
    ----------
    pid
        The process that records; ``None`` where it isn't known.
    """

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._read_gpus = gpu_reader()
        self._before: tuple[float, float] | None = None
        self._next_at = 0.0
        self._use: SystemUse | None = None

    def read(self) -> SystemUse | None:
        """Give the use over the last interval; ``None`` before there is one, or where it can't be told."""
        now = time.monotonic()
        if now >= self._next_at:
            # A first, short interval: to look at a panel that says nothing for two seconds is tiresome.
            self._next_at = now + (EVERY_S if self._before is not None else EVERY_S / 4)
            with suppress(Exception):  # a machine that can't be read is no reason to show nothing else
                self._use = self._measure()
        return self._use

    def _measure(self) -> SystemUse | None:
        import psutil

        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        busy = sum(times) - idle - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        before, self._before = self._before, (busy, idle)
        if before is None:
            return None
        d_busy, d_idle = busy - before[0], idle - before[1]
        memory = psutil.virtual_memory()
        return SystemUse(
            cpu_percent=round(100 * d_busy / (d_busy + d_idle), 1) if d_busy + d_idle > 0 else 0.0,
            memory_percent=memory.percent,
            memory_total_bytes=memory.total,
            process_bytes=self._process_bytes(psutil),
            gpus=gpu_uses(self._read_gpus()),
        )

    def _process_bytes(self, psutil: Any) -> int | None:
        if self._pid is None:
            return None
        try:
            return int(psutil.Process(self._pid).memory_info().rss)
        except psutil.Error:
            return None


def gpu_uses(metrics: dict[str, float]) -> tuple[GpuUse, ...]:
    """Sort the readings of `gpu_reader` by GPU."""
    uses = []
    for i in range(len(metrics)):
        percent = metrics.get(f"gpu_{i}_utilization_percentage")
        if percent is None:
            break
        used = metrics.get(f"gpu_{i}_memory_usage_megabytes", 0.0) * MEGABYTE
        share = metrics.get(f"gpu_{i}_memory_usage_percentage", 0.0)
        uses.append(GpuUse(percent, int(used), int(used / share * 100) if share > 0 else None))
    return tuple(uses)
