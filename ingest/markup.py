"""A light tree of HTML: elements with attributes and children, parsed by lxml, bounded in depth."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

#: deeper elements are written into the one at this depth, so that recursion over the tree is safe
DEEPEST = 120
#: elements whose content no reader of a page sees
UNSEEN = frozenset("script style template noscript svg head iframe object canvas audio video select datalist".split())
_SURROGATE = re.compile("[\ud800-\udfff]")


class Node:
    """An element: its tag in lower case, its attributes, and its children, which are elements and texts."""

    __slots__ = ("attributes", "children", "tag", "words")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node | str] = []
        self.words = 0  # letters of its text, filled in once the element ends

    def get(self, name: str) -> str:
        """Return an attribute, or nothing."""
        return self.attributes.get(name) or ""

    def nodes(self) -> Iterator[Node]:
        """Yield the elements below this one, in order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.nodes()

    def find(self, *tags: str) -> Node | None:
        """Return the first element below this one with one of the tags."""
        return next((node for node in self.nodes() if node.tag in tags), None)

    def text(self) -> str:
        """Return all text below this element, as it stands in the source."""
        pieces: list[str] = []
        self._collect(pieces)
        return "".join(pieces)

    def _collect(self, pieces: list[str]) -> None:
        for child in self.children:
            if isinstance(child, str):
                pieces.append(child)
            elif child.tag == "br":
                pieces.append("\n")
            else:
                child._collect(pieces)

    def classes(self) -> list[str]:
        """Return the class names and the id, in lower case."""
        return f"{self.get('class')} {self.get('id')}".lower().split()


class TreeBuilder:
    """Builds nodes from the events of a parser, which has no limit on depth."""

    def __init__(self) -> None:
        self.root = Node("html", {})
        self.open = [self.root]
        self.deep = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        if len(self.open) > DEEPEST and tag not in UNSEEN:
            self.deep += 1
            return
        node = Node(tag.lower(), dict(attributes))
        self.open[-1].children.append(node)
        self.open.append(node)

    def end(self, tag: str) -> None:
        """Close an element."""
        if self.deep and tag not in UNSEEN:
            self.deep -= 1
        elif len(self.open) > 1:
            node = self.open.pop()
            node.words = sum(_size(child) for child in node.children)

    def data(self, text: str) -> None:
        """Add text to the open element."""
        self.open[-1].children.append(text)

    def comment(self, text: str) -> None:
        """Pass over a comment."""

    def close(self) -> Node:
        """Return the whole page."""
        while len(self.open) > 1:
            self.deep = 0
            self.end("")
        self.root.words = sum(_size(child) for child in self.root.children)
        return self.root


def _size(child: Node | str) -> int:
    if isinstance(child, Node):
        return 0 if child.tag in UNSEEN else child.words
    return sum(map(len, child.split()))


def parse(html: str) -> Node:
    """Parse HTML; what is wrong in it is mended as browsers do, nothing is loaded, and no entity is made bigger."""
    parser = etree.HTMLParser(target=TreeBuilder(), encoding="utf-8")
    data = _SURROGATE.sub("", html).encode()
    for start in range(0, len(data), 1 << 20):
        parser.feed(data[start : start + (1 << 20)])
    root: Node = parser.close()
    return root
