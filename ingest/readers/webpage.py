"""HTML: the article of a page with its headings, lists, tables and links, without what stands around it.

Left out, and counted, are menus, banners, footers, search forms, marks of header links, and what the page hides.
Which elements those are is told by their tags, roles and class names (`_furniture`), not by a score: pages of
documents are mostly lists and tables, which scores made for news take for menus.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, UnreadableError, stem_title
from ..markup import Node, parse
from ..page import Page

MAX_BYTES = 20_000_000
NEIGHBOURS = 6
NEIGHBOUR_BYTES = 1_000_000
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_SUFFIXES = (".html", ".htm", ".xhtml")


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the page as one document, called after its main heading, else after `<title>`."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableError(f"{size:,} bytes of HTML are over the limit of {MAX_BYTES:,}; split the page")
    root, note = _parsed(path)
    first, repeated = _repeated(str(path.parent), path.parent.stat().st_mtime_ns)
    builder = Builder()
    title = write(builder, root, repeated=() if path.name == first else repeated)
    yield from builder.document(path, title=title or stem_title(path), metadata=note | _address(root))


def write(builder: Builder, page: Node | str, *, repeated: Collection[str] = ()) -> str:
    """Write a page, or a chapter of a book, into a document, and return its title, or nothing.

    Args:
        builder: the document.
        page: HTML, or what `parse` made of it.
        repeated: texts that the pages of a site begin or end with, which are left out at those places.
    """
    return Page(builder, parse(page) if isinstance(page, str) else page, frozenset(repeated)).write()


def _address(root: Node) -> dict[str, object]:
    """Return where the page says that it is on the web: its canonical link, else what it tells OpenGraph."""
    said = ""
    for node in root.nodes():
        if node.tag == "link" and node.get("rel").lower() == "canonical":
            return _url(node.get("href")) or _url(said)
        if node.tag == "meta" and node.get("property").lower() == "og:url":
            said = said or node.get("content")
        if node.tag == "body":
            break
    return _url(said)


def _url(written: str) -> dict[str, object]:
    written = written.strip()
    return {"url": written} if re.fullmatch(r"https?://\S{1,900}", written) else {}


def _parsed(path: Path) -> tuple[Node, dict[str, object]]:
    with path.open("rb") as file:
        declared = _DECLARED.search(file.read(2048))
    html, note = read_text(path, declared=declared[1].decode() if declared else "")
    return parse(html), note


@lru_cache(maxsize=16)
def _repeated(folder: str, _changed: int) -> tuple[str, frozenset[str]]:
    """Return the texts that most of the first pages of a folder begin or end with, at least three, and the first page.

    The first page keeps them, so that nothing that only looks like furniture is lost.
    """
    edges: list[set[str]] = []
    first = ""
    for path in sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in _SUFFIXES):
        if len(edges) == NEIGHBOURS:
            break
        try:
            if path.is_file() and path.stat().st_size <= NEIGHBOUR_BYTES:
                edges.append(Page(Builder(), _parsed(path)[0]).edges())
                first = first or path.name
        except (OSError, UnreadableError, ValueError):
            continue
    texts = {text for found in edges for text in found}
    least = max(3, -(-len(edges) * 8 // 10))
    return first, frozenset(text for text in texts if sum(text in found for found in edges) >= least)
