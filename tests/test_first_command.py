"""The first command of the README, as it stands there, in a tree that has nothing built and an empty environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from jtrack import queries
from jtrack.tracking import set_tracking_uri

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[1]
# How a machine reaches the indexes of packages, some of which stands in the home folder: nothing that jtrack looks at.
NETWORK = re.compile(r"HOME$|(pip|npm|requests|ssl|uv)_|(https?|no|all)_proxy$", re.IGNORECASE)


def test_the_first_command_of_the_readme_shows_real_runs_in_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=_what_a_clone_has_not, copy_function=_copy)
    (command,) = re.findall(r"^python3 .*jtrack demo$", (clone / "README.md").read_text("utf-8"), re.MULTILINE)
    environment = {name: value for name, value in os.environ.items() if NETWORK.match(name)} | {
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "LANG": "C.UTF-8",
        "PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin",
    }
    done = subprocess.run(
        ["sh", "-c", command], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "compare 3 runs" in done.stdout
    (opened,) = re.findall(r"^\s*(\S+/jupyter lab \S+)$", done.stdout, re.MULTILINE)
    assert (clone / opened.split()[0]).exists()
    notebook = clone / opened.split()[2]
    set_tracking_uri(notebook.parent / ".jtrack")
    assert queries.rows("SELECT count(*) AS n, min(status) AS status FROM runs") == [{"n": 3, "status": "FINISHED"}]


def _copy(source: str, target: str) -> None:
    with suppress(FileNotFoundError):  # what another test has just now made there for a moment
        shutil.copy2(source, target)


def _what_a_clone_has_not(folder: str, names: list[str]) -> set[str]:
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    patterns = [".git", *(line.rstrip("/") for line in lines if line and not line.startswith("#"))]
    inside = Path("/", Path(folder).relative_to(ROOT))
    return {name for name in names if any((inside / name).match(pattern) for pattern in patterns)}
