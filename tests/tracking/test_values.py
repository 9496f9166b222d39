"""What comes back is what went in, or it was refused with a word on which and why."""

from __future__ import annotations

import decimal
import enum
import fractions
import math
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jtrack
from jtrack.errors import InvalidInputError, ParamConflictError
from jtrack.tracking import current_store
from jtrack.values import metric_step, metric_value, param_number, parse_param, render_param
from tests.store import processes


class Layers(NamedTuple):
    first: int
    others: list[int]


@dataclass
class Settings:
    lr: float
    weights: object
    cache: object = field(default=None, repr=False)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(TEXT | st.integers(), inner),
    max_leaves=12,
)


@given(VALUES)
def test_a_param_comes_back_with_its_type(value: object) -> None:
    _, value_json = render_param("p", value)
    assert repr(parse_param(value_json)) == repr(value)


@pytest.mark.parametrize(
    ("value", "kept"), [(OrderedDict(a=Layers(8, [4])), {"a": (8, [4])}), (Counter("aab"), {"a": 2, "b": 1})]
)
def test_a_kind_of_dictionary_or_tuple_is_kept_as_one(value: object, kept: object) -> None:
    assert parse_param(render_param("p", value)[1]) == kept == value


@pytest.mark.parametrize("value", [{"$float": "nan"}, {"$tuple": [1]}, {"$dict": []}, {"$": 1}])
def test_a_dict_that_looks_like_a_mark_comes_back_as_itself(value: object) -> None:
    assert parse_param(render_param("p", value)[1]) == value


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        (0.1, "0.1", 0.1),
        (True, "True", None),
        (None, "None", None),
        (3, "3", 3.0),
        ("0.5", "0.5", 0.5),
        ("1e-3", "1e-3", 1e-3),
        ("tree", "tree", None),
        (float("-inf"), "-inf", -math.inf),
        ("inf", "inf", None),
        (2**70, str(2**70), float(2**70)),
        ([1, 2], "[1, 2]", None),
        (10**400, str(10**400), math.inf),
    ],
)
def test_text_and_number_of_a_param(value: object, text: str, number: float | None) -> None:
    rendered = render_param("p", value)
    assert rendered[0] == text
    assert param_number(*rendered) == number


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.float32(0.1), float(np.float32(0.1))),
        (np.int64(2**62), 2**62),
        (np.bool_(True), True),
        (np.array(1.5), 1.5),
        (np.str_("a"), "a"),
        (Level.HIGH, 3),
        (Colour.RED, "Colour.RED"),
        (range(3), "range(0, 3)"),
    ],
)
def test_scalars_of_other_libraries_become_what_they_hold(value: object, kept: object) -> None:
    found = parse_param(render_param("p", value)[1])
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.arange(3), [0, 1, 2]),
        (np.arange(10_000), list(range(10_000))),
        (np.array([[0.5, math.inf]]), [[0.5, math.inf]]),
        ([np.arange(2), {"a": np.array([True])}], [[0, 1], {"a": [True]}]),
        ((np.float32(0.5), np.zeros(1)), (0.5, [0.0])),
        (np.datetime64("2024-01-02T03:04:05.123456789"), "2024-01-02T03:04:05.123456789"),
        (np.timedelta64(5, "ns"), "5 nanoseconds"),
        (np.array(["2024-01-01T01"], "datetime64[ns]"), ["2024-01-01T01:00:00.000000000"]),
        (np.ma.array([1.5, 2.5], mask=[True, False]), [None, 2.5]),
        (np.array(["é", None], dtype=object), ["é", None]),
    ],
)
def test_arrays_and_times_are_kept_whole(value: object, kept: object) -> None:
    found = parse_param(render_param("p", value)[1])
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Settings(0.1, np.array([1 / 3])), "Settings(lr=0.1, weights=[0.3333333333333333])"),
        (Settings(0.1, {"a": (np.zeros(1_001),)}), f"Settings(lr=0.1, weights={{'a': ({[0.0] * 1_001},)}})"),
        (Settings(0.1, None, cache=np.zeros(10_001)), "Settings(lr=0.1, weights=None)"),
        (Settings(0.1, Settings), f"Settings(lr=0.1, weights={Settings})"),
    ],
)
def test_a_dataclass_is_kept_as_its_text_with_whole_arrays(value: object, text: str) -> None:
    assert render_param("p", value)[0] == text


