"""%%track in a real kernel: the cell runs as it would without, and the run says what it did."""

from __future__ import annotations

import getpass
import hashlib
import platform
import subprocess
from pathlib import Path

import pytest

from tests.magics.kernels import Kernel

pytestmark = pytest.mark.kernel


def test_a_run_records_the_cell_and_what_it_did(kernel: Kernel) -> None:
    source = (
        "%%track churn lr=0.05 --name first --tag stage=draft --note 'lower rate'\nn = 4\nacc = n * lr\nprint('hi')"
    )
    shown = kernel.run(source, "cell-1")
    assert shown.ok
    assert shown.stdout == "hi\n"
    run = kernel.last_run()
    assert (run["run_name"], run["kind"], run["status"]) == ("first", "cell", "FINISHED")
    assert run["description"] == "lower rate"
    assert run["params"] == {"lr": 0.05, "n": 4}
    assert run["metrics"] == {"acc": 0.2}
    assert run["tags"] == {"stage": "draft"}
    assert run["user_name"] == getpass.getuser()
    assert run["artifacts"] == ["stdout.txt"]
    assert run["source_type"] == "NOTEBOOK"
    assert run["error"] is None
    (experiment,) = kernel.rows("SELECT name FROM experiments JOIN runs USING (experiment_id) WHERE run_name = 'first'")
    assert experiment["name"] == "churn"
    (cell,) = run["cells"]
    assert (cell["role"], cell["source"], cell["cell_id"]) == ("tracked", source, "cell-1")
    assert cell["source_sha256"] == hashlib.sha256(source.encode()).hexdigest()
    assert cell["execution_count"] == shown.reply["execution_count"]
    assert cell["notebook_path"] is None


def test_what_the_cell_printed_is_kept(kernel: Kernel) -> None:
    kernel.run(
        "%%track\nimport sys, threading\nprint('one')\n"
        "t = threading.Thread(target=print, args=('two',))\nt.start()\nt.join()\n"
        "print('bar 10%\\rbar 100%')\nprint('error', file=sys.stderr)\n!echo three\n42"
    )
    run = kernel.last_run()
    text = Path(run["artifact_uri"], "stdout.txt").read_text()
    assert text == "one\ntwo\nbar 100%\nthree\n"


def test_a_file_that_the_cell_logs_under_the_name_of_its_output_is_the_cells(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%track\nimport jtrack\nprint('before')\njtrack.log_text('mine', 'stdout.txt')\nprint('after' * 100_000)"
    )
    run = kernel.last_run()
    assert Path(run["artifact_uri"], "stdout.txt").read_text() == "mine"
    assert run["artifacts"] == ["stdout.txt"]
    assert "the cell logs a stdout.txt of its own" in shown.stderr


def test_a_cell_that_prints_nothing_has_no_output_file(kernel: Kernel) -> None:
    kernel.run("%%track\nx = 1")
    assert kernel.last_run()["artifacts"] == []


def test_the_card_is_shown_below_the_output_and_compares(kernel: Kernel) -> None:
    kernel.run("%%track --name before\nrate = 1\nscore = rate / 4", "card")
    shown = kernel.run("%%track --name after\nrate = 2\nscore = rate / 4", "card")
    (card,) = shown.cards
    assert "before" in card["text/plain"]
    assert "0.5" in card["text/plain"]
    assert "<script" not in card["text/html"]
    assert len(card["text/html"]) <= 20_000


def test_quiet_shows_no_card(kernel: Kernel) -> None:
    assert kernel.run("%%track --quiet\nx = 1").displays == []
    kernel.run("%config JTrack.quiet = True")
    assert kernel.run("%%track\nx = 1").displays == []
    kernel.run("%config JTrack.quiet = False")
    assert len(kernel.run("%%track\nx = 1").cards) == 1


def test_a_cell_may_await(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%track --name waits\nimport asyncio\nawait asyncio.sleep(0.01)\nprint('slept')\nnap = len('ab')\nnap"
    )
    assert shown.ok
    assert shown.result == {"text/plain": "2"}
    run = kernel.last_run()
    assert (run["run_name"], run["status"], run["metrics"]) == ("waits", "FINISHED", {"nap": 2.0})
    assert run["artifacts"] == ["stdout.txt"]


