"""A comparison in a real browser: curves over time, smoothed and as means; points, importance, files; 100 runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from matplotlib import image
from playwright.sync_api import Browser, Locator, expect

from jtrack import tracking
from jtrack.widgets.compare.model import CompareModel
from tests.ui.side import accessibility_faults
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.panel_page import PanelPage, panel_pages

pytestmark = [pytest.mark.ui, pytest.mark.usefixtures("store_path")]

Show = Callable[..., PanelPage]


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Shows a comparison in a page; at the end nothing may have gone wrong there."""
    with panel_pages(browser) as opened:

        def open_page(run_ids: Sequence[str], **context: object) -> PanelPage:
            model = CompareModel(run_ids)
            shown = opened(model.frame, model.methods, **context)
            shown.page.locator(".jt-compare").wait_for()
            return shown

        yield open_page


def log_seeds(n: int = 6) -> list[str]:
    """Runs of two kinds with a few seeds each, of noisy curves."""
    run_ids = []
    for i in range(n):
        kind = ("tree", "linear")[i % 2]
        curve = [0.5 + (0.3 if kind == "tree" else 0) + i / 100 + (0.1 if step % 2 else -0.1) for step in range(40)]
        source = f"model = fit(kind='{kind}', seed={i})\n"
        run_ids.append(
            log_cell_run(f"run-{i}", {"kind": kind, "seed": i, "lr": 10.0**-i}, {"acc": curve}, source=source)
        )
    return run_ids


def heights(path: Locator) -> list[float]:
    points = path.get_attribute("d") or ""
    return [float(pair.split(" ")[1]) for pair in points.replace("M", "").split("L")]


def test_smoothing_draws_a_calm_line_and_keeps_the_raw_one_faint(show: Show) -> None:
    page = show(log_seeds()).page
    expect(page.locator(".jt-curve")).to_have_count(6)
    page.get_by_label("smoothing of the curves").fill("0.9")
    expect(page.locator(".jt-raw")).to_have_count(6)
    first = page.locator(".jt-curve").first.locator("path")
    raw, calm = heights(first.nth(0)), heights(first.nth(1))
    tail = len(raw) // 2
    assert max(calm[tail:]) - min(calm[tail:]) < (max(raw[tail:]) - min(raw[tail:])) / 4


def test_of_a_great_many_curves_the_first_are_offered_and_the_rest_is_counted(show: Show) -> None:
    metrics = {f"val/per_class/precision_at_10/class_{k}": [0.1, 0.2, 0.3] for k in range(300)}
    page = show([log_cell_run(f"run-{i}", {}, metrics) for i in range(2)]).page
    more = page.locator(":has(> .jt-muted:text-is('more curves: '))").last
    n_offered = more.locator("button").count()
    assert 50 < n_offered < 200
    expect(more).to_contain_text(re.compile(rf"and {294 - n_offered} more$"))


def test_groups_are_drawn_as_means_with_intervals(show: Show) -> None:
    shown = show(log_seeds())
    page = shown.page
    page.get_by_label("draw runs as groups").select_option(label="mean by kind")
    expect(page.locator(".jt-interval")).to_have_count(2)
    expect(page.locator(".jt-curves .jt-legend-line")).to_contain_text("linear (3)")
    page.locator(".jt-chart").focus()
    page.keyboard.press("Home")
    # Three runs that are 0.02 apart: Student's t of two degrees of freedom, 4.303, times 0.02 by the root of three.
    expect(page.locator(".jt-readout")).to_contain_text(re.compile("tree.* 0.72(00)? ± 0.04969"))
    expect(page.locator(".jt-readout")).to_contain_text(re.compile("linear.* 0.43(00)? ± 0.04969"))
    shown.screenshot("compare-groups")
    page.locator(".jt-run").nth(0).click()
    expect(page.locator(".jt-curve")).to_have_count(2)


