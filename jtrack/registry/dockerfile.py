"""Dockerfiles of models: a slim Python, what the model pins, its files, and nobody in particular to run as."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from jtrack.registry.requirements import requirement_name

# What wheels leave to the system and slim images leave out: LightGBM's OpenMP.
_SYSTEM_PACKAGES = {"lightgbm": "libgomp1"}


def slim_image(python: str) -> str:
    """Name the base image of a Python: ``python:3.12-slim`` for ``3.12.7``."""
    return f"python:{'.'.join(python.split('.')[:2])}-slim"


def render_dockerfile(
    base_image: str,
    folder: str,
    requirements: Iterable[str],
    copied: Sequence[str],
    command: Mapping[str, Sequence[str]],
) -> str:
    """Write a Dockerfile.

    Parameters
    ----------
    folder
        Where it all lies in the image.
    requirements
        The lines of the context's ``requirements.txt``.
    copied
        Files and folders of the context.
    command
        Instruction → words: ``{"CMD": ["python", "-m", "churn"]}``.
    """
    names = [requirement_name(line) for line in requirements]
    system = sorted({_SYSTEM_PACKAGES[name] for name in names if name in _SYSTEM_PACKAGES})
    lines = [f"FROM {base_image}"]
    if system:
        lines.append(
            f"RUN apt-get update && apt-get install -y --no-install-recommends {' '.join(system)}"
            " && rm -rf /var/lib/apt/lists/*"
        )
    lines += [f"WORKDIR {folder}", "COPY requirements.txt .", "RUN pip install --no-cache-dir -r requirements.txt"]
    lines += [f"COPY {name} {name}" for name in copied]
    # A user without a name needs no tool of the base image; libraries that keep a cache get a home for it.
    lines += ["ENV HOME=/tmp", "USER 10001", "EXPOSE 8080"]
    lines += [f"{instruction} {json.dumps(list(words))}" for instruction, words in command.items()]
    return "\n".join(lines) + "\n"
