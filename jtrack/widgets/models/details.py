"""What a version's model folder says of it: flavor, signature, size, requirements; and which of it differs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from jtrack.entities import ModelVersion
from jtrack.errors import JTrackError
from jtrack.registry.addresses import locate_version
from jtrack.widgets.compare.details import ComparedText
from jtrack.widgets.format import format_bytes

_REQUIREMENT = re.compile(r"([\w.\-]+(?:\[[^\]]*\])?)\s*(.*)")
_MOST_BYTES = 100_000

Texts = dict[str, str]


def read_details(versions: Sequence[ModelVersion]) -> tuple[tuple[ComparedText, ...], tuple[tuple[str, str], ...]]:
    """Read the folders of versions; gives what differs between them, then what they have alike."""
    found = [_texts(version) for version in versions]
    keys = dict.fromkeys(key for texts in found for key in texts)
    differing, same = [], []
    for key in keys:
        texts = tuple(each.get(key) for each in found)
        if len(set(texts)) == 1 and texts[0] is not None:
            same.append((key, texts[0]))
        else:
            differing.append(ComparedText(key, False, texts))
    return tuple(differing), tuple(same)


def _texts(version: ModelVersion) -> Texts:
    from jtrack.registry.model import Model

    try:
        folder = locate_version(version).path
        model = Model.load(folder)
    except JTrackError as error:  # a version whose model is gone is still shown, with its reason
        return {"model": error.message}
    texts = {"flavor": ", ".join(name for name in model.flavors if name != "python_function") or "python_function"}
    if model.signature is not None:
        parts = {"inputs": model.signature.inputs, "outputs": model.signature.outputs, "params": model.signature.params}
        texts |= {f"signature {name}": str(part) for name, part in parts.items() if part is not None}
    if model.model_size_bytes is not None:
        texts["size"] = format_bytes(model.model_size_bytes)
    return texts | _requirements(folder)


def _requirements(folder: Path) -> Texts:
    file = folder / "requirements.txt"
    if not file.is_file() or file.stat().st_size > _MOST_BYTES:
        return {}
    lines = [line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    parts = [_REQUIREMENT.fullmatch(line) for line in lines if line and not line.startswith(("#", "-"))]
    return {f"requires {part[1]}": part[2].removeprefix("==") or "any" for part in parts if part is not None}
