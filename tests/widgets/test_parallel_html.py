"""The still image and the text of the parallel coordinates: bounded, without script, true to nasty content."""

from __future__ import annotations

import json
import math

import pytest

import jtrack
from jtrack.widgets.parallel.axes import Axis, AxisKind, Measure
from jtrack.widgets.parallel.choose import Wishes
from jtrack.widgets.parallel.frame import parallel_frame
from jtrack.widgets.parallel.html import parallel_html, parallel_text
from jtrack.widgets.parallel.panel import parallel
from jtrack.widgets.parallel.scale import ticks
from jtrack.widgets.parallel.select import select
from jtrack.widgets.runs.columns import ColumnKind
from tests.widgets.parallel_runs import SVG, depth_and_rate, image_in, log_sweep, log_trial, log_trials, texts_in

pytestmark = pytest.mark.usefixtures("store_path")

NASTY = "</svg><script>alert(1)</script>\x00\u202e\"'&<b>"


def test_the_image_names_axes_with_correlations_and_draws_the_best_line() -> None:
    sweep = log_sweep(minimize="val_loss", algo="tpe")
    log_trials(sweep, depth_and_rate(30))
    html = str(parallel_html(parallel_frame(select(sweep))))
    texts = texts_in(html)
    assert {"rate", "depth", "booster", "val_loss", "objective ↓", "1e-5", "1e-3", "1e-1", "tree", "linear"} <= {*texts}
    assert any(text.startswith("ρ ") for text in texts) and any(text.startswith("η ") for text in texts)
    best = [path for path in image_in(html).iter(f"{SVG}path") if path.get("class") == "b"]
    assert len(best) == 1 and best[0].get("d", "").count("L") == 3
    assert "tpe · minimize val_loss" in html and "trial-0" in html


def test_the_image_of_thousands_of_lines_stays_small_and_says_that_not_all_are_drawn() -> None:
    sweep = log_sweep(minimize="val_loss")
    log_trials(sweep, [({f"p{k}": i * (k + 3) % 101 for k in range(14)}, {"val_loss": i / 7}) for i in range(1500)])
    panel = parallel(sweep)
    html = str(parallel_html(panel.frame))
    assert "117 of 1,500 lines drawn" in html
    # A notebook that saves the state of its widgets keeps both.
    saved = json.dumps(panel.get_state()) + json.dumps(panel._repr_mimebundle_()[0])
    assert len(saved) < 100_000


def test_what_a_notebook_keeps_is_bounded_for_many_long_categories_too() -> None:
    sweep = log_sweep(minimize="val_loss")
    text = "a text that is rather long {} {}"
    trials = [
        ({f"param_{k:02d}": text.format(k, (i + k) % 29) for k in range(30)}, {"val_loss": i}) for i in range(300)
    ]
    log_trials(sweep, trials)
    panel = parallel(sweep)
    assert len(json.dumps(panel.get_state()) + json.dumps(panel._repr_mimebundle_()[0])) < 100_000


def test_nasty_names_are_names() -> None:
    sweep = log_sweep(name="parent-" + NASTY.replace("\x00", ""))
    for i in range(3):
        log_trial(sweep, NASTY.replace("\x00", ""), {NASTY: f"{NASTY}{i}", "x": i}, {"loss" + NASTY[:20]: float(i)})
    panel = parallel(sweep)
    html = str(parallel_html(panel.frame))
    assert "<script" not in html and "<b>" not in html
    assert any("script" in text for text in texts_in(html))
    assert "loss</svg>" in parallel_text(panel.frame)


def test_text_lists_axes_and_the_best_run() -> None:
    sweep = log_sweep(minimize="val_loss")
    log_trials(sweep, depth_and_rate(30))
    lines = parallel_text(parallel_frame(select(sweep))).splitlines()
    assert lines[0] == "sweep lofty-lynx  30 trials  minimize val_loss"
    assert lines[1].split() == ["axis", "values", "best", "trial-0"]
    rate = next(line for line in lines if line.split()[0] == "rate")
    assert "1.000e-5 to 0.1000 (log)" in rate and rate.endswith("1.000e-5")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_runs_show(n: int) -> None:
    sweep = log_sweep()
    log_trials(sweep, list(depth_and_rate(3))[:n])
    frame = parallel_frame(select(sweep))
    html = str(parallel_html(frame))
    assert ("data:image" in html) is (n > 0)
    assert ("no child runs" in html) is (n == 0)
    assert f"{n} trial" in parallel_text(frame)


