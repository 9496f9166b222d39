"""``jtrack ui`` as a shell starts it: says where the page is, serves the right store, and ends when interrupted."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import jtrack
from tests.ui.server import environment, free_port

pytestmark = pytest.mark.slow


def start(folder: Path, private: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "jtrack.cli", "ui", *words],
        cwd=folder,
        env=environment(private),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_it_says_where_the_page_is_and_ends_when_interrupted(tmp_path: Path) -> None:
    store = tmp_path / "elsewhere"
    jtrack.set_tracking_uri(store)
    with jtrack.start_run(run_name="shown"):
        jtrack.log_metric("loss", 0.5)
    port = free_port()
    process = start(tmp_path, tmp_path / "private", "--backend-store-uri", str(store), "--port", str(port))
    try:
        assert process.stderr is not None
        found = next(found for line in process.stderr if (found := re.match(r"(http\S+)/jtrack\?token=(\w+)$", line)))
        base, token = found.groups()
        assert base == f"http://127.0.0.1:{port}"
        with urlopen(f"{base}/jtrack?token={token}", timeout=60) as page:
            assert b"jtrack/page.js" in page.read()
        asked = Request(f"{base}/jtrack/api/runs", headers={"Authorization": f"token {token}"})
        with urlopen(asked, timeout=60) as runs:
            assert b'"run_name":"shown"' in runs.read()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "the page is closed\n")
    assert list((tmp_path / "private" / "runtime").glob("jpserver*")) == []


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        process = start(tmp_path, tmp_path / "private", "--port", str(port))
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"port {port} of 127.0.0.1 can't be had" in err
    assert "--port N takes another" in err
