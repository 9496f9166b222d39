"""What was logged reaches the disk before a power cut could take it, and nobody who logs waits for that."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import jtrack
from jtrack.store import journal
from tests.store import processes
from tests.waiting import wait_until


def test_who_logs_does_not_wait_for_a_disk_that_syncs_slowly(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncing, is_done = threading.Event(), threading.Event()

    def sync_slowly(_descriptor: int) -> None:
        syncing.set()
        is_done.wait(60)

    monkeypatch.setattr(os, "fsync", sync_slowly)
    run = jtrack.start_run()
    sync = threading.Thread(target=run.store.writer.beat)
    sync.start()
    assert syncing.wait(60)
    for i in range(50_000):  # several blocks of its file
        run.log_metric("m", i)
    run.log_metric("another", 1)
    run.log_param("p", 1)
    run.set_tag("t", "1")
    run.end()
    with jtrack.start_run():
        jtrack.log_metric("m", 1)
    assert sync.is_alive()
    is_done.set()
    sync.join()


def test_the_end_of_a_run_is_synced_by_another_thread(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: dict[str, set[str]] = {}
    sync = os.fsync

    def note(descriptor: int) -> None:
        sync(descriptor)
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        synced.setdefault(name, set()).add(threading.current_thread().name)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(journal, "HEARTBEAT_S", 600.0)
    for _ in range(2):
        synced.clear()
        with jtrack.start_run():
            jtrack.log_metric("m", 1)
        files = {path.name for path in (store_path / "journal").iterdir()}
        assert wait_until(lambda files=files: synced.keys() >= files)
        assert {name for names in synced.values() for name in names} == {"jtrack-sync"}


def test_a_process_that_ends_has_synced_all_it_logged(store_path: Path) -> None:
    printed = processes.run("""
        import atexit, os
        synced = []
        sync = os.fsync
        def note(descriptor):
            sync(descriptor)
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}").rpartition(".")[2])
        os.fsync = note
        atexit.register(lambda: print(sorted(set(synced))))   # called last, as it was registered first
        import jtrack
        run = jtrack.start_run()
        jtrack.log_metric("m", 1)
    """)
    assert printed == "['events', 'points']\n"
