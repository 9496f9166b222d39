"""The one line that stands for an error, found in tracebacks as Python and IPython write them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from jtrack.capture.tracebacks import traceback_text
from jtrack.errors import ParamConflictError
from jtrack.widgets.error_line import MAX_LENGTH, error_line


def line_of(error: BaseException) -> str | None:
    """Raise an error, and find its line in the traceback that a run would keep."""
    try:
        raise error
    except BaseException as raised:
        return error_line(traceback_text(raised))


def test_a_message_of_many_lines_is_known_by_its_first() -> None:
    with pytest.raises(ValueError) as caught:
        LinearRegression().fit(np.array([[np.nan]]), [1])
    assert str(caught.value).count("\n") >= 1
    assert error_line(traceback_text(caught.value)) == "ValueError: Input X contains NaN."


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (KeyError("lr"), "KeyError: 'lr'"),
        (AssertionError(), "AssertionError"),
        (ValueError("no\n\nSee the docs:\n  https://example.org/errors"), "ValueError: no"),
        (ValueError("two\nlines"), "ValueError: two"),
        (RuntimeError("see https://example.org/a b: c"), "RuntimeError: see https://example.org/a b: c"),
        (SyntaxError("invalid syntax", ("<cell>", 2, 5, "x = = 1\n", 2, 6)), "SyntaxError: invalid syntax"),
    ],
)
def test_it_is_the_line_behind_the_last_frame(error: BaseException, line: str) -> None:
    assert line_of(error) == line


def test_of_an_error_of_jtracks_own_it_is_what_is_wrong_and_not_the_hint() -> None:
    error = ParamConflictError("lr", 0.1, 0.2)
    assert error.hint is not None
    assert line_of(error) == "jtrack.errors.ParamConflictError: " + error.message


def test_of_a_group_it_is_the_groups_own_line() -> None:
    inner = ExceptionGroup("inner", [ValueError("one\nmore"), KeyError("two")])
    assert line_of(ExceptionGroup("what went wrong", [inner, TypeError("three")])) == (
        "ExceptionGroup: what went wrong (2 sub-exceptions)"
    )


def test_of_a_chain_it_is_the_last_one() -> None:
    def fail() -> None:
        try:
            raise KeyError("cause")
        except KeyError as cause:
            raise ValueError("effect\nwith more") from cause

    with pytest.raises(ValueError) as caught:
        fail()
    assert error_line(traceback_text(caught.value)) == "ValueError: effect"


def test_notes_below_an_error_are_not_it() -> None:
    error = ValueError("no")
    error.add_note("in fold 3")
    assert line_of(error) == "ValueError: no"


def test_a_long_line_is_cut_and_a_text_without_frames_gives_its_last() -> None:
    assert error_line("KeyboardInterrupt\n") == "KeyboardInterrupt"
    assert error_line("Traceback\nValueError: " + "x" * 1000 + "\n\n") == ("ValueError: " + "x" * 1000)[:MAX_LENGTH]
    assert error_line("") is None
