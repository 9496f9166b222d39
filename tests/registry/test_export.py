"""Packages made from real notebooks by real kernels, tried in real fresh environments."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jtrack.cli import main
from jtrack.errors import ExportError, InvalidInputError
from jtrack.registry.export import export, prove
from jtrack.registry.export.deliver import Written, deliver
from tests.magics.kernels import Kernel
from tests.registry.export_notebooks import write_churn, write_notebook
from tests.registry.foreign import MLFLOW

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.timeout(240)]

SIMPLE = (
    "from sklearn.datasets import load_iris\nX, y = load_iris(return_X_y=True)",
    "from sklearn.linear_model import LogisticRegression\nclf = LogisticRegression(max_iter=500).fit(X, y)",
)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_notebook_with_everything_becomes_a_folder_that_trains_again(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_churn(own_folder)
    assert main(["export", "churn.ipynb", "--model", "clf", "-o", "dist", "--json"]) == 0
    said = capsys.readouterr()
    result = json.loads(said.out)
    assert result["proven"] and result["package"] == "churn_model"
    assert "slice    5 of 9 executed cells make the model: [2], [3], [5], [6], [8]" in said.err
    assert "Clip, lambda_1, features come along" in said.err
    assert "its server answered the same" in said.err
    assert left_in(own_folder / "dist") == ["churn_model"]
    project = own_folder / "dist" / "churn_model"
    assert not {"jtrack", "mlflow"} & {pin.partition("==")[0] for pin in result["requirements"]}
    assert all("==" in pin for pin in result["requirements"])
    train = [sys.executable, "train.py", "--strength", "2.0", "-o", "again"]
    subprocess.run(train, cwd=project, check=True, capture_output=True)
    code = (
        "import churn_model as m; print(m.load().steps[-1][1].C, m.load().steps[1][1].by, len(m.predict(m.example())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={"CHURN_MODEL_PATH": "again", "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["2.0", "3", "5"]
    expected = json.loads((project / "churn_model" / "expected.json").read_text())
    by_mlflow = MLFLOW.run("mlflow_reads.py", project / "churn_model", cwd=own_folder)["model"]
    assert by_mlflow.get("predictions") == expected, by_mlflow


def test_a_wheel_installs_and_predicts(own_folder: Path) -> None:
    write_notebook(own_folder / "iris.ipynb", *SIMPLE)
    said: list[str] = []
    made = export("iris.ipynb", "clf", "dist", "wheel", progress=said.append)
    assert made.proof is not None
    assert left_in(own_folder / "dist") == ["iris_model-0.1.0-py3-none-any.whl"]
    with zipfile.ZipFile(made.path) as wheel:
        names = set(wheel.namelist())
    assert {"iris_model/model/MLmodel", "iris_model/scoring.py", "iris_model/expected.json"} <= names
    assert not any("__pycache__" in name for name in names)


# -- from a live kernel --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("live"))
    for cell in ("%load_ext jtrack", *SIMPLE):
        assert kernel.run(cell).ok
    yield kernel
    kernel.stop()


def test_a_live_model_is_exported_as_a_zip_after_cells_out_of_order(notebook: Kernel) -> None:
    notebook.run("width = 1")
    notebook.run("X = X[:, :3]\nwidth = 3\n1 / 0\nwidth = 4")
    notebook.run("late = LogisticRegression(max_iter=500 + width).fit(X, y)")
    notebook.run("width = 2")
    shown = notebook.run("made = %export late -o out --format zip --name late_model")
    assert shown.ok, shown.traceback
    assert "its server answered the same" in shown.stdout
    assert left_in(notebook.folder / "out") == ["late_model.zip"]
    with zipfile.ZipFile(notebook.folder / "out" / "late_model.zip") as archive:
        train = archive.read("late_model/train.py").decode()
    assert "dest='width', type=int, default=3" in train and "1 / 0" not in train
    assert train.index("X = X[:, :3]") < train.index("late = ")


def test_a_model_is_exported_unproven_only_by_word(notebook: Kernel) -> None:
    shown = notebook.run("%export late -o unproven --name late_model --no-prove")
    assert shown.ok and "prove    " not in shown.stdout
    assert "not tried in a fresh environment" in (shown.result or {})["text/plain"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%export clff", "VariableNotFoundError: no variable 'clff'\n  hint: did you mean 'clf'?"),
        ("%export X", "InvalidInputError: X is a ndarray, which predicts nothing"),
        ("%export clf --format tar", "InvalidInputError: no format 'tar'"),
        ("%export clf --name a-b", "InvalidInputError: 'a-b' can't name a package"),
        ("%export", "InvalidInputError: the following arguments are required: MODEL"),
    ],
)
def test_a_wrong_line_is_told_in_two_lines(notebook: Kernel, line: str, said: str) -> None:
    shown = notebook.run(f"{line} -o wrong")
    assert not shown.ok
    assert shown.traceback.startswith(said)
    assert len(shown.traceback.splitlines()) <= 2
    assert left_in(notebook.folder / "wrong") == []


def test_a_model_that_reads_what_only_the_notebook_has_is_found_out(notebook: Kernel) -> None:
    (notebook.folder / "shift.txt").write_text("2")
    notebook.run(
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import FunctionTransformer\n"
        "def shifted(X):\n    return X + float(open('shift.txt').read())\n"
        "leaky = make_pipeline(FunctionTransformer(shifted), LogisticRegression(max_iter=500)).fit(X, y)"
    )
    shown = notebook.run("%export leaky -o leaked --name leaky_model")
    assert "ExportError: outside the notebook leaky_model doesn't do the same: FileNotFoundError" in shown.traceback
    assert left_in(notebook.folder / "leaked") == []


def test_a_function_is_a_model_too(notebook: Kernel) -> None:
    notebook.run("WEIGHTS = [1.0, 2.0, 0.5]\ndef rule(rows):\n    return (rows[:, :3] * WEIGHTS).sum(axis=1)\nrule(X)")
    shown = notebook.run("%export rule -o rules --example X")
    assert shown.ok, shown.traceback
    helpers = (notebook.folder / "rules" / "rule_model" / "rule_model" / "helpers.py").read_text()
    assert "WEIGHTS = [1.0, 2.0, 0.5]" in helpers


def test_a_registered_version_is_exported_with_the_cells_of_its_run(notebook: Kernel) -> None:
    notebook.run("import jtrack\nfrom sklearn.datasets import load_wine\nW, w = load_wine(return_X_y=True)")
    tracked = notebook.run(
        "%%track wine C=0.2 --quiet\nwine = LogisticRegression(C=C, max_iter=9000).fit(W, w)\n"
        "jtrack.log_model(wine, 'model', input_example=W[:5], registered_model_name='wine')"
    )
    assert tracked.ok, tracked.traceback
    shown = notebook.run("%export models:/wine/1 -o versions --no-prove")
    assert shown.ok, shown.traceback
    project = notebook.folder / "versions" / "wine_model"
    train = (project / "train.py").read_text()
    assert "load_wine" in train and "log_model" not in train and "dest='C', type=float, default=0.2" in train
    for command in (["-m", "wine_model", "check"], ["train.py", "-o", "again"]):
        subprocess.run([sys.executable, *command], cwd=project, check=True, capture_output=True)


def test_a_model_without_example_can_not_be_proven(notebook: Kernel) -> None:
    notebook.run("with jtrack.start_run() as run:\n    jtrack.log_model(clf, 'bare', signature=False)")
    shown = notebook.run("%export runs:/$run.info.run_id/bare -o bare")
    assert "ExportError" in shown.traceback and "has no input example" in shown.traceback


# -- what goes wrong -----------------------------------------------------------------------------------------


def test_a_notebook_that_fails_names_its_cell_and_leaves_nothing(own_folder: Path) -> None:
    write_notebook(own_folder / "bad.ipynb", SIMPLE[0], "raise ValueError('no data today')", SIMPLE[1])
    with pytest.raises(ExportError, match=r"cell \[2\] of bad.ipynb failed: ValueError: no data today"):
        export("bad.ipynb", "clf", "dist")
    assert left_in(own_folder / "dist") == []


def test_what_the_kernel_refuses_is_raised_here(own_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_notebook(own_folder / "iris.ipynb", *SIMPLE)
    assert main(["export", "iris.ipynb", "--model", "clff", "-o", "dist"]) == 1
    assert "no variable 'clff'\n  hint: did you mean 'clf'?" in capsys.readouterr().err
    assert left_in(own_folder / "dist") == []


@pytest.mark.parametrize("source", ["none.ipynb", "text.ipynb"])
def test_what_is_no_notebook_is_refused_at_once(own_folder: Path, source: str) -> None:
    (own_folder / "text.ipynb").write_text("no JSON")
    with pytest.raises(InvalidInputError):
        export(source, "clf", "dist")
    assert main(["export", source, "--model", "clf"]) == 2


def test_a_notebook_without_a_name_asks_for_one(own_folder: Path) -> None:
    write_notebook(own_folder / "iris.ipynb", *SIMPLE)
    with pytest.raises(InvalidInputError, match=r"which variable of iris.ipynb is the model\?"):
        export("iris.ipynb")


def write_unwell(project: Path) -> Written:
    (project / "sick_model").mkdir(parents=True)
    (project / "requirements.txt").write_text("no-such-distribution-of-anybody==99.99\n")
    return Written(("no-such-distribution-of-anybody==99.99",))


def test_pins_that_can_not_be_installed_leave_nothing(own_folder: Path) -> None:
    with pytest.raises(ExportError, match="the pins can't be installed") as raised:
        deliver("sick_model", write_unwell, own_folder / "dist", "dir", prove=True, progress=lambda line: None)
    assert "--no-prove" in str(raised.value.hint)
    assert left_in(own_folder / "dist") == []


def test_an_export_replaces_an_export_and_nothing_else(own_folder: Path) -> None:
    (own_folder / "dist" / "sick_model").mkdir(parents=True)
    (own_folder / "dist" / "sick_model" / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInputError, match="is there already, and no export of jtrack's"):
        deliver("sick_model", write_unwell, own_folder / "dist", "dir", prove=False, progress=lambda line: None)
    assert (own_folder / "dist" / "sick_model" / "thesis.txt").read_text() == "years of work"


def test_the_environment_of_the_notebook_is_not_seen_by_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("JTRACK_TRACKING_URI", "x")
    assert not {"PYTHONPATH", "JTRACK_TRACKING_URI"} & prove._environment().keys()


WATCHED = [
    "%load_ext ipyflow\n%load_ext jtrack",
    "import numpy as np\nfrom sklearn.datasets import load_diabetes\nfrom sklearn.linear_model import Ridge",
    "X, y = load_diabetes(return_X_y=True, as_frame=True)\nnp.random.seed(3)",
    "far = X.pipe(lambda frame: frame.shape)",
    "%%track diabetes alpha=2.0\nmodel = Ridge(alpha=alpha).fit(X, y)",
    "made = %export model -o dist --name ridge_model --no-prove --example X",
    "program = (made.path / 'train.py').read_text()",
]


@pytest.mark.kernel
@pytest.mark.parametrize("is_watched", [False, True])
def test_what_ipyflow_saw_leaves_out_cells_that_might_have_changed_the_data(tmp_path: Path, is_watched: bool) -> None:
    kernel = Kernel(tmp_path)
    try:
        for source in WATCHED:
            shown = kernel.run(source if is_watched else source.replace("%load_ext ipyflow\n", ""))
            assert shown.ok, shown.traceback
        program = str(kernel.value("program"))
    finally:
        kernel.stop()
    assert ("far = X.pipe" in program) is not is_watched
    assert "np.random.seed(3)" in program and "Ridge(alpha=alpha).fit(X, y)" in program
