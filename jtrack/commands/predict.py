"""``models predict``: predictions for a file, without a server."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jtrack.commands.command import Command
from jtrack.errors import InvalidInputError, ServingError

_KINDS = {"json": "application/json", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model predicted; ``output_path`` is where it was written, if anywhere."""

    body: bytes
    n_rows: int
    output_path: Path | None
    is_good: bool = True

    def as_text(self) -> str:
        """Give the predictions, or say where they are."""
        if self.output_path is not None:
            return f"{self.n_rows:,} predictions in {self.output_path}"
        return self.body.decode()

    def as_json(self) -> Any:
        """Give the predictions."""
        return json.loads(self.body)


def predict(
    model_uri: str,
    input_path: str = "-",
    output_path: str | None = None,
    content_type: str | None = None,
    trust: bool = False,
    env_manager: str = "local",
) -> Predictions:
    """Predict for a file of rows: JSON in the form that a server takes, CSV or Parquet.

      jtrack models predict -m models:/churn@champion -i rows.csv -o predictions.json

    Parameters
    ----------
    model_uri
        Any address of a model.
    input_path
        A file, or ``-`` for the standard input.
    output_path
        A file for the predictions, as JSON.
    content_type
        ``json``, ``csv`` or ``parquet``; else by the file's name.

    Raises
    ------
    InvalidInputError
        The file can't be read, or the rows are not what the model takes; every fault is told.
    ServingError
        The model failed.
    """
    from jtrack.commands.serve import check_environment
    from jtrack.registry.addresses import locate_model
    from jtrack.registry.serving.scorer import Scorer

    check_environment(env_manager)
    kind = content_type or _kind_of(input_path)
    if kind not in _KINDS:
        raise InvalidInputError(f"rows can't be read as {kind!r}", f"-t one of {', '.join(_KINDS)}")
    body = _read(input_path)
    found = locate_model(model_uri)
    (answer,) = Scorer.open(found.path, trust=trust or found.from_store, joins=False).score([(_KINDS[kind], body)])
    if answer.status != 200:
        raise _refusal(answer.status, answer.body)
    if output_path is not None:
        Path(output_path).write_bytes(answer.body)
    return Predictions(answer.body, _count(answer.body), None if output_path is None else Path(output_path))


def _kind_of(path: str) -> str:
    suffix = Path(path).suffix.lower().lstrip(".")
    return suffix if suffix in _KINDS else "json"


def _read(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} can't be read: {error.strerror}", "- reads the standard input") from None


def _count(body: bytes) -> int:
    predictions = json.loads(body)
    predictions = predictions.get("predictions") if isinstance(predictions, dict) else predictions
    return len(predictions) if isinstance(predictions, list | dict) else 1


def _refusal(status: int, body: bytes) -> InvalidInputError | ServingError:
    said = json.loads(body) if body.startswith(b"{") else {"message": body.decode()}
    message = "; ".join(said.get("faults") or [said["message"]])
    return InvalidInputError(message) if status < 500 else ServingError(f"the model failed; see above: {message}")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-m", "--model-uri", required=True, metavar="URI", help="models:/…, runs:/…, a folder or URL")
    parser.add_argument("-i", "--input-path", default="-", metavar="FILE", help="the rows (the standard input)")
    parser.add_argument("-o", "--output-path", metavar="FILE", help="for the predictions (the standard output)")
    parser.add_argument("-t", "--content-type", metavar="KIND", help="json, csv or parquet (by the file's name)")
    parser.add_argument("--trust", action="store_true", help="open a model from elsewhere though it can run code")
    parser.add_argument("--env-manager", default="local", metavar="E", help="local, as MLflow calls this environment")


MODELS_PREDICT = Command("models predict", predict, _add_arguments)
