"""A comparison beyond its table: tags and packages, what tells of a metric, curves over time, figures, sizes."""

from __future__ import annotations

import hashlib
import json
import random
import re
from itertools import pairwise

import pytest

from jtrack import tracking
from jtrack.entities import Environment
from jtrack.errors import InvalidInputError, RunNotFoundError
from jtrack.store import addresses
from jtrack.widgets.compare.columns import Importance, find_axis
from jtrack.widgets.compare.frame import MAX_BYTES as MAX_FRAME_BYTES
from jtrack.widgets.compare.frame import letter_of
from jtrack.widgets.compare.html import MAX_BYTES, compare_html
from jtrack.widgets.compare.model import CompareModel
from jtrack.widgets.compare.panel import compare
from jtrack.widgets.compare.stills import measure_text
from jtrack.widgets.compare.text import compare_text
from jtrack.widgets.format import MINUS
from jtrack.widgets.frames import frame_json
from jtrack.widgets.parallel.axes import Measure
from jtrack.widgets.parallel.model import ParallelModel
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.samples import kept_bytes

pytestmark = pytest.mark.usefixtures("store_path")


def test_curves_that_hardly_change_are_not_rounded_flat() -> None:
    run_ids = [
        log_cell_run("falls", {}, {"loss": [1.000009 - step / 1e6 for step in range(8)]}),
        log_cell_run("stays", {}, {"loss": [1.000004] * 8}),
    ]
    (curve,) = CompareModel(run_ids).frame.curves
    falls, stays = (points.value for points in curve.series if points is not None)
    assert falls == pytest.approx([1.000009 - step / 1e6 for step in range(8)], abs=1e-10)
    assert stays == pytest.approx([1.000004] * 8, abs=1e-10)


def log_sweep(n: int, extra: int = 0) -> list[str]:
    rng = random.Random(7)
    run_ids = []
    for i in range(n):
        kind = ("tree", "linear", "dart")[i % 3]
        params = {
            "depth": i,
            "kind": kind,
            "noise": rng.random(),
            "same": 1,
            **{f"p{j}": rng.random() for j in range(extra)},
        }
        score = 0.5 + i / 100 + (0.3 if kind == "tree" else 0)
        metrics = {"val_accuracy": [score - 0.1, score], **{f"m{j}": rng.random() for j in range(extra)}}
        source = f"x = {i}\n" * (20 if extra else 1)
        run_ids.append(log_cell_run(f"run-{i}", params, metrics, source=source))
    return run_ids


def test_tags_packages_git_and_data_stand_in_the_overview_where_they_differ() -> None:
    run_ids = log_sweep(2)
    for i, run_id in enumerate(run_ids):
        with tracking.start_run(run_id=run_id) as run:
            run.set_tags({"team": "a", "stage": f"s{i}"})
            run.set_attributes(git_commit="abc" * 10, git_dirty=bool(i))
            packages = {"numpy": f"2.{i}", "pandas": "2.2"}
            digest = hashlib.sha256(repr(packages).encode()).hexdigest()
            run.record_environment(Environment(digest, "3.12", "Linux", packages))
    frame = CompareModel(run_ids).whole
    assert [(row.key, row.texts) for row in frame.tags] == [("stage", ("s0", "s1"))]
    assert [(row.key, row.texts) for row in frame.packages] == [("numpy", ("2.0", "2.1"))]
    details = {row.key: row.texts for row in frame.details}
    assert details["git changes"] == ("none", "uncommitted") and "git commit" not in details
    for shown in (compare_html(frame), compare_text(frame)):
        assert "stage" in shown and "numpy" in shown and "pandas" not in shown


def test_what_tells_of_a_metric_comes_first() -> None:
    model = CompareModel(log_sweep(24))
    found = model.importance("metrics.val_accuracy")
    assert [each.key for each in found[:2]] in (["kind", "depth"], ["depth", "kind"])
    by_key = {each.key: each for each in found}
    assert by_key["kind"].measure == "eta" and by_key["depth"].measure == "rho" and by_key["depth"].value > 0
    assert "same" not in by_key and by_key["noise"].value < by_key["depth"].value


