"""The parallel coordinates in a real browser: brushed, moved, flipped, hidden and grown, with mouse and keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from jtrack import tracking
from jtrack.entities import RunKind
from jtrack.registry.listing import get_model_version
from jtrack.widgets.parallel.html import parallel_html
from jtrack.widgets.parallel.model import ParallelModel
from tests.waiting import wait_until
from tests.widgets.panel_page import SHOTS, PanelPage, panel_pages
from tests.widgets.parallel_runs import log_sweep, log_trial, log_trials, texts_in

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]

Show = Callable[..., PanelPage]
TOP, HEIGHT = 8, 200


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Shows a model in a page; at the end nothing may have gone wrong there."""
    with panel_pages(browser) as opened:

        def open_page(model: ParallelModel, methods: Mapping[str, Any] | None = None, **context: Any) -> PanelPage:
            shown = opened(model.frame, methods or model.methods, **context)
            shown.wait_drawn()
            return shown

        yield open_page


def log_twenty() -> str:
    """``x`` from 0 to 19 and the loss with it; ``opt`` is adam and sgd in turn; ``part`` is there for the first 5."""
    sweep = log_sweep(minimize="loss", algo="tpe")
    for i in range(20):
        part = {"part": i} if i < 5 else {}
        log_trial(sweep, f"trial-{i}", {"x": i, "opt": ("adam", "sgd")[i % 2], **part}, {"loss": 1 + i / 10})
    return sweep


def heads(page: PanelPage) -> list[str]:
    return page.page.locator(".jt-axis-name").all_inner_texts()


def track(page: PanelPage, name: str) -> Locator:
    return page.page.get_by_role("slider", name=f"brush on {name}", exact=True)


def drag(page: PanelPage, name: str, start: float, end: float) -> None:
    """Drag along an axis, from 0 at its lower end to 1 at the upper."""
    box = track(page, name).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + TOP
    page.page.mouse.move(x, y + (1 - start) * HEIGHT)
    page.page.mouse.down()
    page.page.mouse.move(x, y + (1 - (start + end) / 2) * HEIGHT)
    page.page.mouse.move(x, y + (1 - end) * HEIGHT)
    page.page.mouse.up()


def expect_count(page: PanelPage, text: str) -> None:
    expect(page.page.get_by_role("status").first).to_have_text(text)
    page.wait_drawn()


def menu(page: PanelPage, name: str, item: str) -> None:
    page.page.get_by_role("button", name=f"axis {name}").click()
    page.page.locator(".jt-menu button").filter(has_text=item).click()
    page.wait_drawn()


def pixels(page: PanelPage, layer: int) -> int:
    """How many pixels of a layer are painted."""
    count = """layer => {
      const canvas = [...document.querySelectorAll('.jt-layer')][layer].querySelector('canvas:not([hidden])');
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
      let n = 0;
      for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
      return n;
    }"""
    return int(page.page.evaluate(count, layer))


def test_a_drag_brushes_and_a_second_range_adds_and_another_axis_narrows(show: Show) -> None:
    page = show(ParallelModel(log_twenty()))
    assert page.page.locator(".jt-head").inner_text().split("\n")[0].startswith("sweep lofty-lynx")
    all_lines = pixels(page, 1)
    drag(page, "x", 0.0, 0.27)
    expect_count(page, "6 of 20 brushed")
    assert 0 < pixels(page, 1) < all_lines / 2
    assert pixels(page, 0) > all_lines / 2
    drag(page, "x", 0.8, 1.0)
    expect_count(page, "10 of 20 brushed")
    drag(page, "opt", 0.1, 0.2)
    expect_count(page, "5 of 20 brushed")
    page.page.get_by_role("button", name="clear").click()
    expect_count(page, "drag along an axis to brush")
    assert pixels(page, 1) == all_lines


def test_a_range_is_moved_stretched_and_clicked_away(show: Show) -> None:
    page = show(ParallelModel(log_twenty()))
    drag(page, "x", 0.24, 0.5)
    expect_count(page, "5 of 20 brushed")
    drag(page, "x", 0.4, 0.6)
    expect_count(page, "5 of 20 brushed")
    assert page.page.locator(".jt-band").count() == 1
    drag(page, "x", 0.7, 1.0)
    expect_count(page, "11 of 20 brushed")
    box = track(page, "x").bounding_box()
    assert box is not None
    page.page.mouse.click(box["x"] + 14, box["y"] + TOP + 0.4 * HEIGHT)
    expect_count(page, "drag along an axis to brush")


