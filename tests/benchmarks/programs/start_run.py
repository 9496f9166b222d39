"""What starting and ending a run costs: ``start_run.py TRACKER FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from timing import finish, per_call_us

Batch = Callable[[int, int], None]


def jtrack(folder: Path) -> Batch:
    import jtrack as tracker

    tracker.set_tracking_uri(folder / ".jtrack")

    def batch(first: int, n: int) -> None:
        for _ in range(n):
            tracker.start_run()
            tracker.end_run()

    return batch


def mlflow(folder: Path) -> Batch:
    import mlflow as tracker

    tracker.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")

    def batch(first: int, n: int) -> None:
        for _ in range(n):
            tracker.start_run()
            tracker.end_run()

    return batch


def wandb(folder: Path) -> Batch:
    import wandb as tracker

    def batch(first: int, n: int) -> None:
        for _ in range(n):
            tracker.init(project="bench", dir=folder, mode="offline").finish()

    return batch


def pandm(folder: Path) -> Batch:
    import pandm as tracker

    def batch(first: int, n: int) -> None:
        for _ in range(n):
            tracker.init(project="bench").finish()

    return batch


if __name__ == "__main__":
    finish(us=per_call_us(globals()[sys.argv[1]](Path(sys.argv[2]))))