def test_what_is_too_little_for_a_number_has_no_sign() -> None:
    told = [Importance("lr", Measure.RHO, value, 9) for value in (-0.82, -0.004, 0.0, 0.004, 0.82)]
    assert [measure_text(each) for each in told] == [f"ρ {MINUS}0.82", "ρ 0.00", "ρ 0.00", "ρ 0.00", "ρ +0.82"]


def test_the_still_forms_tell_how_the_sources_differ_and_what_they_leave_out() -> None:
    run_ids = log_sweep(30)
    with tracking.start_run(run_id=run_ids[0]) as run:
        run.set_tag("seen", "yes")
    model = CompareModel([*run_ids, log_cell_run("again", {"depth": 31}, {"val_accuracy": 0.4}, source="x = 0\n")])
    html, text = compare_html(model.whole), compare_text(model.whole)
    for shown in (html, text):
        assert "30 different in 31 runs, the same in A, AE" in shown
        assert f"{MINUS}1 +1 lines" in shown and f"{MINUS}1 +1 and " in shown
    assert "A → B" in text and "the table leaves out 7 runs" in text
    assert all(len(line) <= 120 for line in text.splitlines()), "a terminal's width"
    first = text.index("run-0"), html.index("run-0")
    assert first < (text.index("run-1"), html.index("run-1")), "both in the order of the runs"
    named = re.findall(r"● (\S+)", text)
    assert named == [run.run_name for run in model.frame.runs]
    alike = CompareModel([log_cell_run(f"s{i}", {"depth": i}, source="y = 1\n") for i in range(3)])
    assert "the same in all runs" in compare_html(alike.whole) and "the same in all runs" in compare_text(alike.whole)


def test_long_values_are_cut_where_they_are_alike() -> None:
    paths = [f"/data/a/rather/long/path/to/all/the/files/of/2024/part-{i}.parquet" for i in range(3)]
    model = CompareModel([log_cell_run(f"r{i}", {"path": path, "short": i}) for i, path in enumerate(paths)])
    for shown in (compare_html(model.whole), compare_text(model.whole)):
        assert all(f"part-{i}" in shown for i in range(3)) and paths[0] not in shown
    (path,) = [param.texts for param in model.frame.params if param.key == "path"]
    assert all(text is not None and len(text) <= 36 for text in path)


def test_a_filter_gives_the_oldest_first_in_all_forms() -> None:
    log_sweep(4)
    model = CompareModel("metrics.val_accuracy > 0")
    assert [run.run_name for run in model.frame.runs] == ["run-0", "run-1", "run-2", "run-3"]
    assert re.findall(r"run-\d", compare_text(model.whole))[:4] == ["run-0", "run-1", "run-2", "run-3"]


def test_what_differs_comes_first_among_the_axes_of_a_figure() -> None:
    run_ids = [log_cell_run(f"r{i}", {"depth": i}, {"val_accuracy": 0.5, "val_loss": 1.0 / (i + 1)}) for i in range(4)]
    assert CompareModel(run_ids).frame.axes == ("params.depth", "metrics.val_loss", "metrics.val_accuracy")


def test_a_contour_passes_through_the_runs_and_is_cut_into_shades() -> None:
    model = CompareModel(log_sweep(12))
    shades = model.contour("params.depth", "params.noise", "metrics.val_accuracy")
    assert shades.direction == "higher" and shades.worst < shades.best and len(shades.paths) == 9
    assert all(set(re.findall(r"[a-zA-Z]", path)) <= set("MHVLz") for path in shades.paths)
    numbers = [float(n) for path in shades.paths for n in re.findall(r"-?[\d.]+", path)]
    assert min(numbers) >= 0 and max(numbers) <= 1000
    with pytest.raises(InvalidInputError, match="texts"):
        model.contour("params.kind", "params.depth", "metrics.val_accuracy")


