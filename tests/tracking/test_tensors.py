"""Tensors of torch as params and metrics: whole, exact, or refused with a word on why."""

from __future__ import annotations

import math

import pytest
import torch

from jtrack.capture.namespace import number_of
from jtrack.errors import InvalidInputError
from jtrack.values import metric_value, parse_param, render_param


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (torch.tensor(1.5, requires_grad=True), 1.5),
        (torch.tensor(2**62), 2**62),
        (torch.tensor(True), True),
        (torch.tensor([0.5, 1.5], dtype=torch.bfloat16, requires_grad=True), [0.5, 1.5]),
        (torch.tensor([[math.inf, -0.0]]), [[math.inf, -0.0]]),
        ({"w": [torch.tensor(3)]}, {"w": [3]}),
    ],
)
def test_a_tensor_is_a_param_whole_and_with_its_type(value: object, kept: object) -> None:
    found = parse_param(render_param("p", value)[1])
    assert repr(found) == repr(kept)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (torch.zeros((), device="meta"), "cannot be called on meta tensors"),
        (torch.zeros(3, device="meta"), "no data"),
        (torch.eye(2).to_sparse(), "storage"),
        (torch.zeros(10_001), r"a Tensor of shape \(10001,\) is no setting"),
    ],
)
def test_a_tensor_that_holds_nothing_or_too_much_is_refused(value: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match=f"param 'p' can't be kept: .*{why}"):
        render_param("p", value)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (torch.tensor(1.5, requires_grad=True), 1.5),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
        (torch.tensor(2**53), 2.0**53),
        (torch.tensor(True), 1.0),
    ],
)
def test_a_tensor_of_no_dimension_is_the_metric_that_it_holds(value: object, number: float) -> None:
    assert metric_value("m", value) == number


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (torch.tensor(2**53 + 1), "can't be kept exactly"),
        (torch.tensor(1 + 2j), "is a number, not complex"),
        (torch.zeros(3), "not an array of shape"),
        (torch.zeros(1), "not an array of shape"),
        (torch.zeros((), device="meta"), "holds no number: Tensor.item"),
    ],
)
def test_a_tensor_that_is_no_number_is_no_metric(value: object, why: str) -> None:
    with pytest.raises(InvalidInputError, match=f"metric 'm'.*{why}"):
        metric_value("m", value)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (torch.tensor(1.5, requires_grad=True), 1.5),
        (torch.tensor(1 + 2j), None),
        (torch.tensor(True), None),
        (torch.zeros((), device="meta"), None),
        (torch.zeros(3), None),
    ],
)
def test_a_tensor_that_a_cell_leaves_in_a_name(value: object, number: float | None) -> None:
    assert number_of(value) == number
