"""Opens a model in a process of its own and tells what was imported, and by whom: ``python -m jtrack.registry.probe``.

Libraries import what they could make use of where it happens to be installed. Who asked for a module tells such a
liking from a need, so every import is noted as a pair.
"""

from __future__ import annotations

import builtins
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What these import by its name is named in a file of the model: a need of the model's, not of theirs.
_OPENERS = {"cloudpickle", "joblib", "jtrack", "pickle", "skops"}
BY_NAME = "by name"


class Imports:
    """Notes who imports what: pairs of the importing module's top name and the imported one's."""

    def __init__(self) -> None:
        self.pairs: set[tuple[str, str]] = set()

    def __enter__(self) -> Imports:
        self._statement, self._call = builtins.__import__, importlib.import_module
        builtins.__import__ = self._noting_statement(self._statement)
        importlib.import_module = self._noting_call(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        builtins.__import__, importlib.import_module = self._statement, self._call

    def _noting_statement(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:  # noqa: A002
            if level == 0:
                self._note(_importer(globals), name)
            return original(name, globals, locals, fromlist, level)

        return noting

    def _noting_call(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(name: str, package: str | None = None) -> Any:
            if not name.startswith("."):
                frame = sys._getframe(1)
                importer = _importer(frame.f_globals)
                self._note(BY_NAME if importer in _OPENERS else importer, name)
            return original(name, package)

        return noting

    def _note(self, importer: str, name: str) -> None:
        self.pairs.add((importer, name.partition(".")[0]))


def _importer(module: Any) -> str:
    """Give the top name of the module that these globals are of; empty where they are nobody's.

    What a compiled module imports while it is imported itself seems to be asked for by the functions above.
    """
    return "" if module is globals() else str((module or {}).get("__name__") or "").partition(".")[0]


def main() -> None:
    """Open the model in the folder that is the only argument, predict its example, and say what that took, as JSON."""
    from jtrack.registry.example import load_example_params, load_input_example
    from jtrack.registry.load import open_folder

    folder = Path(sys.argv[1])
    error = None
    with Imports() as imports:
        model = open_folder(folder, trust=True)
        example = load_input_example(folder)
        if example is not None:
            try:
                model.predict(example, load_example_params(folder))
            except Exception as caught:  # the model's own
                error = f"{type(caught).__name__}: {caught}"
    loaded = sorted({name.partition(".")[0] for name in sys.modules})
    sys.stdout.write("\n" + json.dumps({"imports": sorted(imports.pairs), "loaded": loaded, "error": error}) + "\n")


if __name__ == "__main__":
    main()
