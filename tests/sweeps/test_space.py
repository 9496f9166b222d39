"""Spaces: flat names, what they are described as, shorthand, grids, and what can't be searched."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hyperopt import Trials, base, hp, rand

from jtrack.errors import InvalidSpaceError
from jtrack.sweeps.grid import grid_suggest
from jtrack.sweeps.shorthand import is_distribution, parse_distribution
from jtrack.sweeps.space import Space
from tests.sweeps.objectives import SPACE


def drawn(space: Space, n: int) -> list[dict[str, Any]]:
    docs = [rand.suggest([i], space.domain, Trials(), i)[0] for i in range(n)]
    return [base.spec_from_misc(doc["misc"]) for doc in docs]


def test_conditional_spaces_are_flat_and_hold_only_the_branches_taken() -> None:
    space = Space(SPACE)
    kinds = set()
    for values in drawn(space, 20):
        point = space.point(values)
        params = space.params(values, point)
        taken = {"branch.y"} if params["branch.kind"] == "near" else {"branch.inner"}
        assert set(params) == {"x", "n", "offset", "branch.kind", *taken}
        assert type(params["n"]) is int and type(params["x"]) is float
        assert params["branch.kind"] == point["branch"]["kind"]
        kinds.add(params["branch.kind"])
    assert kinds == {"near", "far"}


def test_choices_nest_to_any_depth() -> None:
    deep = hp.choice("c", [{"d": hp.choice("d", [{"e": hp.choice("e", [{"f": hp.uniform("f", 0, 1)}])}])}])
    space = Space({"a": deep})
    (values,) = drawn(space, 1)
    assert space.params(values, space.point(values)) == {"a.d.e.f": pytest.approx(values["f"])}


def test_lists_are_named_by_labels_and_fixed_lists_are_one_value() -> None:
    space = Space([hp.uniform("x", 0, 1), hp.choice("layers", [[64], [64, 32]]), 7])
    values = {"x": 0.25, "layers": 1}
    assert space.params(values, space.point(values)) == {"x": 0.25, "layers": (64, 32), "2": 7}


def test_a_single_value_goes_by_its_label() -> None:
    space = Space(hp.choice("model", [dict, len]))
    assert space.params({"model": 0}, space.point({"model": 0})) == {"model": "dict"}
    assert space.describe() == {"model": "choice(dict, len)"}


def test_two_parts_with_one_name_are_refused() -> None:
    with pytest.raises(InvalidSpaceError, match="two parts of the space are named 'x'"):
        Space({"a": hp.uniform("x", 0, 1), "b": hp.uniform("x", 0, 2)})
    space = Space({"a.b": hp.uniform("u", 0, 1), "a": {"b": hp.uniform("v", 0, 1)}})
    values = {"u": 0.1, "v": 0.2}
    with pytest.raises(InvalidSpaceError, match=r"come to the name 'a\.b'"):
        space.params(values, space.point(values))


@pytest.mark.parametrize("tree", [{}, [], {"a": 1}, None, 3, "uniform(0, 1)"])
def test_a_space_with_nothing_to_search_is_refused(tree: Any) -> None:
    with pytest.raises(InvalidSpaceError, match="nothing to search"):
        Space(tree)


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("uniform(0,1)", "uniform(0, 1)"),
        ("hp.uniform(0, 1)", "uniform(0, 1)"),
        ("uniform(low=-1, high=10**2)", "uniform(-1, 100)"),
        ("loguniform(log(1e-3), np.log(1))", "loguniform(log(0.001), 0.0)"),
        ("quniform(0, 100, 5)", "quniform(0, 100, 5)"),
        ("normal(0, 2)", "normal(0, 2)"),
        ("qlognormal(0, 1, 0.5)", "qlognormal(0, 1, 0.5)"),
        ("randint(5)", "randint(5)"),
        ("randint(2, 9)", "randint(2, 9)"),
        ("uniformint(1, 4)", "quniform(1, 4, 1.0)"),
        ("choice('a', None, 2.5)", "choice('a', None, 2.5)"),
        ("choice(['a', 'b'])", "choice('a', 'b')"),
        ("pchoice((0.25, 'a'), (0.75, 'b'))", "pchoice('a', 'b')"),
    ],
)
def test_shorthand_makes_hyperopts_own_nodes(text: str, described: str) -> None:
    assert is_distribution(text)
    assert Space({"v": parse_distribution("v", text)}).describe() == {"v": described}


def test_shorthand_nests_and_numbers_labels_that_two_branches_share() -> None:
    text = "choice({'kind': 'svm', 'c': uniform(0, 1)}, {'kind': 'knn', 'c': randint(1, 9)}, 'none')"
    space = Space({"m": parse_distribution("m", text)})
    assert set(space.labels) == {"m", "m.c", "m.c#2"}
    assert space.params({"m": 1, "m.c#2": 4}, {"m": {"kind": "knn", "c": 4}}) == {"m.kind": "knn", "m.c": 4}
    assert space.params({"m": 2}, {"m": "none"}) == {"m": "none"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unifrm(0, 1)", "did you mean uniform?"),
        ("uniform(1, 0)", "nothing between 1 and 0"),
        ("uniform(0, 0)", "nothing between 0 and 0"),
        ("uniform(0)", "takes (low, high)"),
        ("uniform(0, 1, 2)", "takes (low, high)"),
        ("uniform(0, 1, low=0)", "takes (low, high)"),
        ("uniform(0, inf)", "no literal"),
        ("uniform(0, 9**9**9)", "no literal"),
        ("uniform(0, other)", "no literal"),
        ("loguniform(1, 1000)", "takes logarithms"),
        ("loguniform(1e-5, 1)", "takes logarithms, so this ranges from 1 to 2.718"),
        ("loguniform(1e-4, 0.1)", "takes logarithms, so this ranges from 1 to 1.105"),
        ("normal(0, -1)", "sigma of normal is above 0"),
        ("quniform(0, 1, 0)", "q of quniform is above 0"),
        ("randint(0)", "whole numbers"),
        ("randint(0.5, 2)", "whole numbers"),
        ("choice()", "takes its options"),
        ("choice(relu, tanh)", "if it is text: 'relu'"),
        ("choice(open('f'))", "no distribution 'open'"),
        ("pchoice((0.5, 1), (0.1, 2))", "sum to 0.6"),
        ("pchoice('a')", "takes pairs"),
    ],
)
def test_wrong_shorthand_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(InvalidSpaceError) as caught:
        parse_distribution("v", text)
    assert words in str(caught.value)
    assert caught.value.message.startswith("v:")


@pytest.mark.parametrize("text", ["0.1", "'uniform(0, 1)'", "log(10)", "[1, 2]", "word", "a b"])
def test_what_is_no_call_is_a_value(text: str) -> None:
    assert not is_distribution(text)


def grid_points(tree: Any, max_evals: int) -> list[dict[str, Any]]:
    space = Space(tree)
    suggest = grid_suggest(space.tree, max_evals)
    docs = [doc for tid in range(max_evals + 5) for doc in suggest([tid], space.domain, Trials(), 0)]
    found = []
    for doc in docs:
        values = base.spec_from_misc(doc["misc"])
        found.append(space.params(values, space.point(values)))
    return found


def test_a_grid_takes_every_option_and_fits_the_number_of_trials() -> None:
    tree = {"a": hp.uniform("a", 0, 1), "m": hp.choice("m", ["x", {"c": hp.loguniform("c", -2, 0)}])}
    points = grid_points(tree, 12)
    assert len(points) == 12  # 3 values of a, with 'x' and with 3 values of c
    assert len({tuple(sorted(point.items())) for point in points}) == 12
    assert {point["a"] for point in points} == {0.0, 0.5, 1.0}
    assert sorted({point["m.c"] for point in points if "m.c" in point}) == pytest.approx(
        [math.exp(-2), math.exp(-1), 1.0]
    )


def test_a_grid_of_choices_alone_is_whole_or_cut_at_the_limit() -> None:
    tree = {name: hp.choice(name, [1, 2, 3]) for name in "abc"}
    assert len(grid_points(tree, 27)) == len(grid_points(tree, 1000)) == 27
    assert len(grid_points(tree, 10)) == 10


@pytest.mark.parametrize(
    ("node", "values"),
    [
        (hp.randint("v", 2, 9), [2, 5, 8]),
        (hp.randint("v", 4), [0, 2, 3]),
        (hp.uniformint("v", 1, 3), [1, 2, 3]),
        (hp.quniform("v", 0, 1, 0.25), [0.0, 0.5, 1.0]),
        (hp.normal("v", 10, 2), [8.065, 10.0, 11.935]),
    ],
)
def test_a_grid_spreads_each_kind_of_value(node: Any, values: list[float]) -> None:
    assert [point["v"] for point in grid_points({"v": node}, 3)] == pytest.approx(values, abs=0.01)
