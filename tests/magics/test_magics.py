"""The other magics in a real kernel: %track --last, on and off, %runs, %compare, settings, Tab, help, unloading."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.magics.kernels import Kernel

pytestmark = pytest.mark.kernel


def complete(kernel: Kernel, code: str, position: int | None = None) -> list[str]:
    position = len(code) if position is None else position
    kernel.client.complete(code, position)
    reply = kernel.client.get_shell_msg(timeout=30)["content"]
    return [code[: reply["cursor_start"]] + match for match in reply["matches"]]


def n_runs(kernel: Kernel) -> int:
    return int(kernel.rows("SELECT count(*) AS n FROM runs")[0]["n"])


def test_nothing_is_hooked_before_the_extension_is_loaded_nor_after_it_is_unloaded(fresh_kernel: Kernel) -> None:
    state = (
        "ip = get_ipython()\n"
        "# IPython loads some of its own only when they are first needed.\n"
        "getattr(ip.magics_manager, 'load_all_lazy_magics', bool)()\n"
        "def hooks():\n"
        "    tables = {kind: sorted(table) for kind, table in ip.magics_manager.magics.items()}\n"
        "    return repr((tables, sorted(ip.magics_manager.registry), list(map(str, ip.input_transformers_cleanup)),\n"
        "        {event: list(map(str, found)) for event, found in ip.events.callbacks.items()},\n"
        "        list(map(str, ip.Completer.custom_matchers)), sorted(type(c).__name__ for c in ip.configurables)))\n"
    )
    fresh_kernel.run(state)
    fresh_kernel.run("import jtrack\nbefore = hooks()")
    assert fresh_kernel.run("%load_ext jtrack").ok
    assert fresh_kernel.value("hooks() != before")
    assert fresh_kernel.run("%load_ext jtrack").ok
    assert fresh_kernel.run("%unload_ext jtrack").ok
    assert fresh_kernel.value("hooks() == before"), fresh_kernel.value("[before, hooks()]")
    assert fresh_kernel.run("%%track\nx = 1").reply["ename"] == "UsageError"
    assert fresh_kernel.run("%load_ext jtrack").ok
    assert len(fresh_kernel.run("%%track\nx = 1").cards) == 1


def test_a_tracked_cell_that_reloads_the_extension_leaves_no_run_open(fresh_kernel: Kernel) -> None:
    fresh_kernel.run("%load_ext jtrack")
    for name in ("first", "second"):
        assert fresh_kernel.run(f"%%track --name {name}\n%reload_ext jtrack").ok
        run = fresh_kernel.last_run()
        assert (run["run_name"], run["status"], run["parent_run_id"]) == (name, "FINISHED", None)


def test_no_magic_of_ipythons_is_shadowed(kernel: Kernel) -> None:
    kernel.run(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "own = [m for m in get_ipython().magics_manager.registry.values() if type(m).__module__.startswith('jtrack')]\n"
        "ours = {kind: set().union(*(m.magics[kind] for m in own)) for kind in ('line', 'cell')}\n"
        "theirs = {kind: set(InteractiveShell().magics_manager.magics[kind]) for kind in ('line', 'cell')}"
    )
    assert kernel.value("sorted(ours['line'] & theirs['line']) + sorted(ours['cell'] & theirs['cell'])") == []


def test_the_magics_are_listed_and_documented(kernel: Kernel) -> None:
    listed = kernel.run("%lsmagic").result
    assert listed is not None
    for magic in ("%%track", "%%runs", "%track", "%runs", "%compare", "%jtrack"):
        assert f" {magic} " in listed["text/plain"].replace("\n", "  ") + " "
    for question in ("%%track?", "%track?"):
        shown = kernel.run(question)
        assert shown.ok
        (payload,) = shown.reply["payload"]
        assert "Record a cell as a run." in payload["data"]["text/plain"]
        assert "--metrics a,b" in payload["data"]["text/plain"]


def test_the_last_cell_becomes_a_run_after_the_fact(kernel: Kernel) -> None:
    kernel.run("rows = 30\nshare = rows / 40\nprint('seen')", "cell-x")
    kernel.run("%runs\n# only looking")
    shown = kernel.run("%track --last afterwards --name late --note 'worth keeping' seed=7")
    assert shown.ok, shown.traceback
    assert len(shown.cards) == 1
    run = kernel.last_run()
    assert (run["run_name"], run["status"], run["description"]) == ("late", "FINISHED", "worth keeping")
    assert run["params"] == {"rows": 30, "seed": 7}
    assert run["metrics"] == {"share": 0.75}
    assert run["cells"][0]["source"] == "rows = 30\nshare = rows / 40\nprint('seen')"
    assert run["cells"][0]["cell_id"] == "cell-x"
    assert Path(run["artifact_uri"], "stdout.txt").read_text() == "seen\n"
    assert run["started_at"] <= run["ended_at"]
    assert kernel.value("'seed' in globals()") is False
    again = kernel.run("%track --last")
    assert again.reply["ename"] == "RunStateError"
    assert "is a run already" in again.traceback


def test_the_last_cell_that_failed_becomes_a_failed_run(kernel: Kernel) -> None:
    kernel.run("import time\ntime.sleep(0.2)\n1 / 0")
    kernel.run("%track --last")
    run = kernel.last_run()
    assert run["status"] == "FAILED"
    assert "line 3" in run["error"]
    seconds = kernel.rows("SELECT epoch(ended_at) - epoch(started_at) AS s FROM runs ORDER BY started_at DESC LIMIT 1")
    assert 0.2 <= seconds[0]["s"] < 5


def test_code_that_a_front_end_runs_for_itself_is_not_the_last_cell(kernel: Kernel) -> None:
    kernel.run("mine = sum([0.125])")
    kernel.collect(kernel.send("theirs = sum([0.5])", store_history=False))
    kernel.run("%track --last")
    assert kernel.last_run()["metrics"] == {"mine": 0.125}


def test_track_on_records_the_cells_that_train_until_off(kernel: Kernel) -> None:
    kernel.run("class Model:\n    def fit(self, x):\n        self.score = len(x) / 4\n        return self")
    assert kernel.run("%track on training").ok
    before = n_runs(kernel)
    assert kernel.run("looked = sum([0.25])").cards == []
    assert kernel.run("def later():\n    Model().fit([1])").cards == []
    assert n_runs(kernel) == before
    assert len(kernel.run("depth = 2\nscore = Model().fit([1, 2]).score").cards) == 1
    run = kernel.last_run()
    assert (run["params"], run["metrics"]) == ({"depth": 2}, {"score": 0.5})
    kernel.run("import jtrack\nwith jtrack.start_run(run_name='its own'):\n    Model().fit([1])")
    assert kernel.last_run()["parent_run_id"] is None
    assert kernel.run("%track off").ok
    assert kernel.run("score = Model().fit([1, 2]).score").cards == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%track", "%track --last, %track on or %track off"),
        ("%track of", "%track --last, %track on or %track off"),
        ("%track --last --metric x", "did you mean '--metrics'?"),
        ("%track off now", "takes no more words"),
        ("%track on lr=1", "sets no names"),
    ],
)
def test_a_wrong_line_says_what_to_type(kernel: Kernel, line: str, words: str) -> None:
    shown = kernel.run(line)
    assert shown.reply["ename"] == "HeaderError"
    assert words in shown.traceback


def test_settings_are_traitlets(kernel: Kernel) -> None:
    assert "JTrack" in kernel.run("%config").stdout
    assert "tracking_uri" in kernel.run("%config JTrack").stdout
    elsewhere = kernel.folder / "elsewhere"
    kernel.run(f"%config JTrack.tracking_uri = {str(elsewhere)!r}")
    try:
        kernel.run("%%track --name there\nx = 1")
        assert elsewhere.is_dir()
        assert kernel.value("__import__('jtrack').get_tracking_uri()") == str(elsewhere)
    finally:
        kernel.run("%config JTrack.tracking_uri = ''")
    assert kernel.rows("SELECT 1 AS x FROM runs WHERE run_name = 'there'") == []
    refused = kernel.run("%config JTrack.tracking_uri = 'http://example.org'")
    assert "no store can be opened" in refused.stdout + refused.stderr + refused.traceback
    assert kernel.value("__import__('jtrack').get_tracking_uri()") == str(kernel.folder / "store")


@pytest.mark.parametrize(
    ("setting", "source", "column", "value"),
    [
        ("capture_params = False", "lr = 0.5", "params", {}),
        ("capture_metrics = False", "m = sum([0.5])", "metrics", {}),
        ("capture_stdout = False", "print(1)", "artifacts", []),
        ("capture_environment = False", "x = 1", "environment_sha256", None),
    ],
)
def test_what_is_captured_can_be_chosen(kernel: Kernel, setting: str, source: str, column: str, value: object) -> None:
    kernel.run(f"%config JTrack.{setting}")
    try:
        kernel.run(f"%%track\n{source}")
        assert kernel.last_run()[column] == value
    finally:
        kernel.run(f"%config JTrack.{setting.replace('False', 'True')}")


def test_tab_completes_options_names_and_experiments(kernel: Kernel) -> None:
    kernel.run("%%track forest --quiet --name 'a tall one'\nleaves = 3\nheight = leaves / 2")
    assert complete(kernel, "%%track --me") == ["%%track --metrics"]
    assert complete(kernel, "%%track x=1 --q\nx = 2", 15) == ["%%track x=1 --quiet"]
    assert complete(kernel, "%%track for") == ["%%track forest"]
    assert complete(kernel, "%%track forest lea") == ["%%track forest leaves="]
    assert complete(kernel, "%%track --metrics ac\nacc = f()\nabc = 2", 20) == ["%%track --metrics acc"]
    assert complete(kernel, "%%track --params acc,ab\nacc = f()\nabc = 2", 23) == ["%%track --params acc,abc"]
    assert complete(kernel, "%track ")[:3] == ["%track --last", "%track on", "%track off"]
    assert "%%track" in complete(kernel, "%%tra")
    assert complete(kernel, "%track --last --q") == ["%track --last --quiet"]
    assert complete(kernel, "%runs metrics.hei") == ["%runs metrics.height"]
    assert complete(kernel, "%runs metrics.height>1 and params.lea") == ["%runs metrics.height>1 and params.leaves"]
    assert "%compare 'a tall one'" in complete(kernel, "%compare 'a")
    assert complete(kernel, "%jtrack comp") == ["%jtrack compare", "%jtrack compact"]
    assert complete(kernel, "%jtrack runs --js") == ["%jtrack runs --json"]
    assert complete(kernel, "%%track\nleaves.bit_le") == ["%%track\nleaves.bit_length"]


def test_runs_shows_a_table_and_answers_sql(kernel: Kernel) -> None:
    kernel.run("%%track --quiet --name shown\nsize = 5\nscore = size / 8")
    shown = kernel.run("%runs params.size = 5")
    assert shown.ok, shown.traceback
    assert shown.result is not None
    assert "shown" in shown.result["text/plain"] and "shown" in shown.result["text/html"]
    assert kernel.run("table = %runs params.size = 5").ok
    assert kernel.value("table.frame is not None")
    answer = kernel.run("%%runs\nSELECT run_name, number FROM runs JOIN params USING (run_id) WHERE run_name = 'shown'")
    assert answer.result is not None
    assert "5.0" in answer.result["text/plain"]
    refused = kernel.run("%runs params.size = ")
    assert refused.reply["ename"] == "InvalidFilterError"
    assert "^" in refused.traceback


def test_compare_takes_runs_or_a_filter(kernel: Kernel) -> None:
    for rate in (1, 2):
        kernel.run(f"%%track --quiet --name side{rate}\nrate = {rate}\nhalf = rate / 2", f"c{rate}")
    for line in ("%compare side1 side2", "%compare attributes.run_name LIKE 'side%'"):
        shown = kernel.run(line)
        assert shown.ok, shown.traceback
        assert shown.result is not None
        assert "side1" in shown.result["text/plain"] and "side2" in shown.result["text/plain"]
    assert kernel.run("%compare nobody").reply["ename"] == "RunNotFoundError"


def test_the_commands_of_the_command_line_run_in_the_kernel(kernel: Kernel) -> None:
    kernel.run("%%track --quiet --name listed\nsize = 77")
    shown = kernel.run("%jtrack runs 'params.size = 77'")
    assert shown.ok, shown.traceback
    assert "listed" in shown.stdout
    assert kernel.run("found = %jtrack runs 'params.size = 77' --json").stdout == ""
    assert kernel.value("[run['run_name'] for run in found]") == ["listed"]
    assert "usage: %jtrack" in kernel.run("%jtrack").stdout
    assert "--json" in kernel.run("%jtrack runs --help").stdout
    refused = kernel.run("%jtrack nonsense")
    assert refused.reply["ename"] == "InvalidInputError"
    assert "hint: %jtrack --help" in refused.traceback


def test_what_a_cell_logs_after_it_ended_its_run_is_around_no_later_cell(kernel: Kernel) -> None:
    kernel.run("%%track --name early\nimport jtrack\njtrack.end_run()\njtrack.log_metric('after_end', 1)")
    assert kernel.value("__import__('jtrack').active_run() is None")
    kernel.run("%%track --name later\nx = 1")
    (later,) = kernel.rows("SELECT parent_run_id FROM runs WHERE run_name = 'later'")
    assert later["parent_run_id"] is None
    (own,) = kernel.rows("SELECT status FROM runs JOIN latest_metrics USING (run_id) WHERE key = 'after_end'")
    assert own["status"] == "FINISHED"
