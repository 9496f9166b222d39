"""%%sweep in a real kernel: the cell runs per trial in a namespace of its own, and the runs say what came of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.magics.kernels import Kernel, Shown
from tests.waiting import wait_until

pytestmark = pytest.mark.kernel


def last_sweep(kernel: Kernel) -> dict[str, Any]:
    sweep = kernel.rows("SELECT * FROM runs WHERE kind = 'sweep' ORDER BY started_at DESC LIMIT 1")[0]
    where = f"WHERE run_id = '{sweep['run_id']}'"
    sweep["params"] = {row["key"]: row["value"] for row in kernel.rows(f"SELECT key, value FROM params {where}")}
    sweep["tags"] = {row["key"]: row["value"] for row in kernel.rows(f"SELECT key, value FROM tags {where}")}
    sweep["cells"] = kernel.rows(f"SELECT * FROM cells {where}")
    sweep["trials"] = kernel.rows(f"SELECT * FROM runs WHERE parent_run_id = '{sweep['run_id']}' ORDER BY started_at")
    return sweep


def test_values_of_the_notebook_are_filled_into_both_lines_of_a_header(kernel: Kernel) -> None:
    kernel.run("low, high, n, tag = 0.5, 1, 3, {'name': 'mine'}")
    source = (
        "%%sweep --max-evals {n} --minimize loss --seed 1 --name up-to-{high} \\\n"
        "    x=uniform({low}, {high}) tag={tag['name']}\nassert tag == 'mine'\nloss = x"
    )
    shown = kernel.run(source, "cell-1")
    assert shown.ok, shown.traceback
    sweep = last_sweep(kernel)
    assert (sweep["run_name"], len(sweep["trials"])) == ("up-to-1", 3)
    assert (sweep["params"]["space.x"], sweep["params"]["space.tag"]) == ("uniform(0.5, 1)", "mine")
    assert [cell["source"] for cell in sweep["cells"] if cell["role"] == "tracked"] == [source]
    wrong = kernel.run("%%sweep --max-evals 2 --minimize loss x=uniform(0, {hihg})\nloss = x", "cell-2")
    assert not wrong.ok and "no name 'hihg'" in "".join(wrong.traceback)


def params_of(kernel: Kernel, run_id: str) -> dict[str, Any]:
    rows = kernel.rows(f"SELECT key, value_json FROM params WHERE run_id = '{run_id}'")
    return {row["key"]: json.loads(row["value_json"]) for row in rows}


def progress_free(shown: Shown) -> list[dict[str, str]]:
    return [bundle for bundle in shown.displays if "text/html" in bundle]


def test_the_cell_runs_once_per_trial_and_each_is_a_run(kernel: Kernel) -> None:
    kernel.run("x = 'mine'; loss = 0.0; data = [1, 2, 3]")
    source = (
        "%%sweep parabola --max-evals 12 --minimize loss --seed 3 --name low x=uniform(-2, 2) "
        "kind=choice('a', 'b') n=3\ninner = x ** 2\nloss = inner + (kind == 'a') + n + len(data)"
    )
    shown = kernel.run(source, "cell-1")
    assert shown.ok, shown.traceback
    assert shown.stderr == ""
    sweep = last_sweep(kernel)
    assert (sweep["run_name"], sweep["status"], sweep["source_type"]) == ("low", "FINISHED", "NOTEBOOK")
    assert sweep["params"] == {
        "minimize": "loss",
        "algo": "tpe",
        "seed": "3",
        "max_evals": "12",
        "space.x": "uniform(-2, 2)",
        "space.kind": "choice('a', 'b')",
        "space.n": "3",
    }
    (cell,) = [cell for cell in sweep["cells"] if cell["role"] == "tracked"]
    assert (cell["cell_id"], cell["source"]) == ("cell-1", source)
    assert [cell["source"] for cell in sweep["cells"] if cell["role"] == "source"] == [
        "x = 'mine'; loss = 0.0; data = [1, 2, 3]"
    ]
    assert [trial["kind"] for trial in sweep["trials"]] == ["trial"] * 12
    first = sweep["trials"][0]
    params = params_of(kernel, first["run_id"])
    assert set(params) == {"x", "kind", "n"} and params["n"] == 3
    (loss,) = kernel.rows(f"SELECT value FROM latest_metrics WHERE run_id = '{first['run_id']}' AND key = 'loss'")
    assert loss["value"] == params["x"] ** 2 + (params["kind"] == "a") + 6
    # The notebook's own names are as they were.
    assert kernel.value("[x, loss, 'inner' in globals(), 'kind' in globals()]") == ["mine", 0.0, False, False]


def test_the_result_is_the_cells_value_and_the_panel_is_shown(kernel: Kernel) -> None:
    shown = kernel.run("%%sweep --max-evals 6 --minimize loss --name shown x=uniform(0, 1)\nloss = x")
    assert shown.result is not None
    assert shown.result["text/plain"].startswith("sweep shown (")
    assert kernel.value("_.best_params['x'] == _.best_value")
    line, panel = progress_free(shown)
    assert " of 6 trials · best loss " in line["text/plain"]
    assert "6 trials" in panel["text/plain"]
    assert "<script" not in panel["text/html"]
    quiet = kernel.run("%%sweep --max-evals 16 --minimize loss --quiet x=uniform(0, 1)\nloss = x")
    assert quiet.displays == []


def test_what_mattered_is_one_line_that_opens(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%sweep --max-evals 20 --minimize loss --seed 1 --algo random x=uniform(0, 1) y=uniform(0, 1)\n"
        "loss = x + y / 9"
    )
    _, _, learned = progress_free(shown)
    assert "<summary" in learned["text/html"] and "what mattered: " in learned["text/html"]
    assert len(learned["text/html"]) < 100_000
    assert "in the best trial" in learned["text/plain"]
    contour = kernel.run("_.contour('y', 'x')")
    assert contour.result is not None and "loss over y and x" in contour.result["text/html"]


def test_a_metric_may_be_logged_step_by_step(kernel: Kernel) -> None:
    kernel.run(
        "%%sweep --max-evals 5 --maximize acc --early-stop median --quiet x=uniform(0, 1)\nimport jtrack\n"
        "for step in range(4):\n    jtrack.log_metric('acc', x * step)\n    if jtrack.active_run().should_stop: break"
    )
    sweep = last_sweep(kernel)
    assert {trial["status"] for trial in sweep["trials"]} == {"FINISHED"}
    best = kernel.rows(f"SELECT number FROM params WHERE run_id = '{sweep['tags']['best_run']}'")[0]["number"]
    assert float(sweep["tags"]["best_value"]) == best * 3


def test_what_trials_print_is_kept_with_them(kernel: Kernel) -> None:
    shown = kernel.run("%%sweep --max-evals 3 --minimize loss --quiet x=uniform(0, 1)\nprint('x is', x)\nloss = x")
    assert shown.stdout == ""
    for trial in last_sweep(kernel)["trials"]:
        text = Path(trial["artifact_uri"], "stdout.txt").read_text()
        assert text == f"x is {params_of(kernel, trial['run_id'])['x']}\n"
    assert kernel.run("print('back')").stdout == "back\n"


def test_a_bar_of_a_trial_is_kept_as_it_ended_and_much_print_by_its_beginning_and_end(kernel: Kernel) -> None:
    kernel.run("import sys")
    shown = kernel.run(
        "%%sweep --max-evals 1 --minimize loss --quiet x=uniform(0, 1)\n"
        "for n in range(50_000): print('line', n)\n"
        "for n in range(3): sys.stderr.write(f'\\r{n + 1}/3')\n"
        "loss = x"
    )
    assert shown.ok, shown.traceback
    (trial,) = last_sweep(kernel)["trials"]
    printed = Path(trial["artifact_uri"], "stdout.txt").read_text()
    assert printed.startswith("line 0\n") and printed.endswith("line 49999\n") and len(printed) < 300_000
    assert Path(trial["artifact_uri"], "stderr.txt").read_text() == "3/3"


def test_a_file_that_a_trial_logs_is_left_as_it_is(kernel: Kernel) -> None:
    kernel.run(
        "%%sweep --max-evals 1 --minimize loss --quiet x=uniform(0, 1)\n"
        "import jtrack\nprint('a')\njtrack.log_text('own', 'stdout.txt')\nprint('b')\nloss = x"
    )
    (trial,) = last_sweep(kernel)["trials"]
    assert Path(trial["artifact_uri"], "stdout.txt").read_text() == "own"


def test_warnings_bars_and_figures_of_trials_do_not_bury_the_notebook(kernel: Kernel) -> None:
    kernel.run("import sys, warnings\nfrom tqdm import tqdm\nfrom IPython.display import display, HTML")
    shown = kernel.run(
        "%%sweep --max-evals 3 --minimize loss --quiet x=uniform(0, 1)\n"
        "for _ in tqdm(range(3)): pass\nwarnings.warn('careful')\nprint('oh', file=sys.stderr)\n"
        "display(HTML('<b>figure</b>'))\nloss = x"
    )
    assert (shown.stdout, shown.stderr, shown.displays) == ("", "", [])
    for trial in last_sweep(kernel)["trials"]:
        text = Path(trial["artifact_uri"], "stderr.txt").read_text()
        assert "3/3" in text and "careful" in text and "oh" in text
    assert len(kernel.run("display(HTML('<b>back</b>'))").displays) == 1


def test_a_function_is_shown_as_a_cell_is_but_not_inside_of_a_trial(kernel: Kernel) -> None:
    kernel.run("import jtrack\nfrom hyperopt import fmin, hp, tpe\nX = {'x': hp.uniform('x', 0, 1)}")
    shown = kernel.run("result = jtrack.sweep(lambda p: p['x'], X, max_evals=6, seed=1)")
    line, panel = progress_free(shown)
    assert " of 6 trials · best loss " in line["text/plain"]
    assert "6 trials" in panel["text/plain"]
    assert shown.stderr == ""
    quiet = kernel.run("result = jtrack.sweep(lambda p: p['x'], X, max_evals=6, progress=False)")
    assert quiet.displays == []
    nested = kernel.run(
        "def outer(p): return jtrack.sweep(lambda q: q['x'], X, max_evals=2).best_value\n"
        "result = jtrack.sweep(outer, X, max_evals=3)"
    )
    assert len(nested.displays) == 2
    recorded = kernel.run(
        "best = fmin(lambda p: p['x'], X, algo=tpe.suggest, max_evals=4, trials=jtrack.Trials(), verbose=False)"
    )
    (panel,) = progress_free(recorded)
    assert "4 trials" in panel["text/plain"]


def test_an_interrupt_is_one_line_and_a_hint(kernel: Kernel) -> None:
    source = "loss = x\nif x > 0.8: raise KeyboardInterrupt"
    shown = kernel.run(f"%%sweep --max-evals 30 --minimize loss --seed 1 --name cut --quiet x=uniform(0, 1)\n{source}")
    assert shown.reply["ename"] == "SweepInterrupted"
    assert len(shown.traceback.splitlines()) == 2
    assert "sweep 'cut' was interrupted after" in shown.traceback and "--resume" in shown.traceback
    header = "%%sweep --max-evals 30 --minimize loss --seed 1 --quiet x=uniform(0, 1) --resume"
    assert "no sweep called 'other'" in kernel.run(f"{header} --name other\nloss = x").traceback
    resumed = kernel.run(f"{header} --name cut\nloss = x")  # another cell, by its name
    assert resumed.ok, resumed.traceback
    assert last_sweep(kernel)["status"] == "FINISHED"
    kernel.run("import jtrack\nresult = jtrack.get_sweep()")
    assert kernel.value("(result.n_trials, result.n_failed)") == [30, 0]


def test_a_failing_trial_is_shown_once_with_its_line_and_the_sweep_goes_on(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%sweep --max-evals 12 --minimize loss --quiet --seed 1 --algo random \\\n   x=uniform(0, 1)\n"
        "loss = x\nif x > 0.5:\n    raise ValueError('too large')"
    )
    assert shown.ok
    assert shown.stderr.count("failed, the first to do so") == 1
    assert shown.stderr.count("ValueError") >= 1
    plain = _plain(shown.stderr)
    assert f"Cell In[{shown.reply['execution_count']}], line 5" in plain
    assert "----> 5     raise ValueError('too large')" in plain
    failed = [trial for trial in last_sweep(kernel)["trials"] if trial["status"] == "FAILED"]
    assert 0 < len(failed) < 12
    for trial in failed:
        assert trial["error"].startswith('Traceback (most recent call last):\n  File "Cell In[')
        assert "line 5" in trial["error"] and trial["error"].endswith("ValueError: too large")


def _plain(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_functions_of_the_cell_see_the_trials_names(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%sweep --max-evals 4 --minimize loss --quiet x=uniform(0, 1)\n"
        "def double():\n    return 2 * x\nloss = double()"
    )
    assert shown.ok
    sweep = last_sweep(kernel)
    for trial in sweep["trials"]:
        (row,) = kernel.rows(f"SELECT value FROM latest_metrics WHERE run_id = '{trial['run_id']}'")
        assert row["value"] == 2 * params_of(kernel, trial["run_id"])["x"]


def test_trials_run_in_parallel(kernel: Kernel) -> None:
    shown = kernel.run(
        "%%sweep --max-evals 6 --minimize loss --quiet --parallel 3 --algo random x=uniform(0, 1)\n"
        "import threading, time\nprint(threading.current_thread().name)\ntime.sleep(0.2)\nloss = x"
    )
    assert shown.ok, shown.traceback
    trials = last_sweep(kernel)["trials"]
    names = {Path(trial["artifact_uri"], "stdout.txt").read_text().strip() for trial in trials}
    assert len(names) == 3
    for trial in trials:
        (row,) = kernel.rows(f"SELECT value FROM latest_metrics WHERE run_id = '{trial['run_id']}'")
        assert row["value"] == params_of(kernel, trial["run_id"])["x"]


def test_an_interrupt_ends_the_sweep_and_resume_goes_on(kernel: Kernel, own_folder: Path) -> None:
    now = own_folder / "now"
    header = "%%sweep --max-evals 8 --minimize loss --quiet --seed 2 --name stopped x=uniform(0, 1)"
    body = f"calls.append(x)\nif len(calls) == 4:\n    open({str(now)!r}, 'w').close()\n    time.sleep(60)\nloss = x"
    kernel.run("import time\ncalls = []")
    request = kernel.send(f"{header}\n{body}", "stop-me")
    until = time.monotonic() + 60
    while not now.exists() and time.monotonic() < until:
        time.sleep(0.01)
    kernel.manager.interrupt_kernel()
    shown = kernel.collect(request)
    assert shown.reply["ename"] == "SweepInterrupted"
    assert len(shown.traceback.splitlines()) == 2
    sweep = last_sweep(kernel)
    assert sweep["status"] == "KILLED"
    assert [trial["status"] for trial in sweep["trials"]] == ["FINISHED"] * 3 + ["KILLED"]
    assert kernel.value("__import__('jtrack').active_run() is None")

    resumed = kernel.run(f"{header} --resume\n{body}", "stop-me")
    assert resumed.ok, resumed.traceback
    again = last_sweep(kernel)
    assert (again["run_id"], again["status"]) == (sweep["run_id"], "FINISHED")
    assert [trial["status"] for trial in again["trials"]].count("FINISHED") == 8
    calls = kernel.value("calls")
    assert len(calls) == 9 and calls[3] == calls[4]


def test_a_kernel_that_was_killed_is_no_loss(tmp_path: Path) -> None:
    source = (
        "%%sweep --max-evals 8 --minimize loss --quiet --seed 2 x=uniform(0, 1)\nimport os, pathlib, signal\n"
        "mark = pathlib.Path('dead')\nif len(list(pathlib.Path().glob('call*'))) == 4 and not mark.exists():\n"
        "    mark.touch()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "pathlib.Path(f'call-{x}').touch()\nloss = x"
    )
    dying = Kernel(tmp_path)
    dying.run("%load_ext jtrack")
    dying.send(source, "deadly")
    wait_until((tmp_path / "dead").exists)
    dying.stop()
    second = Kernel(tmp_path)
    try:
        second.run("%load_ext jtrack")
        shown = second.run(source.replace("--seed 2", "--seed 2 --resume"), "deadly")
        assert shown.ok, shown.traceback
        sweep = last_sweep(second)
        assert [trial["status"] for trial in sweep["trials"]] == ["FINISHED"] * 4 + ["KILLED"] + ["FINISHED"] * 4
    finally:
        second.stop()


@pytest.mark.parametrize(
    ("source", "name", "words"),
    [
        (
            "--max-evals 3 --minimize loss x=uniform(0,1)\nx = 3\nloss = x",
            "HeaderError",
            "%%sweep sets x, and the cell",
        ),
        (
            "--max-evals 3 --minimize loss x=uniform(0,1)\nimport math\nx = math.pi\nloss = x",
            "HeaderError",
            "sets it anew before it reads it: x = math.pi",
        ),
        ("--max-evals 3 --minimize x x=uniform(0,1)\nloss = x", "HeaderError", "x is searched"),
        ("--max-evals 3 --minimize n n=3 x=uniform(0,1)\nloss = x", "HeaderError", "n is set in the first line"),
        (
            "--max-evals 3 --minimize loss x=uniform(0,1)\n\nloss = (x",
            "HeaderError",
            "in line 3 of the cell: loss = (x",
        ),
        ("--max-evals 3 --minimize loss x=uniform(0,1)\nloss = [x]", "SweepError", "is a number, not list"),
        ("--max-evals 3 --minimize loss x=uniform(0,1)\nloss = 'x'", "SweepError", "is a number, not str: 'x'"),
        ("--max-evals 3 --minimize loss x=uniform(0,1)\n\n", "HeaderError", "nothing below %%sweep"),
        ("--max-evals 3 --minimize loss x=uniform(0,1)\nawait x", "HeaderError", "can't await"),
        ("--max-evals 3 --minimize loss x=uniform(0,1) --resume\nnew = x", "HeaderError", "no sweep of this cell"),
        ("--max-evals 3 --minimize loss\nloss = 1", "HeaderError", "nothing to search"),
        ("--max-evals 0 --minimize loss x=uniform(0,1)\nloss = 1", "InvalidInputError", "max_evals is a whole number"),
        (
            "--max-evals 3 --minimize loss --algo tpf x=uniform(0,1)\nloss = 1",
            "InvalidInputError",
            "did you mean 'tpe'",
        ),
        ("--max-evals 3 --minimize rmse x=uniform(0,1)\nloss = 1", "SweepError", "never set 'rmse'"),
    ],
)
def test_what_is_wrong_is_one_clear_line(kernel: Kernel, source: str, name: str, words: str) -> None:
    shown = kernel.run(f"%%sweep {source}")
    assert shown.reply["ename"] == name
    assert words in shown.traceback
    assert "Traceback" not in shown.traceback
    assert kernel.value("__import__('jtrack').active_run() is None")


def test_a_number_that_an_earlier_cell_left_is_not_taken_for_the_metric(kernel: Kernel) -> None:
    kernel.run("stale = 0.1")
    shown = kernel.run("%%sweep --max-evals 3 --minimize stale x=uniform(0,1)\nother = x")
    assert "never set 'stale'" in shown.traceback


def test_tab_offers_options_and_distributions(kernel: Kernel) -> None:
    def offered(line: str) -> list[str]:
        kernel.client.complete(line, len(line))
        reply = kernel.client.get_shell_msg(timeout=30)["content"]
        return list(reply["matches"])

    assert "--max-evals" in offered("%%sweep --max")
    assert {"uniform(", "uniformint("} <= set(offered("%%sweep lr=unif"))


def test_the_best_trial_is_registered_by_its_metric_and_its_program_is_told(kernel: Kernel) -> None:
    kernel.run(
        "from sklearn.datasets import load_diabetes\nfrom sklearn.linear_model import Ridge\nimport jtrack\n"
        "X, y = load_diabetes(return_X_y=True)\nunrelated = 1"
    )
    swept = kernel.run(
        "%%sweep --max-evals 4 --maximize fit --seed 1 --quiet --name ridge \\\n"
        "  alpha=loguniform(-5, 3) options=choice({'fit_intercept': True}, {'fit_intercept': False})\n"
        "model = Ridge(alpha=alpha, **options).fit(X, y)\nfit = model.score(X, y)\n"
        "jtrack.sklearn.log_model(model, 'model')"
    )
    assert swept.ok, swept.traceback
    for line in ("%register @best(metrics.fit) diabetes", "%register @best(metrics.fit DESC) diabetes"):
        shown = kernel.run(line)
        assert shown.ok, shown.traceback
    assert kernel.run("%register ridge diabetes").ok  # a sweep has the model of its best trial
    best = kernel.value("jtrack.get_sweep().best_run_id")
    versions = kernel.rows("SELECT run_id FROM model_versions WHERE name = 'diabetes'")
    assert [version["run_id"] for version in versions] == [best] * 3
    loaded = kernel.value("jtrack.load_model('models:/diabetes/latest').score(X, y)")
    assert loaded == kernel.value("jtrack.get_sweep().best_value")

    program = kernel.value("jtrack.code('@best(metrics.fit)')")
    assert "load_diabetes" in program and "%%sweep" not in program and "unrelated" not in program
    namespace: dict[str, Any] = {}
    exec(program.replace("jtrack.sklearn.log_model", "print"), namespace)
    assert namespace["fit"] == loaded
    assert kernel.value("jtrack.code('ridge')") == program
    shown = kernel.run("%code @best(metrics.fit)")
    assert shown.result is not None and "Ridge(alpha=alpha" in shown.result["text/plain"]
    assert "Ridge(alpha=alpha" in kernel.value("str(jtrack.show('@best(metrics.fit)').frame.cells)")


def test_a_store_that_goes_away_is_told_once_and_the_result_is_there(kernel: Kernel) -> None:
    kernel.run("import os, shutil")
    shown = kernel.run(
        "%%sweep --max-evals 6 --minimize loss --seed 1 x=uniform(0, 1)\n"
        "if x > 0.55: shutil.rmtree(os.environ['JTRACK_TRACKING_URI'], ignore_errors=True)\nloss = x"
    )
    assert shown.ok and shown.result is not None
    assert shown.result["text/plain"].startswith("sweep ")
    assert shown.stderr.count("is gone, after 2 trials") == 1
    assert "could not" not in shown.stderr
