"""Writes model folders in MLflow's format, and keeps them with runs.

A folder is made beside its place and moved there when it is whole, so that nobody meets half a model.
"""

from __future__ import annotations

import platform
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError, JTrackError
from jtrack.registry.example import InputExample
from jtrack.registry.flavors import Flavor, Saved, find_flavor, get_flavor
from jtrack.registry.model import PYTHON_FUNCTION, Model
from jtrack.registry.requirements import CONDA_FILE, PYTHON_ENV_FILE, infer_requirements, write_environment
from jtrack.registry.siblings import shared_requirements
from jtrack.registry.signature import Signature, infer_signature

_CODE = "code"
_NAME = re.compile(r"[^:\s][^:]*")


@dataclass(frozen=True)
class ModelInfo:
    """What :func:`log_model` kept, and where."""

    model_uri: str
    """Its address: ``runs:/<run>/<name>``."""
    run_id: str
    name: str
    metadata: Model
    version: int | None = None
    """Of the registered model, where it was registered."""

    @property
    def signature(self) -> Signature | None:
        """The model's signature."""
        return self.metadata.signature

    @property
    def flavors(self) -> dict[str, dict[str, Any]]:
        """The entries of ``MLmodel``."""
        return self.metadata.flavors

    @property
    def model_uuid(self) -> str | None:
        """The model's own id."""
        return self.metadata.model_uuid

    @property
    def artifact_path(self) -> str:
        """Where it is among the run's artifacts."""
        return self.name

    @property
    def registered_model_version(self) -> int | None:
        """The version, by MLflow's name."""
        return self.version

    @property
    def saved_input_example_info(self) -> dict[str, Any] | None:
        """What ``MLmodel`` says of the example."""
        return self.metadata.saved_input_example_info


def save_model(
    model: Any,
    path: str | Path,
    *,
    flavor: str | None = None,
    signature: Signature | bool | None = None,
    input_example: Any = None,
    requirements: Sequence[str] | None = None,
    extra_requirements: Sequence[str] = (),
    code_paths: Sequence[str | Path] | None = None,
    metadata: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    **options: Any,
) -> Model:
    """Save a model to a folder, which MLflow can open too.

    Parameters
    ----------
    model
        An estimator, booster, module, graph …; any object with ``predict``; or a function of the data.
    path
        The folder to make; it may be there and empty.
    flavor
        Its name, where the model isn't to be told by what it is.
    signature
        From :func:`jtrack.models.infer_signature`; by default inferred from the example, ``False`` for none.
    input_example
        A few rows that the model can predict, or a pair of them and params. It is kept beside the model.
    requirements
        Lines of ``requirements.txt``; by default what loading and predicting really imports, found in a fresh process.
    extra_requirements
        Lines to add to those found.
    code_paths
        Modules and packages that the model needs and that are not installed; copied along.
    metadata
        Anything else to keep in ``MLmodel``.
    options
        Of the flavor: ``serialization_format``, ``pyfunc_predict_fn`` …

    Raises
    ------
    InvalidModelError
        No flavor knows the model, it can't be written, or it doesn't open again.
    InvalidInputError
        An argument can't be taken, or the folder has something in it.
    """
    target = Path(path).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInputError(f"{target} has something in it", "a model gets a folder of its own")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.draft")
    draft.mkdir()
    try:
        example = None if input_example is None else InputExample.of(input_example)
        saved, chosen = _write_files(model, draft, flavor, example, code_paths, options)
        manifest = Model(
            flavors=_flavors(chosen, saved, draft),
            run_id=run_id,
            artifact_path=artifact_path,
            metadata=None if metadata is None else dict(metadata),
            saved_input_example_info=None if example is None else example.save(draft),
        )
        manifest.save(draft)
        manifest = _with_signature(manifest, draft, signature, example)
        manifest.save(draft)
        if requirements is None:
            requirements = list(saved.packages)
            if saved.python_function:
                find = partial(infer_requirements, draft, saved.packages)
                # Code that came along may import anything.
                requirements = find() if code_paths else shared_requirements(manifest, chosen, saved, model, find)
        write_environment(draft, [*requirements, *extra_requirements])
        manifest = replace(manifest, model_size_bytes=_size_of(draft))
        manifest.save(draft)
        if target.is_dir():
            target.rmdir()
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def log_model(
    model: Any,
    name: str = "model",
    *,
    artifact_path: str | None = None,
    registered_model_name: str | None = None,
    **options: Any,
) -> ModelInfo:
    """Keep a model with the active run; starts a run where none is active.

    Parameters
    ----------
    name
        Of its folder among the run's artifacts.
    artifact_path
        MLflow's older word for ``name``.
    registered_model_name
        Registers it too, as the next version of this model.
    options
        As of :func:`save_model`.

    Returns
    -------
    ModelInfo
        With its address, ``model_uri``, for :func:`load_model`, :func:`register_model` and :func:`serve`.
    """
    from jtrack import tracking

    name = artifact_path or name
    if not _NAME.fullmatch(str(name)):
        raise InvalidInputError(f"a model's folder can't be named {name!r}", "log_model(model, 'model')")
    if registered_model_name is not None:
        from jtrack.registry.names import check_model_name

        check_model_name(registered_model_name)
    run = tracking.find_active_run() or tracking.start_run()
    run_id = run.info.run_id
    with tempfile.TemporaryDirectory(prefix="jtrack-model-") as folder:
        place = Path(folder) / "model"
        manifest = save_model(model, place, run_id=run_id, artifact_path=name, **options)
        run.log_artifacts(place, name)
    info = ModelInfo(f"runs:/{run_id}/{name}", run_id, name, manifest)
    if registered_model_name is None:
        return info
    from jtrack.registry.versions import register_model

    return replace(info, version=int(register_model(info.model_uri, registered_model_name).version))


