"""The commands as functions, and that their faces say the same."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import jtrack
from jtrack.commands import COMMANDS, GROUPS, Command, HelpAsked, build_parser, parse_command, run_command
from jtrack.commands.compare import run_selection
from jtrack.commands.demo import demo, quickstart_notebook
from jtrack.commands.doctor import Check, Diagnosis, Verdict, doctor
from jtrack.commands.runs import runs
from jtrack.errors import InvalidInputError

each_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)

# What a command can't do without.
NEEDED = {
    "compare": ["a", "b"],
    "export": ["nb.ipynb"],
    "register": ["@last", "churn"],
    "promote": ["churn", "1"],
    "models serve": ["-m", "models:/churn/1"],
    "models predict": ["-m", "models:/churn/1"],
    "models generate-dockerfile": ["-m", "models:/churn/1"],
    "models build-docker": ["-m", "models:/churn/1"],
    "models stop": ["5000"],
}


def words_of(command: Command) -> list[str]:
    return [*command.name.split(), *NEEDED.get(command.name, [])]


@each_command
def test_the_parser_takes_what_the_function_takes(command: Command) -> None:
    parsed = vars(parse_command(words_of(command))).keys() - {"command", "subcommand", "does", "json"}
    assert parsed == inspect.signature(command.function).parameters.keys() - {"progress"}


@each_command
def test_the_parser_has_the_defaults_of_the_function(command: Command) -> None:
    parsed = vars(parse_command(words_of(command)))
    for parameter in inspect.signature(command.function).parameters.values():
        if parameter.name in parsed and parsed[parameter.name] not in (*NEEDED.get(command.name, []), ["a", "b"]):
            assert (parsed[parameter.name] or "") == (parameter.default or "")


@each_command
def test_help_is_the_function_docstring_under_either_name(command: Command) -> None:
    texts = []
    for program in ("jtrack", "%jtrack"):
        with pytest.raises(HelpAsked) as asked:
            parse_command([*command.name.split(), "--help"], program)
        texts.append(asked.value.text)
    assert command.summary
    assert command.description in texts[0]
    # argparse fills lines by the width of the name
    assert texts[1].replace("%jtrack", "jtrack").split() == texts[0].split()


def test_an_unknown_command_is_an_error_that_a_notebook_can_show() -> None:
    with pytest.raises(InvalidInputError, match="invalid choice") as error:
        run_command(["nope"])
    assert error.value.hint == "%jtrack --help"


def test_commands_are_listed_with_their_summaries() -> None:
    text = " ".join(build_parser().format_help().split())
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        assert f"{name} {command.summary.rstrip('.')}" in (text if not group else _help_of(group))
    for group, summary in GROUPS.items():
        assert f"{group} {summary.rstrip('.')}" in text


def _help_of(group: str) -> str:
    with pytest.raises(HelpAsked) as asked:
        parse_command([group, "--help"])
    return " ".join(asked.value.text.split())


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["@last", "wider"], ["@last", "wider"]),
        (["metrics.acc > 0.9"], "metrics.acc > 0.9"),
        (["params.model", "like", "'t%'"], "params.model like 't%'"),
        (["wide and deep", "not-so-deep"], ["wide and deep", "not-so-deep"]),
        (["'a > b'"], ["'a > b'"]),
    ],
)
def test_a_filter_is_told_from_addresses(words: list[str], meant: str | list[str]) -> None:
    assert run_selection(words) == meant


def test_a_diagnosis_is_bad_only_with_a_problem() -> None:
    note, problem = Check("a", Verdict.NOTE, "so"), Check("bb", Verdict.PROBLEM, "broken", "mend it")
    assert Diagnosis((note,)).is_good
    assert not Diagnosis((note, problem)).is_good
    assert Diagnosis((note, problem)).as_text().splitlines()[-1].endswith("hint: mend it")


def test_doctor_finds_a_store_that_cannot_be_read(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_folder / "store").write_text("no store", encoding="utf-8")
    monkeypatch.setenv("JTRACK_TRACKING_URI", str(own_folder / "store"))
    (found,) = [check for check in doctor().checks if check.name == "store"]
    assert found.verdict is Verdict.PROBLEM
    assert "it is a file" in found.found
    assert found.hint


def test_demo_says_which_package_it_lacks(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jtrack.commands.demo.NEEDS", ("a_package_that_nobody_has",))
    with pytest.raises(InvalidInputError, match="a_package_that_nobody_has"):
        demo(own_folder / "demo")
    assert list(own_folder.iterdir()) == []


def test_demo_says_where_it_cannot_write(own_folder: Path) -> None:
    (own_folder / "taken").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="can't hold the demo"):
        demo(own_folder / "taken")


def test_the_clone_has_the_quickstart() -> None:
    assert quickstart_notebook().name == "quickstart.ipynb"


@pytest.mark.usefixtures("store_path")
def test_a_cut_list_of_runs_says_how_to_see_more() -> None:
    for _ in range(3):
        with jtrack.start_run():
            pass
    assert "jtrack runs -n 20 shows more" in runs(max_results=2).as_text()
    assert "shows more" not in runs(max_results=3).as_text()
