"""What is told of the data that a run read."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

import jtrack
from jtrack.capture.data import describe_data
from jtrack.entities import DatasetInput
from jtrack.errors import InvalidInputError

FRAME = "pd.DataFrame({'age': [1.5, 2.0, None], 'plan': ['a', 'b', 'b']})"


def frame() -> pd.DataFrame:
    return pd.DataFrame({"age": [1.5, 2.0, None], "plan": ["a", "b", "b"]})


def described(value: object) -> DatasetInput:
    found = describe_data(value, "data", "train")
    assert found is not None
    return found


def test_a_table_has_columns_rows_and_a_digest_of_its_contents() -> None:
    found = described(frame())
    assert (found.name, found.context, found.source) == ("data", "train", "pandas")
    assert list(json.loads(found.schema or "")) == ["age", "plan"]
    assert json.loads(found.profile or "") == {"n_rows": 3}
    assert described(frame()).digest == found.digest
    for changed in (frame().assign(age=[1.5, 2.0, 3.0]), frame().rename(columns={"age": "years"}), frame()[::-1]):
        assert described(changed).digest != found.digest


def test_another_process_comes_to_the_same_digest() -> None:
    code = (
        f"import pandas as pd\nfrom jtrack.capture.data import describe_data\nprint(describe_data({FRAME}, 'x').digest)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert told == described(frame()).digest


@pytest.mark.parametrize(
    ("value", "n_rows"),
    [
        (frame()["age"], 3),
        (pl.DataFrame({"a": [1, 2]}), 2),
        (pl.Series("a", [1, 2, 3]), 3),
        (np.arange(12.0).reshape(4, 3), 4),
        (np.asfortranarray(np.arange(12.0).reshape(4, 3)), 4),
        (np.array([["a"], [None]], dtype=object), 2),
        (np.zeros((0, 2)), 0),
        (np.array(3.0), 1),
        (pd.DataFrame({"a": [[1], [2]]}), 2),
    ],
)
def test_tables_and_arrays_of_all_kinds(value: object, n_rows: int) -> None:
    assert json.loads(described(value).profile or "") == {"n_rows": n_rows}
    assert described(value).digest == described(value).digest


def test_an_array_is_told_by_its_values_and_shape() -> None:
    numbers = np.arange(6)
    assert described(numbers).digest != described(numbers.reshape(2, 3)).digest
    assert described(numbers).digest != described(numbers.astype("int32")).digest
    assert described(numbers.reshape(2, 3)).digest == described(np.asfortranarray(numbers.reshape(2, 3))).digest


@pytest.mark.parametrize("value", [None, 3, "text", [1, 2], {"a": 1}, object()])
def test_what_is_no_data_is_left_alone(value: object) -> None:
    assert describe_data(value, "data") is None


@pytest.mark.usefixtures("store_path")
def test_an_input_is_logged_once_and_read_back() -> None:
    with jtrack.start_run() as run:
        jtrack.log_input(frame(), context="train", name="customers")
        jtrack.log_input(frame(), tags={"mlflow.data.context": "train"}, name="customers")
        with pytest.raises(InvalidInputError, match="no table and no array"):
            jtrack.log_input([1, 2])
    found = jtrack.get_run(run.run_id).inputs.dataset_inputs
    assert [(data.name, data.context) for data in found] == [("customers", "train")]
    assert len(jtrack.search_runs(filter_string="datasets.name = 'customers'", output_format="list")) == 1
