"""What an export decides before it writes: the program, the code that comes along, the example, what can't leave."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from jtrack.capture.slice_source import ExecutedCell
from jtrack.errors import ExportError, InvalidInputError, VariableNotFoundError
from jtrack.registry.export.example import find_example
from jtrack.registry.export.helpers import helpers_source
from jtrack.registry.export.modules import with_own_imports
from jtrack.registry.export.own_code import at_home, find_own_code
from jtrack.registry.export.parts.scoring import differences
from jtrack.registry.export.plan import checked_package, data_files_of, default_package, plan_export
from jtrack.registry.export.session import Session

FIT = """
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
X = pd.DataFrame({"a": range(20), "b": [n % 3 for n in range(20)]})
y = X.a * 2 + X.b
"""


def session_of(*cells: str, folder: Path | None = None) -> Session:
    """Run cells as a kernel would, in a namespace that is called ``__main__``."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells, 1):
        exec(compile(cell.replace("%%track", "# %%track"), f"<cell {number}>", "exec"), namespace)
    executed = tuple(ExecutedCell(cell, number) for number, cell in enumerate(cells, 1))
    return Session(executed, namespace, folder or Path.cwd(), (folder or Path.cwd()) / "churn.ipynb")


def program_of(session: Session, variable: str = "clf") -> str:
    program = plan_export(session, variable).program
    assert program is not None
    compile(program.text, "train.py", "exec")
    return program.text


# -- the program ---------------------------------------------------------------------------------------------


def test_literals_of_the_cells_are_options_of_the_program() -> None:
    session = session_of(
        FIT,
        "alpha = 0.5\nfit_intercept = True\nname = 'x'\nn = 3\nn += 1",
        "clf = LinearRegression(fit_intercept=fit_intercept).fit(X * alpha, y + n)",
    )
    text = program_of(session)
    assert "'--alpha', dest='alpha', type=float, default=0.5, help='cell [2]'" in text
    assert "'--fit-intercept', dest='fit_intercept', action=argparse.BooleanOptionalAction, default=True" in text
    assert "alpha = _options.alpha" in text
    assert "n = 3\nn += 1" in text  # set twice: no option says what it is
    assert "name =" not in text.partition("# %%")[2]


def test_the_program_imports_only_what_it_uses() -> None:
    text = program_of(session_of(FIT, "clf = LinearRegression().fit(X, y)"))
    assert "from sklearn.linear_model import LinearRegression\n" in text
    assert "FunctionTransformer" not in text and "numpy" not in text


def test_a_tracker_is_taken_out_of_the_program() -> None:
    session = session_of(
        FIT,
        "import jtrack\nwith jtrack.start_run() as run:\n    clf = LinearRegression().fit(X, y)\n"
        "    jtrack.log_metric('r2', clf.score(X, y))\n    run.set_tag('a', 'b')\n"
        "    if True:\n        jtrack.log_param('c', 1)",
    )
    text = program_of(session).partition("# %%")[2]
    assert "jtrack" not in text and "run." not in text
    assert "clf = LinearRegression().fit(X, y)" in text


def test_what_a_widget_gave_is_written_down() -> None:
    session = session_of(
        FIT,
        "import ipywidgets\nslider = ipywidgets.IntSlider(value=4)",
        "by = slider.value\nclf = LinearRegression().fit(X * by, y)",
    )
    text = program_of(session)
    assert "# slider.value\nby = _options.by" in text and "default=4" in text
    assert "ipywidgets" not in text


def test_modules_beside_the_notebook_are_imported_from_the_package() -> None:
    source = "import features as f, os\nfrom features.deep import x\nimport other\nimport features\n"
    assert with_own_imports(source, {"features"}, "pack") == (
        "from pack import features as f; import os\nfrom pack.features.deep import x\n"
        "import other\nfrom pack import features\n"
    )


