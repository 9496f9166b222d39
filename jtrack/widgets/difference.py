"""What changed between two sources: lines side by side, with the words that changed marked.

Lines are matched with difflib; inside a replaced block an old line is paired with the new line that
shares most words with it, so that an edit reads as an edit and not as a removal and an addition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

_MOST_LINES = 2000
_LONGEST_LINE = 400
_ALIKE = 0.4
_WORD = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\w+|\s+|[^\w\s]")


class RowKind(StrEnum):
    """What became of a line."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"


class Span(NamedTuple):
    """A piece of a line, and whether it is what changed in it."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one side; ``number`` counts from 1."""

    number: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row of a difference side by side; ``n_skipped`` equal lines where ``kind`` is skipped."""

    kind: RowKind
    left: Line | None = None
    right: Line | None = None
    n_skipped: int = 0


@dataclass(frozen=True, slots=True)
class SourceDifference:
    """The rows that differ with some lines around them; ``n_hidden`` rows were cut at the end."""

    rows: tuple[DiffRow, ...]
    n_removed: int
    n_added: int
    n_hidden: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether both sources are the same."""
        return not (self.n_removed or self.n_added)


def diff_sources(old: str, new: str, *, context: int = 3, max_rows: int | None = None) -> SourceDifference:
    """Compare two sources line by line.

    Parameters
    ----------
    context
        Equal lines kept around each change.
    max_rows
        Rows after this many are counted in ``n_hidden`` and left out.
    """
    rows = list(_rows(_lines(old), _lines(new)))
    n_removed = sum(row.kind in (RowKind.REMOVED, RowKind.CHANGED) for row in rows)
    n_added = sum(row.kind in (RowKind.ADDED, RowKind.CHANGED) for row in rows)
    kept = _with_context(rows, context)
    shown = kept if max_rows is None else kept[:max_rows]
    return SourceDifference(tuple(shown), n_removed, n_added, len(kept) - len(shown))


def unified(rows: Sequence[DiffRow]) -> Iterator[tuple[str, Line | None, int]]:
    """The rows as ``(sign, line, n_skipped)`` with the old lines of a block before its new ones."""
    pending: list[Line] = []
    for row in rows:
        if row.left is not None and row.kind is not RowKind.SAME:
            yield "-", row.left, 0
        if row.right is not None and row.kind is not RowKind.SAME:
            pending.append(row.right)
            continue
        if row.kind is RowKind.REMOVED:
            continue
        yield from (("+", line, 0) for line in pending)
        pending.clear()
        yield ("…", None, row.n_skipped) if row.kind is RowKind.SKIPPED else (" ", row.right, 0)
    yield from (("+", line, 0) for line in pending)


def _lines(source: str) -> list[str]:
    return source.rstrip("\n").split("\n")[:_MOST_LINES] if source else []


def _cut(line: str) -> str:
    """As much of a line as is shown; that two of them differ is told by the whole."""
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


def _rows(old: list[str], new: list[str]) -> Iterator[DiffRow]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for op, i, i_end, j, j_end in matcher.get_opcodes():
        if op == "equal":
            for k in range(i_end - i):
                yield DiffRow(RowKind.SAME, _plain(old, i + k), _plain(new, j + k))
            continue
        for left, right in _pair(old[i:i_end], new[j:j_end]):
            yield _changed_row(old, new, None if left is None else i + left, None if right is None else j + right)


def _changed_row(old: list[str], new: list[str], i: int | None, j: int | None) -> DiffRow:
    if i is None or j is None:
        kind = RowKind.ADDED if i is None else RowKind.REMOVED
        return DiffRow(kind, None if i is None else _plain(old, i), None if j is None else _plain(new, j))
    left, right = _mark_words(_cut(old[i]), _cut(new[j]))
    return DiffRow(RowKind.CHANGED, Line(i + 1, left), Line(j + 1, right))


def _plain(lines: list[str], index: int) -> Line:
    return Line(index + 1, (Span(_cut(lines[index]), False),))


def _pair(old: list[str], new: list[str]) -> list[tuple[int | None, int | None]]:
    """Match old and new lines in order so that the pairs share as many words as they can."""
    if not old or not new or len(old) * len(new) > 2500:
        return [(i, None) for i in range(len(old))] + [(None, j) for j in range(len(new))]
    left, right = [_word_counts(_cut(line)) for line in old], [_word_counts(_cut(line)) for line in new]
    score = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    likeness = [[_likeness(a, b) for b in right] for a in left]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = likeness[i][j] + score[i + 1][j + 1] if likeness[i][j] >= _ALIKE else 0.0
            score[i][j] = max(paired, score[i + 1][j], score[i][j + 1])
    return _trace(score, likeness)


def _trace(score: list[list[float]], likeness: list[list[float]]) -> list[tuple[int | None, int | None]]:
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    n_old, n_new = len(likeness), len(likeness[0])
    while i < n_old and j < n_new:
        alike = likeness[i][j] >= _ALIKE
        if alike and score[i][j] == likeness[i][j] + score[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif score[i][j] == score[i + 1][j]:
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs + [(k, None) for k in range(i, n_old)] + [(None, k) for k in range(j, n_new)]


def _word_counts(line: str) -> Counter[str]:
    return Counter(word for word in _WORD.findall(line) if not word.isspace())


def _likeness(left: Counter[str], right: Counter[str]) -> float:
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0


def _mark_words(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    left, right = _WORD.findall(old), _WORD.findall(new)
    old_spans: list[Span] = []
    new_spans: list[Span] = []
    for op, i, i_end, j, j_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        changed = op != "equal"
        if i < i_end:
            old_spans.append(Span("".join(left[i:i_end]), changed))
        if j < j_end:
            new_spans.append(Span("".join(right[j:j_end]), changed))
    return tuple(old_spans), tuple(new_spans)


def _with_context(rows: list[DiffRow], context: int) -> list[DiffRow]:
    near = [False] * len(rows)
    for index, row in enumerate(rows):
        if row.kind is not RowKind.SAME:
            for k in range(max(0, index - context), min(len(rows), index + context + 1)):
                near[k] = True
    kept: list[DiffRow] = []
    skipped = 0
    for row, is_near in zip(rows, near, strict=True):
        if not is_near:
            skipped += 1
            continue
        if skipped:
            kept.append(DiffRow(RowKind.SKIPPED, n_skipped=skipped))
            skipped = 0
        kept.append(row)
    if skipped and kept:
        kept.append(DiffRow(RowKind.SKIPPED, n_skipped=skipped))
    return kept
