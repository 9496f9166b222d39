"""Source differences, by value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jtrack.widgets.difference import RowKind, Span, diff_sources, unified

OLD = "a = 1\nmodel = fit(lr=0.1, depth=4)\nprint(a)\n"
NEW = "a = 1\nmodel = fit(lr=0.03, depth=4)\nprint(a)\nplot(a)\n"


def signs(old: str, new: str, **options: int) -> list[str]:
    lines = unified(diff_sources(old, new, **options).rows)
    return [sign + ("" if line is None else "".join(span.text for span in line.spans)) for sign, line, _ in lines]


def test_the_words_that_changed_are_marked() -> None:
    changed = [row for row in diff_sources(OLD, NEW).rows if row.kind is RowKind.CHANGED]
    assert [row.left.spans for row in changed if row.left] == [
        (Span("model = fit(lr=", False), Span("0.1", True), Span(", depth=4)", False))
    ]
    assert [row.right.spans for row in changed if row.right] == [
        (Span("model = fit(lr=", False), Span("0.03", True), Span(", depth=4)", False))
    ]


def test_old_lines_of_a_block_stand_before_its_new_ones() -> None:
    old, new = "fit(a, 1)\nplot(b, 2)", "fit(a, 10)\nplot(b, 20)"
    assert signs(old, new) == ["-fit(a, 1)", "-plot(b, 2)", "+fit(a, 10)", "+plot(b, 20)"]


def test_lines_without_common_words_are_a_removal_and_an_addition() -> None:
    kinds = [row.kind for row in diff_sources("alpha beta gamma", "one two three").rows]
    assert kinds == [RowKind.REMOVED, RowKind.ADDED]


def test_an_inserted_line_is_paired_with_none() -> None:
    old = "x = load(1)\ny = fit(x, depth=1)"
    new = "x = load(2)\nz = 5\ny = fit(x, depth=2)"
    assert [row.kind for row in diff_sources(old, new).rows] == [RowKind.CHANGED, RowKind.ADDED, RowKind.CHANGED]


def test_equal_lines_far_from_a_change_are_counted_not_shown() -> None:
    body = [f"line {i}" for i in range(50)]
    changed = [*body[:25], "new", *body[25:]]
    rows = diff_sources("\n".join(body), "\n".join(changed), context=2).rows
    assert [(row.kind.value, row.n_skipped) for row in rows] == [
        ("skipped", 23), ("same", 0), ("same", 0), ("added", 0), ("same", 0), ("same", 0), ("skipped", 23),
    ]  # fmt: skip


def test_rows_beyond_the_limit_are_counted() -> None:
    difference = diff_sources("", "\n".join(map(str, range(100))), max_rows=10)
    assert (len(difference.rows), difference.n_hidden, difference.n_added) == (10, 90, 100)


def test_the_same_source_has_no_rows() -> None:
    assert diff_sources(OLD, OLD).is_empty
    assert diff_sources(OLD, OLD).rows == ()


@given(st.lists(st.sampled_from("abcde ("), max_size=12), st.lists(st.sampled_from("abcde ("), max_size=12))
def test_both_sources_can_be_read_off_a_difference(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    lines = list(unified(diff_sources(before, after, context=1000).rows))
    texts = [(sign, "".join(span.text for span in line.spans)) for sign, line, _ in lines if line]
    if before.rstrip("\n") != after.rstrip("\n"):
        assert [t for sign, t in texts if sign != "+"] == (before.rstrip("\n").split("\n") if before else [])
        assert [t for sign, t in texts if sign != "-"] == (after.rstrip("\n").split("\n") if after else [])
