"""Calls a PyTorch module with a data frame or arrays; loads one that was saved by ``torch.export``.

Stands beside such a model for an MLflow that knows only pickled modules.
"""

from __future__ import annotations

import os
from typing import Any


class TorchCaller:
    """A module with ``predict``, on the device where its weights are."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict for a data frame (as float32), an array, a dictionary of arrays (by argument) or several arrays.

        A data frame gives a data frame; anything else what the module gives, its tensors as arrays.
        """
        import torch

        if hasattr(data, "iloc"):
            data, index = data.to_numpy(dtype="float32"), data.index
        else:
            index = None
        with torch.no_grad():
            found = _arrays(self._call(data, params or {}))
        return found if index is None else _frame(found, index)

    def _call(self, data: Any, params: dict[str, Any]) -> Any:
        weight = next(iter([*self.module.parameters(), *self.module.buffers()]), None)
        device = "cpu" if weight is None else weight.device
        if isinstance(data, dict):
            return self.module(**{name: as_tensor(value).to(device) for name, value in data.items()}, **params)
        several = data if isinstance(data, tuple | list) else (data,)
        return self.module(*(as_tensor(value).to(device) for value in several), **params)


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> TorchCaller:
    import torch

    return TorchCaller(torch.export.load(os.path.join(path, "model.pt2")).module())


def as_tensor(value: Any) -> Any:
    """Make a tensor; of a copy where the array may not be written to, as pandas' may not."""
    import torch

    writeable = getattr(getattr(value, "flags", None), "writeable", True)
    return torch.as_tensor(value if writeable else value.copy())


def _arrays(found: Any) -> Any:
    if hasattr(found, "numpy"):
        return found.cpu().numpy()
    if isinstance(found, dict):
        return {name: _arrays(value) for name, value in found.items()}
    if isinstance(found, tuple | list):
        return type(found)(map(_arrays, found)) if type(found) in (tuple, list) else tuple(map(_arrays, found))
    return found


def _frame(found: Any, index: Any) -> Any:
    import pandas as pd

    return pd.DataFrame(found, index=index)
