"""The parts that need no server: the shelf of stores, the watch, ranges, types, the table's SQL."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

import jtrack
from jtrack.server.files import RangeError, disposition, parse_range, sniff_type
from jtrack.server.shelf import Shelf
from jtrack.store.folder import StoreFolder
from jtrack.store.watch import FolderWatch
from tests.store.processes import start, wait_for_line


def test_the_shelf_keeps_a_few_and_closes_the_least_recently_used(tmp_path: Path) -> None:
    shelf = Shelf(most_open=2)
    stores = []
    for name in "abca":
        with shelf.lend(tmp_path / name) as store:
            stores.append(store)
    assert len(shelf) == 2
    assert stores[3] is not stores[0]
    with shelf.lend(tmp_path / "c") as again:
        assert again is stores[2]


def test_no_store_is_closed_while_somebody_uses_it(tmp_path: Path) -> None:
    shelf = Shelf(most_open=1)
    with shelf.lend(tmp_path / "a") as store:
        assert store.catalog.rows("SELECT run_id FROM runs") == []
        with shelf.lend(tmp_path / "b"), shelf.lend(tmp_path / "c"):
            pass
        assert store.catalog.rows("SELECT run_id FROM runs") == []
        with shelf.lend(tmp_path / "a") as same:
            assert same is store
    assert len(shelf) == 1


def test_a_folder_that_was_made_anew_is_another_store(tmp_path: Path) -> None:
    shelf = Shelf()
    (tmp_path / "a").mkdir()
    with shelf.lend(tmp_path / "a") as first:
        os.rename(tmp_path / "a", tmp_path / "old")
        (tmp_path / "a").mkdir()
        with shelf.lend(tmp_path / "a") as second:
            assert second is not first
        assert first.catalog.rows("SELECT run_id FROM runs") == []
    assert len(shelf) == 1


def test_the_shelf_serves_threads(tmp_path: Path) -> None:
    shelf, errors = Shelf(most_open=2), []

    def use(k: int) -> None:
        try:
            for i in range(20):
                with shelf.lend(tmp_path / f"s{(i + k) % 4}") as store:
                    store.catalog.rows("SELECT count(*) AS n FROM runs")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(shelf) <= 2


def test_the_watch_sees_each_point_and_each_event_and_nothing_else(store_path: Path) -> None:
    watch = FolderWatch(StoreFolder(store_path))
    tokens = [watch.look()]
    with jtrack.start_run() as run:
        tokens.append(watch.look())
        for i in range(3):
            run.log_metric("loss", i)
            tokens.append(watch.look())
        run.log_param("lr", 0.1)
        tokens.append(watch.look())
        assert watch.look() == tokens[-1]
    tokens.append(watch.look())
    assert len(set(tokens)) == len(tokens)


def test_the_watch_sees_points_through_blocks_and_from_anywhere(store_path: Path) -> None:
    watch = FolderWatch(StoreFolder(store_path))
    with jtrack.start_run() as run:
        for n in (1, 2046, 1, 1, 40_000, 1, 70_000, 1):  # across the ends of the first, small block and of others
            for _ in range(n):
                run.log_metric("loss", 0.5)
            seen = watch.look()
            assert seen == FolderWatch(StoreFolder(store_path)).look()
            run.log_metric("loss", 0.5)
            assert watch.look() != seen


def test_the_watch_sees_a_death(store_path: Path) -> None:
    process = start("import jtrack, time; run = jtrack.start_run(); print(1, flush=True); time.sleep(100)")
    wait_for_line(process)
    watch = FolderWatch(StoreFolder(store_path))
    alive = watch.look()
    process.kill()
    process.wait()
    end = time.monotonic() + 10
    while watch.look() == alive and time.monotonic() < end:
        time.sleep(0.05)
    assert watch.look() != alive
    process.communicate()


def test_a_store_that_is_not_there_can_be_watched(tmp_path: Path) -> None:
    watch = FolderWatch(StoreFolder(tmp_path / "none"))
    assert watch.look() == watch.look()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=2-", (2, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("bytes=-", None),
        ("lines=1-2", None),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(RangeError):
        parse_range(header, 10)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("a.html", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("a.png", b"<script>alert(1)</script>", "text/plain; charset=utf-8"),
        ("a.html", b"<p>", "text/html; charset=utf-8"),
        ("a.svg", b"<svg/>", "image/svg+xml; charset=utf-8"),
        ("a.js", b"alert(1)", "text/plain; charset=utf-8"),
        ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "application/octet-stream"),
        ("a.bin", b"a\0b", "application/octet-stream"),
        ("a.txt", "ä".encode() * 5000, "text/plain; charset=utf-8"),
        ("a.txt", b"x" + "ä".encode() * 5000, "text/plain; charset=utf-8"),
        ("a.txt", b"\xff\xfe" * 100, "application/octet-stream"),
        ("empty.json", b"", "application/json; charset=utf-8"),
        ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_a_type_is_told_by_the_content_first(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert sniff_type(tmp_path / name) == expected


def test_a_file_name_can_not_end_its_header() -> None:
    header = disposition('a"; x="\r\nSet-Cookie: y.txt', is_shown=True)
    assert "\r" not in header and "\n" not in header
    assert header.startswith('inline; filename="a__ x=___Set-Cookie: y.txt"')
    assert disposition("größe.csv", is_shown=False).endswith("filename*=UTF-8''gr%C3%B6%C3%9Fe.csv")
