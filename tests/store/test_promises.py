"""The store's promises, each held against the fault that would break it: kills, races, forks, foreign shells."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import duckdb
import pytest

import jtrack
from jtrack.entities import RunStatus
from jtrack.queries import rows
from jtrack.store.folder import StoreFolder
from jtrack.store.watch import FolderWatch
from jtrack.tracking import current_store
from tests.store import processes
from tests.waiting import wait_until

LOG_FOR_EVER = """
    import jtrack
    run = jtrack.start_run(run_name="victim")
    jtrack.log_param("lr", 0.1)
    print(run.run_id, flush=True)
    acknowledged = open(sys.argv[1], "w")
    for i in range(10**9):
        jtrack.log_metric("loss", i / 2, step=i)
        if i % 1000 == 0:
            acknowledged.write(f"{i}\\n"); acknowledged.flush()
"""


def kill_while_logging(tmp_path: Path, seconds: float) -> tuple[str, int]:
    """Kill a process in the middle of logging; gives the run and the last step known to be acknowledged."""
    with processes.start(LOG_FOR_EVER, tmp_path / "acknowledged") as victim:
        run_id = processes.wait_for_line(victim)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pass
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    return run_id, int((tmp_path / "acknowledged").read_text().split()[-1])


def test_everything_acknowledged_survives_sigkill(store_path: Path, tmp_path: Path) -> None:
    run_id, last = kill_while_logging(tmp_path, 0.7)
    curve = jtrack.metric_history(run_id, "loss")
    assert last > 1000
    assert len(curve) > last
    assert curve.step.tolist() == list(range(len(curve)))
    assert curve.value.tolist() == [step / 2 for step in range(len(curve))]
    assert jtrack.get_run(run_id).data.params == {"lr": 0.1}


def test_a_run_whose_process_died_reads_as_killed_with_its_last_sign_of_life(store_path: Path, tmp_path: Path) -> None:
    run_id, _ = kill_while_logging(tmp_path, 0.3)
    info = jtrack.get_run(run_id).info
    assert info.status == RunStatus.KILLED
    assert info.ended_at is not None
    last_point = rows("SELECT max(logged_at) AS at FROM metrics WHERE run_id = ?", [run_id])[0]["at"]
    assert info.ended_at >= last_point
    assert (info.ended_at - last_point).total_seconds() < 5
    found = jtrack.search_runs(filter_string="attributes.status = 'KILLED'", output_format="list")
    assert [run.info.run_id for run in found] == [run_id]
    current_store().fold()
    assert jtrack.get_run(run_id).info == info


def test_a_running_run_of_another_process_reads_as_running_and_its_points_appear(store_path: Path) -> None:
    code = """
        import jtrack
        run = jtrack.start_run(); print(run.run_id, flush=True)
        for line in sys.stdin:
            jtrack.log_metric("m", float(line)); print("logged", flush=True)
    """
    with processes.start(code) as other:
        run_id = processes.wait_for_line(other)
        assert jtrack.get_run(run_id).info.status == RunStatus.RUNNING
        assert other.stdin is not None
        for value in (1.5, 2.5):
            other.stdin.write(f"{value}\n")
            other.stdin.flush()
            assert processes.wait_for_line(other) == "logged"
            assert jtrack.get_run(run_id).data.metrics == {"m": value}
        other.stdin.close()
        other.wait()
    assert jtrack.get_run(run_id).info.status == RunStatus.FINISHED


ELSEWHERE = """
    import platform
    platform.node = lambda: "elsewhere"
    from jtrack.store import journal
    journal.hold_lock = lambda descriptor: None  # as it is seen from here
    import jtrack
    run = jtrack.start_run(run_name="far")
    jtrack.log_metric("m", 1.0)
    print(run.run_id, flush=True)
    input()
    jtrack.log_metric("m", 2.0)
    print("logged", flush=True)
    input()