def test_the_host_is_told_of_the_brush_and_of_a_run_to_open(show: Show) -> None:
    model = ParallelModel(log_twenty())
    page = show(model)
    drag(page, "x", 0.0, 0.07)
    expect_count(page, "2 of 20 brushed")
    page.page.wait_for_function("() => window.told.length > 0")
    told = page.told("jtrack-brush")[-1]["run_ids"]
    expected = {model.whole.lines.run_ids[i] for i, x in enumerate(model.whole.values("x")) if x <= 1}
    assert {*told} == expected and len(told) == 2
    page.page.get_by_role("button", name="trial-0").click()
    best = model.whole.best
    assert best is not None
    assert page.told("jtrack-open-run") == [{"run_id": best.run_id}]
    page.page.get_by_role("button", name="clear").click()
    page.page.wait_for_function("() => window.told.at(-1)[1].run_ids === null")
    assert model.brushed is None or {*model.brushed} == expected


def test_keys_brush_move_stretch_and_clear(show: Show) -> None:
    page = show(ParallelModel(log_twenty()))
    slider = track(page, "x")
    slider.focus()
    assert slider.get_attribute("aria-valuetext") == "no range"
    slider.press("Enter")
    expect_count(page, "4 of 20 brushed")
    assert slider.get_attribute("aria-valuetext") == "7.125 to 11.88"
    for _ in range(5):
        slider.press("Shift+ArrowUp")
    expect_count(page, "6 of 20 brushed")
    for _ in range(30):
        slider.press("ArrowDown")
    expect_count(page, "7 of 20 brushed")
    assert slider.get_attribute("aria-valuetext", timeout=1000) == "lowest to 6.650"
    slider.press("ArrowRight")
    assert page.page.evaluate("document.activeElement.ariaLabel") != "brush on x"
    slider.press("Delete")
    expect_count(page, "drag along an axis to brush")
    choice = track(page, "opt")
    choice.press("ArrowUp")
    choice.press("ArrowUp")
    assert choice.get_attribute("aria-valuetext") == "sgd"
    expect_count(page, "10 of 20 brushed")
    choice.press("ArrowDown")
    assert choice.get_attribute("aria-valuetext") == "adam"


def test_missing_values_are_brushed_below_the_axis(show: Show) -> None:
    page = show(ParallelModel(log_twenty()))
    box = track(page, "part").bounding_box()
    assert box is not None
    page.page.mouse.click(box["x"] + 14, box["y"] + TOP + HEIGHT + 18)
    expect_count(page, "15 of 20 brushed")
    drag(page, "part", 0.0, 0.3)
    expect_count(page, "17 of 20 brushed")
    page.page.mouse.click(box["x"] + 14, box["y"] + TOP + HEIGHT + 18)
    expect_count(page, "2 of 20 brushed")


def test_axes_are_moved_by_drag_by_keys_and_by_menu(show: Show) -> None:
    page = show(ParallelModel(log_twenty()))
    first = heads(page)
    assert first[-1] == "loss"
    source, target = page.page.locator(".jt-axis-name").nth(0), page.page.locator(".jt-axis-name").nth(2)
    start, end = source.bounding_box(), target.bounding_box()
    assert start is not None and end is not None
    page.page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.page.mouse.down()
    page.page.mouse.move(start["x"] + 60, start["y"] + 5)
    page.page.mouse.move(end["x"] + end["width"] / 2, start["y"] + 5)
    page.page.mouse.up()
    page.wait_drawn()
    assert heads(page) == [first[1], first[2], first[0], "loss"]
    assert page.page.get_by_role("menu").count() == 0
    head = page.page.get_by_role("button", name=f"axis {first[0]}")
    head.focus()
    head.press("Shift+ArrowLeft")
    assert heads(page) == [first[1], first[0], first[2], "loss"]
    assert page.page.evaluate("document.activeElement.innerText") == first[0]
    menu(page, first[0], "move left")
    assert heads(page) == first
    head.press("ArrowRight")
    assert page.page.evaluate("document.activeElement.innerText") == first[1]


