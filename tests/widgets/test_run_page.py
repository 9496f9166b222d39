"""The page of a run: what its frame holds, how large it is whatever a run has, and that nothing in a run is markup."""

from __future__ import annotations

import hashlib
import json
import math

import pytest

from jtrack import tracking
from jtrack.entities import Environment, RunKind, RunStatus
from jtrack.errors import ArtifactNotFoundError, InvalidInputError, RunNotFoundError
from jtrack.widgets.card.frame import Change
from jtrack.widgets.frames import frame_json
from jtrack.widgets.run_page.events import describe_event, read_events
from jtrack.widgets.run_page.frame import MAX_BYTES, run_frame
from jtrack.widgets.run_page.html import MAX_BYTES as MAX_HTML_BYTES
from jtrack.widgets.run_page.html import run_html
from jtrack.widgets.run_page.model import RunModel
from jtrack.widgets.run_page.panel import show
from jtrack.widgets.run_page.text import run_text
from tests.widgets.logged_runs import log_cell_run
from tests.widgets.samples import kept_bytes
from tests.widgets.test_card import NASTY

pytestmark = pytest.mark.usefixtures("store_path")


def record_packages(run: tracking.ActiveRun, **packages: str) -> None:
    digest = hashlib.sha256(repr(packages).encode()).hexdigest()
    run.record_environment(Environment(digest, "3.12.8", "Linux-6.1", packages))


def test_a_run_is_held_against_the_run_of_the_same_cell_before_it() -> None:
    first = log_cell_run("first", {"lr": 0.1, "depth": 4}, {"val_loss": [0.9, 0.4]})
    second = log_cell_run("second", {"lr": 0.03, "depth": 4}, {"val_loss": [0.9, 0.2, 0.3]})
    third = log_cell_run("third", {"lr": 0.03}, {"val_loss": 0.1})
    frame = run_frame(second)
    assert frame.previous is not None and frame.previous.run_id == first
    assert frame.next is not None and frame.next.run_id == third
    (metric,) = frame.metrics
    assert (metric.value, metric.previous, metric.best, metric.min_value, metric.max_value) == (0.3, 0.4, 0.2, 0.2, 0.9)
    assert metric.is_better is True and metric.n_points == 3
    assert [(p.key, p.change) for p in frame.params] == [("lr", Change.CHANGED), ("depth", Change.SAME)]
    assert run_frame(third).n_params == 1, "a param that is gone is shown, but is none of the run's"


def test_the_best_of_a_curve_that_touched_infinity_is_its_best_finite_value() -> None:
    run_id = log_cell_run("a", {}, {"acc": [0.5, math.inf, 0.7, 0.6], "loss": [0.4, math.inf], "score": [math.inf] * 2})
    best = {metric.key: (metric.best, metric.max_value) for metric in run_frame(run_id).metrics}
    assert best == {"acc": (0.7, math.inf), "loss": (0.4, math.inf), "score": (None, math.inf)}


def test_what_the_machine_did_stands_apart_and_has_no_better_end() -> None:
    run_id = log_cell_run("a", {}, {"acc": 1.0, "system/system_memory_usage_percentage": [40.0, 50.0]})
    frame = run_frame(run_id)
    assert [m.key for m in frame.metrics] == ["acc"]
    assert [(m.key, m.direction) for m in frame.system] == [("system/system_memory_usage_percentage", None)]


def test_changed_packages_are_named_with_both_versions() -> None:
    for name, version in (("first", "2.3.0"), ("second", "2.3.1")):
        run_id = log_cell_run(name, {})
        with tracking.start_run(run_id=run_id) as run:
            record_packages(run, numpy=version, pandas="2.2")
    frame = run_frame(run_id)
    assert frame.environment is not None
    assert [(c.name, c.old, c.new) for c in frame.environment.changes] == [("numpy", "2.3.0", "2.3.1")]
    assert "numpy 2.3.0 → 2.3.1" in run_text(frame)
    assert RunModel(run_id).methods["packages"](run_id=run_id).packages == (("numpy", "2.3.1"), ("pandas", "2.2"))


