"""The registry's magics in a real kernel: fitted objects by their variable, runs, versions, Tab."""

from __future__ import annotations

import pytest

from tests.magics.kernels import Kernel, Shown

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(240)]

DATA = "from sklearn.datasets import load_wine\nX, y = load_wine(return_X_y=True, as_frame=True)"
FIT = """%%track wine depth=3
from sklearn.tree import DecisionTreeClassifier
clf = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y)
accuracy = clf.score(X, y)
"""


@pytest.fixture(scope="module")
def registered(kernel: Kernel) -> Shown:
    """A tracked cell's model, registered from its variable by a later cell."""
    assert kernel.run(DATA).ok
    assert kernel.run(FIT).ok
    assert kernel.run("unrelated = 1").ok
    shown = kernel.run("%register clf wine --alias champion --tag team=red --example X")
    assert shown.ok, shown.traceback
    return shown


def complete(kernel: Kernel, code: str) -> list[str]:
    kernel.client.complete(code, len(code))
    content = kernel.client.get_shell_msg(timeout=20)["content"]
    return [code[: content["cursor_start"]] + match for match in content["matches"]]


def test_a_fitted_object_goes_into_the_run_of_the_cell_that_made_it(kernel: Kernel, registered: Shown) -> None:
    assert "wine version 1, from runs:/" in registered.stdout
    assert "wine@champion is version 1" in registered.stdout
    rows = kernel.rows(
        """SELECT v.source, v.tags, r.status, r.run_id, c.source AS code
           FROM model_versions v JOIN runs r USING (run_id) JOIN cells c USING (run_id)
           WHERE c.role = 'tracked'"""
    )
    assert len(rows) == 1
    assert rows[0]["source"] == f"runs:/{rows[0]['run_id']}/clf"
    assert rows[0]["status"] == "FINISHED"
    assert "DecisionTreeClassifier(max_depth=depth" in rows[0]["code"]
    assert len(kernel.rows("SELECT run_id FROM runs")) == 1


@pytest.mark.usefixtures("registered")
def test_the_data_that_the_cell_read_are_inputs_of_its_run(kernel: Kernel) -> None:
    rows = kernel.rows(
        "SELECT DISTINCT i.name, i.source, i.profile FROM inputs i JOIN model_versions v USING (run_id) ORDER BY i.name"
    )
    assert [(row["name"], row["source"], row["profile"]) for row in rows[:2]] == [
        ("X", "pandas", '{"n_rows": 178}'),
        ("y", "pandas", '{"n_rows": 178}'),
    ]


@pytest.mark.usefixtures("registered")
def test_the_version_predicts_what_the_notebooks_model_predicts(kernel: Kernel) -> None:
    assert kernel.run("from jtrack.registry.load import load_pyfunc\nback = load_pyfunc('models:/wine@champion')").ok
    assert kernel.value("(back.predict(X) == clf.predict(X)).all()")
    assert kernel.value("[str(c.type) for c in back.metadata.signature.inputs][:2]") == ["double", "double"]


@pytest.mark.usefixtures("registered")
def test_a_model_of_an_untracked_cell_gets_a_run_that_keeps_the_cell(kernel: Kernel) -> None:
    assert kernel.run("other = DecisionTreeClassifier(max_depth=1).fit(X, y)").ok
    shown = kernel.run("%register other wine")
    assert shown.ok, shown.traceback
    rows = kernel.rows("SELECT c.source FROM model_versions JOIN cells c USING (run_id) WHERE version = 2")
    assert rows == [{"source": "other = DecisionTreeClassifier(max_depth=1).fit(X, y)"}]


@pytest.mark.usefixtures("registered")
def test_runs_and_versions_are_named_as_everywhere(kernel: Kernel) -> None:
    for what in ("@best(metrics.accuracy)", "models:/wine@champion"):
        shown = kernel.run(f"%register {what} copy")
        assert shown.ok, shown.traceback
    rows = kernel.rows("SELECT DISTINCT source FROM model_versions WHERE name = 'copy' OR version = 1")
    assert len(rows) == 1
    assert kernel.run("%promote copy latest --stage production").stdout == "copy version 2: None → Production\n"
    shown = kernel.run("%promote copy 1 --stage Production --archive-existing --alias best")
    assert shown.stdout == "copy version 1: None → Production\ncopy@best is version 1\n"
    assert kernel.rows("SELECT stage FROM model_versions WHERE name = 'copy' ORDER BY version") == [
        {"stage": "Production"},
        {"stage": "Archived"},
    ]


@pytest.mark.usefixtures("registered")
def test_models_shows_a_panel_with_text_and_html(kernel: Kernel) -> None:
    shown = kernel.run("%models wine")
    assert shown.ok
    bundle = shown.result
    assert bundle is not None
    assert "champion" in bundle["text/plain"] and "champion" in bundle["text/html"]
    assert kernel.run("panel = %models").ok
    assert kernel.value("panel.frame.n_models") >= 1


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%register nothing wine", "no run 'nothing'"),
        ("%register clf a/b", "holds no '/'"),
        ("%register @last wine --example X", "--example goes with a variable"),
        ("%register clf wine --alias v1", "'v1' is reserved"),
        ("%register clf", "NAME"),
        ("%promote wine 1", "needs an alias or a stage"),
        ("%promote wine 77 --alias x", "'wine' has no version 77"),
        ("%promote wine @champ --alias x", "did you mean 'champion' (version 1)?"),
        ("%promote wine 1 --stage Prod", "'Prod' is no stage"),
        ("%promote wnie 1 --alias x", "did you mean 'wine'?"),
        ("%models wnie", "did you mean 'wine'?"),
        ("%models a b", "one model, not 2"),
    ],
)
def test_bad_input_is_told_in_a_line_and_changes_nothing(kernel: Kernel, line: str, told: str) -> None:
    before = kernel.rows("SELECT count(*) AS n FROM events")
    shown = kernel.run(line)
    assert not shown.ok
    assert told in shown.traceback
    assert len(shown.traceback.strip().splitlines()) <= 2
    assert kernel.rows("SELECT count(*) AS n FROM events") == before


@pytest.mark.usefixtures("registered")
def test_tab_completes_names_versions_and_aliases(kernel: Kernel) -> None:
    assert "%promote wine" in complete(kernel, "%promote wi")
    assert "%promote wine latest" in complete(kernel, "%promote wine ")
    assert complete(kernel, "%promote wine 1 --alias cham") == ["%promote wine 1 --alias champion"]
    assert complete(kernel, "%promote wine 1 --stage Prod") == ["%promote wine 1 --stage Production"]
    assert complete(kernel, "%models wi") == ["%models wine"]
    assert "%register models:/wine@champion" in complete(kernel, "%register models:/wine@")
    assert complete(kernel, "%jtrack models li") == ["%jtrack models list"]
