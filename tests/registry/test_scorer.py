"""What a served model answers to a body, as MLflow's scoring protocol says, and when it predicts requests together."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jtrack.registry.serving.protocol import parse_ask
from jtrack.registry.serving.scorer import Answer, Scorer
from tests.registry import served_models
from tests.registry.served_models import XS

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return Scorer.open(served_models.save_wine(tmp_path_factory.mktemp("wine") / "model"), trust=True)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return served_models.wine()[1][::40]


@pytest.fixture(scope="module")
def tenfold(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return Scorer.open(served_models.save_tenfold(tmp_path_factory.mktemp("tenfold") / "model"), trust=True)


def ask(scorer: Scorer, body: Any, content_type: str = JSON) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    (answer,) = scorer.score([(content_type, data)])
    return answer


def predictions(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["predictions"]


def split(frame: pd.DataFrame) -> dict[str, Any]:
    return {"columns": list(frame.columns), "data": frame.to_numpy().tolist()}


# -- every form of a body ------------------------------------------------------------------------------------


def test_every_form_of_a_table_predicts_the_same(wine: Scorer, rows: pd.DataFrame) -> None:
    model, _ = served_models.wine()
    expected = model.predict(rows).tolist()
    parquet = io.BytesIO()
    rows.to_parquet(parquet)
    bodies: list[tuple[Any, str]] = [
        ({"dataframe_split": split(rows)}, JSON),
        ({"dataframe_split": split(rows)}, "application/json; charset=utf-8"),
        ({"dataframe_split": {**split(rows), "index": [f"row {i}" for i in range(len(rows))]}}, JSON),
        ({"dataframe_split": {"data": rows.to_numpy().tolist()}}, JSON),
        ({"dataframe_split": split(rows[["proline", "hue", "alcohol"]])}, JSON),
        ({"dataframe_records": rows.to_dict("records")}, JSON),
        ({"instances": rows.to_dict("records")}, JSON),
        ({"inputs": rows.to_dict("list")}, JSON),
        ({"inputs": rows.to_numpy().tolist()}, JSON),
        ({"instances": rows.to_numpy().tolist()}, JSON),
        (rows.to_csv(index=False).encode(), CSV),
        (parquet.getvalue(), PARQUET),
    ]
    for body, kind in bodies:
        assert predictions(ask(wine, body, kind)) == expected, (kind, str(body)[:60])


def test_arrays_go_to_a_model_of_tensors(tmp_path: Path) -> None:
    scorer = Scorer.open(served_models.save_tensor(tmp_path / "model"), trust=True)
    for name in ("inputs", "instances"):
        assert predictions(ask(scorer, {name: [[1, 2], [3, 4]]})) == [3.0, 7.0]
    assert ask(scorer, {"inputs": [[1, 2, 3]]}).status == 400


def test_params_have_their_defaults_and_their_types(tenfold: Scorer) -> None:
    body = {"dataframe_split": split(XS)}
    assert predictions(ask(tenfold, body)) == [10.0, 20.0, 40.0]
    assert predictions(ask(tenfold, {**body, "params": {"factor": 3}})) == [3.0, 6.0, 12.0]
    refused = ask(
        tenfold, {"dataframe_split": {"columns": ["y"], "data": [[1]]}, "params": {"factor": "x", "other": 1}}
    )
    assert refused.status == 400
    faults = json.loads(refused.body)["faults"]
    assert len(faults) == 3 and {fault.split()[0] for fault in faults} >= {"missing", "there", "param"}, faults


def test_a_model_without_signature_takes_what_it_is_sent(tmp_path: Path) -> None:
    code = "def predict(model_input):\n    return [type(model_input).__name__]"
    folder = served_models.save_python(tmp_path / "model", code, None, signature=False)
    scorer = Scorer.open(folder, trust=True)
    assert not scorer.joins
    for body, kind in (
        ({"dataframe_split": split(XS)}, "DataFrame"),
        ({"dataframe_records": XS.to_dict("records")}, "DataFrame"),
        ({"inputs": [1, 2]}, "ndarray"),
        ({"inputs": {"x": [1, 2]}}, "dict"),
    ):
        assert predictions(ask(scorer, body)) == [kind]
    plain = ask(scorer, {"messages": [{"role": "user", "content": "hi"}]})
    assert json.loads(plain.body) == ["dict"], "the body of a chat is answered without a wrapping"


def test_predictions_of_every_kind_are_json(tmp_path: Path) -> None:
    code = """
def predict(model_input):
    import datetime, numpy as np, pandas as pd
    kinds = {
        0: np.array([[1, 2], [3, 4]], dtype="float32"),
        1: pd.DataFrame({"a": [1, None], "b": ["x", "y"], "t": pd.to_datetime(["2026-01-31", "2026-02-01"])}),
        2: pd.Series([1.5, float("nan")], name="s"),
        3: [{"k": np.int64(7), "set": {1}}],
        4: "text",
        5: np.array(["a", "b"]),
        6: [np.datetime64("2026-01-31T12:00:00"), datetime.date(2026, 1, 31), b"\\x00\\x01", float("inf")],
        7: np.float64(2.5),
    }
    return kinds[int(model_input["x"].iloc[0])]
