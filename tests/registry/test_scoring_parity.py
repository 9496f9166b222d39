"""One model, served by MLflow and by jtrack, asked the same: the same status, and the same predictions."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from jtrack.registry.serving.server import serve
from tests.registry import served_models
from tests.registry.foreign import MLFLOW

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

JSON, CSV = "application/json", "text/csv"
COLUMNS = ["alcohol", "hue", "proline"]
ROWS = [[13.2, 1.04, 1065.0], [12.4, 0.9, 520.0]]
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
SPLIT = {"columns": COLUMNS, "data": ROWS}
ASKED = {
    "split": (JSON, {"dataframe_split": SPLIT}),
    "split with an index": (JSON, {"dataframe_split": {**SPLIT, "index": [7, 9]}}),
    "split in another order": (
        JSON,
        {"dataframe_split": {"columns": COLUMNS[::-1], "data": [row[::-1] for row in ROWS]}},
    ),
    "split with a column too many": (
        JSON,
        {"dataframe_split": {"columns": [*COLUMNS, "ash"], "data": [[*row, 2.0] for row in ROWS]}},
    ),
    "records": (JSON, {"dataframe_records": RECORDS}),
    "whole numbers": (JSON, {"dataframe_records": [{"alcohol": 13, "hue": 1, "proline": 1000}]}),
    "a hole": (JSON, {"dataframe_records": [{"alcohol": None, "hue": 1.0, "proline": 1000.0}]}),
    "instances": (JSON, {"instances": RECORDS}),
    "inputs": (JSON, {"inputs": {name: [row[place] for row in ROWS] for place, name in enumerate(COLUMNS)}}),
    "csv": (CSV, "alcohol,hue,proline\n13.2,1.04,1065\n12.4,0.9,520\n"),
    "json with a charset": ("application/json; charset=utf-8", {"dataframe_split": SPLIT}),
    "a column is missing": (JSON, {"dataframe_split": {"columns": COLUMNS[:2], "data": [row[:2] for row in ROWS]}}),
    "a text for a number": (JSON, {"dataframe_records": [{**RECORDS[0], "hue": "red"}]}),
    "rows of two lengths": (JSON, {"dataframe_split": {"columns": COLUMNS, "data": [ROWS[0], ROWS[1][:2]]}}),
    "two forms at once": (JSON, {"dataframe_split": SPLIT, "instances": RECORDS}),
    "no form that is known": (JSON, {"rows": ROWS}),
    "a list": (JSON, ROWS),
    "no JSON": (JSON, "{"),
    "nothing": (JSON, ""),
    "params where there are none": (JSON, {"dataframe_split": SPLIT, "params": {"top": 1}}),
    "another kind of body": ("application/xml", "<rows/>"),
    "another charset": ("application/json; charset=utf-7", {"dataframe_split": SPLIT}),
}
# MLflow's answer, and ours where it is another, and why.
DIFFERENT = {
    # MLflow predicts without them; a caller who misspelt a param would never learn of it.
    "params where there are none": (200, 400),
    # The request is well-formed, and the model fails on it: that is no fault of the request's form.
    "a hole": (400, 500),
}


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """MLflow's server and jtrack's, each with the same model's folder."""
    folder = tmp_path_factory.mktemp("parity")
    model = served_models.save_wine(folder / "model")
    with (
        _mlflow_server(model, folder) as url,
        serve(model) as server,
        httpx.Client(base_url=url, timeout=60) as theirs,
        httpx.Client(base_url=server.url, timeout=60) as ours,
    ):
        yield theirs, ours


@pytest.mark.parametrize("name", ASKED)
def test_both_answer_alike(clients: tuple[httpx.Client, httpx.Client], name: str) -> None:
    theirs, ours = (_answer(client, name) for client in clients)
    if name in DIFFERENT:
        assert (theirs[0], ours[0]) == DIFFERENT[name]
    else:
        assert ours == theirs


@pytest.mark.parametrize("path", ["/ping", "/health", "/version"])
def test_both_tell_that_they_are_there(clients: tuple[httpx.Client, httpx.Client], path: str) -> None:
    theirs, ours = (client.get(path) for client in clients)
    assert (ours.status_code, ours.headers["content-type"]) == (theirs.status_code, theirs.headers["content-type"])


def _answer(client: httpx.Client, name: str) -> tuple[int, object]:
    content_type, body = ASKED[name]
    content = body if isinstance(body, str) else json.dumps(body)
    answer = client.post("/invocations", content=content, headers={"Content-Type": content_type})
    return answer.status_code, answer.json() if answer.status_code == 200 else None


@contextmanager
def _mlflow_server(model: Path, folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [str(MLFLOW.python), "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            [*command, "-m", str(model), "-p", port],
            cwd=folder,
            env=MLFLOW.environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 180
        while not _is_up(f"http://127.0.0.1:{port}"):
            assert process.poll() is None and time.monotonic() < until, (folder / "said.txt").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ping").status_code == 200
    except httpx.TransportError:
        return False
