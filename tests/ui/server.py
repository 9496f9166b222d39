"""A real JupyterLab for the tests: its own configuration, a free port on the loopback, a fixed token.

Ready is a server that says in its log that it is running, which a thread reads, and then takes connections: it says so
a moment before its loop does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
BUILT_EXTENSION = ROOT / "jtrack" / "labextension"
SERVER_CONFIG = ROOT / "labextension" / "jupyter_server_config.json"
TOKEN = "jtrack-ui-tests"
START_TIMEOUT_S = 120

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}


@dataclass(frozen=True)
class LabServer:
    """Where a running JupyterLab is, and the folder that it serves."""

    url: str
    root: Path
    log: list[str]


@contextmanager
def lab_server(root: Path, private: Path, base_url: str = "/") -> Iterator[LabServer]:
    """Serve the folder ``root``; ``private`` takes configuration, runtime files and IPython's profile."""
    port = free_port()
    enable_server_extension(private)
    command = [*lab_command(root, private, port), f"--ServerApp.base_url={base_url}"]
    with started(command, port, root, environment(private)) as log:
        yield LabServer(f"http://127.0.0.1:{port}{base_url.rstrip('/')}", root, log)


def enable_server_extension(private: Path) -> None:
    """Put the file that the wheel installs where a server with this private folder looks for it."""
    enabled = private / "config" / "jupyter_server_config.d" / "jtrack.json"
    enabled.parent.mkdir(parents=True)
    enabled.write_bytes(SERVER_CONFIG.read_bytes())


@contextmanager
def started(command: list[str], port: int, cwd: Path, env: dict[str, str]) -> Iterator[list[str]]:
    """Run a Jupyter server until the block ends, from when it takes connections; gives its log as it grows."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    log: list[str] = []
    running = threading.Event()
    reader = threading.Thread(target=_read_log, args=(process, log, running), daemon=True)
    reader.start()
    try:
        said = running.wait(START_TIMEOUT_S)
        if said:
            wait_until(lambda: process.poll() is not None or takes_connections(port))
        if not said or process.poll() is not None:
            raise RuntimeError("the server did not start:\n" + "".join(log))
        yield log
    finally:
        _stop(process)
        reader.join()


def lab_command(
    root: Path, private: Path, port: int, module: str = "jupyterlab", application: str = "LabApp"
) -> list[str]:
    """Give the command of JupyterLab, or of an application that is made of its parts."""
    return [
        *(sys.executable, "-m", module, "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"),
        f"--{application}.extra_labextensions_path={_built_extension(private)}",
        f"--{application}.expose_app_in_browser=True",
    ]


def _built_extension(private: Path) -> Path:
    """Put the tree's own build, not one that was installed earlier, where JupyterLab looks first."""
    link = private / "labextensions" / "jtrack"
    link.parent.mkdir(parents=True)
    link.symlink_to(BUILT_EXTENSION, target_is_directory=True)
    return link.parent


def environment(private: Path) -> dict[str, str]:
    """Give a server an environment of its own, with nothing of the developer's."""
    config = private / "config"
    for name, settings in SETTINGS.items():
        path = config / "lab" / "user-settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    # It asks each kernel whether it was debugged, and complains where a kernel is shut down meanwhile.
    page_config = config / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    page_config.write_text(json.dumps({"disabledExtensions": {"@jupyterlab/debugger-extension": True}}), "utf-8")
    outside = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "JPY_", "JTRACK_"))}
    return {
        **outside,
        "JUPYTER_CONFIG_DIR": str(config),
        # In a virtual environment Jupyter would prefer what is installed there to this folder.
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "IPYTHONDIR": str(private / "ipython"),
        # A developer's own pytest or coverage settings have no business in the kernels.
        "PYTHONWARNINGS": "default",
    }


def free_port() -> int:
    """Give a port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def takes_connections(port: int) -> bool:
    """Say whether a server listens on a port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _read_log(process: subprocess.Popen[str], log: list[str], running: threading.Event) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            log.append(line)
            if "is running at" in line:
                running.set()
    running.set()  # it ended, and will be found dead


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()  # the server then shuts its kernels down
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
