"""The live panel in a real browser, fed by hand: what is new is put in, drawn, read with keys, and asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

import jtrack
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import RunStateError
from jtrack.widgets.frames import frame_json
from jtrack.widgets.live.frame import Knob, LiveFrame
from jtrack.widgets.live.model import LiveModel
from tests.ui.lab import SCREENSHOTS
from tests.ui.side import accessibility_faults
from tests.waiting import wait_until
from tests.widgets.panel_page import PanelPage, panel_pages
from tests.widgets.test_live import live_frame

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]
Show = Callable[..., PanelPage]
WATCH: Mapping[str, Any] = {"watch": lambda visible: {}, "look": lambda since: {}}


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Shows a live panel in a page; at the end nothing may have gone wrong there."""
    with panel_pages(browser) as opened:

        def open_page(frame: LiveFrame, methods: Mapping[str, Any] = WATCH, **context: Any) -> PanelPage:
            shown = opened(frame, {**WATCH, **methods}, **context)
            shown.page.locator(".jt-live-panel").wait_for()
            return shown

        yield open_page


def test_what_was_told_piece_by_piece_looks_like_what_was_told_at_once(show: Show) -> None:
    with jtrack.start_run(run_name="grown") as run:
        model = LiveModel(run.store, run.run_id)
        shown = show(model.frame)
        seq = model.frame.seq
        for step in range(600):
            jtrack.log_metrics({"val_loss": math.exp(-step / 90), "acc": step / 600}, step=step)
            if step % 20 == 0:
                shown.tell(model.news(seq))
                seq = model.frame.seq
    shown.tell(model.news(seq))
    tiles = shown.page.locator(".jt-tiles")
    expect(tiles.locator(".jt-tile-head").first).to_contain_text("0.001287")
    whole = show(model.frame)
    assert tiles.inner_html() == whole.page.locator(".jt-tiles").inner_html()
    assert "look" not in shown.asked


def test_news_about_another_frame_make_it_ask_for_all(show: Show) -> None:
    later = live_frame(3, seq=12, run_name="later")
    shown = show(live_frame(), {"look": lambda since: {"whole": frame_json(later)}})
    shown.tell({"since": 11, "changed": {"step": 5}, "metrics": []})
    shown.page.get_by_text("later").wait_for()
    assert shown.page.locator(".jt-tile").count() == 3


def test_a_knob_that_is_infinite_is_turned_to_a_number(show: Show) -> None:
    asked: list[Any] = []
    page = show(live_frame(knobs=(Knob("clip", math.inf),)), {"knob": lambda **said: asked.append(said["value"])}).page
    field = page.get_by_label("clip")
    expect(field).to_have_value("Infinity")
    field.fill("2.5")
    field.press("Enter")
    page.get_by_text("asked the loop to take clip = 2.5").wait_for()
    assert asked == [2.5]


def test_in_a_narrow_panel_the_names_of_metrics_are_told_apart(show: Show) -> None:
    frame = live_frame()
    keys = ("val_loss_left", "val_loss_right")
    frame = replace(frame, metrics=tuple(replace(frame.metrics[0], key=key) for key in keys))
    page = show(frame, viewport={"width": 320, "height": 700}).page
    for key in keys:
        name = page.locator(".jt-tile-head b", has_text=key)
        assert name.evaluate("node => node.scrollWidth <= node.clientWidth"), "the name is cut"
        expect(name).to_have_attribute("title", key)


def test_arrow_keys_read_a_curve(show: Show) -> None:
    page = show(live_frame()).page
    tile = page.locator(".jt-tile").first
    tile.locator("svg").focus()
    page.keyboard.press("Home")
    expect(tile.locator(".jt-tile-foot")).to_have_text("step 0: 1")
    page.keyboard.press("ArrowRight")
    expect(tile.locator(".jt-tile-foot")).to_contain_text("step 5:")
    page.keyboard.press("Escape")
    expect(tile.locator(".jt-tile-foot")).to_have_text("best 0.2400 at step 231")


def test_every_control_has_a_name_and_sends_what_was_typed(show: Show) -> None:
    sent: list[Any] = []
    methods = {
        name: lambda _name=name, **asked: sent.append((_name, asked)) or {}  # type: ignore[func-returns-value]
        for name in ("stop", "knob", "note")
    }
    page = show(live_frame(knobs=(Knob("lr", 0.1), Knob("augment", True), Knob("mode", "fast"))), methods).page
    page.get_by_label("lr", exact=True).fill("3e-2")
    page.keyboard.press("Enter")
    page.get_by_label("augment").uncheck()
    page.get_by_label("mode").fill("slow")
    page.get_by_label("note", exact=True).fill("hm")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="note kept").wait_for()
    page.get_by_role("button", name="stop after this epoch").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="asked to stop").wait_for()
    run_id = live_frame().run_id
    wait_until(lambda: page.title() and len(sent) > 4)
    assert sent == [
        ("knob", {"run_id": run_id, "name": "lr", "value": 0.03}),
        ("knob", {"run_id": run_id, "name": "augment", "value": False}),
        ("knob", {"run_id": run_id, "name": "mode", "value": "slow"}),
        ("note", {"run_id": run_id, "text": "hm"}),
        ("stop", {"run_id": run_id}),
    ]


