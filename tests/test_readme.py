"""What the README says of commands is what they are; ``hatch run docs`` writes it anew."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from jtrack.commands import COMMANDS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- help: kept by `hatch run docs` -->\n", "<!-- end of help -->\n"

pytestmark = pytest.mark.snapshot


def test_the_commands_are_listed_as_they_are(accepts: Callable[[Path, str], None]) -> None:
    before, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    rows = "".join(f"| `jtrack {command.name}` | {command.summary.rstrip('.')} |\n" for command in COMMANDS)
    accepts(README, f"{before}{begin}\n| | |\n|---|---|\n{rows}\n{end}{after}")


def test_the_scripts_it_names_are_there() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["envs"]["default"]
    text = README.read_text(encoding="utf-8")
    _, _, table = text.partition("Single steps are `hatch run NAME`:")
    named = [name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)]
    named += re.findall(r"hatch run ([a-z]+)", text)
    assert named
    assert set(named) <= scripts["scripts"].keys()


def test_the_paths_it_links_to_are_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_each_picture_is_there_in_both_themes_and_made_by_a_test_of_its_name() -> None:
    shown = re.findall(r"tests/ui/pictures/([a-z]+)-(light|dark)\.png", README.read_text(encoding="utf-8"))
    tests = (ROOT / "tests" / "ui" / "test_pictures.py").read_text(encoding="utf-8")
    made = {
        (name, theme)
        for name in re.findall(r"^def test_the_picture_([a-z]+)\(", tests, re.M)
        for theme in ("light", "dark")
    }
    kept = {tuple(path.stem.split("-")) for path in (ROOT / "tests" / "ui" / "pictures").glob("*.png")}
    assert set(shown) == made == kept


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = re.findall(r"^python3 .*hatch run all$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert "grep -m1 'hatch run all$' README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command.startswith("python3 -m venv .venv && ")
