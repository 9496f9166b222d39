"""Each framework's flavor by itself: found by the object, written and read back, in which form, trusted when.

What all flavors have in common is held by ``flavor_contract.py``, the exchange with MLflow by ``test_exchange.py``.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jtrack.errors import InvalidInputError, InvalidModelError, UntrustedModelError
from jtrack.registry.flavors import Saved, find_flavor, get_flavor, pickles
from tests.registry.programs import zoo

pytestmark = [
    pytest.mark.slow,  # torch and Keras take seconds to import
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def keras_on_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process wrote: as if the folder had come by mail."""
    monkeypatch.setattr(pickles, "_written", set())


def saved(model: object, folder: Path, flavor: str | None = None, **options: Any) -> Saved:
    return (get_flavor(flavor) if flavor else find_flavor(model)).save(model, folder, **options)


def predicted(folder: Path, flavor: str, result: Saved, data: Any, *, trust: bool = False) -> Any:
    return get_flavor(flavor).load(folder, result.conf, trust=trust).predict(data, None)


@pytest.mark.parametrize("name", zoo.ZOO)
def test_is_found_by_the_object_and_predicts_the_same_again(name: str, tmp_path: Path) -> None:
    flavor, make = zoo.ZOO[name]
    model, rows = make()
    assert find_flavor(model).name == flavor
    result = saved(model, tmp_path)
    before = tmp_path / "before"
    before.mkdir()
    again = get_flavor(flavor).load(tmp_path, result.conf, trust=False)
    other = saved(again.native, before) if flavor != "pytorch" else result
    first = again.predict(rows, None)
    second = predicted(before if flavor != "pytorch" else tmp_path, flavor, other, rows)
    np.testing.assert_allclose(flat(first), flat(second))
    np.testing.assert_allclose(flat(first), flat(by_the_framework(flavor, model, rows)), rtol=1e-5)


def by_the_framework(flavor: str, model: Any, rows: Any) -> Any:
    """What the framework's own call says, where nothing of jtrack is in between."""
    if flavor == "pytorch":
        import torch

        with torch.no_grad():
            return model.eval()(torch.tensor(rows)).numpy()
    if flavor == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(model.SerializeToString())
        return dict(zip(["label", "probabilities"], session.run(None, {"X": rows}), strict=True))
    if "Booster" in type(model).__name__ and flavor == "xgboost":
        import xgboost

        return model.predict(xgboost.DMatrix(rows))
    if flavor == "statsmodels" and "start" in rows:
        return model.predict(rows["start"][0], rows["end"][0])
    return model.predict(rows)


def flat(found: Any) -> np.ndarray[Any, Any]:
    if isinstance(found, dict):
        return np.concatenate([flat(value) for value in found.values()])
    return np.asarray(found, dtype=float).ravel()


