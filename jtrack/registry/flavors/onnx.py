"""ONNX: graphs of any framework's models, as ONNX's own file, run by onnxruntime. No code is in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.flavors import Loaded, Predict, Saved, check_options, is_of
from jtrack.registry.flavors.calls import first_line, installed_as

FILE = "model.onnx"
# A model file is one protobuf message, and those end at 2 GiB: from here on the weights go to a file of their own.
_TOO_LARGE = 2**31 - 2**20
# MLflow's default: a GPU where there is one.
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_MODES = {"SEQUENTIAL": "ORT_SEQUENTIAL", "PARALLEL": "ORT_PARALLEL"}


class OnnxFlavor:
    """``onnx.ModelProto``."""

    name = "onnx"

    def knows(self, model: object) -> bool:
        """Tell by the message's class."""
        return is_of(model, "onnx", "ModelProto")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save a graph.

        Options: ``onnx_execution_providers`` (names, or pairs of name and settings), ``onnx_session_options``
        (``inter_op_num_threads``, ``intra_op_num_threads``, ``execution_mode``, ``graph_optimization_level``,
        ``extra_session_config``), ``save_as_external_data``.
        """
        import onnx

        known = ("onnx_execution_providers", "onnx_session_options", "save_as_external_data")
        check_options(self.name, options, known)
        aside = options.get("save_as_external_data", model.ByteSize() > _TOO_LARGE)
        # Given the path, the checker can look at models of any size.
        onnx.save_model(
            model, folder / FILE, save_as_external_data=aside, location="model.onnx.data" if aside else None
        )
        try:
            onnx.checker.check_model(str(folder / FILE))
        except onnx.checker.ValidationError as error:
            raise InvalidModelError(f"the graph is not valid ONNX: {first_line(error)}") from error
        return Saved(
            conf={
                "data": FILE,
                "onnx_version": onnx.__version__,
                "providers": list(options.get("onnx_execution_providers") or _PROVIDERS),
                "onnx_session_options": options.get("onnx_session_options"),
            },
            python_function={"loader_module": "mlflow.onnx", "data": FILE},
            serialization="onnx",
            packages=("onnx", installed_as("onnxruntime", "onnxruntime-gpu")),
        )

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load the graph, and a session of onnxruntime to run it."""
        import onnx

        file = folder / str(conf.get("data", FILE))
        try:
            model = onnx.load(str(file))
        except Exception as error:  # protobuf's DecodeError, onnx's for weights outside of the folder, OSError
            raise InvalidModelError(f"ONNX can't open {file}: {first_line(error)}") from error
        return Loaded(model, _predict_of(_session(file, conf)))


def _session(file: Path, conf: Mapping[str, Any]) -> Any:
    import onnxruntime

    asked = conf.get("providers") or _PROVIDERS
    names = [asked] if isinstance(asked, str) else [tuple(one) if isinstance(one, list) else one for one in asked]
    here = set(onnxruntime.get_available_providers())
    usable = [one for one in names if (one[0] if isinstance(one, tuple) else one) in here]
    try:
        return onnxruntime.InferenceSession(
            str(file),
            providers=usable or ["CPUExecutionProvider"],
            sess_options=_session_options(conf.get("onnx_session_options") or {}),
        )
    except Exception as error:  # onnxruntime's own, one class for each status
        raise InvalidModelError(f"onnxruntime can't run {file}: {first_line(error)}") from error


def _session_options(asked: Mapping[str, Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    for name in ("inter_op_num_threads", "intra_op_num_threads"):
        if asked.get(name):
            setattr(options, name, asked[name])
    mode = _MODES.get(str(asked.get("execution_mode", "")).upper())
    if mode:
        options.execution_mode = getattr(onnxruntime.ExecutionMode, mode)
    if asked.get("graph_optimization_level") is not None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel(asked["graph_optimization_level"])
    for key, value in (asked.get("extra_session_config") or {}).items():
        options.add_session_config_entry(key, value)
    return options


def _predict_of(session: Any) -> Predict:
    inputs = {one.name: one.type for one in session.get_inputs()}
    outputs = [one.name for one in session.get_outputs()]

    def predict(data: Any, params: dict[str, Any] | None) -> Any:
        feed = {name: _as_graph_wants(value, inputs.get(name)) for name, value in _feed(data, list(inputs)).items()}
        found = dict(zip(outputs, session.run(outputs, feed), strict=True))
        return _as_frame(found) if hasattr(data, "iloc") else found

    return predict


def _feed(data: Any, inputs: list[str]) -> dict[str, Any]:
    """Name the graph's inputs: a column each, or all data for the only one."""
    if isinstance(data, Mapping):
        return dict(data)
    if len(inputs) == 1:
        return {inputs[0]: data.to_numpy() if hasattr(data, "iloc") else data}
    if hasattr(data, "iloc"):
        return {name: data[name].to_numpy() for name in inputs}
    raise InvalidInputError("the graph has several inputs", "give a dictionary of arrays: " + ", ".join(inputs))


def _as_graph_wants(value: Any, kind: str | None) -> Any:
    """Make numbers that came as float64, as JSON's do, float32 where the graph has float32."""
    import numpy as np

    array = np.asarray(value)
    return array.astype(np.float32) if kind == "tensor(float)" and array.dtype == np.float64 else array


def _as_frame(found: dict[str, Any]) -> Any:
    """Put the outputs side by side, each in a line, as MLflow does."""
    import numpy as np
    import pandas as pd

    flat = {name: np.asarray(value).reshape(-1) for name, value in found.items()}
    if len({len(value) for value in flat.values()}) > 1:  # MLflow gives up here; a row of each is what was meant
        return pd.DataFrame({name: list(value) for name, value in found.items()})
    return pd.DataFrame(flat)
