"""Stopping a run, turning its knobs and watching its machine, from the same process and from another."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest

import jtrack
from jtrack.errors import InvalidInputError
from jtrack.queries import rows
from jtrack.tracking.live import add_note, ask_to_stop, turn_knob
from jtrack.tracking.system import SystemSampler, read_system, system_metrics
from tests.store import processes
from tests.waiting import wait_until


def test_a_run_is_asked_to_stop_and_both_spellings_see_it() -> None:
    with jtrack.start_run() as run:
        assert not run.should_stop
        assert run.should_stop() is False
        ask_to_stop(run.store, run.run_id)
        wait_until(lambda: run.should_stop)
        assert run.should_stop() is True
        assert repr(run.should_stop) == "<StopSignal True>"
    assert [row["kind"] for row in rows("SELECT kind FROM events WHERE kind = 'stop_asked'")] == ["stop_asked"]


def test_a_knob_keeps_its_type_and_its_history() -> None:
    with jtrack.start_run() as run:
        jtrack.log_metric("loss", 1.0, step=10)
        assert run.knob("lr", 0.1) == 0.1
        for value in ("fast", True, 1, 0.01):
            turn_knob(run.store, run.run_id, "lr", value)
        turn_knob(run.store, run.run_id, "unknown", 3)
        wait_until(lambda: run.knob("lr", 0.1) == 0.01)
        assert run.knob("mode", "a") == "a"
        with pytest.raises(InvalidInputError, match="knob 'bad'"):
            run.knob("bad", [1])
    curve = jtrack.metric_history(run, "lr")
    assert curve.value.tolist() == [0.1, 1.0, 0.01]
    assert curve.step.tolist() == [10, 10, 10]


def test_no_number_that_a_knob_is_turned_to_ends_the_training() -> None:
    with jtrack.start_run() as run:
        assert run.knob("clip", math.inf) == math.inf
        assert run.knob("seed", 3) == 3
        for name, value in (("clip", 0.5), ("clip", -math.inf), ("seed", 2**53 + 1), ("seed", 10**400)):
            turn_knob(run.store, run.run_id, name, value)
        wait_until(lambda: run.knob("seed", 3) == 10**400)
        assert run.knob("clip", math.inf) == -math.inf
    assert jtrack.metric_history(run, "clip").value.tolist() == [math.inf, 0.5, -math.inf]


def test_a_training_in_another_process_is_stopped_from_here(store_path: Path) -> None:
    code = """
        import time, jtrack
        with jtrack.start_run(run_name="far") as run:
            print(run.run_id, flush=True)
            for epoch in range(100_000):
                lr = run.knob("lr", 0.1)
                jtrack.log_metric("loss", 1 / (epoch + 1))
                if run.should_stop:
                    break
                time.sleep(0.001)
        print(lr)
    """
    with processes.start(code) as training:
        run_id = processes.wait_for_line(training)
        store = jtrack.tracking.current_store()
        turn_knob(store, run_id, "lr", 0.5)
        wait_until(lambda: 0.5 in [row["value"] for row in rows("SELECT value FROM metrics WHERE key = 'lr'")])
        add_note(store, run_id, "went well")
        ask_to_stop(store, run_id)
        assert processes.wait_for_line(training) == "0.5"
        assert training.wait(10) == 0
    assert jtrack.get_run("far").info.status == "FINISHED"


def test_what_was_said_to_an_earlier_life_is_over() -> None:
    with jtrack.start_run() as run:
        ask_to_stop(run.store, run.run_id)
    with jtrack.start_run(run_id=run.run_id) as again:
        time.sleep(0.15)
        assert not again.should_stop


def test_a_note_is_an_event() -> None:
    with jtrack.start_run() as run:
        run.note("lr looks too high")
    found = rows("SELECT detail FROM events WHERE kind = 'note_added' AND subject = ?", [run.run_id])
    assert found == [{"detail": '{"text":"lr looks too high"}'}]


def test_system_metrics_are_percentages_and_amounts() -> None:
    first = read_system()
    sum(i * i for i in range(300_000))
    metrics = system_metrics(first, read_system())
    assert 0 <= metrics["cpu_utilization_percentage"] <= 100
    assert 0 < metrics["system_memory_usage_percentage"] < 100
    assert metrics["network_receive_megabytes"] >= 0


def test_the_sampler_logs_until_its_run_ends() -> None:
    with jtrack.start_run(log_system_metrics=True) as run:
        sampler = SystemSampler(run, every_s=0.05)
        sampler.start()
        wait_until(lambda: "system/cpu_utilization_percentage" in run.metrics)
        sampler.stop()
    assert "system/system_memory_usage_megabytes" in jtrack.get_run(run).data.metrics
