"""The line of %%sweep: what it says, and where it is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from jtrack.errors import HeaderError
from jtrack.magics.sweep_header import parse_sweep_header
from jtrack.sweeps.space import Space

LEAST = "--max-evals 5 --minimize loss x=uniform(0,1)"


def test_a_header_says_what_is_searched_and_how() -> None:
    header = parse_sweep_header(
        "%%sweep digits --max-evals 40 --maximize acc --seed 7 --parallel 2 --resume --algo random --timeout 1.5 "
        "--max-failures 0 --early-stop median --name 'long one' --quiet lr=loguniform(log(1e-4), log(1)) "
        "kind=choice('a', 'b') epochs=10 tag=word sizes=[64, 32]"
    )
    assert (header.experiment, header.max_evals, header.maximize, header.minimize) == ("digits", 40, "acc", None)
    assert (header.metric, header.seed, header.parallel, header.resume) == ("acc", 7, 2, True)
    assert (header.algo, header.timeout, header.max_failures) == ("random", 1.5, 0)
    assert (header.early_stop, header.name, header.quiet) == ("median", "long one", True)
    assert header.fixed == {"epochs": 10, "tag": "word", "sizes": [64, 32]}
    assert set(Space(header.space).labels) == {"lr", "kind"}


def test_values_of_the_notebook_stand_where_their_names_do() -> None:
    frame = object()
    names = {"low": np.float64(0.25), "high": 2, "kind": "a 'b'", "n": 7, "data": frame, "goal": {"metric": "loss"}}
    header = parse_sweep_header(
        "%%sweep digits-{n} --max-evals {n} --seed {high} --minimize {goal['metric']} --name 'up to {high}, {{n}}' "
        "x=uniform({low},{high}) kind=choice({kind}, 'c') table={data} size=3",
        names,
    )
    assert (header.experiment, header.max_evals, header.seed, header.minimize) == ("digits-7", 7, 2, "loss")
    assert header.name == "up to 2, {n}"
    assert header.fixed == {"table": frame, "size": 3}
    asked = parse_sweep_header(f"%%sweep {LEAST} kind=choice(\"a 'b'\", 'c')".replace("(0,1)", "(0.25,2)"))
    assert Space(header.space).describe() == Space(asked.space).describe()


@pytest.mark.parametrize("line", [f"{LEAST} y={{gone}}", f"{LEAST} y=uniform(0,{{gone}})", f"{LEAST} --name {{gone}}"])
def test_a_name_that_the_notebook_has_not_is_an_error(line: str) -> None:
    with pytest.raises(HeaderError, match="the notebook has no name 'gone'"):
        parse_sweep_header(f"%%sweep {line}", {"here": 1})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--max-evals 5 x=uniform(0,1)", "--minimize loss, or --maximize accuracy"),
        (f"{LEAST} --maximize acc", "goes by one metric"),
        ("--minimize loss x=uniform(0,1)", "--max-evals 50"),
        ("--max-evals 5 --minimize loss", "nothing to search"),
        ("--max-evals 5 --minimize loss x=3", "nothing to search"),
        (f"{LEAST} x=uniform(0,2)", "x is set twice"),
        (f"{LEAST} x=3", "x is set twice"),
        (f"{LEAST} y=unifrom(0,1)", "did you mean uniform?"),
        (f"{LEAST} y=uniform(1,0)", "nothing between 1 and 0"),
        (f"{LEAST} y=uniform(0,1", "'(' is not closed"),
        (f"{LEAST} y = uniform(0,1)", "with no blanks around ="),
        (f"{LEAST} class=uniform(0,1)", "'class' can't be a name"),
        (f"{LEAST} a b", "the experiment is 'a' already"),
        (f"{LEAST} --max-eval 5", "did you mean '--max-evals'?"),
        (f"{LEAST} --seed one", "--seed takes a whole number, not 'one'"),
        (f"{LEAST} --timeout soon", "--timeout takes a number"),
        (f"{LEAST} --seed", "--seed needs a value"),
        (f"{LEAST} --seed 1 --seed 2", "--seed is given twice"),
    ],
)
def test_a_wrong_header_says_what_is_wrong(line: str, words: str) -> None:
    with pytest.raises(HeaderError) as caught:
        parse_sweep_header(f"%%sweep {line}")
    assert words in str(caught.value)


def test_the_caret_stands_under_the_fault() -> None:
    with pytest.raises(HeaderError) as caught:
        parse_sweep_header(f"%%sweep {LEAST} y=uniform(1,0)")
    _, shown, caret, *_ = caught.value.message.splitlines()
    assert shown[caret.index("^") :] == "uniform(1,0)"