def test_axes_are_flipped_made_logarithmic_hidden_and_shown_again(show: Show) -> None:
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({"rate": 10.0 ** -(i % 5), "x": i}, {"loss": float(i)}) for i in range(10)])
    page = show(ParallelModel(sweep))
    labels = page.page.locator(".jt-axes text")
    assert {"1e-4", "1e-2", "1e0"} <= {*labels.all_text_contents()}
    menu(page, "rate", "log scale")
    assert "1e-2" not in labels.all_text_contents()
    drag(page, "x", 0.0, 0.3)
    expect_count(page, "3 of 10 brushed")
    before = page.page.locator(".jt-band").bounding_box()
    menu(page, "x", "flip")
    after = page.page.locator(".jt-band").bounding_box()
    assert before is not None and after is not None and after["y"] < before["y"] - 100
    expect_count(page, "3 of 10 brushed")
    menu(page, "x", "hide")
    assert "x" not in heads(page)
    expect_count(page, "drag along an axis to brush")
    page.page.get_by_role("button", name="2 of 3 axes").click()
    page.page.get_by_role("checkbox", name="x").check()
    page.wait_drawn()
    assert heads(page)[-2:] == ["x", "loss"]


def test_lines_are_coloured_by_any_axis_with_a_legend(show: Show) -> None:
    page = show(ParallelModel(log_twenty()))
    legend = page.page.locator(".jt-legend")
    assert legend.inner_text().split() == ["1.00", "≥", "2.80"]
    page.page.get_by_label("colour lines by").select_option("opt")
    page.wait_drawn()
    assert legend.inner_text().split() == ["adam", "sgd"]
    menu(page, "x", "colour by this")
    assert page.page.get_by_label("colour lines by").input_value() == "params.x"


def test_the_pointer_finds_the_nearest_line_and_names_its_run(show: Show) -> None:
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({"x": i}, {"loss": float(i)}) for i in range(5)])
    model = ParallelModel(sweep)
    page = show(model)
    left, right = track(page, "x").bounding_box(), track(page, "loss").bounding_box()
    assert left is not None and right is not None
    page.page.mouse.move((left["x"] + right["x"]) / 2 + 14, left["y"] + TOP + 0.25 * HEIGHT + 2)
    expect(page.page.locator(".jt-tip")).to_have_text("trial-3")
    page.page.mouse.down()
    page.page.mouse.up()
    opened = model.whole.lines.run_ids[model.whole.lines.run_names.index("trial-3")]
    assert page.told("jtrack-open-run") == [{"run_id": opened}]
    page.page.mouse.move(2, 2)
    expect(page.page.locator(".jt-tip")).to_be_hidden()


def test_the_still_image_has_the_same_heads_and_ticks_as_the_live_panel(show: Show) -> None:
    sweep = log_sweep(minimize="loss")
    for i in range(12):
        params = {
            "rate": 10.0 ** -(i % 6),
            "depth": 2 + i % 5,
            "drop": i / 24,
            "tiny": i * 3e-5,
            "scaler": ("robust", None, "standard")[i % 3],
            "on": i % 2 == 0,
        }
        log_trial(sweep, f"trial-{i}", params, {"loss": 0.3 + i / 31} if i else {})
    model = ParallelModel(sweep)
    page = show(model)
    live = [*heads(page), *page.page.locator(".jt-axes text").all_text_contents()]
    live += [note for note in page.page.locator(".jt-axis-note").all_inner_texts() if note]
    assert sorted(live) == sorted(texts_in(str(parallel_html(model.whole))))


def test_long_names_and_labels_of_emoji_are_cut_between_characters(show: Show) -> None:
    sweep = log_sweep(minimize="loss")
    for i in range(4):
        log_trial(sweep, f"trial-{i}", {"name" * 60: i, "kind": "😀" * (30 + i)}, {"loss": i})
    page = show(ParallelModel(sweep), viewport={"width": 600, "height": 700}).page
    labels = "".join(page.locator(".jt-axes text").all_text_contents())
    assert "😀" in labels and labels.encode("utf-8", "replace").decode() == labels, "no half of a character"
    panel, select = (page.locator(which).bounding_box() for which in (".jt-parallel", ".jt-parallel select"))
    assert panel is not None and select is not None
    assert select["x"] + select["width"] <= panel["x"] + panel["width"]


def test_runs_are_walked_through_from_the_best_on(show: Show) -> None:
    page = show(ParallelModel(log_twenty()))
    name = page.page.locator(".jt-run-name")
    assert name.inner_text() == "trial-0"
    page.page.get_by_role("button", name="a worse one").click()
    page.page.get_by_role("button", name="a worse one").click()
    assert name.inner_text() == "trial-2"
    page.page.get_by_role("button", name="a better one").click()
    assert name.inner_text() == "trial-1"


