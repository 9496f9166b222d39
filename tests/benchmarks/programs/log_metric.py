"""What one logged metric costs the caller's thread: ``log_metric.py TRACKER FOLDER``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from timing import finish, per_call_us

Batch = Callable[[int, int], None]


def list_append(folder: Path) -> Batch:
    points: list[tuple[str, float, int, int]] = []

    def log_metric(key: str, value: float, step: int) -> None:
        points.append((key, value, step, time.time_ns()))

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log_metric("loss", 0.5, step=step)

    return batch


def jtrack(folder: Path) -> Batch:
    import jtrack as tracker

    tracker.set_tracking_uri(folder / ".jtrack")
    tracker.start_run()
    log_metric = tracker.log_metric

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log_metric("loss", 0.5, step=step)

    return batch


def jtrack_run(folder: Path) -> Batch:
    import jtrack as tracker

    tracker.set_tracking_uri(folder / ".jtrack")
    log_metric = tracker.start_run().log_metric

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log_metric("loss", 0.5, step=step)

    return batch


def mlflow(folder: Path) -> Batch:
    import mlflow as tracker

    tracker.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    tracker.start_run()
    log_metric = tracker.log_metric

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log_metric("loss", 0.5, step=step)

    return batch


def wandb(folder: Path) -> Batch:
    import wandb as tracker

    log = tracker.init(project="bench", dir=folder, mode="offline").log

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log({"loss": 0.5}, step=step)

    return batch


def trackio(folder: Path) -> Batch:
    import trackio as tracker

    log = tracker.init(project="bench", embed=False, auto_log_cpu=False, auto_log_gpu=False).log

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log({"loss": 0.5}, step=step)

    return batch


def pandm(folder: Path) -> Batch:
    import pandm as tracker

    log = tracker.init(project="bench").log

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log({"loss": 0.5}, step=step)

    return batch


def pulseon(folder: Path) -> Batch:
    import pulseon as tracker

    client = tracker.init(metric_queue_capacity=2**20)  # its most; beyond that it refuses points
    log = client.create_run(client.create_project("bench").project_id, "bench").log

    def batch(first: int, n: int) -> None:
        for step in range(first, first + n):
            log("loss", step, 0.5)

    return batch


if __name__ == "__main__":
    finish(us=per_call_us(globals()[sys.argv[1]](Path(sys.argv[2]))))
