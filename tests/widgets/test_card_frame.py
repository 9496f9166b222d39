"""What a card is told of a run and of the last run of the same cell, from a real store."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

import jtrack
from jtrack import queries
from jtrack.entities import Environment, RunStatus
from jtrack.errors import RunNotFoundError
from jtrack.tracking import start_run
from jtrack.tracking.context import process
from jtrack.tracking.run import ActiveRun
from jtrack.widgets.card.frame import Change, card_frame, describe_package_changes
from jtrack.widgets.card.html import standing_text
from jtrack.widgets.error_line import error_line
from jtrack.widgets.run_page.frame import run_frame
from tests.store import processes
from tests.widgets.logged_runs import log_cell_run


def test_a_first_run_has_nothing_to_compare_with() -> None:
    frame = card_frame(log_cell_run("first", {"lr": 0.1}, {"val_accuracy": 0.9}))
    assert (frame.run_name, frame.experiment_name, frame.status) == ("first", "wine", RunStatus.FINISHED)
    assert frame.execution_count == 3
    assert frame.duration_s is not None
    assert frame.previous is None
    assert frame.source is None
    assert [(m.key, m.value, m.previous) for m in frame.metrics] == [("val_accuracy", 0.9, None)]
    assert [(p.key, p.value and p.value.text, p.change) for p in frame.params] == [("lr", "0.1", Change.SAME)]
    assert standing_text(frame.standing) == "first run of this cell"


def test_a_second_run_is_held_against_the_first() -> None:
    first = log_cell_run("first", {"lr": 0.1, "old": 1, "seed": 1}, {"val_accuracy": 0.9, "loss": 0.5})
    second = log_cell_run("second", {"lr": 0.03, "new": "x", "seed": 1}, {"val_accuracy": 0.95, "loss": 0.6})
    frame = card_frame(second)
    assert frame.previous is not None
    assert frame.previous.run_id == first
    assert [(m.key, m.previous, m.is_better) for m in frame.metrics] == [
        ("val_accuracy", 0.9, True),
        ("loss", 0.5, False),
    ]
    assert {p.key: p.change for p in frame.params} == {
        "lr": Change.CHANGED,
        "new": Change.ADDED,
        "old": Change.REMOVED,
        "seed": Change.SAME,
    }
    assert frame.params[-1].key == "seed", "what changed comes first"
    assert frame.source is not None
    assert (frame.source.n_removed, frame.source.n_added) == (1, 1)
    assert standing_text(frame.standing) == "best of 2 in this cell by val_accuracy"


def test_the_rank_follows_the_direction_and_ties_share_it() -> None:
    runs = [log_cell_run(f"run-{loss}", {"lr": 0.1}, {"loss": loss}) for loss in (0.1, 0.3, 0.2, 0.2)]
    assert standing_text(card_frame(runs[3]).standing) == "joint 2nd of 4 in this cell by loss"
    assert standing_text(card_frame(runs[0]).standing) == "best of 4 in this cell by loss"
    assert standing_text(card_frame(runs[1]).standing) == "4th of 4 in this cell by loss"


def test_a_run_without_a_ranked_metric_is_only_counted() -> None:
    log_cell_run("first", {}, {"foo": 1.0})
    assert standing_text(card_frame(log_cell_run("second", {}, {"foo": 2.0})).standing) == "2 runs of this cell"


def test_other_cells_notebooks_and_deleted_runs_are_not_predecessors() -> None:
    log_cell_run("other cell", {}, cell_id="c2")
    log_cell_run("other notebook", {}, notebook_path="work/other.ipynb")
    log_cell_run("no notebook", {}, notebook_path=None)
    log_cell_run("no cell", {}, cell_id=None)
    jtrack.delete_run(log_cell_run("deleted", {}))
    assert card_frame(log_cell_run("this", {})).previous is None


def test_a_renamed_notebook_keeps_its_history_and_a_copy_has_none(own_folder: Path) -> None:
    old, new = own_folder / "old.ipynb", own_folder / "new.ipynb"
    old.write_text("{}")
    first = log_cell_run("first", {}, notebook_path=str(old))
    new.write_text("{}")
    assert card_frame(log_cell_run("of the copy", {}, notebook_path=str(new), cell_id="c1")).previous is None
    jtrack.delete_run(queries.get_run("of the copy").info.run_id)
    old.unlink()
    frame = card_frame(log_cell_run("after", {}, notebook_path=str(new)))
    assert frame.previous is not None
    assert frame.previous.run_id == first
    assert standing_text(frame.standing) == "2 runs of this cell"


def test_cells_of_unknown_notebooks_are_the_same_within_an_experiment() -> None:
    log_cell_run("elsewhere", {}, notebook_path=None, experiment="other")
    assert card_frame(log_cell_run("first", {}, notebook_path=None)).previous is None
    frame = card_frame(log_cell_run("second", {}, notebook_path=None))
    assert frame.previous is not None
    assert frame.previous.run_name == "first"


def test_a_cell_of_a_known_notebook_and_one_of_an_unknown_one_are_not_the_same() -> None:
    Path("work").mkdir()
    Path("work", "wine.ipynb").touch()
    log_cell_run("known", {})
    assert card_frame(log_cell_run("unknown", {}, notebook_path=None)).previous is None
    frame = card_frame(log_cell_run("known again", {}))
    assert frame.previous is not None and frame.previous.run_name == "known"


def test_a_run_without_a_cell_has_a_card_too() -> None:
    frame = card_frame(log_cell_run("block", {"lr": 0.1}, {"acc": 0.5}, cell_id=None))
    assert (frame.execution_count, frame.previous, frame.standing) == (None, None, None)


def test_a_failed_run_shows_the_error_line_of_its_error() -> None:
    error = "Traceback (most recent call last):\n  File x\nValueError: lr is too large\n\n"
    frame = card_frame(log_cell_run("bad", {}, status=RunStatus.FAILED, error=error))
    assert (frame.status, frame.error) == (RunStatus.FAILED, "ValueError: lr is too large")
    assert error_line(None) is None
    assert error_line("\n \n") is None


def test_curves_come_with_metrics_that_have_points() -> None:
    frame = card_frame(log_cell_run("curves", {}, {"loss": [1 / (i + 1) for i in range(5000)], "f1": 0.5}))
    by_key = {metric.key: metric.points for metric in frame.metrics}
    assert by_key["f1"] is None
    points = by_key["loss"]
    assert points is not None
    assert points.n_points == 5000
    assert len(points.value) <= 40
    assert (points.value[0], points.value[-1]) == (1.0, 1 / 5000)


def test_values_that_are_not_finite_are_kept_and_never_ranked() -> None:
    log_cell_run("first", {}, {"loss": 0.5})
    frame = card_frame(log_cell_run("second", {}, {"loss": [0.1, math.nan], "gap": math.inf}))
    values = {metric.key: metric.value for metric in frame.metrics}
    assert math.isnan(values["loss"])
    assert values["gap"] == math.inf
    assert standing_text(frame.standing) == "2 runs of this cell"


def test_a_param_of_a_megabyte_is_compared_whole_and_shown_short() -> None:
    log_cell_run("first", {"text": "x" * 1_000_000 + "a", "same": "y" * 1_000_000})
    frame = card_frame(log_cell_run("second", {"text": "x" * 1_000_000 + "b", "same": "y" * 1_000_000}))
    assert {p.key: p.change for p in frame.params} == {"text": Change.CHANGED, "same": Change.SAME}
    assert all(p.value is not None and len(p.value.exact) <= 200 and len(p.value.text) <= 48 for p in frame.params)


def test_a_change_of_type_is_a_change() -> None:
    log_cell_run("first", {"depth": 4})
    (param,) = card_frame(log_cell_run("second", {"depth": "4"})).params
    assert param.change is Change.CHANGED
    assert param.previous is not None
    assert param.value is not None
    assert (param.previous.text, param.value.text) == ("4", "'4'")


def test_changed_packages_and_commits_are_warnings() -> None:
    for name, version, commit in (("first", "1.7.0", "a" * 40), ("second", "1.7.2", "b" * 40)):
        run_id = log_cell_run(name, {})
        with start_run(run_id) as run:
            run.record_environment(Environment(version * 8, "3.11", "linux", {"scikit-learn": version, "numpy": "2.0"}))
            run.set_attributes(git_commit=commit)
    assert card_frame(run_id).warnings == (
        "git commit aaaaaaa → bbbbbbb",
        "packages: scikit-learn 1.7.0 → 1.7.2",
    )


def test_a_commit_that_one_of_two_runs_does_not_know_is_no_change() -> None:
    for commit in (None, "a" * 40, None):
        run_id = log_cell_run("run", {})
        if commit is not None:
            with start_run(run_id) as run:
                run.set_attributes(git_commit=commit)
        assert card_frame(run_id).warnings == ()


def test_packages_that_came_and_went_are_named() -> None:
    assert describe_package_changes({"a": "1"}, {"b": "2"}) == ["packages: a 1 → none, b none → 2"]
    assert describe_package_changes({"a": "1"}, {"a": "1"}) == []
    many = describe_package_changes({f"p{i}": "1" for i in range(9)}, {})
    assert many == ["packages: p0 1 → none, p1 1 → none, p2 1 → none and 6 more"]


def test_an_unknown_run_is_not_found() -> None:
    log_cell_run("there", {})
    with pytest.raises(RunNotFoundError):
        card_frame("nothing")


def test_what_is_in_memory_is_taken_only_for_the_run_that_came_just_before() -> None:
    other, first, second = (log_ended(name, lr) for name, lr in (("other", 0.3), ("first", 0.1), ("second", 0.2)))
    first.cell = replace(first.cell, source="remembered")
    for before, is_remembered in ((None, False), (other, False), (first, True)):
        second.cell_before = before
        frame = card_frame(second.run_id)
        assert frame.previous is not None and frame.previous.run_id == first.run_id
        assert ("remembered" in str(frame.source)) is is_remembered
        assert [(param.key, param.previous and param.previous.text) for param in frame.params] == [("lr", "0.1")]


def test_values_that_differ_far_behind_are_seen_to_differ() -> None:
    path = "/mnt/storage/team/datasets/imagenet/resized/256/{}/train.parquet"
    log_ended(
        "first", 0.1, {"model": "facebook/opt-1.3b", "data": path.format("v1"), "big": 10**30, "rate": 0.123456781}
    )
    second = log_ended(
        "second", 0.2, {"model": "facebook/opt-2.7b", "data": path.format("v2"), "big": 10**30 + 1, "rate": 0.123456782}
    )
    changed = {
        p.key: (p.previous.text, p.value.text) for p in card_frame(second.run_id).params if p.value and p.previous
    }
    assert changed == {
        "big": ("…0000", "…0001"),
        "data": ("…6/v1/trai…", "…6/v2/trai…"),
        "lr": ("0.1", "0.2"),
        "model": ("…pt-1.3b", "…pt-2.7b"),
        "rate": ("0.123456781", "0.123456782"),
    }
    on_page = {p.key: p.value.text for p in run_frame(second.run_id).params if p.value}
    assert (on_page["model"], on_page["data"]) == ("facebook/opt-2.7b", "…ed/256/v2/train.parquet")


def test_a_card_from_memory_is_the_card_from_the_store() -> None:
    nasty = {"big": "y" * 1000, "layers": [1, 2], "rate": math.inf, "none": None, "word": "10", "n": 3}
    first, second = log_ended("first", 0.1, nasty), log_ended("second", 0.2, {**nasty, "layers": [2]})
    second.cell_before = first
    from_memory = card_frame(second.run_id)
    assert first.is_known_whole and second.is_known_whole
    process.last_run = None
    assert card_frame(second.run_id) == from_memory


def test_what_a_child_and_a_script_log_into_the_run_is_on_its_card() -> None:
    printed = processes.run(
        """
        import os, subprocess, sys, warnings
        from jtrack.entities import Cell, CellRole, RunKind
        from jtrack.tracking import start_run
        from jtrack.widgets.card.frame import card_frame
        warnings.simplefilter("ignore")  # Python's, of a fork beside a thread
        run = start_run(kind=RunKind.CELL)
        run.record_cell(Cell("c1", 1, CellRole.TRACKED, "fork()", "0" * 64, None))
        child = os.fork()
        if child == 0:
            run.log_metric("child", 0.5)
            os._exit(0)
        os.waitpid(child, 0)
        script = "import jtrack, sys; jtrack.start_run(sys.argv[1]); jtrack.log_metric('script', 1)"
        subprocess.run([sys.executable, "-c", script, run.run_id], check=True)
        run.log_metric("loss", 0.1)
        run.end()
        print(sorted(metric.key for metric in card_frame(run.run_id).metrics))
        """
    )
    assert printed == "['child', 'loss', 'script']\n"


def test_what_others_logged_meanwhile_counts_though_the_own_journal_is_not_read() -> None:
    first = log_ended("first", 0.1)
    card_frame(first.run_id)
    processes.run(
        """
        from tests.widgets.logged_runs import log_cell_run
        log_cell_run("elsewhere", {"lr": 0.5}, {"loss": 0.1}, source="lr = 0.5")
        """
    )
    second = log_ended("second", 0.2)
    frame = card_frame(second.run_id)
    assert frame.previous is not None and frame.previous.run_name == "elsewhere"
    assert standing_text(frame.standing) == "3rd of 3 in this cell by loss"


def test_an_experiment_that_another_process_renames_has_its_new_name_on_the_next_card() -> None:
    first = log_ended("first", 0.1)
    assert card_frame(first.run_id).experiment_name == card_frame(first.run_id).experiment_name == "wine"
    processes.run("import jtrack, sys; jtrack.rename_experiment(sys.argv[1], 'port')", first.info.experiment_id)
    assert card_frame(first.run_id).experiment_name == "port"


def log_ended(name: str, lr: float, params: dict[str, object] | None = None) -> ActiveRun:
    """Log a run of the cell, and give it as this process remembers it."""
    log_cell_run(name, {"lr": lr, **(params or {})}, {"loss": lr}, source=f"lr = {lr}")
    run = process.last_run
    assert run is not None
    return run
