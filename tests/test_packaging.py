"""The wheel, built from this tree, holds all that an installed jtrack needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[1]
EXTENSION = "data/share/jupyter/labextensions/jtrack"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content as pip lays it out, beside the packages that it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run(install, check=True)
    return folder


def run_installed(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),  # before the editable install, which is found through a .pth file
        "JUPYTER_PATH": str(installed / "share" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(installed / "etc" / "jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
    }
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_holds_the_package_the_panels_the_notebook_and_the_extension(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "jtrack/py.typed",
        "jtrack/widgets/static/runs.js",
        "jtrack/server/static/page.js",
        "jtrack/notebooks/quickstart.ipynb",
    ):
        assert needed in names
    extension = [name.partition(EXTENSION)[2] for name in names if EXTENSION in name]
    assert {"/package.json", "/install.json"} <= set(extension)
    assert any(name.startswith("/static/remoteEntry.") for name in extension)


def test_the_wheel_holds_nothing_twice_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    assert [name for name in names if name.startswith("jtrack/labextension") or "node_modules" in name] == []
    assert {name.split("/")[0].split("-")[0] for name in names} == {"jtrack"}


def test_every_python_file_of_the_tree_is_in_the_wheel(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    assert packed == {str(path.relative_to(ROOT)) for path in (ROOT / "jtrack").rglob("*.py")}


def test_the_extension_has_the_package_version(installed: Path) -> None:
    manifest = json.loads((installed / "share/jupyter/labextensions/jtrack/package.json").read_text(encoding="utf-8"))
    assert manifest["version"] == run_installed(installed, "-m", "jtrack.cli", "--version").stdout.strip()


def test_jupyterlab_lists_the_installed_extension_as_ok(installed: Path) -> None:
    listed = run_installed(installed, "-m", "jupyter", "labextension", "list").stderr
    before, _, after = listed.partition(str(installed / "share" / "jupyter" / "labextensions"))
    assert after, before
    (line,) = [line for line in after.splitlines() if line.strip().startswith("jtrack v")]
    assert "enabled" in line
    assert "OK" in line


def test_the_server_lists_the_installed_extension_as_ok(installed: Path) -> None:
    (config,) = (installed / "etc" / "jupyter" / "jupyter_server_config.d").glob("*.json")
    (module,) = json.loads(config.read_text(encoding="utf-8"))["ServerApp"]["jpserver_extensions"]
    listed = run_installed(installed, "-m", "jupyter", "server", "extension", "list")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", listed.stdout + listed.stderr)
    assert re.search(rf"^\s+{module} \S+ OK$", shown, re.MULTILINE), shown


def test_the_wheel_holds_what_jupyterlab_adds_to_its_menus_and_shortcuts(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.endswith(f"{EXTENSION}/schemas/jtrack/side-panel.json")]
    assert [name for name in names if name.endswith(f"{EXTENSION}/static/style.js")]


def test_the_installed_package_finds_its_own_notebook(installed: Path) -> None:
    code = "from jtrack.commands.demo import quickstart_notebook; print(quickstart_notebook())"
    assert run_installed(installed, "-c", code).stdout.strip() == str(installed / "jtrack/notebooks/quickstart.ipynb")
