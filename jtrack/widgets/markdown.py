"""Markdown as a tree of the few elements that a description may have: what is not named here is text, or left out.

markdown-it-py reads it, with raw HTML off and links to the web only. Every host builds its elements from the tree, so
that no HTML of a user's ever gets into a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from jtrack.widgets.html import Markup, tag

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MOST_CHARACTERS = 20_000
_TAGS = frozenset(
    "p h1 h2 h3 h4 h5 h6 strong em s code pre ul ol li blockquote a br hr table thead tbody tr th td".split()
)
_ENDS = dict.fromkeys("p h1 h2 h3 h4 h5 h6 pre li tr br hr".split(), "\n") | {"th": "  ", "td": "  "}
_SCHEMES = ("http://", "https://", "mailto:")


@dataclass(frozen=True, slots=True)
class Element:
    """One element; ``href`` is of a link, ``align`` of a table's cell."""

    tag: str
    children: tuple[Element | str, ...] = ()
    href: str | None = None
    align: str | None = None


def markdown_tree(text: str) -> tuple[Element | str, ...]:
    """Read Markdown into elements; a long text is cut."""
    shown = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"
    return tuple(_children(iter(_parser().parse(shown))))


def markdown_html(tree: Sequence[Element | str]) -> list[Markup | str]:
    """Turn elements into HTML, in which everything is escaped that is not one of them."""
    return [node if isinstance(node, str) else _markup(node) for node in tree]


def plain_text(tree: Sequence[Element | str]) -> str:
    """Give the words alone."""
    return "".join(
        node if isinstance(node, str) else plain_text(node.children) + _ENDS.get(node.tag, "") for node in tree
    )


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _children(tokens: Iterator[Token]) -> Iterator[Element | str]:
    for token in tokens:
        if token.nesting == -1:
            return
        if token.nesting == 1:
            yield from _element(token, tuple(_children(tokens)))
        elif token.type == "inline":
            yield from _children(iter(token.children or ()))
        else:
            yield from _leaf(token)


def _element(token: Token, children: tuple[Element | str, ...]) -> Iterator[Element | str]:
    if token.hidden or token.tag not in _TAGS:  # a tight list's paragraphs
        yield from children
        return
    href = str(token.attrs.get("href", "")) if token.tag == "a" else ""
    if token.tag == "a" and not href.lower().startswith(_SCHEMES):
        yield from children
        return
    align = str(token.attrs.get("style", "")).removeprefix("text-align:") or None
    yield Element(token.tag, children, href or None, align if align in ("left", "right", "center") else None)


def _leaf(token: Token) -> Iterator[Element | str]:
    if token.type in ("fence", "code_block"):
        yield Element("pre", (Element("code", (token.content.rstrip("\n"),)),))
    elif token.type == "code_inline":
        yield Element("code", (token.content,))
    elif token.type in ("softbreak", "hardbreak"):
        yield Element("br") if token.type == "hardbreak" else "\n"
    elif token.type == "hr":
        yield Element("hr")
    elif token.type == "image":  # a picture from elsewhere would tell that server who reads this
        yield token.content or "image"
    elif token.content:
        yield token.content


def _markup(element: Element) -> Markup:
    attributes: dict[str, Any] = {"href": element.href, "align": element.align}
    if element.href:
        attributes |= {"rel": "noopener noreferrer", "target": "_blank"}
    # Heads of a description stay below those of the page around it.
    name = "p" if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6") else element.tag
    children = markdown_html(element.children)
    return tag(name, tag("b", children) if name != element.tag else children, **attributes)
