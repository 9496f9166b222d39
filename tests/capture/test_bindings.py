"""Params and metrics of a cell: the rules as they are written down, each with the source that it is about."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jtrack.capture.bindings import find_bindings
from jtrack.capture.literals import parse_literal
from jtrack.capture.namespace import cell_metrics, cell_params, number_of, snapshot_numbers


def run(source: str, namespace: dict[str, Any] | None = None, **choice: Any) -> tuple[dict[str, Any], dict[str, float]]:
    """Run a cell in a namespace and give its params and metrics."""
    namespace = {} if namespace is None else namespace
    before, bindings = snapshot_numbers(namespace), find_bindings(source)
    all_before = dict(namespace)
    failed = False
    try:
        exec(source, namespace)
    except ZeroDivisionError:
        failed = True
    params = cell_params(bindings, namespace, choice.get("params"), all_before, failed=failed)
    return params, cell_metrics(before, namespace, bindings, choice.get("metrics"), params, failed=failed)


@pytest.mark.parametrize(
    ("source", "params"),
    [
        ("lr = 0.1", {"lr": 0.1}),
        ("a = b = 2", {"a": 2, "b": 2}),
        ("a, (b, c) = 1, (2, 'x')", {"a": 1, "b": 2, "c": "x"}),
        ("n: int = -5", {"n": -5}),
        ("rate = 10**-3; hour = 60 * 60", {"rate": 0.001, "hour": 3600}),
        ("layers = [64, 32]; opts = {'a': (1, None)}", {"layers": [64, 32], "opts": {"a": (1, None)}}),
        ("opts = dict(depth=3, tree=dict(eta=0.1))", {"opts": {"depth": 3, "tree": {"eta": 0.1}}}),
        ("opts = dict(); more = dict({'eta': 1}, depth=3); most = dict(**more)", {}),
        ("flag = True; name = 'ada' 'm'", {"flag": True, "name": "adam"}),
        ("import contextlib\nwith contextlib.nullcontext():\n    depth = 3", {"depth": 3}),
        ("model = None; losses = []; cache = {}; text = ''; pair = ()", {}),
        ("history = {'loss': [], 'accuracy': {'train': [], 'test': []}}; pairs = [[], ()]", {}),
        ("depth = {'max': None}; depth.get('max'); sizes = [[1], []]", {"depth": {"max": None}, "sizes": [[1], []]}),
        ("best = {'epoch': 0}\nfor best['epoch'] in range(3): pass", {}),
        ("conf = {'lr': 0.1, 'sizes': [1]}\nconf['lr'] = 0.2", {}),
        ("conf = {'lr': 0.1, 'sizes': [1]}\nfor i in range(3):\n    conf['sizes'].append(i)", {}),
        ("conf = {'lr': 0.1}\ndel conf['lr']", {}),
        ("total = 0\nfor i in range(3):\n    total += i", {}),
        ("best = 0.0\nif True:\n    best = 1.0", {}),
        ("n = 1\nn = 2", {}),
        ("n = 1\ndel n", {}),
        ("x = abs(-1); y = [abs(1)]; s = {1}; b = b'1'; c = 1j", {}),
        ("def f():\n    inner = 3\nclass C:\n    attribute = 4", {}),
        ("count = 0\ndef f():\n    global count\n    count = 3\nf()", {}),
        ("_private = 3", {}),
        (f"long = {'x' * 1001!r}", {}),
        ("if (n := 10) > 5: pass", {}),
    ],
)
def test_params_are_names_set_once_to_a_literal(source: str, params: dict[str, Any]) -> None:
    assert run(source)[0] == params


@pytest.mark.parametrize(
    ("source", "metrics"),
    [
        ("acc = sum([1, 2]) / 4", {"acc": 0.75}),
        ("n = len('abc')", {"n": 3}),
        ("x = 1\nx += 1", {"x": 2}),
        ("total = 0\nfor i in range(3):\n    total += i", {"total": 3}),
        ("a, b = divmod(7, 2)", {"a": 3, "b": 1}),
        ("worst = float('nan')", {"worst": math.nan}),
        ("for epoch in range(3):\n    pass", {}),
        ("import time\nt0 = time.perf_counter()\nspent = time.perf_counter() - t0 > 0", {}),
        ("from types import SimpleNamespace as S\nrun = S(knob=max)\nfor lr in (1, 2):\n    x = run.knob(lr, 0.1)", {}),
        ("ok = 1 == 1; none = print; text = str(1); z = abs(1) * 1j", {}),
        ("n = 10", {}),
        ("n = 10\nn = 20", {}),
        ("big = int('9' * 20)", {}),
        ("_hidden = abs(1)", {}),
        ("exec('made = 0.5')", {"made": 0.5}),
        ("squares = [y * y for y in range(3)]", {}),
    ],
)
def test_metrics_are_numbers_newly_worked_out(source: str, metrics: dict[str, float]) -> None:
    assert run(source)[1] == pytest.approx(metrics, nan_ok=True)


def test_numbers_of_earlier_cells_are_no_metrics() -> None:
    namespace: dict[str, Any] = {}
    run("old = abs(-0.25); kept = abs(7)", namespace)
    assert run("new = old * 2", namespace)[1] == {"new": 0.5}


def test_a_number_worked_out_again_is_a_metric_again() -> None:
    namespace: dict[str, Any] = {}
    assert run("hits = len('abc')", namespace)[1] == {"hits": 3}
    assert run("hits = len('abc')", namespace)[1] == {"hits": 3}  # the very same int object


def test_a_branch_not_taken_leaves_no_metric() -> None:
    namespace: dict[str, Any] = {"acc": 0.5}
    assert run("if acc > 1:\n    acc = abs(acc)", namespace)[1] == {}


def test_a_failed_cell_has_the_params_that_it_reached() -> None:
    assert run("a = 1\n1 / 0\nb = 2")[0] == {"a": 1}
    assert run("a = 1\n1 / 0\nb = 2", {"b": 3})[0] == {"a": 1}


def test_what_a_failed_cell_did_not_come_to_is_no_param_though_it_was_named() -> None:
    namespace: dict[str, Any] = {"earlier": 3}
    names = ["rate", "depth", "earlier"]
    assert run("rate = 0.1\ndepth = abs(-4)", namespace, params=names)[0] == {"rate": 0.1, "depth": 4, "earlier": 3}
    again = "earlier\n1 / 0\nrate = 0.2\ndepth = abs(-5)"
    assert run(again, namespace, params=names)[0] == {"earlier": 3}, "0.1 and 4 are the run's before"
    reached = run("rate = 0.2\ndepth = abs(-5)\n1 / 0", namespace, params=names)[0]
    assert reached == {"rate": 0.2, "depth": 5, "earlier": 3}


def test_what_a_failed_cell_left_as_it_was_is_no_metric_of_it() -> None:
    namespace: dict[str, Any] = {}
    assert run("hits = len('abc'); loss = 0.5 * hits", namespace)[1] == {"hits": 3, "loss": 1.5}
    again = "hits = len('abcd')\n1 / 0\nloss = 0.25 * hits"
    assert run(again, namespace, metrics=["hits", "loss"])[1] == {"hits": 4}
    assert run("1 / 0\nhits = len('abcd')", namespace)[1] == {}


def test_named_params_and_metrics_are_taken_exactly() -> None:
    namespace: dict[str, Any] = {"earlier": 3, "loss": 0.5}
    params, metrics = run(
        "a = 1; b = 2; c = abs(3)", namespace, params=["b", "earlier", "gone"], metrics=["loss", "b", "gone"]
    )
    assert params == {"b": 2, "earlier": 3}
    assert metrics == {"loss": 0.5}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array(2.5), 2.5),
        (np.bool_(True), None),
        (np.array([1.0]), None),
        (np.datetime64("2024-01-01", "ns"), None),
        (np.timedelta64(3, "ns"), None),
        (np.complex64(1), None),
        (np.ma.masked, None),
        (True, None),
        (2**53, 2**53),
        (2**53 + 1, None),
        ("1", None),
        (None, None),
    ],
)
def test_numbers_of_array_libraries_count_and_other_scalars_do_not(value: Any, number: float | None) -> None:
    assert number_of(value) == number
    assert type(number_of(value)) is type(number)


def test_objects_that_answer_anything_are_not_asked() -> None:
    class Greedy:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"asked for {name}")

    assert snapshot_numbers({"x": Greedy(), "y": 1.5}) == {"y": 1.5}


@pytest.mark.parametrize(
    "text", ["f(1)", "x", "1 +", "", "a; b", "9**9**9", "1/0", "(-8)**0.5", "'a' * 3", "{[1]: 2}", "b'x'"]
)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_literal(text)


def test_a_cell_that_is_no_python_sets_nothing() -> None:
    assert find_bindings("SELECT * FROM runs").literals == {}
    assert find_bindings("x = 1\n" * 3 + "((").computed == frozenset()


def test_what_a_cell_calls_itself_is_known() -> None:
    calls = find_bindings("m = Model().fit(x)\ndef later():\n    other.train()\nlambda: third()").calls
    assert calls == {"Model", "fit"}


def test_reading_a_doubtful_cell_warns_of_nothing() -> None:
    assert find_bindings("p = '\\d'\nx = 1 is 1").literals == {"p": "\\d"}
