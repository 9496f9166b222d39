"""Help with a filter: what can stand at the cursor, what a key may have meant, and how a value is written into it."""

from __future__ import annotations

import pytest

import jtrack
from jtrack import queries
from jtrack.errors import InvalidFilterError
from jtrack.store.filter_help import complete, unknown_keys
from jtrack.store.search import parse_filter
from jtrack.store.search.complete import Completions, complete_filter
from jtrack.store.search.fields import Field
from jtrack.store.search.write import join_filters, write_name, write_value

KEYS = {"metrics": ("accuracy", "val loss", "loss"), "params": ("lr", "model"), "tags": ("stage",)}


def values_of(field: Field) -> list[object]:
    return {"params.model": ["linear", "it's"], "params.lr": [0.1, True]}.get(str(field), [])


def choices(text: str, position: int | None = None) -> list[str]:
    found = complete_filter(text, len(text) if position is None else position, KEYS, values_of)
    return [each.text for each in found.choices]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("", ["metrics.accuracy", "metrics.`val loss`"]),
        ("acc", ["metrics.accuracy"]),
        ("loss", ["metrics.loss", "metrics.`val loss`"]),
        ("metrics.`val l", ["metrics.`val loss`"]),
        ("metrics.loss ", ["=", "!="]),
        ("metrics.loss < 1", []),
        ("metrics.loss < 1 ", ["and", "or"]),
        ("metrics.loss < 1 and par", ["params.lr", "params.model"]),
        ("not (tags.st", ["tags.stage"]),
        ("params.model = ", ["'linear'", "'it''s'"]),
        ("params.model='li", ["'linear'"]),
        ("params.model in ", ["("]),
        ("params.model in ('linear', 'it", ["'it''s'"]),
        ("params.model in ('linear') ", ["and", "or"]),
        ("params.lr between 0 ", ["and"]),
        ("params.lr between 0 and ", ["0.1", "true"]),
        ("params.lr between 0 and 1 ", ["and", "or"]),
        ("status = 'fa", ["'FAILED'"]),
        ("tags.stage is n", ["null", "not null"]),
        ("tags.stage not ", ["like", "ilike"]),
    ],
)
def test_what_can_stand_at_the_cursor_comes_first(typed: str, first: list[str]) -> None:
    assert choices(typed)[: max(len(first), 1)] == first


def test_each_choice_makes_a_text_that_the_grammar_takes_so_far() -> None:
    text = ""
    for wanted in ("metrics.`val loss`", "<=", None, "and", "params.model", "=", "'it''s'"):
        if wanted is None:
            text += "0.5 "
            continue
        assert wanted in choices(text)
        text += f"{wanted} "
    assert parse_filter(text) is not None


def test_only_the_word_at_the_cursor_is_replaced() -> None:
    found = complete_filter("params.mo = 'linear' or metrics.acc", 9, KEYS, values_of)
    assert (found.start, found.end) == (0, 9)
    assert [each.text for each in found.choices] == ["params.model"]


@pytest.mark.usefixtures("store_path")
def test_values_are_offered_as_they_were_logged() -> None:
    for model, lr in (("tree", 0.1), ("tree", 0.2), ("it's", 0.1)):
        with jtrack.start_run(tags={"stage": "dev"}):
            jtrack.log_params({"model": model, "lr": lr, "deep": True, "layers": [1, 2]})
            jtrack.log_metric("accuracy", lr)
    catalog = queries.asked_store().catalog

    def offered(text: str) -> list[str]:
        found: Completions = complete(catalog, text, len(text))
        return [each.text for each in found.choices]

    assert offered("params.model = ") == ["'tree'", "'it''s'"]
    assert offered("params.lr > ") == ["0.1", "0.2"]
    assert offered("params.deep = ") == ["true"]
    assert offered("params.layers = ") == []
    assert offered("tags.stage = ") == ["'dev'"]
    for text in (f"params.model = {value}" for value in offered("params.model = ")):
        assert len(jtrack.search_runs(filter_string=text)) > 0


@pytest.mark.usefixtures("store_path")
def test_a_key_that_no_run_has_is_told_with_near_ones_and_the_filter_that_was_meant() -> None:
    with jtrack.start_run(tags={"stage": "dev"}):
        jtrack.log_params({"learning_rate": 0.1, "Batch": 3})
        jtrack.log_metrics({"accuracy": 0.9, "val loss": 0.1})
    catalog = queries.asked_store().catalog
    [found] = unknown_keys(catalog, "metrics.acuracy > 0.5 and params.Batch = 3")
    assert str(found) == "no run has metrics.acuracy; did you mean metrics.accuracy?"
    assert found.fixed == "metrics.accuracy > 0.5 and params.Batch = 3"
    [found] = unknown_keys(catalog, "(metrics.`Val Loss` < 1)")
    assert found.fixed == "(metrics.`val loss` < 1)"
    [found] = unknown_keys(catalog, "params.accuracy > 0.5")
    assert found.near[0] == "metrics.accuracy", "what was logged as something else is nearest"
    [found] = unknown_keys(catalog, "tags.nothing_like_it = 'x'")
    assert (str(found), found.fixed) == ("no run has tags.nothing_like_it", None)
    [found] = unknown_keys(catalog, "", ["metrics.acuracy DESC"])
    assert (found.near, found.fixed) == (("metrics.accuracy",), None)
    assert unknown_keys(catalog, "params.learning_rate > 0 and status = 'FINISHED' and tags.stage = 'dev'") == ()


@pytest.mark.parametrize("value", [0.1, 3, -1e-30, float("nan"), True, "tree", "it's", "a 'b' \"c\"", ""])
def test_a_written_value_is_read_as_the_same(value: object) -> None:
    assert parse_filter(f"params.x = {write_value(value)}") is not None


def test_names_are_written_so_that_they_are_read() -> None:
    for key in ("a", "a b", "tick`ed", "train/loss", "préc@5", "x'y"):
        assert parse_filter(f"{write_name('metrics', key)} > 0") == parse_filter(
            f"metrics.`{key.replace('`', '``')}` > 0"
        )


def test_filters_are_joined_so_that_both_hold() -> None:
    assert join_filters("", "params.lr = 0.1") == "params.lr = 0.1"
    assert join_filters("params.a = 1 or params.b = 2", "params.lr = 0.1") == (
        "(params.a = 1 or params.b = 2) and params.lr = 0.1"
    )
    once = join_filters("metrics.x > 0", "params.lr = 0.1")
    assert join_filters(once, "params.lr = 0.10") == once, "what holds already is not said again"
    with pytest.raises(InvalidFilterError):
        join_filters("metrics.x >", "params.lr = 0.1")
