"""Real servers, asked by real HTTP clients: limits, deaths, moves of an alias, and who outlives whom."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

import jtrack
from jtrack.cli import main
from jtrack.errors import InvalidInputError, InvalidModelError, JTrackError, ModelNotFoundError, ServingError
from jtrack.registry import versions
from jtrack.registry.serving.server import Server, find_server, running_servers, serve
from tests.registry import served_models
from tests.registry.served_models import XS
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Know of the test's own servers only, and leave none behind."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("JTRACK_STATE_DIR", str(folder))
    yield folder
    for server in running_servers():
        server.stop()


@pytest.fixture(scope="module")
def moody_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return served_models.save_python(tmp_path_factory.mktemp("moody") / "model", served_models.MOODY, XS)


@pytest.fixture(scope="module")
def tenfold_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return served_models.save_tenfold(tmp_path_factory.mktemp("tenfold") / "model")


def ask(server: Server, x: float, client: Any = httpx, **options: Any) -> httpx.Response:
    body = {"dataframe_split": {"columns": ["x"], "data": [[x]]}}
    response: httpx.Response = client.post(f"{server.url}/invocations", json=body, timeout=60, **options)
    return response


# -- what it answers -----------------------------------------------------------------------------------------


def test_a_server_speaks_mlflows_protocol(tenfold_folder: Path) -> None:
    with serve(tenfold_folder, trust=True) as server, httpx.Client(base_url=server.url) as client:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        for path in ("/ping", "/health"):
            assert (client.get(path).status_code, client.get(path).text) == (200, "\n")
        assert client.get("/version").text == jtrack.__version__
        assert client.get("/invocations").status_code == 405
        answer = ask(server, 3.0)
        assert answer.json() == {"predictions": [30.0]}
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["jtrack-model"] == str(tenfold_folder)
        assert server.predict(XS) == [10.0, 20.0, 40.0]
        assert server.predict({"x": [1, 2]}, params={"factor": 2}) == [2.0, 4.0]
        with pytest.raises(InvalidInputError, match="missing column 'x'"):
            server.predict(pd.DataFrame({"y": [1.0]}))
    assert not server.is_running
    with pytest.raises(ServingError, match="doesn't answer"):
        server.predict(XS)


def test_its_description_has_the_models_own_columns_and_example(tenfold_folder: Path) -> None:
    with serve(tenfold_folder, trust=True) as server, httpx.Client(base_url=server.url) as client:
        described = client.get("/openapi.json").json()
        body = described["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]
        (split,) = [one for one in body["schema"]["oneOf"] if "dataframe_split" in one["properties"]]
        assert split["properties"]["dataframe_split"]["properties"]["columns"]["default"] == ["x"]
        assert split["properties"]["params"]["properties"]["factor"] == {
            "type": "integer",
            "format": "int64",
            "default": 10,
        }
        assert client.post("/invocations", json=body["example"]).json() == {"predictions": [10.0, 20.0, 40.0]}
        page = client.get("/docs")
        assert "<code>x</code>" in page.text and "factor" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert re.findall(r"(?:src|href)=.https?:", page.text) == [], "nothing on it comes from elsewhere"
        assert client.get("/", follow_redirects=True).text.startswith("<!doctype html>")


def test_requests_at_once_are_predicted_together_and_counted(tenfold_folder: Path) -> None:
    with serve(tenfold_folder, trust=True) as server, httpx.Client(base_url=server.url) as client:
        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(lambda i: ask(server, float(i), client), range(400)))
        assert [answer.json()["predictions"] for answer in answers] == [[10.0 * i] for i in range(400)]
        counts = client.get("/metrics").text
        assert 'jtrack_requests_total{status="200"} 400.0' in counts
        assert "jtrack_rows_total 400.0" in counts
        n_batches = float(re.findall(r"jtrack_batch_requests_count ([\d.]+)", counts)[0])
        assert n_batches < 400, "some were joined"
        assert "jtrack_workers_ready 1.0" in counts


def test_several_workers_share_the_requests(tmp_path: Path) -> None:
    code = "def predict(model_input):\n    import os, time\n    time.sleep(0.05)\n    return [os.getpid()]"
    folder = served_models.save_python(tmp_path / "m", code, None, signature=False)
    with serve(folder, trust=True, workers=2) as server, ThreadPoolExecutor(8) as threads:
        pids = {answer.json()["predictions"][0] for answer in threads.map(lambda i: ask(server, i), range(24))}
    assert len(pids) == 2


# -- limits --------------------------------------------------------------------------------------------------


def test_a_token_is_wanted_for_all_but_the_signs_of_life(tenfold_folder: Path) -> None:
    with serve(tenfold_folder, trust=True, token="s3cret") as server, httpx.Client(base_url=server.url) as client:
        assert ask(server, 1.0).status_code == 401
        assert ask(server, 1.0).headers["www-authenticate"] == "Bearer"
        assert ask(server, 1.0, headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert ask(server, 1.0, headers={"Authorization": "Bearer s3cret"}).json() == {"predictions": [10.0]}
        assert server.predict(XS) == [10.0, 20.0, 40.0], "the handle knows it"
        assert {path: client.get(path).status_code for path in ("/ping", "/health")} == {"/ping": 200, "/health": 200}
        for path in ("/version", "/metrics", "/openapi.json", "/docs", "/"):
            assert client.get(path).status_code == 401, path
            assert client.get(path, params={"token": "s3cret"}, follow_redirects=True).status_code == 200, path
        assert server.record.path.stat().st_mode & 0o077 == 0, "the record holds the token"


def test_too_large_a_body_is_refused_whether_it_is_announced_or_not(tenfold_folder: Path) -> None:
    with serve(tenfold_folder, trust=True, max_body_mb=0.01) as server, httpx.Client(base_url=server.url) as client:

        def parts() -> Iterator[bytes]:
            for _ in range(40):
                yield b" " * 1000

        headers = {"Content-Type": "application/json"}
        for content in (b" " * 20_000, parts()):
            refused = client.post("/invocations", content=content, headers=headers)
            assert (refused.status_code, refused.json()["error_code"]) == (413, "REQUEST_LIMIT_EXCEEDED")
        assert ask(server, 1.0).status_code == 200


def test_a_request_that_takes_too_long_is_given_up_and_the_next_is_answered(moody_folder: Path) -> None:
    with serve(moody_folder, trust=True, timeout_s=3.0) as server:
        assert ask(server, 1.0).status_code == 200
        started = time.monotonic()
        late = ask(server, 888.0)
        assert late.status_code == 504 and "3 s" in late.json()["message"]
        assert time.monotonic() - started < 10
        wait_until(lambda: ask(server, 2.0).status_code == 200)
        assert "starting another" in server.logs()


def test_a_slow_sender_is_not_waited_for_for_ever(tenfold_folder: Path) -> None:
    with (
        serve(tenfold_folder, trust=True, timeout_s=1.0) as server,
        socket.create_connection(("127.0.0.1", server.port)) as plug,
    ):
        plug.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        plug.settimeout(20)
        assert b"504" in plug.recv(1000).split(b"\r\n")[0]


def test_options_out_of_range_and_what_is_no_model_are_told_in_a_line(tenfold_folder: Path, own_folder: Path) -> None:
    for options, told in (
        ({"port": 70000}, "no port 70000"),
        ({"workers": 0}, "0 workers"),
        ({"timeout_s": 0}, "answered in 0 s"),
        ({"record": 2}, "no share"),
        ({"max_body_mb": 0}, "fits into 0 MB"),
    ):
        with pytest.raises(InvalidInputError, match=told):
            serve(tenfold_folder, trust=True, **options)
    with pytest.raises(ModelNotFoundError):
        serve(own_folder / "nothing")
    with pytest.raises(ServingError, match="could run code"):
        serve(tenfold_folder)
    with pytest.raises(ServingError, match="can't be had"), socket.create_server(("127.0.0.1", 0)) as taken:
        serve(tenfold_folder, taken.getsockname()[1], trust=True)
    assert running_servers() == []


def test_a_model_that_can_not_be_loaded_says_why(tmp_path: Path) -> None:
    folder = served_models.save_python(tmp_path / "m", served_models.TENFOLD, XS)
    (folder / "data" / "python_model.pkl").write_bytes(b"no pickle")
    with pytest.raises(ServingError, match=r"python_model\.pkl can't be opened"):
        serve(folder, trust=True)


# -- deaths --------------------------------------------------------------------------------------------------


def test_a_request_that_kills_the_worker_costs_itself_and_nobody_else(moody_folder: Path) -> None:
    with serve(moody_folder, trust=True, join=True) as server, ThreadPoolExecutor(12) as threads:
        xs = [float(i) for i in range(1, 60)]
        xs[20] = 777.0
        answers = list(threads.map(lambda x: ask(server, x), xs))
        wrong = [(x, answer.status_code) for x, answer in zip(xs, answers, strict=True) if answer.status_code != 200]
        assert wrong == [(777.0, 500)]
        assert "the process with the model ended on a request" in server.logs()
        assert "predicting" in server.logs(), "what the model prints is in the log"
        counts = httpx.get(f"{server.url}/metrics").text
        assert float(re.findall(r"jtrack_worker_restarts ([\d.]+)", counts)[0]) >= 1


def test_a_worker_that_is_killed_is_replaced(tenfold_folder: Path) -> None:
    with serve(tenfold_folder, trust=True) as server:
        import psutil

        (worker,) = psutil.Process(server.pid).children()
        worker.kill()
        wait_until(lambda: psutil.Process(server.pid).children() not in ([], [worker]))
        assert wait_until(lambda: ask(server, 4.0).status_code == 200)


START = """
import sys
sys.path.insert(0, {root!r})
from jtrack.registry.serving.server import serve
server = serve({folder!r}, trust=True, detach={detach})
print(server.url, flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("detach", [False, True])
def test_a_server_ends_with_who_started_it_unless_it_is_detached(tenfold_folder: Path, detach: bool) -> None:
    code = START.format(root=str(ROOT), folder=str(tenfold_folder), detach=detach)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        (server,) = running_servers()
        assert server.url == url
        owner.kill()
    if not detach:
        wait_until(lambda: not server.is_running)
        assert "whoever started this server has gone" in server.logs()
        assert running_servers() == []
        return
    time.sleep(2.5)
    assert ask(server, 2.0).json() == {"predictions": [20.0]}
    server.stop()
    assert not server.is_running


def test_requests_that_are_under_way_are_answered_before_the_end(tmp_path: Path) -> None:
    code = "def predict(model_input):\n    import time\n    time.sleep(1.5)\n    return [1]"
    folder = served_models.save_python(tmp_path / "m", code, None, signature=False)
    server = serve(folder, trust=True)
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(ask, server, 1.0)
        time.sleep(0.5)
        server.stop()
        assert slow.result().json() == {"predictions": [1]}


# -- moves ---------------------------------------------------------------------------------------------------


def register(factor: int, name: str = "scaler") -> int:
    code = f"def predict(model_input):\n    return (model_input['x'] * {factor}).tolist()"
    names = served_models.cells_namespace()
    exec(code, names)
    with jtrack.start_run():
        info = jtrack.log_model(
            names["predict"], "model", input_example=XS, requirements=["pandas"], registered_model_name=name
        )
    assert info.version is not None
    return int(info.version)


@pytest.mark.usefixtures("store_path")
def test_a_server_turns_to_where_its_alias_moves_without_a_refused_request() -> None:
    first, second = register(10), register(20)
    versions.set_registered_model_alias("scaler", "champion", first)
    with serve("models:/scaler@champion", workers=2) as server:
        assert server.model == "models:/scaler/1"
        answers: list[tuple[int, str, Any]] = []
        is_over = threading.Event()

        def keep_asking() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            body = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[1.0]]}})
            while not is_over.is_set():
                connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                answers.append((response.status, response.headers["jtrack-model"], json.loads(response.read())))
            connection.close()

        threads = [threading.Thread(target=keep_asking) for _ in range(6)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) > 50)
        versions.set_registered_model_alias("scaler", "champion", second)
        wait_until(lambda: server.model == "models:/scaler/2")
        n_before = len(answers)
        wait_until(lambda: len(answers) > n_before + 50)
        is_over.set()
        for thread in threads:
            thread.join()
        assert {status for status, _, _ in answers} == {200}
        by_model = {(model, answer["predictions"][0]) for _, model, answer in answers}
        assert by_model == {("models:/scaler/1", 10.0), ("models:/scaler/2", 20.0)}
        assert ask(server, 1.0).headers["jtrack-model"] == "models:/scaler/2"
        assert "is models:/scaler/2 now, before models:/scaler/1" in server.logs()