def test_logging_in_a_cell_that_awaits_goes_into_its_run(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%track --name async\nimport asyncio, jtrack\njtrack.log_metric('a', 1)\nawait asyncio.sleep(0)\n"
        "jtrack.log_metric('a', 2)\nawait asyncio.to_thread(jtrack.log_metric, 'b', 3)"
    )
    assert shown.ok, shown.traceback
    assert kernel.last_run()["metrics"] == {"a": 2.0, "b": 3.0}
    assert kernel.value("__import__('jtrack').active_run() is None")


def test_an_error_fails_the_cell_once_with_the_right_line_and_marks_the_run(kernel: Kernel) -> None:
    shown = kernel.run("%%track\nreached = 1\n\nreached / 0\nnever = 2")
    assert not shown.ok
    assert shown.reply["ename"] == "ZeroDivisionError"
    assert len(shown.errors) == 1
    assert "----> 4 reached / 0" in shown.traceback
    assert "jtrack/" not in shown.traceback
    run = kernel.last_run()
    assert run["status"] == "FAILED"
    assert run["params"] == {"reached": 1}
    assert run["error"].splitlines()[0] == "Traceback (most recent call last):"
    assert f'File "Cell In[{shown.reply["execution_count"]}]", line 4' in run["error"]
    assert run["error"].endswith("ZeroDivisionError: division by zero")
    assert "\x1b" not in run["error"] and "IPython" not in run["error"]


def test_a_syntax_error_marks_the_run_failed(kernel: Kernel) -> None:
    shown = kernel.run("%%track\nx = = 1")
    assert shown.reply["ename"] == "SyntaxError"
    assert "line 2" in shown.traceback
    run = kernel.last_run()
    assert run["status"] == "FAILED"
    assert f'File "Cell In[{shown.reply["execution_count"]}]", line 2' in run["error"]
    assert "IPython" not in run["error"]


def test_the_last_expression_is_the_cells_result(kernel: Kernel) -> None:
    shown = kernel.run("%%track\nx = 40\nx + 2")
    assert shown.result == {"text/plain": "42"}
    assert kernel.value(f"Out[{shown.reply['execution_count']}]") == 42


@pytest.mark.parametrize("magic", ["%%time", "%%capture captured", "%%prun -q"])
def test_other_cell_magics_run_inside(kernel: Kernel, magic: str) -> None:
    shown = kernel.run(f"%%track --name inside rate=3\n{magic}\nsize = 7\ngot = rate * 2.5\nprint('out')")
    assert shown.ok, shown.traceback
    run = kernel.last_run()
    assert (run["run_name"], run["status"]) == ("inside", "FINISHED")
    assert run["params"] == {"rate": 3, "size": 7}
    assert run["metrics"] == {"got": 7.5}
    assert len(shown.cards) == 1


def test_captured_output_is_captured_from_the_run_too(kernel: Kernel) -> None:
    shown = kernel.run("%%track\n%%capture captured\nprint('kept away')")
    assert shown.stdout == ""
    assert kernel.value("captured.stdout") == "kept away\n"
    assert kernel.last_run()["artifacts"] == []


def test_an_error_that_capture_hides_still_fails_the_run(kernel: Kernel) -> None:
    shown = kernel.run("%%track\n%%capture\n1 / 0")
    assert shown.ok  # as without %%track
    run = kernel.last_run()
    assert run["status"] == "FAILED"
    assert "ZeroDivisionError" in run["error"]


def test_shell_commands_and_line_magics_run_inside(kernel: Kernel) -> None:
    shown = kernel.run("%%track\nlines = !echo a b\n%time y = sum([0.25, 0.5])\nn = len(lines)")
    assert shown.ok
    assert kernel.last_run()["metrics"] == {"y": 0.75, "n": 1.0}


def test_an_interrupt_kills_the_run(kernel: Kernel) -> None:
    request = kernel.send(
        "%%track --name stopped\nimport time\nstep = len('a')\nprint('go', flush=True)\ntime.sleep(60)"
    )
    kernel.wait_for_output(request, "go")
    kernel.manager.interrupt_kernel()
    assert kernel.collect(request).reply["ename"] == "KeyboardInterrupt"
    run = kernel.last_run()
    assert (run["run_name"], run["status"], run["metrics"]) == ("stopped", "KILLED", {"step": 1.0})


