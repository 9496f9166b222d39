"""Proves a package: a fresh virtual environment with its pins alone, where it has to predict and serve the same.

What runs there sees neither the notebook's environment nor its folder. uv makes the environment where it is installed,
as it links what it has instead of copying it; else venv and pip do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from jtrack.errors import ExportError
from jtrack.registry.export.parts.scoring import differences

INSTALL_TIMEOUT_S = 1800.0
ANSWER_TIMEOUT_S = 120.0
_ASKED = ("example.json", "expected.json")
_HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP", "PYTHONWARNINGS", "__PYVENV_LAUNCHER__")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen to work."""

    installed_s: float
    checked_s: float
    served_s: float


def prove_package(package: str, source: Path, work: Path, *, is_wheel: bool, progress: Progress) -> Proof:
    """Install a package afresh, predict its example, serve it and ask once.

    Parameters
    ----------
    source
        The package's project folder, or its wheel.
    work
        An empty folder for the environment; whoever calls removes it.

    Raises
    ------
    ExportError
        It can't be installed, doesn't predict the same, or doesn't serve.
    """
    python = work / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # Not the project's own folder: a model that reads a file there would fail wherever else it is used.
    folder = work / "elsewhere"
    folder.mkdir()
    environment = _environment() if is_wheel else {**_environment(), "PYTHONPATH": str(source)}
    started = time.perf_counter()
    tool = _make_environment(
        work / "venv", python, [str(source)] if is_wheel else ["-r", str(source / "requirements.txt")]
    )
    installed_s = time.perf_counter() - started
    progress(f"prove    installed in a fresh environment by {tool}, {installed_s:.1f} s")
    started = time.perf_counter()
    _check(package, python, folder, environment)
    checked_s = time.perf_counter() - started
    progress(f"prove    the example's predictions are the notebook's own, {checked_s:.1f} s")
    started = time.perf_counter()
    _ask_server(package, python, folder, environment)
    served_s = time.perf_counter() - started
    progress(f"prove    its server answered the same, {served_s:.1f} s")
    return Proof(installed_s, checked_s, served_s)


def _make_environment(folder: Path, python: Path, wanted: Sequence[str]) -> str:
    """Make the environment and install into it; gives the name of the tool that did."""
    uv = _find_uv()
    if uv is not None and _run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)]).returncode == 0:
        done = _run([uv, "pip", "install", "--quiet", "--python", str(python), *wanted])
        if done.returncode == 0:
            return "uv"
        # pip has settings of its own (mirrors, indexes) that uv doesn't read: it may find what uv did not.
        shutil.rmtree(folder)
    made = _run([sys.executable, "-m", "venv", str(folder)])
    if made.returncode:
        raise ExportError(f"no virtual environment can be made: {_last_line(made)}", "python -m venv has to work")
    done = _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
    if done.returncode:
        raise ExportError(
            f"the pins can't be installed: {_last_line(done)}",
            "is there a network? --no-prove writes the package without trying it",
        )
    return "pip"


def _find_uv() -> str | None:
    beside = Path(sys.executable).parent / ("uv.exe" if os.name == "nt" else "uv")
    return str(beside) if beside.is_file() else shutil.which("uv")


def _check(package: str, python: Path, folder: Path, environment: dict[str, str]) -> None:
    command = [str(python), "-c", _CHECK.format(package=package)]
    done = _run(command, cwd=folder, environment=environment, timeout_s=ANSWER_TIMEOUT_S)
    if done.returncode:
        raise ExportError(
            f"outside the notebook {package} doesn't do the same: {_last_line(done)}",
            "the model may read something of the notebook's that is no part of it",
        )


# The package must have come from where it was installed, and must have loaded no tracker.
_CHECK = """
import sys, {package}
faults = {package}.check()
faults += [name + " was imported" for name in ("jtrack", "mlflow") if name in sys.modules]
sys.exit("; ".join(faults[:5]) or 0)
"""


def _ask_server(package: str, python: Path, folder: Path, environment: dict[str, str]) -> None:
    command = [str(python), "-m", package, "serve", "--port", "0"]
    server = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    # A thread drains what it says, and a clock ends one that says nothing at all.
    said: list[str] = []
    assert server.stdout is not None and server.stderr is not None
    listener = threading.Thread(target=_drain, args=(server.stderr, said), daemon=True)
    listener.start()
    clock = threading.Timer(ANSWER_TIMEOUT_S, server.kill)
    clock.start()
    try:
        url = server.stdout.readline().strip()
        if not url:
            server.wait()
            raise ExportError(
                f"the server of {package} doesn't start: {said[-1].strip() if said else 'it says nothing'}"
            )
        asked, expected = (_run_in_package(command[0], package, name, folder, environment) for name in _ASKED)
        faults = differences(_ask(url, asked.encode()), json.loads(expected))
        if faults:
            raise ExportError(f"the server of {package} answers something else: {faults[0]}")
    finally:
        clock.cancel()
        server.kill()
        server.wait()
        server.stdout.close()
        listener.join()
        server.stderr.close()


def _drain(stream: IO[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line)
        del lines[:-50]


def _ask(url: str, body: bytes) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/ping", timeout=ANSWER_TIMEOUT_S) as answer:
            answer.read()
        request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": "application/json"})
        with opener.open(request, timeout=ANSWER_TIMEOUT_S) as answer:
            return json.load(answer)["predictions"]
    except urllib.error.HTTPError as error:
        with error:
            raise ExportError(
                f"the server answers {error.code}: {error.read().decode(errors='replace')[:300]}"
            ) from None
    except (OSError, ValueError, KeyError) as error:
        raise ExportError(f"the server doesn't answer: {error}") from None


def _run_in_package(python: str, package: str, name: str, folder: Path, environment: dict[str, str]) -> str:
    """Read a file of the package, where it was installed."""
    code = f"import importlib.resources as r; print((r.files({package!r}) / {name!r}).read_text('utf-8'))"
    return _run([python, "-c", code], cwd=folder, environment=environment).stdout


def _run(
    command: Sequence[str],
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
    timeout_s: float = INSTALL_TIMEOUT_S,
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=environment or _environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no end after {timeout_s:.0f} s")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
    kept = {name: value for name, value in kept.items() if not name.startswith(("JTRACK_", "MLFLOW_", "JPY_"))}
    return {**kept, "PYTHONUTF8": "1"}


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "rror" in line]
    return (errors or lines or [f"exit code {done.returncode}"])[-1][:300]