def test_lines_that_come_while_a_sweep_runs_are_added_and_reset_nothing(show: Show) -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    log_trials(parent.run_id, [({"x": i, "y": -i}, {"loss": float(i)}) for i in range(4)])
    model = ParallelModel(parent.run_id)
    page = show(model)
    expect(page.page.locator(".jt-head")).to_contain_text("4 trials")
    height = page.page.locator("#panel > *").bounding_box()
    drag(page, "x", 0.5, 1.0)
    expect_count(page, "2 of 4 brushed")
    head = page.page.get_by_role("button", name="axis y")
    head.focus()
    head.press("Shift+ArrowLeft")
    order = heads(page)
    log_trials(parent.run_id, [({"x": i, "y": -i}, {"loss": float(i)}) for i in (1, 3, 9)])
    expect_count(page, "4 of 7 brushed")
    assert heads(page) == order
    assert page.page.locator(".jt-band").count() == 1
    parent.end()
    # It asks again only after twenty times as long as an answer took, which a busy machine makes long.
    expect(page.page.locator(".jt-head .jt-live")).to_have_count(0)
    assert page.page.locator("#panel > *").bounding_box() == height


def test_axes_that_nobody_moved_are_in_the_order_of_all_trials_once_the_sweep_is_over(show: Show) -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    log_trials(parent.run_id, [({"x": i, "y": (5, 3, 4)[i]}, {"loss": float(i)}) for i in range(3)])
    page = show(ParallelModel(parent.run_id))
    expect(page.page.locator(".jt-head")).to_contain_text("3 trials")
    assert heads(page) == ["x", "y", "loss"]
    log_trials(parent.run_id, [({"x": i * 7 % 5, "y": i + 10}, {"loss": float(i + 10)}) for i in range(12)])
    expect(page.page.locator(".jt-head")).to_contain_text("15 trials")
    assert heads(page) == ["x", "y", "loss"], "nothing moves under one's hands"
    parent.end()
    expect(page.page.locator(".jt-head .jt-live")).to_have_count(0)
    expect(page.page.locator(".jt-axis-name").first).to_have_text("y")
    assert heads(page) == ["y", "x", "loss"]


def test_a_sweep_that_begins_empty_has_its_height_from_the_start(show: Show) -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    page = show(ParallelModel(parent.run_id))
    expect(page.page.locator(".jt-empty")).to_contain_text("no child runs yet")
    before = page.page.locator("#panel > *").bounding_box()
    log_trials(parent.run_id, [({"x": i}, {"loss": float(i)}) for i in range(3)])
    expect(page.page.locator(".jt-axis-name")).to_have_count(2)
    assert page.page.locator("#panel > *").bounding_box() == before
    parent.end()


def test_a_kernel_may_show_more_without_being_asked(show: Show) -> None:
    sweep = log_twenty()
    model = ParallelModel(sweep)
    page = show(model)
    log_trial(sweep, "late", {"x": 99, "opt": "adam"}, {"loss": 0.1})
    model.refresh()
    page.push(model.frame)
    expect(page.page.locator(".jt-head")).to_contain_text("21 trials")
    expect(page.page.locator(".jt-run-name")).to_have_text("late")


def test_one_answer_that_was_long_in_coming_does_not_still_the_panel(show: Show) -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    page = show(ParallelModel(parent.run_id)).page
    page.clock.install()
    page.evaluate("""() => {
        const { answer } = window;
        window.answer = content => {
            window.isAsked = true;
            return new Promise(resolve => setTimeout(resolve, 5000)).then(() => answer(content));
        };
    }""")
    page.wait_for_function("() => window.isAsked")
    head = page.locator(".jt-head").first
    for n, most_s in ((1, 12), (2, 30)):
        log_trial(parent.run_id, f"trial-{n}", {"x": n}, {"loss": 0.1})
        for _ in range(most_s):
            page.clock.run_for(1000)
            page.wait_for_timeout(20)  # what was asked goes through this process
        wait_until(lambda said=f"{n} trial": page.clock.run_for(10) or said in head.inner_text())
    parent.end()


def test_lines_that_a_notebook_does_not_keep_are_fetched(show: Show) -> None:
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({f"p{k}": i * (k + 2) % 53 for k in range(6)}, {"loss": float(i)}) for i in range(900)])
    model = ParallelModel(sweep)
    assert len(model.frame.lines.positions) < 900
    page = show(model)
    expect(page.page.locator(".jt-head").first).to_contain_text("900 trials")
    expect(page.page.locator(".jt-head")).not_to_contain_text("of them here")
    drag(page, "loss", 0.0, 0.5)
    expect_count(page, "450 of 900 brushed")
    assert page.asked.count("lines") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(show: Show, scheme: str) -> None:
    page = show(ParallelModel(log_twenty()), color_scheme=scheme)
    drag(page, "x", 0.2, 0.6)
    page.wait_drawn()
    page.screenshot(f"parallel-brushed-{scheme}")
    page.page.get_by_role("button", name="axes").click()
    page.page.get_by_role("button", name="axis opt").click()
    found = Axe().run(page.page).response["violations"]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found] == []


