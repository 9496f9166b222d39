"""What a page shows of a file: told by the content and not by the name, cut, and exact where it matters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jtrack.errors import InvalidInputError
from jtrack.widgets.frames import frame_json
from jtrack.widgets.run_page.artifact_files import FileKind, kind_of_content
from jtrack.widgets.run_page.artifact_preview import preview_file
from jtrack.widgets.run_page.figure_sketch import sketch_figure
from jtrack.widgets.run_page.json_tree import parse_tree

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (PNG, "a.png", FileKind.IMAGE),
        (PNG, "a.txt", FileKind.IMAGE),
        (b"<script>alert(1)</script>", "a.png", FileKind.TEXT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", FileKind.IMAGE),
        (b"a,b\n1,2\n", "a.csv", FileKind.TABLE),
        (b"\0\1\2", "a.csv", FileKind.BINARY),
        (b"plain", "a.pkl", FileKind.TEXT),
        (b"plain", "Makefile", FileKind.TEXT),
        (b"", "empty.json", FileKind.JSON),
        ("ä".encode() * 2047 + b"\xc3", "cut-within-a-character.txt", FileKind.TEXT),
        (b"\xff\xfe\xfa", "latin.txt", FileKind.BINARY),
    ],
)
def test_what_a_file_is_shows_in_its_first_bytes(head: bytes, name: str, kind: FileKind) -> None:
    assert kind_of_content(head, name) is kind


def previewed(folder: Path, name: str, content: bytes | str):  # type: ignore[no-untyped-def]
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return preview_file(file, name)


def test_numbers_in_json_stay_as_they_were_written(own_folder: Path) -> None:
    text = '{"id": 12345678901234567890, "nan": NaN, "x": 1e400, "zero": 1.10, "t": true, "none": null}'
    tree = previewed(own_folder, "a.json", text).tree
    assert {key: node.text for key, node in tree.entries} == {
        "id": "12345678901234567890",
        "nan": "NaN",
        "x": "1e400",
        "zero": "1.10",
        "t": "true",
        "none": "null",
    }


def test_a_tree_is_cut_in_width_depth_and_number() -> None:
    wide = parse_tree(json.dumps(list(range(100_000))))
    assert (wide.n, len(wide.entries)) == (100_000, 100)
    deep = parse_tree("[" * 200 + "]" * 200)
    assert len(json.dumps(frame_json(deep))) < 2_000
    bushy = parse_tree(json.dumps([[list(range(50))] * 50] * 50))
    assert len(json.dumps(frame_json(bushy))) < 400_000


def test_what_is_no_json_is_shown_as_text_and_says_so(own_folder: Path) -> None:
    for content in ("{broken", "[" * 100_000, ""):
        preview = previewed(own_folder, "a.json", content)
        assert (preview.kind, preview.tree) == ("text", None)
        assert preview.note.startswith("no JSON")


def test_a_table_shows_its_beginning_and_counts_the_rest(own_folder: Path) -> None:
    rows = "\n".join(f"name {i},{i / 7:.3f},{'x' * 500}" for i in range(1000))
    table = previewed(own_folder, "a.csv", f"\ufeffname,value,long\n{rows}\n").table
    assert (table.columns, table.is_numeric, table.n_rows, len(table.rows)) == (
        ("name", "value", "long"),
        (False, True, False),
        1000,
        200,
    )
    assert len(table.rows[0][2]) == 120


def test_ragged_wide_and_broken_tables_are_shown_too(own_folder: Path) -> None:
    table = previewed(own_folder, "a.tsv", "a\tb\n1\n1\t2\t3\n").table
    assert (table.n_columns, table.rows) == (3, (("1", "", ""), ("1", "2", "3")))
    wide = previewed(own_folder, "b.csv", ",".join(map(str, range(500))) + "\n").table
    assert (wide.n_columns, len(wide.columns), wide.n_rows) == (500, 40, 0)
    assert previewed(own_folder, "c.csv", "").table.n_rows == 0
    previewed(own_folder, "d.csv", '"' + "x" * 200_000)  # longer than a cell may be


def test_a_table_in_json_is_a_table(own_folder: Path) -> None:
    preview = previewed(own_folder, "a.json", '{"columns": ["a", "b"], "data": [[1, "x"], [2.5, null]]}')
    assert (preview.kind, preview.table.rows) == ("table", (("1", "x"), ("2.5", "null")))


def test_what_is_too_large_says_how_large_it_is(own_folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"5\.0 MB.*4\.0 MB"):
        previewed(own_folder, "a.png", PNG + b"\0" * 5_000_000)
    text = previewed(own_folder, "a.txt", "x" * 1_000_000)
    assert text.is_cut and len(text.text) == 60_000


def test_a_figure_is_sketched_and_what_is_not_is_named() -> None:
    import numpy as np
    import plotly.graph_objects as go

    figure = go.Figure(
        [
            go.Scatter(x=np.arange(4), y=np.array([1.0, np.nan, 3.0, 4.0]), name="line"),
            go.Bar(x=[0, 1], y=[1, 2]),
            go.Heatmap(z=[[1]]),
            go.Bar(y=["a"], x=[1], orientation="h"),
        ],
        layout={"title": "T", "xaxis": {"title": "x", "type": "log"}},
    )
    sketch = sketch_figure(json.loads(figure.to_json()))
    assert (sketch.title, sketch.x_title, sketch.x_kind, sketch.is_x_log, sketch.n_traces) == (
        "T",
        "x",
        "number",
        True,
        4,
    )
    line, bars = sketch.traces
    assert (line.name, line.mode, line.x, line.y) == ("line", "lines+markers", (0.0, 2.0, 3.0), (1.0, 3.0, 4.0))
    assert bars.mode == "bars"
    assert sketch.left_out == ("heatmap", "bar")


def test_times_and_categories_have_places_on_the_axis() -> None:
    data = [{"type": "scatter", "x": ["2026-01-01", "2026-01-02T12:00:00"], "y": [1, 2]}]
    times = sketch_figure({"data": data, "layout": {}})
    assert times.x_kind == "time" and times.traces[0].x[1] - times.traces[0].x[0] == 1.5 * 86400
    words = sketch_figure({"data": [{"type": "bar", "x": ["b", "a", "b"], "y": [1, 2, 3]}], "layout": {}})
    assert (words.x_kind, words.x_labels, words.traces[0].x) == ("category", ("b", "a"), (0.0, 1.0, 0.0))


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "scatter", "x": {"bdata": "not base64!", "dtype": "f8"}, "y": [1]},
        {"type": "scatter", "x": [[1]], "y": [{}]},
        {"type": 5, "y": "text"},
        {"type": "scatter", "y": [10**400, "1e999", None, True]},
        {"type": "scatter", "mode": 3, "name": ["x"], "y": [1, 2]},
    ],
)
def test_a_garbled_figure_breaks_nothing(trace: dict[str, object]) -> None:
    sketch = sketch_figure({"data": [trace], "layout": {"title": 5, "xaxis": []}})
    json.dumps(frame_json(sketch), allow_nan=False)
