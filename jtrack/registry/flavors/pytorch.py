"""PyTorch: as a graph by ``torch.export`` where the model can be traced with an example; else pickled, and marked so.

A graph needs neither the model's class nor its source, which a notebook's models would have to bring along. It is
kept only if it gives the module's own answers, for one row too. torch evaluates expressions that a graph's file brings,
so that one from elsewhere has to be trusted like a pickle.
"""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.flavors import Loaded, Saved, check_options, is_of
from jtrack.registry.flavors.calls import first_line
from jtrack.registry.flavors.loaders import torch_model
from jtrack.registry.flavors.pickles import check_trust, write_content

FORMATS = ("pt2", "pickle")
_FOLDER, _GRAPH, _PICKLE = "data", "model.pt2", "model.pth"
# What MLflow imports to open the pickle; it is cloudpickle under a name of its own.
_PICKLE_MODULE = "mlflow.pytorch.pickle_module"


class PytorchFlavor:
    """``torch.nn.Module``."""

    name = "pytorch"
    takes_example = True

    def knows(self, model: object) -> bool:
        """Tell by the base class of all modules."""
        return is_of(model, "torch", "Module")

    def save(self, model: Any, folder: Path, **options: Any) -> Saved:
        """Save a module.

        Options: ``serialization_format`` (``"pt2"`` or ``"pickle"``; by default the first that can hold it),
        ``export_model`` (MLflow's older word for ``"pt2"``), ``input_example``, which a graph is traced with.
        """
        check_options(self.name, options, ("serialization_format", "export_model", "input_example"))
        asked = options.get("serialization_format") or ("pt2" if options.get("export_model") else None)
        if asked not in (None, *FORMATS):
            raise InvalidInputError(f"no serialization format {asked!r}", "one of " + ", ".join(FORMATS))
        (folder / _FOLDER).mkdir()
        if asked != "pickle":
            problem = _save_graph(model, folder / _FOLDER / _GRAPH, options.get("input_example"))
            if problem is None:
                return _saved_graph()
            if asked == "pt2":
                raise InvalidModelError(f"torch.export can't hold this model: {problem}", _hint(options))
        _save_pickle(model, folder / _FOLDER)
        return _saved_pickle()

    def load(self, folder: Path, conf: Mapping[str, Any], *, trust: bool) -> Loaded:
        """Load a graph or a pickled module, to where a GPU is if there is one."""
        place = folder / str(conf.get("model_data", _FOLDER))
        files = [place / name for name in (_PICKLE, _GRAPH)] if place.is_dir() else [place]
        file = next((one for one in files if one.is_file()), None)
        if file is None:
            raise InvalidModelError(f"{place} has neither {_PICKLE} nor {_GRAPH}")
        content = file.read_bytes()
        what = "a graph that torch evaluates" if file.suffix == ".pt2" else "a pickle"
        check_trust(content, f"{file.name} is {what}", trust=trust, folder=folder)
        try:
            module = _read(content, is_graph=file.suffix == ".pt2")
        except Exception as error:  # torch's readers raise what they meet: zip, pickle and import errors
            raise InvalidModelError(
                f"torch can't open {file}: {first_line(error)}",
                f"it was made with what {folder / 'requirements.txt'} says",
            ) from error
        return Loaded(module, torch_model.TorchCaller(module).predict)


def _saved_graph() -> Saved:
    import torch

    return Saved(
        conf={"model_data": _FOLDER, "pytorch_version": str(torch.__version__)},
        python_function={"loader_module": "mlflow.pytorch", "data": _FOLDER},
        serialization="pt2",
        packages=("torch",),
        loader=("torch_model", Path(torch_model.__file__).read_text(encoding="utf-8")),
    )


