"""Turns objects into the bytes of an artifact: dictionaries and figures, by the ending of the file's name."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import io
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import PurePath, PurePosixPath
from typing import Any

from jtrack.errors import InvalidInputError, MissingPackageError
from jtrack.values import check_encodable


def render_text(text: object, artifact_file: str) -> bytes:
    """Render a text as UTF-8.

    Raises
    ------
    InvalidInputError
        It is none, or has half a character in it.
    """
    if isinstance(text, bytes | bytearray):
        raise InvalidInputError(
            f"{artifact_file!r} is to hold text, not bytes", "text.decode(), or log_artifact of a file"
        )
    return check_encodable(f"the text of {artifact_file!r}", str(text))


def render_dict(dictionary: Mapping[str, Any] | list[Any], artifact_file: str) -> bytes:
    """Render as YAML where the name ends so, else as JSON.

    Raises
    ------
    InvalidInputError
        Something in it has no form in that format.
    """
    try:
        # Through JSON for YAML too: it knows what to do with numbers of numpy's, times and paths.
        text = json.dumps(dictionary, indent=2, ensure_ascii=False, default=_plain)
        if PurePosixPath(artifact_file).suffix in (".yaml", ".yml"):
            return _render_yaml(json.loads(text), artifact_file)
        return text.encode()
    except (TypeError, ValueError) as error:
        raise _no_form(artifact_file, error) from None


def _plain(value: Any) -> Any:
    """Give what JSON has for an object that is more than that: arrays as lists, times and paths as text."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def render_figure(figure: Any, artifact_file: str, save_kwargs: dict[str, Any]) -> bytes:
    """Render a matplotlib or plotly figure in the format that the file's name asks for.

    Raises
    ------
    InvalidInputError
        It is neither, or its library can't write this format.
    """
    suffix = PurePosixPath(artifact_file).suffix.lower().lstrip(".")
    if not suffix:
        raise InvalidInputError(f"{artifact_file!r} has no ending to tell the format by", "name it 'figure.png'")
    try:
        if hasattr(figure, "savefig"):
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix, **save_kwargs)
            return buffer.getvalue()
        if hasattr(figure, "to_plotly_json"):
            return _render_plotly(figure, suffix, save_kwargs)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"{artifact_file!r} can't be drawn: {error}".splitlines()[0]) from None
    raise InvalidInputError(
        f"a figure comes from matplotlib or plotly, not from {type(figure).__module__}", "for pyplot: plt.gcf()"
    )


def _render_plotly(figure: Any, suffix: str, save_kwargs: dict[str, Any]) -> bytes:
    if suffix == "json":
        return str(figure.to_json(**save_kwargs)).encode()
    if suffix == "html":
        # The library goes into the file: a page that fetches it elsewhere is blank without a network.
        return str(figure.to_html(**{"include_plotlyjs": True, **save_kwargs})).encode()
    if find_spec("kaleido") is None:
        raise MissingPackageError("kaleido", f"drawing a figure of plotly as .{suffix}", "or name it .html or .json")
    try:
        return bytes(figure.to_image(format=suffix, **save_kwargs))
    except RuntimeError as error:  # kaleido's, where it finds no browser to draw with
        raise ValueError(str(error).strip()) from None


def _render_yaml(dictionary: Mapping[str, Any] | list[Any], artifact_file: str) -> bytes:
    import yaml

    try:
        return bytes(yaml.safe_dump(dictionary, sort_keys=False, allow_unicode=True, encoding="utf-8"))
    except (yaml.YAMLError, UnicodeError) as error:
        raise _no_form(artifact_file, error) from None


def _no_form(artifact_file: str, error: Exception) -> InvalidInputError:
    return InvalidInputError(f"{artifact_file!r} can't hold this: {error}".splitlines()[0])
