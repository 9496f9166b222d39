"""Modules that lie beside the notebook: which a program uses, and the program with them as parts of a package.

A module is the user's own when it is neither Python's nor a distribution's, wherever on the path it was found.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from jtrack.capture.literals import parse_python


@dataclass(frozen=True, slots=True)
class OwnModule:
    """A module, or a package, of the user's own."""

    name: str
    path: Path

    @property
    def is_package(self) -> bool:
        """Whether it is a folder."""
        return self.path.name == "__init__.py"

    def sources(self) -> list[Path]:
        """Its files of Python."""
        return sorted(self.path.parent.rglob("*.py")) if self.is_package else [self.path]

    def copy_to(self, folder: Path, names: Collection[str], package: str) -> None:
        """Copy it into a package, with its imports of such modules made those of the package's."""
        if not self.is_package:
            _copy(self.path, folder / f"{self.name}.py", names, package)
            return
        target = folder / self.name
        shutil.copytree(self.path.parent, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for file in target.rglob("*.py"):
            _copy(file, file, names, package)


def own_modules(names: Iterable[str]) -> dict[str, OwnModule]:
    """Find those of the imported modules ``names`` that are the user's own, and those that these import in turn."""
    found: dict[str, OwnModule] = {}
    waiting = {name.partition(".")[0] for name in names}
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if name in found or file is None or not is_own_module(name) or not str(file).endswith(".py"):
            continue
        found[name] = OwnModule(name, Path(file))
        for source in found[name].sources():
            waiting |= imported_names(source.read_text(encoding="utf-8", errors="replace"))
    return found


def is_own_module(name: str) -> bool:
    """Say whether a module is nobody's but the user's: not Python's, and of no distribution."""
    root = name.partition(".")[0]
    return root not in sys.stdlib_module_names and root not in distributions() and root != "__main__"


@cache
def distributions() -> dict[str, list[str]]:
    """Map the names that can be imported to the distributions that they come from."""
    return {name: list(found) for name, found in metadata.packages_distributions().items()}


def imported_names(source: str) -> set[str]:
    """Name the modules that a program imports, by their first parts; none of its own package."""
    module = parse_python(source)
    found: set[str] = set()
    for node in ast.walk(module) if module is not None else ():
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found


def with_own_imports(source: str, names: Collection[str], package: str) -> str:
    """Make a program import the modules ``names`` from ``package``; all else stays as it is."""
    module = parse_python(source)
    if module is None or not names:
        return source
    lines = source.splitlines(keepends=True)
    nodes = [node for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        text = _imports(node, names, package)
        if text is not None:
            _replace(lines, node, text)
    return "".join(lines)


def _imports(node: ast.Import | ast.ImportFrom, names: Collection[str], package: str) -> str | None:
    if isinstance(node, ast.ImportFrom):
        if node.level or not node.module or node.module.partition(".")[0] not in names:
            return None
        return ast.unparse(ast.ImportFrom(f"{package}.{node.module}", node.names, 0))
    if not any(alias.name.partition(".")[0] in names for alias in node.names):
        return None
    parts = []
    for alias in node.names:
        root, _, rest = alias.name.partition(".")
        if root not in names:
            parts.append(f"import {ast.unparse(ast.Import([alias])).removeprefix('import ')}")
        elif rest and alias.asname:
            parts.append(f"import {package}.{alias.name} as {alias.asname}")
        else:
            parts += [f"import {package}.{alias.name}"] if rest else []
            parts.append(f"from {package} import {root}" + (f" as {alias.asname}" if alias.asname else ""))
    return "; ".join(parts)


def _replace(lines: list[str], node: ast.stmt, text: str) -> None:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset or 0 :].decode()
    lines[first : last + 1] = [re.sub(r"\n+$", "", head) + text + (tail or "\n")]


def _copy(source: Path, target: Path, names: Collection[str], package: str) -> None:
    text = source.read_text(encoding="utf-8")
    target.write_text(with_own_imports(text, names, package), encoding="utf-8")
