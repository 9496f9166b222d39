"""Packages that a test puts into a folder of their own, for a process that finds them first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


def install_into(folder: Path, requirement: str, what: str, could_not_run: Callable[[str], NoReturn]) -> None:
    """Install one package without what it depends on; where that can't be, ``what`` is left out, and it is said why."""
    install = ["uv", "pip", "install", "-q", "--no-deps", "--python", sys.executable, "--target", folder, requirement]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode != 0:
        could_not_run(f"{what}: {requirement} could not be installed: {done.stderr.strip()[-200:]}")
