"""XML: known elements of documents as on a page, other elements as records of `name: value` lines.

Entities that the file declares are not expanded, and nothing is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from ...core.types import Document
from ..builder import Builder
from ..documents import Dropped, UnreadableError, clean_text, stem_title
from ..markup import Node, TreeBuilder
from ..page import Page

MAX_BYTES = 30_000_000
#: DocBook, DITA, TEI and JATS, by the elements of HTML that mean the same
_AS_HTML = {
    **dict.fromkeys("para simpara formalpara p ab shortdesc".split(), "p"),
    **dict.fromkeys("itemizedlist simplelist ul list".split(), "ul"),
    **dict.fromkeys("orderedlist procedure ol steps".split(), "ol"),
    **dict.fromkeys("listitem member step li item list-item".split(), "li"),
    **dict.fromkeys("variablelist dl".split(), "dl"),
    **dict.fromkeys("varlistentry dlentry".split(), "div"),
    **dict.fromkeys("term dt".split(), "dt"),
    "dd": "dd",
    **dict.fromkeys("programlisting screen literallayout synopsis codeblock pre".split(), "pre"),
    **dict.fromkeys("table informaltable".split(), "table"),
    "tgroup": "tgroup",
    **dict.fromkeys("row tr strow".split(), "tr"),
    **dict.fromkeys("entry td stentry".split(), "td"),
    "th": "th",
    "thead": "thead",
    "tbody": "tbody",
    **dict.fromkeys("ulink link xref ref a".split(), "a"),
    **dict.fromkeys("emphasis literal filename command code option firstterm quote italic bold ph b i".split(), "span"),
    **dict.fromkeys("title head bridgehead".split(), "h"),
}
_SIGNS_OF_TEXT = frozenset("para simpara p section sect1 chapter body article topic div".split())
_NO_WORDS = re.compile(
    r"(?:xmlns|xsi|xml|id|ref|href|src|class|style|version|encoding|uuid|guid|type|schema).*", re.IGNORECASE
)


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document, called after its first title."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableError(f"{size:,} bytes of XML are over the limit of {MAX_BYTES:,}; split the file")
    root = parse(path.read_bytes())
    builder = Builder()
    top = next((child for child in root.children if isinstance(child, Node)), root)
    tags = {node.tag for node in root.nodes()}
    if top.tag == "html":
        title = Page(builder, root).write()
    elif tags & _SIGNS_OF_TEXT and tags & {"title", "head", "para", "p"}:
        _rename(root, 0, "")
        title = Page(builder, root, own=True).write()
    else:
        _records(builder, top)
        title = ""
    yield from builder.document(path, title=title or stem_title(path))


def parse(data: bytes) -> Node:
    """Parse XML into nodes, the names of elements without their namespace.

    Raises:
        UnreadableError: if it is not well-formed, or declares entities that are made of others.
    """
    tree = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: tree.start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: tree.end(name.rpartition(":")[2])
    parser.CharacterDataHandler = tree.data
    parser.EntityDeclHandler = _refuse_nested
    # A default handler keeps entities of the file from being expanded; they come by their name.
    parser.DefaultHandler = lambda text: tree.data(text[1:-1]) if text[:1] == "&" and text[-1:] == ";" else None
    parser.UseForeignDTD(True)
    parser.ExternalEntityRefHandler = lambda *_: 1
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnreadableError(f"invalid XML: {error}") from error
    return tree.close()


def _refuse_nested(name: str, parameter: int, value: str | None, *_: object) -> None:
    if value is not None and ("&" in value or len(value) > 10_000) and not parameter:
        raise UnreadableError(f"declares the entity {name[:50]!r} by others, which could be of any size")


def _rename(node: Node, depth: int, parent: str) -> None:
    """Give elements the names that they have in HTML; titles by how deep their section is."""
    original = node.tag
    sections = original in (
        "section",
        "chapter",
        "topic",
        "div",
        "part",
        "appendix",
        "refsect1",
        "sec",
        "article",
        "book",
    )
    depth += sections or bool(re.fullmatch(r"sect\d|div\d|refsect\d", original))
    new = _AS_HTML.get(original, "div" if original != "html" else "section")
    if new == "h":
        new = (
            "caption"
            if parent == "table"
            else f"h{min(max(depth, 1), 6)}"
            if parent not in ("figure", "example")
            else "p"
        )
    elif new == "li" and parent in ("varlistentry", "dlentry"):
        new = "dd"
    node.tag = new
    target = node.get("url") or node.get("xlink:href") or node.get("href")
    node.attributes = {"href": target} if target else {}
    if new == "div" and any(isinstance(child, str) and child.strip() for child in node.children) and parent in _AS_HTML:
        node.tag = "span"
    for child in node.children:
        if isinstance(child, Node):
            _rename(child, depth, original)


def _records(builder: Builder, node: Node) -> None:
    """Write an element whose children are values as lines, and any other by its children."""
    parts = [child for child in node.children if isinstance(child, Node)]
    own = " ".join(clean_text(" ".join(child for child in node.children if isinstance(child, str))).split())
    lines = [f"{name}: {value}" for name, value in node.attributes.items() if _is_word(name, value)]
    if not parts or own:
        words = " ".join(clean_text(node.text()).split())
        lines += [f"{node.tag}: {words}"] if words and (lines or not own or len(words) < 300) else []
        _lines(builder, lines)
        if words and not any(line.endswith(words) for line in lines):
            builder.paragraph(words)
        return
    groups = [part for part in parts if any(isinstance(child, Node) for child in part.children)]
    for part in parts:
        if part not in groups:
            values = [f"{name}: {value}" for name, value in part.attributes.items() if _is_word(name, value)]
            words = " ".join(clean_text(part.text()).split())
            lines.append(", ".join(filter(None, [f"{part.tag}: {words}" if words else "", *values])))
    _lines(builder, lines)
    for part in groups:
        _records(builder, part)


def _lines(builder: Builder, lines: list[str]) -> None:
    builder.items([(0, "", line) for line in lines if line])


def _is_word(name: str, value: str) -> bool:
    return not _NO_WORDS.fullmatch(name) and any(map(str.isalnum, value)) and len(value) < 1_000
