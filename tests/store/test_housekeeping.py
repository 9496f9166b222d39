"""What the store does by itself: folds when it is due, starts new files where the old grew large, stays out of git."""

from __future__ import annotations

import json
import os
import subprocess
import time
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


def test_a_tail_is_due_at_a_quarter_of_the_base_and_never_below_sixteen_megabytes(store_path: Path) -> None:
    folder = StoreFolder(store_path)
    folder.ensure()
    events, base, megabyte = folder.events_path("w"), store_path / "store.1.duckdb", 1024 * 1024

    def is_due(n_tail: int, n_base: int) -> bool:
        for path, n_bytes in ((events, n_tail), (base, n_base)):
            path.touch()
            os.truncate(path, n_bytes)
        return fold.is_due(folder, {})

    assert not is_due(16 * megabyte, 0)
    assert is_due(16 * megabyte + 1, 0)
    assert not is_due(25 * megabyte, 100 * megabyte)
    assert is_due(25 * megabyte + 1, 100 * megabyte)


def test_a_generation_is_not_to_be_written(store_path: Path) -> None:
    with jtrack.start_run():
        jtrack.log_metric("m", 1)
    generation = current_store().fold()
    assert generation is not None
    assert generation.stat().st_mode & 0o222 == 0


def test_packages_are_written_once_per_process_and_kept_once_per_environment(store_path: Path) -> None:
    code = """
        import jtrack
        from jtrack.entities import Environment
        for packages in ({"only": "1.0"}, {"only": "1.0"}, {"only": "2.0"}):
            with jtrack.start_run() as run:
                run.record_environment(Environment(packages["only"], "3.11", "linux", packages))
    """
    for _ in range(2):
        processes.run(code)
    for path in (store_path / "journal").glob("*.events"):
        assert path.read_text().count('"packages"') == 2
    for _ in range(2):
        found = rows("SELECT environment_sha256, packages FROM environments ORDER BY packages")
        assert [(row["environment_sha256"], json.loads(row["packages"])["only"]) for row in found] == [
            ("1.0", "1.0"),
            ("2.0", "2.0"),
        ]
        assert rows("SELECT count(*) AS n FROM runs WHERE environment_sha256 = '1.0'") == [{"n": 4}]
        current_store().fold()


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
    jtrack.set_tracking_uri("")
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


def test_a_fold_removes_what_a_process_that_was_killed_had_half_written_of_a_file(store_path: Path) -> None:
    with jtrack.start_run():
        jtrack.log_text("whole", "a.txt")
    left, fresh = (store_path / "artifacts" / ".blobs" / f"{name}.draft" for name in ("left", "fresh"))
    for draft in (left, fresh):
        draft.write_text("half")
    os.utime(left, (time.time() - 90_000,) * 2)
    current_store().fold()
    assert (left.exists(), fresh.exists()) == (False, True)
