"""Run in an environment with MLflow and TensorFlow: opens MLflow's module by jtrack, and jtrack's by MLflow.

Arguments: the folder with jtrack, the model that MLflow wrote, a folder for the model that jtrack writes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(1, sys.argv[1])

import tensorflow as tf
from zoo import frame, plain

from jtrack.errors import UntrustedModelError
from jtrack.registry.flavors import pickles
from jtrack.registry.load import load_pyfunc
from jtrack.registry.save import save_model


def main() -> dict[str, Any]:
    theirs, ours = Path(sys.argv[2]), Path(sys.argv[3])
    rows = frame()[0][:8].to_numpy(dtype="float32")
    module = tf.Module()
    module.weight = tf.Variable([[1.0], [2.0], [3.0]])
    module.__call__ = tf.function(lambda x: x @ module.weight, input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    save_model(module, ours, input_example=rows, requirements=["tensorflow"])
    said = {
        "ours in jtrack": plain(load_pyfunc(ours).predict(rows)),
        "theirs in jtrack": plain(load_pyfunc(theirs, trust=True).predict(rows)),
    }
    pickles._written.clear()
    try:
        load_pyfunc(ours)
    except UntrustedModelError as error:
        said["untrusted"] = str(error)
    assert "mlflow" not in sys.modules, "jtrack opened a model by MLflow"
    import mlflow.pyfunc

    said["ours in MLflow"] = plain(mlflow.pyfunc.load_model(str(ours)).predict(rows))
    return said


print(json.dumps(main()))
