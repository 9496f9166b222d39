"""The exchange with real MLflow, of the current line and of 2.x, each in an environment of its own without jtrack.

What jtrack writes, MLflow opens and predicts the same; what MLflow wrote, jtrack opens without MLflow and predicts the
same, and reads the same signature, example and requirements.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jtrack.errors import UntrustedModelError
from jtrack.registry.example import load_input_example
from jtrack.registry.flavors import pickles
from jtrack.registry.load import load_model, load_pyfunc
from jtrack.registry.model import Model
from jtrack.registry.requirements import read_requirements
from jtrack.registry.save import save_model
from jtrack.registry.signature import Signature
from tests.registry.foreign import MLFLOW, MLFLOW_2, Foreign
from tests.registry.programs import zoo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),  # the first of all makes the environments, and saves and opens every model
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

LINES = {"3": MLFLOW, "2": MLFLOW_2}
PYTHON = ("python-class", "python-function")
# A pickled time index is pandas' own: what pandas 3 wrote, pandas 2 can't read, and MLflow 2 has pandas 2.
NOT_BETWEEN_PANDAS = {("2", "statsmodels-series")}
# The models of which MLflow's own module can't load what it is: it knows neither skops nor torch's graphs.
ONLY_THROUGH_PREDICT = {"2": {"sklearn-pipeline", "lightgbm-face", "pytorch", *PYTHON}, "3": set(PYTHON)}


# As a notebook has them: pickled whole, for no module of theirs will be there.
NOTEBOOK = """
from pathlib import Path
from jtrack.registry.flavors.loaders.python_model import PythonModel

class Scaled(PythonModel):
    def load_context(self, context):
        self.factor = float(Path(context.artifacts["factor"]).read_text())

    def predict(self, context, model_input, params=None):
        return model_input["a"] * self.factor + (params or {}).get("shift", 0.0)

def doubled(model_input):
    return model_input["a"] * 2
"""


@pytest.fixture(scope="module", autouse=True)
def keras_on_torch() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        yield


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Write on all sides, and let both MLflows read what jtrack wrote; they work side by side."""
    folder = tmp_path_factory.mktemp("exchange")
    names = {"3": "mlflow-3", "2": "mlflow-2"}
    for name in names.values():
        (folder / name).mkdir()
    with ThreadPoolExecutor() as pool:
        written = {line: pool.submit(_wrote, LINES[line], folder / names[line]) for line in LINES}
        ours = _write_ours(folder / "jtrack")
        read = {line: pool.submit(LINES[line].run, "mlflow_reads.py", folder / "jtrack", cwd=folder) for line in LINES}
        return {
            "folder": folder,
            "ours": ours,
            "written": {line: one.result() for line, one in written.items()},
            "read": {line: one.result() for line, one in read.items()},
        }


def _wrote(foreign: Foreign, folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = foreign.run("mlflow_writes.py", folder, cwd=folder)
    return said


def _write_ours(folder: Path) -> dict[str, Any]:
    """Save the zoo by jtrack; gives what jtrack predicts for each example."""
    predictions = {}
    for name, (_, make) in zoo.ZOO.items():
        model, rows = make()
        save_model(model, folder / name, input_example=rows, requirements=["pandas"])
        predictions[name] = zoo.plain(load_pyfunc(folder / name).predict(rows))
    rows = zoo.frame()[0][:8]
    note = folder.parent / "factor.txt"
    note.write_text("2.5")
    cells: dict[str, Any] = {"__name__": "__main__"}
    exec(NOTEBOOK, cells)
    save_model(
        cells["Scaled"](),
        folder / "python-class",
        input_example=(rows, {"shift": 1.5}),
        artifacts={"factor": note},
        metadata={"owner": "zoo"},
        requirements=["pandas"],
    )
    save_model(cells["doubled"], folder / "python-function", input_example=rows, requirements=["pandas"])
    return predictions | {name: zoo.plain(load_pyfunc(folder / name).predict(rows)) for name in PYTHON}


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float):
        return bool(np.isclose(found, expected, rtol=1e-5, atol=1e-7, equal_nan=True))
    return bool(found == expected)


def parts(signature: dict[str, str | None]) -> dict[str, Any]:
    return {name: None if text is None else json.loads(text) for name, text in signature.items()}