@pytest.mark.parametrize(
    "step",
    [
        "jtrack.capture.output.settle_lines",
        "jtrack.magics.recording.cell_traceback",
        "jtrack.magics.recording._show_card",
    ],
)
def test_a_second_interrupt_while_the_cell_ends_leaves_no_run_open(kernel: Kernel, step: str) -> None:
    module, _, name = step.rpartition(".")
    shown = kernel.run(
        f"%%track --name twice\nmodule = __import__('importlib').import_module('{module}')\nstep = module.{name}\n"
        f"def interrupted(*args):\n    module.{name} = step\n    raise KeyboardInterrupt\n"
        f"module.{name} = interrupted\nraise KeyboardInterrupt"
    )
    run = kernel.last_run()
    assert (run["run_name"], run["status"]) == ("twice", "KILLED")
    assert kernel.value("__import__('jtrack').active_run()") is None
    assert shown.stderr == "jtrack: interrupted while the run of this cell was closed; %runs lists it\n"
    assert (shown.stdout, len(shown.errors)) == ("", 1)


@pytest.mark.parametrize("step", ["record_settings", "show_live"])
def test_an_interrupt_while_the_run_is_opened_interrupts_the_cell(kernel: Kernel, step: str) -> None:
    kernel.run(
        f"kind = __import__('importlib').import_module('jtrack.magics.recording').CellRecording\nstep = kind.{step}\n"
        f"def interrupted(self):\n    kind.{step} = step\n    raise KeyboardInterrupt\nkind.{step} = interrupted"
    )
    shown = kernel.run("%%track --name early\nimport time\nfor _ in range(600):\n    time.sleep(0.1)")
    assert (shown.reply["ename"], len(shown.errors)) == ("KeyboardInterrupt", 1)
    run = kernel.last_run()
    assert (run["run_name"], run["status"]) == ("early", "KILLED")
    assert kernel.value("__import__('jtrack').active_run()") is None
    assert kernel.run("%%track\nx = 1").cards


def test_a_cell_whose_end_nobody_told_of_is_over_when_the_next_one_begins(kernel: Kernel) -> None:
    request = kernel.send(
        "%%track --name lost\nevents = get_ipython().events\ndef interrupted(*args):\n    del events.trigger\n"
        "    raise KeyboardInterrupt\nevents.trigger = interrupted\nprint('go', flush=True)"
    )
    kernel.wait_for_output(request, "go")
    shown = kernel.run("%%track --name next\nprint('on')")
    assert shown.ok and (shown.stdout, len(shown.cards)) == ("on\n", 1), shown.traceback
    run = kernel.last_run()
    assert (run["run_name"], run["status"], run["parent_run_id"]) == ("next", "FINISHED", None)
    assert kernel.rows("SELECT status FROM runs WHERE run_name = 'lost'") == [{"status": "KILLED"}]


def test_an_interrupt_of_a_cell_that_awaits_kills_the_run(kernel: Kernel) -> None:
    # ipykernel hears of an interrupt only when the loop wakes up, so the cell sleeps in small pieces.
    source = "import asyncio\nprint('go', flush=True)\nfor _ in range(600):\n    await asyncio.sleep(0.1)"
    request = kernel.send(f"%%track --name cut\n{source}")
    kernel.wait_for_output(request, "go")
    kernel.manager.interrupt_kernel()
    assert not kernel.collect(request).ok
    run = kernel.last_run()
    assert (run["run_name"], run["status"]) == ("cut", "KILLED")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("--metric acc", "did you mean '--metrics'?"),
        ("a b", "the experiment is 'a' already"),
        ("lr=0.1x", "quote it"),
        ("touched=1", "sets touched = 1, and the cell sets it to True"),
    ],
)
def test_a_wrong_header_stops_the_cell_before_anything_runs(kernel: Kernel, header: str, words: str) -> None:
    n_runs = kernel.rows("SELECT count(*) AS n FROM runs")
    shown = kernel.run(f"%%track {header}\ntouched = True")
    assert shown.reply["ename"] == "HeaderError"
    assert len(shown.errors) == 1
    assert words in shown.traceback
    assert "Traceback" not in shown.traceback
    assert kernel.value("'touched' in globals()") is False
    assert kernel.rows("SELECT count(*) AS n FROM runs") == n_runs


