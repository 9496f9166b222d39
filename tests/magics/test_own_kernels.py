"""What needs a kernel of its own: another folder, another git, settings from the start, a second shell."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from jtrack.queries import rows
from tests.magics.kernels import TIMEOUT_S, Kernel
from tests.waiting import wait_until

pytestmark = pytest.mark.kernel

_WAIT = (
    "[m for m in get_ipython().magics_manager.registry.values() if hasattr(m, 'tracker')][0].tracker.desk.late.wait(30)"
)


def test_git_that_is_slow_delays_nothing_and_is_set_when_it_is_known(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "trunk"], cwd=tmp_path, check=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text('#!/bin/sh\nsleep 2\nPATH="${PATH#*:}" exec git "$@"\n')
    (programs / "git").chmod(0o755)
    kernel = Kernel(tmp_path, PATH=f"{programs}:{os.environ['PATH']}")
    try:
        kernel.run("%load_ext jtrack")
        began = time.monotonic()
        kernel.run("%%track --quiet\nx = 1")
        assert time.monotonic() - began < 1.5
        assert kernel.last_run()["git_branch"] is None
        kernel.run(_WAIT)
        run = kernel.last_run()
        assert (run["git_branch"], run["git_commit"], run["git_dirty"]) == ("trunk", None, False)
        assert run["status"] == "FINISHED"
    finally:
        kernel.stop()


@pytest.mark.parametrize("header", ["%%track --quiet", "%%sweep --max-evals 1 --minimize x --quiet y=uniform(0, 1)"])
def test_a_kernel_that_is_killed_leaves_what_its_cell_has_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(tmp_path / "store"))
    files = "SELECT artifact_uri, path, n_bytes FROM artifacts JOIN runs USING (run_id) WHERE status = ?"
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext jtrack")
        wait = "for _ in range(600):\n    time.sleep(1)\n    print(end='')"
        kernel.send(f"{header}\nimport time\nfor epoch in (1, 2):\n    print('epoch', epoch)\n{wait}")
        wait_until(lambda: [row["n_bytes"] for row in rows(files, ["RUNNING"])] == [len("epoch 1\nepoch 2\n")])
    finally:
        kernel.stop()
    (file,) = rows(files, ["KILLED"])
    assert Path(file["artifact_uri"], file["path"]).read_text() == "epoch 1\nepoch 2\n"


def test_the_store_stays_beside_the_notebook_when_a_cell_changes_the_folder(tmp_path: Path) -> None:
    notebook, elsewhere = tmp_path / "notebook", tmp_path / "elsewhere"
    for folder in (notebook, elsewhere):
        folder.mkdir()
    kernel = Kernel(notebook, JTRACK_TRACKING_URI="")
    try:
        kernel.run("import jtrack\nchosen = jtrack.set_experiment('mine').experiment_id\n%load_ext jtrack")
        kernel.run(f"%cd -q {elsewhere}")
        kernel.run("%%track --quiet\nx = 1")
        assert kernel.last_run()["experiment_id"] == kernel.value("chosen")
        assert (notebook / ".jtrack").is_dir()
        assert not (elsewhere / ".jtrack").exists()
    finally:
        kernel.stop()


def test_a_store_named_from_here_stays_where_it_was_meant_and_the_environment_is_asked_anew(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, JTRACK_TRACKING_URI="given")
    try:
        kernel.run("import jtrack, os\n%load_ext jtrack\nos.mkdir('data')\nos.chdir('data')")
        assert kernel.value("jtrack.get_tracking_uri()") == str(tmp_path / "given")
        kernel.run("jtrack.set_tracking_uri('chosen')\nos.chdir('..')")
        assert kernel.value("jtrack.get_tracking_uri()") == str(tmp_path / "data" / "chosen")
        kernel.run(f"jtrack.set_tracking_uri(None)\nos.environ['JTRACK_TRACKING_URI'] = {str(tmp_path / 'new')!r}")
        kernel.run("%%track --quiet\nx = 1")
        assert (tmp_path / "new" / "journal").is_dir()
        assert not list(tmp_path.rglob("given/journal"))
    finally:
        kernel.stop()


def test_what_a_thread_logs_after_its_cell_is_no_parent_of_the_cells_to_come(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext jtrack")
        kernel.run(
            "%%track --name begins\nimport jtrack, threading\nover, late = threading.Event(), threading.Event()\n"
            "def work():\n    over.wait()\n    jtrack.log_metric('loss', 1)\n    late.set()\n"
            "threading.Thread(target=work).start()"
        )
        kernel.run("over.set()\nassert late.wait(30)")
        kernel.run("%%track --name next\nlr = 1")
        run = kernel.last_run()
        assert (run["run_name"], run["parent_run_id"], run["metrics"]) == ("next", None, {})
    finally:
        kernel.stop()


def test_what_a_task_logs_after_its_cell_goes_into_the_cells_run(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        kernel.run(
            "import asyncio, jtrack\n%load_ext jtrack\nover = asyncio.Event()\nasync def train():\n"
            "    jtrack.log_metric('loss', 1)\n    await over.wait()\n    jtrack.log_metric('loss', 0.5)\n"
        )
        kernel.run("%%track --name training\ntask = asyncio.create_task(train())\nawait asyncio.sleep(0)")
        kernel.run("over.set()\nawait task")
        assert kernel.value("jtrack.active_run()") is None
        run = kernel.last_run()
        assert (run["run_name"], run["status"], run["metrics"]) == ("training", "FINISHED", {"loss": 0.5})
    finally:
        kernel.stop()


def test_no_thread_imports_numpy_at_the_same_time_as_a_cell_might(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    watch = """
import sys, threading
begun = []
class Watched(threading.Thread):
    def start(self):
        begun.append((self.name, "numpy" in sys.modules))
        super().start()