def test_no_framework_is_imported_to_find_a_flavor() -> None:
    code = """
import sys
from sklearn.linear_model import LinearRegression
from jtrack.registry.flavors import find_flavor
print(find_flavor(LinearRegression()).name)
print(sorted({'torch', 'keras', 'tensorflow', 'xgboost', 'lightgbm', 'onnx', 'statsmodels'} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["sklearn", "[]"]


@pytest.mark.parametrize(
    ("name", "form", "is_pickle"),
    [
        ("xgboost-face", "ubj", False),
        ("lightgbm-face", "skops", False),
        ("lightgbm-booster", "text", False),
        ("keras", "keras", False),
        ("onnx", "onnx", False),
        ("statsmodels-formula", "pickle", True),
        ("pytorch", "cloudpickle", True),
    ],
)
def test_takes_the_safe_format_where_there_is_one(name: str, form: str, is_pickle: bool, tmp_path: Path) -> None:
    result = saved(zoo.ZOO[name].make()[0], tmp_path)
    assert (result.serialization, result.is_pickle) == (form, is_pickle)


@pytest.mark.parametrize(
    "name", ["xgboost-face", "xgboost-booster", "lightgbm-face", "lightgbm-booster", "keras", "onnx"]
)
def test_a_safe_format_from_elsewhere_opens_without_trust(name: str, tmp_path: Path, elsewhere: None) -> None:
    flavor, make = zoo.ZOO[name]
    model, rows = make()
    result = saved(model, tmp_path)
    pickles._written.clear()
    assert len(flat(predicted(tmp_path, flavor, result, rows))) >= 8


@pytest.mark.parametrize("name", ["statsmodels-formula", "pytorch"])
def test_a_pickle_from_elsewhere_needs_trust(name: str, tmp_path: Path, elsewhere: None) -> None:
    flavor, make = zoo.ZOO[name]
    model, rows = make()
    result = saved(model, tmp_path)
    pickles._written.clear()
    with pytest.raises(UntrustedModelError, match="is a pickle"):
        predicted(tmp_path, flavor, result, rows)
    assert len(flat(predicted(tmp_path, flavor, result, rows, trust=True))) == 8


class TestPytorch:
    def test_an_example_makes_a_graph_that_holds_for_any_number_of_rows(self, tmp_path: Path) -> None:
        import torch

        model, rows = zoo.torch_module()
        result = saved(model, tmp_path, input_example=rows[:1])
        assert (result.serialization, result.is_pickle) == ("pt2", False)
        assert model.training, "the user's own model was put out of training"
        with torch.no_grad():
            expected = model.eval()(torch.tensor(rows)).numpy()
        for count in (1, 2, 8):
            found = predicted(tmp_path, "pytorch", result, rows[:count])
            np.testing.assert_allclose(found, expected[:count], rtol=1e-6)

    def test_a_data_frame_gives_a_data_frame(self, tmp_path: Path) -> None:
        model, rows = zoo.torch_module()
        frame = pd.DataFrame(rows, index=range(10, 18))
        found = predicted(tmp_path, "pytorch", saved(model, tmp_path, input_example=frame), frame)
        assert isinstance(found, pd.DataFrame) and list(found.index) == list(range(10, 18))

    def test_a_graph_that_would_answer_otherwise_is_not_taken(self, tmp_path: Path) -> None:
        import torch

        class ByRows(torch.nn.Module):
            def forward(self, x: Any) -> Any:
                return x * 2 if x.shape[0] > 2 else x * 3

        rows = np.ones((8, 3), "float32")
        result = saved(ByRows(), tmp_path, input_example=rows)
        assert result.serialization == "cloudpickle"
        assert predicted(tmp_path, "pytorch", result, rows[:1])[0, 0] == 3

    def test_a_graph_was_asked_for_and_has_no_example(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidModelError, match="no input example") as caught:
            saved(zoo.torch_module()[0], tmp_path, serialization_format="pt2")
        assert "input_example=" in str(caught.value.hint)

    def test_a_graph_from_elsewhere_needs_trust(self, tmp_path: Path, elsewhere: None) -> None:
        model, rows = zoo.torch_module()
        result = saved(model, tmp_path, input_example=rows)
        pickles._written.clear()
        with pytest.raises(UntrustedModelError, match="graph that torch evaluates"):
            predicted(tmp_path, "pytorch", result, rows)

    def test_several_outputs_come_as_arrays(self, tmp_path: Path) -> None:
        import torch

        class Two(torch.nn.Module):
            def forward(self, x: Any) -> Any:
                return {"double": x * 2, "sum": x.sum(dim=1)}

        rows = np.ones((4, 3), "float32")
        found = predicted(tmp_path, "pytorch", saved(Two(), tmp_path, input_example=rows), rows)
        assert found["sum"].tolist() == [3, 3, 3, 3] and found["double"].shape == (4, 3)


class TestKeras:
    def test_a_layer_of_the_notebook_is_refused_with_a_way_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import keras

        class Doubled(keras.layers.Layer):  # type: ignore[misc]
            def call(self, x: Any) -> Any:
                return x * 2

        Doubled.__module__ = "__main__"
        model = keras.Sequential([keras.layers.Input((3,)), Doubled()])
        with pytest.raises(InvalidModelError, match="Doubled, which only the notebook has") as caught:
            saved(model, tmp_path)
        assert "code_paths" in str(caught.value.hint)

    def test_a_lambda_is_marked_as_code_and_needs_trust(self, tmp_path: Path) -> None:
        import keras

        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
        result = saved(model, tmp_path)
        assert result.is_pickle
        with pytest.raises(UntrustedModelError, match="__lambda__"):
            predicted(tmp_path, "keras", result, np.ones((2, 3), "float32"))
        assert predicted(tmp_path, "keras", result, np.ones((2, 3), "float32"), trust=True)[0, 0] == 2

    def test_a_class_that_the_file_names_is_not_imported_unasked(self, tmp_path: Path) -> None:
        result = saved(zoo.keras_model()[0], tmp_path)
        file = tmp_path / "data" / "model.keras"
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        form = json.loads(parts["config.json"])
        form["config"]["layers"][1] |= {"module": "antigravity", "class_name": "Popen"}
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, json.dumps(form) if name == "config.json" else content)
        with pytest.raises(UntrustedModelError, match=r"antigravity\.Popen"):
            predicted(tmp_path, "keras", result, np.ones((2, 3), "float32"))
        assert "antigravity" not in sys.modules

    def test_the_backend_of_the_model_is_taken_where_none_was_chosen(self, tmp_path: Path) -> None:
        result = saved(zoo.keras_model()[0], tmp_path)
        code = f"""