def test_a_curve_over_decades_is_drawn_by_its_logarithm_where_all_that_is_shown_is_positive(show: Show) -> None:
    falling = [10.0**-step for step in range(6)]
    run_ids = [
        log_cell_run("falling", {"lr": 1}, {"loss": falling}),
        log_cell_run("crossing", {"lr": 2}, {"loss": [1 - step / 4 for step in range(6)]}),
    ]
    shown = show(run_ids)
    page = shown.page
    log = page.locator(".jt-figure").get_by_role("button", name="log")
    curve = page.locator(".jt-curve[data-run='0'] path")
    labels = page.locator(".jt-chart text[text-anchor=end]")
    expect(log).to_be_disabled()
    page.locator(".jt-run", has_text="crossing").click()
    expect(log).to_be_enabled()
    bent = heights(curve)
    plain = labels.all_text_contents()
    assert max(abs(a - b) for a, b in pairwise(bent[1:])) < 20, "but for the first value all lie at the bottom"
    log.focus()
    page.keyboard.press("Enter")
    expect(log).to_have_attribute("aria-pressed", "true")
    falls = [b - a for a, b in pairwise(heights(curve))]
    assert max(falls) - min(falls) < 1, "each step falls by the same factor, so the line is straight"
    assert labels.all_text_contents() == ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]
    shown.screenshot("compare-log")

    page.locator(".jt-run", has_text="crossing").click()
    expect(log).to_be_disabled()
    expect(log).to_have_attribute("aria-pressed", "false")
    assert labels.all_text_contents() == ["\N{MINUS SIGN}0.25", "0.00", "0.25", "0.50", "0.75", "1.00"]
    page.locator(".jt-run", has_text="crossing").click()
    expect(log).to_have_attribute("aria-pressed", "true")
    log.click()
    expect(log).to_have_attribute("aria-pressed", "false")
    assert (heights(curve), labels.all_text_contents()) == (bent, plain)


def test_steps_and_values_that_begin_far_from_zero_are_told_apart(show: Show) -> None:
    run_ids = []
    for name in ("first", "second"):
        with tracking.start_run(run_name=name) as run:
            for step in range(0, 1001, 100):
                run.log_metric("auc", 0.99986 + step / 1e7, step=10**9 + step)
        run_ids.append(run.run_id)
    page = show(run_ids).page
    up, across = (page.locator(f".jt-chart text[text-anchor={anchor}]") for anchor in ("end", "middle"))
    expect(up).to_have_text(["0.99986", "0.99988", "0.99990", "0.99992", "0.99994", "0.99996"])
    expect(across.nth(1)).to_have_text("+100")
    assert across.all_text_contents()[:3] == ["1e9", "+100", "+200"]
    page.locator(".jt-chart").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".jt-readout")).to_contain_text("step 1,000,001,000")


def test_home_and_end_read_the_first_and_the_last_value(show: Show) -> None:
    page = show(log_seeds(2)).page
    chart, readout = page.locator(".jt-chart"), page.locator(".jt-readout")
    for key, step in (("End", "step 39"), ("Home", "step 0")):
        chart.focus()
        page.keyboard.press(key)
        expect(readout).to_contain_text(step)
        page.keyboard.press("Escape")
        expect(readout).to_be_empty()


def test_what_is_read_stays_where_the_chart_gets_another_width(show: Show) -> None:
    page = show(log_seeds(2)).page
    chart, readout = page.locator(".jt-chart"), page.locator(".jt-readout")
    wide = re.compile("^0 0 9[0-9]{2} 190$")
    expect(chart).to_have_attribute("viewBox", wide)
    chart.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(readout).to_contain_text("step 38")
    page.set_viewport_size({"width": 600, "height": 700})
    expect(chart).not_to_have_attribute("viewBox", wide)
    assert "step 38" in readout.inner_text()
    assert page.locator(".jt-cursor circle").count() == 2


def test_names_of_any_length_stay_within_the_panel(show: Show) -> None:
    long = "z" * 250
    run_ids = [
        log_cell_run(f"run-{i}", {}, {**{f"m{k}": [0.1, 0.2 + i] for k in range(8)}, long: [1, i]}) for i in range(2)
    ]
    page = show(run_ids).page
    stuck_out = """() => [...document.querySelectorAll('.jt-curves *')].filter(
      each => each.getBoundingClientRect().right > document.querySelector('.jt-compare').getBoundingClientRect().right
    ).map(each => each.outerHTML)"""
    more = page.locator(".jt-curves").get_by_role("button", name="zzz")
    more.scroll_into_view_if_needed()
    assert page.evaluate(stuck_out) == []
    more.click()
    page.locator(".jt-figure", has_text="zzz").locator(".jt-curve").first.wait_for()
    assert page.evaluate(stuck_out) == []


