"""Which store a request means; and that no path leads out."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from jtrack.errors import InvalidInputError
from jtrack.server.places import Place, find_place, known_paths, resolve_below
from tests.server.samples import cell_run


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


def write_notebook(path: Path, *cell_ids: str) -> Path:
    cells = [nbformat.v4.new_code_cell("x = 1", id=cell_id) for cell_id in cell_ids]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_notebook_is_known_by_the_paths_it_had_as_well(own_folder: Path) -> None:
    first = write_notebook(own_folder / "first.ipynb", "c1", "c2")
    cell_run(first, "c1", {"a": 1}, {})
    cell_run(write_notebook(own_folder / "other.ipynb", "c9"), "c9", {"a": 1}, {})
    assert known_paths(first) == [str(first)]
    second = first.rename(own_folder / "second.ipynb")
    cell_run(second, "c2", {"a": 1}, {})
    third = second.rename(own_folder / "third.ipynb")
    assert known_paths(third)[0] == str(third)
    assert set(known_paths(third)) == {str(third), str(second), str(first)}


def test_a_page_that_knows_a_notebook_by_its_former_path_is_told_of_what_its_cells_run_since(own_folder: Path) -> None:
    former = write_notebook(own_folder / "former.ipynb", "c1", "c2")
    cell_run(former, "c1", {"a": 1}, {})
    between = former.rename(own_folder / "between.ipynb")
    assert known_paths(former) == [str(former)]
    cell_run(between, "c1", {"a": 2}, {})
    cell_run(write_notebook(own_folder / "other.ipynb", "c9"), "c9", {"a": 1}, {})
    assert known_paths(former) == [str(former), str(between)]
    now = between.rename(own_folder / "now.ipynb")
    cell_run(now, "c1", {"a": 3}, {})
    assert known_paths(former) == [str(former), str(now), str(between)]


def test_a_copy_of_a_notebook_leaves_the_original_its_runs(own_folder: Path) -> None:
    original = write_notebook(own_folder / "original.ipynb", "c1")
    cell_run(original, "c1", {"a": 1}, {})
    copy = write_notebook(own_folder / "copy.ipynb", "c1")
    assert known_paths(copy) == [str(copy)]
    original.unlink()
    assert known_paths(copy) == [str(copy), str(original)]


def test_a_notebook_that_can_not_be_read_is_known_by_its_path(own_folder: Path) -> None:
    gone, garbled = own_folder / "gone.ipynb", own_folder / "garbled.ipynb"
    garbled.write_text('{"cells": 3')
    linked = own_folder / "linked.ipynb"
    linked.symlink_to(garbled)
    assert known_paths(gone) == [str(gone)]
    assert known_paths(linked) == [str(linked), str(garbled)]
