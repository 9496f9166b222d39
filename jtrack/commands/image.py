"""``models generate-dockerfile`` and ``build-docker``: images that serve a model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtrack.commands.command import Command

DEFAULT_FOLDER = "jtrack-dockerfile"
DEFAULT_NAME = "jtrack-model"


@dataclass(frozen=True, slots=True)
class ImageNews:
    """What was made of a model; ``image`` is the name of the image, where one was built."""

    model: str
    base_image: str
    folder: str | None
    image: str | None
    line: str
    is_good: bool = True

    def as_text(self) -> str:
        """Give the line."""
        return self.line

    def as_json(self) -> Any:
        """Give what was made."""
        return {"model": self.model, "base_image": self.base_image, "folder": self.folder, "image": self.image}


def generate_dockerfile(
    model_uri: str, output_directory: str = DEFAULT_FOLDER, base_image: str | None = None, trust: bool = False
) -> ImageNews:
    """Write a folder that an image is built from: a Dockerfile, the model, its requirements, the server.

      jtrack models generate-dockerfile -m models:/churn@champion -d churn-image

    Parameters
    ----------
    model_uri
        Any address of a model.
    output_directory
        A new folder.
    base_image
        With a Python and pip; by default the slim one of the Python that the model was made with.

    Raises
    ------
    NotFoundError
        There is no such model.
    InvalidInputError
        The folder has something in it.
    """
    from jtrack.registry.serving.image import write_context

    context = write_context(model_uri, Path(output_directory), base_image=base_image, trust=trust or None)
    return ImageNews(
        context.model,
        context.base_image,
        output_directory,
        None,
        f"{context.model} is in {output_directory}, for {context.base_image}: docker build -t NAME {output_directory}",
    )


def build_docker(
    model_uri: str,
    name: str = DEFAULT_NAME,
    base_image: str | None = None,
    trust: bool = False,
    progress: Callable[[str], None] | None = None,
) -> ImageNews:
    """Build an image that serves a model, with docker or podman.

    The server in it listens on port 8080, and wants a token where $JTRACK_SERVE_TOKEN is given to the container.
    $JTRACK_CONTAINER_BUILD is the command that builds, where it isn't to be `docker build`.

      jtrack models build-docker -m models:/churn@champion -n churn && docker run -p 8080:8080 churn

    Parameters
    ----------
    model_uri
        Any address of a model.
    name
        Of the image.
    base_image
        With a Python and pip; by default the slim one of the Python that the model was made with.

    Raises
    ------
    NotFoundError
        There is no such model.
    ServingError
        Nothing here can build images, or the build failed.
    """
    from jtrack.registry.serving.image import build_image

    said = progress or (lambda line: None)
    context = build_image(model_uri, name, base_image=base_image, trust=trust or None, say=said)
    return ImageNews(
        context.model, context.base_image, None, name, f"image {name} serves {context.model}, on its port 8080"
    )


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-m", "--model-uri", required=True, metavar="URI", help="models:/…, runs:/…, a folder or URL")
    parser.add_argument("--base-image", metavar="I", help="with a Python and pip (python:X.Y-slim of the model's)")
    parser.add_argument("--trust", action="store_true", help="open a model from elsewhere though it can run code")


def _add_generate_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model_arguments(parser)
    parser.add_argument(
        "-d", "--output-directory", default=DEFAULT_FOLDER, metavar="DIR", help="a new folder (%(default)s)"
    )


def _add_build_arguments(parser: argparse.ArgumentParser) -> None:
    _add_model_arguments(parser)
    parser.add_argument("-n", "--name", default=DEFAULT_NAME, metavar="NAME", help="of the image (%(default)s)")


GENERATE_DOCKERFILE = Command("models generate-dockerfile", generate_dockerfile, _add_generate_arguments)
BUILD_DOCKER = Command("models build-docker", build_docker, _add_build_arguments)
