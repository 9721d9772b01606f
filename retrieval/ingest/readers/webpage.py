"""HTML: the visible text, headings as `#` lines, table rows with bars between cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, PageElement, Tag

from ...types import Document
from ..clean import file_document
from ..decode import read_text
from ..skipped import UnreadableError

MAX_BYTES = 20_000_000
_DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DROPPED = frozenset("script style nav template noscript svg head iframe object canvas".split())
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_BLOCKS = frozenset(
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form header hr "
    "html main ol p pre section summary table tbody tfoot thead ul".split()
)
_AROUND = {"li": ("\n- ", "\n"), "br": ("\n", ""), "tr": ("\n", "\n"), "td": ("", " | "), "th": ("", " | ")}


def read(path: Path) -> Iterator[Document]:
    """Yield the page as one document; the title is `<title>`, else the first heading."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableError(f"{size:,} bytes of HTML are over the limit of {MAX_BYTES:,}; split the page")
    with path.open("rb") as file:
        declared = _DECLARED.search(file.read(2048))
    html, note = read_text(path, declared=declared[1].decode() if declared else "")
    soup = BeautifulSoup(html, "lxml")
    heading = soup.find(["h1", "h2", "h3"])
    title = next((" ".join(tag.stripped_strings) for tag in (soup.title, heading) if tag and tag.get_text(strip=True)), "")
    yield file_document(path, visible_text(soup), title=title, metadata=note)


def visible_text(soup: Tag) -> str:
    """Return what a reader of the page sees, a block a line."""
    writer = _Writer()
    waiting: list[PageElement | str] = [soup]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tag):
            waiting.extend(reversed(_parts(node)))
        elif type(node) in (NavigableString, CData):
            kept = node.find_parent("pre") is not None
            writer.write(str(node) if kept else re.sub(r"\s+", " ", str(node)))
        elif isinstance(node, str) and not isinstance(node, PageElement):
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
    before, after = _AROUND.get(name, ("\n\n", "\n\n") if name in _BLOCKS else ("", ""))
    return [part for part in (before, *tag.contents, after) if part != ""]


@dataclass(slots=True)
class _Writer:
    """Joins pieces; a space that would open a line or follow another one is left out."""

    pieces: list[str] = field(default_factory=list)
    last: str = "\n"

    def write(self, text: str) -> None:
        text = text.lstrip(" ") if self.last in " \n" and not text.startswith("\n") else text
        self.mark(text)

    def mark(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.last = text[-1]
