"""HTML built from values, escaped by default.

`Markup` is text that is HTML already; every other child and every attribute is escaped, so a run
named ``<script>`` is a name. No script can be made here: there is no way to write an element's
event handler, and `tag` refuses script elements.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

Child = "Markup | str | int | None | Iterable[Child]"

_UNPRINTABLE = re.compile("[\\x00-\\x08\\x0b-\\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_VOID = frozenset({"img", "br", "hr", "col", "path", "circle", "line", "rect"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(text: object) -> Markup:
    """``text`` as HTML; `Markup` is left as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(str(text))))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """An element.

    ``class_`` is the attribute ``class`` and ``data_x`` is ``data-x``; an attribute that is
    ``None`` or ``False`` is left out, ``True`` stands without a value. Children that are
    ``None`` are left out; lists are taken apart.
    """
    if name == "script" or any(key.startswith("on") for key in attributes):
        raise ValueError(f"no script in a panel's HTML: <{name} {' '.join(attributes)}>")
    head = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{head}>")
    return Markup(f"<{head}>{join(children)}</{name}>")


def join(children: Iterable[object]) -> Markup:
    """Children one after the other, each escaped unless it is `Markup`."""
    return Markup("".join(_pieces(children)))


def _pieces(children: Iterable[object]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, (list, tuple)):
            yield from _pieces(child)
        else:
            yield escape(child)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(printable(str(value)))}"'


def printable(text: str) -> str:
    """``text`` without what is no sign.

    Control characters aren't allowed in HTML and command a terminal, lone surrogates can't be encoded at all, and what
    turns the direction of reading would turn all that stands beside it.
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
