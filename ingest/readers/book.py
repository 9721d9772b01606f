"""Books (.epub): the chapters in reading order as one document.

One document and not one a chapter: title and author belong to the whole, notes often stand in a file of their own, and
files are cut where it suits the maker and not where chapters begin. Headings lead through it.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from ...core.types import Document
from ..builder import Builder
from ..documents import Dropped, FileProgress, Pace, Skipped, UnreadableError, stem_title
from ..markup import Node
from ..markup import parse as parse_html
from ..package import Package, local
from ..page import Page
from .xml_file import parse as parse_xml

MAX_CHAPTERS = 2_000
MAX_CHAPTER = 20_000_000
MAX_TEXT = 60_000_000
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ENTITY = re.compile(r"&(?!lt;|gt;|amp;|quot;|apos;|#)(\w+;)")
_NOTES = frozenset(["footnote", "rearnote", "endnote"])
_FIELDS = {"creator": "author", "language": "language", "publisher": "publisher", "date": "date"}
_HEADINGS = tuple(f"h{level}" for level in range(1, 7))


def read(path: Path) -> Iterator[Document | Dropped | Skipped | FileProgress]:
    """Yield the book as one document, with its author, language, publisher and date as metadata."""
    with Package(path, "a book (.epub)") as package:
        if "META-INF/container.xml" not in package:
            raise UnreadableError("not a book (.epub): it has no META-INF/container.xml")
        roots = (
            one.get("full-path") for one in package.xml("META-INF/container.xml").iter() if local(one) == "rootfile"
        )
        main = next((name for name in roots if name in package), "")
        book = _Book(package, main)
        builder = Builder()
        root = Node("html", {})
        size = 0
        pace = Pace(path, len(book.spine), "chapters")
        for number, name in enumerate(book.spine):
            yield from pace.told(number)
            if name in book.locked:
                yield Skipped(f"{path}#{name}", "encrypted (DRM)")
                continue
            data = package.read(name) if name in package else b""
            size += len(data)
            if len(data) > MAX_CHAPTER or size > MAX_TEXT:
                yield Skipped(
                    f"{path}#{name}", f"over the limit of {MAX_CHAPTER:,} bytes a chapter, {MAX_TEXT:,} a book"
                )
            else:
                root.children.append(_chapter(data, name, book.labels.get(name, "")))
        root.words = sum(child.words for child in root.children if isinstance(child, Node))
        for chapter in [child for child in root.children if isinstance(child, Node) and child.tag == "nav"]:
            builder.drop("navigation", chapter.text())
            root.children.remove(chapter)
        Page(builder, root, own=True).write()
        yield from builder.document(path, title=book.fields.pop("title", "") or stem_title(path), metadata=book.fields)


class _Book:
    """What the package of a book says: the order of its files, its title, its contents."""

    def __init__(self, package: Package, main: str) -> None:
        root = package.xml(main)
        folder = posixpath.dirname(main)
        files, navs, tables = {}, set(), []
        for item in root.iter(f"{_OPF}item"):
            name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
            files[item.get("id") or ""] = name
            if "nav" in (item.get("properties") or "").split():
                navs.add(name)
            if item.get("media-type") == "application/x-dtbncx+xml":
                tables.append(name)
        order = [files.get(one.get("idref") or "", "") for one in root.iter(f"{_OPF}itemref")]
        self.spine = [name for name in dict.fromkeys(order) if name][:MAX_CHAPTERS]
        self.fields: dict[str, str] = {}
        for tag, name in {"title": "title", **_FIELDS}.items():
            values = [" ".join((one.text or "").split()) for one in root.iter(_DC + tag)]
            if values := [value for value in values if value]:
                self.fields[name] = values[0] if tag != "creator" else ", ".join(values[:5])
        self.labels = _labels(package, [*navs, *tables])
        self.locked = _locked(package)
        self.spine = [name for name in self.spine if name not in navs]


def _labels(package: Package, names: list[str]) -> dict[str, str]:
    """Return what the contents call each file, by the first entry that points to it as a whole."""
    found: dict[str, str] = {}
    for name in names:
        if name not in package:
            continue
        for node in _parsed(package.read(name)).nodes():
            target = node.get("href") if node.tag == "a" else ""
            words = node.text()
            if node.tag == "navpoint":
                content, label = node.find("content"), node.find("navlabel")
                target, words = (content.get("src") if content else ""), (label.text() if label else "")
            if target and "#" not in target:
                file = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(target)))
                found.setdefault(file, " ".join(words.split()))
    return found


def _locked(package: Package) -> set[str]:
    """Return the files that are encrypted."""
    name = "META-INF/encryption.xml"
    root = package.xml(name) if name in package else ()
    return {unquote(one.get("URI") or "") for part in root for one in part.iter() if local(one) == "CipherReference"}


def _parsed(data: bytes) -> Node:
    """Parse XHTML; what is not well-formed as HTML."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]) if html.unescape(entity[0]) != entity[0] else "", text)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        return parse_xml(text.encode("utf-8", "replace"))
    except UnreadableError:
        return parse_html(text)


def _chapter(data: bytes, name: str, label: str) -> Node:
    """Return the body of a chapter, with names of places and links that hold in the whole book."""
    root = _parsed(data)
    body = root.find("body") or root
    body.tag = "div"
    marks = 0
    for node in [body, *body.nodes()]:
        if node.tag in ("main", "article", "body"):
            node.tag = "section"
        kinds = set(node.get("epub:type").split())
        if node.get("id"):
            node.attributes["id"] = f"{name}:{node.get('id')}"
        if kinds & _NOTES and node.tag in ("aside", "li", "div", "p"):
            node.attributes["role"] = "doc-footnote"
        if "pagebreak" in kinds or node.get("role") == "doc-pagebreak":
            node.children, node.words = [], 0
        if "noteref" in kinds or node.get("role") == "doc-noteref":
            marks += 1
            if not any(map(str.isalnum, node.text())):  # a star looks as the mark of a header link does
                node.children, node.words = [str(marks)], len(str(marks))
        if node.tag == "a" and "#" in (target := node.get("href")) and ":" not in target.partition("#")[0]:
            file, _, place = target.partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(file))) if file else name
            node.attributes["href"] = f"#{file}:{place}"
    words = " ".join(body.text().split())
    if label and words and not words.startswith(label) and body.find(*_HEADINGS) is None:
        heading = Node("h2", {})
        heading.children, heading.words = [label], len(label)
        body.children.insert(0, heading)
    return body
