"""A landscape as HTML without script, and as text."""

from __future__ import annotations

from collections.abc import Collection

from jtrack.direction import Direction
from jtrack.widgets.format import MISSING, format_number, plural, shorten
from jtrack.widgets.html import Markup, join, tag
from jtrack.widgets.landscape.frame import Landscape
from jtrack.widgets.landscape.image import contour_image, slice_image, value_range
from jtrack.widgets.style import stylesheet
from jtrack.widgets.text_table import align_cells

PARTS = ("importance", "contour", "slices")
_KEY_WIDTH = 30
_VALUE_WIDTH = 24
_MOST_ROWS = 12
_TOO_FEW = "Too few trials have finished to tell what mattered: it takes a dozen that differ."
_LEGEND = (
    "Dots are trials, the diamond is the best one. Lines and shades are a model of all of them: what it expects when "
    "the params shown move, and the others stay as they are in the best trial."
)


def landscape_html(land: Landscape, parts: Collection[str] = PARTS, *, is_folded: bool = False) -> Markup:
    """Render the parts that are asked for; folded, one line tells the most important of it and opens the rest."""
    head = [tag("b", shorten(land.title, 80), class_="jt-name"), " ", tag("span", about_text(land))]
    if not land.shares:
        body = tag("div", _TOO_FEW, class_="jt-empty")
    else:
        body = join([tag("div", _figures(land, parts), class_="jt-land"), tag("div", _LEGEND, class_="jt-foot")])
    if is_folded and land.shares:
        said = tag("summary", "what mattered: ", tag("span", shares_text(land), class_="jt-muted"), class_="jt-head")
        inner = tag("details", said, body)
    else:
        inner = join([tag("div", head, class_="jt-head"), body])
    panel = tag("div", inner, class_="jtrack jt-landscape", role="group", aria_label="what mattered in a sweep")
    return join([stylesheet("runs", "landscape"), panel])


def landscape_text(land: Landscape) -> str:
    """Render the share of each param, and its value in the best trial."""
    head = f"{land.title}  {about_text(land)}"
    if not land.shares:
        return f"{head}\n  {_TOO_FEW}"
    rows = [["param", "share", "in the best trial"]]
    for name, share in land.shares.items():
        best = shorten(land.best_params.get(name, MISSING), _VALUE_WIDTH)
        rows.append([shorten(name, _KEY_WIDTH), f"{share:.0%}", best])
    return "\n".join([head, *(f"  {line}" for line in align_cells(rows, [False, True, True]))])


def about_text(land: Landscape) -> str:
    """``40 trials · minimize rmse · best 0.5512``."""
    verb = "minimize" if land.direction is Direction.LOWER else "maximize"
    parts = [plural(land.n_trials, "trial"), f"{verb} {shorten(land.metric, 60)}"]
    if land.best_value is not None:
        parts.append(f"best {format_number(land.best_value)}")
    return " · ".join(parts)


def shares_text(land: Landscape) -> str:
    """``lr 81 %, momentum 19 %``."""
    told = [f"{shorten(name, _KEY_WIDTH)} {share:.0%}" for name, share in list(land.shares.items())[:4]]
    rest = len(land.shares) - len(told)
    return ", ".join(told) + (f", {rest} more" if rest else "")


def _figures(land: Landscape, parts: Collection[str]) -> list[Markup]:
    figures = []
    if "importance" in parts:
        figures.append(_figure("what mattered", _importance(land)))
    if "contour" in parts and land.contour is not None:
        names = f"{land.metric} over {land.contour.x_axis.key} and {land.contour.y_axis.key}"
        figures.append(_figure(names, contour_image(land.contour, land.metric, land.direction)))
    if "slices" in parts and land.slices:
        of_values = value_range(land, [y for cut in land.slices for y in cut.tried.y])
        figures += [
            _figure(f"{land.metric} over {cut.axis.key}", slice_image(land, cut, of_values)) for cut in land.slices
        ]
    return figures


def _figure(caption: str, *content: Markup) -> Markup:
    return tag("figure", tag("figcaption", shorten(caption, 60), class_="jt-label"), *content)


def _importance(land: Landscape) -> Markup:
    largest = max(land.shares.values()) or 1.0
    rows = [
        tag(
            "tr",
            tag("th", shorten(name, _KEY_WIDTH), scope="row", title=name if len(name) > _KEY_WIDTH else None),
            tag("td", tag("div", class_="jt-share", style=f"width:{150 * share / largest:.0f}px")),
            tag("td", f"{share:.0%}", class_="jt-num"),
            tag("td", shorten(land.best_params.get(name, MISSING), _VALUE_WIDTH), class_="jt-num jt-best"),
        )
        for name, share in list(land.shares.items())[:_MOST_ROWS]
    ]
    titles = ["param", "share", "", "best trial"]
    head = tag(
        "thead",
        tag(
            "tr", [tag("th", title, scope="col", class_="jt-num" if i == 3 else None) for i, title in enumerate(titles)]
        ),
    )
    rest = len(land.shares) - len(rows)
    return join([tag("table", head, tag("tbody", rows)), tag("div", f"{rest} more", class_="jt-muted") if rest else ""])
