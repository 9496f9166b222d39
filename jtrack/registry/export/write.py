"""Writes a planned package into a folder: model, code, training program, pins, test, Dockerfile, README.

The model's folder is an ordinary ``MLmodel`` folder, which MLflow opens; the package around it needs neither MLflow nor
jtrack, and says in ``package.json`` what its own small loader has to know.
"""

from __future__ import annotations

import json
import shutil
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from jtrack.errors import ExportError, JTrackError
from jtrack.registry.example import SERVING_FILE, to_json
from jtrack.registry.export import texts
from jtrack.registry.export.deliver import Written
from jtrack.registry.export.own_code import at_home
from jtrack.registry.export.parts.scoring import as_plain
from jtrack.registry.export.pins import prediction_pins, training_pins
from jtrack.registry.export.plan import Plan
from jtrack.registry.model import PYTHON_FUNCTION, Model

_PARTS = ("scoring.py", "server.py", "__main__.py")
_FILE_KEYS = ("pickled_model", "model_data", "data", "model_path")
SUPPORTED = ("sklearn", "xgboost", "lightgbm", "pytorch", "python_function")


def write_package(plan: Plan, project: Path) -> Written:
    """Write everything.

    Raises
    ------
    ExportError
        The model can't be saved.
    """
    package = project / plan.package
    package.mkdir(parents=True)
    _write_code(plan, package)
    model = _write_model(plan, package)
    form = _form(plan, model, package / "model")
    (package / "package.json").write_text(json.dumps(form, indent=2), encoding="utf-8")
    shutil.copyfile(package / "model" / SERVING_FILE, package / "example.json")
    predictions = as_plain(plan.example.predictions) if plan.example is not None else None
    (package / "expected.json").write_text(to_json(predictions), encoding="utf-8")
    pins = prediction_pins(package / "model", ["pandas"] if form["input"] == "frame" else [])
    _write_project(plan, project, form, pins)
    return Written(pins, plan.notes, plan.program is not None)


def _write_code(plan: Plan, package: Path) -> None:
    names = [module.name for module in plan.modules]
    for module in plan.modules:
        module.copy_to(package, names, plan.package)
    if plan.helpers:
        (package / "helpers.py").write_text(plan.helpers, encoding="utf-8")
    parts = resources.files("jtrack.registry.export") / "parts"
    for part in _PARTS:
        (package / part).write_text((parts / part).read_text(encoding="utf-8"), encoding="utf-8")
    (package / "__init__.py").write_text(texts.init_text(plan), encoding="utf-8")


def _write_model(plan: Plan, package: Path) -> Model:
    """Save the model, or copy its folder."""
    target = package / "model"
    if plan.model_folder is not None:
        shutil.copytree(plan.model_folder, target)
        return Model.load(target)
    from jtrack.registry.save import save_model
    from jtrack.registry.signature import infer_signature

    assert plan.example is not None
    code = _model_code(plan, package)
    try:
        with at_home(plan.own, plan.package, f"{plan.package}.helpers"):
            save_model(
                plan.model,
                target,
                signature=infer_signature(plan.example.data, plan.example.predictions),
                input_example=plan.example.data,
                code_paths=[str(code)] if code is not None else None,
                **_options(plan),
            )
    except JTrackError:
        raise
    except Exception as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise ExportError(f"{plan.title} can't be saved: {first}") from error
    finally:
        if code is not None:
            shutil.rmtree(code.parent)
    return Model.load(target)


def _options(plan: Plan) -> dict[str, Any]:
    predict_fn = plan.example.predict_fn if plan.example is not None else "predict"
    return {} if predict_fn in {"predict", "__call__"} else {"pyfunc_predict_fn": predict_fn}


def _model_code(plan: Plan, package: Path) -> Path | None:
    """Lay out the code that the model's own folder brings along, under the package's name, for others to open it."""
    if plan.own.is_empty:
        return None
    code = package.parent / ".code" / plan.package
    code.mkdir(parents=True)
    (code / "__init__.py").write_text("", encoding="utf-8")
    names = [module.name for module in plan.modules]
    for module in plan.modules:
        module.copy_to(code, names, plan.package)
    if plan.helpers:
        (code / "helpers.py").write_text(plan.helpers, encoding="utf-8")
    return code


def _form(plan: Plan, model: Model, folder: Path) -> dict[str, Any]:
    """Say what the package's loader has to know."""
    flavor = next((name for name in model.flavors if name in SUPPORTED and name != PYTHON_FUNCTION), PYTHON_FUNCTION)
    conf = model.flavors.get(flavor, {})
    loader = str(conf.get("loader_module", ""))
    if flavor == PYTHON_FUNCTION and loader.partition(".")[0] in {"mlflow", "jtrack"}:
        others = ", ".join(name for name in model.flavors if name != PYTHON_FUNCTION) or "python_function"
        raise ExportError(
            f"a model of flavor {others} needs MLflow to be loaded, and a package has none",
            "jtrack models build-docker serves it; flavors that can be exported: " + ", ".join(SUPPORTED[:-1]),
        )
    data = plan.example.data if plan.example is not None else None
    return {
        "name": plan.package,
        "version": texts.VERSION,
        "description": plan.title,
        "flavor": flavor,
        "file": str(next((conf[key] for key in _FILE_KEYS if conf.get(key)), "")),
        "format": str(conf.get("serialization_format") or conf.get("model_format") or ""),
        "trusted": list(conf.get("skops_trusted_types") or []),
        "model_class": conf.get("model_class", ""),
        "loader": loader,
        # A plain function is loaded as an object that has one.
        "predict_fn": plan.example.predict_fn if plan.example is not None and flavor != PYTHON_FUNCTION else "predict",
        **_input_form(data),
    }


def _input_form(data: Any) -> dict[str, Any]:
    if hasattr(data, "columns") and hasattr(data, "dtypes"):
        columns = [{"name": name, "dtype": str(dtype)} for name, dtype in zip(data.columns, data.dtypes, strict=True)]
        return {"input": "frame", "columns": columns}
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return {"input": "array", "dtype": str(data.dtype) if data.dtype.kind in "biuf" else None}
    return {"input": "other"}


def _write_project(plan: Plan, project: Path, form: dict[str, Any], pins: tuple[str, ...]) -> None:
    own = [plan.package, *(module.name for module in plan.modules)]
    training: tuple[str, ...] = ()
    if plan.program is not None:
        training = training_pins(plan.program.text, own, pins)
        (project / "train.py").write_text(plan.program.text, encoding="utf-8")
    for file in plan.data_files:
        target = project / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    written = {
        "requirements.txt": "".join(f"{pin}\n" for pin in pins),
        "pyproject.toml": texts.pyproject_text(plan, pins, training, python),
        "Dockerfile": texts.dockerfile_text(plan, pins, python),
        "README.md": texts.readme_text(plan, form, training),
        f"tests/test_{plan.package}.py": texts.test_text(plan),
    }
    for name, text in written.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
