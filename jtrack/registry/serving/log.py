"""A server's log: lines on its standard error, with the time."""

from __future__ import annotations

import sys
import time


def say(line: str) -> None:
    """Write a line."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n")
    sys.stderr.flush()
