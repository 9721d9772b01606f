"""The values that travel between ingest, store and graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

#: rows of 32-bit numbers, mostly of unit length, shape (rows, dimension) or (dimension,)
Vectors = NDArray[np.float32]
#: features and logits
Numbers = NDArray[np.float64]
Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar | list[Scalar]]


BlockKind = Literal["heading", "paragraph", "list", "table", "code", "footnote"]


class Line(NamedTuple):
    """Where a line that begins at character `start` stands on its page, in points from the page's top left corner."""

    start: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Link(NamedTuple):
    """A link: its anchor text is characters `start` to `end`, `target` what the author wrote (a URL, path or #name)."""

    start: int
    end: int
    target: str


class Anchor(NamedTuple):
    """A place that links can name: what stands at character `at` is called `name` (`id=` in HTML)."""

    at: int
    name: str


class LinkKind(IntEnum):
    """How one passage leads to another by what its author wrote, the most deliberate first."""

    HYPERLINK = 0  # inside running text
    LISTED = 1  # alone in its item or cell: "see also", contents, navigation
    REFERENCE = 2  # in words: "see section 4.2"
    IDENTIFIER = 3  # SRS-103, RFC 3339
    FOOTNOTE = 4


class ResolvedLink(NamedTuple):
    """Where characters `start` to `end` of a passage lead: to a passage of a document, or "" for the document as such.

    `document` is a key, `passage` an id.
    """

    kind: LinkKind
    start: int
    end: int
    document: str
    passage: str


class Block(NamedTuple):
    """A piece of a text that belongs together: characters `start` to `end`.

    Blocks stand in the order of the text and don't overlap; between two there is white space alone.

    Args:
        trail: the headings above it, outermost first; of a heading without itself.
        page: the page on which it begins, from 1; 0 in formats without pages.
        head: of a table, how many of its first characters are caption and header row, which every part repeats.
        lines: the lines of a PDF.
    """

    start: int
    end: int
    kind: BlockKind
    trail: tuple[str, ...] = ()
    page: int = 0
    head: int = 0
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One retrievable document, as ingest or a caller hands it to a collection.

    `key` is its stable identity: a path, `path#row`, or whatever the caller chose. `vector` is the caller's own
    embedding of the text (any length but zero); such a document is kept whole, as one chunk. `blocks` are its
    structure, where a reader knows it; they cover all of the text but white space. Without them `#` lines of the text
    are its headings. `links` and `anchors` are in the order of the text.
    """

    key: str
    text: str
    title: str = ""
    metadata: Metadata = field(default_factory=dict)
    source: str = ""
    vector: tuple[float, ...] | None = None
    blocks: tuple[Block, ...] = ()
    links: tuple[Link, ...] = ()
    anchors: tuple[Anchor, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a passage stands in its document, and what it is made of.

    The passage's text is characters `start` to `end` of the document's; a part of a table begins with `lead` more,
    which repeat the table's caption and header row from `lead_start` on, and a line break. `blocks`, `links` and
    `anchors` count characters of the passage, not of the document.
    """

    start: int
    end: int
    lead: int = 0
    lead_start: int = 0
    blocks: tuple[Block, ...] = ()
    links: tuple[Link, ...] = ()
    anchors: tuple[Anchor, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return which characters of the document are characters `start` to `end` of the passage.

        Raises:
            ValueError: for characters partly of the repeated head of a table and partly behind it.
        """
        if start >= self.lead:
            return self.start + start - self.lead, self.start + end - self.lead
        if end > self.lead:
            raise ValueError(f"characters {start} to {end} are not in one place of the document")
        return self.lead_start + start, self.lead_start + end

    def block(self, place: int) -> Block | None:
        """Return the block that character `place` of the passage belongs to, or None between blocks."""
        return next((one for one in self.blocks if one.start <= place < one.end), None)

    def page(self, place: int = 0) -> int:
        """Return the page on which character `place` of the passage stands, from 1; 0 without pages."""
        page = 0
        for block in self.blocks:
            if block.start > place and page:
                break
            page = block.page
            for line in block.lines:
                if line.start <= place:
                    page = line.page
        return page


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document as it is embedded and ranked; `heading` is the trail `A > B` above it."""

    text: str
    title: str = ""
    heading: str = ""
    layout: Layout | None = None

    @property
    def embed_text(self) -> str:
        """Return what the embedder reads: title, heading trail and text, a line each."""
        return "\n".join(part for part in (self.title, self.heading, self.text) if part)


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as the record returns it, with what a citation needs."""

    id: str
    document: str
    title: str
    heading: str
    text: str
    metadata: Metadata = field(default_factory=dict)
    source: str = ""
    place: int = 0  # in its document, from 0
    layout: Layout | None = None  # None for a document that is one passage and has no blocks, and for what 0.1 stored
    whole: bool = False  # whether it is the only passage of its document

    @property
    def page(self) -> int:
        """Return the page on which it begins, from 1; 0 in formats without pages."""
        return self.layout.page() if self.layout else 0

    def span(self, start: int | None = None, end: int | None = None) -> tuple[int, int] | None:
        """Return which characters of the document's text are characters `start` to `end` of the passage.

        None where nobody knows: in a passage of a longer document that 0.1 cut, and for characters partly of the
        repeated head of a table and partly behind it. Without arguments the repeated head is not counted.
        """
        end = len(self.text) if end is None else end
        if self.layout is None:
            return (start or 0, end) if self.whole else None
        try:
            return self.layout.span(min(self.layout.lead, end) if start is None else start, end)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage id with the score that one ranking gave it; higher is better."""

    id: str
    score: float


class Spent(TypedDict):
    """What a node spent with one language model on one call: plain JSON, kept in the state."""

    node: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    dollars: float
    seconds: float
    cached: bool
    failed: bool