def test_names_of_the_notebook_in_the_header(kernel: Kernel) -> None:
    kernel.run("found = {'lr': 0.03}; best_lr = 0.5")
    refused = kernel.run("%%track lr=best_lr\nreached = 1")
    assert refused.reply["ename"] == "HeaderError"
    assert "lr={best_lr} is its value, 0.5" in refused.traceback
    shown = kernel.run("%%track lr={found['lr']} --name with-{lr}\nscore = lr * 2")
    assert shown.ok, shown.traceback
    run = kernel.last_run()
    assert (run["run_name"], run["params"], run["metrics"]) == ("with-0.03", {"lr": 0.03}, {"score": 0.06})


@pytest.mark.parametrize("cell", ["%%track --help", "%%track --help\ntouched = 1", "%track --help"])
def test_help_is_the_documentation(kernel: Kernel, cell: str) -> None:
    n_runs = kernel.rows("SELECT count(*) AS n FROM runs")
    shown = kernel.run(cell)
    assert shown.ok, shown.traceback
    (page,) = shown.reply["payload"]
    assert "--metrics a,b" in page["data"]["text/plain"]
    assert kernel.rows("SELECT count(*) AS n FROM runs") == n_runs
    assert kernel.value("'touched' in globals()") is False


def test_named_params_and_metrics_are_taken_exactly(kernel: Kernel) -> None:
    kernel.run("depth = 3; model = 'tree'")
    shown = kernel.run("%%track --params depth,model --metrics acc, gone\nlr = 0.5\nacc = lr / 2\nother = lr * 3")
    assert "--metrics gone: after the cell there is no number of this name" in shown.stderr
    run = kernel.last_run()
    assert run["params"] == {"depth": 3, "model": "tree"}
    assert run["metrics"] == {"acc": 0.25}


def test_a_value_that_is_no_param_is_named_and_keeps_no_other_away(kernel: Kernel) -> None:
    kernel.run("import numpy as np\ntable = np.zeros((200, 200))")
    shown = kernel.run("%%track data={table} lr=0.1\nscore = lr * data.sum()")
    assert shown.ok
    assert shown.stderr.count("jtrack:") == 1
    assert "could not record param 'data': InvalidInputError: param 'data' can't be kept" in shown.stderr
    run = kernel.last_run()
    assert (run["params"], run["metrics"]) == ({"lr": 0.1}, {"score": 0.0})
    shown = kernel.run("%%track --params table,lr\nscore = lr * 2")
    assert shown.stderr.count("jtrack:") == 1
    assert "could not record param 'table'" in shown.stderr
    assert kernel.last_run()["params"] == {"lr": 0.1}


def test_what_the_cell_logs_goes_before_what_is_taken_from_names(kernel: Kernel) -> None:
    kernel.run(
        "%%track\nimport jtrack\nlr = 0.1\nloss = lr / 4\njtrack.log_param('lr', 'high')\njtrack.log_metric('loss', 9)"
    )
    run = kernel.last_run()
    assert run["params"] == {"lr": "high"}
    assert run["metrics"] == {"loss": 9.0}


def test_a_run_started_in_the_cell_is_its_child(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%track --name around\nimport jtrack\nwith jtrack.start_run(run_name='within'):\n    jtrack.log_metric('m', 1)"
    )
    assert shown.ok, shown.traceback
    (child,) = kernel.rows("SELECT * FROM runs WHERE run_name = 'within'")
    (parent,) = kernel.rows("SELECT * FROM runs WHERE run_name = 'around'")
    assert child["parent_run_id"] == parent["run_id"]
    assert child["status"] == parent["status"] == "FINISHED"


def test_runs_that_the_cell_leaves_open_end_with_it(kernel: Kernel) -> None:
    kernel.run("%%track --name owner\nimport jtrack\njtrack.start_run(run_name='left open')\n1 / 0")
    (child,) = kernel.rows("SELECT * FROM runs WHERE run_name = 'left open'")
    assert child["status"] == "FAILED"
    assert kernel.value("__import__('jtrack').active_run() is None")