import os, pathlib
os.environ.pop("KERAS_BACKEND", None)
from jtrack.registry.flavors import get_flavor
get_flavor("keras").load(pathlib.Path({str(tmp_path)!r}), {result.conf!r}, trust=False)
import keras
print(keras.backend.backend())
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["torch"]


class TestBoosters:
    def test_the_names_of_classes_survive(self, tmp_path: Path) -> None:
        import lightgbm

        rows, target = zoo.frame()
        model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(rows, np.where(target, "yes", "no"))
        assert set(predicted(tmp_path, "lightgbm", saved(model, tmp_path), rows)) == {"yes", "no"}

    @pytest.mark.parametrize("form", ["ubj", "json"])
    def test_xgboost_is_saved_as_asked(self, form: str, tmp_path: Path) -> None:
        saved(zoo.xgboost_face()[0], tmp_path, model_format=form)
        content = (tmp_path / f"model.{form}").read_bytes()
        assert content[:2] == (b'{"' if form == "json" else b"{L")

    @pytest.mark.parametrize("flavor", ["xgboost", "lightgbm"])
    def test_a_model_that_is_not_fitted_is_refused(self, flavor: str, tmp_path: Path) -> None:
        import lightgbm
        import xgboost

        model = xgboost.XGBClassifier() if flavor == "xgboost" else lightgbm.LGBMClassifier()
        with pytest.raises(InvalidModelError, match="fit"):
            saved(model, tmp_path)

    def test_a_class_of_the_notebook_is_refused_with_a_way_out(self, tmp_path: Path) -> None:
        import xgboost

        own = type("Own", (xgboost.XGBClassifier,), {"__module__": "__main__"})
        rows, target = zoo.frame()
        with pytest.raises(InvalidModelError, match="Own is defined in the notebook") as caught:
            saved(own(n_estimators=2).fit(rows, target), tmp_path)
        assert "module" in str(caught.value.hint)

    def test_a_class_that_the_file_names_is_not_imported_unasked(self, tmp_path: Path) -> None:
        result = saved(zoo.xgboost_face()[0], tmp_path)
        conf = {**result.conf, "model_class": "antigravity.Own"}
        with pytest.raises(UntrustedModelError, match=r"antigravity\.Own"):
            get_flavor("xgboost").load(tmp_path, conf, trust=False)
        assert "antigravity" not in sys.modules

    def test_lightgbm_falls_back_to_a_pickle_that_is_marked(self, tmp_path: Path) -> None:
        import lightgbm

        own = type("Own", (lightgbm.LGBMRegressor,), {"__module__": "__main__"})
        rows, target = zoo.frame()
        model = own(n_estimators=2, verbose=-1).fit(rows, target)
        result = saved(model, tmp_path)
        assert (result.serialization, result.is_pickle) == ("cloudpickle", True)
        assert not (tmp_path / "model.skops").exists()
        with pytest.raises(InvalidModelError, match="defined in the notebook"):
            saved(model, tmp_path, serialization_format="skops")


