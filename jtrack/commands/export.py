"""``export``: packages a model out of a notebook, a run or a version, and tells each stage as it goes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jtrack.commands.command import Command

if TYPE_CHECKING:
    from jtrack.registry.export import ExportResult


def export(
    source: str,
    model: str | None = None,
    dst: str | Path = ".",
    form: str = "dir",
    name: str | None = None,
    example: str | None = None,
    prove: bool = True,
    progress: Callable[[str], None] | None = None,
) -> ExportResult:
    """Package a model so that it runs without its notebook, and prove that it does.

    The package has the model in MLflow's format, the code that it needs of the notebook, a train.py made of the
    cells that made it, pinned requirements, a test, a Dockerfile and a README. Before it is kept it is installed in
    a fresh environment, where it has to predict what the notebook's model predicted, and to serve the same.

      jtrack export churn.ipynb --model clf -o dist
      jtrack export models:/churn@champion --format wheel

    Parameters
    ----------
    source
        A notebook, or the address of a stored model.
    """
    from jtrack.registry.export import export as export_model

    return export_model(source, model, dst, form, name=name, example=example, prove=prove, progress=progress)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command line and the magic have in common."""
    parser.add_argument(
        "-o", "--output", dest="dst", default=".", metavar="FOLDER", help="where to put it (%(default)s)"
    )
    parser.add_argument(
        "-f", "--format", dest="form", default="dir", metavar="FORM", help="dir, zip or wheel (%(default)s)"
    )
    parser.add_argument("--name", metavar="NAME", help="of the package; else after the notebook: churn_model")
    parser.add_argument(
        "--example", metavar="EXPR", help="data to try it with, such as X_test; else what it was trained on"
    )
    parser.add_argument(
        "--no-prove", dest="prove", action="store_false", help="don't try it in a fresh environment before keeping it"
    )


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="NOTEBOOK.ipynb, runs:/…, models:/… or a model's folder")
    parser.add_argument("-m", "--model", metavar="NAME", help="the variable of the notebook that is the model")
    add_options(parser)


EXPORT = Command("export", export, _add_arguments)