def test_children_come_in_order_and_by_the_page() -> None:
    with tracking.start_run(run_name="sweep", kind=RunKind.SWEEP) as parent:
        for i in range(12):
            with tracking.start_run(run_name=f"trial-{i}", nested=True, kind=RunKind.TRIAL) as trial:
                trial.log_metric("val_loss", i / 10)
                trial.log_metric("other", 1)
    frame = run_frame(parent.run_id)
    assert (frame.n_children, frame.children_metric) == (12, "val_loss")
    assert [run.value for run in frame.children[:3]] == [0.0, 0.1, 0.2]
    rest = RunModel(parent.run_id).methods["children"](run_id=parent.run_id, offset=8, limit=50)
    assert [run.run_name for run in rest.runs] == ["trial-8", "trial-9", "trial-10", "trial-11"]
    child = run_frame(rest.runs[0].run_id)
    assert child.parent is not None and child.parent.run_name == "sweep"


def test_a_failed_run_shows_the_end_of_its_traceback_and_gives_all_of_it() -> None:
    error = "\n".join(f"  line {i}" for i in range(2000)) + "\nZeroDivisionError: division by zero\n"
    run_id = log_cell_run("bad", {}, status=RunStatus.FAILED, error=error)
    frame = run_frame(run_id)
    assert frame.error is not None and frame.error.endswith("division by zero\n") and len(frame.error) <= 4000
    assert RunModel(run_id).methods["error"](run_id=run_id) == error
    assert "ZeroDivisionError: division by zero" in run_html(frame)
    assert "ZeroDivisionError: division by zero" in run_text(frame)


def test_a_run_without_anything_is_a_page_too() -> None:
    with tracking.start_run(run_name="empty") as run:
        pass
    frame = run_frame(run.run_id)
    assert (frame.n_metrics, frame.n_params, frame.n_cells, frame.previous) == (0, 0, 0, None)
    assert "empty" in run_html(frame) and "empty" in run_text(frame)
    with pytest.raises(InvalidInputError, match="first run"):
        RunModel(run.run_id).methods["difference"](run_id=run.run_id)


def test_whatever_a_run_has_the_page_fits_into_a_notebook() -> None:
    long = "ä" * 240
    run_id = log_cell_run("huge", {f"{long}{i}": "ö" * 5000 for i in range(300)}, source="x = 'ü'\n" * 20_000)
    with tracking.start_run(run_id=run_id) as run:
        run.set_attributes(description="é" * 50_000)
        run.log_metrics({f"{long[:200]}{i}": i + 0.1 for i in range(500)})
        run.set_tags({f"{i}{long[:200]}": "ß" * 4000 for i in range(100)})
        run.log_text("x", f"{long[:60]}/{long[:60]}.txt")
        for _ in range(50):
            run.note("ñ" * 3000)
        record_packages(run, **{f"package_{i}": "1.0" for i in range(800)})
    frame = run_frame(run_id)
    assert len(json.dumps(frame_json(frame))) <= MAX_BYTES
    assert (frame.n_metrics, frame.n_params, frame.n_notes) == (500, 300, 50)
    html, text = run_html(frame), run_text(frame)
    assert len(html.encode()) <= MAX_HTML_BYTES and len(text) <= 20_000
    assert kept_bytes(show(run_id)) <= 100_000
    assert len(RunModel(run_id).methods["metrics"](run_id=run_id)) == 500


def test_the_widget_of_a_page_fits_into_a_notebooks_state() -> None:
    run_id = log_cell_run("a", {f"p{i}": i / 7 for i in range(400)}, {f"m{i}": [1.0, 2.0] for i in range(100)})
    panel = show(run_id)
    assert len(json.dumps(panel.get_state()["_frame_json"])) <= MAX_BYTES
    assert kept_bytes(panel) <= 100_000


def test_nothing_in_a_run_becomes_markup() -> None:
    nasty = NASTY.encode("utf-8", "replace").decode()
    run_id = log_cell_run(nasty, {nasty: nasty}, {"m": [1.0, float("nan"), 2.0]}, source=nasty)
    with tracking.start_run(run_id=run_id) as run:
        run.set_attributes(description=nasty)
        run.set_tag("tag", nasty)
        run.note(nasty)
        run.set_attributes(git_commit="<script>alert(1)</script>", user_name="<img src=x onerror=alert(1)>")
    html = run_html(run_frame(run_id))
    assert "<script" not in html and "<img src=x" not in html
    assert json.dumps(frame_json(run_frame(run_id)), allow_nan=False)