def _write_files(
    model: Any,
    draft: Path,
    flavor: str | None,
    example: InputExample | None,
    code_paths: Sequence[str | Path] | None,
    options: dict[str, Any],
) -> tuple[Saved, Flavor]:
    chosen = get_flavor(flavor) if flavor else find_flavor(model)
    _copy_code(code_paths or (), draft / _CODE)
    if example is not None and getattr(chosen, "takes_example", False):
        options = {"input_example": example.data, **options}
    saved = chosen.save(model, draft, **options)
    if saved.loader is not None:
        name, source = saved.loader
        (draft / _CODE).mkdir(exist_ok=True)
        (draft / _CODE / f"jtrack_{name}.py").write_text(source, encoding="utf-8")
    return saved, chosen


def _copy_code(paths: Sequence[str | Path], target: Path) -> None:
    if isinstance(paths, str | Path):
        raise InvalidInputError("code_paths is a list of paths", f"code_paths=[{str(paths)!r}]")
    for path in map(Path, paths):
        target.mkdir(exist_ok=True)
        if path.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")
            shutil.copytree(path, target / path.name, ignore=ignored)
        elif path.is_file():
            shutil.copy2(path, target / path.name)
        else:
            raise InvalidInputError(f"there is no {path}", "code_paths are files and folders of Python modules")


def _flavors(flavor: Flavor, saved: Saved, draft: Path) -> dict[str, dict[str, Any]]:
    """Lay out the entries of ``MLmodel``: the flavor's own, and the one that anything can predict through."""
    code = _CODE if (draft / _CODE).is_dir() else None
    found: dict[str, dict[str, Any]] = {}
    if flavor.name != PYTHON_FUNCTION:
        found[flavor.name] = {"code": code, **saved.conf}
    if saved.python_function is not None:
        loader = {} if saved.loader is None else {"loader_module": f"jtrack_{saved.loader[0]}"}
        found[PYTHON_FUNCTION] = {
            "code": code,
            "env": {"conda": CONDA_FILE, "virtualenv": PYTHON_ENV_FILE},
            "python_version": platform.python_version(),
            **({} if flavor.name != PYTHON_FUNCTION else saved.conf),
            **saved.python_function,
            **loader,
        }
    return found


def _with_signature(
    manifest: Model, draft: Path, asked: Signature | bool | None, example: InputExample | None
) -> Model:
    """Take the signature that was given, or infer it from what the saved model predicts for the example."""
    if isinstance(asked, Signature):
        return replace(manifest, signature=asked)
    if asked is False or example is None:
        return manifest
    from jtrack.registry.load import open_folder

    bare = infer_signature(example.data, None, example.params)
    if PYTHON_FUNCTION not in manifest.flavors:
        return replace(manifest, signature=bare)
    try:
        found = open_folder(draft, trust=True).predict_unchecked(example.data, example.params)
    except JTrackError:
        raise
    except Exception as error:  # the model's own
        raise InvalidModelError(
            f"the model can't predict its own example: {(str(error) or type(error).__name__).splitlines()[0]}",
            "give rows that it can predict as input_example=",
        ) from error
    try:
        return replace(manifest, signature=infer_signature(example.data, found, example.params))
    except InvalidInputError:  # what it predicts has no type that a signature knows
        return replace(manifest, signature=bare)


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "MLmodel")
