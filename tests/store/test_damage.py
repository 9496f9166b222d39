"""Journals that are cut, garbled or gone, folds that die half-way: the rest is read, and what is lost is named."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import duckdb
import pytest

import jtrack
from jtrack import tracking
from jtrack.errors import StoreVersionError
from jtrack.queries import rows
from jtrack.store import Store, StoreWarning
from jtrack.store.folder import SCHEMA_VERSION, StoreFolder
from jtrack.store.journal import open_line, seal_line
from jtrack.store.points import RECORD_BYTES
from jtrack.store.tail import JournalReader
from jtrack.tracking import current_store
from tests.store import processes

WRITE_A_STORE = """
    import jtrack
    for i in range(5):
        with jtrack.start_run(run_name=f"run-{i}"):
            jtrack.log_params({"i": i, "word": "é" * i})
            for step in range(10):
                jtrack.log_metric("m", step * i)
"""


@pytest.fixture
def folder(store_path: Path) -> StoreFolder:
    processes.run(WRITE_A_STORE)
    return StoreFolder(store_path)


def test_a_line_is_sealed_and_a_changed_one_is_not_taken() -> None:
    line = seal_line(b'{"a":1}')
    assert open_line(line[:-1]) == {"a": 1, "detail_json": ""}
    for place in range(len(line) - 1):
        changed = bytearray(line[:-1])
        changed[place] ^= 1
        assert open_line(bytes(changed)) is None


def test_events_cut_at_every_byte_of_the_last_200(folder: StoreFolder) -> None:
    (writer,) = folder.writers()
    path = folder.events_path(writer)
    whole = path.read_bytes()
    all_events = JournalReader(folder, writer).read(final=True).events
    for length in range(len(whole) - 200, len(whole) + 1):
        path.write_bytes(whole[:length])
        cut_inside_a_line = not whole[:length].endswith(b"\n")
        reader = JournalReader(folder, writer)
        assert reader.read(final=True).events == all_events[: whole[:length].count(b"\n")]
        assert ["cut short" in problem for problem in reader.problems] == [True] * cut_inside_a_line


def test_events_that_are_half_written_when_they_are_looked_at_are_taken_when_they_are_whole(
    folder: StoreFolder,
) -> None:
    (writer,) = folder.writers()
    path = folder.events_path(writer)
    whole = path.read_bytes()
    all_events = JournalReader(folder, writer).read(final=True).events
    for length in range(len(whole) - 200, len(whole) + 1):
        reader = JournalReader(folder, writer)
        path.write_bytes(whole[:length])
        before = reader.read().events
        path.write_bytes(whole)
        assert before + reader.read(final=True).events == all_events
        assert reader.problems == []


def test_points_cut_at_every_byte_of_the_last_200(folder: StoreFolder) -> None:
    (writer,) = folder.writers()
    path = folder.points_path(writer)
    end = 64 + 50 * RECORD_BYTES
    whole = path.read_bytes()[:end]
    for length in range(end - 200, end + 1):
        path.write_bytes(whole[:length])
        points = JournalReader(folder, writer).read(final=True).points
        assert len(points) == (length - 64) // RECORD_BYTES


def test_a_store_with_a_cut_journal_still_answers(folder: StoreFolder) -> None:
    (writer,) = folder.writers()
    path = folder.events_path(writer)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"FINISHED")])
    with pytest.warns(StoreWarning, match="cut short"):
        runs = rows("SELECT run_name, status FROM runs ORDER BY run_name")
    assert [run["run_name"] for run in runs] == [f"run-{i}" for i in range(5)]
    assert [run["status"] for run in runs] == ["FINISHED"] * 4 + ["KILLED"]
    assert rows("SELECT count(*) AS n FROM metrics") == [{"n": 50}]


def test_a_garbled_line_is_named_and_the_rest_is_read(folder: StoreFolder) -> None:
    (writer,) = folder.writers()
    path = folder.events_path(writer)
    whole = path.read_bytes()
    place = whole.index(b'"run-2"')
    path.write_bytes(whole[:place] + b"#" + whole[place + 1 :])
    with pytest.warns(StoreWarning, match="1 events are garbled"):
        names = rows("SELECT run_name FROM runs WHERE run_name IS NOT NULL ORDER BY run_name")
    assert [row["run_name"] for row in names] == ["run-0", "run-1", "run-3", "run-4"]


def test_points_without_their_file_are_named(folder: StoreFolder) -> None:
    folder.points_path(folder.writers()[0]).unlink()
    with pytest.warns(StoreWarning, match="points can't be read"):
        assert rows("SELECT count(*) AS n FROM params") == [{"n": 10}]


def test_a_points_file_that_its_writer_has_not_made_yet_is_no_fault(folder: StoreFolder) -> None:
    (writer,) = folder.writers()
    folder.points_path(writer).unlink()
    reader = JournalReader(folder, writer)
    assert reader.read().events
    assert reader.problems == []


def test_points_whose_file_begins_garbled_are_named_and_the_rest_is_read(folder: StoreFolder) -> None:
    path = folder.points_path(folder.writers()[0])
    path.write_bytes(b"#" + path.read_bytes()[1:])
    with pytest.warns(StoreWarning, match="does not begin as one; all else was read"):
        assert rows("SELECT count(*) AS n FROM params") == [{"n": 10}]


def test_events_garbled_beyond_reading_leave_the_other_journals(folder: StoreFolder) -> None:
    processes.run(WRITE_A_STORE)
    first, _ = folder.writers()
    folder.events_path(first).write_bytes(os.urandom(5000) + b"\n")
    with pytest.warns(StoreWarning):
        assert rows("SELECT count(*) AS n FROM runs") == [{"n": 5}]


STEPS = [
    "shutil.copyfile",
    "fold.create_base",
    "fold.migrate",
    "fold.merge_stage",
    "fold._sync",
    "os.link",
    "fold._drop_folded",
]

FOLD_AND_DIE = """
    import os, shutil, signal
    from pathlib import Path
    from jtrack.store import Store, fold
    step, when, store = sys.argv[1:]
    module, name = step.split(".")
    home = {"shutil": shutil, "os": os, "fold": fold}[module]
    original = getattr(home, name)
    def step_and_die(*args, **kwargs):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(home, name, step_and_die)
    Store(Path(store)).fold()
    print("the step was never reached")
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_fold_killed_at_a_step_repeats_nothing_and_loses_nothing(folder: StoreFolder, step: str, when: str) -> None:
    if step != "fold.create_base":
        assert Store(folder.path).fold() is not None  # so that there is a generation to copy
        processes.run(WRITE_A_STORE)
    before = answers(folder)
    with processes.start(FOLD_AND_DIE, step, when, folder.path) as folding:
        printed, _ = folding.communicate(timeout=60)
    assert folding.returncode == -signal.SIGKILL, printed
    assert answers(folder) == before
    Store(folder.path).fold()
    assert answers(folder) == before
    assert folder.writers() == []
    assert [path.name for path in folder.path.glob("*.draft*")] == []
    assert len(folder.generations()) == 1


