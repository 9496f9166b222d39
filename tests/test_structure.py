"""The house rules of jtrack, read off the syntax trees: who may import whom, how long things may be.

There is no list of exceptions. What breaks a rule is moved or split; a new room gets its place in ``MAY_IMPORT``.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(60)

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jtrack"
FILE_CAP, BODY_CAP = 500, 60

VALUES = {"_version", "direction", "entities", "errors", "settings", "values"}
STORE = VALUES | {"store"}
TRACKING = STORE | {"tracking", "queries", "tables"}
WORK = TRACKING | {"capture", "sweeps", "registry"}
BUILT = WORK | {"projects", "recipes", "evaluation", "gateway", "interop"}
PANELS = BUILT | {"widgets"}
FACES = PANELS | {"commands", "demo"}

# A room is a package or a module right below jtrack/; __init__ is the front door and may open every room.
MAY_IMPORT = {
    **dict.fromkeys(VALUES, VALUES),
    "store": STORE,
    **dict.fromkeys(["tracking", "queries", "tables"], TRACKING),
    **dict.fromkeys(["capture", "sweeps", "registry"], WORK),
    **dict.fromkeys(["projects", "recipes", "evaluation", "gateway", "interop"], BUILT),
    "widgets": PANELS,
    "models": PANELS,
    # jtrack.<flavor>: MLflow's modules of these names.
    **dict.fromkeys("keras lightgbm onnx pyfunc pytorch sklearn statsmodels tensorflow xgboost".split(), WORK),
    "client": BUILT | {"client"},
    **dict.fromkeys(["commands", "demo"], FACES),
    **{face: FACES | {face} for face in ("magics", "cli", "server")},
    "__init__": FACES | {"magics", "cli", "server"},
}

HOME = {
    "duckdb": "store",
    "IPython": "magics",
    "anywidget": "widgets",
    "ipywidgets": "widgets",
    "plotly": "widgets",
    "hyperopt": "sweeps",
    "sklearn": "registry",
    "starlette": "registry",
    "uvicorn": "registry",
}

NOT_LOADED_BY_IMPORT = {*HOME, "matplotlib", "numpy", "pandas", "polars", "pyarrow", "traitlets", "yaml"}


def python_files() -> list[Path]:
    return sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")])


def package_files() -> list[Path]:
    return [path for path in python_files() if path.is_relative_to(PACKAGE)]


def typescript_files() -> list[Path]:
    return sorted(path for path in (ROOT / "labextension" / "src").rglob("*") if path.suffix in {".ts", ".tsx"})


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def shown(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below ``node`` but those in ``if TYPE_CHECKING:``, which never run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for otherwise in child.orelse:
                yield otherwise
                yield from running_nodes(otherwise)
            continue
        yield child
        yield from running_nodes(child)


def imported_modules(path: Path, nodes: Iterator[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and full name of every module imported by ``nodes``."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) + "." if node.level else ""
            module = (above + (node.module or "")).rstrip(".")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    return imported_modules(path, running_nodes(tree_of(path)))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function, clean=False) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_every_room_has_a_place_in_the_arrows() -> None:
    assert sorted({room_of(path) for path in package_files()} - MAY_IMPORT.keys()) == []


def test_imports_follow_the_arrows() -> None:
    wrong = []
    for path in package_files():
        for line, module in imports_of(path):
            package, _, below = module.partition(".")
            room = below.split(".")[0]
            if package == "jtrack" and room not in MAY_IMPORT.get(room_of(path), set()):
                # A name that is no room at all came through the front door, which loads every room behind it.
                wrong.append(f"{shown(path, line)} imports {module}")
    assert wrong == []


def test_each_heavy_dependency_has_one_home() -> None:
    wrong = [
        f"{shown(path, line)} imports {module}, whose home is {HOME[module.split('.')[0]]}"
        for path in package_files()
        for line, module in imports_of(path)
        if HOME.get(module.split(".")[0], room_of(path)) != room_of(path)
    ]
    assert wrong == []


def test_values_and_the_write_path_import_only_the_standard_library() -> None:
    wrong = []
    for path in package_files():
        if room_of(path) in VALUES | {"tracking", "__init__"}:
            at_import = iter([node for node in tree_of(path).body if isinstance(node, ast.Import | ast.ImportFrom)])
            for line, module in imported_modules(path, at_import):
                if module.split(".")[0] not in {*sys.stdlib_module_names, "jtrack"}:
                    wrong.append(f"{shown(path, line)} imports {module}")
    assert wrong == []


def test_importing_jtrack_loads_nothing_heavy() -> None:
    code = "import sys, jtrack; print(jtrack.__file__); print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    file, loaded = done.stdout.splitlines()
    assert Path(file) == PACKAGE / "__init__.py"
    assert sorted(NOT_LOADED_BY_IMPORT & set(loaded.split())) == []


def test_no_file_is_longer_than_the_cap() -> None:
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in [*python_files(), *typescript_files()]}
    assert [f"{shown(path, n)} is over {FILE_CAP} lines" for path, n in lines.items() if n > FILE_CAP] == []


def test_no_body_is_longer_than_the_cap() -> None:
    wrong = [
        f"{shown(path, function.lineno)} {function.name} has a body of {body_lines(function)} lines"
        for path in python_files()
        for function in functions_of(path)
        if body_lines(function) > BODY_CAP
    ]
    assert wrong == []


def test_every_file_opens_with_what_it_is() -> None:
    silent = [path for path in python_files() if tree_of(path).body and ast.get_docstring(tree_of(path)) is None]
    silent += [path for path in typescript_files() if not path.read_text(encoding="utf-8").startswith(("//", "/*"))]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_there_is_one_version() -> None:
    stated = [path for path in package_files() if "__version__ = " in path.read_text(encoding="utf-8")]
    assert [path.name for path in stated] == ["_version.py"]


def test_the_rules_of_jupyterlabs_areas_reach_no_panel() -> None:
    # One stylesheet holds both, and a panel may be shown in a page that has it.
    own = re.compile(r"\.(?:jtrack-|jt-side|jp-RenderedPlotly)[\w-]*")  # no panel stands in a plotly figure
    wrong = []
    for path in sorted((ROOT / "labextension" / "src" / "lab" / "style").glob("*.css")):
        css = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for group in re.findall(r"(?<=[{}])([^{}@]+)\{", "}" + css):
            for selector in re.split(r",(?![^()]*\))", group):
                if not own.search(selector):
                    wrong.append(f"{path.name}: {' '.join(selector.split())}")
    assert wrong == []
    drawn = " ".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "labextension" / "src" / "panels").rglob("*.ts")
    )
    assert re.findall(r"jt-side[\w-]*", drawn) == []
