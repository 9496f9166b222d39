"""Numbers, times and sizes as they read; the same cases hold for the TypeScript side (tests/ui/test_renderers.py)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jtrack.widgets import format as fmt

CASES: dict[str, list[list[Any]]] = json.loads(Path(__file__).with_name("format_cases.json").read_text("utf-8"))
NOW = datetime(2026, 3, 1, 14, 3, 11, tzinfo=UTC)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(item) for item in value]
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


@pytest.mark.parametrize(("value", "decimals", "text"), CASES["format_number"])
def test_numbers_have_four_significant_digits(value: Any, decimals: int | None, text: str) -> None:
    assert fmt.format_number(plain(value), decimals) == text


@pytest.mark.parametrize(("seconds", "text"), CASES["format_duration"])
def test_durations_carry_their_unit(seconds: float | None, text: str) -> None:
    assert fmt.format_duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), CASES["format_ago"])
def test_times_are_told_from_now(seconds: float, text: str) -> None:
    assert fmt.format_ago(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(("n", "text"), CASES["plural"])
def test_counts_name_what_they_count(n: int, text: str) -> None:
    assert fmt.plural(n, "run") == text


@pytest.mark.parametrize(("text", "width", "short"), CASES["shorten"])
def test_long_text_is_cut_with_an_ellipsis(text: str, width: int, short: str) -> None:
    assert fmt.shorten(text, width) == short


@pytest.mark.parametrize(("values", "decimals"), CASES["column_decimals"])
def test_values_under_each_other_share_their_decimals(values: list[Any], decimals: int | None) -> None:
    assert fmt.column_decimals(plain(values)) == decimals


@pytest.mark.parametrize(("value", "previous", "text"), CASES["format_difference"])
def test_a_difference_has_the_decimals_of_its_value(value: float, previous: float, text: str) -> None:
    assert fmt.format_difference(value, previous) == text


@pytest.mark.parametrize(("values", "texts"), CASES["format_ticks"])
def test_the_labels_of_an_axis_share_their_decimals(values: list[float], texts: list[str]) -> None:
    assert fmt.format_ticks(values) == texts


@pytest.mark.parametrize(("n_bytes", "text"), CASES["format_bytes"])
def test_sizes_carry_their_unit(n_bytes: int, text: str) -> None:
    assert fmt.format_bytes(n_bytes) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1e-05, "1e-05"),
        (0.012345678, "0.01235"),
        (123456.789, "123457"),
        (1.23456789e-9, "1.235e-09"),
        (300, "300"),
        (True, "True"),
        (None, "None"),
        ("relu", "relu"),
        ("4", "'4'"),
        ("", "''"),
        ([1, 2], "[1, 2]"),
        (float("nan"), "nan"),
    ],
)
def test_a_param_reads_as_it_was_given(value: object, text: str) -> None:
    assert fmt.format_param(value) == text


def test_a_time_in_a_saved_page_has_its_date_when_it_is_not_today() -> None:
    assert fmt.format_moment(NOW - timedelta(hours=2), NOW) == "12:03"
    assert fmt.format_moment(NOW - timedelta(hours=20), NOW) == "28 Feb 18:03"
    assert fmt.format_moment(NOW - timedelta(days=400), NOW) == "2025-01-25"
    assert fmt.format_moment(None, NOW) == "–"


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")]
)
def test_ranks(n: int, text: str) -> None:
    assert fmt.ordinal(n) == text


@pytest.mark.parametrize(("texts", "width", "told"), CASES["tell_apart"])
def test_names_beside_each_other_are_told_apart(texts: list[str | None], width: int, told: list[str]) -> None:
    assert fmt.tell_apart(texts, width) == told


def test_texts_beside_each_other_are_told_apart() -> None:
    long = "a" * 40
    assert fmt.tell_apart(["short", None, "short"], 10) == ["short", None, "short"]
    assert fmt.tell_apart([long + "1", long + "2", None, "x"], 10) == ["…aaa1", "…aaa2", None, "x"]
    assert fmt.tell_apart(["b" + long, "c" + long], 10) == ["b" + 8 * "a" + "…", "c" + 8 * "a" + "…"]
    assert fmt.tell_apart(["b" + long + "1", "b" + long + "2", "c" + long], 9) == [
        "baaa…aaa1",
        "baaa…aaa2",
        "caaa…aaaa",
    ]
