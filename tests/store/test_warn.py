"""Where a warning of the store points: at a line of the user's, whoever noticed the fault and however deep."""

from __future__ import annotations

import gc
import inspect
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from jtrack.queries import rows
from jtrack.store import StoreWarning, warn_unwritten
from jtrack.tracking import current_store, start_run
from tests.store import processes


def line_now() -> int:
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    return frame.f_back.f_lineno


def start_and_join(thread: threading.Thread) -> None:
    thread.start()
    thread.join()


def test_what_cannot_be_read_is_told_at_the_line_that_asked() -> None:
    with start_run() as run:
        run.log_param("a", 1)
    current_store().close()
    (events,) = (current_store().folder.path / "journal").glob("*.events")
    events.write_bytes(events.read_bytes()[:-3])
    asked_at = line_now() + 2
    with pytest.warns(StoreWarning, match="cut short") as told:
        rows("SELECT count(*) AS n FROM params")
    assert (told[0].filename, told[0].lineno) == (__file__, asked_at)


def test_what_a_thread_of_jtracks_notices_is_told_where_the_main_one_is() -> None:
    thread = threading.Thread(target=warn_unwritten, args=("full",))
    with pytest.warns(StoreWarning, match="full") as told:
        start_and_join(thread)
    assert told[0].filename == __file__
    first_line = start_and_join.__code__.co_firstlineno
    assert told[0].lineno in (first_line + 1, first_line + 2)


def test_where_warnings_are_errors_it_is_said_and_nothing_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_unwritten("full")
    assert capsys.readouterr().err == "StoreWarning: full\n"


def test_a_script_on_a_full_disk_is_told_its_own_lines(tmp_path: Path, run_on_disk: Callable[[str, str], str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import jtrack\nwith jtrack.start_run():\n    jtrack.log_metric('m', 1)\n"
        "    jtrack.log_text('y' * 8_000_000, 'big.txt')\n"
    )
    printed = run_on_disk(
        "3m",
        f"""
        environment = {{**os.environ, "JTRACK_TRACKING_URI": disk + "/.jtrack", "PYTHONPATH": {str(processes.ROOT)!r}}}
        subprocess.run([sys.executable, {str(script)!r}], env=environment, check=True)
        """,
    )
    first, second = [line for line in printed.splitlines() if "StoreWarning" in line]
    assert first.startswith(f"{script}:4: StoreWarning: {tmp_path}/disk/.jtrack: No space left on device")
    assert "is kept in memory and tried again (1 waiting); free some room" in first
    assert second.startswith(f"{script}:0: StoreWarning")
    assert "is lost with this process (1 waiting)" in second


def test_no_garbage_is_collected_while_the_main_thread_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    current_frames = sys._current_frames

    def note() -> object:
        seen.append(gc.isenabled())
        return current_frames()

    monkeypatch.setattr(sys, "_current_frames", note)
    with pytest.warns(StoreWarning, match="full"):
        start_and_join(threading.Thread(target=warn_unwritten, args=("full",)))
    assert (seen, gc.isenabled()) == ([False], True)
