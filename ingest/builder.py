"""One model for all formats: a reader hands over headings, paragraphs, lists, tables and code, and gets a document.

The text is light Markdown: `#` before headings, `-` before items, bars between the cells of a row, a blank line between
blocks. It is what a person would copy out of the page, so that a quotation can be found in it again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..core.types import Block, BlockKind, Document, Line, Link
from .documents import Dropped, clean_text, file_document

#: text in pieces, each with the target of its link, or "" for none
Inline = str | Sequence[tuple[str, str]]
_SPACE = re.compile(r"\s+")
_BAR = " | "
DEEPEST = 6


class Builder:
    """Writes the text of one document, block after block, and keeps where each stands.

    White space inside paragraphs, items and cells becomes single spaces; code keeps it.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._links: list[Link] = []
        self._trail: dict[int, str] = {}
        self._dropped: Counter[str] = Counter()
        self._titles: list[tuple[int, str]] = []

    def heading(self, level: int, text: Inline, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Begin a section; `level` is 1 for the outermost. What follows is under it until one of its level or above."""
        given, links = _joined(text)
        words = given.lstrip("# ")  # a mark of a heading here, and of a language at the end: "Using C#"
        if not words:
            return
        cut = len(given) - len(words)
        links = [Link(max(0, link.start - cut), link.end - cut, link.target) for link in links if link.end > cut]
        level = min(max(1, level), DEEPEST)
        self._trail = {outer: name for outer, name in self._trail.items() if outer < level}
        mark = "#" * level + " "
        self._block("heading", mark + words, [_moved(link, len(mark)) for link in links], page=page, lines=lines)
        self._trail[level] = words
        self._titles.append((level, words))

    def paragraph(self, text: Inline, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write a paragraph; the `start` of each of the lines counts characters of the paragraph."""
        self._block("paragraph", *_joined(text), page=page, lines=lines)

    def footnote(self, text: Inline, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write a footnote, behind the block that refers to it."""
        self._block("footnote", *_joined(text), page=page, lines=lines)

    def items(self, items: Sequence[tuple[int, str, Inline]], *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write a list: of each item its depth from 0, its number ("2.") or "" for a dash, and its words."""
        rows = [("  " * depth + (f"{number} " if number else "- "), *_joined(text)) for depth, number, text in items]
        self._lines("list", [row for row in rows if row[1]], page=page, lines=lines)

    def table(
        self,
        rows: Sequence[Sequence[Inline]],
        *,
        header: int = 1,
        caption: str = "",
        page: int = 0,
        lines: Sequence[Line] = (),
    ) -> None:
        """Write a table, a row a line; the first `header` rows name the columns. Rows without words are left out."""
        made = [_row(cells) for cells in rows]
        above = [row for row in made[:header] if row[0].strip(" |")]
        below = [row for row in made[header:] if row[0].strip(" |")]
        if title := _joined(caption)[0]:
            above.insert(0, (title, []))
        head = "\n".join(words for words, _ in above) if below else ""
        self._lines("table", [("", *row) for row in (*above, *below)], head=len(head), page=page, lines=lines)

    def code(self, text: str, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write code, or other text whose line breaks mean something."""
        self._block("code", clean_text(text).strip("\n").rstrip(), [], page=page, lines=lines)

    def drop(self, what: str, text: str) -> None:
        """Count what is left out: `what` names its kind, such as "navigation"."""
        self._dropped[what] += len("".join(text.split()))

    def title(self) -> str:
        """Return the first heading of the first level, else the first heading of any, else nothing."""
        return next((words for level, words in self._titles if level == 1), self._titles[0][1] if self._titles else "")

    def text(self) -> str:
        """Return what was written so far."""
        return "".join(self._text)

    def dropped(self, path: Path) -> Iterator[Dropped]:
        """Yield what was left out."""
        return (Dropped(str(path), what, count) for what, count in sorted(self._dropped.items()) if count)

    def document(
        self, path: Path, *, title: str = "", metadata: Mapping[str, object] | None = None
    ) -> Iterator[Document | Dropped]:
        """Yield the document of a file, called after the title, the first heading or the file, and what was left out.

        Nothing is yielded of a document without text but what was left out.
        """
        yield from self.dropped(path)
        if self._blocks:
            made = file_document(path, "", title=title or self.title(), metadata=metadata)
            yield Document(
                made.key,
                self.text(),
                made.title,
                made.metadata,
                made.source,
                blocks=tuple(self._blocks),
                links=tuple(self._links),
            )

    def _lines(
        self,
        kind: BlockKind,
        rows: Sequence[tuple[str, str, Sequence[Link]]],
        *,
        page: int,
        lines: Sequence[Line],
        head: int = 0,
    ) -> None:
        """Write a block of (mark, words, links of the words) rows, a line each."""
        at, links, texts = 0, list[Link](), list[str]()
        for mark, words, own in rows:
            links += [_moved(link, at + len(mark)) for link in own]
            texts.append(mark + words)
            at += len(texts[-1]) + 1
        self._block(kind, "\n".join(texts), links, page=page, lines=lines, head=head)

    def _block(
        self,
        kind: BlockKind,
        text: str,
        links: Sequence[Link],
        *,
        page: int,
        lines: Sequence[Line],
        head: int = 0,
    ) -> None:
        if not text:
            return
        if self._blocks:
            self._write("\n\n")
        start = self._length
        self._write(text)
        trail = tuple(self._trail.values())
        placed = tuple(line._replace(start=line.start + start) for line in lines)
        self._blocks.append(Block(start, self._length, kind, trail, page, head, placed))
        self._links += [_moved(link, start) for link in links]

    def _write(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)


def _moved(link: Link, by: int) -> Link:
    return Link(link.start + by, link.end + by, link.target)


def _row(cells: Sequence[Inline]) -> tuple[str, list[Link]]:
    """Return the cells of a row with bars between them, and the links with their place in it."""
    text, links = "", list[Link]()
    for number, cell in enumerate(cells):
        words, own = _joined(cell)
        text += _BAR if number else ""
        links += [_moved(link, len(text)) for link in own]
        text += words
    stripped = text.rstrip()
    return stripped, [link for link in links if link.end <= len(stripped)]


def _joined(text: Inline) -> tuple[str, list[Link]]:
    """Return text with single spaces and none at its ends, and its links."""
    pieces = [(text, "")] if isinstance(text, str) else text
    written, links = "", list[Link]()
    for piece, target in pieces:
        words = _SPACE.sub(" ", clean_text(piece))
        if not written or written[-1] == " ":
            words = words.lstrip(" ")
        start = len(written)
        written += words
        if target and words.strip():
            inside = len(words) - len(words.lstrip(" "))
            links.append(Link(start + inside, start + len(words.rstrip(" ")), target))
    return written.rstrip(" "), links