@pytest.mark.usefixtures("store_path")
def test_an_alias_that_moves_to_a_broken_model_or_goes_leaves_the_server_as_it_is() -> None:
    first, second = register(10), register(20)
    versions.set_registered_model_alias("scaler", "champion", first)
    with serve("models:/scaler@champion") as server:
        from jtrack.registry.addresses import locate_model

        broken = locate_model("models:/scaler/2").path / "data" / "python_model.pkl"
        broken.chmod(0o644)
        broken.unlink()
        broken.write_bytes(b"no pickle")
        versions.set_registered_model_alias("scaler", "champion", second)
        wait_until(lambda: "can't be followed" in server.logs())
        assert ask(server, 1.0).json() == {"predictions": [10.0]}
        versions.delete_registered_model_alias("scaler", "champion")
        wait_until(lambda: "has no alias 'champion'" in server.logs())
        assert ask(server, 1.0).json() == {"predictions": [10.0]}
        assert server.model == "models:/scaler/1"
        counts = httpx.get(f"{server.url}/metrics").text
        assert 'jtrack_reloads_total{result="failed"} 1.0' in counts
        third = register(30)
        versions.set_registered_model_alias("scaler", "champion", third)
        wait_until(lambda: ask(server, 1.0).json() == {"predictions": [30.0]})