def log_settings(n_seeds: int = 4) -> list[str]:
    """Runs of four settings with a few seeds each, of curves longer than what a notebook keeps of them."""
    return [
        log_cell_run(
            f"{kind}-{lr}-{seed}",
            {"kind": kind, "lr": lr, "seed": seed, "depth": 2 if lr > 0.05 else 7},
            {"acc": [1 - lr + (kind == "tree") / 4 + (seed + step) % 5 / 50 for step in range(150)]},
            source=f"model = fit(kind='{kind}', seed={seed})\n",
        )
        for kind in ("tree", "linear")
        for lr in (0.1, 0.01)
        for seed in range(n_seeds)
    ]


def test_seeds_of_one_setting_are_drawn_as_their_mean(show: Show) -> None:
    page = show(log_settings()).page
    page.get_by_label("draw runs as groups").select_option(label="mean over seed")
    expect(page.locator(".jt-interval")).to_have_count(4)
    expect(page.locator(".jt-curves .jt-legend-line")).to_contain_text("depth 7, kind tree, lr 0.01 (4)")


def test_curves_take_the_whole_width_and_every_point_that_it_can_show(show: Show) -> None:
    page = show(log_settings()).page
    chart = page.locator(".jt-chart")
    expect(chart).to_have_count(1)
    panel = page.locator(".jt-compare").bounding_box()
    box = chart.bounding_box()
    assert box["width"] > 0.95 * panel["width"] - 28
    expect(chart).to_have_attribute("viewBox", f"0 0 {round(box['width'])} 190")
    expect(page.locator(".jt-curve").first.locator("path")).to_have_attribute("d", re.compile(r"^M([^L]*L){149}[^L]*$"))


def test_a_contour_lies_below_the_runs(show: Show) -> None:
    shown = show(log_settings())
    page = shown.page
    page.get_by_role("tab", name="contour").click()
    expect(page.get_by_label("contour x")).to_have_value("params.depth")
    expect(page.locator(".jt-shades path")).to_have_count(10)
    expect(page.locator(".jt-dot")).to_have_count(16)
    page.get_by_label("contour y").select_option("params.seed")
    expect(page.locator(".jt-scatter")).to_contain_text("better")
    shown.screenshot("compare-contour")


def test_curves_run_over_the_time_since_the_start(show: Show) -> None:
    page = show(log_seeds(2)).page
    page.get_by_label("curves over").select_option("relative")
    page.locator(".jt-chart text", has_text="ms").first.wait_for()
    page.get_by_label("curves over").select_option("wall")
    page.locator(".jt-chart text", has_text=":").first.wait_for()
    page.get_by_label("curves over").select_option("step")
    page.locator(".jt-chart text", has_text="20").first.wait_for()


@pytest.mark.parametrize(
    ("pause_ms", "relative", "wall"), [(250, r"0\.2 s", r":\d\d\.\d"), (10, r"20 ms", r":\d\d\.\d{3}")]
)
def test_times_that_lie_close_together_are_told_apart(show: Show, pause_ms: int, relative: str, wall: str) -> None:
    run_ids = []
    for name in ("one", "two"):
        with tracking.start_run(run_name=name) as run:
            begun = int(run.info.started_at.timestamp() * 1000)
            for i in range(5):
                run.log_metric("loss", i, step=i, timestamp=begun + pause_ms * i)
        run_ids.append(run.run_id)
    page = show(run_ids).page
    texts = page.locator(".jt-chart").first.locator("text[text-anchor=middle]")
    for over, form in (("relative", relative), ("wall", wall)):
        page.get_by_label("curves over").select_option(over)
        texts.filter(has_text=re.compile(form)).first.wait_for()
        found = texts.all_text_contents()
        edges = page.locator(".jt-chart").first.evaluate(
            "chart => [...chart.querySelectorAll('text[text-anchor=middle]')].map(t => t.getBoundingClientRect().right)"
            ".map(right => right - chart.getBoundingClientRect().right)"
        )
        assert max(edges) <= 0, "the last one is seen whole"
        assert len(set(found)) == len(found) > 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_points_tell_their_run_and_follow_the_axes(show: Show, scheme: str) -> None:
    shown = show(log_seeds(), color_scheme=scheme)
    page = shown.page
    expect(page.locator(".jt-dot")).to_have_count(6)
    page.get_by_label("scatter x").select_option("params.lr")
    page.get_by_label("scatter color").select_option("params.kind")
    expect(page.locator(".jt-scatter .jt-legend-line")).to_contain_text("linear")
    page.locator(".jt-dot").first.focus()
    expect(page.locator(".jt-said")).to_contain_text("run-0: lr 1")
    ticks = page.locator(".jt-dots text").all_text_contents()
    assert {"0.001", "0.01", "0.1"} <= {*ticks}, "a span of decades is drawn by its logarithm"
    page.get_by_label("scatter color").select_option("metrics.acc")
    expect(page.locator(".jt-scale")).to_be_visible()
    shown.screenshot(f"compare-scatter-{scheme}")


