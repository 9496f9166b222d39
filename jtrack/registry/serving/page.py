"""The page at ``/docs``: what a model takes and gives, and a place to ask it. All of it comes from this server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from jtrack.registry.model import Model
from jtrack.registry.serving.openapi import serving_example
from jtrack.registry.signature import Signature, TensorSpec

_TEMPLATE = Path(__file__).with_name("docs.html")


def render_page(folder: Path, model_uri: str, asked_uri: str, query: str = "") -> tuple[str, str]:
    """Render the page of the model in a folder, and the Content-Security-Policy that it needs.

    Parameters
    ----------
    model_uri, asked_uri
        The version, run or folder that is served, and the address that was asked for.
    query
        Of the page's own address, with its question mark: it may hold the token.
    """
    model, example, nonce = Model.load(folder), serving_example(folder), secrets.token_urlsafe(16)
    flavors = [name for name in model.flavors if name != "python_function"] or ["python_function"]
    about = [", ".join(flavors), *([f"by {asked_uri}"] if asked_uri != model_uri else []), f"logged {_day(model)}"]
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(model_uri),
        about=escape(" · ".join(about)),
        schema=_schema(model.signature),
        example=escape(_shown(example) if example is not None else '{"inputs": []}'),
        curl=escape(_curl(example)),
        nonce=nonce,
        query=escape(query),
    )
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text, policy


def _day(model: Model) -> str:
    return model.utc_time_created[:16] or "some time ago"


def _schema(signature: Signature | None) -> str:
    if signature is None:
        return (
            '<div class="part muted">It was logged without a signature: whatever it is sent goes to it as it is.</div>'
        )
    parts = []
    for title, specs in (("takes", signature.inputs), ("gives", signature.outputs)):
        if specs is not None and len(specs):
            parts.append(_table(title, ((_name(spec), _kind(spec)) for spec in specs)))
    if signature.params is not None and len(signature.params):
        rows = ((spec.name, str(spec).partition(": ")[2]) for spec in signature.params)
        parts.append(_table("params", rows))
    return "".join(parts)


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td></tr>" for name, kind in rows)
    return f'<h2>{title}</h2><div class="part"><table>{cells}</table></div>'


def _name(spec: Any) -> str:
    return "–" if spec.name is None else str(spec.name)


def _kind(spec: Any) -> str:
    if isinstance(spec, TensorSpec):
        return str(TensorSpec(spec.dtype, spec.shape))
    return str(spec.type) if spec.required else f"{spec.type}, may be missing"


def _shown(example: Any) -> str:
    """Lay a body out for reading: a row a line."""
    if isinstance(example, dict) and isinstance(example.get("dataframe_split"), dict):
        split = dict(example["dataframe_split"])
        rows = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in split.pop("data", []))
        head = "".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}, " for key, value in split.items())
        more = {key: value for key, value in example.items() if key != "dataframe_split"}
        tail = "".join(f", {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in more.items())
        return f'{{"dataframe_split": {{{head}"data": [\n  {rows}]}}{tail}}}'
    return json.dumps(example, ensure_ascii=False)


def _curl(example: Any | None) -> str:
    body = json.dumps(example if example is not None else {"inputs": []}, ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    return f"curl ADDRESS -H 'Content-Type: application/json' \\\n  -d '{quoted}'"
