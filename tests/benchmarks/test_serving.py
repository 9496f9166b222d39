"""One model behind three servers: jtrack's, MLflow's, and a bare FastAPI handler that only calls ``model.predict``.

All three run in the peers' environment, with the same libraries. Only one runs at a time, and they take turns over the
rounds. Promises are ratios of one run: what a request may take is MLflow's time by eight, and the handler's.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.harness import PROGRAMS, ROOT, Program, own_python, run_program, scratch_folder
from tests.benchmarks.report import Report, Row
from tests.registry import served_models

ROUNDS = 3
N_CONNECTIONS, SECONDS = 16, 3
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class Contestant:
    """A server: its name in the table, and the command line that starts it on a port."""

    name: str
    command: Callable[[str], list[str]]


def test_a_model_is_served(peers: Path, report: Report) -> None:
    with scratch_folder() as folder:
        model = served_models.save_wine(folder / "model")
        bodies = _write_bodies(folder)
        measured: dict[str, dict[str, list[float]]] = {}
        for _ in range(ROUNDS):
            for contestant in _contestants(peers, model):
                figures = measured.setdefault(contestant.name, {})
                for key, value in _measure(contestant, folder, bodies).items():
                    figures.setdefault(key, []).append(value)
    medians = {
        name: {key: statistics.median(values) for key, values in figures.items()} for name, figures in measured.items()
    }
    _report(medians, report)


def _contestants(peers: Path, model: Path) -> list[Contestant]:
    python, mlflow = str(peers), str(peers.parent / "mlflow")
    return [
        Contestant(
            "jtrack", lambda port: [python, "-m", "jtrack.cli", "models", "serve", "-m", str(model), "-p", port]
        ),
        Contestant(
            "mlflow",
            lambda port: [mlflow, "models", "serve", "-m", str(model), "-p", port, "--env-manager", "local"],
        ),
        Contestant("bare FastAPI", lambda port: [python, str(PROGRAMS / "bare_fastapi.py"), str(model), port]),
    ]


def _write_bodies(folder: Path) -> dict[str, Path]:
    rows = served_models.wine()[1]
    bodies = {}
    for n_rows in (1, 1000):
        sample = rows.sample(n_rows, replace=True, random_state=0).to_dict("split")
        path = folder / f"{n_rows}.json"
        path.write_text(json.dumps({"dataframe_split": {key: sample[key] for key in ("columns", "data")}}))
        bodies[f"{n_rows}_rows"] = path
    return bodies


def _measure(contestant: Contestant, folder: Path, bodies: dict[str, Path]) -> dict[str, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with _running(contestant.command(port), folder) as process:
        figures = {"ready_s": _ready_s(process, port)}
        for name, body in bodies.items():
            load = Program(name, own_python(), ("load_server.py", port, str(body), str(N_CONNECTIONS), str(SECONDS)))
            figures |= {f"{name}_{key}": value for key, value in run_program(load, folder).items()}
    return figures


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    # MLflow's server looks for uvicorn on the path.
    environment = (
        os.environ | _QUIET | {"PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    )
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _ready_s(process: subprocess.Popen[bytes], port: str) -> float:
    start = time.perf_counter()
    while True:
        assert process.poll() is None, f"{process.args} ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5):
                return time.perf_counter() - start
        except OSError:
            time.sleep(0.01)


def _report(medians: dict[str, dict[str, float]], report: Report) -> None:
    own, others = medians["jtrack"], {name: figures for name, figures in medians.items() if name != "jtrack"}
    mlflow, bare = others["mlflow"], others["bare FastAPI"]

    def request(label: str, key: str, promise_ms: float) -> Row:
        # Of a server that is kept busy: the time from one answer to the next.
        ms = {name: 1e3 / figures[f"{key}_per_second"] for name, figures in medians.items()}
        note = ", ".join(f"{name} {figures[f'{key}_per_second']:,.0f}/s" for name, figures in medians.items())
        note += f"; a caller waits {own[f'{key}_median_ms']:.1f} ms, 99 % less than {own[f'{key}_p99_ms']:.1f}"
        return Row(label, ms.pop("jtrack"), "ms", promise_ms, ms, note)

    one = min(1e3 / mlflow["1_rows_per_second"] / 8, 1e3 / bare["1_rows_per_second"])
    report.add(
        request("a request of one row, 16 connections", "1_rows", one),
        request("a request of 1,000 rows, 16 connections", "1000_rows", 1e3 / mlflow["1000_rows_per_second"] / 3),
        Row(
            "a server is ready",
            own["ready_s"],
            "s",
            mlflow["ready_s"] / 2,
            {name: figures["ready_s"] for name, figures in others.items()},
        ),
    )
