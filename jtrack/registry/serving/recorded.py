"""Requests that a server recorded: read back as a table, and asked of another model to see what it would have said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jtrack import queries
from jtrack.errors import InvalidInputError
from jtrack.registry.serving.recorder import FOLDER

if TYPE_CHECKING:
    import pandas as pd


def load_requests(run: object) -> pd.DataFrame:
    """Read the requests that a server recorded, the oldest first.

    Parameters
    ----------
    run
        The server's run, in the experiment *served models*: an id, a prefix, a name, ``@last`` …

    Returns
    -------
    pandas.DataFrame
        ``at`` (UTC), ``model`` (the version that answered), ``status``, ``took_ms``, ``content_type``, ``request`` and
        ``response`` (as JSON has them, else as text).

    Raises
    ------
    RunNotFoundError
        There is no such run.
    InvalidInputError
        It recorded no requests.
    """
    import pandas as pd

    rows = [{**row, **{part: _parsed(row[part]) for part in ("request", "response")}} for row in _lines(run)]
    columns = ["at", "model", "status", "took_ms", "content_type", "request", "response"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return frame


def replay_requests(run: object, model_uri: Any, *, trust: bool | None = None) -> pd.DataFrame:
    """Ask another model the requests that a server recorded and answered.

    Parameters
    ----------
    run
        The server's run; see :func:`load_requests`.
    model_uri
        Any address of a model.

    Returns
    -------
    pandas.DataFrame
        ``at``, ``model``, ``request``, ``response``, and ``replayed``: what the other model says; ``is_same`` where
        that differs in nothing but the last digits.
    """
    import pandas as pd

    from jtrack.registry.addresses import locate_model
    from jtrack.registry.export.parts.scoring import differences
    from jtrack.registry.serving.scorer import Scorer

    answered = [row for row in _lines(run) if row["status"] == 200]
    found = locate_model(model_uri)
    scorer = Scorer.open(found.path, trust=found.from_store if trust is None else trust, joins=False)
    answers = scorer.score([(row["content_type"], row["request"].encode()) for row in answered])
    rows = []
    for row, answer in zip(answered, answers, strict=True):
        response, replayed = _parsed(row["response"]), _parsed(answer.body.decode())
        kept = {"at": row["at"], "model": row["model"], "request": _parsed(row["request"])}
        rows.append(
            {**kept, "response": response, "replayed": replayed, "is_same": not differences(replayed, response)}
        )
    frame = pd.DataFrame(rows, columns=["at", "model", "request", "response", "replayed", "is_same"])
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return frame


def _lines(run: object) -> list[dict[str, Any]]:
    found = queries.get_run(run)
    files = sorted((Path(found.info.artifact_uri) / FOLDER).glob("*.jsonl"))
    if not files:
        raise InvalidInputError(
            f"run {found.info.run_name!r} recorded no requests", "serve(…, record=0.1) keeps one in ten"
        )
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
