"""``jtrack.models``: what MLflow's module of that name has, and the registry's panel when it is called.

A module can be called once its class says how (the data model's "customizing module attribute access"), so that
``jtrack.models("churn")`` and ``from jtrack.models import infer_signature`` are both what they read like.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jtrack.registry.model import Model
    from jtrack.registry.serving.recorded import load_requests, replay_requests
    from jtrack.registry.signature import Signature as ModelSignature
    from jtrack.registry.signature import infer_signature
    from jtrack.registry.validate import validate
    from jtrack.widgets.models.panel import ModelsPanel

# Name → its home, and what it is called there.
_HOMES = {
    "Model": ("jtrack.registry.model", "Model"),
    "ModelSignature": ("jtrack.registry.signature", "Signature"),
    "infer_signature": ("jtrack.registry.signature", "infer_signature"),
    "load_requests": ("jtrack.registry.serving.recorded", "load_requests"),
    "replay_requests": ("jtrack.registry.serving.recorded", "replay_requests"),
    "validate": ("jtrack.registry.validate", "validate"),
}

__all__ = ["Model", "ModelSignature", "infer_signature", "load_requests", "replay_requests", "validate"]


class _Models(ModuleType):
    """The module's class: names are bound when they are first asked for."""

    def __call__(self, name: str | None = None) -> ModelsPanel:
        """Show what is registered; see :func:`jtrack.widgets.models.panel.models`."""
        from jtrack.widgets.models.panel import models

        return models(name)

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'jtrack.models' has no attribute {name!r}")
        home, own_name = _HOMES[name]
        return getattr(importlib.import_module(home), own_name)

    def __dir__(self) -> list[str]:
        return sorted(__all__)


sys.modules[__name__].__class__ = _Models
