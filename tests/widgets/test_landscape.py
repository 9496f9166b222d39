"""What a sweep learned: shares, slices and a contour from a model of its trials, drawn without script, and bounded."""

from __future__ import annotations

import base64
import math
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
from hyperopt import hp

import jtrack
from jtrack.direction import Direction
from jtrack.errors import InvalidInputError, RunNotFoundError
from jtrack.sweeps.surrogate import Surrogate
from jtrack.widgets.landscape.frame import Landscape, Learned, landscape_frame
from jtrack.widgets.landscape.html import landscape_html, landscape_text
from jtrack.widgets.landscape.image import value_range
from jtrack.widgets.landscape.panel import LandscapePanel
from jtrack.widgets.landscape.surface import level_path
from jtrack.widgets.parallel.axes import AxisKind

SVG = "{http://www.w3.org/2000/svg}"


def bowl(n: int = 200, **more: list[Any]) -> dict[str, list[Any]]:
    draw = np.random.default_rng(0)
    params: dict[str, list[Any]] = {"lr": list(10 ** draw.uniform(-4, 0, n)), "momentum": list(draw.uniform(0, 1, n))}
    return params | {"kind": [["a", "b"][i] for i in draw.integers(2, size=n)]} | more


def height(lr: float, momentum: float, kind: str) -> float:
    return (math.log10(lr) + 2) ** 2 + 2 * (momentum - 0.7) ** 2 + (kind == "b") * 0.3


def learned(params: dict[str, list[Any]], direction: Direction = Direction.LOWER) -> Learned:
    rows = zip(params["lr"], params["momentum"], params["kind"], strict=True)
    model = Surrogate(params, [height(*row) for row in rows])
    return Learned("sweep bowl", len(params["lr"]), "loss", direction, model)


def images_in(html: str) -> list[ET.Element]:
    found = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", html)
    return [ET.fromstring(base64.b64decode(each)) for each in found]


def texts_in(image: ET.Element) -> list[str]:
    return [text.text or "" for text in image.iter(f"{SVG}text")]


def test_slices_and_the_contour_find_the_bottom_of_a_bowl() -> None:
    land = landscape_frame(learned(bowl()))
    assert list(land.shares) == ["lr", "momentum", "kind"]
    lr = land.slices[0]
    assert lr.axis.key == "lr" and lr.axis.kind is AxisKind.LOG
    lowest = lr.x[int(np.argmin(lr.predicted))]
    assert 0.003 < lowest < 0.03
    assert lr.predicted[0] > lr.predicted[30] < lr.predicted[-1]
    assert len(lr.tried.x) == 200 and lr.best[1] == land.best_value == min(lr.tried.y)
    contour = land.contour
    assert contour is not None and (contour.x_axis.key, contour.y_axis.key) == ("lr", "momentum")
    surface = np.array(contour.predicted)
    assert surface.shape == (len(contour.y), len(contour.x))
    row, column = np.unravel_index(int(surface.argmin()), surface.shape)
    assert 0.003 < contour.x[column] < 0.03 and 0.45 < contour.y[row] < 0.95


def test_what_is_maximized_has_its_best_on_top() -> None:
    low, high = landscape_frame(learned(bowl())), landscape_frame(learned(bowl(), Direction.HIGHER))
    assert high.best_value == -(low.best_value or 0)
    assert high.slices[0].predicted == tuple(-value for value in low.slices[0].predicted)
    assert value_range(high, [0.0, -1.0, -2.0])[1] == 0.0


def test_a_param_of_a_branch_is_moved_where_the_branch_was_taken() -> None:
    params = bowl()
    params["width"] = [m if kind == "b" else None for m, kind in zip(params["momentum"], params["kind"], strict=True)]
    land = landscape_frame(learned(params), slices=["width"], contour=["width", "lr"])
    (width,) = land.slices
    assert len(width.tried.x) == params["kind"].count("b")
    assert width.axis.n_missing == params["kind"].count("a")
    assert width.best[1] > (land.best_value or 0)  # the best of all took the other branch
    assert land.contour is not None and len(land.contour.tried.x) == params["kind"].count("b")


