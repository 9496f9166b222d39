"""TensorFlow: modules as SavedModel; Keras models as MLflow's entry ``tensorflow`` has them, in a ``.keras`` file.

A SavedModel's graph may read and write files, so one from elsewhere has to be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError, UntrustedModelError
from jtrack.registry.flavors import Loaded, Predict, Saved, check_options, is_of
from jtrack.registry.flavors.calls import first_line, installed_as
from jtrack.registry.flavors.keras import choose_backend, predict_of, read_keras, write_keras
from jtrack.registry.flavors.pickles import check_trust, remember

_MODULE_FOLDER, _DATA = "tf2model", "data"


class TensorflowFlavor:
    """``tf.Module``; a Keras model if this flavor is asked for by name."""

    name = "tensorflow"

    def knows(self, model: object) -> bool:
        """Tell by the base class of TensorFlow's modules."""
        return is_of(model, "tensorflow", "Module")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save a module. Options: ``saved_model_kwargs`` and ``keras_model_kwargs``, for the framework's own save."""
        check_options(self.name, options, ("saved_model_kwargs", "keras_model_kwargs"))
        if is_of(model, "keras", "Model"):
            return _save_keras(model, folder, options.get("keras_model_kwargs"))
        if not self.knows(model):
            raise InvalidModelError(f"a {type(model).__name__} is neither a tf.Module nor a Keras model")
        return _save_module(model, folder, options.get("saved_model_kwargs"))

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load a module, or a Keras model that MLflow saved with this entry."""
        kind = conf.get("model_type")
        if kind == "tf2-module":
            return load_exported(folder / str(conf.get("saved_model_dir", _MODULE_FOLDER)), folder, trust=trust)
        if kind == "keras":
            return _load_keras(folder, conf, trust)
        raise InvalidModelError(f"{folder} holds a TensorFlow model of the type {kind!r}, which can't be opened here")


def load_exported(place: Path, folder: Path, *, trust: bool, call: str | None = None) -> Loaded:
    """Load a SavedModel; ``call`` is the function of it to predict by, the module itself by default."""
    _check_graph(place, folder, trust)
    import tensorflow as tf

    try:
        model = tf.saved_model.load(str(place))
    except Exception as error:  # TensorFlow's own errors have no common base that can be imported from here
        raise InvalidModelError(f"TensorFlow can't open {place}: {first_line(error)}") from error
    return Loaded(model, _predict_by(model if call is None else getattr(model, call)))


def _save_keras(model: Any, folder: Path, options: Mapping[str, Any] | None) -> Saved:
    import tensorflow as tf

    write_keras(model, folder, options)
    (folder / _DATA / "save_format.txt").write_text("tf", encoding="utf-8")
    return Saved(
        conf={"data": _DATA, "model_type": "keras", "keras_version": tf.__version__, "save_format": "tf"},
        python_function={"loader_module": "mlflow.tensorflow", "data": _DATA},
        serialization="keras",
        packages=(installed_as("tensorflow", "tensorflow-cpu"),),
    )


def _save_module(model: Any, folder: Path, options: Mapping[str, Any] | None) -> Saved:
    import tensorflow as tf

    place = folder / _MODULE_FOLDER
    try:
        tf.saved_model.save(model, str(place), **(options or {}))
    except Exception as error:  # as above
        raise InvalidModelError(f"TensorFlow can't save the module: {first_line(error)}") from error
    remember((place / "saved_model.pb").read_bytes())
    return Saved(
        conf={"saved_model_dir": _MODULE_FOLDER, "model_type": "tf2-module"},
        python_function={"loader_module": "mlflow.tensorflow"},
        serialization="savedmodel",
        packages=(installed_as("tensorflow", "tensorflow-cpu"),),
    )


def _load_keras(folder: Path, conf: Mapping[str, Any], trust: bool) -> Loaded:
    place = folder / str(conf.get("data", _DATA))
    objects = [one.name for one in place.glob("*custom_objects.cloudpickle")]
    if objects and not trust:
        raise UntrustedModelError(folder, f"{objects[0]} is a pickle")
    choose_backend("tensorflow")
    import keras

    file = place / ("model.h5" if conf.get("save_format") == "h5" else "model.keras")
    with keras.saving.custom_object_scope(_unpickled(place, objects)):
        model = read_keras(file, folder, trust=trust)
    return Loaded(model, predict_of(model))


def _unpickled(place: Path, names: list[str]) -> dict[str, Any]:
    if not names:
        return {}
    import cloudpickle

    return {key: value for name in names for key, value in cloudpickle.loads((place / name).read_bytes()).items()}


def _check_graph(place: Path, folder: Path, trust: bool) -> None:
    try:
        content = (place / "saved_model.pb").read_bytes()
    except OSError:
        raise InvalidModelError(f"{place} is not a SavedModel: it has no file saved_model.pb") from None
    check_trust(content, "a SavedModel may read and write files", trust=trust, folder=folder)


def _predict_by(call: Any) -> Predict:
    def predict(data: Any, params: dict[str, Any] | None) -> Any:
        import tensorflow as tf

        if isinstance(data, Mapping):
            found = call(**{name: tf.convert_to_tensor(value) for name, value in data.items()})
        elif hasattr(data, "iloc"):
            raise InvalidInputError("a TensorFlow module takes arrays", "give data.to_numpy()")
        else:
            found = call(tf.convert_to_tensor(data))
        return tf.nest.map_structure(lambda one: one.numpy() if tf.is_tensor(one) else one, found)

    return predict
