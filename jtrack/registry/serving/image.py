"""Images that serve a model: a folder with a Dockerfile and all that it copies, and building it.

What is in the folder needs no jtrack from elsewhere: its Python files come along, without those of the notebook's page.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtrack.errors import InvalidInputError, ServingError
from jtrack.registry.dockerfile import render_dockerfile, slim_image
from jtrack.registry.model import Model
from jtrack.registry.requirements import PYTHON_ENV_FILE, pinned, read_requirements, requirement_name

BUILD_VARIABLE = "JTRACK_CONTAINER_BUILD"
PORT = 8080
_PACKAGE = Path(__file__).parents[2]
_FOLDER = "/opt/jtrack"
# What a served model needs beside its own requirements: what jtrack.registry.serving imports.
_SERVER = (
    "httptools",
    "numpy",
    "orjson",
    "prometheus-client",
    "psutil",
    "pyyaml",
    "starlette",
    "uvicorn",
    "uvloop",
)
_NOT_COPIED = ("__pycache__", "*.pyc", "labextension", "static", "notebooks")


@dataclass(frozen=True, slots=True)
class ImageContext:
    """A folder that an image can be built from."""

    folder: Path
    model: str
    base_image: str


def write_context(
    model_uri: Any, folder: Path, *, base_image: str | None = None, trust: bool | None = None
) -> ImageContext:
    """Write a folder with a Dockerfile, the model, what it needs, and the server.

    Parameters
    ----------
    folder
        A new one, or an empty one.
    base_image
        With a Python and pip; by default the slim one of the model's own Python.
    trust
        Open a model from elsewhere in the image though it can run code.

    Raises
    ------
    NotFoundError
        There is no such model.
    InvalidInputError
        The folder has something in it.
    """
    from jtrack.registry.addresses import locate_model
    from jtrack.registry.serving.follow import named

    found = locate_model(model_uri)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInputError(f"{folder} is there already and not empty", "-d a new folder")
    requirements = _requirements(found.path)
    base_image = base_image or slim_image(_python_of(found.path))
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(found.path, folder / "model")
    shutil.copytree(_PACKAGE, folder / "jtrack", ignore=shutil.ignore_patterns(*_NOT_COPIED))
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
    (folder / "Dockerfile").write_text(
        _dockerfile(base_image, requirements, found.from_store if trust is None else trust), encoding="utf-8"
    )
    return ImageContext(folder, named(found), base_image)


def build_image(
    model_uri: Any,
    name: str,
    *,
    base_image: str | None = None,
    trust: bool | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> ImageContext:
    """Build an image that serves a model, with docker or podman.

    Parameters
    ----------
    name
        Of the image: ``churn:3``.
    say
        Gets what the builder says, line by line.

    Raises
    ------
    ServingError
        Nothing here can build images, or the build failed; the message has what was said last.
    """
    command = build_command()
    with tempfile.TemporaryDirectory(prefix="jtrack-image-") as scratch:
        context = write_context(model_uri, Path(scratch) / "context", base_image=base_image, trust=trust)
        said = []
        with _started([*command, "-t", name, str(context.folder)]) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line.rstrip())
                say(said[-1])
        if process.returncode:
            raise ServingError(f"{command[0]} could not build the image: {_reason(said)}", _hint(said))
        return context


def build_command() -> list[str]:
    """Give the words that build an image: ``$JTRACK_CONTAINER_BUILD``, else those of docker or podman.

    Raises
    ------
    ServingError
        There is neither, or none whose engine answers.
    """
    asked = os.environ.get(BUILD_VARIABLE, "").strip()
    if asked:
        return shlex.split(asked)
    if shutil.which("docker") and _answers(["docker", "info"]):
        return ["docker", "build"]
    if shutil.which("podman"):
        return ["podman", "build"]
    without = "docker's engine doesn't answer" if shutil.which("docker") else "there is no docker and no podman here"
    raise ServingError(
        f"no image can be built: {without}", "jtrack models generate-dockerfile writes what to build elsewhere"
    )


def _started(command: list[str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as error:
        raise ServingError(f"{command[0]} can't be started: {error.strerror}", f"see ${BUILD_VARIABLE}") from None


def _answers(command: list[str]) -> bool:
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    return False


def _reason(said: list[str]) -> str:
    """Find the line that says why: pip's own, since the builder's last one only says which step it was."""
    lines = [line for line in said if line] or ["it said nothing"]
    return next((line for line in reversed(lines) if line.startswith("ERROR: ")), lines[-1])


def _hint(said: list[str]) -> str | None:
    reached = not any("Could not fetch URL" in line for line in said)
    if reached and any("No matching distribution" in line for line in said):
        return "the model pins what its own Python has; --base-image takes another"
    return None


def _requirements(model: Path) -> list[str]:
    """Give the model's pins, and the server's where the model says nothing of a package."""
    own = read_requirements(model)
    known = {requirement_name(line) for line in own}
    signature = Model.load(model).signature
    # Whoever lists requirements by hand leaves out what only the form of the data needs.
    frames = () if signature is not None and signature.inputs and signature.inputs.is_tensors else ("pandas",)
    return own + [line for line in pinned((*_SERVER, *frames)) if requirement_name(line) not in known]


def _python_of(model: Path) -> str:
    """Tell the Python that a model was made with."""
    import yaml

    with suppress(OSError, yaml.YAMLError, AttributeError):
        said = yaml.safe_load((model / PYTHON_ENV_FILE).read_text(encoding="utf-8")).get("python")
        if said:
            return str(said)
    return platform.python_version()


def _dockerfile(base_image: str, requirements: list[str], trust: bool) -> str:
    serve = ["python", "-m", "jtrack.cli", "models", "serve", "-m", "model", "-h", "0.0.0.0", "-p", str(PORT)]
    return render_dockerfile(
        base_image, _FOLDER, requirements, ("jtrack", "model"), {"ENTRYPOINT": serve + ["--trust"] * trust}
    )
