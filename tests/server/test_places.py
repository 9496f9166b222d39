"""Which store a request means; and that no path leads out."""

from __future__ import annotations

from pathlib import Path

import pytest

from jtrack.errors import InvalidInputError
from jtrack.server.places import Place, find_place, resolve_below


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "work" / "deep").mkdir(parents=True)
    return tmp_path / "root"


def test_a_notebook_means_the_store_that_its_kernel_would_use(root: Path) -> None:
    place = find_place(root, notebook_path="work/deep/a.ipynb")
    assert place == Place(root / "work/deep/.jtrack", root / "work/deep", root / "work/deep/a.ipynb")
    (root / "work" / ".jtrack").mkdir()
    assert find_place(root, notebook_path="work/deep/a.ipynb").store_path == root / "work/.jtrack"
    assert find_place(root, notebook_path="RTC:work/deep/a.ipynb").notebook_path == root / "work/deep/a.ipynb"


def test_the_nearest_store_may_lie_above_the_root(root: Path) -> None:
    (root.parent / ".jtrack").mkdir()
    assert find_place(root, notebook_path="work/a.ipynb").store_path == root.parent / ".jtrack"
    assert find_place(root).store_path == root.parent / ".jtrack"


def test_a_store_can_be_named_itself(root: Path) -> None:
    assert find_place(root, store="work/.jtrack").store_path == root / "work/.jtrack"
    (root / "runs" / "journal").mkdir(parents=True)
    assert find_place(root, store="runs").store_path == root / "runs"
    assert find_place(root, store="work").store_path == root / "work/.jtrack"


def test_the_environment_decides_for_kernels_and_so_for_the_server(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(root / "team"))
    assert find_place(root, notebook_path="work/a.ipynb").store_path == root / "team"
    assert find_place(root, store="work/.jtrack").store_path == root / "work/.jtrack"
    monkeypatch.setenv("JTRACK_TRACKING_URI", "https://host")
    with pytest.raises(InvalidInputError, match="https://host"):
        find_place(root, notebook_path="work/a.ipynb")


@pytest.mark.parametrize("path", ["../x.ipynb", "work/../../x.ipynb", "..", "a/\0b", "RTC:../x"])
def test_no_path_leads_out(root: Path, path: str) -> None:
    with pytest.raises(InvalidInputError, match="leads out"):
        resolve_below(root, path)
    with pytest.raises(InvalidInputError):
        find_place(root, notebook_path=path)
    with pytest.raises(InvalidInputError):
        find_place(root, store=path)


@pytest.mark.parametrize("path", ["/etc/passwd", "//etc/passwd", "./etc/./passwd", "etc//passwd", "X:/etc/passwd"])
def test_an_absolute_path_is_taken_from_the_root(root: Path, path: str) -> None:
    found = resolve_below(root, path)
    assert found.is_relative_to(root)
    assert found.parts[-2:] == ("etc", "passwd")
