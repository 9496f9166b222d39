"""A model folder's manifest, the file ``MLmodel``: read as MLflow wrote it, written as MLflow reads it.

Keys that are not known here are kept as they are, so that what a newer MLflow wrote survives being read and
written again. Needs only the standard library and yaml.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jtrack._version import __version__
from jtrack.errors import FlavorNotFoundError, InvalidModelError, ModelNotFoundError
from jtrack.registry.signature import Signature

MLMODEL_FILE = "MLmodel"
PYTHON_FUNCTION = "python_function"


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


@dataclass(frozen=True)
class Model:
    """One ``MLmodel`` file.

    Parameters
    ----------
    flavors
        What is needed to load the model, for each flavor that it has; ``python_function`` is the one that any
        of them can be used through.
    utc_time_created
        As MLflow writes it: ``2026-01-31 12:00:00.123456``.
    model_size_bytes
        Of all files together, without ``MLmodel`` itself.
    extra
        Keys that have no field here.
    """

    flavors: dict[str, dict[str, Any]] = field(default_factory=dict)
    signature: Signature | None = None
    run_id: str | None = None
    artifact_path: str | None = None
    model_uuid: str | None = field(default_factory=lambda: uuid.uuid4().hex)
    utc_time_created: str = field(default_factory=_now)
    metadata: dict[str, Any] | None = None
    saved_input_example_info: dict[str, Any] | None = None
    model_size_bytes: int | None = None
    mlflow_version: str | None = None
    jtrack_version: str | None = __version__
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: str | Path) -> Model:
        """Read the manifest of a model folder.

        Raises
        ------
        ModelNotFoundError
            There is no such folder, or no ``MLmodel`` in it.
        InvalidModelError
            The file is not what MLflow writes.
        """
        import yaml

        file = Path(folder) / MLMODEL_FILE
        try:
            text = file.read_text(encoding="utf-8")
        except OSError:
            raise ModelNotFoundError(folder, hint=f"a model is a folder with a file {MLMODEL_FILE!r} in it") from None
        except UnicodeDecodeError:
            raise InvalidModelError(f"{file} is not a text") from None
        try:
            return cls.from_dict(yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise InvalidModelError(f"{file} is not YAML: {str(error).splitlines()[0]}") from None
        except InvalidModelError as error:
            raise InvalidModelError(f"{file}: {error.message}", error.hint) from None

    @classmethod
    def from_dict(cls, form: Any) -> Model:
        """Make a manifest of what the YAML says."""
        if not isinstance(form, Mapping) or not isinstance(form.get("flavors"), Mapping):
            raise InvalidModelError("it names no flavors", "MLflow writes: flavors: {sklearn: …, python_function: …}")
        known = {one.name for one in fields(cls)} - {"extra", "signature"}
        values = {name: value for name, value in form.items() if name in known}
        values.setdefault("model_uuid", None)
        values.setdefault("jtrack_version", None)
        values["utc_time_created"] = str(form.get("utc_time_created") or "")
        values["flavors"] = {name: dict(conf or {}) for name, conf in form["flavors"].items()}
        signature = form.get("signature")
        return cls(
            **values,
            signature=None if signature is None else Signature.from_dict(signature),
            extra={name: value for name, value in form.items() if name not in known and name != "signature"},
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the form of the YAML, without what is not known."""
        form: dict[str, Any] = {
            one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("extra", "signature")
        }
        form |= self.extra
        if self.signature is not None:
            form["signature"] = self.signature.to_dict()
            form.setdefault("is_signature_from_type_hint", False)
            form.setdefault("type_hint_from_example", False)
        return {name: value for name, value in form.items() if value is not None}

    def save(self, folder: str | Path) -> None:
        """Write the manifest into a model folder."""
        import yaml

        text = yaml.safe_dump(self.to_dict(), default_flow_style=False, allow_unicode=True)
        (Path(folder) / MLMODEL_FILE).write_text(text, encoding="utf-8")

    def changed(self, **values: Any) -> Model:
        """Return the manifest with other values for some fields."""
        return replace(self, **values)

    def conf(self, flavor: str) -> dict[str, Any]:
        """Get the entry of one flavor.

        Raises
        ------
        FlavorNotFoundError
            The model doesn't have it; the hint lists those that it has.
        """
        if flavor not in self.flavors:
            raise FlavorNotFoundError(flavor, self.flavors)
        return self.flavors[flavor]

    def get_input_schema(self) -> Any:
        """Get the schema of the inputs; ``None`` where nobody stated one. MLflow's name for ``signature.inputs``."""
        return None if self.signature is None else self.signature.inputs

    def get_output_schema(self) -> Any:
        """Get the schema of the outputs; ``None`` where nobody stated one."""
        return None if self.signature is None else self.signature.outputs

    def get_params_schema(self) -> Any:
        """Get the schema of the params; ``None`` where there are none."""
        return None if self.signature is None else self.signature.params
