"""Points in a mapped file: what counts as a record, threads that share a file, and folders that can't be mapped."""

from __future__ import annotations

import mmap
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

from jtrack.store.folder import StoreFolder
from jtrack.store.journal import Writer, seal_line
from jtrack.store.points import HEADER_BYTES, RECORD_BYTES, PointFile, pack_record
from jtrack.store.tail import RECORD, JournalReader, Position, read_records


@pytest.fixture
def folder(store_path: Path) -> StoreFolder:
    folder = StoreFolder(store_path)
    folder.ensure()
    folder.events_path("w").touch()
    return folder


def read_points(folder: StoreFolder) -> np.ndarray:
    return JournalReader(folder, "w").read(final=True).points


def test_points_come_back_over_several_blocks(folder: StoreFolder) -> None:
    points = PointFile(folder.points_path("w"))
    for i in range(50_000):
        points.append(pack_record(i, 1_000 * i, i / 7, 3))
    found = np.sort(read_points(folder), order="step")
    assert found["step"].tolist() == list(range(50_000))
    assert found["value"].tolist() == [i / 7 for i in range(50_000)]
    assert set(found["series"]) == {3}


def test_threads_share_a_file_and_lose_nothing(folder: StoreFolder) -> None:
    points = PointFile(folder.points_path("w"))

    def log(series: int) -> None:
        for i in range(20_000):
            points.append(pack_record(i, i, float(i), series))

    threads = [threading.Thread(target=log, args=(series,)) for series in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read_points(folder)
    assert len(found) == 160_000
    assert len(np.unique(found[["series", "step"]])) == 160_000


def test_a_hole_is_taken_when_it_is_filled_and_only_once(folder: StoreFolder) -> None:
    points = PointFile(folder.points_path("w"))
    for i in range(5):
        points.append(pack_record(i, i, float(i), 1))
    path = folder.points_path("w")
    third = HEADER_BYTES + 2 * RECORD_BYTES
    whole = path.read_bytes()[third : third + RECORD_BYTES]
    write_at(path, third, bytes(RECORD_BYTES))  # as if a thread had claimed its slot and not yet filled it
    reader = JournalReader(folder, "w", Position(n_series=1))
    assert reader.read().points["step"].tolist() == [0, 1, 3, 4]
    assert reader.read().points["step"].tolist() == []
    write_at(path, third, whole)
    assert reader.read().points["step"].tolist() == [2]
    assert reader.read().points["step"].tolist() == []


def test_points_wait_for_the_event_that_declares_their_series(folder: StoreFolder) -> None:
    points = PointFile(folder.points_path("w"))
    events = folder.events_path("w")

    def declare(number: int) -> None:
        line = b'{"seq":0,"at":1,"kind":"series","subject":"r","detail":{"number":%d,"key":"m%d"}}' % (number, number)
        events.write_bytes(events.read_bytes() + seal_line(line))

    declare(1)
    for step, series in enumerate([1, 1, 2, 1, 3, 2]):
        points.append(pack_record(step, step, float(step), series))
    reader, late = (JournalReader(folder, "w") for _ in range(2))
    assert reader.read().points["step"].tolist() == [0, 1]
    assert reader.read().points["step"].tolist() == []
    declare(2)
    assert reader.read().points["step"].tolist() == [2, 3]
    declare(3)
    assert reader.read().points["step"].tolist() == [4, 5]
    assert late.read().points["step"].tolist() == list(range(6))


def test_points_of_a_writer_that_died_before_it_could_name_them_are_read(folder: StoreFolder) -> None:
    points = PointFile(folder.points_path("w"))
    points.append(pack_record(1, 1, 1.0, 7))
    reader = JournalReader(folder, "w")
    assert reader.read().points["step"].tolist() == []
    assert reader.read(final=True).points["step"].tolist() == [1]


def test_a_point_without_its_mark_is_named_and_the_rest_is_read(folder: StoreFolder) -> None:
    points = PointFile(folder.points_path("w"))
    for i in range(5):
        points.append(pack_record(i, i, float(i), 1))
    write_at(folder.points_path("w"), HEADER_BYTES + 2 * RECORD_BYTES + 29, b"\xff\xff\xff")
    reader = JournalReader(folder, "w")
    assert reader.read(final=True).points["step"].tolist() == [0, 1, 3, 4]
    assert ["1 points are garbled" in problem for problem in reader.problems] == [True]


def test_points_that_were_changed_after_they_were_summed_are_named(store_path: Path) -> None:
    writer = Writer(StoreFolder(store_path))
    number = writer.series("run", "m")
    for i in range(2_000):
        writer.points.append(pack_record(i, i, float(i), number))
    writer.beat()
    for i in range(2_000, 3_000):
        writer.points.append(pack_record(i, i, float(i), number))
    writer.close()
    folder, name = writer.folder, writer.name
    assert JournalReader(folder, name).read(final=True).points["step"].tolist() == list(range(3_000))
    write_at(folder.points_path(name), HEADER_BYTES + 2_500 * RECORD_BYTES + 16, b"\xff")
    reader = JournalReader(folder, name)
    assert len(reader.read(final=True).points) == 3_000
    (problem,) = reader.problems
    assert "among its points 2000 to 2999 are some that were changed" in problem


def test_sums_stop_at_a_gap_and_go_on_when_it_is_filled(folder: StoreFolder) -> None:
    path = folder.points_path("w")
    points = PointFile(path)
    for i in range(500):
        points.append(pack_record(i, i, float(i), 1))
    place = HEADER_BYTES + 77 * RECORD_BYTES
    whole = path.read_bytes()[place : place + RECORD_BYTES]
    write_at(path, place, bytes(RECORD_BYTES))
    assert [(found.first, found.n_points) for found in points.new_sums()] == [(0, 77)]
    assert list(points.new_sums()) == []
    write_at(path, place, whole)
    (found,) = points.new_sums()
    assert (found.first, found.n_points) == (77, 423)
    assert found.crc32 == zlib.crc32(path.read_bytes()[place : place + 423 * RECORD_BYTES])


def test_where_stores_may_be_seen_out_of_order_records_are_read_when_they_settled(
    folder: StoreFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jtrack.store.tail._KEEPS_ORDER", False)
    early = np.zeros(3, RECORD)
    early["mark"] = [7, 7, 0]
    late = early.copy()
    late["value"], late["mark"] = [1.0, 2.0, 3.0], 7
    looks = iter([early.tobytes(), late.tobytes()])
    records, valid = read_records(lambda: next(looks), 7)
    assert records[valid]["value"].tolist() == [1.0, 2.0], "what was marked at first, as it was later"


def test_a_folder_that_cannot_be_mapped_is_written_all_the_same(
    folder: StoreFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr(mmap, "mmap", refuse)
    points = PointFile(folder.points_path("w"))
    for i in range(3_000):
        points.append(pack_record(i, i, float(i), 1))
    assert sorted(read_points(folder)["step"].tolist()) == list(range(3_000))


def test_a_late_thread_writes_into_the_file_that_came_after(folder: StoreFolder) -> None:
    old = PointFile(folder.points_path("w"))
    folder.events_path("x").touch()
    heir = PointFile(folder.points_path("x"))
    old.close(heir=heir)
    old.append(pack_record(7, 7, 7.0, 1))
    assert JournalReader(folder, "x").read(final=True).points["step"].tolist() == [7]


def write_at(path: Path, offset: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)