def test_a_sweep_is_stopped_after_a_trial(show: Show) -> None:
    sent: list[str] = []
    page = show(live_frame(kind=RunKind.SWEEP), {"stop": lambda run_id: sent.append(run_id) or {}}).page  # type: ignore[func-returns-value]
    page.get_by_role("button", name="stop after this trial").click()
    page.get_by_role("button", name="asked to stop").wait_for()
    assert sent == [live_frame().run_id]


def test_a_refusal_is_told_in_words_and_the_button_comes_back(show: Show) -> None:
    def refuse(run_id: str) -> None:
        raise RunStateError("this run is over")

    page = show(live_frame(), {"stop": refuse}).page
    page.get_by_role("button", name="stop after this epoch").click()
    page.get_by_role("status").filter(has_text="this run is over").wait_for()
    assert page.get_by_role("button", name="stop after this epoch").is_enabled()


def test_where_nobody_answers_it_says_so(show: Show) -> None:
    shown = show(live_frame(is_listening=False))
    page = shown.page
    page.evaluate("() => { window.answer = () => new Promise(() => undefined); }")
    page.get_by_role("button", name="stop after this epoch").click()
    page.get_by_text("no Jupyter server with jtrack to go through").wait_for()


def test_a_loop_that_does_not_listen_is_told_of(show: Show) -> None:
    page = show(live_frame(is_listening=False, stop_asked=True)).page
    page.get_by_text("The loop has not looked at run.should_stop yet").wait_for()


def test_a_screen_reader_is_told_of_the_end_and_not_of_every_step(show: Show) -> None:
    frame = live_frame()
    shown = show(frame)
    spoken = shown.page.locator(".jt-hidden[role=status]")
    for step in range(240, 260):
        shown.tell({"since": frame.seq, "changed": {"seq": frame.seq + 1, "step": step}, "metrics": []})
        frame = replace(frame, seq=frame.seq + 1)
    assert spoken.inner_text() == ""
    shown.tell({"since": frame.seq, "changed": {"seq": 99, "status": "FINISHED", "progress": None}, "metrics": []})
    expect(spoken).to_contain_text("brisk-heron finished, step 259, val_loss_0 0.2500")
    assert shown.page.get_by_role("button").count() == 0


def test_a_panel_that_is_scrolled_away_says_so(show: Show) -> None:
    seen: list[bool] = []
    shown = show(live_frame(), {"watch": lambda visible: seen.append(visible) or {}})  # type: ignore[func-returns-value]
    shown.page.evaluate("() => { document.body.style.paddingTop = '4000px'; }")
    shown.page.wait_for_function("() => document.body.style.paddingTop !== ''")
    wait_until(lambda: shown.page.evaluate("true") and seen[-1:] == [False])
    assert seen == [True, False]


STATES: dict[str, LiveFrame] = {
    "running": live_frame(3),
    "one": replace(live_frame(1), system=None, knobs=(), notes=(), progress=None),
    "eight": live_frame(11),
    "ended": replace(live_frame(3), status=RunStatus.FINISHED, progress=None, system=None),
    "failed": replace(
        live_frame(2), status=RunStatus.FAILED, error="ValueError: loss is NaN", progress=None, system=None, knobs=()
    ),
    "begun": replace(live_frame(0), step=None, elapsed_s=1.4, progress=None, notes=(), knobs=()),
    "waiting": LiveFrame(),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_drawn_in_both_themes(show: Show, state: str, scheme: str) -> None:
    frame = STATES[state]
    if frame.system is not None and state != "running":
        frame = replace(frame, system=replace(frame.system, gpus=()))
    page = show(frame, color_scheme=scheme).page
    panel = page.locator(".jt-live-panel")
    assert panel.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    assert accessibility_faults(page, "body") == []
    SCREENSHOTS.mkdir(exist_ok=True)
    panel.screenshot(path=str(SCREENSHOTS / f"live-{state}-{scheme}.png"))


def test_a_metric_without_a_number_has_no_dot(show: Show) -> None:
    with jtrack.start_run() as run:
        jtrack.log_metric("loss", math.nan, step=0)
        model = LiveModel(run.store, run.run_id)
        shown = show(model.frame)
        tile = shown.page.locator(".jt-tile")
        expect(tile).to_contain_text("no number yet")
        expect(tile.locator("circle:visible")).to_have_count(0)
        jtrack.log_metric("loss", 1.5, step=1)
        shown.tell(model.news(model.frame.seq))
        expect(tile.locator(".jt-live-dot:visible")).to_have_count(1)