def test_a_bare_key_is_an_axis_where_it_fits_one() -> None:
    axes = ("params.lr", "metrics.acc", "params.acc")
    assert find_axis("lr", axes) == "params.lr"
    assert find_axis("metrics.acc", axes) == "metrics.acc"
    with pytest.raises(InvalidInputError, match="a param and a metric"):
        find_axis("acc", axes)
    with pytest.raises(InvalidInputError, match="no param"):
        find_axis("loss", axes)


def test_figures_are_plotly_with_nothing_but_data() -> None:
    comparison = compare(log_sweep(12))
    scatter = comparison.scatter("depth", "val_accuracy", color="kind")
    assert sorted(trace.name for trace in scatter.data) == ["dart", "linear", "tree"]
    assert sum(len(trace.x) for trace in scatter.data) == 12
    assert scatter.layout.xaxis.title.text == "depth"
    scale = comparison.scatter("kind", "depth", color="val_accuracy")
    assert scale.data[0].marker.showscale and scale.layout.xaxis.type == "category"
    contour = comparison.contour("depth", "noise")
    surface = [z for row in contour.data[0].z for z in row]
    points = [0.5 + i / 100 + (0.3 if i % 3 == 0 else 0) for i in range(12)]
    assert min(points) - 1e-6 <= min(surface) and max(surface) <= max(points) + 1e-6
    bars = comparison.importance()
    assert bars.data[0].y[-1] in ("depth", "kind") and max(bars.data[0].x) <= 1
    for figure, said in ((scatter, "val_accuracy"), (scale, "depth"), (contour, "noise"), (bars, "kind")):
        bundle = figure._repr_mimebundle_()
        assert set(bundle) == {"application/vnd.plotly.v1+json", "text/html", "text/plain"}
        assert len(json.dumps(bundle)) <= 90_000 and "<script" not in bundle["text/html"]
        assert said in bundle["text/html"] and said in bundle["text/plain"]
    with pytest.raises(InvalidInputError, match="texts"):
        comparison.contour("kind", "depth")
    with pytest.raises(InvalidInputError, match="no param"):
        comparison.scatter("nothing", "depth")


def test_curves_run_over_the_time_since_the_start_or_the_clock() -> None:
    start = 1_700_000_000_000
    with tracking.start_run(run_name="a") as run:
        for step, second in enumerate((10, 20, 40)):
            run.log_metric("loss", 1 / (step + 1), step=step, timestamp=start + 1000 * second)
    other = log_cell_run("b", {}, {"acc": [1.0, 2.0]})
    model = CompareModel([run.run_id, other])
    wall = model.curve("loss", x="wall").series
    assert wall[0].step == (start / 1000 + 10, start / 1000 + 20, start / 1000 + 40) and wall[1] is None
    relative = model.curve("loss", x="relative").series[0].step
    assert [b - a for a, b in pairwise(relative)] == pytest.approx([10, 20], abs=0.002)
    assert model.curve("loss").series[0].step == (0, 1, 2)
    with pytest.raises(ValueError):
        model.curve("loss", x="sideways")


def test_files_of_one_path_stand_side_by_side() -> None:
    run_ids = log_sweep(3)
    for i, run_id in enumerate(run_ids):
        with tracking.start_run(run_id=run_id) as run:
            run.log_text("the same", "same.txt")
            run.log_text("other", f"only-{i}.txt")
            if i:
                run.log_text(f"a,b\n{i},2\n", "table.csv")
    model = CompareModel(run_ids)
    assert [(f.path, f.runs, f.is_same) for f in model.files()] == [
        ("table.csv", (1, 2), False),
        ("same.txt", (0, 1, 2), True),
    ]
    assert model.frame.n_files == 2
    assert model.preview(2, "table.csv").table.rows == (("2", "2"),)
    with pytest.raises(InvalidInputError, match="3 runs"):
        model.preview(3, "same.txt")


