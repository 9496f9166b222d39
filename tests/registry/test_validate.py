"""``jtrack.models.validate``: what a model would take, told without opening it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import jtrack
from jtrack.errors import InvalidModelError, ModelNotFoundError, SignatureError
from tests.registry import served_models


def test_data_that_fit_come_back_as_the_model_gets_them(tmp_path: Path) -> None:
    served_models.save_wine(tmp_path / "wine")
    rows = pd.DataFrame({"proline": [1, 2], "hue": [1.0, 2.0], "alcohol": [3.0, 4.0], "ash": [5, 6]}, dtype="float32")
    fit = jtrack.models.validate(tmp_path / "wine", rows)
    assert list(fit.columns) == ["alcohol", "hue", "proline"]
    assert set(map(str, fit.dtypes)) == {"float64"}
    signature = jtrack.models.infer_signature(rows)
    pd.testing.assert_frame_equal(jtrack.models.validate(signature, rows), rows)


def test_every_fault_is_told(tmp_path: Path) -> None:
    served_models.save_tenfold(tmp_path / "tenfold")
    with pytest.raises(SignatureError) as caught:
        jtrack.models.validate(tmp_path / "tenfold", pd.DataFrame({"y": [1.0]}), {"factor": "ten", "z": 1})
    assert [word for word in ("'x'", "'z'", "factor") if not any(word in fault for fault in caught.value.faults)] == []


def test_a_model_that_says_nothing_can_not_be_held_to_it(tmp_path: Path) -> None:
    jtrack.sklearn.save_model(served_models.wine()[0], tmp_path / "bare", requirements=["scikit-learn"])
    with pytest.raises(InvalidModelError, match="has no signature"):
        jtrack.models.validate(tmp_path / "bare", [[1.0]])
    with pytest.raises(ModelNotFoundError):
        jtrack.models.validate(tmp_path / "nowhere", [[1.0]])
