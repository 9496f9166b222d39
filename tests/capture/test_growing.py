"""What is printed lies on the disk at once, and stays as bounded as what memory keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from jtrack.capture.growing import GrowingFile
from jtrack.capture.output import BoundedText
from jtrack.store.artifacts import ArtifactStore
from jtrack.tracking import current_store

LIMIT = 1_000


class Written:
    """A growing file with the text that it is bounded by, and how often it began."""

    def __init__(self, path: Path) -> None:
        self.n_begun = 0
        self.kept = BoundedText(LIMIT)
        self.file = GrowingFile(path, self.kept, self._begin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def add(self, text: str) -> None:
        self.kept.add(text)
        self.file.add(text)

    def _begin(self) -> None:
        self.n_begun += 1


def test_each_word_is_growing_when_it_was_said(tmp_path: Path) -> None:
    path = tmp_path / "run" / "stdout.txt"
    with Written(path) as written:
        written.add("")
        assert not path.exists() and written.file.n_bytes == 0
        for text in ("épo", "que 1\n", "\ud800\n"):
            written.add(text)
            assert path.read_text().endswith(text.replace("\ud800", "?"))
            assert written.file.n_bytes == path.stat().st_size
        assert (path.read_text(), written.n_begun) == ("époque 1\n?\n", 1)
    written.add("after")
    assert path.read_text() == "époque 1\n?\n"
    assert [file.name for file in path.parent.iterdir()] == ["stdout.txt"]


def test_a_long_text_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    path = tmp_path / "stdout.txt"
    with Written(path) as written:
        for number in range(40_000):
            written.add(f"line {number}\n")
    text = path.read_text()
    assert text.startswith("line 0\nline 1\n") and "characters left out" in text and text.endswith("line 39999\n")
    assert path.stat().st_size < 2 * 2 * LIMIT + 64 * 1024


def test_a_text_that_is_long_by_itself_is_shortened_before_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "stdout.txt"
    with Written(path) as written:
        for start in "abc":
            written.add(start + "x" * 1_000_000)
            assert path.read_text() == written.kept.text()
            assert path.stat().st_size < 2 * LIMIT


def test_another_runs_file_of_the_same_content_is_left_alone(tmp_path: Path) -> None:
    artifacts = ArtifactStore(current_store().folder)
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    for path in (first, second):
        artifacts.put(b"shared", path)
    with Written(first) as written:
        written.add("mine")
    assert (first.read_text(), second.read_text()) == ("mine", "shared")


def test_a_place_that_takes_no_file_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")
    written = Written(tmp_path / "run" / "stdout.txt")
    written.add("one")
    written.add("two")
    assert (written.n_begun, written.file.n_bytes, written.kept.text()) == (0, 0, "onetwo")