def test_a_run_that_the_cell_ends_itself_is_left_at_that(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%track --name early\nimport jtrack\njtrack.log_metric('m', 1)\njtrack.end_run()\nlate = sum([0.5])"
    )
    assert shown.ok
    assert shown.stderr == ""
    run = kernel.last_run()
    assert (run["run_name"], run["status"]) == ("early", "FINISHED")
    assert run["metrics"] == {"m": 1.0, "late": 0.5}


def test_a_run_that_an_earlier_cell_left_open_becomes_the_parent_and_stays_open(kernel: Kernel) -> None:
    kernel.run("import jtrack\nopened = jtrack.start_run(run_name='session')")
    kernel.run("%%track --name part\nimport jtrack\njtrack.log_metric('inner', 1)")
    part = kernel.last_run()
    kernel.run("jtrack.log_metric('outer', 2)\njtrack.end_run()")
    (session,) = kernel.rows("SELECT * FROM runs WHERE run_name = 'session'")
    assert (part["run_name"], part["parent_run_id"], part["metrics"]) == ("part", session["run_id"], {"inner": 1.0})
    metrics = kernel.rows(f"SELECT key FROM latest_metrics WHERE run_id = '{session['run_id']}'")
    assert metrics == [{"key": "outer"}]
    assert session["status"] == "FINISHED"


def test_the_run_keeps_what_the_cell_shows_of_an_earlier_cells_thread(kernel: Kernel) -> None:
    kernel.run(
        "import threading\ngo = threading.Event()\n"
        "late = threading.Thread(target=lambda: (go.wait(), print('late')))\nlate.start()"
    )
    shown = kernel.run("%%track\nprint('mine')\ngo.set()\nlate.join()")
    assert Path(kernel.last_run()["artifact_uri"], "stdout.txt").read_text() == shown.stdout


def test_a_cell_run_by_a_cell_does_not_end_its_run(kernel: Kernel) -> None:
    kernel.run(
        "%%track --name whole\nip = get_ipython()\nip.run_cell('')\nip.run_cell('part = 0.5 * 3')\nafter = sum([0.25])"
    )
    run = kernel.last_run()
    assert (run["run_name"], run["status"]) == ("whole", "FINISHED")
    assert run["metrics"] == {"part": 1.5, "after": 0.25}


def test_below_another_cell_magic_the_body_is_tracked_all_the_same(kernel: Kernel) -> None:
    shown = kernel.run("%%time\n%%track --name below\nfound = sum([0.5])\nfound")
    assert shown.ok, shown.traceback
    assert shown.result == {"text/plain": "0.5"}
    run = kernel.last_run()
    assert (run["run_name"], run["metrics"], run["status"]) == ("below", {"found": 0.5}, "FINISHED")
    assert run["cells"][0]["source"] == "%%track --name below\nfound = sum([0.5])\nfound\n"
    assert kernel.run("%%time\n%%track --name below\n1 / 0").reply["ename"] == "ZeroDivisionError"
    assert kernel.last_run()["status"] == "FAILED"


def test_a_cell_is_tracked_once(kernel: Kernel) -> None:
    shown = kernel.run("%%track\n%%track\nx = 1")
    assert shown.reply["ename"] == "HeaderError"
    assert "tracked already" in shown.traceback


