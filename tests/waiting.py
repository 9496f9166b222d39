"""Wait for what another thread or process brings about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(holds: Callable[[], T], within_s: float = 30.0) -> T:
    """Ask again and again until the answer is true, and give it."""
    end = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)
    return found