def test_of_a_great_choice_only_the_runs_that_are_compared_are_asked_for() -> None:
    run_ids = log_sweep(102)
    model = CompareModel(run_ids[:3])
    # None of those behind the hundredth is in the store: to ask for one of them would be an error.
    frame = model.select([*run_ids[:100], *(f"{i:032x}" for i in range(99_900))])
    assert [run.run_id for run in frame.runs] == run_ids[:100] and frame.n_found == 100_000
    assert [run.run_id for run in model.select(run_ids[:1]).runs] == run_ids[:3] and model.frame.n_found == 3
    with pytest.raises(RunNotFoundError):
        model.select([run_ids[0], "f" * 32])
    assert model.frame.n_found == 3


def test_full_ids_are_found_with_one_question_and_other_addresses_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    run_ids = log_sweep(20)
    asked: list[object] = []
    one_by_one = addresses.run_id_of
    monkeypatch.setattr(
        addresses, "run_id_of", lambda *args, **named: asked.append(args[1]) or one_by_one(*args, **named)
    )
    model = CompareModel(["run-3", *run_ids, run_ids[0]])
    assert [run.run_id for run in model.frame.runs] == [run_ids[3], *run_ids[:3], *run_ids[4:]]
    assert len(ParallelModel(run_ids).whole.lines.run_ids) == 20
    assert asked == ["run-3"]


def test_a_look_at_what_is_the_same_gives_the_same_frame() -> None:
    model = CompareModel(log_sweep(40, extra=60))
    assert len(model.frame.metrics) < len(model.whole.metrics), "so large that some is left out"
    for _ in ("as it was opened", "as it was chosen"):
        before = model.frame
        model.refresh()
        assert model.frame == before
        model.select([run.run_id for run in before.runs[:39]])


@pytest.mark.slow
def test_a_hundred_runs_fit_into_a_notebook() -> None:
    model = CompareModel(log_sweep(100, extra=60))
    frame = model.frame
    assert len(frame.runs) == 100 and frame.runs[99].letter == "CV"
    html = compare_html(model.whole)
    assert len(html.encode()) <= MAX_BYTES and "<img" in html, "with curves"
    assert len(json.dumps(frame_json(frame))) <= MAX_FRAME_BYTES
    assert frame.metrics and frame.params and frame.curve_keys
    assert kept_bytes(compare([run.run_id for run in frame.runs])) <= 100_000
    assert len(model.rows("metrics")) == frame.n_metrics == 61
    assert len(model.rows("params")) == frame.n_params == 63
    difference = model.difference(0, 99).difference
    assert difference.rows and not difference.n_hidden


def test_thousands_of_curves_and_long_names_fit_into_a_notebook() -> None:
    metrics = {f"val/per_class/precision_at_10/class_{k}": [0.1, 0.2 * k, 0.3] for k in range(2_500)}
    run_ids = [log_cell_run(f"run-{i} " + "of a long name " * 40, {"lr": i}, metrics) for i in range(3)]
    model = CompareModel(run_ids)
    frame = model.frame
    assert len(json.dumps(frame_json(frame))) <= MAX_FRAME_BYTES
    assert kept_bytes(compare(run_ids)) <= 100_000
    assert len(frame.curves) == 6 and len(frame.metrics) >= 20, (
        "names that can be asked for take no room from what is seen"
    )
    assert 100 < len(frame.curve_keys) < frame.n_curve_keys == 2_500
    assert model.whole.runs[0].run_name.startswith(
        "run-0 of a long name of a long name of a long name of a long name of"
    )


def test_runs_have_letters_like_the_columns_of_a_sheet() -> None:
    assert [letter_of(i) for i in (0, 25, 26, 99)] == ["A", "Z", "AA", "CV"]
