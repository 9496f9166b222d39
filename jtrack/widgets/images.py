"""Small drawings as `img` elements that carry their SVG with them.

An inline `svg` is taken out where a notebook isn't trusted and on GitHub; an image with a data address
stays. Inside it `prefers-color-scheme` follows the element's own color scheme, so a drawing turns with
the panel's theme without a script.
"""

from __future__ import annotations

import base64
import itertools
import math
from collections.abc import Sequence

from jtrack.widgets import style
from jtrack.widgets.html import Markup, tag

SPARK_SIZE = (76, 18)
_INSET = 3.0
# Viridis from the worst to the best: its better end stands out against the ground, dark on light, light on dark.
_ON_LIGHT = "7ad151 4ac16d 22a884 1f988b 25848e 2a788e 355f8d 414487 472a7a 440154".split()
_ON_DARK = "3b528b 33638d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 dde318 fde725".split()
N_SHADES = len(_ON_LIGHT)


def spark_image(step: Sequence[float], value: Sequence[float], label: str) -> Markup | None:
    """A line without axes that ends in a dot; ``None`` for fewer than two points."""
    if len(value) < 2:
        return None
    width, height = SPARK_SIZE
    points = fit_points(step, value, (_INSET, _INSET, width - _INSET, height - _INSET))
    x, y = points[-1]
    shapes = (
        f'<path class="a" d="{line_path(points)}" stroke-width="1.4"/><circle class="A" cx="{x:g}" cy="{y:g}" r="2"/>'
    )
    return svg_image(SPARK_SIZE, shapes, label, {"a": ("stroke", "accent"), "A": ("fill", "accent")})


def svg_image(
    size: tuple[float, float], shapes: str, label: str, classes: dict[str, tuple[str, str]], extra_css: str = ""
) -> Markup:
    """An image of ``shapes``; each of ``classes`` paints one property in one colour of the stylesheet."""
    palette = style.colours()
    light = "".join(f".{name}{{{prop}:{palette[colour][0]}}}" for name, (prop, colour) in classes.items())
    dark = "".join(f".{name}{{{prop}:{palette[colour][1]}}}" for name, (prop, colour) in classes.items())
    width, height = size
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}">'
        f"<style>path{{fill:none;stroke-linejoin:round}}{extra_css}{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"
        f"{shapes}</svg>"
    )
    address = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    return tag("img", src=address, alt=label, width=f"{width:g}", height=f"{height:g}")


def shades_css(*rules: str) -> str:
    """Style of the shades from worst to best; a rule is a class without its number, and a property: ``"s:stroke"``."""
    parts = [rule.partition(":") for rule in rules]
    light, dark = (
        "".join(f".{name}{i}{{{prop}:#{colour}}}" for name, _, prop in parts for i, colour in enumerate(colours))
        for colours in (_ON_LIGHT, _ON_DARK)
    )
    return f"{light}@media(prefers-color-scheme:dark){{{dark}}}"


def fit_points(
    step: Sequence[float], value: Sequence[float], box: tuple[float, float, float, float]
) -> list[tuple[float, float]]:
    """Scale points into ``box`` (left, top, right, bottom), one decimal; a flat line runs in the middle."""
    left, top, right, bottom = box
    low, high = min(value), max(value)
    first, span = step[0], (step[-1] - step[0]) or 1
    return [
        (
            round(left + (x - first) / span * (right - left), 1),
            round(bottom - fraction(y, low, high) * (bottom - top), 1),
        )
        for x, y in zip(step, value, strict=True)
    ]


def fraction(value: float, low: float, high: float) -> float:
    """How far ``value`` is on the way from ``low`` to ``high``; the middle where these are one."""
    span = high - low
    if math.isinf(span):
        # The span of two floats may be more than a float can hold.
        return (value / 2 - low / 2) / (high / 2 - low / 2)
    return (value - low) / span if span > 0 else 0.5


def short_path(points: Sequence[tuple[float, float]], scale: float) -> str:
    """SVG path data of a line through ``points`` × ``scale``, as whole steps: half as long as `line_path`."""
    places = [(round(x * scale), round(y * scale)) for x, y in points]
    numbers = [step for (x, y), (to_x, to_y) in itertools.pairwise(places) for step in (to_x - x, to_y - y)]
    steps = "".join(f"{'' if n < 0 or i == 0 else ' '}{n}" for i, n in enumerate(numbers))
    return f"M{places[0][0]} {places[0][1]}l{steps}"


def line_path(points: Sequence[tuple[float, float]]) -> str:
    """SVG path data of a line through ``points``."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
