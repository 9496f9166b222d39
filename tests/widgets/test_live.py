"""The live panel without a page: curves that grow, how far a run is, what is new between looks, its still forms."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import jtrack
from jtrack import tracking
from jtrack.direction import Direction
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import InvalidInputError, RunNotFoundError, RunStateError
from jtrack.server.steering import check_knob
from jtrack.tracking.live import add_note, turn_knob
from jtrack.widgets.frames import frame_json
from jtrack.widgets.live.curves import GrowingCurve
from jtrack.widgets.live.frame import GpuUse, Knob, LiveFrame, LiveMetric, Note, Progress, SystemUse
from jtrack.widgets.live.html import MAX_BYTES, live_html
from jtrack.widgets.live.model import LiveModel, parse_knob
from jtrack.widgets.live.news import live_news
from jtrack.widgets.live.pace import LEAST_S, MOST_S, THREAD_NAME, Pace
from jtrack.widgets.live.panel import LivePanel, live
from jtrack.widgets.live.progress import LastRun, infer_progress
from jtrack.widgets.live.progress import Pace as StepPace
from jtrack.widgets.live.system import gpu_uses
from jtrack.widgets.live.text import live_text
from tests.store import processes
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("store_path")
STARTED_AT = datetime(2026, 3, 1, 14, 3, 11, tzinfo=UTC)


def apply_news(page: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """Do what a page does with news."""
    if "whole" in news:
        return dict(news["whole"])
    assert news["since"] == page["seq"]
    metrics = [dict(metric) for metric in page["metrics"]]
    for one in news["metrics"]:
        place, start, step, value = (one.pop(name) for name in ("place", "start", "step", "value"))
        before = metrics[place]
        metrics[place] = {
            **before,
            **one,
            "step": before["step"][:start] + step,
            "value": before["value"][:start] + value,
        }
    return {**page, **news["changed"], "metrics": metrics}


def live_frame(n_metrics: int = 2, **changes: Any) -> LiveFrame:
    """A run in the middle of its training."""
    steps = tuple(range(240))
    metrics = tuple(
        LiveMetric(
            key=f"val_loss_{i}",
            direction=Direction.LOWER,
            n_points=240,
            last=0.25,
            last_step=239,
            best=0.24,
            best_step=231,
            step=steps if i < 8 else (),
            value=tuple(math.exp(-step / 50) + 0.123456 * i for step in steps) if i < 8 else (),
        )
        for i in range(n_metrics)
    )
    fields: dict[str, Any] = {
        "seq": 7,
        "run_id": "7f3a09c1e2b84d6f8a5b6c7d8e9f0a1b",
        "run_name": "brisk-heron",
        "experiment_name": "wine-quality",
        "status": RunStatus.RUNNING,
        "started_at": STARTED_AT,
        "elapsed_s": 62.0,
        "execution_count": 14,
        "step": 239,
        "metrics": metrics,
        "n_metrics": n_metrics,
        "progress": Progress(0.6, 41.2, "epochs", 240, 400),
        "system": SystemUse(91.0, 37.5, 16_000_000_000, 1_200_000_000, (GpuUse(88.0, 9_000_000_000, 24_000_000_000),)),
        "knobs": (Knob("lr", 0.1), Knob("augment", True)),
        "notes": (Note(STARTED_AT, "loss looks noisy <b>"),),
        "is_listening": True,
    }
    return LiveFrame(**{**fields, **changes})


# -- curves


@pytest.mark.parametrize("piece", [1, 6, 1000])
def test_a_curve_keeps_its_ends_and_spikes_and_never_more_points_than_it_may(piece: int) -> None:
    value = np.sin(np.arange(30_000) / 500.0)
    value[12_345], value[777] = 9.0, -9.0
    curve = GrowingCurve(240)
    for start in range(0, len(value), piece):
        curve.extend(np.arange(start, start + piece), value[start : start + piece])
        if piece > 1:
            assert len(curve.points()[0]) <= 243
    step, kept = curve.points()
    assert len(step) <= 243
    assert (step[0], step[-1]) == (0, 29_999)
    assert max(kept) == 9.0
    assert min(kept) == -9.0
    assert list(step) == sorted(step)
    assert (curve.n_points, curve.last.step if curve.last else None) == (30_000, 29_999)
    assert (curve.high.step if curve.high else None) == 12_345


def test_a_curve_leaves_out_what_is_no_number_but_tells_it_as_the_last_value() -> None:
    curve = GrowingCurve()
    curve.extend(np.array([0, 1, 2]), np.array([1.0, math.inf, math.nan]))
    assert curve.points() == ((0,), (1.0,))
    assert curve.last is not None
    assert math.isnan(curve.last.value)


# -- progress


def test_progress_counts_in_the_param_that_says_how_many() -> None:
    pace = StepPace(first_step=0, first_at=100.0, step=9, at=109.0)
    progress = infer_progress({"n_epochs": 40, "seed": 1}, pace, 9.5, 109.5)
    assert progress == Progress(0.25, 29.5, "n_epochs", 10, 40)


@pytest.mark.parametrize(
    ("params", "step"),
    [
        ({}, 5),
        ({"epochs": True}, 5),
        ({"epochs": "ten"}, 5),
        ({"epochs": 10}, 900),
        ({"epochs": 1}, 0),
        ({"epochs": 9}, -3),
    ],
)
def test_progress_is_unknown_rather_than_wrong(params: dict[str, Any], step: int) -> None:
    assert infer_progress(params, StepPace(0, 0.0, step, 5.0), 5.0, 5.0) is None


def test_where_the_last_run_logged_each_batch_as_many_are_expected_again() -> None:
    last = LastRun(100.0, 999, {"epochs": 10})
    progress = infer_progress({"epochs": 20}, StepPace(0, 0.0, 499, 50.0), 50.0, 50.0, last)
    assert progress is not None
    assert (progress.done, progress.total) == (500, 2000)


def test_without_a_count_the_last_run_s_time_tells_until_it_is_over() -> None:
    last = LastRun(20.0, None, {})
    assert infer_progress({}, None, 5.0, 5.0, last) == Progress(0.25, 15.0, "last run")
    assert infer_progress({}, None, 21.0, 21.0, last) is None


def test_a_dear_look_is_rested_from_and_one_that_is_dear_once_stops_nothing() -> None:
    pace = Pace(share=0.005)
    assert pace.rest_s(0.0001) == LEAST_S >= 0.1, "at most ten looks a second"
    assert pace.rest_s(0.2) < 1.0
    for _ in range(40):
        rest = pace.rest_s(0.004)
    assert rest == pytest.approx(0.8, rel=0.1)
    assert pace.rest_s(0.004, n_watching=2) == pytest.approx(1.6, rel=0.1)
    for _ in range(60):
        rest = pace.rest_s(0.5)
    assert rest == MOST_S


# -- what is new


def test_news_make_the_next_frame_out_of_the_last() -> None:
    with jtrack.start_run(run_name="x") as run:
        model = LiveModel(run.store, run.run_id)
        page = frame_json(model.frame)
        for step in range(700):
            jtrack.log_metrics({"loss": 1 / (step + 1), "acc": step / 700}, step=step)
            if step == 300:
                run.knob("lr", 0.1)
            if step % 9 == 0:
                news = frame_json(model.news(page["seq"]))
                page = apply_news(page, json.loads(json.dumps(news)))
                assert page == frame_json(model.frame)
    page = apply_news(page, frame_json(model.news(page["seq"])))
    assert page["status"] == "FINISHED"
    assert page["metrics"][0]["n_points"] == 700
    assert "whole" in model.news(page["seq"] - 1)


def test_news_of_one_step_are_small() -> None:
    before = live_frame(8)
    metric = replace(before.metrics[0], n_points=241, n_fast=240, step=(*before.metrics[0].step, 240))
    metric = replace(metric, value=(*metric.value, 0.2))
    old = replace(before, metrics=(replace(before.metrics[0], n_fast=240), *before.metrics[1:]))
    new = replace(old, seq=8, elapsed_s=62.1, metrics=(metric, *before.metrics[1:]))
    assert len(json.dumps(live_news(old, new))) < 400


# -- the run


def test_the_model_sees_knobs_notes_and_stops_of_a_run_in_this_process() -> None:
    with jtrack.start_run() as run:
        model = LiveModel(run.store, run.run_id)
        assert run.knob("lr", 0.1) == 0.1
        jtrack.log_metric("loss", 1.0, step=3)
        assert model.look().knobs == (Knob("lr", 0.1),)
        model.knob("lr", "0.5")
        assert model.look().knobs == (Knob("lr", 0.1, asked=0.5),)
        wait_until(lambda: run.knob("lr", 0.1) == 0.5)
        assert model.look().knobs == (Knob("lr", 0.5),)
        assert [metric.key for metric in model.frame.metrics] == ["loss"], "a knob's values are no metric of training"
        assert model.look().is_listening is False
        model.note("too high")
        model.note("too high")
        model.stop()
        wait_until(lambda: bool(run.should_stop))
        frame = model.look()
        assert (frame.is_listening, frame.stop_asked, frame.step) == (True, True, 3)
        assert [note.text for note in frame.notes] == ["too high"]
        for wrong in (lambda: model.knob("lr", "fast"), lambda: model.knob("rate", 1), lambda: model.note(" ")):
            with pytest.raises(InvalidInputError):
                wrong()
    assert model.look().status is RunStatus.FINISHED
    with pytest.raises(RunStateError):
        model.stop()


def test_a_knob_may_be_infinite_and_is_turned_from_there() -> None:
    with jtrack.start_run() as run:
        assert run.knob("clip", math.inf) == math.inf
        model = LiveModel(run.store, run.run_id)
        assert model.frame.knobs == (Knob("clip", math.inf),)
        assert check_knob(run.store, run.run_id, "clip", 2) == 2.0
        model.knob("clip", "2")
        wait_until(lambda: run.knob("clip", math.inf) == 2.0)
        model.knob("clip", "-inf")
        wait_until(lambda: run.knob("clip", math.inf) == -math.inf)


def test_a_knob_read_from_text_keeps_its_kind() -> None:
    assert parse_knob("flag", "true", False) is True
    assert parse_knob("n", "12", 3) == 12
    assert parse_knob("lr", 1, 0.1) == 1.0
    assert parse_knob("mode", "12", "fast") == "12"
    for value, known in (("1.5", 3), ("yes", False), (True, 3), (None, 0.1)):
        with pytest.raises(InvalidInputError):
            parse_knob("k", value, known)


def test_what_was_asked_before_the_loop_first_listened_counts() -> None:
    with jtrack.start_run() as run:
        LiveModel(run.store, run.run_id).stop()
        assert run.should_stop


def test_a_run_in_another_process_is_watched_to_its_death() -> None:
    code = """
        import time, jtrack
        with jtrack.start_run(run_name="far") as run:
            jtrack.log_param("n_epochs", 100000)
            for epoch in range(100_000):
                lr = run.knob("lr", 0.1)
                jtrack.log_metric("loss", 1 / (epoch + 1), step=epoch)
                if epoch == 20:
                    print(run.run_id, flush=True)
                time.sleep(0.002)
    """
    with processes.start(code) as training:
        run_id = processes.wait_for_line(training)
        store = jtrack.tracking.current_store()
        model = LiveModel(store, run_id)
        assert model.frame.run_name == "far"
        assert model.frame.metrics[0].n_points >= 20
        before = model.frame.metrics[0].n_points
        wait_until(lambda: model.look().metrics[0].n_points > before + 10)
        assert model.frame.metrics[0].best_step == model.frame.step
        turn_knob(store, run_id, "lr", 0.5)
        wait_until(lambda: model.look().knobs == (Knob("lr", 0.5),))
        add_note(store, run_id, "from here")
        wait_until(lambda: [note.text for note in model.look().notes] == ["from here"])
        assert model.frame.progress is not None
        assert model.frame.progress.total == 100_000
        wait_until(lambda: model.look().system is not None)
        training.kill()
        training.wait(10)
        wait_until(lambda: model.look().status is RunStatus.KILLED)


def test_a_panel_without_a_run_turns_to_each_that_begins_and_its_thread_ends_with_it() -> None:
    panel = live()
    assert panel.frame.run_id is None
    for name in ("one", "two"):
        with jtrack.start_run(run_name=name):
            jtrack.log_metric("loss", 0.5)
            wait_until(lambda name=name: panel.frame.run_name == name and panel.frame.n_metrics == 1)
        wait_until(lambda: panel.frame.status is RunStatus.FINISHED)
        assert panel.frame.experiment_name == "Default"
    wait_until(lambda: THREAD_NAME not in {thread.name for thread in threading.enumerate()})
    assert panel._frame_json["run_name"] == "two"
    panel.close()


def test_a_panel_that_nobody_sees_rests() -> None:
    with jtrack.start_run() as run:
        panel = LivePanel(run.store, run.run_id)
        panel.watch(visible=False)
        panel._wake.set()
        wait_until(lambda: panel._thread is None)
        jtrack.log_metric("loss", 0.5)
        assert panel.watch(visible=True) != {}
        wait_until(lambda: panel.frame.n_metrics == 1)
        panel.close()
    wait_until(lambda: panel._thread is None)


def test_a_run_that_is_not_there_is_named() -> None:
    with pytest.raises(RunNotFoundError):
        live("nothing-like-it")


# -- still forms


def test_the_still_form_is_complete_escaped_and_small() -> None:
    html = str(live_html(live_frame(60)))
    assert len(html.encode()) <= MAX_BYTES
    for text in ("brisk-heron", "val_loss_0", "240 of 400 epochs, 41 s left", "GPU 0 88 %", "lr", "&lt;b&gt;"):
        assert text in html
    assert "<script" not in html
    assert "running  brisk-heron" in live_text(live_frame())


def test_the_largest_frame_that_is_saved_is_small_enough() -> None:
    notes = tuple(Note(STARTED_AT, "x" * 400) for _ in range(20))
    assert len(json.dumps(frame_json(live_frame(60, notes=notes)))) < 80_000


def test_without_a_run_it_says_what_to_do() -> None:
    assert "%%track" in live_text(LiveFrame())
    assert "%%track" in str(live_html(LiveFrame()))


def test_gpus_are_told_apart() -> None:
    readings = {
        "gpu_0_utilization_percentage": 50.0,
        "gpu_0_memory_usage_megabytes": 1000.0,
        "gpu_0_memory_usage_percentage": 10.0,
        "gpu_1_utilization_percentage": 5.0,
    }
    assert gpu_uses(readings) == (GpuUse(50.0, 1_000_000_000, 10_000_000_000), GpuUse(5.0, 0, None))
    assert gpu_uses({}) == ()


def test_it_knows_a_sweep_while_it_runs_and_afterwards() -> None:
    with tracking.start_run(kind=RunKind.SWEEP) as sweep:
        assert LiveModel(sweep.store, sweep.run_id).frame.kind is RunKind.SWEEP
    assert LiveModel(sweep.store, sweep.run_id).frame.kind is RunKind.SWEEP
