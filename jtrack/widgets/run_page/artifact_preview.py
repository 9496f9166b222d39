"""What a page shows of a file: an image as it is, the beginning of a text or table, JSON as a tree, a figure's sketch.

Everything is read as data and cut to what a message may carry; nothing of a file's content is ever run here.
"""

from __future__ import annotations

import base64
import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from jtrack.widgets.run_page.artifact_files import (
    FileKind,
    check_size,
    find_artifact,
    image_type,
    kind_of_content,
    read_head,
)
from jtrack.widgets.run_page.figure_sketch import FigureSketch, is_figure, sketch_figure
from jtrack.widgets.run_page.json_tree import JsonNode, parse_tree

_MOST_IMAGE = 4_000_000
_MOST_HTML = 8_000_000
_MOST_DOWNLOAD = 16_000_000
_MOST_PARSED = 4_000_000
_MOST_COUNTED = 64_000_000
_MOST_TEXT = 60_000
_MOST_ROWS = 200
_MOST_COLUMNS = 40
_CELL_WIDTH = 120


@dataclass(frozen=True, slots=True)
class PreviewTable:
    """The first rows and columns of a table; ``n_rows`` is ``None`` where nobody counted, ``is_numeric`` a column's."""

    columns: tuple[str, ...]
    is_numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    n_rows: int | None
    n_columns: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as a page shows it: of the fields after ``n_bytes`` those are set that its kind has.

    ``image`` is a data address; ``text`` the beginning, with ``is_cut``; ``html`` a page to be shown in a sandbox.
    """

    path: str
    kind: str
    n_bytes: int
    note: str | None = None
    image: str | None = None
    text: str | None = None
    is_cut: bool = False
    table: PreviewTable | None = None
    tree: JsonNode | None = None
    figure: FigureSketch | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A whole file in base64."""

    name: str
    data: str


def preview_artifact(run_id: str, path: str) -> Preview:
    """Read what a page shows of a file of a run.

    Raises
    ------
    ArtifactNotFoundError
        The run has no such file, or it is not on this machine.
    InvalidInputError
        It is too large to be shown, or its path leads out of the run's folder.
    """
    return preview_file(find_artifact(run_id, path), path)


def preview_file(file: Path, path: str) -> Preview:
    """Read what a page shows of a file that is called ``path``."""
    n_bytes, head = os.stat(file).st_size, read_head(file)
    kind = kind_of_content(head, path)
    if kind is FileKind.IMAGE:
        check_size(n_bytes, _MOST_IMAGE, "the image")
        subtype = image_type(head) or "svg+xml"
        return Preview(path, kind, n_bytes, image=f"data:image/{subtype};base64,{_base64(file)}")
    if kind is FileKind.BINARY:
        return Preview(path, kind, n_bytes, note="a binary file, which has no preview")
    if kind is FileKind.HTML:
        check_size(n_bytes, _MOST_HTML, "the page")
        return Preview(path, kind, n_bytes, html=file.read_text(encoding="utf-8", errors="replace"))
    if kind is FileKind.TABLE:
        delimiter = "\t" if path.lower().endswith(".tsv") else ","
        return Preview(path, kind, n_bytes, table=read_csv(file, delimiter, n_bytes <= _MOST_COUNTED))
    if kind is FileKind.JSON and n_bytes <= _MOST_PARSED:
        return _preview_json(file, path, n_bytes)
    return _preview_text(file, path, n_bytes)


def download_artifact(run_id: str, path: str) -> Download:
    """Read a whole file of a run, of at most 16 MB."""
    file = find_artifact(run_id, path)
    check_size(os.stat(file).st_size, _MOST_DOWNLOAD, f"{file.name} lies in {file.parent}; it")
    return Download(file.name, _base64(file))


def read_csv(file: Path, delimiter: str, is_counted: bool) -> PreviewTable:
    """Read the beginning of a table with a line of heads; the rest is only counted."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        reader = csv.reader((line.replace("\0", "") for line in opened), delimiter=delimiter)
        try:
            columns, *rows = [*islice(reader, _MOST_ROWS + 1)] or [[]]
            n_rows = len(rows) + sum(1 for _ in reader) if is_counted or len(rows) < _MOST_ROWS else None
        except csv.Error:  # a cell longer than any table's
            return _table(["text"], [[line[:_CELL_WIDTH]] for line in islice(opened, 20)], None)
    return _table(columns, rows, n_rows)


def table_of_json(value: Any) -> PreviewTable | None:
    """The table that JSON holds as ``{"columns": […], "data": [[…], …]}``, as `log_table` writes it."""
    if not isinstance(value, Mapping) or not isinstance(value.get("columns"), list):
        return None
    rows = value.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return None
    texts = [[cell if isinstance(cell, str) else json.dumps(cell) for cell in row] for row in rows[:_MOST_ROWS]]
    return _table([str(column) for column in value["columns"]], texts, len(rows))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], n_rows: int | None) -> PreviewTable:
    n_columns = max([len(columns), *map(len, rows)])
    width = min(n_columns, _MOST_COLUMNS)
    cells = [tuple(_cell(row[i]) if i < len(row) else "" for i in range(width)) for row in rows]
    heads = [_cell(columns[i]) if i < len(columns) else "" for i in range(width)]
    numeric = [any(row[i] for row in cells) and all(_is_number(row[i]) for row in cells) for i in range(width)]
    return PreviewTable(tuple(heads), tuple(numeric), tuple(cells), n_rows, n_columns)


def _preview_json(file: Path, path: str, n_bytes: int) -> Preview:
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        value = json.loads(text)
        tree = parse_tree(text)
    except (ValueError, RecursionError) as error:
        preview = _preview_text(file, path, n_bytes)
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Preview(path, FileKind.TEXT, n_bytes, f"no JSON: {problem}", text=preview.text, is_cut=preview.is_cut)
    if is_figure(value):
        return Preview(path, "figure", n_bytes, figure=sketch_figure(value), tree=tree)
    table = table_of_json(value)
    return Preview(path, FileKind.JSON if table is None else FileKind.TABLE, n_bytes, table=table, tree=tree)


def _preview_text(file: Path, path: str, n_bytes: int) -> Preview:
    with file.open("rb") as opened:
        text = opened.read(_MOST_TEXT).decode("utf-8", "replace")
    return Preview(path, FileKind.TEXT, n_bytes, text=text, is_cut=n_bytes > _MOST_TEXT)


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _cell(text: str) -> str:
    return text if len(text) <= _CELL_WIDTH else text[: _CELL_WIDTH - 1] + "…"


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True
