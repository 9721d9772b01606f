"""HTML: the visible text, headings as `#` lines, table rows with bars between cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, PageElement, Tag

from ...core.types import Document
from ..decode import read_text
from ..documents import UnreadableError, file_document

MAX_BYTES = 20_000_000
_DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DROPPED = frozenset(["script", "style", "nav", "template", "noscript", "svg", "head", "iframe", "object", "canvas"])
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
# fmt: off
_BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "main", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "tfoot", "thead", "ul",
])
# fmt: on
_AROUND = {"li": ("\n- ", ""), "br": ("\n", ""), "tr": ("\n", ""), "td": ("", " | "), "th": ("", " | ")}


def read(path: Path) -> Iterator[Document]:
    """Yield the page as one document; the title is `<title>`, else the first heading."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableError(f"{size:,} bytes of HTML are over the limit of {MAX_BYTES:,}; split the page")
    with path.open("rb") as file:
        declared = _DECLARED.search(file.read(2048))
    html, note = read_text(path, declared=declared[1].decode() if declared else "")
    # Not the standard library's parser: 90 kB of `<a <a <a` keep that one busy for a minute and a half.
    soup = BeautifulSoup(html, "lxml")
    heading = soup.find(["h1", "h2", "h3"])
    titles = [tag.get_text(" ", strip=True) for tag in (soup.title, heading) if tag]
    yield file_document(path, visible_text(soup), title=next(filter(None, titles), ""), metadata=note)


def visible_text(soup: Tag) -> str:
    """Return what a reader of the page sees, a block a line."""
    writer = _Writer()
    waiting: list[PageElement | str] = [soup]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tag):
            waiting.extend(reversed(_parts(node)))
        elif type(node) in (NavigableString, CData):
            writer.write(re.sub(r"\s+", " ", str(node)))
        elif not isinstance(node, PageElement):
            writer.mark(node)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?: \|)? *\n", "\n", "".join(writer.pieces))).strip()


def _parts(tag: Tag) -> list[PageElement | str]:
    """Return a tag's children with the marks that stand before and after them."""
    name = tag.name.lower()
    if name in _DROPPED:
        return []
    if name in _HEADINGS:
        words = " ".join(tag.get_text(" ").split())
        return [f"\n\n{_HEADINGS[name]} {words}\n\n"] if words else []
    if name == "pre":
        return [f"\n\n{tag.get_text()}\n\n"]
    before, after = _AROUND.get(name, ("\n\n", "\n\n") if name in _BLOCKS else ("", ""))
    return [before, *tag.contents, after]


@dataclass(slots=True)
class _Writer:
    """Joins pieces; a space that would open a line or follow another one is left out."""

    pieces: list[str] = field(default_factory=list)
    last: str = "\n"

    def write(self, text: str) -> None:
        self.mark(text.lstrip(" ") if self.last in " \n" else text)

    def mark(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.last = text[-1]