def test_a_fold_killed_while_it_drops_leaves_what_is_dropped_by_the_next(folder: StoreFolder) -> None:
    Store(folder.path).fold()
    processes.run(WRITE_A_STORE)
    before = answers(folder)
    generation = folder.generations()[-1][1]
    kept = folder.path / "kept"
    shutil.copytree(folder.journal, kept)
    old = folder.path / "old.duckdb"
    shutil.copy(generation, old)
    Store(folder.path).fold()
    shutil.copy(old, generation)  # as if the fold had died before it removed anything
    for path in kept.iterdir():
        shutil.copy(path, folder.journal)
    assert answers(folder) == before
    Store(folder.path).fold()
    assert answers(folder) == before
    assert folder.writers() == []


def test_folds_at_once_make_one_store(folder: StoreFolder) -> None:
    before = answers(folder)
    fold = """
        from pathlib import Path
        from jtrack.store import Store
        Store(Path(sys.argv[1])).fold()
    """
    folding = [processes.start(fold, folder.path) for _ in range(4)]
    for process in folding:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert answers(folder) == before


def test_a_live_journal_is_folded_again_and_again(store_path: Path) -> None:
    with jtrack.start_run() as run:
        for round_number in range(1, 4):
            for _ in range(100):
                jtrack.log_metric("m", 1)
            jtrack.log_param(f"p{round_number}", round_number)
            assert current_store().fold() is not None
            assert rows("SELECT n_points FROM latest_metrics") == [{"n_points": 100 * round_number}]
            assert len(jtrack.get_run(run.run_id).data.params) == round_number
    assert jtrack.metric_history(run.run_id, "m").step.tolist() == list(range(300))


