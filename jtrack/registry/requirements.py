"""What a model really needs: it is opened in a fresh process, predicts its example, and what that imported is pinned.

Distributions that another one found would bring along are left out, but for those whose version changes results.
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

REQUIREMENTS_FILE, CONDA_FILE, PYTHON_ENV_FILE = "requirements.txt", "conda.yaml", "python_env.yaml"

# Their versions are part of what a model answers, so they are pinned though others bring them along.
_ALWAYS = frozenset({"numpy", "pandas", "polars", "scipy", "scikit-learn"})
# What jtrack itself, or any environment, has.
_NEVER = frozenset({"jtrack", "pip", "setuptools", "wheel"})
_TIMEOUT_S = 300

# Runs in the fresh process. What jtrack needs to open any model is imported before the count begins; pandas and numpy
# are counted all the same, since a signature is enforced by them.
_PROBE = """
import json, sys
import jtrack.registry.load, jtrack.registry.example, yaml
before = {name.partition(".")[0] for name in sys.modules}
from pathlib import Path
folder = Path(sys.argv[1])
model = jtrack.registry.load.open_folder(folder, trust=True)
example = jtrack.registry.example.load_input_example(folder)
error = None
if example is not None:
    try:
        model.predict(example, jtrack.registry.example.load_example_params(folder))
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if "." not in name}
print("\\n" + json.dumps({"modules": sorted(set(files) - before), "error": error}))
"""


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
    command = [sys.executable, "-W", "ignore", "-c", _PROBE, str(folder)]
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
    return pinned({*_distributions_of(found["modules"]), *packages})


def pinned(names: Iterable[str]) -> list[str]:
    """Pin distributions as installed, without those that others of them bring along; sorted by name."""
    here = {_plain(name) for name in names if _version(_plain(name)) is not None} - _NEVER
    brought = {need for name in here for need in _needs(name) if need != name}
    return sorted(f"{name}=={_version(name)}" for name in here if name not in brought or name in _ALWAYS)


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


def _distributions_of(modules: Iterable[str]) -> set[str]:
    """Find which distributions modules came from; those of the standard library, or of no distribution, have none."""
    known = packages_distributions()
    wanted = {module for module in modules if module not in sys.stdlib_module_names} | {"numpy", "pandas"}
    return {name for module in wanted for name in known.get(module, ())}


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
            other = _plain(re.split(r"[\s<>=!~;\[(@]", need, maxsplit=1)[0])
            if "extra ==" not in need and other not in found and _version(other) is not None:
                found.add(other)
                waiting.append(other)
    return frozenset(found)
