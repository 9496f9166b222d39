"""``jtrack.sklearn``: saves, logs and loads models of this flavor, as MLflow's module of that name does."""

from __future__ import annotations

from jtrack.registry.faces import face_of

__all__ = ["load_model", "log_model", "save_model"]

save_model, log_model, load_model = face_of("sklearn", "sk_model")