def test_params_of_branches_apart_have_no_contour() -> None:
    params = bowl()
    for name, kind in (("left", "a"), ("right", "b")):
        params[name] = [m if k == kind else None for m, k in zip(params["momentum"], params["kind"], strict=True)]
    with pytest.raises(InvalidInputError, match="no trial has both left and right"):
        landscape_frame(learned(params), contour=["left", "right"])


def test_uniform_draws_near_zero_are_not_taken_for_a_search_over_decades() -> None:
    draw = np.random.default_rng(1)
    model = Surrogate(
        {"uniform": list(draw.uniform(0, 1, 300)), "log": list(10 ** draw.uniform(-5, 0, 300))}, range(300)
    )
    assert [column.is_log for column in model.columns.values()] == [False, True]
    crowded = [*draw.uniform(0.005, 0.02, 90), 1e-4, *10 ** draw.uniform(-2, 0, 9)]
    assert Surrogate({"crowded": crowded}, range(100)).columns["crowded"].is_log
    told = Surrogate({"narrow": list(draw.uniform(1, 2, 30))}, range(30), logarithmic={"narrow": True})
    assert told.columns["narrow"].is_log


def test_a_level_covers_what_is_above_it() -> None:
    xs, ys = np.linspace(0, 100, 11), np.linspace(100, 0, 11)
    ramp = [[x / 100 for x in xs] for _ in ys]
    assert level_path(xs, ys, ramp, 2.0) == ""
    corners = re.findall(r"[ML](\d+) (\d+)", level_path(xs, ys, ramp, 0.55))
    assert min(int(x) for x, _ in corners) == 55
    assert area(level_path(xs, ys, ramp, 0.55)) == pytest.approx(4500, abs=1)
    hill = [[1 - ((x - 50) ** 2 + (y - 50) ** 2) / 900 for x in xs] for y in ys]
    assert area(level_path(xs, ys, hill, 0.0)) == pytest.approx(math.pi * 900, rel=0.05)


def area(path: str) -> float:
    """The area that a path of rectangles and polygons covers."""
    total = 0.0
    for piece in path.split("z")[:-1]:
        rectangle = re.fullmatch(r"M(\d+) (\d+)H(\d+)V(\d+)H\d+", piece)
        if rectangle:
            x, y, to_x, to_y = map(float, rectangle.groups())
            total += abs(x - to_x) * abs(y - to_y)
            continue
        points = [tuple(map(float, point.split())) for point in piece[1:].split("L")]
        turned = [*points[1:], points[0]]
        total += abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, turned, strict=True))) / 2
    return total


@pytest.mark.slow
def test_the_panel_is_bounded_and_without_script() -> None:
    draw = np.random.default_rng(2)
    more = {f"param {i}": list(draw.uniform(0, 1, 3000)) for i in range(20)}
    land = landscape_frame(learned(bowl(3000, **more)))
    html = str(landscape_html(land))
    assert len(html) < 80_000
    assert "<script" not in html and "onclick" not in html
    images = images_in(html)
    assert len(images) == 7  # the contour, and six slices
    assert {"lr", "momentum", "better", "worse"} <= set(texts_in(images[0]))
    assert "11 more" in html


def test_names_and_categories_are_escaped() -> None:
    params = bowl()
    nasty = "</svg><script>alert(1)</script>\x00\"'&<b>"
    params[nasty] = [nasty if kind == "a" else kind for kind in params["kind"]]
    land = landscape_frame(learned(params), slices=[nasty], contour=[nasty, "lr"])
    html = str(landscape_html(land))
    assert "<script" not in html
    assert any("<script>" in text for image in images_in(html) for text in texts_in(image))


