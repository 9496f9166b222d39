"""What the machine does while a run trains: CPU, memory, disk, network and GPUs, sampled off the training's thread.

Keys are MLflow's, so that its users find them. The sampler sleeps between samples and ends with its run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtrack.tracking.run import ActiveRun

SAMPLE_EVERY_S = 10.0
MEGABYTE = 1e6


class SystemSampler:
    """Logs ``system/…`` metrics of a run every few seconds, from a thread of its own."""

    def __init__(self, run: ActiveRun, every_s: float = SAMPLE_EVERY_S) -> None:
        self._run = run
        self._every_s = every_s
        self._stop = threading.Event()
        self._read_gpus = gpu_reader()

    def start(self) -> None:
        """Begin; the first sample comes after the first interval."""
        threading.Thread(target=self._sample, name="jtrack-system", daemon=True).start()

    def stop(self) -> None:
        """End; takes no time."""
        self._stop.set()

    def _sample(self) -> None:
        before = read_system()
        while not self._stop.wait(self._every_s):
            now = read_system()
            metrics = {**system_metrics(before, now), **self._read_gpus()}
            before = now
            with suppress(Exception):  # a machine that can't be read is no reason to disturb the training
                self._run.log_metrics({f"system/{key}": value for key, value in metrics.items()})


def read_system() -> dict[str, float]:
    """Read the machine's counters once; differences of two such readings are rates."""
    import psutil

    memory, disk = psutil.virtual_memory(), psutil.disk_usage("/")
    network = psutil.net_io_counters()
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    return {
        "at_s": time.monotonic(),
        "cpu_busy_s": sum(times) - idle - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0),
        "cpu_idle_s": idle,
        "system_memory_usage_megabytes": memory.used / MEGABYTE,
        "system_memory_usage_percentage": memory.percent,
        "disk_usage_megabytes": disk.used / MEGABYTE,
        "disk_usage_percentage": disk.percent,
        "network_receive_megabytes": network.bytes_recv / MEGABYTE,
        "network_transmit_megabytes": network.bytes_sent / MEGABYTE,
    }


def system_metrics(before: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    """Turn two readings into metrics: percentages of the time between them, and traffic since the first."""
    busy, idle = now["cpu_busy_s"] - before["cpu_busy_s"], now["cpu_idle_s"] - before["cpu_idle_s"]
    metrics = {"cpu_utilization_percentage": 100 * busy / (busy + idle) if busy + idle > 0 else 0.0}
    for key in now:
        if key.startswith(("system_memory", "disk")):
            metrics[key] = now[key]
        elif key.startswith("network"):
            metrics[key] = now[key] - before[key]
    return metrics


def gpu_reader() -> Callable[[], dict[str, float]]:
    """Give a function that reads every GPU; one that finds nothing where there is none, or no library to ask."""
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # no library, no driver, no permission: each says it with an error of its own
        return dict

    def read() -> dict[str, float]:
        return {
            key: value for i, handle in enumerate(handles) for key, value in _gpu_metrics(pynvml, i, handle).items()
        }

    return read


def _gpu_metrics(pynvml: Any, i: int, handle: Any) -> dict[str, float]:
    try:
        memory, use = pynvml.nvmlDeviceGetMemoryInfo(handle), pynvml.nvmlDeviceGetUtilizationRates(handle)
        power_watts = pynvml.nvmlDeviceGetPowerUsage(handle) / 1000
    except pynvml.NVMLError:
        return {}
    return {
        f"gpu_{i}_utilization_percentage": float(use.gpu),
        f"gpu_{i}_memory_usage_megabytes": memory.used / MEGABYTE,
        f"gpu_{i}_memory_usage_percentage": 100 * memory.used / memory.total,
        f"gpu_{i}_power_usage_watts": power_watts,
    }