def test_the_letters_beside_points_stay_readable_where_it_is_narrow(show: Show) -> None:
    shown = show(log_seeds(), viewport={"width": 420, "height": 900})
    label = shown.page.locator(".jt-dots text").first
    expect(label).to_be_visible()
    high = "label => label.getBoundingClientRect().height >= 10"
    shown.page.wait_for_function(high, arg=label.element_handle())
    shown.page.set_viewport_size({"width": 340, "height": 900})
    shown.page.wait_for_function("() => document.querySelector('.jt-dots').viewBox.baseVal.width < 320")
    assert label.evaluate(high)
    last = shown.page.locator(".jt-dots .jt-dot").last
    last.focus()
    expect(shown.page.locator(".jt-said")).to_contain_text("run-5")
    shown.screenshot("compare-narrow")


def test_what_tells_most_has_the_longest_bar(show: Show) -> None:
    page = show(log_seeds(12)).page
    page.get_by_role("tab", name="importance").click()
    expect(page.locator(".jt-importance tbody th").first).to_have_text("kind")
    widths = page.locator(".jt-told").evaluate_all("bars => bars.map(bar => bar.offsetWidth)")
    assert widths == sorted(widths, reverse=True)


def test_what_is_too_little_for_a_number_has_no_sign(show: Show) -> None:
    accs = [11, 7, 8, 3, 13, 10, 1, 2, 5, 6, 12, 14, 9, 4]  # a rank correlation of −1 / 455
    page = show([log_cell_run(f"r{i}", {"lr": i}, {"acc": float(acc)}) for i, acc in enumerate(accs)]).page
    page.get_by_role("tab", name="importance").click()
    expect(page.locator(".jt-importance tbody .jt-num")).to_have_text("ρ 0.00")


def test_points_stand_at_first_over_a_param_that_most_runs_have(show: Show) -> None:
    run_ids = [
        log_cell_run(f"r{i}", {"lr": 0.1 * (i % 2 + 1)} | ({"alpha": 0.5} if i == 3 else {}), {"acc": i / 10})
        for i in range(10)
    ]
    page = show(run_ids).page
    page.get_by_role("tab", name="scatter").click()
    expect(page.get_by_label("scatter x")).to_have_value("params.lr")
    expect(page.locator(".jt-scatter .jt-dot")).to_have_count(10)


def test_files_stand_side_by_side(show: Show, tmp_path: Path) -> None:
    run_ids = log_seeds(3)
    picture = tmp_path / "picture.png"
    for i, run_id in enumerate(run_ids):
        with tracking.start_run(run_id=run_id) as run:
            run.log_text(f"a,b\n{i},{i}\n", "table.csv")
            run.log_text("alike", "same.txt")
            image.imsave(picture, [[(x + i * y) % 64 for x in range(96)] for y in range(64)])
            run.log_artifact(picture, "plots")
    shown = show(run_ids)
    page = shown.page
    page.get_by_role("tab", name="files").click()
    # Images come first.
    images = page.locator(".jt-one-file").get_by_role("img", name="plots/picture.png")
    expect(images).to_have_count(3)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jt-one-file img')].every(img => img.naturalWidth === 96)"
    )
    places = images.evaluate_all("images => images.map(each => [each.getBoundingClientRect(), each.src])")
    assert len({src for _, src in places}) == 3, "each run shows its own"
    assert len({box["top"] for box, _ in places}) == 1
    assert all(left["right"] < right["left"] for (left, _), (right, _) in pairwise(places))
    shown.screenshot("compare-images")
    page.get_by_label("file", exact=True).select_option(label="table.csv")
    expect(page.locator(".jt-one-file .jt-data")).to_have_count(3)
    shown.screenshot("compare-files")
    page.get_by_label("file", exact=True).select_option(label="same.txt")
    expect(page.locator(".jt-one-file")).to_have_count(1)
    expect(page.locator(".jt-files-beside")).to_contain_text("the same in all")


