"""The registry on the command line: what is printed, where, and with which exit code."""

from __future__ import annotations

import json

import pytest

from jtrack.cli import ASKED_WRONGLY, DONE, FAILED, main
from jtrack.registry import versions
from tests.widgets.registered_models import log_model_run, register_churn

pytestmark = pytest.mark.usefixtures("store_path")


def test_a_run_is_registered_promoted_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    run_id = log_model_run("brisk-heron")
    assert main(["register", "@last", "churn", "--tag", "team=growth", "--description", "*first*"]) == DONE
    assert capsys.readouterr().out.splitlines() == [
        f"churn version 1, from runs:/{run_id}/model",
        "promote it: %promote churn 1 --alias champion",
    ]
    assert main(["register", "brisk-heron", "churn", "--alias", "champion", "--json"]) == DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["version"], told["aliases"], told["uri"]) == (
        "churn",
        2,
        ["champion"],
        "models:/churn/2",
    )
    assert main(["promote", "churn", "1", "--alias", "champion", "--stage", "staging"]) == DONE
    assert capsys.readouterr().out.splitlines() == [
        "churn version 1: None → Staging",
        "churn@champion is version 1, before on version 2",
    ]
    assert main(["models", "list"]) == DONE
    assert "champion 1" in capsys.readouterr().out
    assert main(["models", "list", "churn", "--json"]) == DONE
    assert [version["version"] for version in json.loads(capsys.readouterr().out)] == [2, 1]
    assert versions.get_model_version("churn", 1).tags == {"team": "growth"}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["register", "@last", "a/b"], ASKED_WRONGLY, "holds no '/'"),
        (["register", "@last"], ASKED_WRONGLY, "NAME"),
        (["register", "nothing", "churn"], FAILED, "no run 'nothing'"),
        (["register", "@last", "churn", "--tag", "loose"], ASKED_WRONGLY, "'loose' is no tag"),
        (["promote", "churn", "2"], ASKED_WRONGLY, "needs an alias or a stage"),
        (["promote", "churn", "9", "--alias", "x"], FAILED, "it has: 3, 2, 1"),
        (["promote", "churn", "@champ", "--alias", "x"], FAILED, "did you mean 'champion' (version 2)?"),
        (["promote", "churn", "2", "--stage", "Live"], ASKED_WRONGLY, "None, Staging, Production, Archived"),
        (["models", "list", "chrn"], FAILED, "did you mean 'churn'?"),
        (["models"], ASKED_WRONGLY, "COMMAND"),
    ],
)
def test_what_can_not_be_done_is_told_on_stderr(
    capsys: pytest.CaptureFixture[str], words: list[str], code: int, told: str
) -> None:
    register_churn()
    assert main(words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err and len(err.strip().splitlines()) <= 2
