"""HTML from values, and drawings that are whole in themselves."""

from __future__ import annotations

import base64
import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from jtrack.widgets.chart import curves_image, nice_ticks, spread_ends, spread_labels
from jtrack.widgets.curves import Points
from jtrack.widgets.html import Markup, escape, join, tag
from jtrack.widgets.images import fit_points, spark_image


def svg_of(image: str) -> ET.Element:
    (encoded,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', image)
    return ET.fromstring(base64.b64decode(encoded))


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("td", "<b>&", Markup("<i>x</i>")) == "<td>&lt;b&gt;&amp;<i>x</i></td>"
    assert tag("td", title='"<') == '<td title="&quot;&lt;"></td>'
    assert escape(Markup("<b>")) == "<b>"


def test_children_may_be_missing_numbers_or_lists() -> None:
    assert tag("p", None, 3, ["a", [tag("br"), None]]) == "<p>3a<br></p>"
    assert join([]) == ""


def test_attributes_may_be_missing_or_bare() -> None:
    assert (
        tag("td", class_="a", hidden=True, title=None, open=False, data_x=1) == '<td class="a" hidden data-x="1"></td>'
    )


def test_a_script_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no script"):
        tag("script", "alert(1)")
    with pytest.raises(ValueError, match="no script"):
        tag("b", onclick="alert(1)")


def test_control_characters_and_half_characters_are_replaced() -> None:
    assert escape("a\x00\x1b\ud800\tb\n") == "a\ufffd\ufffd\ufffd\tb\n"
    assert escape("a\u202eb\u2067") == "a\ufffdb\ufffd", "what turns the direction of reading"


def test_a_spark_line_starts_left_and_ends_in_a_dot() -> None:
    image = spark_image([0, 1, 2], [1.0, 3.0, 2.0], "3 points")
    assert image is not None
    assert 'alt="3 points"' in image
    svg = svg_of(image)
    (path,) = svg.findall("{*}path")
    (dot,) = svg.findall("{*}circle")
    assert path.attrib["d"] == "M3 15L38 3L73 9"
    assert (dot.attrib["cx"], dot.attrib["cy"]) == ("73", "9")
    style = svg.findtext("{*}style") or ""
    assert "prefers-color-scheme:dark" in style


def test_a_spark_line_needs_two_points() -> None:
    assert spark_image([0], [1.0], "") is None


@pytest.mark.parametrize("values", [(1.0, 1.0), (-1.7e308, 1.7e308), (5e-324, 0.0)])
def test_points_stay_in_their_box(values: tuple[float, float]) -> None:
    for x, y in fit_points([0, 1], values, (0, 0, 100, 50)):
        assert 0 <= x <= 100
        assert 0 <= y <= 50


def test_ticks_are_round_and_lie_within() -> None:
    assert nice_ticks(0, 59) == [0, 20, 40]
    assert nice_ticks(0.5, 0.93) == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])
    assert nice_ticks(3, 3) == [3]
    assert nice_ticks(5e-324, 2.5e-323) == [5e-324], "so near zero there is nothing round between them"
    for low, high in ((-1e-9, 1e-9), (1e300, 1.7e308), (0, 1e-300)):
        ticks = nice_ticks(low, high)
        assert 2 <= len(ticks) <= 6
        assert all(low - abs(low) * 1e-9 <= tick <= high for tick in ticks)


def test_labels_keep_their_order_and_do_not_cover_each_other() -> None:
    placed = spread_labels([50, 52, 51, 5], 0, 100)
    assert placed[3] < placed[0] < placed[2] < placed[1]
    ordered = sorted(placed)
    assert all(b - a >= 10 for a, b in itertools.pairwise(ordered))
    crowded = spread_labels([100.0] * 30, 0, 100)
    assert (min(crowded), max(crowded)) == pytest.approx((0, 100))


def test_a_label_stays_at_the_end_of_a_line_that_ends_where_no_other_does() -> None:
    placed = spread_ends([400, 60, 408, 230], [90, 90, 90, 91], 0, 100)
    assert placed == [90, 90, 100, 91]


def test_each_run_has_a_line_that_ends_in_its_letter() -> None:
    series = [Points((0, 1), (0.1, 0.2), 2), None, Points((0, 5), (0.3, 0.1), 2)]
    image = curves_image(series, "ABC", "loss by step")
    assert image is not None
    svg = svg_of(image)
    lines = svg.findall("{*}g/{*}path")
    assert [line.attrib["class"] for line in lines] == ["s0", "s2"]
    assert lines[1].attrib["d"] == "M520 80l3720 1600", "in tenths, and from one point to the next"
    assert [text.text for text in svg.findall("{*}text") if text.attrib["class"].startswith("f")] == ["A", "C"]
    assert curves_image([None, None], "AB", "") is None


def test_lines_beyond_the_colours_are_dashed() -> None:
    series = [Points((0, 1), (float(i), i + 1.0), 2) for i in range(9)]
    image = curves_image(series, "ABCDEFGHI", "")
    assert image is not None
    lines = svg_of(image).findall("{*}g/{*}path")
    assert [line.get("stroke-dasharray") is not None for line in lines] == [False] * 7 + [True] * 2