def test_a_source_that_was_not_saved_is_read_when_it_is_chosen(show: Show) -> None:
    shown = show(log_seeds(6))
    page = shown.page
    page.get_by_label("source from run").select_option("2")
    page.get_by_label("source to run").select_option("5")
    expect(page.locator(".jt-sources ins")).to_contain_text("seed=5")
    expect(page.locator(".jt-split .jt-ins")).to_contain_text("seed=5")
    expect(page.locator(".jt-split ins b").first).to_be_visible()
    page.get_by_role("button", name="side by side").click()
    expect(page.locator(".jt-split")).to_have_count(0)
    expect(page.locator("pre.jt-diff ins")).to_contain_text("seed=5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_part_of_a_comparison(show: Show, scheme: str) -> None:
    run_ids = log_settings()
    for i, run_id in enumerate(run_ids):
        with tracking.start_run(run_id=run_id) as run:
            run.log_text(f"a,b\n{i},{i}\n", "table.csv")
            run.set_tag("team", f"team-{i % 2}")
    shown = show(run_ids, color_scheme=scheme, viewport={"width": 1130, "height": 900})
    page = shown.page
    for name, drawn in (
        ("scatter", ".jt-dot"),
        ("contour", ".jt-shades"),
        ("importance", ".jt-told"),
        ("files", ".jt-data"),
    ):
        page.get_by_role("tab", name=name).click()
        page.locator(drawn).first.wait_for(state="attached")
        assert accessibility_faults(page, "#panel") == []
        shown.screenshot(f"compare-{name}-{scheme}")
    page.get_by_label("draw runs as groups").select_option(label="mean over seed")
    page.get_by_role("button", name="side by side").click()
    page.locator(".jt-chart").focus()
    page.keyboard.press("End")
    page.locator(".jt-readout div").first.wait_for()
    assert accessibility_faults(page, "#panel") == []
    shown.screenshot(f"compare-seeds-{scheme}")


def test_a_chart_is_as_high_before_it_is_fitted_to_its_width_as_after(show: Show) -> None:
    page = show(log_seeds(), viewport={"width": 700, "height": 700}).page
    before, after = page.evaluate("""async () => {
        window.close();
        window.open_();
        const height = () => document.querySelector('.jt-compare').getBoundingClientRect().height;
        const first = height();
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        return [first, height()];
    }""")
    assert before == after


def test_a_hundred_runs_are_drawn_and_the_rest_of_the_rows_is_read_on_request(show: Show) -> None:
    run_ids = [
        log_cell_run(f"r{i}", {f"p{j}": i * j + 1 for j in range(30)}, {"acc": [0.1, i / 100], "b": 1.0}, cell_id=None)
        for i in range(100)
    ]
    shown = show(run_ids)
    page = shown.page
    expect(page.locator(".jt-run")).to_have_count(100)
    expect(page.locator(".jt-dot")).to_have_count(100)
    page.locator(".jt-curve").first.wait_for()
    panel = page.locator(".jt-compare")
    height = panel.bounding_box()["height"]
    page.get_by_role("button", name="more", exact=False).first.click()
    expect(page.locator("th", has_text="p29")).to_be_attached()
    assert panel.bounding_box()["height"] == height
    shown.screenshot("compare-hundred")


def test_the_letter_of_a_run_that_ended_early_stands_where_its_line_ends(show: Show) -> None:
    page = show([log_cell_run(f"run-{i}", {}, {"acc": [0.1] * 10 * i}) for i in (1, 2, 3, 4)]).page
    expect(page.locator(".jt-curve")).to_have_count(4)
    for curve in page.locator(".jt-curve").all():
        middle = float(curve.locator("text").get_attribute("y") or "nan") - 3.5
        assert middle == pytest.approx(heights(curve.locator("path"))[-1], abs=1)
