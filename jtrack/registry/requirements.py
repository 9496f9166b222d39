"""What a model really needs: it is opened in a fresh process, predicts its example, and what that imported is pinned.

Distributions that another one found would bring along are left out, but for those whose version changes results, and
so is what a library imported only because it happened to be there.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

from jtrack.errors import InvalidInputError, InvalidModelError
from jtrack.registry.probe import BY_NAME

REQUIREMENTS_FILE, CONDA_FILE, PYTHON_ENV_FILE = "requirements.txt", "conda.yaml", "python_env.yaml"

# Their versions are part of what a model answers, so they are pinned though others bring them along.
_ALWAYS = frozenset({"numpy", "pandas", "polars", "scipy", "scikit-learn"})
# What jtrack itself, or any environment, has.
_NEVER = frozenset({"jtrack", "pip", "setuptools", "wheel"})
_TIMEOUT_S = 300


def infer_requirements(folder: Path, packages: Sequence[str] = ()) -> list[str]:
    """Find what loading a model and predicting its example imports, pinned as installed here.

    Parameters
    ----------
    folder
        The model's, with ``MLmodel`` in it.
    packages
        Distributions that are needed whatever is found; one that isn't installed is left out.

    Raises
    ------
    InvalidModelError
        The model can't be opened, or can't predict its example, in a fresh process; the message says why.
    """
    command = [sys.executable, "-W", "ignore", "-m", "jtrack.registry.probe", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise InvalidModelError(f"the model was not open in a fresh process after {_TIMEOUT_S} s") from None
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        problem = (done.stderr.strip() or "it died").splitlines()[-1]
        raise InvalidModelError(
            f"the model can't be opened in a fresh process: {problem}",
            "what it needs of the notebook has to come along: code_paths=['my_module.py']; or give requirements=[…]",
        )
    found = json.loads(lines[-1])
    if found["error"] is not None:
        raise InvalidModelError(
            f"the model can't predict its own example in a fresh process: {found['error']}",
            "give rows that it can predict as input_example=",
        )
    return pinned({*_roots(found["imports"]), *packages}, found["loaded"])


def pinned(names: Iterable[str], loaded: Iterable[str] = ()) -> list[str]:
    """Pin distributions as installed, without those that others of them bring along; sorted by name.

    Parameters
    ----------
    loaded
        Modules that were imported: those that change results are pinned too, though others bring them along.
    """
    here = {_plain(name) for name in names if _version(_plain(name)) is not None} - _NEVER
    brought = {need for name in here for need in _needs(name) if need != name}
    kept = (here - brought) | ((here | brought) & _ALWAYS & _distributions_of(loaded))
    return sorted(f"{name}=={_version(name)}" for name in kept)


def write_environment(folder: Path, requirements: Sequence[str]) -> None:
    """Write ``requirements.txt``, ``conda.yaml`` and ``python_env.yaml`` as MLflow has them."""
    import yaml

    for line in requirements:
        if "\n" in str(line):
            raise InvalidInputError(f"a requirement is a line of requirements.txt, not {line!r}", "'pandas==2.2.3'")
    python = platform.python_version()
    conda = {
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": list(requirements)}],
        "name": "mlflow-env",
    }
    build = ["pip", *(f"{name}=={_version(name)}" for name in ("setuptools", "wheel") if _version(name))]
    virtual = {"python": python, "build_dependencies": build, "dependencies": [f"-r {REQUIREMENTS_FILE}"]}
    (folder / REQUIREMENTS_FILE).write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    for name, form in ((CONDA_FILE, conda), (PYTHON_ENV_FILE, virtual)):
        text = yaml.safe_dump(form, default_flow_style=False, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")


def read_requirements(folder: Path) -> list[str]:
    """Read a model's requirements, one each; none where it has no such file."""
    try:
        lines = (folder / REQUIREMENTS_FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def requirement_name(line: str) -> str:
    """Name the distribution of a requirement, as indexes compare names: ``scikit-learn`` for ``Scikit_Learn>=1.5``."""
    return _plain(re.split(r"[\s<>=!~;\[(@]", line, maxsplit=1)[0])


def _roots(imports: Iterable[Sequence[str]]) -> set[str]:
    """Find the distributions that the model itself asked for: its files by name, and its own code.

    What libraries ask for is either declared by them, and comes along, or a liking for what happens to be here.
    """
    known = packages_distributions()
    asked = {
        module
        for importer, module in map(tuple, imports)
        if importer in ("jtrack", BY_NAME) or (importer not in known and importer not in {*sys.stdlib_module_names, ""})
        if (importer, module) != ("jtrack", "yaml")  # for MLmodel
    }
    # A signature is held up by numpy and pandas, whatever the model is.
    return _distributions_of(asked) | {"numpy", "pandas"}


def _distributions_of(modules: Iterable[str]) -> set[str]:
    """Find which distributions modules came from; those of the standard library have none."""
    known = packages_distributions()
    wanted = {module for module in modules if module not in sys.stdlib_module_names}
    return {_plain(name) for module in wanted for name in known.get(module, ())}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _version(name: str) -> str | None:
    try:
        return distribution(name).version.partition("+")[0]  # "+cpu" is a build, which an index needn't have
    except PackageNotFoundError:
        return None


@cache
def _needs(name: str) -> frozenset[str]:
    """All distributions that one brings along, without those of its extras."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for need in distribution(waiting.pop()).requires or ():
            other = requirement_name(need)
            if "extra ==" not in need and other not in found and _version(other) is not None:
                found.add(other)
                waiting.append(other)
    return frozenset(found)