threading.Thread = Watched
"""
    try:
        assert kernel.run(watch).ok
        assert not kernel.value("'numpy' in sys.modules"), "or this tests nothing"
        kernel.run("%load_ext jtrack")
        kernel.run("%%track wine\nx = 1")
        begun = kernel.value("begun")
        assert [has_numpy for name, has_numpy in begun if name == "jtrack-readiness"][:1] == [True]
    finally:
        kernel.stop()


def test_settings_come_from_the_kernels_configuration_too(tmp_path: Path) -> None:
    store = tmp_path / "configured"
    kernel = Kernel(tmp_path, "--JTrack.quiet=True", f"--JTrack.tracking_uri={store}")
    try:
        kernel.run("%load_ext jtrack")
        assert kernel.run("%%track\nx = 1").displays == []
        assert kernel.value("__import__('jtrack').get_tracking_uri()") == str(store)
        assert store.is_dir()
    finally:
        kernel.stop()


@pytest.fixture
def small_disk(tmp_path: Path, could_not_run: Callable[[str], NoReturn]) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        could_not_run(f"a full disk needs the right to mount a small one: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_never_fails_a_cell_and_what_it_held_up_is_written_later(small_disk: Path, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, JTRACK_TRACKING_URI=str(small_disk / "store"))
    source = (
        "%%track of-{0} --name {0}\nimport jtrack\nfor i in range(5000):\n    jtrack.log_metric('m', i)\nlast = i * 2"
    )
    try:
        kernel.run("%load_ext jtrack")
        assert kernel.run(source.format("before")).cards
        with (small_disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        for name in ("during1", "during2"):
            shown = kernel.run(source.format(name))
            assert shown.ok, shown.traceback
            assert f"of-{name}" in shown.cards[0]["text/plain"]
            assert kernel.value("last") == 9998
        (small_disk / "filler").unlink()
        until = time.monotonic() + TIMEOUT_S
        query = "SELECT run_name, status, value FROM runs JOIN latest_metrics USING (run_id) WHERE key = 'm' ORDER BY 1"
        whole = [{"run_name": name, "status": "FINISHED", "value": 4999.0} for name in ("before", "during1", "during2")]
        while (found := kernel.rows(query)) != whole:
            assert time.monotonic() < until, found
            time.sleep(0.2)
    finally:
        kernel.stop()


def test_a_kernel_that_dies_leaves_the_params_that_its_cell_had_come_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path)
    source = (
        "%%track --name {0} given=1 {1}\nimport time\nlr = 0.1\nhidden = len('abcd')\n"
        "size = hidden + 1\nlayers = [8, 4]\nprint('go', flush=True)\ntime.sleep(60)\nsize = late = 3"
    )
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(tmp_path / "store"))
    query = "SELECT key, value FROM params JOIN runs USING (run_id) WHERE run_name = ? ORDER BY key"

    def wait_for_params(name: str, expected: dict[str, str]) -> None:
        until = time.monotonic() + TIMEOUT_S
        while (found := {row["key"]: row["value"] for row in rows(query, [name])}) != expected:
            assert time.monotonic() < until, found
            time.sleep(0.05)

    try:
        kernel.run("%load_ext jtrack\nkind = 'mlp'\nhidden = 2")
        request = kernel.send(source.format("interrupted", ""))
        kernel.wait_for_output(request, "go")
        kernel.manager.interrupt_kernel()
        kernel.collect(request)
        wait_for_params("interrupted", {"given": "1", "lr": "0.1", "layers": "[8, 4]"})
        for name, options, expected in (
            ("default", "", {"given": "1", "lr": "0.1", "layers": "[8, 4]"}),
            ("chosen", "--params kind,lr,hidden,size,late", {"given": "1", "lr": "0.1", "kind": "mlp", "hidden": "4"}),
        ):
            kernel.run("hidden = 2")
            request = kernel.send(source.format(name, options))
            kernel.wait_for_output(request, "go")
            wait_for_params(name, expected)
            if name == "chosen":
                kernel.manager.signal_kernel(signal.SIGKILL)
            else:
                kernel.manager.interrupt_kernel()
                kernel.collect(request)
    finally:
        kernel.stop()
    assert rows("SELECT status FROM runs WHERE run_name = 'chosen'") == [{"status": "KILLED"}]
    # What is set again later may have been in the making.
    wait_for_params("chosen", {"given": "1", "lr": "0.1", "kind": "mlp", "hidden": "4"})


def test_what_the_cell_logs_late_goes_before_what_was_found_meanwhile(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext jtrack")
        shown = kernel.run(
            "%%track\nimport time, jtrack\nlr = 0.1\nrun = jtrack.active_run()\n"
            "while 'lr' not in run.params:\n    time.sleep(0.01)\njtrack.log_param('lr', 'high')"
        )
        assert shown.ok, shown.traceback
        assert kernel.last_run()["params"] == {"lr": "high"}
    finally:
        kernel.stop()


def test_the_card_stands_below_what_a_long_cell_printed_and_cleared(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    source = (
        "%%track --name {name}\nimport time, jtrack\nfrom IPython.display import clear_output\n"
        "run = jtrack.active_run()\nfor epoch in range(1000):\n    run.log_metric('loss', 1 / (epoch + 1))\n"
        "    time.sleep(0.02)\n    if epoch == {last}:\n        break\n{then}print('the end')"
    )
    try:
        kernel.run("%load_ext jtrack")
        for name, then in (("prints", ""), ("clears", "clear_output()\n"), ("waits", "clear_output(wait=True)\n")):
            shown = kernel.run(source.format(name=name, last=90, then=then), "long")
            assert shown.ok, shown.traceback
            live, card = shown.displays
            assert name in live["text/plain"] and name in card["text/plain"]
            assert "running" in live["text/plain"] and "finished" in card["text/plain"]
            seen = [kind for kind in shown.kinds if kind in ("stream", "display_data", "update_display_data")]
            assert seen[-3:] == ["stream", "update_display_data", "display_data"]
            assert ("clear_output" in shown.kinds) is bool(then)
        shown = kernel.run(source.format(name="quick", last=2, then=""), "quick")
        assert [kind for kind in shown.kinds if "display" in kind] == ["display_data"]
    finally:
        kernel.stop()


def test_cells_of_a_second_shell_leave_the_tracked_one_alone(
    tmp_path: Path, could_not_run: Callable[[str], NoReturn]
) -> None:
    kernel = Kernel(tmp_path)
    try:
        if "kernel subshells" not in kernel.client.kernel_info(reply=True)["content"].get("supported_features", []):
            could_not_run("cells beside the main shell need an ipykernel with subshells: 7.0 or newer")
        kernel.run("%load_ext jtrack")
        request = kernel.client.session.msg("create_subshell_request")
        kernel.client.control_channel.send(request)
        subshell_id = kernel.client.control_channel.get_msg(timeout=TIMEOUT_S)["content"]["subshell_id"]
        source = "%%track --name main\nimport time\nprint('go', flush=True)\ntime.sleep(2)\nmine = len('ab')"
        main = kernel.send(source)
        kernel.wait_for_output(main, "go")
        shown = kernel.run("import jtrack\njtrack.log_metric('theirs', 1)\nprint('beside')", subshell_id=subshell_id)
        assert shown.ok, shown.traceback
        for source in ("%%track\ny = 1", "%%time\n%%track\ny = 1"):
            refused = kernel.run(source, subshell_id=subshell_id)
            assert refused.reply["ename"] == "HeaderError"
            assert "subshell" in refused.traceback
        assert kernel.reply(main)["status"] == "ok"
        run = kernel.last_run()
        assert (run["run_name"], run["status"]) == ("main", "FINISHED")
        assert run["metrics"] == {"mine": 2.0, "theirs": 1.0}
        assert Path(run["artifact_uri"], "stdout.txt").read_text() == "go\n"
    finally:
        kernel.stop()