"""
    folder = served_models.save_python(tmp_path / "model", code, None, signature=False)
    scorer = Scorer.open(folder, trust=True)
    found = [predictions(ask(scorer, {"dataframe_split": {"columns": ["x"], "data": [[i]]}})) for i in range(8)]
    assert found[0] == [[1.0, 2.0], [3.0, 4.0]]
    assert [row["b"] for row in found[1]] == ["x", "y"] and found[1][1]["a"] is None
    assert found[2] == [{"s": 1.5}, {"s": None}], "as MLflow answers a series: by its name"
    assert found[3] == [{"k": 7, "set": [1]}]
    assert found[4:6] == ["text", ["a", "b"]]
    assert found[6][1:] == ["2026-01-31", "AAE=", None]
    assert found[7] == 2.5


# -- what can't be taken -------------------------------------------------------------------------------------

SPLIT_OF_TWO = {"columns": ["alcohol", "hue", "proline"], "data": [[1, 2, 3], [1, 2]]}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "told"),
    [
        (b"{broken", JSON, 400, "valid JSON"),
        (b"[1, 2]", JSON, 400, "exactly one of the input fields"),
        (b"", JSON, 400, "valid JSON"),
        ({"rows": []}, JSON, 400, "Received dictionary with input fields: ['rows']"),
        ({"inputs": [], "instances": []}, JSON, 400, "exactly one of"),
        ({"dataframe_split": []}, JSON, 400, "must be a dictionary"),
        ({"dataframe_split": {"data": [], "more": 1}}, JSON, 400, "'data' field"),
        ({"dataframe_split": SPLIT_OF_TWO}, JSON, 400, "row 1 has 2 values, not 3"),
        ({"dataframe_records": [1, {"a": 2}]}, JSON, 400, "record 0 is number"),
        ({"dataframe_records": [{"alcohol": 1.0}]}, JSON, 400, "missing columns 'hue', 'proline'"),
        ({"dataframe_records": [{"alcohol": "x", "hue": 1, "proline": 2}]}, JSON, 400, "column 'alcohol'"),
        ({"inputs": {"alcohol": [1, 2], "hue": [1], "proline": [1, 2]}}, JSON, 400, "not of one length"),
        (
            {"inputs": {"alcohol": [1], "hue": [1], "proline": [1]}, "params": [1]},
            JSON,
            400,
            "params must be a dictionary",
        ),
        ({"inputs": {"alcohol": [1], "hue": [1], "proline": [1]}, "params": {"x": 1}}, JSON, 400, "takes no params"),
        (b"alcohol,hue\n1,2\n", CSV, 400, "missing column 'proline'"),
        (b"\xff\xfe", CSV, 400, "UTF-8"),
        (b"no parquet", PARQUET, 400, "Parquet"),
        (b"x", "text/plain", 415, "only supports the following content types"),
        (b"{}", "application/json; charset=latin-1", 415, "UTF-8"),
        (b"{}", "application/json; pandas=split", 415, "Unrecognized content type parameters"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(
    wine: Scorer, body: Any, content_type: str, status: int, told: str
) -> None:
    answer = ask(wine, body, content_type)
    assert answer.status == status
    assert told in answer.body.decode()
    if status == 400:
        assert json.loads(answer.body)["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


def test_all_faults_are_told_at_once(wine: Scorer) -> None:
    answer = ask(wine, {"dataframe_records": [{"alcohol": "x", "proline": True}], "params": {"y": 1}})
    faults = json.loads(answer.body)["faults"]
    told = ("alcohol", "hue", "proline", "takes no params")
    assert [word for word in told if not any(word in fault for fault in faults)] == [], faults
    answer = ask(wine, {"dataframe_split": {"columns": ["a", "a"], "data": [[1], [1, 2], 3]}})
    assert len(json.loads(answer.body)["faults"]) == 3


def test_a_models_own_error_is_told_without_its_insides(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    scorer = Scorer.open(served_models.save_python(tmp_path / "m", served_models.MOODY, XS), trust=True)
    answer = ask(scorer, {"dataframe_split": {"columns": ["x"], "data": [[666.0]]}})
    told = json.loads(answer.body)
    assert (answer.status, told["error_code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.body.decode()
    number = told["message"].rpartition(" ")[2].rstrip(".")
    said = capfd.readouterr().err
    assert number in said and "the secret of the model" in said


# -- together ------------------------------------------------------------------------------------------------


def test_requests_are_predicted_together_and_answered_one_by_one(wine: Scorer, rows: pd.DataFrame) -> None:
    calls: list[int] = []
    original = wine._model.predict_unchecked

    class Counted:
        metadata = wine._model.metadata

        def predict_unchecked(self, data: Any, params: Any = None) -> Any:
            calls.append(len(data))
            return original(data, params)

    scorer = Scorer(Counted(), joins=True)  # type: ignore[arg-type]
    parts = [rows[:1], rows[1:3], rows[3:4]]
    requests = [(JSON, json.dumps({"dataframe_split": split(part)}).encode()) for part in parts]
    bad = (JSON, b'{"dataframe_split": {"columns": ["alcohol"], "data": [[1]]}}')
    answers = scorer.score([requests[0], bad, requests[1], (JSON, b"{"), requests[2]])
    assert [answer.status for answer in answers] == [200, 400, 200, 400, 200]
    assert [answer.n_rows for answer in answers] == [1, 0, 2, 0, 1]
    expected = served_models.wine()[0].predict(rows[:4]).tolist()
    assert [value for answer in answers if answer.status == 200 for value in predictions(answer)] == expected
    assert calls == [4], "one predict for all that could be taken"


def test_one_that_spoils_the_others_is_found_out(wine: Scorer, rows: pd.DataFrame) -> None:
    good = (JSON, json.dumps({"dataframe_split": split(rows[:1])}).encode())
    spoilt = {"columns": list(rows.columns), "data": [[1.0, "x", 2.0]]}
    answers = wine.score([good, (JSON, json.dumps({"dataframe_split": spoilt}).encode()), good])
    assert [answer.status for answer in answers] == [200, 400, 200]
    assert "'hue'" in answers[1].body.decode()


def test_a_model_that_looks_at_its_neighbours_is_never_joined(tmp_path: Path) -> None:
    scorer = Scorer.open(served_models.save_python(tmp_path / "m", served_models.NEIGHBOURS, XS), trust=True)
    assert not scorer.joins
    body = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[5.0]]}}).encode()
    other = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[9.0]]}}).encode()
    assert [predictions(answer) for answer in scorer.score([(JSON, body), (JSON, other)])] == [[0.0], [0.0]]


def test_a_model_of_plain_python_is_joined_where_its_example_shows_that_it_can_be(tmp_path: Path) -> None:
    assert Scorer.open(served_models.save_tenfold(tmp_path / "a"), trust=True).joins
    one_row = served_models.save_python(tmp_path / "b", served_models.TENFOLD, (XS[:1], {"factor": 10}))
    assert not Scorer.open(one_row, trust=True).joins, "a single row shows nothing"
    assert Scorer.open(one_row, trust=True, joins=True).joins, "but whoever serves it may know"
    all_rows = served_models.save_python(tmp_path / "c", served_models.SUM_ALL, XS)
    scorer = Scorer.open(all_rows, trust=True, joins=True)
    body = json.dumps({"dataframe_split": {"columns": ["x"], "data": [[5.0]]}}).encode()
    assert [predictions(answer) for answer in scorer.score([(JSON, body), (JSON, body)])] == [5.0, 5.0]
    assert not scorer.joins, "what can't be split is not tried again"


def test_requests_of_other_params_columns_and_kinds_are_not_mixed() -> None:
    def key(body: Any) -> Any:
        return parse_ask(JSON, json.dumps(body).encode()).join_key

    table = {"columns": ["x"], "data": [[1]]}
    keys = [
        key({"dataframe_split": table}),
        key({"dataframe_split": table, "params": {"factor": 1}}),
        key({"dataframe_split": table, "params": {"factor": 2}}),
        key({"dataframe_split": {"columns": ["y"], "data": [[1]]}}),
        key({"inputs": [[1]]}),
        key({"inputs": [[1, 2]]}),
        key({"inputs": {"x": [1]}}),
        key({"dataframe_split": {**table, "index": ["a"]}}),
    ]
    assert len(set(keys[:6])) == 6
    assert keys[6:] == [None, None]
    assert key({"dataframe_split": {"columns": ["x"], "data": [[7]]}}) == keys[0]


def test_a_block_of_floats_is_what_enforcement_would_have_made(wine: Scorer, rows: pd.DataFrame) -> None:
    from jtrack.registry.enforce import enforce_inputs
    from jtrack.registry.serving.batches import data_of

    parsed = parse_ask(JSON, json.dumps({"dataframe_split": split(rows)}).encode())
    data, is_enforced = data_of(parsed, wine._schema)
    assert is_enforced
    pd.testing.assert_frame_equal(data, enforce_inputs(rows.reset_index(drop=True), wine._signature))
    assert (data.dtypes == np.float64).all()
    holes = parse_ask(JSON, b'{"dataframe_split": {"data": [[1, null, 2]]}}')
    assert data_of(holes, wine._schema)[1] is False, "a hole is for the enforcement to judge"
