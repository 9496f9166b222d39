"""Which notebook a cell is of: asked in a real Jupyter server, in programs that run notebooks, in a terminal."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking import BlockingKernelClient

from jtrack.queries import rows
from tests.magics.kernels import TIMEOUT_S, Kernel

pytestmark = pytest.mark.kernel

TOKEN = "only-for-this-test"
TRACKED = "%%track --quiet --name found\nx = 1"


class Server:
    """A Jupyter server of this test's own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        runtime = folder / "runtime"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/prefix/"
        self.environment = {
            **os.environ,
            "JUPYTER_RUNTIME_DIR": str(runtime),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JTRACK_TRACKING_URI": str(folder / "store"),
        }
        options = [f"--ServerApp.port={port}", "--ServerApp.base_url=/prefix/", f"--IdentityProvider.token={TOKEN}"]
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", *options]
        self.process = subprocess.Popen(
            command, cwd=self.root, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.runtime = runtime

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(self.url + path, method=method, headers={"Authorization": f"token {TOKEN}"})
        request.data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def wait_until_up(self) -> None:
        until = time.monotonic() + TIMEOUT_S
        while True:
            try:
                self.ask("GET", "api/status")
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(TIMEOUT_S)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()


def write_notebook(path: Path, *sources: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source) for source in ("%load_ext jtrack", *sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def tracked_path(store: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(store))
    (row,) = rows("SELECT c.*, source_name FROM cells c JOIN runs USING (run_id) ORDER BY started_at DESC LIMIT 1")
    assert row["source_name"] == row["notebook_path"]
    return row["notebook_path"]


def execute(client: BlockingKernelClient, code: str) -> None:
    reply = client.execute_interactive(code, timeout=TIMEOUT_S, output_hook=lambda message: None)
    assert reply["content"]["status"] == "ok", reply["content"]


def test_the_server_tells_and_knows_of_a_rename(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_notebook(server.root / "sub" / "größe 1.ipynb", TRACKED)
    body = {"path": "sub/größe 1.ipynb", "name": "größe 1.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
    session = server.ask("POST", "api/sessions", body)
    connection = server.runtime / f"kernel-{session['kernel']['id']}.json"
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(TIMEOUT_S)
        execute(client, "%load_ext jtrack")
        execute(client, TRACKED)
        assert tracked_path(tmp_path / "store", monkeypatch) == str(first)
        server.ask("PATCH", "api/contents/sub/gr%C3%B6%C3%9Fe%201.ipynb", {"path": "moved.ipynb"})
        server.ask(
            "PATCH", f"api/sessions/{session['id']}", {"path": "moved.ipynb", "name": "moved.ipynb", "type": "notebook"}
        )
        write_notebook(first)  # another notebook under the old name must not be taken for this one
        execute(client, TRACKED)
        assert tracked_path(tmp_path / "store", monkeypatch) == str(server.root / "moved.ipynb")
        # The JupyterLab extension names it as the server does, and goes before the server's word.
        content = {
            "code": TRACKED,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
        }
        metadata = {"jtrack": {"notebook_path": "sub/größe 1.ipynb"}}
        message = client.session.msg("execute_request", content, metadata=metadata)
        client.shell_channel.send(message)
        while client.get_shell_msg(timeout=TIMEOUT_S)["parent_header"]["msg_id"] != message["header"]["msg_id"]:
            pass
        assert tracked_path(tmp_path / "store", monkeypatch) == str(first)
    finally:
        client.stop_channels()
        server.ask("DELETE", f"api/sessions/{session['id']}")


def test_jupyter_execute_is_asked_by_its_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_notebook(tmp_path / "other.ipynb", "y = 2")
    notebook = write_notebook(tmp_path / "sub" / "one.ipynb", TRACKED)
    environment = {**os.environ, "JTRACK_TRACKING_URI": str(tmp_path / "store")}
    command = [sys.executable, "-m", "jupyter", "execute", "other.ipynb", "sub/one.ipynb"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=TIMEOUT_S)
    assert tracked_path(tmp_path / "store", monkeypatch) == str(notebook)


def test_two_notebooks_that_both_hold_the_cell_are_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        write_notebook(tmp_path / name, TRACKED)
    environment = {**os.environ, "JTRACK_TRACKING_URI": str(tmp_path / "store")}
    command = [sys.executable, "-m", "jupyter", "execute", "a.ipynb", "b.ipynb"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=TIMEOUT_S)
    assert tracked_path(tmp_path / "store", monkeypatch) is None


def test_who_says_it_outright_is_believed_where_there_is_such_a_file(tmp_path: Path) -> None:
    told, vs_code, runner = (write_notebook(tmp_path / f"{name}.ipynb") for name in ("told", "code", "runner"))
    kernel = Kernel(tmp_path, JTRACK_NOTEBOOK_PATH=str(runner), JPY_SESSION_NAME=str(told))

    def path_of(**metadata: Any) -> Any:
        assert kernel.run(TRACKED, "c", **metadata).ok
        return kernel.last_run()["cells"][0]["notebook_path"]

    try:
        kernel.run("%load_ext jtrack")
        assert path_of() == str(runner)
        kernel.run(f"__vsc_ipynb_file__ = {str(vs_code)!r}")
        assert path_of() == str(vs_code)
        assert path_of(jtrack={"notebook_path": str(told)}) == str(told)
        assert path_of(jtrack={"notebook_path": str(tmp_path / "gone.ipynb")}) == str(vs_code)
        assert path_of(jtrack={"notebook_path": "relative.ipynb"}) == str(vs_code)
        assert path_of(jtrack="nonsense") == str(vs_code)
    finally:
        kernel.stop()


def test_what_the_kernel_was_told_at_its_start_is_believed_with_the_cell_in_the_file(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "start.ipynb", TRACKED)
    cell_id = nbformat.read(notebook, as_version=4).cells[1].id
    kernel = Kernel(tmp_path, JPY_SESSION_NAME=str(notebook))
    try:
        kernel.run("%load_ext jtrack")
        kernel.run(TRACKED, "an id of another notebook")
        assert kernel.last_run()["cells"][0]["notebook_path"] is None
        kernel.run(TRACKED, cell_id)
        assert kernel.last_run()["cells"][0]["notebook_path"] == str(notebook)
    finally:
        kernel.stop()


def test_a_terminal_has_no_notebook_and_shows_the_card_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "%load_ext jtrack\n%%track --name typed rate=0.5\nscore = rate / 4\nprint('so', score)\n\n\nscore\nexit\n"
    environment = {
        **os.environ,
        "JTRACK_TRACKING_URI": str(tmp_path / "store"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    done = subprocess.run(
        command, input=lines, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr
    assert "so 0.125" in done.stdout
    assert "finished  typed" in done.stdout
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(tmp_path / "store"))
    (run,) = rows("SELECT * FROM runs JOIN cells USING (run_id)")
    assert (run["run_name"], run["status"], run["source_type"]) == ("typed", "FINISHED", "LOCAL")
    assert run["notebook_path"] is None
    assert Path(run["artifact_uri"], "stdout.txt").read_text() == "so 0.125\n"
