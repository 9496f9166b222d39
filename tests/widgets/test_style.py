"""The stylesheet: parts, sizes, and colours that can be read on both grounds."""

from __future__ import annotations

import re

import pytest

from jtrack.widgets.module import packed_module, renderer_module
from jtrack.widgets.style import colours, stylesheet, whole_stylesheet, widget_stylesheet

GROUNDS = ("ground", "strip", "changed", "removed-ground", "added-ground")
TEXTS = ("text", "muted", "accent", "best", "better", "worse")
# What JupyterLab's own themes give where the stylesheet takes their variables.
LAB_GROUNDS = {"light": ("#ffffff", "#f5f5f5"), "dark": ("#212121", "#2a2a2a")}
LAB_TEXT = {"light": "#212121", "dark": "#e0e0e0"}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_on_every_ground(text: str, ground: str, theme: int) -> None:
    assert contrast(colours()[text][theme], colours()[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", TEXTS[1:])
def test_text_can_be_read_on_the_grounds_of_jupyterlab(text: str, theme: int) -> None:
    for ground in LAB_GROUNDS[("light", "dark")[theme]]:
        assert contrast(colours()[text][theme], ground) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("words", ["removed-word", "added-word"])
def test_marked_words_can_be_read(words: str, theme: int) -> None:
    assert contrast(colours()["text"][theme], colours()[words][theme]) >= 4.5
    assert contrast(LAB_TEXT[("light", "dark")[theme]], colours()[words][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("line", [*(f"cat-{i}" for i in range(7)), "best-line", "accent"])
def test_lines_stand_out_from_the_ground(line: str, theme: int) -> None:
    assert contrast(colours()[line][theme], colours()["ground"][theme]) >= 3


def test_the_categories_are_different_colours() -> None:
    for theme in (0, 1):
        assert len({colours()[f"cat-{i}"][theme] for i in range(7)}) == 7


def test_a_fallback_embeds_only_what_it_uses() -> None:
    card = stylesheet("difference", "card")
    assert ".jt-card" in card
    assert ".jt-grid" not in card
    assert len(card) < 7_000
    assert len(whole_stylesheet()) > len(card)
    assert "/*" not in card
    assert "\n" not in card


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(KeyError):
        stylesheet("no such part")


def test_a_part_outranks_the_parts_before_it_in_any_order_of_outputs() -> None:
    base, card = stylesheet(), stylesheet("card")
    assert ".jtrack:not(#j) th,.jtrack:not(#j) td{" in base
    assert ".jt-card:not(#j#j#j) th{" in card
    assert stylesheet("card", "difference").count("{") == stylesheet("difference", "card").count("{")


def test_the_card_wraps_the_lines_of_its_difference() -> None:
    """Its rule for them would be lost if its part came before theirs."""
    css = whole_stylesheet()
    assert css.index(".jtrack:not(#j#j) .jt-diff{") < css.index(".jt-card:not(#j#j#j) .jt-diff{")


def selectors(css: str) -> set[str]:
    groups = re.findall(r"(?<=[{}])([^{}@]+)\{", "}" + css)
    return {selector for group in groups for selector in re.split(r",(?![^()]*\))", group)}


def classes(selector: str) -> set[str]:
    return set(re.findall(r"\.(jt-[\w-]+)", selector))


def without_ids(selector: str) -> str:
    return re.sub(r":not\((#j)+\)", "", selector)


def test_every_rule_is_kept_to_the_panels() -> None:
    for selector in selectors(whole_stylesheet()):
        if re.fullmatch(r"[\d.]+%|from|to", selector):
            continue  # a step of an animation
        assert re.search(r"\.jt[\w-]*:not\((#j)+\)", selector), selector


PANELS = ("compare", "live", "parallel", "run", "runs")


@pytest.mark.parametrize("panel", PANELS)
def test_a_widget_has_the_rules_for_every_class_that_it_uses(panel: str) -> None:
    module = renderer_module(panel)
    if not module:
        pytest.fail("the panels are not built; `hatch run build` builds them", pytrace=False)

    used = set(re.findall(r"jt-[\w-]+", module))
    mine = selectors(widget_stylesheet(panel))
    # A rule is for a panel when the panel uses every class in it.
    wanted = {rule for rule in selectors(whole_stylesheet()) if classes(rule) and classes(rule) <= used}
    assert {without_ids(rule) for rule in wanted} <= {without_ids(rule) for rule in mine}


@pytest.mark.parametrize("panel", PANELS)
def test_a_widget_leaves_most_of_its_room_to_what_it_shows(panel: str) -> None:
    assert len(packed_module(panel)) <= 32_000
