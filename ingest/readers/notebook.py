"""Notebooks (.ipynb): cells of text as Markdown, cells of code with what they print, pictures left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, UnreadableError, stem_title
from ..markup import parse as parse_html
from ..wrapped import write as write_plain
from .markdown import write as write_markdown
from .webpage import write as write_page

MAX_BYTES = 100_000_000
OUTPUT_LINES = 500
OUTPUT = 20_000  # characters
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the notebook as one document, called after its first heading."""
    raw, note = read_text(path)
    try:
        book = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not a notebook: invalid JSON ({error})"[:200]) from error
    if not isinstance(book, dict):
        raise UnreadableError("not a notebook: no JSON object")
    cells = book.get("cells")
    sheets = book.get("worksheets")
    if cells is None and isinstance(sheets, list):  # before version 4
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    if not isinstance(cells, list):
        raise UnreadableError("not a notebook: there are no cells in it")
    builder = Builder()
    for cell in cells:
        if isinstance(cell, dict):
            _cell(builder, cell)
    yield from builder.document(path, title=builder.title() or stem_title(path), metadata=note)


def _cell(builder: Builder, cell: dict[str, object]) -> None:
    text = _text(cell.get("source", cell.get("input")))
    match cell.get("cell_type"):
        case "markdown":
            write_markdown(builder, text)
        case "heading":
            level = cell.get("level")
            builder.heading(level if isinstance(level, int) else 1, text)
        case "code":
            builder.code(text)
            for output in _list(cell.get("outputs")):
                if isinstance(output, dict):
                    _output(builder, output)
        case _:
            write_plain(builder, text)


def _output(builder: Builder, output: dict[str, object]) -> None:
    """Write what a cell prints: a table as one, other text up to a limit, of an error its message."""
    data = output.get("data", output)
    data = data if isinstance(data, dict) else {}
    page = _text(data.get("text/html", data.get("html")))
    if output.get("output_type") in ("error", "pyerr"):
        text = f"{output.get('ename', '')}: {output.get('evalue', '')}"
    elif "<table" in page and len(page) < 1_000_000:
        _table(builder, page)
        return
    elif markdown := _text(data.get("text/markdown")):
        write_markdown(builder, markdown[:OUTPUT])
        builder.drop("long output", markdown[OUTPUT:])
        return
    else:
        text = _text(data.get("text/plain", data.get("text")))
    lines = _ESCAPE.sub("", text).split("\n")
    shown = "\n".join(lines[:OUTPUT_LINES])[:OUTPUT]
    builder.drop("long output", "\n".join(lines)[len(shown) :])
    builder.code(shown)


def _table(builder: Builder, page: str) -> None:
    root = parse_html(page)
    for row in [node for node in root.nodes() if node.tag == "tr"][OUTPUT_LINES:]:
        builder.drop("long output", row.text())
        row.children, row.words = [], 0
    write_page(builder, root)


def _text(value: object) -> str:
    """Return the text of a field, which is a string or a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