def test_files_beside_the_notebook_come_along_and_others_are_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("a\n1\n")
    (tmp_path / "notes").mkdir()
    outside = tmp_path / "b.csv"
    outside.write_text("b\n")
    cells = ("a = open('data/a.csv').read()", f"b = open({str(outside)!r}).read()", "c = 'https://example.org/c.csv'")
    session = Session(tuple(ExecutedCell(cell, number) for number, cell in enumerate(cells, 1)), {}, tmp_path)
    found, notes = data_files_of(session, session.flow.statements)
    assert [file.name for file in found] == ["data/a.csv"]
    assert len(notes) == 1 and notes[0].startswith("cell [2] reads")


# -- the notebook's own code ---------------------------------------------------------------------------------

OWN = """
LIMIT = 4
CODES = {"x": 1}
def clipped(values):
    return np.minimum(values, LIMIT)
class Clip(BaseEstimator, TransformerMixin):
    def fit(self, X, y=None):
        return self
    def transform(self, X):
        return clipped(X) + CODES["x"]
"""


def test_functions_and_classes_come_along_with_all_that_they_use() -> None:
    session = session_of(
        FIT, OWN, "clf = make_pipeline(Clip(), FunctionTransformer(lambda X: X + LIMIT), LinearRegression()).fit(X, y)"
    )
    own = find_own_code(session, "clf", session.namespace["clf"], must_pickle=True)
    assert list(own.named) == ["Clip"] and list(own.lambdas) == ["lambda_1"]
    space: dict[str, Any] = {"__name__": "helpers"}
    exec(helpers_source(session, own, set(), "pack"), space)
    assert space["lambda_1"](1) == 5
    assert list(space["Clip"]().transform([1, 9])) == [2, 5]
    assert "X =" not in helpers_source(session, own, set(), "pack")


def test_own_code_lives_in_the_package_only_while_the_model_is_written() -> None:
    session = session_of(
        FIT, OWN, "clf = make_pipeline(Clip(), FunctionTransformer(lambda X: X + LIMIT), LinearRegression()).fit(X, y)"
    )
    own = find_own_code(session, "clf", session.namespace["clf"], must_pickle=True)
    with at_home(own, "pack", "pack.helpers"):
        content = pickle.dumps(session.namespace["clf"])
        assert b"__main__" not in content and b"pack.helpers" in content and b"lambda_1" in content
    assert session.namespace["Clip"].__module__ == "__main__"
    assert "pack" not in sys.modules and "pack.helpers" not in sys.modules
    assert own.lambdas["lambda_1"][0].__qualname__ == "<lambda>"


def test_the_program_takes_own_code_from_the_package() -> None:
    session = session_of(
        FIT,
        OWN,
        "clf = make_pipeline(\n    Clip(),\n    FunctionTransformer(lambda X: X),\n    LinearRegression()\n).fit(X, y)",
    )
    text = program_of(session)
    assert "from churn_model.helpers import Clip" in text and "class Clip" not in text
    assert "from churn_model.helpers import lambda_1\nclf = make_pipeline(\n    Clip(),\n" in text
    assert "    FunctionTransformer(lambda_1),\n" in text
    assert "LIMIT" not in text  # an option that nothing would listen to


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            [
                "def make(k):\n    def inner(X):\n        return X * k\n    return inner",
                "clf = make_pipeline(FunctionTransformer(make(2)), LinearRegression()).fit(X, y)",
            ],
            r"the model uses make\.inner, which is made inside make\(\).* \(cell \[2\]\)",
        ),
        (
            [OWN, "clf = make_pipeline(Clip(), LinearRegression()).fit(X, y)", OWN],
            r"an earlier Clip than the notebook has now \(cell \[4\]\)",
        ),
        (
            ["import threading\nclf = LinearRegression().fit(X, y)\nclf.guard_ = {'a': [threading.Lock()]}"],
            r"clf\.guard_\['a'\]\[0\] can't leave the notebook: .*lock.* \(cell \[2\]\)",
        ),
        (
            [
                "means = X.mean()",
                "def centred(X):\n    return X - means",
                "clf = make_pipeline(FunctionTransformer(centred), LinearRegression()).fit(X, y)",
            ],
            r"centred uses means, a Series that cell \[2\] works out",
        ),
    ],
)
def test_what_can_not_be_packaged_is_named_with_its_cell(cells: list[str], said: str) -> None:
    with pytest.raises(ExportError, match=said):
        plan_export(session_of(FIT, *cells), "clf")


