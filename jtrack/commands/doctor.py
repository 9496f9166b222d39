"""``doctor``: looks whether everything that jtrack leans on is there, and says what to type where it is not."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from jtrack._version import __version__
from jtrack.commands.command import Command
from jtrack.errors import JTrackError

LEANS_ON = ("ipython", "ipykernel", "jupyterlab", "ipywidgets", "anywidget", "duckdb", "plotly", "hyperopt")
KERNEL_WITH_CELL_METADATA = (7, 3)


class Verdict(StrEnum):
    """How a check ended; the first letter stands before it in the text."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; ``hint`` is what to type."""

    name: str
    verdict: Verdict
    found: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All checks, in the order in which to read them."""

    checks: tuple[Check, ...]

    @property
    def is_good(self) -> bool:
        """Whether there is no problem; notes are none."""
        return all(check.verdict is not Verdict.PROBLEM for check in self.checks)

    def as_text(self) -> str:
        """One line for a check, and its hint below."""
        width = max(len(check.name) for check in self.checks)
        lines = []
        for check in self.checks:
            lines.append(f"{check.verdict:>7}  {check.name:<{width}}  {check.found}")
            if check.hint:
                lines.append(f"{'':>9}{'':<{width}}  hint: {check.hint}")
        return "\n".join(lines)

    def as_json(self) -> Any:
        """Give the fields."""
        return [asdict(check) for check in self.checks]


def doctor() -> Diagnosis:
    """Look whether the installation, JupyterLab's extension and the store are in order."""
    checks = (_versions, _widget_bundle, _lab_extension, _kernel, _store)
    return Diagnosis(tuple(check for look in checks for check in _look(look)))


def _look(look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except (JTrackError, OSError, ValueError) as error:
        # A check that breaks is a finding too, and must not hide the others.
        hint = error.hint if isinstance(error, JTrackError) else None
        message = error.message if isinstance(error, JTrackError) else f"{type(error).__name__}: {error}"
        yield Check(look.__name__.strip("_").replace("_", " "), Verdict.PROBLEM, message, hint)


def _versions() -> Iterator[Check]:
    yield Check("jtrack", Verdict.OK, f"{__version__} on Python {platform.python_version()}, {platform.platform()}")
    missing = [name for name in LEANS_ON if _version(name) is None]
    found = ", ".join(f"{name} {_version(name)}" for name in LEANS_ON if name not in missing)
    if missing:
        yield Check("packages", Verdict.PROBLEM, f"missing: {', '.join(missing)}", "pip install --upgrade jtrack")
    yield Check("packages", Verdict.OK, found)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _widget_bundle() -> Iterator[Check]:
    static = resources.files("jtrack") / "widgets" / "static"
    built = [file for file in static.iterdir() if file.name.endswith(".js")] if static.is_dir() else []
    if built:
        size = sum(len(file.read_bytes()) for file in built)
        yield Check("panels", Verdict.OK, f"{len(built)} built, {size // 1000:,} kB")
    else:
        yield Check(
            "panels", Verdict.PROBLEM, "the panels were not built", "pip install . (in a clone: hatch run build)"
        )


def _lab_extension() -> Iterator[Check]:
    from jupyter_core.paths import jupyter_path

    manifests = [Path(folder, "jtrack", "package.json") for folder in jupyter_path("labextensions")]
    installed = next((path for path in manifests if path.exists()), None)
    reinstall = "pip install --force-reinstall jtrack, in the environment that JupyterLab runs in"
    if installed is None:
        yield Check("JupyterLab", Verdict.PROBLEM, "the extension is not installed", reinstall)
        return
    version = json.loads(installed.read_text(encoding="utf-8")).get("version")
    found = f"extension {version} in {installed.parent}"
    if version == __version__:
        yield Check("JupyterLab", Verdict.OK, found)
    else:
        yield Check("JupyterLab", Verdict.PROBLEM, f"{found}, beside jtrack {__version__}", reinstall)


def _kernel() -> Iterator[Check]:
    version = _version("ipykernel") or "0"
    if tuple(int(part) for part in version.split(".")[:2]) >= KERNEL_WITH_CELL_METADATA:
        yield Check("kernel", Verdict.OK, "runs learn their notebook's path from JupyterLab")
    else:
        hint = "pip install --upgrade ipykernel"
        yield Check(
            "kernel", Verdict.NOTE, f"ipykernel {version} does not pass on what JupyterLab tells of a cell", hint
        )


def _store() -> Iterator[Check]:
    from jtrack import queries
    from jtrack.tracking.context import current_store

    store = current_store()
    store.folder.check_readable()
    if not store.path.exists():
        yield Check("store", Verdict.NOTE, f"{store.path} will be made by the first run")
        return
    n_runs = queries.rows("SELECT count(*) AS n FROM runs")[0]["n"]
    if os.access(store.path, os.W_OK):
        yield Check("store", Verdict.OK, f"{store.path}, {n_runs:,} run{'' if n_runs == 1 else 's'}")
    else:
        hint = "jtrack.set_tracking_uri('a/folder/you/can/write')"
        yield Check("store", Verdict.PROBLEM, f"{store.path} can be read, but not written", hint)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose."""


DOCTOR = Command("doctor", doctor, _add_arguments)