def test_a_store_of_a_newer_version_is_refused_and_left_alone(folder: StoreFolder) -> None:
    generation = Store(folder.path).fold()
    assert generation is not None
    generation.chmod(0o644)
    with duckdb.connect(str(generation)) as connection:
        connection.execute("UPDATE meta SET schema_version = 99")
    generation.chmod(0o444)
    content = generation.read_bytes()
    with pytest.raises(StoreVersionError, match="schema version 99") as caught:
        rows("SELECT * FROM runs")
    assert "pip install --upgrade jtrack" in str(caught.value)
    assert generation.read_bytes() == content


def test_nothing_is_written_into_a_store_of_a_newer_version(folder: StoreFolder) -> None:
    version = folder.path / "schema_version"
    assert int(version.read_text()) == SCHEMA_VERSION
    version.write_text(f"{SCHEMA_VERSION + 1}\n")
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    tracking.set_tracking_uri(folder.path)
    for use in (
        tracking.start_run,
        lambda: tracking.log_metric("m", 1),
        lambda: tracking.set_experiment("new"),
        lambda: current_store().fold(),
        lambda: rows("SELECT * FROM runs"),
    ):
        with pytest.raises(StoreVersionError, match=f"schema version {SCHEMA_VERSION + 1}") as caught:
            use()
        assert "pip install --upgrade jtrack" in str(caught.value)
    assert tracking.active_run() is None
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("text", ["", "two\n", "1\n"])
def test_a_version_that_says_nothing_is_written_anew(folder: StoreFolder, text: str) -> None:
    version = folder.path / "schema_version"
    version.write_text(text)
    processes.run(WRITE_A_STORE)
    assert version.read_text() == f"{SCHEMA_VERSION}\n"


def test_a_journal_of_a_newer_version_is_refused(folder: StoreFolder) -> None:
    line = b'{"seq":0,"at":1,"kind":"writer_opened","subject":"z","detail":{"schema_version":99}}'
    folder.events_path("z").write_bytes(seal_line(line))
    with pytest.raises(StoreVersionError):
        rows("SELECT * FROM runs")


def test_an_event_of_an_unknown_kind_is_kept_as_an_event(folder: StoreFolder) -> None:
    line = b'{"seq":0,"at":1,"kind":"dreamed","subject":"z","detail":{"of":"sheep"}}'
    folder.events_path("z").write_bytes(seal_line(line))
    folder.points_path("z").touch()
    assert rows("SELECT detail FROM events WHERE kind = 'dreamed'") == [{"detail": '{"of":"sheep"}'}]


def answers(folder: StoreFolder) -> list[object]:
    """Ask a fresh look at the store for all it has."""
    store = Store(folder.path)
    tables = ("runs", "params", "metrics", "latest_metrics", "tags", "cells", "artifacts", "events")
    found = [sorted(map(str, store.catalog.rows(f"SELECT * FROM {table}"))) for table in tables]
    store.close()
    return [tables, found]
