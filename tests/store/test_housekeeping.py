"""What the store does by itself: folds when it is due, starts new files where the old grew large, stays out of git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import jtrack
from jtrack.queries import rows
from jtrack.store import fold, journal
from jtrack.store.folder import StoreFolder
from jtrack.tracking import current_store
from tests.store import processes


def test_a_large_tail_is_folded_by_the_first_question(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "MIN_TAIL_BYTES", 100_000)
    with jtrack.start_run():
        for i in range(60_000):
            jtrack.log_metric("m", i)
        assert StoreFolder(store_path).generations() == []
        assert rows("SELECT n_points FROM latest_metrics") == [{"n_points": 60_000}]
        assert [number for number, _ in StoreFolder(store_path).generations()] == [1]
        jtrack.log_metric("m", 1)
        assert rows("SELECT n_points FROM latest_metrics") == [{"n_points": 60_001}]
        assert [number for number, _ in StoreFolder(store_path).generations()] == [1]


def test_many_journals_of_the_dead_are_folded_by_the_first_question(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "MAX_JOURNALS", 3)
    for i in range(5):
        processes.run("import jtrack\nwith jtrack.start_run(): jtrack.log_param('i', int(sys.argv[1]))", i)
    folder = StoreFolder(store_path)
    assert len(folder.writers()) == 5
    assert rows("SELECT count(*) AS n FROM params") == [{"n": 5}]
    assert folder.writers() == []


def test_a_journal_that_grew_large_is_followed_by_another(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROTATE_BYTES", 200_000)
    with jtrack.start_run() as run:
        writer = current_store().writer
        for i in range(40_000):
            jtrack.log_metric("m", i)
            if i % 10_000 == 9_999:
                writer.beat()
        jtrack.log_param("after", 1)
        assert len(StoreFolder(store_path).writers()) > 1
        assert jtrack.get_run(run).info.status == "RUNNING"
        current_store().fold()
        assert len(StoreFolder(store_path).writers()) == 1
        assert jtrack.get_run(run).info.status == "RUNNING"
    assert jtrack.metric_history(run, "m").step.tolist() == list(range(40_000))
    assert jtrack.get_run(run).data.params == {"after": 1}
    assert jtrack.get_run(run).info.status == "FINISHED"


def test_a_fold_that_cannot_be_written_is_not_tried_with_every_question(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def refuse(folder: StoreFolder) -> None:
        tried.append(folder)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fold, "MIN_TAIL_BYTES", 1)
    monkeypatch.setattr(fold, "fold", refuse)
    with jtrack.start_run():
        for i in range(40_000):
            jtrack.log_metric("m", i)
        for _ in range(5):
            assert rows("SELECT n_points FROM latest_metrics") == [{"n_points": 40_000}]
    assert len(tried) == 1


def test_a_store_keeps_itself_out_of_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    with jtrack.start_run():
        jtrack.log_text("x", "a.txt")
    found = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert found.stdout == ""


def test_the_store_is_the_nearest_one_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with jtrack.start_run(run_name="above"):
        pass
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "deeper")
    assert jtrack.get_run("above").info.run_name == "above"
    assert jtrack.get_tracking_uri() == str(tmp_path / ".jtrack")
    monkeypatch.setenv("JTRACK_TRACKING_URI", f"file:{tmp_path}/elsewhere")
    with jtrack.start_run(run_name="other"):
        pass
    assert (tmp_path / "elsewhere" / "journal").is_dir()
    jtrack.set_tracking_uri(tmp_path / "third")
    try:
        assert len(jtrack.search_runs(output_format="list")) == 0
        assert not (tmp_path / "third").exists()
    finally:
        jtrack.set_tracking_uri(None)


def test_who_has_read_the_store_before_does_not_wait_for_a_fold(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    beside = fold.fold_beside

    def note(folder: StoreFolder) -> subprocess.Popen[bytes]:
        started.append(beside(folder))
        return started[-1]

    monkeypatch.setattr(fold, "MIN_TAIL_BYTES", 100_000)
    monkeypatch.setattr(fold, "fold_beside", note)
    with jtrack.start_run():
        assert rows("SELECT n_points FROM latest_metrics") == []
        for i in range(60_000):
            jtrack.log_metric("m", i)
        for _ in range(3):
            assert rows("SELECT n_points FROM latest_metrics") == [{"n_points": 60_000}]
        assert len(started) == 1
        assert started[0].wait(60) == 0
        assert [number for number, _ in StoreFolder(store_path).generations()] == [1]
        jtrack.log_metric("m", 1)
        assert rows("SELECT n_points FROM latest_metrics") == [{"n_points": 60_001}]
