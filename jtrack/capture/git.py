"""The state of the git repository around a notebook, from git itself in one call.

Git's own porcelain format knows unborn branches, detached heads, worktrees and submodules; no library that reads
the files does. Untracked files don't make a tree dirty, or every store beside its notebook would.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 20.0
_STATUS = ["status", "--porcelain=v2", "--branch", "--untracked-files=no", "--no-renames", "--no-ahead-behind"]


@dataclass(frozen=True, slots=True)
class GitState:
    """Where the work tree stands; ``None`` is what git could not say: no commit yet, no branch, no time."""

    commit: str | None
    branch: str | None
    dirty: bool | None


def read_git_state(folder: Path, timeout_s: float = TIMEOUT_S) -> GitState | None:
    """Ask git about the repository that ``folder`` is in; ``None`` where there is no repository or no git."""
    try:
        return parse_status(_git(folder, _STATUS, timeout_s))
    except subprocess.TimeoutExpired:
        # The tree is too large to compare in time; where it stands is read without looking at files.
        return _head_only(folder)
    except (OSError, subprocess.SubprocessError):
        return None


def parse_status(text: str) -> GitState:
    """Read the output of ``git status --porcelain=v2 --branch``."""
    lines = text.splitlines()
    headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# ") and " " in line[2:])
    commit, branch = headers.get("branch.oid"), headers.get("branch.head")
    return GitState(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        dirty=any(line and not line.startswith("#") for line in lines),
    )


def _head_only(folder: Path) -> GitState | None:
    try:
        commit = _git(folder, ["rev-parse", "--verify", "--quiet", "HEAD"], 2.0).strip()
        branch = _git(folder, ["rev-parse", "--abbrev-ref", "HEAD"], 2.0).strip()
    except (OSError, subprocess.SubprocessError):
        return None
    return GitState(commit, None if branch == "HEAD" else branch, None)


def _git(folder: Path, arguments: list[str], timeout_s: float) -> str:
    # No lock is taken for refreshing the index: a commit that the user makes meanwhile must not fail on it.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout_s,
        check=True,
    )
    return done.stdout.decode("utf-8", "replace")
