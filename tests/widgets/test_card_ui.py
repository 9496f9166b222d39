"""The card in a real browser: readable at any width, in both schemes, and for those who don't see it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from jtrack.entities import RunStatus
from jtrack.widgets.card.frame import CardFrame, InnerRuns, compare_params
from jtrack.widgets.card.html import card_html
from tests.ui.side import accessibility_faults
from tests.widgets import samples
from tests.widgets.panel_page import SHOTS
from tests.widgets.test_card import nasty_card

pytestmark = pytest.mark.ui

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>cards</title><style>
body { margin: 8px; background: light-dark(#fff, #0f1316); color-scheme: light dark }
</style><main>%s</main></html>"""
# What sticks out of its card; a cell hides what is too long for it.
_OVERFLOW = """() => [...document.querySelectorAll('.jt-card')].flatMap(card => {
  const edge = card.getBoundingClientRect().right;
  const parts = [...card.querySelectorAll('div, table, th, td, pre, p, img, summary')];
  return parts.filter(part => part.getBoundingClientRect().right > edge).map(part => part.outerHTML.slice(0, 120));
})"""


def cards() -> list[CardFrame]:
    """A card in each of its states."""
    inside = InnerRuns(9, tuple(f"depth-{i}" for i in range(6)))
    values = {f"param_{i}": i if i % 2 else "a long value " * 5 for i in range(100)}
    before = {key: value if i > 12 else f"{value}!" for i, (key, value) in enumerate(values.items())}
    many = compare_params(samples.params(**values), samples.params(**before))
    metrics = tuple(samples.metric(f"val_loss_of_part_{i}", i / 7, i / 8, samples.curve(1, i)) for i in range(60))
    first = compare_params(samples.params(lr=0.1, depth=3), None)
    return [
        samples.card(),
        samples.card(previous=None, source=None, warnings=(), standing=None, params=first),
        samples.card(status=RunStatus.FAILED, error="ValueError: lr is too large", inside=inside),
        samples.card(status=RunStatus.RUNNING, metrics=(), duration_s=None),
        samples.card(metrics=metrics, params=many),
        nasty_card(),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_card_holds_at_any_width_and_axe_finds_nothing(browser: Browser, scheme: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    for width in (1000, 860, 400):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page = context.new_page()
        page.set_content(_PAGE % "".join(card_html(frame) for frame in cards()))
        assert page.evaluate(_OVERFLOW) == []
        page.locator("summary").evaluate_all("all => all.forEach(each => each.click())")
        assert page.evaluate(_OVERFLOW) == []
        assert accessibility_faults(page, "main") == []
        page.screenshot(path=SHOTS / f"cards-{width}-{scheme}.png", full_page=True)
        context.close()