# -- the example ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "origin"),
    [
        (["clf = LinearRegression().fit(X, y)"], "X"),
        (["clf = LinearRegression()\nclf.fit(X[['a']], y)"], "X[['a']]"),
        (["seen = X[['b']]\nclf = LinearRegression().fit(seen, y)", "del seen\nheld_out = X[['b']]"], "held_out"),
        (["clf = LinearRegression().fit(X.to_numpy(), y)", "clf.predict(X.values)"], "X.values"),
        (["clf = LogisticRegression().fit(X, X.b)\nX = X.assign(c=1)", "Xs = X[['a', 'b']]"], "Xs"),
    ],
)
def test_the_example_is_found(cells: list[str], origin: str) -> None:
    session = session_of(FIT, *cells)
    found = find_example(session, "clf", session.namespace["clf"])
    assert found.origin == origin
    assert len(found.data) == len(found.predictions) == 5


def test_the_example_can_be_named_and_a_wrong_one_is_refused() -> None:
    session = session_of(FIT, "clf = LinearRegression().fit(X, y)")
    assert find_example(session, "clf", session.namespace["clf"], "X[10:]").data.index[0] == 10
    with pytest.raises(InvalidInputError, match="--example Z: NameError"):
        find_example(session, "clf", session.namespace["clf"], "Z")


def test_no_example_is_an_error_with_a_hint() -> None:
    session = session_of(FIT, "clf = LinearRegression().fit(X[['a', 'b', 'a']].to_numpy(), y)")
    with pytest.raises(ExportError, match="nothing in the notebook is data that clf predicts on") as raised:
        find_example(session, "clf", session.namespace["clf"])
    assert raised.value.hint == "name some: %export clf --example X_test"


# -- what was asked ------------------------------------------------------------------------------------------


def test_a_variable_that_is_not_there_is_told_with_near_names() -> None:
    with pytest.raises(VariableNotFoundError, match=r"no variable 'clff'\n  hint: did you mean 'clf'\?"):
        plan_export(session_of(FIT, "clf = LinearRegression().fit(X, y)"), "clff")


@pytest.mark.parametrize(("name", "kind"), [("X", "DataFrame"), ("LinearRegression", "ABCMeta"), ("np", "module")])
def test_a_variable_that_is_no_model_is_told_with_those_that_are(name: str, kind: str) -> None:
    session = session_of(FIT, "clf = LinearRegression().fit(X, y)")
    with pytest.raises(InvalidInputError, match=f"{name} is a {kind}, which predicts nothing") as raised:
        plan_export(session, name)
    assert "clf" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("file", "package"),
    [("churn.ipynb", "churn_model"), ("2 Price-Model.ipynb", "n2_price_model"), ("ä!.ipynb", "ä_model")],
)
def test_a_package_is_named_after_the_notebook(file: str, package: str) -> None:
    assert checked_package(default_package(Session((), {}, Path(), Path(file)), "clf")) == package


@pytest.mark.parametrize("name", ["a-b", "class", "json", "jtrack", "_x", "1a"])
def test_a_name_that_no_package_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_package(name)


def test_differences_are_told_by_their_place() -> None:
    assert differences([1, 2.0, "a", float("nan")], [1, 2.0 + 1e-9, "a", float("nan")]) == []
    assert differences([1, [2]], [1, [3]]) == ["[1][0]: 2 is not 3"]
    assert differences([True], [1]) == []
    assert differences([1], [1, 2]) == ["all: [1] is not [1, 2]"]


def test_a_package_is_made_without_trackers_or_jtrack() -> None:
    parts = Path(sys.modules["jtrack.registry.export.parts.scoring"].__file__ or "").parent
    code = "import sys; sys.path.insert(0, '.'); import parts.scoring, parts.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=parts.parent)
    assert not {"jtrack", "mlflow", "numpy", "pandas"} & set(done.stdout.split())


def test_threads_are_no_models() -> None:
    session = Session((), {"t": threading.Thread()}, Path())
    with pytest.raises(InvalidInputError, match="t is a Thread"):
        plan_export(session, "t")
