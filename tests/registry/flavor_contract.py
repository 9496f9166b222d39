"""What every flavor has to do, one of jtrack's or a plug: subclass it, and give a model and some rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jtrack.errors import FlavorNotFoundError, InvalidInputError, JTrackError, UntrustedModelError
from jtrack.registry.flavors import Flavor, find_flavor, get_flavor, pickles
from jtrack.registry.load import load_model, load_pyfunc
from jtrack.registry.model import PYTHON_FUNCTION, Model
from jtrack.registry.requirements import read_requirements
from jtrack.registry.save import save_model
from tests.registry.programs.zoo import plain


class FlavorContract:
    """The contract; its tests run once for each subclass that has ``flavor``."""

    flavor: Flavor
    runs_code: bool = False
    """Whether opening the file runs code, as a pickle does: it then wants to be trusted."""

    def make(self) -> tuple[Any, Any]:
        """Give a trained model, and rows that it can predict."""
        raise NotImplementedError

    @pytest.fixture
    def made(self) -> tuple[Any, Any]:
        return self.make()

    @pytest.fixture
    def place(self, tmp_path: Path, made: tuple[Any, Any]) -> Path:
        """A saved model, with an example."""
        model, rows = made
        save_model(model, tmp_path / "model", input_example=rows, requirements=["pandas"])
        return tmp_path / "model"

    def test_it_knows_its_models_and_nothing_else(self, made: tuple[Any, Any]) -> None:
        assert self.flavor.knows(made[0])
        if self.flavor.name != PYTHON_FUNCTION:  # which knows whatever can be called
            assert not any(map(self.flavor.knows, (None, 3, "text", [1], {}, object(), np.zeros(2), lambda x: x, dict)))

    def test_it_is_found_by_the_object_and_by_its_name(self, made: tuple[Any, Any]) -> None:
        assert find_flavor(made[0]).name == self.flavor.name
        assert get_flavor(self.flavor.name).name == self.flavor.name

    def test_what_it_wrote_predicts_the_same(self, made: tuple[Any, Any], place: Path, tmp_path: Path) -> None:
        rows = made[1]
        once = load_pyfunc(place)
        if self.flavor.name not in (PYTHON_FUNCTION, "pytorch"):  # a graph is not saved once more
            save_model(once.unwrap(), tmp_path / "again", input_example=rows, requirements=["pandas"])
            assert plain(load_pyfunc(tmp_path / "again").predict(rows)) == plain(once.predict(rows))
        assert plain(load_pyfunc(place).predict(rows)) == plain(once.predict(rows))

    def test_the_manifest_is_mlflows(self, place: Path) -> None:
        model = Model.load(place)
        assert model.flavors.keys() == {self.flavor.name, PYTHON_FUNCTION}
        conf = model.conf(PYTHON_FUNCTION)
        assert conf["loader_module"] and conf["python_version"]
        assert conf["env"] == {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
        assert model.signature is not None and model.signature.inputs is not None
        files = [path for path in place.rglob("*") if path.is_file() and path.name != "MLmodel"]
        assert {path.name for path in files} >= {"requirements.txt", "conda.yaml", "python_env.yaml"}

    def test_every_path_in_the_manifest_is_relative_and_there(self, place: Path) -> None:
        for conf in Model.load(place).flavors.values():
            for key in ("data", "model_data", "model_path", "pickled_model", "code", "saved_model_dir"):
                if conf.get(key):
                    assert not Path(conf[key]).is_absolute() and (place / conf[key]).exists(), key

    def test_a_folder_that_was_moved_still_opens(self, made: tuple[Any, Any], place: Path, tmp_path: Path) -> None:
        before = plain(load_pyfunc(place).predict(made[1]))
        place.rename(tmp_path / "elsewhere")
        assert plain(load_pyfunc(tmp_path / "elsewhere").predict(made[1])) == before

    def test_code_from_elsewhere_runs_only_when_asked_for(
        self, made: tuple[Any, Any], place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pickles, "_written", set())
        if self.runs_code:
            with pytest.raises(UntrustedModelError) as caught:
                load_pyfunc(place)
            assert "trust=True" in str(caught.value.hint)
        else:
            load_pyfunc(place).predict(made[1])
        load_pyfunc(place, trust=True).predict(made[1])

    def test_a_file_that_is_gone_is_one_clear_line(self, place: Path) -> None:
        kept = ("MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml")
        for path in place.rglob("*"):
            if path.is_file() and path.name not in kept and "example" not in path.name:
                path.unlink()
        with pytest.raises(JTrackError) as caught:
            load_pyfunc(place, trust=True)
        assert "\n" not in caught.value.message

    def test_an_unknown_option_is_refused_and_nothing_is_left(self, made: tuple[Any, Any], tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="no option 'colour'"):
            save_model(made[0], tmp_path / "model", colour="red")
        assert list(tmp_path.iterdir()) == []

    def test_it_is_not_loaded_as_another_flavor(self, place: Path) -> None:
        with pytest.raises(FlavorNotFoundError):
            load_model(place, flavor="no such flavor", trust=True)

    @pytest.mark.slow
    def test_its_requirements_are_found_in_a_fresh_process(self, made: tuple[Any, Any], tmp_path: Path) -> None:
        save_model(made[0], tmp_path / "model", input_example=made[1])
        names = {line.partition("==")[0] for line in read_requirements(tmp_path / "model")}
        assert {"numpy", "pandas"} <= names and "jtrack" not in names and "mlflow" not in names
        assert all("==" in line for line in read_requirements(tmp_path / "model"))
