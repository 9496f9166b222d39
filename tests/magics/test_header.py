"""The line of %%track: what it may say, and what is said about what it may not."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import pytest

from jtrack.errors import HeaderError
from jtrack.magics.header import OPTIONS, Header, parse_header
from jtrack.magics.line_magics import TrackMagics


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("-3", -3),
        ("10**-3", 0.001),
        ("60*60", 3600),
        ("True", True),
        ("None", None),
        ("[1, 2]", [1, 2]),
        ("(1, 'a')", (1, "a")),
        ("64,32", (64, 32)),
        ("{'a': [1, {'b': 2}]}", {"a": [1, {"b": 2}]}),
        ("'a b'", "a b"),
        ('"it\'s"', "it's"),
        (r"'a\'b'", "a'b"),
        ("adam", "adam"),
        ("cuda:0", "cuda:0"),
        ("s3://bucket/key.csv", "s3://bucket/key.csv"),
        ("../data/x.csv", "../data/x.csv"),
        ("~/data", "~/data"),
        ("größe", "größe"),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("'inf'", "inf"),
    ],
)
def test_values_are_literals_and_plain_words_are_text(text: str, value: Any) -> None:
    parsed = parse_header(f"%%track x={text}").values["x"]
    assert parsed == value
    assert type(parsed) is type(value)


def test_nan_is_a_number() -> None:
    assert math.isnan(parse_header("%%track x=nan").values["x"])


def test_everything_together() -> None:
    line = (
        "%%track 'my churn' lr=0.1 sizes=[1, 2] --name first --params a, b --metrics=acc,f1 "
        "--tag stage=draft --tag 'by=an n' --note 'a lower rate' --quiet   # a remark"
    )
    assert parse_header(line) == parse_header(line.replace("'by=an n'", "by='an n'"))
    assert parse_header(line) == Header(
        experiment="my churn",
        values={"lr": 0.1, "sizes": [1, 2]},
        name="first",
        params=("a", "b"),
        metrics=("acc", "f1"),
        tags={"stage": "draft", "by": "an n"},
        note="a lower rate",
        quiet=True,
    )


def test_a_bare_header_says_nothing() -> None:
    assert parse_header("%%track") == parse_header("%%track   # later") == Header()


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("%%track churn --metric acc", "--metric", "did you mean '--metrics'?"),
        ("%%track --xyz", "--xyz", "there are: --name, --params"),
        ("%%track -q", "-q", "no option '-q'"),
        ("%%track --quiet=yes", "=yes", "--quiet takes no value"),
        ("%%track --name", "", "--name needs a value"),
        ("%%track --name --quiet", " --quiet", "--name needs a value"),
        ("%%track --name=", "", "--name needs a value"),
        ("%%track --name a --name b", "--name b", "given twice"),
        ("%%track --tag draft", "draft", "key=value"),
        ("%%track --params 1a", "1a", "can't be a name"),
        ("%%track --metrics a,,b", "a,,b", "can't be a name"),
        ("%%track one two", "two", "the experiment is 'one' already"),
        ("%%track lr = 0.1", "= 0.1", "no blanks around ="),
        ("%%track churn lr= 0.1", "lr=", "no blanks around ="),
        ("%%track x=1 x=2", "x=2", "set twice"),
        ("%%track class=1", "class", "a word of Python's own"),
        ("%%track my-lr=1", "my-lr", "can't be a name"),
        ("%%track x=true", "true", "write True"),
        ("%%track x=null", "null", "write None"),
        ("%%track x=0.1x", "0.1x", "quote it: '0.1x'"),
        ("%%track x=1.2.3", "1.2.3", "quote it"),
        ("%%track x=adam,sgd", "adam,sgd", "quote it"),
        ("%%track x=f(1)", "f(1)", "no Python literal"),
        ("%%track x=9**9**9", "9**9**9", "no Python literal"),
        ("%%track x=1/0", "1/0", "no Python literal"),
        ("%%track x=[1, 2", "[1, 2", "not closed"),
        ("%%track x=(1]", "]", "closes nothing"),
        ("%%track x=1)", ")", "closes nothing"),
        ("%%track x='a b", "'a b", "quote is not closed"),
        ("%%track lr=0.1, depth=3", ", depth", "in brackets: (4,)"),
        ("%%track churn, lr=0.1", ", lr", "a comma doesn't belong here"),
        ("%%track lr=0.1 , depth=3", ", depth", "a comma doesn't belong here"),
        ("%%track lr=adam,", ",", "a comma doesn't belong here"),
        ("%%track x=$best", "$best", "is written {best}"),
        ("%%track x={best}", "{best}", "the notebook has no name 'best'"),
        ("%%track a=b=3", "b=3", "quote it: 'b=3'"),
        ("%%track –name x", "–name", "--name"),
        ("%%track —quiet", "—quiet", "two hyphens"),
        ("%%track --note lower rate", "rate", "it isn't clear whether 'rate' belongs to --note"),
        ("%%track --name first churn", "churn", "belongs to --name"),
    ],
)
def test_what_is_wrong_is_named_with_a_caret_under_the_place(line: str, place: str, words: str) -> None:
    with pytest.raises(HeaderError) as caught:
        parse_header(line)
    message = str(caught.value)
    assert words in message
    _, shown, caret = caught.value.message.splitlines()
    assert shown.strip() == line
    there = line[caret.index("^") - 4 :]
    assert there.startswith(place)
    assert bool(there) == bool(place)


class Config:
    lr = 0.25
    layers: ClassVar = {"wide": [64, 32]}


NAMES = {"best_lr": 0.03, "config": Config, "n": 3, "sizes": [1, 2]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{best_lr}", 0.03),
        ("{config.lr}", 0.25),
        ("{config.layers['wide'][0]}", 64),
        ("{sizes[-1]}", 2),
        ("{sizes}", [1, 2]),
        ("'{best_lr}'", "{best_lr}"),
    ],
)
def test_a_name_in_braces_is_its_value_with_its_type(text: str, value: Any) -> None:
    parsed = parse_header(f"%%track x={text}", NAMES).values["x"]
    assert parsed == value
    assert type(parsed) is type(value)


def test_names_in_braces_are_filled_into_texts_with_those_of_the_line_itself() -> None:
    line = "%%track exp-{n} --name 'lr {lr}, {best_lr}' lr=0.5 --tag by={n} --note '{{n}} is {\"n\": {}} or {n}' "
    header = parse_header(line, NAMES)
    assert (header.experiment, header.name, header.tags) == ("exp-3", "lr 0.5, 0.03", {"by": "3"})
    assert header.note == '{n} is {"n": {}} or 3'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%%track --name run-{nn}", "no name 'nn'"),
        ("%%track x={config.depth}", "can't be looked up: AttributeError"),
        ("%%track x={sizes[5]}", "can't be looked up: IndexError"),
        ("%%track x={config.layers[n]}", "can't be looked up: ValueError"),
    ],
)
def test_what_is_not_there_can_not_be_filled_in(line: str, words: str) -> None:
    with pytest.raises(HeaderError) as caught:
        parse_header(line, NAMES)
    assert words in caught.value.message
    assert caught.value.hint is not None


def test_the_documentation_names_every_option_and_no_other() -> None:
    words = (TrackMagics.track.__doc__ or "").replace("[", " ").replace("]", " ").split()
    flags = {word for word in words if word.startswith("--")} - {"--last", "--------"}
    assert flags == {option.flag for option in OPTIONS}
