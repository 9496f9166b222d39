"""Virtual environments with a real MLflow: made once by uv, kept in the project's cache, never jtrack's own.

They borrow the frameworks (torch, keras, xgboost …) of the environment that runs the tests, by links at the end of
their path, so that a gigabyte is neither fetched nor stored again. What MLflow itself needs is its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

CACHE = Path(__file__).parents[2] / ".cache"
PROGRAMS = Path(__file__).parent / "programs"
LENT = (
    "keras",
    "lightgbm",
    "onnx",
    "onnxruntime",
    "skl2onnx",
    "skops",
    "statsmodels",
    "torch",
    "xgboost-cpu",
)
# No MLflow may ask the network for anything, and Keras may not look for TensorFlow.
_QUIET = {
    "KERAS_BACKEND": "torch",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "DO_NOT_TRACK": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclass(frozen=True)
class Foreign:
    """A virtual environment without jtrack."""

    name: str
    packages: tuple[str, ...]

    @cached_property
    def python(self) -> Path:
        """Its interpreter, made and filled where it isn't there yet or is for other versions."""
        folder = CACHE / "foreign" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (CACHE / ".gitignore").write_text("*\n")
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self._ensured(folder)

    def run(self, program: str, *arguments: str | Path, cwd: Path) -> Any:
        """Run one of the programs beside this file; gives what it says on its last line, as JSON."""
        command = [str(self.python), "-W", "ignore", str(PROGRAMS / program), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=cwd, env=self.environment, capture_output=True, text=True, timeout=290, check=False
        )
        assert done.returncode == 0, f"{program} failed in {self.name}:\n{done.stderr[-3000:]}"
        return json.loads(done.stdout.splitlines()[-1])

    @property
    def environment(self) -> dict[str, str]:
        """Variables for its processes: its own programs first, and nothing of the environment of the tests."""
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        return {**kept, **_QUIET, "PATH": f"{self.python.parent}{os.pathsep}{kept['PATH']}"}

    def _ensured(self, folder: Path) -> Path:
        venv = folder / "venv"
        python = venv / "bin" / "python"
        stamp = folder / "made.txt"
        wanted = "\n".join((sys.version, sys.prefix, *self.packages, *LENT))
        if not stamp.exists() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            _uv("venv", "--clear", "--python", sys.executable, venv)
            _uv("pip", "install", "--python", python, *self.packages)
            site = next(venv.glob("lib/python3.*/site-packages"))
            _lend(folder / "lent", site)
            # A .pth file's folders come after the environment's own packages.
            (site / "lent.pth").write_text(str(folder / "lent"))
            stamp.write_text(wanted)
        return python


MLFLOW = Foreign("mlflow-3", ("mlflow==3.17.2", "tensorflow-cpu>=2.18"))
MLFLOW_2 = Foreign("mlflow-2", ("mlflow==2.22.1",))


def _uv(*arguments: str | Path) -> None:
    done = subprocess.run(["uv", "--quiet", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def _lend(folder: Path, site: Path) -> None:
    """Link what LENT needs, all the way down, but for what the environment has itself."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    own = {path.name for path in site.iterdir()}
    for one in _closure(LENT):
        base = Path(str(one.locate_file("")))
        tops = {Path(str(file)).parts[0] for file in one.files or ()}
        for top in tops - own - {"..", "__pycache__"}:
            if (base / top).exists() and not (folder / top).exists():
                (folder / top).symlink_to(base / top)


def _closure(names: tuple[str, ...]) -> Iterator[Distribution]:
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:  # for another system or Python
            continue
        yield found
        waiting += [
            re.split(r"[\s<>=!~;\[(@]", need, maxsplit=1)[0] for need in found.requires or () if "extra ==" not in need
        ]