def test_a_set_has_one_text_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
        from dataclasses import make_dataclass
        from jtrack.values import render_param
        Settings = make_dataclass("Settings", ["columns"])
        of_sets = {frozenset("ba"), frozenset("c")}
        sets = {"zip", "age", "income"}, {10, 9, 1}
        for value in (*sets, [{"b", 1, "a"}, set()], {"all": of_sets}, Settings({"y", "x"})):
            print(*render_param("p", value))
    """
    said = set()
    for seed in range(1, 6):
        monkeypatch.setenv("PYTHONHASHSEED", str(seed))
        said.add(processes.run(program))
    (lines,) = said
    assert [line.rpartition(' "')[0] for line in lines.splitlines()[:2]] == ["{'age', 'income', 'zip'}", "{1, 9, 10}"]
    assert lines.splitlines()[2:] == [
        """[{'a', 'b', 1}, set()] ["{'a', 'b', 1}","set()"]""",
        """{'all': {frozenset({'a', 'b'}), frozenset({'c'})}} {"all":"{frozenset({'a', 'b'}), frozenset({'c'})}"}""",
        """Settings(columns={'x', 'y'}) "Settings(columns={'x', 'y'})\"""",
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.zeros(10_001), "a ndarray of shape \\(10001,\\) is no setting"),
        ([np.zeros((101, 100))], "a ndarray of shape \\(101, 100\\) is no setting"),
        (pd.DataFrame({"a": [1]}), "a DataFrame of shape \\(1, 1\\) is no setting"),
        (pd.Series([1, 2]), "a Series of shape \\(2,\\) is no setting"),
        (pa.table({"a": [1]}), "a Table of shape \\(1, 1\\) is no setting"),
        (OrderedDict(a=np.zeros(10_001)), "a ndarray of shape \\(10001,\\) is no setting"),
        (Settings(0.1, [np.zeros(10_001)]), "a ndarray of shape \\(10001,\\) is no setting"),
        (np.ma.masked, "it is masked"),
        (np.longdouble("0.1"), "value = 0.1 can't be kept exactly"),
    ],
)
def test_data_is_no_param_and_what_holds_nothing_is_refused(value: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match=f"param 'p' can't be kept: .*{why}") as caught:
        render_param("p", value)
    assert str(caught.value).count("hint") == 1


@pytest.mark.parametrize("value", ["\ud800", ["ok", "\udfff"], "x" * (17 * 1024 * 1024), [10**5000]])
def test_a_param_that_cannot_be_kept_whole_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidInputError, match="param 'p'"):
        render_param("p", value)


def test_a_cycle_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(InvalidInputError, match="param 'p' can't be kept"):
        render_param("p", value)


@pytest.mark.parametrize(
    ("value", "number"),
    [(True, 1.0), (7, 7.0), (2**53, 2.0**53), (-math.inf, -math.inf), (np.float16(0.1), float(np.float16(0.1)))],
)
def test_a_metric_is_the_float64_that_it_is(value: object, number: float) -> None:
    assert metric_value("m", value) == number


def test_a_metric_may_be_nan() -> None:
    assert math.isnan(metric_value("m", np.float32("nan")))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (2**53 + 1, "can't be kept exactly"),
        (decimal.Decimal("0.1"), "can't be kept exactly"),
        (fractions.Fraction(1, 3), "can't be kept exactly"),
        (np.longdouble("0.1"), "can't be kept exactly"),
        (10**400, "can't be kept as a float64"),
        ("0.5", "is a number, not str"),
        (None, "is a number, not NoneType"),
        ([0.5], "is a number, not list"),
        (np.array([0.5]), "not an array of shape"),
        (1j, "is a number, not complex"),
        (np.int64(2**53 + 1), "can't be kept exactly"),
        (np.uint64(2**64 - 1), "can't be kept exactly"),
        (np.complex64(1), "is a number, not complex"),
        (np.datetime64("2024-01-01"), "is a number, not a time: 2024-01-01"),
        (np.datetime64(1, "ns"), "is a number, not a time"),
        (np.timedelta64(1, "s"), "is a number, not a time"),
        (np.ma.masked, "holds no number: it is masked"),
    ],
)
def test_a_metric_that_is_no_float64_is_refused_with_the_reason(value: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match=f"metric 'm'.*{why}"):
        metric_value("m", value)


