"""Frames of the parallel coordinates by value: axes, their order, best run, what is missing, what is sent."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import jtrack
from jtrack import queries, tracking
from jtrack.direction import Direction
from jtrack.entities import RunKind, RunStatus
from jtrack.errors import InvalidFilterError, InvalidInputError, RunNotFoundError
from jtrack.widgets.frames import frame_json
from jtrack.widgets.parallel.axes import (
    MISSING_CODE,
    AxisKind,
    Measure,
    correlation_ratio,
    dtype_for,
    pack_column,
    rank_correlation,
)
from jtrack.widgets.parallel.choose import Wishes
from jtrack.widgets.parallel.frame import ParallelFrame, bounded, lines_from, parallel_frame
from jtrack.widgets.parallel.model import ParallelModel
from jtrack.widgets.parallel.select import select, stated_objective
from jtrack.widgets.runs.model import RunsModel
from jtrack.widgets.runs.rows import RunRow
from tests.widgets.parallel_runs import depth_and_rate, log_sweep, log_trial, log_trials

pytestmark = pytest.mark.usefixtures("store_path")


def frame_of(parent: object, **wishes: object) -> ParallelFrame:
    return parallel_frame(select(parent), Wishes(**wishes))  # type: ignore[arg-type]


def shown(frame: ParallelFrame) -> list[str]:
    return [axis.key for axis in frame.axes if axis.is_shown]


def test_a_trial_that_was_cut_off_and_run_again_counts_once() -> None:
    sweep = log_sweep(minimize="val_loss", max_evals=30)
    trials = list(depth_and_rate(30))
    log_trials(sweep, trials[:20])
    cut_off = log_trial(sweep, "trial-20", trials[20][0], status=RunStatus.KILLED)
    model = ParallelModel(sweep)
    assert model.whole.n_runs == 21, "until it is run again, it is the one"
    again = [log_trial(sweep, f"trial-{i}", *trials[i]) for i in range(20, 30)]
    model.refresh()
    assert model.whole.n_runs == 30
    (row,) = RunsModel("attributes.kind = 'sweep'").frame.rows
    assert isinstance(row, RunRow) and row.n_children == 30
    assert cut_off not in model.whole.lines.run_ids and set(again) <= set(model.whole.lines.run_ids)
    failed = log_trial(sweep, "trial-3", {}, status=RunStatus.FAILED)
    assert failed in frame_of(sweep).lines.run_ids, "who failed has failed, whatever others are called"


def test_axes_stand_by_importance_with_the_objective_last() -> None:
    sweep = log_sweep(minimize="val_loss", algo="tpe")
    log_trials(sweep, depth_and_rate(40))
    frame = frame_of(sweep)
    sizes = [abs(axis.correlation or 0) for axis in frame.axes[:3]]
    assert sizes == sorted(sizes, reverse=True)
    assert (shown(frame)[0], shown(frame)[-1]) == ("rate", "val_loss")
    assert (frame.title, frame.noun, frame.n_runs, frame.algorithm) == ("sweep lofty-lynx", "trial", 40, "tpe")
    assert frame.objective == "metrics.val_loss" and frame.direction is Direction.LOWER
    rate = frame.axes[0]
    assert rate.kind is AxisKind.LOG and rate.measure is Measure.RHO
    assert rate.correlation is not None and rate.correlation > 0.95
    assert (rate.low, rate.high) == (pytest.approx(1e-5), pytest.approx(0.1))
    assert frame.best is not None
    assert frame.lines.run_names[frame.best.position] == frame.best.run_name
    assert (frame.best.run_name, frame.best.value) == ("trial-0", 0.202)


def test_a_param_that_is_always_the_same_is_no_axis() -> None:
    sweep = log_sweep()
    log_trials(sweep, depth_and_rate(10))
    assert "seed" not in [axis.key for axis in frame_of(sweep).axes]
    assert shown(frame_of(sweep, dims=("seed", "depth"))) == ["seed", "depth"]


def test_kinds_follow_the_values() -> None:
    sweep = log_sweep()
    for i in range(12):
        params = {
            "amp": i % 2 == 0,
            "scaler": (None, "robust", "standard")[i % 3],
            "text": ("10", "9")[i % 2],
            "layers": i,
            "decay": (0.0, 1e-6, 1e-2)[i % 3],
            "wide": 10.0 ** -(i % 4),
            "two_decades": (0.01, 1.0)[i % 2],
            "mixed": (3, 20, None)[i % 3],
        }
        log_trial(sweep, f"t{i}", params, {"acc": i / 20})
    axes = {axis.key: axis for axis in frame_of(sweep).axes}
    assert axes["amp"].categories == ("False", "True")
    assert axes["scaler"].categories == ("robust", "standard", "None")
    assert axes["mixed"].categories == ("3", "20", "None")
    assert axes["layers"].kind is AxisKind.NUMERIC and axes["layers"].is_whole
    assert axes["text"].kind is AxisKind.NUMERIC
    assert axes["decay"].kind is AxisKind.NUMERIC
    assert axes["wide"].kind is AxisKind.LOG
    assert axes["two_decades"].kind is AxisKind.NUMERIC


def test_what_is_missing_is_counted_and_sent_as_missing() -> None:
    sweep = log_sweep()
    log_trial(sweep, "rbf", {"kernel": "rbf", "c": 1.0}, {"acc": 0.8})
    log_trial(sweep, "poly", {"kernel": "poly", "c": 2.0, "degree": 3}, {"acc": 0.9})
    log_trial(sweep, "bare", {"c": 3.0}, {"acc": math.nan}, RunStatus.FAILED)
    frame = frame_of(sweep)
    axes = {axis.key: axis for axis in frame.axes}
    assert [axes[key].n_missing for key in ("kernel", "c", "degree", "acc")] == [1, 0, 2, 1]
    by_name = dict(zip(frame.lines.run_names, frame.values("kernel"), strict=True))
    assert by_name["bare"] == MISSING_CODE
    assert np.isnan(frame.values("degree")).sum() == 2
    assert frame.best is not None and frame.best.run_name == "poly"


def test_an_infinite_loss_is_neither_an_end_of_the_axis_nor_the_best() -> None:
    sweep = log_sweep(maximize="reward")
    for name, value in (("a", 1.0), ("b", math.inf), ("c", 3.0)):
        log_trial(sweep, name, {"x": ord(name)}, {"reward": value})
    frame = frame_of(sweep)
    assert (frame.axes[-1].low, frame.axes[-1].high) == (1.0, 3.0)
    assert frame.best is not None and frame.best.run_name == "c"


def test_the_sweep_says_what_is_better_even_against_the_name() -> None:
    sweep = log_sweep(maximize="val_loss")
    log_trials(sweep, depth_and_rate(5))
    assert frame_of(sweep).direction is Direction.HIGHER


@pytest.mark.parametrize(
    ("said", "metric", "direction"),
    [
        ({"minimize": "rmse"}, "rmse", Direction.LOWER),
        ({"sweep.maximize": "acc"}, "acc", Direction.HIGHER),
        ({"objective": "x", "direction": "Maximize"}, "x", Direction.HIGHER),
        ({"metric": "x", "mode": "min"}, "x", Direction.LOWER),
        ({"objective": 3}, None, None),
        ({}, None, None),
    ],
)
def test_what_a_sweep_states(said: dict[str, str], metric: str | None, direction: Direction | None) -> None:
    stated = stated_objective(said, {})
    assert (stated.metric, stated.direction) == (metric, direction)
    assert stated_objective({}, {key: str(value) for key, value in said.items()}).direction is direction


def test_a_metric_of_unknown_direction_has_no_best_run() -> None:
    sweep = log_sweep()
    log_trials(sweep, [({"x": i}, {"quux": float(i)}) for i in range(4)])
    frame = frame_of(sweep)
    assert frame.objective == "metrics.quux" and frame.direction is None and frame.best is None


def test_no_runs_one_run_and_runs_without_anything() -> None:
    sweep = log_sweep()
    empty = frame_of(sweep)
    assert (empty.n_runs, empty.axes, empty.best, empty.is_live) == (0, (), None, False)
    assert "lofty-lynx has no child runs" in empty.empty_hint
    log_trial(sweep, "only", {"lr": 0.1, "act": "relu"}, {"loss": 0.5})
    one = frame_of(sweep)
    assert shown(one) == ["act", "lr", "loss"]
    assert all(axis.correlation is None for axis in one.axes)
    bare = log_sweep("bare")
    log_trial(bare, "a", {})
    assert (frame_of(bare).n_runs, frame_of(bare).axes) == (1, ())


def test_without_metrics_there_are_still_lines() -> None:
    sweep = log_sweep()
    log_trials(sweep, [({"x": i, "y": -i}, {}) for i in range(3)])
    frame = frame_of(sweep)
    assert (frame.objective, frame.color, frame.best) == (None, None, None)
    assert shown(frame) == ["x", "y"]


def test_dims_and_color_choose_and_name_what_they_do_not_find() -> None:
    sweep = log_sweep(minimize="val_loss")
    log_trials(sweep, depth_and_rate(6))
    frame = frame_of(sweep, dims=("val_loss", "params.depth"), color="booster")
    assert shown(frame) == ["val_loss", "depth"]
    assert frame.color == "params.booster"
    with pytest.raises(InvalidInputError, match="no param or metric 'deepth'"):
        frame_of(sweep, dims=("deepth",))
    with pytest.raises(InvalidInputError, match="no param or metric 'x'"):
        frame_of(sweep, color="x")


def test_a_param_with_a_value_of_its_own_for_every_run_is_left_out_unless_asked_for() -> None:
    sweep = log_sweep()
    log_trials(sweep, [({"name": f"model {i}", "x": i}, {"acc": i / 100}) for i in range(60)])
    assert shown(frame_of(sweep)) == ["x", "acc"]
    axis = frame_of(sweep, dims=("name", "acc")).axes[0]
    assert len(axis.categories) == 30 and axis.categories[-1] == "other"


def test_numbers_that_are_mostly_none_are_numbers_and_missing() -> None:
    sweep = log_sweep(minimize="loss")
    log_trials(sweep, [({"dropout": None if i % 5 else i / 1000}, {"loss": float(i)}) for i in range(200)])
    axis = frame_of(sweep).axes[0]
    assert (axis.key, axis.kind, axis.low, axis.high) == ("dropout", AxisKind.NUMERIC, 0.0, 0.195)
    assert axis.n_missing == 160


def test_texts_that_read_alike_stay_two_categories() -> None:
    sweep = log_sweep()
    stem = "a very long text that is the same for longer than a label is wide "
    log_trials(sweep, [({"text": stem + str(i % 2)}, {"acc": i / 10}) for i in range(4)])
    assert len(set(frame_of(sweep).axes[0].categories)) == 2


def test_runs_are_chosen_by_parent_list_filter_or_none() -> None:
    first, second = log_sweep("first"), log_sweep("second")
    ids = log_trials(first, depth_and_rate(4))
    log_trials(second, depth_and_rate(3))
    assert frame_of(None).parent_run_id == second
    assert frame_of("first").n_runs == frame_of(queries.get_run(first)).n_runs == frame_of([first]).n_runs == 4
    chosen = frame_of(ids[:2])
    assert set(chosen.lines.run_ids) == set(ids[:2]) and chosen.title == "runs"
    assert frame_of("metrics.val_loss < 0.215").n_runs == 4
    assert frame_of("").n_runs == 9
    with pytest.raises(RunNotFoundError):
        frame_of("frist")
    with pytest.raises(InvalidFilterError):
        frame_of("metrics.val_loss <")


def test_the_newest_sweep_is_shown_and_not_its_last_trial_with_runs_in_it() -> None:
    sweep = log_sweep()
    trial = log_trial(sweep, "trial-0", {"x": 1}, {"loss": 0.5})
    log_trial(trial, "fold-0", {}, {"fold_loss": 0.4})
    assert frame_of(None).parent_run_id == sweep


def test_a_store_without_runs_says_what_to_type() -> None:
    frame = frame_of(None)
    assert frame.n_runs == 0 and "%%track" in frame.empty_hint


def test_deleted_runs_are_not_shown() -> None:
    sweep = log_sweep()
    ids = log_trials(sweep, depth_and_rate(4))
    jtrack.delete_run(ids[1])
    assert ids[1] not in frame_of(sweep).lines.run_ids


def test_lines_keep_their_positions_while_a_sweep_runs() -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    slow = tracking.start_run(run_name="slow", nested=True, kind=RunKind.TRIAL)
    slow.log_params({"x": 0})
    log_trials(parent.run_id, [({"x": i}, {"loss": float(i)}) for i in (1, 2, 3)])
    model = ParallelModel(parent.run_id)
    assert model.whole.is_live
    assert (model.whole.n_runs, model.whole.n_settled) == (4, 3)
    before = model.whole.lines.run_ids[:3]
    slow.log_metrics({"loss": 9.0})
    slow.end()
    log_trial(parent.run_id, "late", {"x": 5}, {"loss": 0.5})
    news = model.methods["lines"](after=3)
    assert news.lines.positions == (3, 4)
    assert news.lines.run_names == ("slow", "late")
    assert model.whole.lines.run_ids[:3] == before
    assert (news.n_runs, news.n_settled) == (5, 5)
    assert news.best is not None and news.best.run_name == "late"
    parent.end()
    model.methods["lines"](after=5)
    assert not model.whole.is_live


def test_a_run_deleted_from_a_live_sweep_voids_what_was_sent() -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    ids = log_trials(parent.run_id, [({"x": i}, {"loss": float(i)}) for i in range(4)])
    model = ParallelModel(parent.run_id)
    layout = model.whole.layout
    model.refresh()
    assert model.whole.layout == layout
    jtrack.delete_run(ids[0])
    model.refresh()
    assert model.whole.layout != layout and model.whole.n_runs == 3
    parent.end()


def test_a_new_category_voids_what_was_sent() -> None:
    parent = tracking.start_run(run_name="live", kind=RunKind.SWEEP)
    log_trials(parent.run_id, [({"x": name}, {"loss": 1.0}) for name in ("b", "d")])
    model = ParallelModel(parent.run_id)
    layout = model.whole.layout
    log_trial(parent.run_id, "c", {"x": "c"}, {"loss": 1.0})
    model.refresh()
    assert model.whole.layout != layout
    parent.end()


def test_brushed_runs_are_known_by_their_ids() -> None:
    sweep = log_sweep()
    ids = log_trials(sweep, depth_and_rate(4))
    model = ParallelModel(sweep)
    model.methods["brush"](run_ids=[ids[2], "nonsense"])
    assert model.brushed == (ids[2],)
    model.methods["brush"](run_ids=None)
    assert model.brushed is None


def many_lines(n: int, n_params: int) -> ParallelFrame:
    sweep = log_sweep(minimize="val_loss")
    log_trials(
        sweep,
        [({f"param_{k:02d}": i * (k + 1) % 97 / 7 for k in range(n_params)}, {"val_loss": i / n}) for i in range(n)],
    )
    return frame_of(sweep)


def test_the_frame_that_a_notebook_keeps_is_bounded_and_holds_the_best() -> None:
    frame = many_lines(700, 20)
    kept = bounded(frame)
    assert len(json.dumps(frame_json(kept))) < 25_000 < len(json.dumps(frame_json(frame)))
    assert kept.n_runs == 700 and kept.best is not None and kept.best.position in kept.lines.positions
    assert kept.lines.positions == tuple(sorted(set(kept.lines.positions)))
    assert kept.lines.positions[-1] == 699
    rows = list(kept.lines.positions)
    assert np.array_equal(kept.values("param_03"), frame.values("param_03")[rows])
    rest = lines_from(frame, 690)
    assert rest.lines.positions == tuple(range(690, 700))
    assert np.array_equal(rest.values("val_loss"), frame.values("val_loss")[690:])
    assert lines_from(frame, 10**9).lines.positions == ()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0.1, 0.25, 1e-5], "f4"),
        ([1_700_000_000.0, 1_700_000_100.0], "f8"),
        ([1e300, -1e300], "f8"),
        ([1e-300, 1.0], "f8"),
        ([math.nan, math.nan], "f4"),
    ],
)
def test_columns_are_as_narrow_as_nobody_can_see(values: list[float], dtype: str) -> None:
    column = np.array(values)
    assert dtype_for(column) == dtype
    assert np.allclose(pack_column(column, dtype).array(), column, rtol=1e-6, equal_nan=True)


def test_rank_correlation_is_spearmans() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan, np.inf])
    assert rank_correlation(x, np.exp(x)) == pytest.approx(1.0)
    assert rank_correlation(x, -x) == pytest.approx(-1.0)
    # With ties, by hand: ranks 0.5 0.5 2 3 4 against 4 3 2 1 0.
    assert rank_correlation(np.array([1.0, 1, 2, 3, 4]), np.array([9.0, 8, 7, 6, 5])) == pytest.approx(
        -0.974679, abs=1e-6
    )
    assert rank_correlation(x, np.ones(7)) is None
    assert rank_correlation(x[:2], x[:2]) is None


def test_the_correlation_ratio_tells_categories_that_matter_from_those_that_do_not() -> None:
    goal = np.arange(60, dtype=float)
    telling = (np.arange(60) // 20).astype(np.uint8)
    mute = (np.arange(60) % 3).astype(np.uint8)
    one_each = np.arange(60).astype(np.uint8)
    assert correlation_ratio(telling, goal) == pytest.approx(0.94, abs=0.02)
    assert correlation_ratio(mute, goal) == 0.0
    assert correlation_ratio(one_each, goal) is None
    assert correlation_ratio(np.zeros(60, np.uint8), goal) is None
