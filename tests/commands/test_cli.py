"""The command line in a process of its own: what it prints where, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import jtrack
from jtrack.commands import COMMANDS

DONE, FAILED, ASKED_WRONGLY = 0, 1, 2


def jtrack_says(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "jtrack.cli", *words], capture_output=True, text=True, check=False)


@pytest.fixture
def two_runs(store_path: Path) -> Path:
    for name, depth, accuracy in [("shallow", 2, 0.8), ("deep", 8, float("nan"))]:
        with jtrack.start_run(run_name=name):
            jtrack.log_params({"depth": depth, "model": "tree"})
            jtrack.log_metric("accuracy", accuracy)
    return store_path


@pytest.mark.parametrize("words", [[], ["--help"], *([*command.name.split(), "--help"] for command in COMMANDS)])
def test_help_is_a_result(words: list[str]) -> None:
    done = jtrack_says(*words)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.startswith("usage: jtrack")


def test_version_is_the_package_version() -> None:
    done = jtrack_says("--version")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, f"{jtrack.__version__}\n", "")


@pytest.mark.parametrize("words", [["nope"], ["runs", "-n", "many"], ["compare"], ["runs", "metrics.accuracy >"]])
def test_asked_wrongly_ends_with_2_and_a_hint_on_stderr(words: list[str]) -> None:
    done = jtrack_says(*words)
    assert (done.returncode, done.stdout) == (ASKED_WRONGLY, "")
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_does_not_command_the_terminal(store_path: Path) -> None:
    with jtrack.start_run(run_name="a\u202eb\x1b[31mc"):
        jtrack.log_metric("m", 0.5)
    assert "a\ufffdb\ufffd[31mc" in jtrack_says("runs").stdout


def test_a_bad_filter_has_a_caret_under_the_place(store_path: Path) -> None:
    done = jtrack_says("runs", "metrics.accuracy >> 0.5")
    line, caret = done.stderr.splitlines()[1:3]
    assert line[caret.index("^")] == ">"
    assert done.returncode == ASKED_WRONGLY


def test_a_run_that_is_not_there_ends_with_1(two_runs: Path) -> None:
    done = jtrack_says("compare", "shalow", "deep")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert done.stderr.startswith("RunNotFoundError: no run 'shalow'\n  hint: did you mean 'shallow'")


def test_a_store_that_is_a_file_ends_with_1_and_one_line(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folder / "store").write_text("no store", encoding="utf-8")
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(own_folder / "store"))
    for words in (["runs"], ["compact"]):
        done = jtrack_says(*words)
        assert (done.returncode, done.stdout) == (FAILED, "")
        assert done.stderr.startswith("StorePathError: ")
        assert len(done.stderr.splitlines()) == 2


def test_runs_lists_the_newest_first(two_runs: Path) -> None:
    done = jtrack_says("runs")
    assert done.returncode == DONE
    assert done.stdout.index("deep") < done.stdout.index("shallow")


def test_words_of_a_filter_need_no_quotes_where_the_shell_leaves_them_alone(two_runs: Path) -> None:
    done = jtrack_says("runs", "params.depth", "=", "2")
    assert "shallow" in done.stdout
    assert "deep" not in done.stdout


def test_runs_json_keeps_types_and_is_json(two_runs: Path) -> None:
    deep, shallow = json.loads(jtrack_says("runs", "--json").stdout, parse_constant=pytest.fail)
    assert shallow["params"] == {"depth": 2, "model": "tree"}
    assert shallow["metrics"] == {"accuracy": 0.8}
    assert (deep["run_name"], deep["status"], deep["metrics"]) == ("deep", "FINISHED", {"accuracy": "NaN"})


def test_runs_takes_an_order_an_experiment_and_a_limit(two_runs: Path) -> None:
    listed = json.loads(jtrack_says("runs", "--json", "--order-by", "metrics.accuracy", "-n", "1").stdout)
    assert [run["run_name"] for run in listed] == ["shallow"]
    done = jtrack_says("runs", "--experiment", "nope")
    assert (done.returncode, done.stderr.splitlines()[0]) == (FAILED, "ExperimentNotFoundError: no experiment 'nope'")


def test_asking_makes_no_store(own_folder: Path) -> None:
    assert jtrack_says("runs").returncode == DONE
    assert jtrack_says("compact").returncode == DONE
    assert jtrack_says("doctor").returncode in {DONE, FAILED}
    assert list(own_folder.iterdir()) == []


def test_compact_folds_the_journals_once(two_runs: Path) -> None:
    first, second = (json.loads(jtrack_says("compact", "--json").stdout) for _ in range(2))
    assert Path(first["generation"]).parent == two_runs
    assert Path(first["generation"]).exists()
    assert second["generation"] is None
    assert len(json.loads(jtrack_says("runs", "--json").stdout)) == 2


def test_compare_tells_what_differs(two_runs: Path) -> None:
    by_name, by_filter = jtrack_says("compare", "shallow", "deep"), jtrack_says("compare", "params.model = 'tree'")
    for done in (by_name, by_filter):
        assert (done.returncode, done.stderr) == (DONE, "")
        assert "depth" in done.stdout
    assert json.loads(jtrack_says("compare", "shallow", "deep", "--json").stdout)


def test_compare_goes_forward_in_time_or_as_the_runs_are_named(two_runs: Path) -> None:
    def names(*words: str) -> list[str]:
        return [run["run_name"] for run in json.loads(jtrack_says("compare", *words, "--json").stdout)["runs"]]

    assert names("params.model = 'tree'") == ["shallow", "deep"]
    assert names("deep", "shallow") == ["deep", "shallow"]


def test_a_reader_that_has_enough_is_no_error(two_runs: Path) -> None:
    shell = f"'{sys.executable}' -m jtrack.cli runs --json | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "[\n", "")