class TestOnnx:
    def test_numbers_that_came_by_json_fit_the_graph(self, tmp_path: Path) -> None:
        model, rows = zoo.onnx_graph()
        result = saved(model, tmp_path)
        found = predicted(tmp_path, "onnx", result, rows.astype("float64"))
        assert found["label"].tolist() == predicted(tmp_path, "onnx", result, rows)["label"].tolist()

    def test_a_data_frame_gives_a_row_of_each_output(self, tmp_path: Path) -> None:
        model, rows = zoo.onnx_graph()
        found = predicted(tmp_path, "onnx", saved(model, tmp_path), pd.DataFrame(rows))
        assert found.shape == (8, 2) and len(found["probabilities"][0]) == 2

    def test_weights_beside_the_graph_are_found(self, tmp_path: Path) -> None:
        import onnx

        weights = onnx.numpy_helper.from_array(np.arange(600, dtype="float32").reshape(3, 200), "w")
        node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
        values = [onnx.helper.make_tensor_value_info(name, 1, ["n", size]) for name, size in (("x", 3), ("y", 200))]
        graph = onnx.helper.make_graph([node], "g", values[:1], values[1:], [weights])
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
        result = saved(model, tmp_path, save_as_external_data=True)
        assert (tmp_path / "model.onnx.data").stat().st_size >= 2400
        assert predicted(tmp_path, "onnx", result, np.ones((1, 3), "float32"))["y"][0, 1] == 1 + 201 + 401

    def test_what_is_no_valid_graph_is_refused(self, tmp_path: Path) -> None:
        import onnx

        with pytest.raises(InvalidModelError, match="not valid ONNX"):
            saved(onnx.ModelProto(), tmp_path)


class TestStatsmodels:
    def test_a_model_that_is_not_fitted_is_refused(self, tmp_path: Path) -> None:
        import statsmodels.api as sm

        rows, target = zoo.frame()
        with pytest.raises(InvalidModelError, match="OLS is not fitted"):
            saved(sm.OLS(target, rows), tmp_path)

    def test_a_time_series_says_what_it_is_asked_for(self, tmp_path: Path) -> None:
        model, asked = zoo.statsmodels_series()
        result = saved(model, tmp_path)
        assert len(predicted(tmp_path, "statsmodels", result, asked)) == 7
        with pytest.raises(InvalidInputError, match="from a date to a date"):
            predicted(tmp_path, "statsmodels", result, asked.rename(columns={"end": "until"}))


@pytest.mark.parametrize("name", zoo.ZOO)
def test_an_unknown_option_is_refused(name: str, tmp_path: Path) -> None:
    model, _ = zoo.ZOO[name].make()
    with pytest.raises(InvalidInputError, match="no option 'colour'"):
        saved(model, tmp_path, colour="red")


@pytest.mark.parametrize("name", [name for name in zoo.ZOO if name != "sklearn-pipeline"])
def test_a_broken_file_is_named(name: str, tmp_path: Path) -> None:
    flavor, make = zoo.ZOO[name]
    result = saved(make()[0], tmp_path)
    largest = max((path for path in tmp_path.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    largest.write_bytes(pickle.dumps({"not": "a model"})[:-3])
    with pytest.raises(InvalidModelError, match=largest.stem):
        get_flavor(flavor).load(tmp_path, result.conf, trust=True)
