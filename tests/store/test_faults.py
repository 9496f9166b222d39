"""Full disks, folders that can't be written, paths that are no folders: one clear line, and nothing is lost."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import jtrack
from jtrack import queries
from jtrack.errors import StorePathError


def test_a_disk_that_fills_up_while_training_loses_nothing(run_on_disk: Callable[[str, str], str]) -> None:
    printed = run_on_disk(
        "3m",
        """
        run = jtrack.start_run(run_name="full")
        for i in range(200_000):                       # 6.4 MB
            jtrack.log_metric("m", i, step=i)
        jtrack.log_param("late", "x" * 1000)
        jtrack.log_text("y" * 4_000_000, "big.txt")
        run.store.writer.beat()
        assert run.store.writer.n_waiting > 0
        grow()
        run.end()
        run.store.writer.beat()
        assert run.store.writer.n_waiting == 0
        found = jtrack.get_run("full")
        curve = jtrack.metric_history("full", "m")
        print(len(curve), curve.step.tolist() == list(range(200_000)))
        print(found.info.status.value, len(found.data.params["late"]))
        print((run.artifact_path / "big.txt").stat().st_size)
        """,
    )
    assert "200000 True\nFINISHED 1000\n" in printed
    assert "4000000" in printed
    assert "No space left on device: what is logged is kept in memory and tried again" in printed
    assert printed.count("what is logged is kept") == 1


def test_a_disk_that_is_full_from_the_start_keeps_the_run_in_memory(run_on_disk: Callable[[str, str], str]) -> None:
    printed = run_on_disk(
        "2m",
        """
        os.makedirs(disk + "/.jtrack/journal")
        with open(disk + "/filler", "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)):
                    pass
            except OSError:
                pass
        for _ in range(2):
            chosen = jtrack.set_experiment("new")
            assert chosen.name == "new"
        with jtrack.start_run(run_name="full") as run:
            jtrack.log_params({"a": 1})
            for i in range(5000):
                jtrack.log_metric("m", i)
        os.unlink(disk + "/filler")
        run.store.writer.beat()
        print(jtrack.get_run("full").data, jtrack.get_run("full").info.status.value)
        print(jtrack.get_experiment(run.experiment_id).name, len(jtrack.search_experiments()))
        """,
    )
    assert "params={'a': 1}, metrics={'m': 4999.0}" in printed
    assert "FINISHED" in printed
    assert "new 2\n" in printed


def test_files_that_the_disk_refused_are_written_when_it_has_room_again(run_on_disk: Callable[[str, str], str]) -> None:
    printed = run_on_disk(
        "3m",
        """
        import os, time
        with open("big.bin", "wb") as file:
            file.write(b"z" * 5_000_000)
        with jtrack.start_run(run_name="full") as run:
            jtrack.log_text("small", "small.txt")
            jtrack.log_text("y" * 4_000_000, "sub/big.txt")
            jtrack.log_artifact("big.bin")
            with open("big.bin", "wb") as file:
                file.write(b"another")
            os.unlink("big.bin")
            jtrack.log_dict({"a": 1}, "a.json")
        find = lambda: [(file["path"], file["n_bytes"]) for file in
                        jtrack.sql("SELECT path, n_bytes FROM artifacts ORDER BY path").df().to_dict("records")]
        print(find(), jtrack.get_run("full").info.status.value)
        grow()
        until = time.monotonic() + 60
        while len(find()) < 4 and time.monotonic() < until:      # the next heartbeat does it, with nobody's help
            time.sleep(0.1)
        print(find(), run.store.writer.n_waiting)
        print((run.artifact_path / "sub/big.txt").stat().st_size, (run.artifact_path / "big.bin").read_bytes()[:2])
        """,
    )
    before, after, content = [line for line in printed.splitlines() if "Warning" not in line and line[:1] in "[4"]
    assert before == "[('a.json', 12), ('small.txt', 5)] FINISHED"
    assert after == "[('a.json', 12), ('big.bin', 5000000), ('small.txt', 5), ('sub/big.txt', 4000000)] 0"
    assert content == "4000000 b'zz'"
    assert "(2 waiting)" in printed or "(1 waiting)" in printed


def test_a_fold_on_a_full_disk_leaves_the_store_as_it_was(run_on_disk: Callable[[str, str], str]) -> None:
    printed = run_on_disk(
        "4m",
        """
        with jtrack.start_run(run_name="full") as run:
            for i in range(90_000):
                jtrack.log_metric("m", i * 0.1)
        try:
            run.store.fold()
        except Exception as error:
            print("refused:", type(error).__name__, isinstance(error, OSError))
        print(len(jtrack.metric_history("full", "m")), os.listdir(disk + "/.jtrack"))
        """,
    )
    assert "refused: StoreError True" in printed
    assert "90000" in printed
    assert "draft" not in printed


def test_a_path_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    jtrack.set_tracking_uri(tmp_path / "taken")
    try:
        for use in (jtrack.start_run, jtrack.search_runs):
            with pytest.raises(StorePathError, match=r"taken can't hold a store: .*is a file") as caught:
                use()
            assert "set_tracking_uri" in str(caught.value)
    finally:
        jtrack.set_tracking_uri(None)
    assert (tmp_path / "taken").read_text() == "mine"
    assert jtrack.active_run() is None


def test_a_folder_that_cannot_be_written_is_refused_and_still_read(run_on_disk: Callable[[str, str], str]) -> None:
    printed = run_on_disk(
        "8m",
        """
        jtrack.set_experiment("there")
        with jtrack.start_run(run_name="before") as run:
            jtrack.log_metric("m", 1)
        run.store.close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        for uri in (disk + "/.jtrack", disk + "/new/.jtrack"):
            jtrack.set_tracking_uri(uri)
            try:
                jtrack.start_run()
            except OSError as error:
                print(type(error).__name__, str(error).replace("\\n", " | "))
        jtrack.set_tracking_uri(disk + "/.jtrack")
        for choose in (jtrack.set_experiment, jtrack.create_experiment, jtrack.create_registered_model):
            try:
                choose("new")
            except OSError as error:
                print(type(error).__name__, str(error).replace("\\n", " | "))
        print(jtrack.set_experiment("there").name)
        print(jtrack.active_run(), jtrack.search_runs(output_format="list")[0].info.run_name)
        """,
    )
    *refusals, chosen, third = printed.splitlines()
    assert len(refusals) == 5
    assert chosen == "there"
    for line in refusals:
        assert line.startswith("StorePathError")
        assert "can't hold a store: Read-only file system | " in line
        assert "hint: " in line
    assert third == "None before"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signal of a timer")
def test_an_interrupt_of_a_question_is_an_interrupt(store_path: Path) -> None:
    assert queries.rows("SELECT 1 AS one") == [{"one": 1}]
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for number in range(40):
            with pytest.raises(KeyboardInterrupt):
                _ask_on(0.002 + number * 0.0001)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert queries.rows("SELECT 1 AS one") == [{"one": 1}]


def _ask_on(until_s: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, until_s)
    for _ in range(10_000):
        queries.rows("SELECT sum(range) AS total FROM range(1000000)")