@pytest.mark.usefixtures("store_path")
def test_stages_and_latest_are_followed_and_numbers_stay() -> None:
    register(10)
    versions.transition_model_version_stage("scaler", 1, "Production")
    with (
        serve("models:/scaler/Production") as production,
        serve("models:/scaler/latest") as latest,
        serve("models:/scaler/1") as fixed,
    ):
        register(20)
        versions.transition_model_version_stage("scaler", 2, "Production", archive_existing_versions=True)
        wait_until(lambda: ask(production, 1.0).json() == {"predictions": [20.0]})
        wait_until(lambda: ask(latest, 1.0).json() == {"predictions": [20.0]})
        assert ask(fixed, 1.0).json() == {"predictions": [10.0]}


# -- the record ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("store_path")
def test_requests_are_kept_for_later_and_asked_of_another_version() -> None:
    register(10)
    with serve("models:/scaler/1", record=1.0) as server:
        for x in (1.0, 2.0, 3.0):
            ask(server, x)
        assert httpx.post(f"{server.url}/invocations", content=b"{").status_code == 415
    (run,) = jtrack.search_runs(experiment_names=["served models"], output_format="list")
    assert run.info.status.value == "FINISHED"
    assert run.data.tags["jtrack.served.model_uri"] == "models:/scaler/1"
    assert len(jtrack.metric_history(run.info.run_id, "took_ms")) == 4
    kept = jtrack.models.load_requests(run.info.run_id)
    assert kept["status"].tolist() == [200, 200, 200, 415]
    assert kept["response"].tolist()[:3] == [{"predictions": [10.0 * x]} for x in (1, 2, 3)]
    assert set(kept["model"]) == {"models:/scaler/1"}
    assert str(kept["at"].dtype).startswith("datetime64")
    register(10)
    register(11)
    same = jtrack.models.replay_requests(run.info.run_id, "models:/scaler/2")
    other = jtrack.models.replay_requests(run.info.run_id, "models:/scaler/3")
    assert same["is_same"].tolist() == [True, True, True]
    assert other["is_same"].tolist() == [False, False, False]
    assert other["replayed"].tolist() == [{"predictions": [11.0 * x]} for x in (1, 2, 3)]