def test_a_fault_while_fetching_is_told_in_one_line(show: Show) -> None:
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({f"p{k}": i * (k + 2) % 53 for k in range(6)}, {"loss": float(i)}) for i in range(900)])
    model = ParallelModel(sweep)

    def fail(after: int) -> None:
        raise OSError("the store went away")

    page = show(model, methods={"lines": fail})
    expect(page.page.get_by_role("alert")).to_contain_text("the store went away")
    assert page.page.locator(".jt-axis-name").count() == 7


def test_a_sweep_that_runs_is_followed_on_after_questions_that_failed(show: Show) -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    log_trials(parent.run_id, [({"x": i}, {"loss": float(i)}) for i in range(2)])
    model = ParallelModel(parent.run_id)
    failures = iter(["the server went away", "it is still away"])

    def lines(after: int) -> object:
        for failure in failures:
            raise OSError(failure)
        return model.methods["lines"](after=after)

    page = show(model, methods={"lines": lines})
    expect(page.page.get_by_role("alert")).to_contain_text("the server went away")
    expect(page.page.get_by_role("alert")).to_contain_text("it is still away")
    assert page.page.locator(".jt-axis-name").count() == 2
    log_trial(parent.run_id, "later", {"x": 9}, {"loss": 0.5})
    expect(page.page.locator(".jt-head")).to_contain_text("3 trials")
    expect(page.page.get_by_role("alert")).to_have_count(0)
    parent.end()
    expect(page.page.locator(".jt-head .jt-live")).to_have_count(0)


def test_where_no_run_has_a_finite_objective_there_is_no_scale_of_colour(show: Show) -> None:
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({}, {"loss": math.nan}) for _ in range(4)])
    page = show(ParallelModel(sweep)).page
    expect(page.get_by_role("button", name="1 axis", exact=True)).to_be_visible()
    assert page.locator(".jt-legend").inner_text() == ""


def test_axes_whose_names_begin_alike_are_told_apart(show: Show) -> None:
    keys = [f"optimizer.of_the_inner_loop.{name}" for name in ("rate", "beta")]
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({keys[0]: i, keys[1]: -i * i}, {"loss": 1.0 + i}) for i in range(5)])
    page = show(ParallelModel(sweep), viewport={"width": 400, "height": 600})
    assert len({name[:6] for name in heads(page)}) == 3
    assert page.page.get_by_role("button", name=f"axis {keys[0]}").count() == 1


def test_a_sweep_that_runs_is_stopped_and_the_best_is_registered_when_it_is_over(show: Show) -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    log_trial(parent.run_id, "worse", {"x": 1}, {"loss": 2.0})
    best = tracking.start_run(run_name="better", nested=True, kind=RunKind.TRIAL)
    best.log_params({"x": 2})
    best.log_metrics({"loss": 1.0})
    best.log_text("flavors: {}\n", "model/MLmodel")
    best.end()
    page = show(ParallelModel(parent.run_id))
    assert not page.page.get_by_role("button", name="register best").is_visible()
    page.page.get_by_role("button", name="stop the sweep").focus()
    page.page.keyboard.press("Enter")
    expect(page.page.get_by_role("button", name="asked to stop")).to_be_disabled()
    wait_until(lambda: page.page.title() and parent.should_stop.now())
    parent.end()
    expect(page.page.get_by_role("button", name="register best")).to_be_visible()
    expect(page.page.get_by_role("button", name="asked to stop")).to_be_hidden()
    page.page.screenshot(path=SHOTS / "parallel-register.png")

    page.page.get_by_role("button", name="register best").click()
    page.page.get_by_label("name of the registered model").fill("bad/name")
    page.page.keyboard.press("Enter")
    expect(page.page.get_by_text("bad/name")).to_be_visible()  # said as an error is
    page.page.get_by_label("name of the registered model").fill("digits")
    page.page.screenshot(path=SHOTS / "parallel-register-form.png")
    page.page.get_by_role("button", name="register", exact=True).click()
    expect(page.page.get_by_text("registered as digits version 1")).to_be_visible()
    assert get_model_version("digits", 1).run_id == best.run_id
    assert Axe().run(page.page).response["violations"] == []
