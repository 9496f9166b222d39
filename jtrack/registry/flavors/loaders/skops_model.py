"""Loads a scikit-learn model that was saved by skops; stands beside the model for an MLflow that knows no skops."""

from __future__ import annotations

from typing import Any


def _load_pyfunc(path: str) -> Any:
    import skops.io

    # Who runs code that came with a model has decided to trust it: its types are no further question.
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
