"""The stylesheet as Python needs it: the parts of panels.css that one fallback uses, and its colours.

panels.css is the only place that names a colour. What is drawn as an image has no access to the page's
variables, so its colours are read out of the same file.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from jtrack.widgets.html import Markup

_PART = re.compile(r"/\* @part (\w+) \*/")
_TOKEN = re.compile(r"--jt-([\w-]+):[^;]*light-dark\((#[0-9a-f]+),\s*(#[0-9a-f]+)\)")


@cache
def stylesheet(*parts: str) -> Markup:
    """The base part of panels.css and the named ones as a style element, made small."""
    pieces = _PART.split(_source())
    by_name = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    return Markup(f"<style>{''.join(_minify(by_name[part]) for part in ('base', *parts))}</style>")


@cache
def whole_stylesheet() -> str:
    """All of panels.css, made small, for a widget."""
    return _minify(_source())


@cache
def colours() -> dict[str, tuple[str, str]]:
    """Each colour's value on a light and on a dark ground, by its name without ``--jt-``."""
    return {name: (light, dark) for name, light, dark in _TOKEN.findall(_source())}


@cache
def _source() -> str:
    return resources.files("jtrack.widgets").joinpath("panels.css").read_text(encoding="utf-8")


def _minify(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r"\s*([{};,>])\s*|(?<=:)\s+", r"\1", css).replace(";}", "}").strip()