def test_a_diverged_trial_stands_at_the_edge_and_is_told() -> None:
    params = bowl()
    params["lr"][3] = 1e3
    land = landscape_frame(learned(params))
    _, high = value_range(land, land.slices[0].tried.y)
    assert high < max(land.slices[0].tried.y)
    assert "1 off the scale" in str(landscape_html(land))


def test_few_trials_say_so_and_asking_for_more_of_them_is_one_line() -> None:
    land = landscape_frame(learned(bowl(6)))
    assert land.shares == {} and land.contour is None and land.slices == ()
    assert "Too few trials" in str(landscape_html(land)) and "Too few trials" in landscape_text(land)
    assert "<details" not in str(landscape_html(land, is_folded=True))
    with pytest.raises(InvalidInputError, match="6 finished trials are too few"):
        landscape_frame(learned(bowl(6)), slices=["lr"])
    with pytest.raises(InvalidInputError, match="no param 'momentun'") as caught:
        landscape_frame(learned(bowl()), slices=["momentun"])
    assert caught.value.hint == "did you mean 'momentum'?"


def test_folded_one_line_tells_the_most_of_it() -> None:
    land = landscape_frame(learned(bowl()))
    html = str(landscape_html(land, is_folded=True))
    assert re.search(r"<summary[^>]*>what mattered: <span[^>]*>lr \d\d%, momentum ", html)


SPACE = {"x": hp.uniform("x", -5, 5), "y": hp.loguniform("y", -9, 0), "kind": hp.choice("kind", ["a", "b"])}


def objective(point: dict[str, Any]) -> float:
    if point["x"] > 4.5:
        raise ValueError("too far")
    return float(point["x"] ** 2 + math.log(point["y"]) / 9 + (point["kind"] == "a"))


@pytest.mark.usefixtures("store_path")
def test_a_result_shows_itself() -> None:
    result = jtrack.sweep(objective, SPACE, max_evals=60, seed=1, algo="random", run_name="shown")
    assert result.show().frame.n_trials == 60
    assert result.show().frame.n_finished == 60 - result.n_failed < 60
    assert result.show().frame.best_value == result.best_value
    assert [cut.axis.key for cut in result.slices("y").frame.slices] == ["y"]
    assert result.slices("y").frame.slices[0].axis.kind is AxisKind.LOG
    panel = result.contour("kind", "x")
    assert isinstance(panel, LandscapePanel) and panel.frame.contour is not None
    assert (panel.frame.contour.x_axis.categories, panel.frame.contour.y_axis.key) == (("a", "b"), "x")
    assert contour_keys(result.contour("y").frame) == ("y", "x")
    assert contour_keys(result.contour().frame)[0] == "x"
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"].startswith("sweep shown  60 trials · minimize loss")
    assert len(images_in(bundle["text/html"])) == 1
    with pytest.raises(InvalidInputError, match="no param 'z'"):
        result.contour("z")


@pytest.mark.usefixtures("store_path")
def test_an_earlier_sweep_is_read_again() -> None:
    with pytest.raises(RunNotFoundError, match="sweep"):
        jtrack.get_sweep()
    result = jtrack.sweep(objective, SPACE, max_evals=40, seed=1, maximize="score", algo="random")
    for again in (jtrack.get_sweep(), jtrack.get_sweep(result.run_name), jtrack.get_sweep(result.run)):
        assert (again.run_id, again.metric, again.goal) == (result.run_id, "score", "maximize")
        assert (again.n_trials, again.n_failed) == (40, result.n_failed)
        assert (again.best_value, again.best_params) == (result.best_value, result.best_params)
        assert again.importance() == result.importance()
    with pytest.raises(InvalidInputError, match="is a trial, not a sweep"):
        jtrack.get_sweep(result.best_run_id)


def contour_keys(land: Landscape) -> tuple[str, str]:
    assert land.contour is not None
    return land.contour.x_axis.key, land.contour.y_axis.key
