"""One server for all tests of this folder; each test gets a folder of its own below the server's root."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jtrack
from tests.server.client import Client, serve

_NUMBERS = itertools.count()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serve(tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("jupyter")) as client:
        yield client


@pytest.fixture
def folder(server: Client, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below the server's root with a store of its own, in which the test works."""
    path = server.root / f"{re.sub(r'[^a-z0-9]+', '-', request.node.name)[:60]}-{next(_NUMBERS)}"
    path.mkdir()
    monkeypatch.chdir(path)
    jtrack.set_tracking_uri(None)
    return path
