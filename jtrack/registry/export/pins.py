"""What a package needs installed: to predict, what loading its model was seen to import; to train, what it says.

Versions are those installed here, so that the package behaves elsewhere as it did in the notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from importlib import metadata
from pathlib import Path

from jtrack.registry.export.modules import distributions, imported_names
from jtrack.registry.requirements import requirement_name

_NOT_NEEDED = {"jtrack", "mlflow", "mlflow-skinny"}


def prediction_pins(model_folder: Path, extra: Iterable[str] = ()) -> tuple[str, ...]:
    """Read what the model's folder asks for, without trackers; ``extra`` names further modules that are imported."""
    file = model_folder / "requirements.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    pins = [line.strip() for line in lines if line.strip() and not line.startswith(("#", "-"))]
    pins = [pin for pin in pins if requirement_name(pin) not in _NOT_NEEDED]
    known = {requirement_name(pin) for pin in pins}
    return (*pins, *(pin for pin in pins_of(extra) if requirement_name(pin) not in known))


def training_pins(program: str, own: Collection[str], known: Iterable[str]) -> tuple[str, ...]:
    """Pin what a program imports, beyond what is pinned already."""
    names = imported_names(program) - set(own) - set(sys.stdlib_module_names)
    already = {requirement_name(pin) for pin in known}
    return tuple(pin for pin in pins_of(sorted(names)) if requirement_name(pin) not in already)


def pins_of(modules: Iterable[str]) -> list[str]:
    """Pin the distributions that modules come from; a module of nobody's is left out."""
    found: list[str] = []
    for module in modules:
        for distribution in distributions().get(module, [])[:1]:
            try:
                found.append(f"{distribution}=={metadata.version(distribution)}")
            except metadata.PackageNotFoundError:
                continue
    return list(dict.fromkeys(found))