"""


def test_a_writer_of_another_machine_whose_lock_is_not_seen_lives_while_its_heart_beats(store_path: Path) -> None:
    with processes.start(ELSEWHERE) as far:
        run_id = processes.wait_for_line(far)
        assert jtrack.get_run(run_id).info.status == RunStatus.RUNNING
        current_store().fold()
        watch = FolderWatch(StoreFolder(store_path))
        wait_until(lambda: time.time() - next(store_path.glob("journal/*.events")).stat().st_mtime > 2.5)
        before = watch.look()
        assert far.stdin is not None
        far.stdin.write("\n")
        far.stdin.flush()
        assert processes.wait_for_line(far) == "logged"
        assert watch.look() != before
        far.kill()
    assert jtrack.metric_history(run_id, "m").value.tolist() == [1.0, 2.0]
    points = next(store_path.glob("journal/*.points"))
    with points.open("r+b") as file:
        file.seek(8)
        file.write((time.time_ns() - 61 * 10**9).to_bytes(8, "little"))
    assert jtrack.get_run(run_id).info.status == RunStatus.KILLED


def test_a_writer_that_is_seen_before_it_has_its_lock_is_not_taken_for_dead(store_path: Path) -> None:
    code = """
        from jtrack.store import journal
        hold_lock = journal.hold_lock
        def hold_it_later(descriptor):
            print("made", flush=True)
            input()
            hold_lock(descriptor)
        journal.hold_lock = hold_it_later
        import jtrack
        run = jtrack.start_run(run_name="begun")
        print(run.run_id, flush=True)
        input()
    """
    with jtrack.start_run():
        jtrack.log_metric("m", 1)
    with processes.start(code) as beginning:
        assert processes.wait_for_line(beginning) == "made"
        assert len(jtrack.search_runs(output_format="list")) == 1
        current_store().fold()
        assert beginning.stdin is not None
        beginning.stdin.write("\n")
        beginning.stdin.flush()
        run_id = processes.wait_for_line(beginning)
        assert jtrack.get_run(run_id).info.status == RunStatus.RUNNING
        beginning.kill()


def test_four_writers_a_reader_and_a_foreign_shell_at_once(store_path: Path) -> None:
    with jtrack.start_run():
        jtrack.log_metric("m", 1)
    generation = current_store().fold()
    shell_code = """
        import duckdb
        connection = duckdb.connect(sys.argv[1])
        print(connection.execute("SELECT count(*) FROM runs").fetchone()[0], flush=True)
        sys.stdin.read()
    """
    writer_code = """
        import jtrack
        print("ready", flush=True); sys.stdin.readline()
        for i in range(50):
            with jtrack.start_run(run_name=f"{sys.argv[1]}-{i}"):
                jtrack.log_param("i", i)
                for step in range(200):
                    jtrack.log_metric("m", step, step=step)
    """
    with processes.start(shell_code, generation) as shell:
        assert processes.wait_for_line(shell) == "1"
        writers = [processes.start(writer_code, name) for name in "abcd"]
        for writer in writers:
            assert processes.wait_for_line(writer) == "ready"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        counts = []
        while any(writer.poll() is None for writer in writers):
            counts.append(rows("SELECT count(*) AS n FROM metrics")[0]["n"])
            if len(counts) % 5 == 0:
                current_store().fold()
        for writer in writers:
            assert writer.wait() == 0
            writer.communicate()
        assert shell.poll() is None
        assert counts == sorted(counts)
        assert rows("SELECT count(*) AS n FROM metrics")[0]["n"] == 1 + 4 * 50 * 200
        assert rows("SELECT count(*) AS n FROM runs WHERE status = 'FINISHED'")[0]["n"] == 1 + 4 * 50
        current_store().fold()
        assert rows("SELECT count(*) AS n FROM metrics")[0]["n"] == 1 + 4 * 50 * 200
        shell.kill()


def test_a_forked_child_logs_into_its_parents_run_and_into_its_own(store_path: Path) -> None:
    printed = processes.run("""
        import os, jtrack
        run = jtrack.start_run(run_name="parent")
        for i in range(100):
            jtrack.log_metric("both", i)
        pid = os.fork()
        if pid == 0:
            for i in range(1000):
                jtrack.log_metric("both", -i)
                jtrack.log_metric("child", i)
            with jtrack.start_run(run_name="child", nested=True):
                jtrack.log_param("p", 1)
            os._exit(0)
        for i in range(1000):
            jtrack.log_metric("both", i)
        assert os.waitpid(pid, 0)[1] == 0
        jtrack.log_metric("both", 7)
        run.end()
        print(run.run_id)
    """)
    run_id = printed.strip()
    n_points = {row["key"]: row["n_points"] for row in rows("SELECT key, n_points FROM latest_metrics")}
    assert n_points == {"both": 100 + 1000 + 1000 + 1, "child": 1000}
    child = jtrack.get_run("child")
    assert child.info.parent_run_id == run_id
    assert child.info.status == RunStatus.FINISHED
    assert jtrack.get_run("parent").info.status == RunStatus.FINISHED


def test_a_forked_child_that_ends_leaves_its_parents_run_running(store_path: Path) -> None:
    printed = processes.run("""
        import os, sys, jtrack
        with jtrack.start_run(run_name="parent") as run:
            pid = os.fork()
            if pid == 0:
                sys.exit(0)                                     # out of the block, and through what is done at exit
            assert os.waitpid(pid, 0)[1] == 0
            print(jtrack.get_run("parent").info.status)
    """)
    assert printed.strip() == "RUNNING"
    assert jtrack.get_run("parent").info.status == RunStatus.FINISHED


def test_a_child_that_was_forked_while_a_thread_logged_is_not_held_up(store_path: Path) -> None:
    printed = processes.run("""
        import os, threading, warnings, jtrack
        warnings.simplefilter("ignore")                     # Python's, of a fork beside a thread
        run = jtrack.start_run(run_name="parent")
        over = threading.Event()
        def log_on():
            i = 0
            while not over.is_set():
                i += 1
                run.set_tag("round", str(i)); run.log_param(f"p{i}", i); run.log_metric("m", i)
        def hold_on():
            with run._lock:                                  # whatever a thread may be doing
                held.set(); over.wait()
        held = threading.Event()
        threads = [threading.Thread(target=log_on) for _ in range(2)]
        for thread in threads: thread.start()
        pids = []
        for child in range(20):
            if child == 10:
                threads.append(threading.Thread(target=hold_on)); threads[-1].start(); held.wait()
            pid = os.fork()
            if pid == 0:
                jtrack.log_param(f"child{child}", child); jtrack.log_metric("of children", child)
                jtrack.set_tag(f"child{child}", "was here")
                os._exit(0)
            pids.append(pid)
        print([os.waitpid(pid, 0)[1] for pid in pids])
        over.set()
        for thread in threads: thread.join()
        run.end()
    """)
    assert printed == f"{[0] * 20}\n"
    data = jtrack.get_run("parent").data
    assert {f"child{child}": child for child in range(20)}.items() <= data.params.items()
    assert {f"child{child}" for child in range(20)} <= data.tags.keys()
    (found,) = rows("SELECT n_points FROM latest_metrics WHERE key = 'of children'")
    assert found["n_points"] == 20


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signal of a timer")
def test_the_handler_of_a_signal_logs_in_the_middle_of_logging(store_path: Path) -> None:
    printed = processes.run("""
        import itertools, os, signal, jtrack
        from jtrack.store import points
        points.FIRST_BLOCK_BYTES = points.BLOCK_BYTES = os.sysconf("SC_PAGESIZE")  # full again and again
        handled = itertools.count()
        def handle(number, frame):
            n = next(handled)
            run.set_tag(f"handled{n}", n)
            for _ in range(3): run.log_metric("handled", n, step=n)
        with jtrack.start_run(run_name="preempted") as run:
            run.log_metric("handled", -1)
            signal.signal(signal.SIGALRM, handle)
            for n in range(3000):
                signal.setitimer(signal.ITIMER_REAL, 0.00001 + n % 50 * 0.000002)
                run.set_tag(f"trained{n % 50}", n)
                for _ in range(10): run.log_metric("trained", n, step=n)
            signal.setitimer(signal.ITIMER_REAL, 0)
        print(next(handled))
    """)
    n_handled = int(printed)
    assert n_handled > 10
    data = jtrack.get_run("preempted").data
    assert {f"handled{n}": str(n) for n in range(n_handled)}.items() <= data.tags.items()
    assert {f"trained{n % 50}": str(n) for n in range(2950, 3000)}.items() <= data.tags.items()
    found = {row["key"]: row["n_points"] for row in rows("SELECT key, n_points FROM latest_metrics")}
    assert found == {"handled": 1 + 3 * n_handled, "trained": 30_000}
    written = rows("SELECT count(*) AS n, count(DISTINCT detail) AS n_different FROM events WHERE kind = 'tags_set'")
    assert written[0]["n"] == 3000 + n_handled == written[0]["n_different"]


def test_a_parent_lives_on_when_its_forked_child_dies_and_the_other_way_round(store_path: Path) -> None:
    code = """
        import os, signal, jtrack
        run = jtrack.start_run(run_name="parent")
        pid = os.fork()
        if pid == 0:
            jtrack.start_run(run_name="child", nested=True); jtrack.log_metric("m", 1)
            print("logged", flush=True)
            signal.pause()
        print(pid, flush=True)
        sys.stdin.read()
        os._exit(0)
    """
    with processes.start(code) as parent:
        lines = {processes.wait_for_line(parent), processes.wait_for_line(parent)}
        pid = int((lines - {"logged"}).pop())
        assert jtrack.get_run("child").info.status == RunStatus.RUNNING
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: jtrack.get_run("child").info.status == RunStatus.KILLED)
        assert jtrack.get_run("parent").info.status == RunStatus.RUNNING
        parent.communicate(timeout=20)
    assert jtrack.get_run("parent").info.status == RunStatus.KILLED


def test_threads_log_into_one_run(store_path: Path) -> None:
    with jtrack.start_run() as run:

        def work(name: str) -> None:
            assert jtrack.active_run() is run
            for i in range(5_000):
                jtrack.log_metric("shared", i)
                jtrack.log_metric(name, i)
            jtrack.log_param(name, name)

        threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    data = jtrack.get_run(run.run_id).data
    assert data.params == {f"t{i}": f"t{i}" for i in range(6)}
    n_points = {row["key"]: row["n_points"] for row in rows("SELECT key, n_points FROM latest_metrics")}
    assert n_points == {"shared": 30_000, **{f"t{i}": 5_000 for i in range(6)}}


def test_a_store_can_be_copied_and_moved(store_path: Path, tmp_path: Path) -> None:
    with jtrack.start_run() as run:
        jtrack.log_text("hello", "note.txt")
        jtrack.log_metric("m", 1)
    shutil.copytree(store_path, tmp_path / "elsewhere")
    jtrack.set_tracking_uri(tmp_path / "elsewhere")
    try:
        copy = jtrack.get_run(run.run_id)
        assert copy.data.metrics == {"m": 1.0}
        assert Path(copy.info.artifact_uri) == tmp_path / "elsewhere" / "artifacts" / "0" / run.run_id
        assert (Path(copy.info.artifact_uri) / "note.txt").read_text() == "hello"
    finally:
        jtrack.set_tracking_uri(None)


def test_a_clock_that_is_set_back_during_a_run_turns_nothing_around(store_path: Path) -> None:
    processes.run(
        """
        import time
        import jtrack
        run = jtrack.start_run(run_name="adjusted")
        jtrack.set_tag("stage", "first")
        now = time.time_ns
        time.time_ns = lambda: now() - 2_000_000_000
        jtrack.set_tag("stage", "second")
        run.end()
        """
    )
    found = jtrack.get_run("adjusted")
    assert found.info.status == RunStatus.FINISHED
    assert found.data.tags["stage"] == "second"


def test_times_are_utc_wherever_the_user_lives(store_path: Path) -> None:
    code = """
        import os, time
        os.environ["TZ"] = sys.argv[1]; time.tzset()
        import jtrack
        from datetime import UTC, datetime, timedelta
        with jtrack.start_run() as run:
            jtrack.log_metric("m", 1)
        info = jtrack.get_run(run).info
        now = datetime.now(UTC)
        assert timedelta(0) <= now - info.started_at < timedelta(minutes=1), (now, info.started_at)
        assert abs(info.start_time / 1000 - time.time()) < 60
        assert abs(jtrack.metric_history(run, "m").logged_at[0].astype("int64") / 1e6 - time.time()) < 60
        recent = f"attributes.start_time > {int(time.time() * 1000) - 60_000}"
        assert jtrack.search_runs(filter_string=recent, output_format="list")[0].info.run_id == run.run_id
    """
    for zone in ("America/New_York", "Asia/Tokyo", "UTC"):
        processes.run(code, zone)


def test_a_generation_is_plain_duckdb(store_path: Path) -> None:
    with jtrack.start_run() as run:
        jtrack.log_param("lr", 0.5)
    generation = current_store().fold()
    assert generation is not None
    with duckdb.connect(str(generation), read_only=True) as connection:
        assert connection.execute("SELECT run_id, number FROM params").fetchall() == [(run.run_id, 0.5)]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM tail.runs", "CREATE TABLE x (a INT)", "SELECT 1; SELECT 2", "DROP VIEW runs"]
)
def test_sql_only_reads(store_path: Path, statement: str) -> None:
    with pytest.raises(OSError, match="only one SELECT"):
        jtrack.sql(statement)
