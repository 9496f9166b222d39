"""Holds data against a model's signature without opening the model: ``jtrack.models.validate``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jtrack.errors import InvalidModelError, SignatureError
from jtrack.registry.enforce import enforce_inputs, enforce_params
from jtrack.registry.model import Model
from jtrack.registry.signature import Signature


def validate(model: Any, data: Any, params: Mapping[str, Any] | None = None) -> Any:
    """Hold data and params against what a model takes; nothing of the model is opened.

    Parameters
    ----------
    model
        Any address of a model, or a signature.
    data
        A data frame, array, dictionary or list, as for ``predict``.

    Returns
    -------
    Any
        The data as the model would get them: columns in order, types widened.

    Raises
    ------
    SignatureError
        Data or params don't fit; its ``faults`` has every fault.
    InvalidModelError
        The model has no signature.
    NotFoundError
        There is no such model.
    """
    signature = model if isinstance(model, Signature) else _signature_of(model)
    faults: list[str] = []
    fit = None
    try:
        fit = enforce_inputs(data, signature)
    except SignatureError as error:
        faults += error.faults
    try:
        enforce_params(params, signature)
    except SignatureError as error:
        faults += error.faults
    if faults:
        raise SignatureError(faults, f"the model takes {signature.inputs}")
    return fit


def _signature_of(model: Any) -> Signature:
    from jtrack.registry.addresses import locate_model

    found = locate_model(model)
    signature = Model.load(found.path).signature
    if signature is None:
        raise InvalidModelError(
            f"{found.uri} has no signature, so that anything may go into it",
            "log it with input_example=X[:5], which gives it one",
        )
    return signature
