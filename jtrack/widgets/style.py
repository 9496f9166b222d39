"""The stylesheet as the panels use it: the parts of panels.css that one of them needs, made small and made to hold.

panels.css is the only place that names a colour. What is drawn as an image has no access to the page's
variables, so its colours are read out of the same file.

A page has many outputs, each with a style element of its own, beside JupyterLab's rules for whatever HTML a cell
shows. So that the order of outputs decides nothing, every selector is given ids that no element has: more of them
the later its part stands in the file. A rule then beats those of all parts before its own, and all of JupyterLab's.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from jtrack.widgets.html import Markup

_PART = re.compile(r"/\* @part (\w+) \*/")
# What the interactive form of each panel needs beside the base: a widget's state holds its stylesheet.
_OF_WIDGET = {
    "compare": ("difference", "runs", "compare", "interactive", "charts", "page", "compared"),
    "live": ("runs", "interactive", "charts", "live"),
    "models": ("difference", "runs", "compare", "models", "interactive", "charts", "registry"),
    "parallel": ("runs", "interactive", "charts", "parallel"),
    "run": ("difference", "runs", "compare", "interactive", "charts", "run", "page"),
    "runs": ("runs", "interactive", "grid"),
}
_TOKEN = re.compile(r"--jt-([\w-]+):[^;]*light-dark\((#[0-9a-f]+),\s*(#[0-9a-f]+)\)")
_SELECTORS = re.compile(r"(?<=[{}])([^{}@]+)\{")
_COMMA = re.compile(r",(?![^()]*\))")
_CLASS = re.compile(r"\.jt[\w-]*")


@cache
def stylesheet(*parts: str) -> Markup:
    """The base part of panels.css and the named ones as a style element."""
    by_name = _parts()
    return Markup(f"<style>{''.join(by_name[part] for part in ('base', *parts))}</style>")


@cache
def widget_stylesheet(panel: str) -> str:
    """What the widget of one panel needs of panels.css."""
    by_name = _parts()
    return "".join(by_name[part] for part in ("base", *_OF_WIDGET.get(panel, ())))


@cache
def whole_stylesheet() -> str:
    """All of panels.css, for a host that shows any panel."""
    return "".join(_parts().values())


@cache
def colours() -> dict[str, tuple[str, str]]:
    """Each colour's value on a light and on a dark ground, by its name without ``--jt-``."""
    return {name: (light, dark) for name, light, dark in _TOKEN.findall(_source())}


@cache
def _parts() -> dict[str, str]:
    pieces = _PART.split(_source())
    named = zip(pieces[1::2], pieces[2::2], strict=True)
    return {name: _outrank(_minify(css), rank) for rank, (name, css) in enumerate(named, start=1)}


@cache
def _source() -> str:
    return resources.files("jtrack.widgets").joinpath("panels.css").read_text(encoding="utf-8")


def _minify(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r"\s*([{};,>])\s*|(?<=:)\s+", r"\1", css).replace(";}", "}").strip()


def _outrank(css: str, rank: int) -> str:
    ids = f":not({'#j' * rank})"

    def with_ids(found: re.Match[str]) -> str:
        selectors = _COMMA.split(found.group(1))
        return ",".join(_CLASS.sub(rf"\g<0>{ids}", selector, count=1) for selector in selectors) + "{"

    return _SELECTORS.sub(with_ids, "}" + css)[1:]