@pytest.mark.parametrize(("step", "number"), [(3, 3), (np.int32(4), 4), (5.0, 5), (-1, -1), (2**63 - 1, 2**63 - 1)])
def test_steps(step: object, number: int) -> None:
    assert metric_step("m", step) == number


@pytest.mark.parametrize("step", [2**63, 1.5, "1", float("nan")])
def test_steps_that_are_none(step: object) -> None:
    with pytest.raises(InvalidInputError, match="step of metric 'm'"):
        metric_step("m", step)


class TestThroughTheStore:
    """The same, all the way to the disk and back."""

    KEYS = ("a", "läuft schön/ja: ok", "损失", "🦊" * 250, " ", "a.b-c_d", "'; DROP TABLE runs; --", "x\0y", "`tick`")

    def test_keys_and_values_of_every_kind(self) -> None:
        values = [float("nan"), 2**70, 0.1, "x" * 1_000_000, "\0", None, (1, [2.5, {"a": None}]), "é", True]
        with jtrack.start_run() as run:
            for key, value in zip(self.KEYS, values, strict=True):
                jtrack.log_param(key, value)
                jtrack.log_metric(key, 0.5)
                jtrack.set_tag(key, key)
        for look in ("tail", "base"):
            data = jtrack.get_run(run.run_id).data
            # By repr, which tells NaN from nothing, 1 from True and a tuple from a list.
            assert {key: repr(data.params[key]) for key in self.KEYS} == dict(
                zip(self.KEYS, map(repr, values), strict=True)
            )
            assert data.metrics == dict.fromkeys(self.KEYS, 0.5)
            assert [data.tags[key] for key in self.KEYS] == list(self.KEYS)
            if look == "tail":
                current_store().fold()

    def test_a_param_that_is_nan_is_found_before_and_after_a_fold(self) -> None:
        with jtrack.start_run() as run:
            jtrack.log_params({"missing": math.nan, "depth": 3})
        for _ in ("tail", "base"):
            assert [
                found.info.run_id
                for found in jtrack.search_runs(filter_string="params.missing = nan", output_format="list")
            ] == [run.run_id]
            current_store().fold()

    @pytest.mark.parametrize("key", ["", "x" * 251, 3, "\ud800"])
    def test_keys_that_are_refused(self, key: str) -> None:
        with jtrack.start_run() as run:
            for log in (run.log_param, run.log_metric, run.set_tag):
                with pytest.raises(InvalidInputError, match="name"):
                    log(key, 1)

    def test_nothing_is_logged_by_halves(self) -> None:
        with jtrack.start_run() as run:
            with pytest.raises(InvalidInputError):
                jtrack.log_params({"good": 1, "bad": "\ud800"})
            with pytest.raises(InvalidInputError):
                jtrack.log_metrics({"good": 1, "bad": "text"})
            with pytest.raises(InvalidInputError):
                jtrack.set_tags({"good": 1, "bad": "\ud800"})
            with pytest.raises(InvalidInputError, match="does not fit 64 bits"):
                jtrack.log_metric("good", 1.0, step=2**70)
            jtrack.log_param("lr", 0.1)
            with pytest.raises(ParamConflictError, match=r"already 0\.1 .* can't become 0\.2"):
                jtrack.log_params({"other": 1, "lr": 0.2})
            jtrack.log_param("lr", 0.1)
        data = jtrack.get_run(run.run_id).data
        assert data.params == {"lr": 0.1}
        assert data.metrics == {}
        assert [key for key in data.tags if not key.startswith("mlflow.")] == []

    def test_extremes_of_a_metric(self) -> None:
        values = [5e-324, 1.7976931348623157e308, -0.0, math.inf, -math.inf, math.nan, 0.1]
        with jtrack.start_run() as run:
            for value in values:
                jtrack.log_metric("m", value)
            jtrack.log_metric("n", 1.0, step=-(2**63))
            jtrack.log_metric("n", 2.0, step=2**63 - 1, timestamp=1_700_000_000_123)
        curve = jtrack.metric_history(run.run_id, "m")
        assert list(map(repr, curve.value.tolist())) == list(map(repr, values))
        far = jtrack.metric_history(run.run_id, "n")
        assert far.step.tolist() == [-(2**63), 2**63 - 1]
        assert far.logged_at[1] == np.datetime64("2023-11-14T22:13:20.123")
        current_store().fold()
        assert jtrack.metric_history(run.run_id, "n").step.tolist() == [-(2**63), 2**63 - 1]