@pytest.mark.usefixtures("store_path")
def test_a_share_of_the_requests_is_kept() -> None:
    register(10)
    with serve("models:/scaler/1", record=0.3) as server, httpx.Client() as client:
        for _ in range(200):
            ask(server, 1.0, client)
    (run,) = jtrack.search_runs(experiment_names=["served models"], output_format="list")
    assert 25 < len(jtrack.models.load_requests(run.info.run_id)) < 105


# -- the command line ----------------------------------------------------------------------------------------


def run_jtrack(*words: str, **options: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "jtrack.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


def test_the_command_serves_until_it_is_interrupted(tenfold_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["models", "serve", "-m", str(tenfold_folder), "-p", "0", "--trust", "--env-manager", "local"]
    with run_jtrack(*words) as process:
        server = wait_until(lambda: next(iter(running_servers()), None))
        assert ask(server, 2.0).json() == {"predictions": [20.0]}
        assert main(["models", "ps"]) == 0
        assert server.url in capsys.readouterr().out
        assert main(["models", "ps", "--json"]) == 0
        (told,) = json.loads(capsys.readouterr().out)
        assert (told["url"], told["options"]["token"]) == (server.url, False)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "is served at http://127.0.0.1" in err and "Traceback" not in err
    assert "no longer served" in out
    assert running_servers() == []


def test_the_command_leaves_a_server_and_stops_it(tenfold_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "serve", "-m", str(tenfold_folder), "-p", "0", "--trust", "--detach"]) == 0
    out = capsys.readouterr().out
    (server,) = running_servers()
    assert server.url in out and f"process {server.pid}" in out
    assert find_server(str(server.port)).pid == find_server(server.url).pid == server.pid
    assert main(["models", "stop", str(server.port)]) == 0
    assert "no longer served" in capsys.readouterr().out
    assert main(["models", "stop", "1"]) == 1
    assert "no running server" in capsys.readouterr().err


def test_predictions_for_a_file_need_no_server(
    tenfold_folder: Path, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_folder / "rows.csv").write_text("x\n1\n2.5\n")
    (own_folder / "rows.json").write_text(json.dumps({"dataframe_split": {"columns": ["x"], "data": [[4]]}}))
    words = ["models", "predict", "-m", str(tenfold_folder), "--trust"]
    assert main([*words, "-i", "rows.csv", "-o", "out.json"]) == 0
    assert capsys.readouterr().out == "2 predictions in out.json\n"
    assert json.loads((own_folder / "out.json").read_text()) == {"predictions": [10.0, 25.0]}
    assert main([*words, "-i", "rows.json", "-t", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"predictions": [40.0]}
    (own_folder / "wrong.csv").write_text("y\n1\n")
    for more, code, told in (
        (["-i", "wrong.csv"], 2, "missing column 'x'"),
        (["-i", "nothing.csv"], 2, "can't be read"),
        (["-i", "rows.csv", "-t", "xml"], 2, "'xml'"),
        (["-i", "rows.csv", "--env-manager", "conda"], 2, "conda"),
    ):
        assert main([*words, *more]) == code
        err = capsys.readouterr().err
        assert told in err and len(err.strip().splitlines()) <= 2


def test_a_broken_model_ends_the_command_with_its_reason(own_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "serve", "-m", "nothing", "-p", "0"]) == 1
    assert "nothing" in capsys.readouterr().err
    for error in (InvalidModelError, ServingError):
        assert issubclass(error, JTrackError)
