"""Runs programs in processes of their own, in turn, several rounds, and keeps each one's median.

In turn, since a machine that is busy for ten seconds then slows all of them alike and their ratios stay true.
Everything lies in ``.cache/bench``, which git ignores by a file of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
PROGRAMS = Path(__file__).parent / "programs"

# No peer may ask the network for anything, or tell it.
_QUIET = {
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "PANDM_SILENT": "1",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
}


@dataclass(frozen=True)
class Program:
    """A program to measure: what it is called in the table, which Python runs it, and its arguments."""

    name: str
    python: Path
    arguments: tuple[str, ...]
    home: Path | None = None


class ProgramError(RuntimeError):
    """A measured program failed; the end of what it said is the message."""


def cache_folder(name: str) -> Path:
    """Give a folder of the benchmarks' own that outlives them."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    return folder


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder, on the disk that the cache is on, and take it away."""
    folder = Path(tempfile.mkdtemp(dir=cache_folder("bench")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def own_python() -> Path:
    """The Python that runs the benchmarks, where jtrack is."""
    return Path(sys.executable)


def run_program(program: Program, folder: Path) -> dict[str, Any]:
    """Run once, in ``folder``, and return the figures it prints.

    Raises
    ------
    ProgramError
        It failed, or printed none.
    """
    script, *rest = program.arguments
    command = [str(program.python), str(PROGRAMS / script), *rest]
    done = subprocess.run(
        command, cwd=folder, env=_environment(program, folder), capture_output=True, text=True, timeout=3600
    )
    figures = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    if done.returncode or not figures:
        raise ProgramError(f"{program.name}: {(done.stderr or done.stdout).strip()[-800:]}")
    found: dict[str, Any] = json.loads(figures[-1].removeprefix("FIGURES "))
    return found


def interleave(programs: Sequence[Program], rounds: int, folder: Path | None = None) -> dict[str, dict[str, float]]:
    """Run all programs in turn, ``rounds`` times, and return each one's medians; a peer that fails is left out.

    Parameters
    ----------
    folder
        Where they all run; ``None`` gives each run an empty one.

    Raises
    ------
    ProgramError
        One of jtrack's own failed.
    """
    results: dict[str, list[dict[str, Any]]] = {}
    failed: set[str] = set()
    for _ in range(rounds):
        for program in programs:
            if program.name in failed:
                continue
            try:
                results.setdefault(program.name, []).append(_run_somewhere(program, folder))
            except ProgramError as error:
                if program.python == own_python():
                    raise
                failed.add(program.name)
                print(f"\nleft out: {error}")
    return {name: _medians(figures) for name, figures in results.items() if name not in failed}


def wall_ms(python: Path, code: str) -> float:
    """Time a whole process that runs ``code``, from the outside."""
    environment = os.environ | _QUIET | {"PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    subprocess.run([str(python), "-c", code], env=environment, check=True, cwd=tempfile.gettempdir())
    return (time.perf_counter() - start) * 1e3


def _run_somewhere(program: Program, folder: Path | None) -> dict[str, Any]:
    if folder is not None:
        return run_program(program, folder)
    with scratch_folder() as empty:
        return run_program(program, empty)


def _environment(program: Program, folder: Path) -> Mapping[str, str]:
    own = {"TRACKIO_DIR": str(folder), "PANDM_DIR": str(folder / ".pandm"), "WANDB_DIR": str(folder)}
    environment = os.environ | _QUIET | own
    environment.pop("JTRACK_TRACKING_URI", None)
    if program.python == own_python():
        environment["PYTHONPATH"] = str(ROOT)
    if program.home is not None:
        environment["HOME"] = str(program.home)
    return environment


def _medians(figures: list[dict[str, Any]]) -> dict[str, float]:
    return {key: statistics.median(figure[key] for figure in figures) for key in figures[0]}