def _saved_pickle() -> Saved:
    import torch

    return Saved(
        conf={"model_data": _FOLDER, "pytorch_version": str(torch.__version__)},
        python_function={
            "loader_module": "mlflow.pytorch",
            "data": _FOLDER,
            "pickle_module_name": _PICKLE_MODULE,
            "config": {"device": None},
        },
        serialization="cloudpickle",
        is_pickle=True,
        packages=("torch", "cloudpickle"),
    )


def _save_graph(model: Any, file: Path, example: Any) -> str | None:
    """Write the graph of a module; tells why it couldn't be done, and then leaves nothing behind."""
    import torch

    if example is None:
        return "there is no input example to trace it with"
    if isinstance(model, torch.jit.ScriptModule):
        return "it is TorchScript"
    try:
        module = copy.deepcopy(model).cpu().eval()  # the user's own stays in training, and where it is
        arguments = _arguments(example)
        shapes = tuple({0: torch.export.Dim.AUTO} if one.dim() else None for one in arguments)
        program = torch.export.export(module, arguments, dynamic_shapes=shapes)
        content = io.BytesIO()
        torch.export.save(program, content)
        _check_same(_read(content.getvalue(), is_graph=True, device="cpu"), module, arguments)
    except Exception as error:  # what can't be traced is told by errors of torch's many inner parts
        return first_line(error)
    write_content(content.getvalue(), file)
    return None


def _arguments(example: Any) -> tuple[Any, ...]:
    """Make tensors of an example, with at least two rows: torch takes a single row for a constant."""
    import torch

    if hasattr(example, "iloc"):
        example = example.to_numpy(dtype="float32")
    if isinstance(example, Mapping):
        raise InvalidInputError("a graph's inputs have an order, and a dictionary's names are lost")
    several = example if isinstance(example, tuple | list) else (example,)
    tensors = [torch_model.as_tensor(one).cpu() for one in several]
    return tuple(torch.cat([one, one]) if one.dim() and len(one) == 1 else one for one in tensors)


def _check_same(graph: Any, module: Any, arguments: tuple[Any, ...]) -> None:
    """Raise where the graph answers differently: it holds one way through the code, that of the example."""
    import torch

    for rows in (None, 1, 3):
        given = tuple(one if rows is None or not one.dim() else _rows(one, rows) for one in arguments)
        with torch.no_grad():
            torch.testing.assert_close(graph(*given), module(*given), equal_nan=True)


def _rows(tensor: Any, count: int) -> Any:
    import torch

    return torch.cat([tensor] * (count // len(tensor) + 1))[:count]


def _save_pickle(model: Any, folder: Path) -> None:
    import cloudpickle
    import torch

    content = io.BytesIO()
    module = SimpleNamespace(__name__="cloudpickle", Pickler=cloudpickle.CloudPickler)
    try:
        if isinstance(model, torch.jit.ScriptModule):
            torch.jit.save(model, content)
        else:
            torch.save(model, content, pickle_module=module)
    except Exception as error:  # pickle's, torch's and those of the module's own reducers
        raise InvalidModelError(f"the {type(model).__name__} can't be pickled: {first_line(error)}") from error
    write_content(content.getvalue(), folder / _PICKLE)
    (folder / "pickle_module_info.txt").write_text(_PICKLE_MODULE, encoding="utf-8")


def _read(content: bytes, *, is_graph: bool, device: str | None = None) -> Any:
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if is_graph:
        program = torch.export.load(io.BytesIO(content))
        if device != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, device)
        return program.module()
    if _is_torchscript(content):
        return torch.jit.load(io.BytesIO(content), map_location=device).eval()
    # The devices of the machine that saved it may not be here.
    return torch.load(io.BytesIO(content), map_location=device, weights_only=False).eval()


def _is_torchscript(content: bytes) -> bool:
    """Tell TorchScript's zip from that of a pickle, as torch does."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _hint(options: Mapping[str, Any]) -> str:
    if options.get("input_example") is None:
        return "give input_example=, some rows of what the model gets"
    return "serialization_format='pickle' keeps it, as a pickle"