def test_a_constant_axis_and_one_that_is_missing_in_all_have_a_place() -> None:
    sweep = log_sweep()
    log_trials(sweep, [({"same": 3, "x": i}, {"loss": 0.5, "gone": math.nan}) for i in range(3)])
    frame = parallel_frame(select(sweep))
    html = str(parallel_html(parallel_frame(select(sweep))))
    assert "0.5000" in texts_in(html)
    assert "gone" in [axis.key for axis in frame.axes]
    wished = parallel_frame(select(sweep), Wishes(dims=("same", "gone", "loss")))
    assert {"same", "gone", "3", "missing"} <= {*texts_in(str(parallel_html(wished)))}
    assert "–" in parallel_text(wished)


def test_the_bundle_has_a_view_html_and_text() -> None:
    sweep = log_sweep()
    log_trials(sweep, depth_and_rate(5))
    panel = jtrack.parallel(sweep)
    data, _ = panel._repr_mimebundle_()
    assert {"text/html", "text/plain"} <= data.keys()
    assert data["text/plain"] == repr(panel)
    assert panel.frame.n_runs == 5 and panel.brushed is None


def test_a_sweep_may_tell_of_its_trials_by_itself() -> None:
    sweep = log_sweep()
    log_trials(sweep, depth_and_rate(2))
    panel = parallel(sweep)
    log_trial(sweep, "late", {"depth": 1, "rate": 1.0, "booster": "tree"}, {"val_loss": 0.0})
    panel.refresh()
    assert panel._frame_json["n_runs"] == 3 and panel.frame.n_runs == 3
    assert panel._frame_json["lines"]["run_names"][-1] == "late"


def axis(
    kind: AxisKind, low: float | None, high: float | None, categories: tuple[str, ...] = (), whole: bool = False
) -> Axis:
    return Axis("params.x", ColumnKind.PARAM, "x", kind, low, high, categories, whole, None, None, Measure.RHO, 0, True)


@pytest.mark.parametrize(
    ("made", "labels"),
    [
        (axis(AxisKind.NUMERIC, 2.0, 8.0, whole=True), ["2", "5", "8"]),
        (axis(AxisKind.NUMERIC, 1.0, 12.0, whole=True), ["1", "7", "12"]),
        (axis(AxisKind.NUMERIC, 0.0, 1.0, whole=True), ["0", "1"]),
        (axis(AxisKind.NUMERIC, 0.31, 0.93), ["0.31", "0.62", "0.93"]),
        (axis(AxisKind.NUMERIC, -3.5, 3.8), ["−3.5", "0.1", "3.8"]),
        (axis(AxisKind.NUMERIC, 2e-5, 2.4e-4), ["2.0e-5", "1.3e-4", "2.4e-4"]),
        (axis(AxisKind.LOG, 1e-5, 1e-1), ["1e-5", "1e-3", "1e-1"]),
        (axis(AxisKind.LOG, 0.002, 0.9), ["0.002000", "0.04243", "0.9000"]),
        (axis(AxisKind.NUMERIC, 4.0, 4.0), ["4"]),
        (axis(AxisKind.NUMERIC, None, None), []),
        (axis(AxisKind.NUMERIC, -1.7e308, 1.7e308), ["−1.7e308", "0", "1.7e308"]),
        (axis(AxisKind.NUMERIC, 0.99991, 0.99997), ["0.99991", "0.99994", "0.99997"]),
        (axis(AxisKind.CATEGORICAL, None, None, ("a", "b")), ["a", "b"]),
    ],
)
def test_ticks(made: Axis, labels: list[str]) -> None:
    assert [label for _, label in ticks(made)] == labels
    assert all(0 <= place <= 1 for place, _ in ticks(made))


def test_many_categories_show_as_many_labels_as_have_room() -> None:
    labels = ticks(axis(AxisKind.CATEGORICAL, None, None, tuple(f"c{i}" for i in range(40))))
    assert len(labels) == 14 and labels[0][1] == "c0"


def test_axes_whose_names_begin_alike_are_told_apart() -> None:
    keys = [f"optimizer.of_the_inner_loop.{name}" for name in ("rate", "beta")]
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({keys[0]: i, keys[1]: -i * i}, {"loss": 1.0 + i}) for i in range(5)])
    said = texts_in(str(parallel_html(parallel_frame(select(sweep)))))
    assert {"…r_loop.rate", "…r_loop.beta"} <= set(said)