def test_jtrack_has_no_mlflow_beside_it() -> None:
    assert importlib.util.find_spec("mlflow") is None


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", [*zoo.ZOO, *PYTHON])
class TestWhatJtrackWrites:
    def test_opens_in_mlflow_and_predicts_the_same(self, name: str, line: str, exchanged: dict[str, Any]) -> None:
        found = exchanged["read"][line][name]
        if (line, name) in NOT_BETWEEN_PANDAS:
            assert "_new_DatetimeIndex" in found["error"]
            return
        assert "error" not in found, found["error"]
        assert same(found["predictions"], exchanged["ours"][name])
        assert (found["native"] is None) == (name in ONLY_THROUGH_PREDICT[line])

    def test_is_read_alike(self, name: str, line: str, exchanged: dict[str, Any]) -> None:
        if (line, name) in NOT_BETWEEN_PANDAS:
            return
        found, folder = exchanged["read"][line][name], exchanged["folder"] / "jtrack" / name
        model = Model.load(folder)
        assert model.signature is not None
        assert parts(found["signature"]) == parts(model.signature.to_dict())
        assert same(found["example"], zoo.plain(load_input_example(folder, model)))
        assert found["model_uuid"] == model.model_uuid and found["metadata"] == model.metadata
        if name == "python-class":
            assert same(found["shifted"], zoo.plain(load_pyfunc(folder).predict(zoo.frame()[0][:8], {"shift": 7.0})))


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", [*zoo.ZOO, *PYTHON])
class TestWhatMlflowWrote:
    def test_opens_in_jtrack_and_predicts_the_same(self, name: str, line: str, exchanged: dict[str, Any]) -> None:
        found = exchanged["written"][line][name]
        model = load_pyfunc(exchanged["folder"] / f"mlflow-{line}" / name, trust=True)
        rows = rows_of(found)
        assert same(zoo.plain(model.predict(rows)), found["predictions"])
        if found["shifted"] is not None:
            assert same(zoo.plain(model.predict(rows, {"shift": 7.0})), found["shifted"])

    def test_is_read_alike(self, name: str, line: str, exchanged: dict[str, Any]) -> None:
        found, folder = exchanged["written"][line][name], exchanged["folder"] / f"mlflow-{line}" / name
        model = Model.load(folder)
        if found["signature"] is None:
            assert model.signature is None
        else:
            assert isinstance(model.signature, Signature)
            assert parts(model.signature.to_dict()) == parts(found["signature"])
        example = load_input_example(folder, model)
        assert same(None if example is None else zoo.plain(example), found["example"])
        assert read_requirements(folder) == found["requirements"]

    def test_is_written_again_as_it_was(self, name: str, line: str, exchanged: dict[str, Any], tmp_path: Path) -> None:
        folder = exchanged["folder"] / f"mlflow-{line}" / name
        model = Model.load(folder)
        model.save(tmp_path)
        assert Model.load(tmp_path).to_dict() == model.to_dict()


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", ["statsmodels-formula", *PYTHON])
def test_a_pickle_that_mlflow_wrote_needs_trust(
    name: str, line: str, exchanged: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Made of the same data, jtrack's own pickle is the same to the last byte, and known again.
    monkeypatch.setattr(pickles, "_written", set())
    with pytest.raises(UntrustedModelError, match="is a pickle"):
        load_pyfunc(exchanged["folder"] / f"mlflow-{line}" / name)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("xgboost-face", "XGBClassifier"),
        ("xgboost-booster", "Booster"),
        ("lightgbm-booster", "Booster"),
        ("keras", "Sequential"),
        ("onnx", "ModelProto"),
    ],
)
def test_a_safe_format_that_mlflow_wrote_opens_as_what_it_was(
    name: str, kind: str, line: str, exchanged: dict[str, Any]
) -> None:
    assert type(load_model(exchanged["folder"] / f"mlflow-{line}" / name)).__name__ == kind


def test_a_tensorflow_module_goes_both_ways(exchanged: dict[str, Any], tmp_path: Path) -> None:
    """Run in MLflow's environment, which has a TensorFlow; jtrack is there as a folder on the path."""
    place, root = exchanged["folder"] / "mlflow-3" / "tensorflow-module", Path(__file__).parents[2]
    found = MLFLOW.run("tensorflow_both_ways.py", root, place, tmp_path / "ours", cwd=tmp_path)
    expected = exchanged["written"]["3"]["tensorflow-module"]["predictions"]
    assert same(found["theirs in jtrack"], expected)
    assert same(found["ours in jtrack"], expected) and same(found["ours in MLflow"], expected)
    assert "SavedModel" in found["untrusted"]


def rows_of(found: dict[str, Any]) -> Any:
    """Make the rows that MLflow predicted for of their plain form."""
    if not found["frame"]:
        return np.asarray(found["rows"], dtype="float32")
    frame = pd.DataFrame(found["rows"])
    return frame.apply(pd.to_datetime) if "start" in frame else frame