def test_the_state_of_git_and_the_environment_arrive(kernel: Kernel) -> None:
    folder = kernel.folder
    for arguments in (["init", "-q", "-b", "trunk"], ["commit", "-q", "--allow-empty", "-m", "one"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)
    kernel.run("%%track\nimport time\ntime.sleep(0.5)")
    kernel.run(_WAIT)
    run = kernel.last_run()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    assert (run["git_commit"], run["git_branch"], run["git_dirty"]) == (commit.stdout.strip(), "trunk", False)
    (environment,) = kernel.rows(f"SELECT * FROM environments WHERE environment_sha256 = '{run['environment_sha256']}'")
    assert environment["python_version"] == platform.python_version()
    assert environment["platform"] == platform.platform()
    assert "ipykernel" in str(environment["packages"])


def test_a_run_that_a_cell_opens_itself_knows_where_it_came_from(kernel: Kernel) -> None:
    source = "with jtrack.start_run():\n    with jtrack.start_run(nested=True): pass"
    assert kernel.run(f"import jtrack\n{source}").ok
    kernel.run(_WAIT)
    child, run = kernel.rows("SELECT * FROM runs ORDER BY started_at DESC LIMIT 2")
    assert child["parent_run_id"] == run["run_id"]
    assert run["source_type"] == "NOTEBOOK"
    assert run["environment_sha256"] is not None
    cells = kernel.rows(f"SELECT * FROM cells WHERE run_id IN ('{run['run_id']}', '{child['run_id']}')")
    assert [(cell["run_id"], cell["source"]) for cell in cells] == [(run["run_id"], f"import jtrack\n{source}")]
    assert kernel.run(f"with jtrack.start_run(run_id='{run['run_id']}'): pass").ok
    kernel.run(_WAIT)
    assert len(kernel.rows(f"SELECT * FROM cells WHERE run_id = '{run['run_id']}'")) == 1, "taken up is not made"


def test_a_cell_without_an_id_is_known_by_its_body(kernel: Kernel) -> None:
    kernel.run("%%track --name a\nwidth = 12345")
    first = kernel.last_run()["cells"][0]["cell_id"]
    kernel.run("%%track --name b\nwidth = 12345")
    assert kernel.last_run()["cells"][0]["cell_id"] == first
    assert first.startswith("sha256:")


def test_two_kernels_track_into_one_store_at_once(kernel: Kernel) -> None:
    other = Kernel(kernel.folder)
    try:
        other.run("%load_ext jtrack")
        source = "%%track together --name {0}\nimport time\nfor i in range(5):\n    time.sleep(0.02)\nwho = {1}"
        requests = [
            (one, one.send(source.format(name, number))) for one, name, number in ((kernel, "k1", 1), (other, "k2", 2))
        ]
        assert all(one.collect(request).ok for one, request in requests)
    finally:
        other.stop()
    query = (
        "SELECT run_name, status, value FROM runs JOIN params USING (run_id) WHERE run_name IN ('k1', 'k2') ORDER BY 1"
    )
    assert kernel.rows(query) == [
        {"run_name": "k1", "status": "FINISHED", "value": "1"},
        {"run_name": "k2", "status": "FINISHED", "value": "2"},
    ]


def test_a_store_that_fails_never_fails_the_cell(kernel: Kernel) -> None:
    blocked = kernel.folder / "a file"
    blocked.write_text("")
    kernel.run(f"import jtrack\njtrack.set_tracking_uri({str(blocked)!r})")
    try:
        first = kernel.run("%%track lr=0.5\nran = lr * 2\nran")
        second = kernel.run("%%track lr=0.5\nran = lr * 2\nran")
        logging = kernel.run(f"%%track lr=0.5\n{LOGS}")
        below = kernel.run(f"%%time\n%%track lr=0.5\n{LOGS}")
        own = kernel.run("jtrack.log_metric('m', 1)")
        last = kernel.run("%track --last")
    finally:
        kernel.run("jtrack.set_tracking_uri(None)")
    for shown in (logging, below):
        assert shown.ok and shown.stderr == "", shown.traceback
        assert "'reached'" in str(shown.result)
    assert own.reply["ename"] == "StorePathError"
    assert "the last cell could not be recorded" in last.traceback and "%jtrack doctor" in last.traceback
    assert first.ok and first.result == {"text/plain": "1.0"}
    assert first.stderr.startswith("jtrack: could not record this cell: StorePathError:")
    assert second.ok and second.stderr == ""
    assert first.displays == second.displays == []
    assert kernel.run("%%track\nx = 1").cards


LOGS = """
import jtrack
with open("a file to keep", "w") as file:
    file.write("x")
for step in range(10):
    jtrack.log_metric("loss", 1 / (step + 1), step=step)
    if jtrack.active_run().should_stop or jtrack.active_run().should_stop():
        break
jtrack.log_metrics({"a": 1})
jtrack.log_params({"b": jtrack.log_param("c", 2)})
jtrack.set_tags({"d": 3})
jtrack.log_artifact("a file to keep")
jtrack.log_text("x", "x.txt")
jtrack.log_dict({}, "x.json")
run = jtrack.active_run()
run.note("n")
f"{run.info.run_id} {run.knob('lr', 0.1)} {run.params}" and "reached"
"""
_WAIT = (
    "[m for m in get_ipython().magics_manager.registry.values() if hasattr(m, 'tracker')][0].tracker.desk.late.wait(20)"
)
