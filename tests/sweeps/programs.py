"""A sweep in a process of its own, to be killed in the middle: ``python -m tests.sweeps.programs RESUME SLOW_S``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import jtrack
from tests.sweeps.objectives import SPACE, bowl

N = 40


def objective(point: dict[str, Any]) -> float:
    """Notes each call in a file, takes its time, fails now and then."""
    with open("calls.txt", "a", encoding="utf-8") as file:
        file.write(f"{point['x']!r}\n")
    time.sleep(float(sys.argv[2]))
    if point["n"] == 3:
        raise ValueError("three")
    return bowl(point)


if __name__ == "__main__":
    Path("pid.txt").write_text(str(os.getpid()), encoding="utf-8")
    resume = sys.argv[1] if sys.argv[1] != "-" else None
    seed = 9 if resume is None else None
    jtrack.sweep(objective, SPACE, max_evals=N, seed=seed, resume=resume, run_name=None if resume else "long")
