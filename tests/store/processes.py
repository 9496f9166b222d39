"""Runs pieces of Python in processes of their own, to be killed, forked or raced."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(code: str, *args: object) -> subprocess.Popen[str]:
    """Start Python on ``code``, which finds ``args`` in ``sys.argv[1:]`` and the store through the environment."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + textwrap.dedent(code)
    command = [sys.executable, "-W", "error", "-c", program, *map(str, args)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(code: str, *args: object) -> str:
    """Run ``code`` to its end, which has to be a good one, and return what it printed."""
    with start(code, *args) as process:
        printed, _ = process.communicate(timeout=100)
    assert process.returncode == 0, printed
    return printed


def wait_for_line(process: subprocess.Popen[str]) -> str:
    """Wait until the process prints a line, and return it."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
