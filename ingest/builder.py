"""One model for all formats: a reader hands over headings, paragraphs, lists, tables and code, and gets a document.

The text is light Markdown: `#` before headings, `-` before items, bars between the cells of a row, a blank line between
blocks. It is what a person would copy out of the page, so that a quotation can be found in it again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..core.types import Anchor, Block, BlockKind, Document, Line, Link
from ..core.words import slug
from .documents import Dropped, clean_text, file_document

#: text in pieces, each with the target of its link, or "" for none; a piece without text is a place with that name
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
        self._anchors: list[Anchor] = []
        self._ahead: list[str] = []  # names of the place where the next block begins
        self._slugs: Counter[str] = Counter()
        self._trail: dict[int, str] = {}
        self._dropped: Counter[str] = Counter()
        self._titles: list[tuple[int, str]] = []

    def heading(self, level: int, text: Inline, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Begin a section; `level` is 1 for the outermost. What follows is under it until one of its level or above."""
        given, links, anchors = _joined(text)
        words = given.lstrip("# ")  # a mark of a heading here, and of a language at the end: "Using C#"
        if not words:
            return
        cut = len(given) - len(words)
        links = [Link(max(0, link.start - cut), link.end - cut, link.target) for link in links if link.end > cut]
        self._ahead += [*(anchor.name for anchor in anchors), *self._slug(words)]
        level = min(max(1, level), DEEPEST)
        self._trail = {outer: name for outer, name in self._trail.items() if outer < level}
        mark = "#" * level + " "
        self._block("heading", _Words(mark + words, _moved(links, len(mark)), []), page=page, lines=lines)
        self._trail[level] = words
        self._titles.append((level, words))

    def paragraph(self, text: Inline, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write a paragraph; the `start` of each of the lines counts characters of the paragraph."""
        self._block("paragraph", _joined(text), page=page, lines=lines)

    def footnote(self, text: Inline, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write a footnote, behind the block that refers to it."""
        self._block("footnote", _joined(text), page=page, lines=lines)

    def items(self, items: Sequence[tuple[int, str, Inline]], *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write a list: of each item its depth from 0, its number ("2.") or "" for a dash, and its words."""
        rows = [("  " * depth + (f"{number} " if number else "- "), _joined(text)) for depth, number, text in items]
        self._lines("list", [row for row in rows if row[1].text], page=page, lines=lines)

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
        above = [row for row in made[:header] if row.text.strip(" |")]
        below = [row for row in made[header:] if row.text.strip(" |")]
        if title := _joined(caption).text:
            above.insert(0, _Words(title, [], []))
        head = "\n".join(row.text for row in above) if below else ""
        self._lines("table", [("", row) for row in (*above, *below)], head=len(head), page=page, lines=lines)

    def code(self, text: str, *, page: int = 0, lines: Sequence[Line] = ()) -> None:
        """Write code, or other text whose line breaks mean something."""
        self._block("code", _Words(clean_text(text).strip("\n").rstrip(), [], []), page=page, lines=lines)

    def anchor(self, name: str) -> None:
        """Let the place where the next block begins have a name that links can use."""
        self._ahead.append(name)

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
                anchors=tuple(sorted(dict.fromkeys(self._anchors), key=lambda anchor: anchor.at)),
            )

    def _slug(self, heading: str) -> list[str]:
        """Return the name that sites make of a heading, numbered where an earlier one has it."""
        name = slug(heading)
        self._slugs[name] += 1
        before = self._slugs[name] - 1
        return [f"{name}-{before}" if before else name] if name else []

    def _lines(
        self,
        kind: BlockKind,
        rows: Sequence[tuple[str, _Words]],
        *,
        page: int,
        lines: Sequence[Line],
        head: int = 0,
    ) -> None:
        """Write a block of (mark, words) rows, a line each."""
        at, links, anchors, texts = 0, list[Link](), list[Anchor](), list[str]()
        for mark, words in rows:
            links += _moved(words.links, at + len(mark))
            anchors += [Anchor(anchor.at + at + len(mark), anchor.name) for anchor in words.anchors]
            texts.append(mark + words.text)
            at += len(texts[-1]) + 1
        self._block(kind, _Words("\n".join(texts), links, anchors), page=page, lines=lines, head=head)

    def _block(
        self,
        kind: BlockKind,
        words: _Words,
        *,
        page: int,
        lines: Sequence[Line],
        head: int = 0,
    ) -> None:
        text, links, anchors = words
        if not text:
            return
        if self._blocks:
            self._write("\n\n")
        start = self._length
        self._write(text)
        trail = tuple(self._trail.values())
        placed = tuple(line._replace(start=line.start + start) for line in lines)
        self._blocks.append(Block(start, self._length, kind, trail, page, head, placed))
        self._links += _moved(links, start)
        self._anchors += [Anchor(start, name) for name in self._ahead]
        self._anchors += [Anchor(start + _on_words(text, anchor.at), anchor.name) for anchor in anchors]
        self._ahead = []

    def _write(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)


class _Words(NamedTuple):
    """Text with its links and the places in it that have names."""

    text: str
    links: Sequence[Link]
    anchors: Sequence[Anchor]


def _moved(links: Sequence[Link], by: int) -> list[Link]:
    return [Link(link.start + by, link.end + by, link.target) for link in links]


def _on_words(text: str, at: int) -> int:
    """Return the first place from `at` on where no white space is, else the last one: each is in some passage."""
    behind = len(text) - len(text[at:].lstrip())
    return min(behind, len(text) - 1)


def _row(cells: Sequence[Inline]) -> _Words:
    """Return the cells of a row with bars between them, and the links and anchors with their place in it."""
    text, links, anchors = "", list[Link](), list[Anchor]()
    for number, cell in enumerate(cells):
        words = _joined(cell)
        text += _BAR if number else ""
        links += _moved(words.links, len(text))
        anchors += [Anchor(anchor.at + len(text), anchor.name) for anchor in words.anchors]
        text += words.text
    stripped = text.rstrip()
    return _Words(stripped, [link for link in links if link.end <= len(stripped)], anchors)


def _joined(text: Inline) -> _Words:
    """Return text with single spaces and none at its ends, its links and its anchors."""
    pieces = [(text, "")] if isinstance(text, str) else text
    written, links, anchors = "", list[Link](), list[Anchor]()
    for piece, target in pieces:
        words = _SPACE.sub(" ", clean_text(piece))
        if not written or written[-1] == " ":
            words = words.lstrip(" ")
        start = len(written)
        written += words
        if target and words.strip():
            inside = len(words) - len(words.lstrip(" "))
            links.append(Link(start + inside, start + len(words.rstrip(" ")), target))
        elif target and not piece:
            anchors.append(Anchor(start, target))
    return _Words(written.rstrip(" "), links, anchors)
