"""``%serve`` in a real kernel: a server that is asked over HTTP, listed, stopped, and gone with its kernel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.magics.kernels import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(240)]

FIT = """from sklearn.datasets import load_wine
from sklearn.tree import DecisionTreeClassifier
X, y = load_wine(return_X_y=True, as_frame=True)
clf = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of its own, since a test ends it, with a registered model."""
    folder = tmp_path_factory.mktemp("serving")
    kernel = Kernel(folder, JTRACK_STATE_DIR=str(folder / "state"))
    try:
        assert kernel.run("%load_ext jtrack").ok
        assert kernel.run(FIT).ok
        shown = kernel.run("%register clf wine --alias champion --example X")
        assert shown.ok, shown.traceback
        yield kernel
    finally:
        kernel.stop()


def test_a_model_is_served_listed_and_stopped(serving: Kernel) -> None:
    shown = serving.run("server = %serve models:/wine@champion\nserver")
    assert shown.ok, shown.traceback
    assert shown.result is not None
    url = str(serving.value("server.url"))
    assert url in shown.result["text/plain"] and url in shown.result["text/html"]
    assert httpx.get(f"{url}/ping").status_code == 200
    assert serving.value("server.predict(X[:5]) == clf.predict(X[:5]).tolist()")
    assert url in serving.run("%serve").stdout
    assert "models:/wine@champion is no longer served" in serving.run("%serve --stop").stdout
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/ping")
    assert "no server" in serving.run("%serve").stdout


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%serve clf", "%register clf NAME"),
        ("%serve models:/nothing/1", "no registered model 'nothing'"),
        ("%serve models:/wine/1 --port 99999", "there is no port 99999"),
        ("%serve models:/wine/1 --workers 0", "0 workers can't serve"),
        ("%serve --stop", "this notebook serves nothing"),
        ("%serve models:/wine/1 --prot 5002", "--prot"),
    ],
)
def test_what_can_not_be_served_is_told_in_a_line(serving: Kernel, line: str, told: str) -> None:
    shown = serving.run(line)
    assert not shown.ok
    assert told in shown.traceback
    assert len(shown.traceback.splitlines()) <= 3, shown.traceback


def test_a_server_ends_with_its_kernel(serving: Kernel, tmp_path: Path) -> None:
    url = str(serving.run("server = %serve models:/wine/1").ok and serving.value("server.url"))
    assert httpx.get(f"{url}/ping").status_code == 200
    serving.manager.shutdown_kernel(now=True)
    until = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{url}/ping")
        except httpx.TransportError:
            return
        assert time.monotonic() < until, "it outlived its kernel"
        time.sleep(0.1)
