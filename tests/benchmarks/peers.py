"""The peers' own virtual environment: made once, outside of jtrack's, for MLflow alone brings 90 packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.benchmarks.harness import cache_folder

# pulseon's DuckDB wants DuckLake's extension of its own release, and would fetch it over the network.
_DUCKLAKE = "1.5.4"
PACKAGES = (
    "mlflow==3.17.2",
    # What jtrack serves with: one model is served by each from this one environment.
    "orjson",
    "prometheus-client",
    "uvicorn[standard]",
    "pandm==0.25.0",
    "pulseon==0.1.1",
    "trackio==0.43.0",
    "wandb==0.31.0",
    f"duckdb-extension-ducklake=={_DUCKLAKE}",
)


def ensure_peers() -> Path:
    """Give the peers' Python, made and filled where it isn't there yet or is for other versions."""
    folder = cache_folder("bench-peers")
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / "packages.txt"
    wanted = "\n".join((sys.version, *PACKAGES))
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"\nmaking the peers' environment in {folder}: some minutes, once")
        venv.create(folder / "venv", clear=True, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        _place_ducklake(folder, python)
        stamp.write_text(wanted)
    return python


def pulseon_home() -> Path:
    """A home folder in which DuckDB finds the extension that pulseon loads."""
    return cache_folder("bench-peers") / "home"


def _place_ducklake(folder: Path, python: Path) -> None:
    code = "import duckdb_extension_ducklake as d; print(d.__path__[0])"
    package = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    (extension,) = Path(package).rglob("ducklake.duckdb_extension")
    for system in ("linux_amd64", "linux_arm64", "osx_arm64", "osx_amd64"):
        place = folder / "home" / ".duckdb" / "extensions" / f"v{_DUCKLAKE}" / system
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(extension, place)
