"""Waiting for changes: woken at once, no sooner than need be, and never the server's loop."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path

import pytest

import jtrack
from tests.server.client import Client, Reply
from tests.store.processes import start, wait_for_line

pytestmark = pytest.mark.slow

LOGGING = """
    import sys, time, jtrack
    jtrack.set_tracking_uri(sys.argv[1])
    with jtrack.start_run() as run:
        jtrack.log_metric("at", 0)
        print(run.run_id, flush=True)
        for line in sys.stdin:
            jtrack.log_metric("at", time.time())
"""


def test_a_point_of_another_process_is_seen_within_200_ms(server: Client, folder: Path) -> None:
    process = start(LOGGING, folder / ".jtrack")
    run_id = wait_for_line(process)
    assert process.stdin is not None
    delays = []
    token = server.get("changes", store=folder.name).json["token"]
    for i in range(10):
        answers: list[Reply] = []
        waiting = threading.Thread(target=wait_for_change, args=(server, folder, token, answers))
        waiting.start()
        time.sleep(0.15 + i * 0.013)
        process.stdin.write("\n")
        process.stdin.flush()
        waiting.join(30)
        points = server.get(f"runs/{run_id}/metrics/at", store=folder.name).json["value"]
        delays.append(time.time() - points[-1])
        assert len(points) == i + 2
        assert answers[0].json["changed"]
        token = server.get("changes", store=folder.name).json["token"]
    process.communicate(timeout=30)
    assert statistics.median(delays) < 0.2, delays


def test_a_quiet_store_lets_one_wait(server: Client, folder: Path) -> None:
    with jtrack.start_run():
        pass
    token = server.get("changes", store=folder.name).json["token"]
    started = time.monotonic()
    reply = server.get("changes", store=folder.name, since=token, timeout=1)
    assert 0.9 < time.monotonic() - started < 10
    assert reply.json == {"token": token, "changed": False}


def test_asking_again_at_once_does_not_spin(server: Client, folder: Path) -> None:
    process = start(LOGGING, folder / ".jtrack")
    wait_for_line(process)
    assert process.stdin is not None
    stop = threading.Event()

    def feed() -> None:
        while not stop.wait(0.001):
            print(file=process.stdin, flush=True)

    feeder = threading.Thread(target=feed)
    feeder.start()
    token, started, n_answers = "none", time.monotonic(), 0
    while time.monotonic() - started < 1.5:
        token = server.get("changes", store=folder.name, since=token).json["token"]
        n_answers += 1
    stop.set()
    feeder.join()
    process.communicate(timeout=30)
    assert 3 <= n_answers <= 15


def test_many_who_wait_hold_nobody_up(server: Client, folder: Path) -> None:
    with jtrack.start_run() as run:
        token = server.get("changes", store=folder.name).json["token"]
        answers: list[Reply] = []
        waiting = [threading.Thread(target=wait_for_change, args=(server, folder, token, answers)) for _ in range(30)]
        for thread in waiting:
            thread.start()
        started = time.monotonic()
        assert server.get("runs", store=folder.name).json["n_runs"] == 1
        assert time.monotonic() - started < 5
        run.log_metric("loss", 1.0)
        for thread in waiting:
            thread.join(30)
    assert len(answers) == 30
    assert all(answer.json["changed"] for answer in answers)
    assert len({answer.json["token"] for answer in answers}) <= 2


@pytest.mark.parametrize("timeout", ["soon", "nan"])
def test_a_timeout_is_a_number(server: Client, timeout: str) -> None:
    reply = server.get("changes", timeout=timeout, since="x")
    assert reply.status == 400
    assert "timeout" in reply.json["message"]


def test_waiting_is_no_activity_that_keeps_a_server_from_being_culled(server: Client, folder: Path) -> None:
    def last_activity() -> str:
        return str(server.get("/user/an@b/api/status", no_track_activity=1).json["last_activity"])

    server.get("runs", store=folder.name)
    before = last_activity()
    server.get("changes", store=folder.name, since="x")
    assert last_activity() == before
    server.get("runs", store=folder.name)
    assert last_activity() > before


def wait_for_change(server: Client, folder: Path, token: str, answers: list[Reply]) -> None:
    answers.append(server.get("changes", store=folder.name, since=token))
