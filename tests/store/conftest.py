"""A disk of the test's own, small enough to fill."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.store import processes

ON_A_SMALL_DISK = """
    import os, subprocess, warnings
    warnings.simplefilter("always")
    disk = sys.argv[1]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + sys.argv[2], "small", disk], check=True)
    def grow():
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    import jtrack
    jtrack.set_tracking_uri(disk + "/.jtrack")
"""


@pytest.fixture
def run_on_disk(tmp_path: Path, could_not_run: Callable[[str], NoReturn]) -> Callable[[str, str], str]:
    """Runs code where ``disk`` is a file system of a size, seen by that process alone, and gives what it printed."""
    unshare = shutil.which("unshare")
    flags = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    if unshare is None or subprocess.run([unshare, *flags, "true"], capture_output=True, check=False).returncode:
        could_not_run("tests with a full disk need Linux's `unshare --mount` (util-linux; allowed to this user)")
    disk = tmp_path / "disk"
    disk.mkdir()

    def run(size: str, code: str) -> str:
        program = f"import sys; sys.path.insert(0, {str(processes.ROOT)!r})\n" + "\n".join(
            map(textwrap.dedent, (ON_A_SMALL_DISK, code))
        )
        command = [unshare, *flags, sys.executable, "-c", program, str(disk), size]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run
