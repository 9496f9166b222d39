"""Every flavor by the one contract, and a plug from outside that is told by its entry point."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from jtrack.registry.flavors import BUILT_IN, get_flavor
from tests.registry.flavor_contract import FlavorContract
from tests.registry.programs import zoo

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(autouse=True)
def keras_on_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")


class TestSklearn(FlavorContract):
    flavor = get_flavor("sklearn")

    def make(self) -> tuple[Any, Any]:
        return zoo.sklearn_pipeline()


def doubled(model_input: Any) -> Any:
    return model_input["a"] * 2


class TestPythonFunction(FlavorContract):
    flavor = get_flavor("python_function")
    runs_code = True

    def make(self) -> tuple[Any, Any]:
        cells: dict[str, Any] = {"__name__": "__main__"}
        exec("def doubled(model_input):\n    return model_input['a'] * 2", cells)
        return cells["doubled"], zoo.frame()[0][:5]


@pytest.mark.slow
class TestXgboost(FlavorContract):
    flavor = get_flavor("xgboost")

    def make(self) -> tuple[Any, Any]:
        return zoo.xgboost_face()


@pytest.mark.slow
class TestLightgbm(FlavorContract):
    flavor = get_flavor("lightgbm")

    def make(self) -> tuple[Any, Any]:
        return zoo.lightgbm_face()


@pytest.mark.slow
class TestPytorch(FlavorContract):
    flavor = get_flavor("pytorch")
    runs_code = True

    def make(self) -> tuple[Any, Any]:
        return zoo.torch_module()


@pytest.mark.slow
class TestKeras(FlavorContract):
    flavor = get_flavor("keras")

    def make(self) -> tuple[Any, Any]:
        return zoo.keras_model()


@pytest.mark.slow
class TestOnnx(FlavorContract):
    flavor = get_flavor("onnx")

    def make(self) -> tuple[Any, Any]:
        return zoo.onnx_graph()


@pytest.mark.slow
class TestStatsmodels(FlavorContract):
    flavor = get_flavor("statsmodels")
    runs_code = True

    def make(self) -> tuple[Any, Any]:
        return zoo.statsmodels_formula()


def test_every_flavor_is_under_the_contract() -> None:
    held = {kind.flavor.name for kind in FlavorContract.__subclasses__()}
    # TensorFlow is too large for the tests' environment: it is held by the exchange, in one of its own.
    assert held == BUILT_IN.keys() - {"tensorflow"}


PLUG = """
import json
from pathlib import Path
from jtrack.registry.flavors import Loaded, Saved, check_options, is_of


class SeasonalFlavor:
    name = "seasonal"

    def knows(self, model):
        return is_of(model, "seasons", "Seasonal")

    def save(self, model, folder, **options):
        check_options(self.name, options, ())
        (folder / "model.json").write_text(json.dumps(model.level_by_month))
        return Saved({"data": "model.json"}, {"loader_module": "seasons", "data": "model.json"}, "json")

    def load(self, folder, conf, *, trust):
        from seasons import Seasonal, read

        model = read(folder / conf["data"])
        return Loaded(model, lambda data, params: model.predict(data))
"""

# A forecaster as Prophet is one: fitted to a column of times and one of values, asked for times.
SEASONS = """
import json
import pandas as pd
from jtrack.errors import InvalidModelError


class Seasonal:
    def __init__(self, level_by_month=None):
        self.level_by_month = level_by_month

    def fit(self, df):
        self.level_by_month = {str(m): v for m, v in df.groupby(df["ds"].dt.month)["y"].mean().items()}
        return self

    def predict(self, df):
        return pd.DataFrame({"ds": df["ds"], "yhat": [self.level_by_month[str(d.month)] for d in df["ds"]]})


def read(path):
    try:
        return Seasonal(json.loads(path.read_text()))
    except OSError as error:
        raise InvalidModelError(f"{path} can't be read") from error
"""

TEST = """
import pandas as pd
from seasons import Seasonal
from jtrack.registry.flavors import flavor_names, get_flavor
from tests.registry.flavor_contract import FlavorContract


class TestSeasonal(FlavorContract):
    flavor = get_flavor("seasonal")

    def make(self):
        days = pd.date_range("2024-01-01", periods=366, freq="D")
        model = Seasonal().fit(pd.DataFrame({"ds": days, "y": days.day_of_year * 0.5}))
        return model, pd.DataFrame({"ds": pd.to_datetime(["2025-02-03", "2025-07-01"])})


def test_a_plug_is_asked_first():
    assert flavor_names()[0] == "seasonal"
"""


@pytest.mark.slow
def test_a_plug_of_another_distribution_passes_the_contract(tmp_path: Path) -> None:
    """A forecaster like Prophet, its flavor named by an entry point: found by the object, saved, loaded, served."""
    site = tmp_path / "site"
    info = site / "seasons-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: seasons\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[jtrack.flavors]\nseasonal = seasons_flavor:SeasonalFlavor\n")
    (info / "RECORD").write_text("seasons.py,,\nseasons_flavor.py,,\n")
    (site / "seasons.py").write_text(textwrap.dedent(SEASONS))
    (site / "seasons_flavor.py").write_text(textwrap.dedent(PLUG))
    (tmp_path / "test_plug.py").write_text(textwrap.dedent(TEST))
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    done = subprocess.run(
        [*command, "-c", str(root / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path / "test_plug.py")],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": f"{site}:{root}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "12 passed" in done.stdout, done.stdout[-3000:]
