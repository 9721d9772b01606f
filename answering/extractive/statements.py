"""What of a passage may be quoted: sentences, items of lists, rows of tables, each with what is needed to read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...core.types import Block, Passage
from ...core.words import sentences
from ..quoted import orders

#: between a title and the headings below it
ABOVE = " > "
_BAR = re.compile(r"\s*\|\s*")
_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,3}[.)]|[a-zA-Z][.)])\s+")
_RULE = re.compile(r"[\s|:+=_-]*")
#: words of a line of code or of a row that may be quoted
_WORD = re.compile(r"[^\W_]{2}")


class Statement(NamedTuple):
    """A sentence, an item or a row.

    `text` is word for word in the passage. `shown` is what is told to a person: a row with the names of its columns,
    else the text. `heading` stands above it, the title first; `before` is the sentence that precedes it, or what leads
    to a list.
    """

    text: str
    shown: str
    heading: str = ""
    before: str = ""


def statements(passage: Passage) -> list[Statement]:
    """Return what may be quoted of a passage, in its order: no headings, and no orders to a model."""
    found = _of_blocks(passage) if passage.layout and passage.layout.blocks else _of_text(passage)
    return [one for one in found if not orders(one.text)]


def _of_text(passage: Passage) -> Iterator[Statement]:
    """Yield the sentences of a passage whose structure nobody knows; `#` lines are headings."""
    above, before, heading = (passage.title, passage.heading), "", ""
    for one in sentences(passage.text):
        if one.startswith("#"):
            heading, before = one.lstrip("# "), ""
            continue
        yield Statement(one, one, _trail(*above, heading), before)
        before = one


def _of_blocks(passage: Passage) -> Iterator[Statement]:
    """Yield the statements of each block; a list is led to by the last sentence before it."""
    layout, before = passage.layout, ""
    for block in layout.blocks if layout else ():
        said, heading = passage.text[block.start : block.end], _trail(passage.title, *block.trail)
        if block.kind == "heading":
            before = ""
            continue
        made = list(_OF.get(block.kind, _prose)(said, block, heading, before))
        yield from made
        before = made[-1].text if made and block.kind == "paragraph" else ""


def _prose(said: str, _: Block, heading: str, before: str) -> Iterator[Statement]:
    for one in sentences(said):
        yield Statement(one, one, heading, before)
        before = one


def _items(said: str, _: Block, heading: str, before: str) -> Iterator[Statement]:
    """Yield the items of a list, of a long one its sentences."""
    for line in said.split("\n"):
        item = line[match.end() :] if (match := _ITEM.match(line)) else line.strip()
        lead = before
        for one in sentences(item):
            yield Statement(one, one, heading, lead)
            lead = one


def items(said: str) -> list[str] | None:
    """Return the items of a list, each whole; None for one with lists below its items, or without marks of items."""
    lines = said.split("\n")
    marks = [match for line in lines if (match := _ITEM.match(line))]
    indents = {len(match.group()) - len(match.group().lstrip()) for match in marks}
    if len(marks) < len(lines) or len(indents) != 1:
        return None
    return [line[match.end() :].strip() for line, match in zip(lines, marks, strict=True)]


class TableLines(NamedTuple):
    """The names of a table's columns, its caption, and its rows."""

    names: list[str]
    caption: str
    rows: list[Statement]


def table_lines(said: str, head: int, heading: str = "") -> TableLines:
    """Return the rows of a table whose first `head` characters are caption and header row."""
    above = said[:head].strip().split("\n") if head else []
    names = cells(above[-1]) if above and "|" in above[-1] else []
    caption = " ".join(above[:-1] if names else above)
    lines = [line.strip() for line in said[head:].split("\n")]
    rows = [
        Statement(row, labelled(names, cells(row)), heading, caption)
        for row in lines
        if _WORD.search(row) and not _RULE.fullmatch(row)
    ]
    return TableLines(names, caption, rows)


def cells(row: str) -> list[str]:
    """Return the cells of a row."""
    return _BAR.split(row.strip("| "))


def _rows(said: str, block: Block, heading: str, _: str) -> Iterator[Statement]:
    """Yield the rows of a table under its caption, told with the names of their columns."""
    yield from table_lines(said, block.head, heading).rows


def labelled(names: list[str], cells: list[str]) -> str:
    """Return a row with the names of its columns, `Range: 800 m`; a cell without a name stands alone."""
    named = zip(cells, [*names, *[""] * len(cells)], strict=False)
    return "; ".join(f"{name}: {cell}" if name else cell for cell, name in named if cell)


def _code(said: str, _: Block, heading: str, before: str) -> Iterator[Statement]:
    """Yield the lines of code that have words."""
    for line in said.split("\n"):
        if _WORD.search(line):
            yield Statement(line.strip(), line.strip(), heading, before)
            before = line.strip()


_OF = {"paragraph": _prose, "footnote": _prose, "list": _items, "table": _rows, "code": _code}


def _trail(*parts: str) -> str:
    """Join title and headings, without one that repeats the one above it."""
    kept: list[str] = []
    for part in filter(None, parts):
        if not kept or part != kept[-1]:
            kept.append(part)
    return ABOVE.join(kept)