def test_a_file_is_found_only_if_the_run_logged_it_and_where_it_logged_it(own_folder) -> None:  # type: ignore[no-untyped-def]
    run_id = log_cell_run("a", {})
    with tracking.start_run(run_id=run_id) as run:
        run.log_text("kept", "notes/a.txt")
    (own_folder / "secret.txt").write_text("secret")
    (run.artifact_path / "smuggled.txt").write_text("never logged")
    preview = RunModel(run_id).methods["preview"]
    assert preview(run_id=run_id, path="notes/a.txt").text == "kept"
    with pytest.raises(ArtifactNotFoundError):
        preview(run_id=run_id, path="smuggled.txt")
    with pytest.raises(InvalidInputError):
        preview(run_id=run_id, path="../../../secret.txt")
    with pytest.raises(InvalidInputError):
        preview(run_id=run_id, path="/etc/passwd")
    logged = run.artifact_path / "notes" / "a.txt"
    logged.unlink()
    logged.symlink_to(own_folder / "secret.txt")
    with pytest.raises(ArtifactNotFoundError):
        preview(run_id=run_id, path="notes/a.txt")


def test_a_page_of_a_run_that_is_not_there_says_so() -> None:
    log_cell_run("a", {})
    with pytest.raises(RunNotFoundError):
        run_frame("f" * 32)
    with pytest.raises(RunNotFoundError):
        show("nothing-of-this-name")


@pytest.mark.parametrize(
    ("kind", "detail", "text"),
    [
        ("run_started", {}, "started"),
        ("run_changed", {"status": "FAILED"}, "failed"),
        ("run_changed", {"lifecycle_stage": "deleted"}, "deleted"),
        ("run_changed", {"environment_sha256": "abc"}, ""),
        ("tags_set", {"a": "1", "b": None}, "tags a = 1, b taken off"),
        ("artifact_logged", {"path": "a.png", "n_bytes": 3100, "sha256": "x"}, "file a.png, 3.1 kB"),
        ("knob_turned", {"name": "lr", "value": 0.1}, "lr is 0.1"),
        ("knob_turned", {"name": "clip", "value": {"$float": "-inf"}}, "clip is -inf"),
        ("cell_recorded", {"role": "source", "execution_count": 9}, "came from cell [9]"),
        ("of_a_later_version", {"x": 1}, "of a later version"),
    ],
)
def test_events_read_as_words(kind: str, detail: dict[str, object], text: str) -> None:
    assert describe_event(kind, detail) == text


def test_a_file_that_grows_has_its_size_of_now_and_is_history_once_it_is_whole() -> None:
    with tracking.start_run() as run:
        printed = run.artifact_path / "stdout.txt"
        printed.parent.mkdir(parents=True)
        for text in ("one\n", "one\ntwo\n"):
            printed.write_text(text)
            run.note_artifact("stdout.txt")
            assert [(file.path, file.n_bytes) for file in run_frame(run.run_id).artifacts] == [
                ("stdout.txt", len(text))
            ]
        assert [event.text for event in read_events(run.run_id)] == ["started"]
        run.log_text("one\ntwo\n", "stdout.txt")
        assert [event.text for event in read_events(run.run_id)] == ["file stdout.txt, 8 B", "started"]


def test_a_plotly_figure_comes_back_as_a_figure() -> None:
    import plotly.graph_objects as go

    run_id = log_cell_run("a", {})
    with tracking.start_run(run_id=run_id) as run:
        run.log_figure(go.Figure(go.Scatter(x=[1, 2], y=[3, 4])), "plots/line.json")
        run.log_dict({"a": 1}, "plain.json")
    page = show(run_id)
    assert list(page.figure("plots/line.json").data[0].y) == [3, 4]
    with pytest.raises(InvalidInputError, match="no plotly figure"):
        page.figure("plain.json")
    with pytest.raises(ArtifactNotFoundError):
        page.figure("none.json")
