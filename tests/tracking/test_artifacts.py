"""Files of runs: kept once per content, inside their run, in the format that their name asks for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import matplotlib as mpl
import pytest

import jtrack
from jtrack.errors import InvalidInputError
from jtrack.queries import rows

mpl.use("agg")


def test_files_folders_texts_and_dicts(tmp_path: Path) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "a.csv").write_text("1,2")
    (tmp_path / "data" / "deep" / "b.csv").write_text("3,4")
    with jtrack.start_run() as run:
        jtrack.log_artifact("data/a.csv")
        jtrack.log_artifact(tmp_path / "data" / "a.csv", "copies")
        jtrack.log_artifact("data", "all")
        jtrack.log_artifacts("data", "flat")
        jtrack.log_text("grüße", "notes/hello.txt")
        jtrack.log_dict({"a": [1, None]}, "config.json")
        jtrack.log_dict({"a": [1, None]}, "config.yaml")
    root = Path(jtrack.get_run(run).info.artifact_uri)
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    assert set(found) == {
        "a.csv", "copies/a.csv", "all/data/a.csv", "all/data/deep/b.csv", "flat/a.csv", "flat/deep/b.csv",
        "notes/hello.txt", "config.json", "config.yaml",
    }  # fmt: skip
    assert found["notes/hello.txt"].read_text(encoding="utf-8") == "grüße"
    assert json.loads(found["config.json"].read_text()) == {"a": [1, None]}
    assert found["config.yaml"].read_text() == "a:\n- 1\n- null\n"
    assert len({found[name].stat().st_ino for name in ("a.csv", "copies/a.csv", "flat/a.csv")}) == 1
    listed = {row["path"]: row["n_bytes"] for row in rows("SELECT path, n_bytes FROM artifacts")}
    assert listed == {name: path.stat().st_size for name, path in found.items()}


def test_what_a_thousand_runs_log_alike_is_stored_once(store_path: Path) -> None:
    for _ in range(10):
        with jtrack.start_run():
            jtrack.log_text("x" * 100_000, "same.txt")
    blobs = [path for path in (store_path / "artifacts" / ".blobs").rglob("*") if path.is_file()]
    assert len(blobs) == 1
    assert os.stat(blobs[0]).st_nlink == 11


def test_what_a_run_writes_over_takes_no_more_room(store_path: Path) -> None:
    with jtrack.start_run(run_name="keeps"):
        jtrack.log_text("0", "kept.txt")
    with jtrack.start_run() as run:
        for epoch in range(5):
            jtrack.log_text(str(epoch), "checkpoint.txt")
    kept = {path.read_text() for path in (store_path / "artifacts" / ".blobs").rglob("*") if path.is_file()}
    assert kept == {"0", "4"}
    assert (run.artifact_path / "checkpoint.txt").read_text() == "4"


def test_what_is_logged_again_alike_or_refused_leaves_nothing_beside_it() -> None:
    with jtrack.start_run() as run:
        for _ in range(3):
            jtrack.log_text("same", "config.txt")
        jtrack.log_text("in it", "folder/a.txt")
        with pytest.raises(InvalidInputError, match="'folder' can't be kept"):
            jtrack.log_text("over it", "folder")
    files = {path.relative_to(run.artifact_path).as_posix() for path in run.artifact_path.rglob("*") if path.is_file()}
    assert files == {"config.txt", "folder/a.txt"}


def _logged(run: jtrack.ActiveRun) -> set[str]:
    return {row["path"] for row in rows("SELECT path FROM artifacts WHERE run_id = ?", [run.run_id])}


def test_a_folder_is_known_by_its_name_however_it_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "a.csv").write_text("1,2")
    jtrack.set_tracking_uri(tmp_path / "store")
    monkeypatch.chdir(tmp_path / "data" / "deep")
    with jtrack.start_run() as run:
        jtrack.log_artifact("..")
        jtrack.log_artifact("../deep/..", "again")
        jtrack.log_artifact("../a.csv", "")
        jtrack.log_artifacts("..", "")
    assert _logged(run) == {"data/a.csv", "again/data/a.csv", "a.csv"}
    monkeypatch.chdir("..")
    with jtrack.start_run() as run:
        jtrack.log_artifact(".")
    assert _logged(run) == {"data/a.csv"}


def test_linked_folders_are_kept_and_a_link_back_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "checkpoints" / "epoch-3").mkdir(parents=True)
    (tmp_path / "checkpoints" / "epoch-3" / "model.pt").write_text("weights")
    (tmp_path / "checkpoints" / "best").symlink_to("epoch-3")
    (tmp_path / "checkpoints" / "epoch-3" / "all").symlink_to("..")
    with jtrack.start_run() as run:
        jtrack.log_artifact("checkpoints")
    assert _logged(run) == {"checkpoints/epoch-3/model.pt", "checkpoints/best/model.pt"}


def test_the_folder_around_the_store_is_kept_without_the_store(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("fit()")
    jtrack.set_tracking_uri(tmp_path / ".jtrack")
    for _ in range(3):
        with jtrack.start_run() as run:
            jtrack.log_text("{}", "config.json")
            jtrack.log_artifacts(".", "code")
        assert _logged(run) == {"config.json", "code/train.py"}


def test_of_a_folder_with_a_name_that_is_refused_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1,2")
    (tmp_path / "data" / "b\udcff.csv").write_text("3,4")
    with jtrack.start_run() as run, pytest.raises(InvalidInputError, match="half a character"):
        jtrack.log_artifacts("data")
    assert not _logged(run)


def test_what_another_run_drops_at_this_moment_is_written_again(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, dropped = os.link, []

    def drop_and_link(blob: Path, target: Path) -> None:
        if not dropped:
            dropped.append(blob)
            blob.unlink()
        link(blob, target)

    monkeypatch.setattr(os, "link", drop_and_link)
    with jtrack.start_run() as run:
        jtrack.log_text("same", "a.txt")
    assert dropped
    assert (run.artifact_path / "a.txt").read_text() == "same"


def test_a_file_that_changes_later_is_kept_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_text("one")
    with jtrack.start_run() as run:
        jtrack.log_artifact(source)
        source.write_text("two")
        jtrack.log_artifact(source, "later")
        jtrack.log_text("three", "later/model.bin")
    assert (run.artifact_path / "model.bin").read_text() == "one"
    assert (run.artifact_path / "later" / "model.bin").read_text() == "three"


def test_figures() -> None:
    import matplotlib.pyplot as plt
    import plotly.graph_objects as go

    figure, axes = plt.subplots()
    axes.plot([1, 2])
    with jtrack.start_run() as run:
        jtrack.log_figure(figure, "plots/line.png")
        jtrack.log_figure(figure, "plots/line.svg", save_kwargs={"dpi": 50})
        jtrack.log_figure(go.Figure(go.Scatter(y=[1, 2])), "plots/line.json")
        jtrack.log_figure(go.Figure(go.Scatter(y=[1, 2])), "plots/line.html")
        with pytest.raises(InvalidInputError, match="no ending"):
            jtrack.log_figure(figure, "plots/line")
        with pytest.raises(InvalidInputError, match="can't be drawn"):
            jtrack.log_figure(figure, "plots/line.xyz")
        with pytest.raises(InvalidInputError, match="from matplotlib or plotly"):
            jtrack.log_figure([1, 2], "plots/line.png")
    plt.close(figure)
    plots = run.artifact_path / "plots"
    assert (plots / "line.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (plots / "line.svg").read_bytes()
    assert json.loads((plots / "line.json").read_text())["data"][0]["y"] == [1, 2]
    page = (plots / "line.html").read_text(encoding="utf-8")
    assert 'src="http' not in page


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.txt", "a/../../up.txt", "", "."])
def test_an_artifact_stays_inside_its_run(path: str) -> None:
    with jtrack.start_run(), pytest.raises(InvalidInputError, match="stays inside its run"):
        jtrack.log_text("x", path)


def test_a_missing_file_is_named() -> None:
    with jtrack.start_run(), pytest.raises(InvalidInputError, match=r"there is no file 'nowhere\.csv'"):
        jtrack.log_artifact("nowhere.csv")


def test_a_dict_without_a_form_is_refused() -> None:
    with jtrack.start_run(), pytest.raises(InvalidInputError, match=r"'a\.json' can't hold this"):
        jtrack.log_dict({"a": object()}, "a.json")
