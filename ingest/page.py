"""The blocks of a web page: headings, paragraphs, lists, tables, code and notes, in the order of reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from .builder import Builder
from .furniture import Furniture, link_share
from .markup import UNSEEN, Node

Pieces = list[tuple[str, str]]
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math nobr q rp rt ruby s "
    "samp small span strike strong sub sup time tt u var wbr semantics mrow mi mo mn msup msub mfrac mtext".split()
)
_SPAN_LIMIT = 50
MOST_REPEATED = 4  # blocks at each end of a page that may be furniture
LONGEST_REPEATED = 300
_WRITTEN = 1 << 60  # no item of the list at hand
ITEM = 600  # letters up to which the second paragraph of an item goes into the item
LONGEST_NAME = 200  # characters of the name of a place
CELL = 1_500  # letters a cell beyond which a table is only there to arrange text
_SITE = re.compile(r"\s+[|·»›:—–-]+\s+|\s*[|»]\s*|\s*:\s+")
_NOTE_ID = re.compile(r"(?:^|[-_:.])(?:fn|footnote|note|ftn|endnote|cite_note)[-_:.]?\w*\d", re.IGNORECASE)
_NOTE_CLASS = frozenset(["footnote", "footnote-item", "footnote-definition", "endnote"])
_BACK = re.compile(r"[\s↩↑^⏎↵⤴⬑\ufe0e]*")
_CAPTION = re.compile(r"(?:Table|Tabelle|Tableau|Tabla|Tabella)\s*[\dA-Z]")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp)", re.IGNORECASE)


@dataclass(slots=True)
class _Slot:
    """An open item of a list: its depth, its mark, the term that it explains, and which item holds its words."""

    depth: int
    mark: str = ""
    term: Sequence[tuple[str, str]] = ()
    item: int = -1


class Page:
    """Walks over one page and writes what belongs to the article.

    Args:
        builder: the document.
        root: the page.
        repeated: texts that are left out at its beginning and end.
        own: whether the page was made here, of a format without furniture: class names then mean nothing.
    """

    def __init__(
        self, builder: Builder, root: Node, repeated: frozenset[str] = frozenset(), *, own: bool = False
    ) -> None:
        self._builder = builder
        self._root = root
        self._body = root.find("body") or root
        self._furniture = Furniture(root, self._body, own=own)
        self._repeated = repeated
        self._blocks: list[tuple[str, str, Callable[[], None]]] = []
        self._headings: list[tuple[int, str]] = []
        self._pieces: Pieces = []
        self._items: list[tuple[int, str, Pieces]] = []
        self._slots: list[_Slot] = []
        self._terms: Pieces = []
        self._defined = True  # whether the terms of the open list have definitions
        self._target = ""
        self._names: list[str] = []  # of the place where the next words stand
        self._flat = 0
        self._inside = False
        self._notes = {node.get("id"): node for node in self._body.nodes() if _is_note(node)}
        self._waiting: list[tuple[str, str]] = []  # notes to which the words at hand refer, and how
        self._of_items: list[tuple[str, str]] = []  # those of the list at hand
        self._written: set[str] = set()
        self._has_h1 = self._body.find("h1") is not None

    def write(self) -> str:
        """Write the page and return its title."""
        self._read()
        for _, _, block in self._without_repeated():
            block()
        return self._title()

    def edges(self) -> set[str]:
        """Return the texts of the first and last blocks, among which what each page of a site repeats is found."""
        self._read()
        texts = [text if kind != "heading" else "" for kind, text, _ in self._blocks]
        return {text for text in texts[:MOST_REPEATED] + texts[-MOST_REPEATED:] if 0 < len(text) < LONGEST_REPEATED}

    def _read(self) -> None:
        article = self._article()
        if article is not self._body:
            self._inside = True
            self._drop_around(self._body, article)
        self._walk(article)
        self._flush()
        self._flush_items()

    def _article(self) -> Node:
        """Return the page's main part where it says which that is, and most of what is no menu stands in it."""
        nodes = list(self._body.nodes())
        mains = [node for node in nodes if node.tag == "main" or node.get("role") == "main"]
        articles = [node for node in nodes if node.tag == "article"]
        found = mains[:1] or (articles if len(articles) == 1 else [])
        return found[0] if found and found[0].words * 5 >= self._body.words else self._body

    def _drop_around(self, node: Node, article: Node) -> None:
        for child in node.children:
            if isinstance(child, str):
                self._builder.drop("outside the article", child)
            elif child is not article and child.tag not in UNSEEN:
                if article in child.nodes():
                    self._drop_around(child, article)
                else:
                    self._builder.drop(self._furniture.kind(child, inside=False) or "outside the article", child.text())

    def _without_repeated(self) -> Sequence[tuple[str, str, Callable[[], None]]]:
        """Leave out the blocks at both ends that the pages beside this one begin or end with too."""
        first, last = 0, len(self._blocks)
        while first < last and self._blocks[first][1] in self._repeated:
            first += 1
        while last > first and self._blocks[last - 1][1] in self._repeated:
            last -= 1
        size = sum(len(text) for _, text, _ in self._blocks)
        kept = self._blocks[first:last]
        if sum(len(text) for _, text, _ in kept) * 3 < size * 2:
            return self._blocks  # pages that are alike, not furniture
        for _, text, _ in (*self._blocks[:first], *self._blocks[last:]):
            self._builder.drop("repeated on each page", text)
        return kept

    def _title(self) -> str:
        """Return the main heading; of several the one that `<title>` holds; a site's name is not taken for one."""
        tag = self._root.find("title")
        whole = " ".join(tag.text().split()) if tag else ""
        parts = [part for part in _SITE.split(whole) if part]
        names = [text for level, text in self._headings if level == 1]
        if len(names) == 1 and len(parts) > 1 and names[0] == parts[-1] and len(self._headings) > 1:
            names = [parts[0]]
        if names:
            return next((name for name in names if name in whole), names[0])
        first = self._headings[0][1] if self._headings else ""
        return first if first and (first in whole or not whole) else whole

    # The walk.

    def _walk(self, node: Node) -> None:
        for child in node.children:
            if isinstance(child, str):
                self._pieces.append((child, self._target))
            elif child.tag not in UNSEEN:
                self._element(child)

    def _element(self, node: Node) -> None:
        self._pieces += _names(node)
        if kind := self._furniture.kind(node, inside=self._inside):
            self._builder.drop(kind, node.text())
        elif self._notes.get(node.get("id")) is node and not self._flat:
            self._flush()
            self._put_note(node.get("id"), "")
        elif node.tag == "a":
            self._link(node)
        elif node.tag == "img":
            alt = node.get("alt").strip()
            self._pieces += [(alt, self._target)] if len(alt) > 1 and not _FILE_NAME.fullmatch(alt) else []
        elif node.tag == "math" and node.get("alttext"):
            self._pieces.append((node.get("alttext"), self._target))
        elif node.tag in _INLINE:
            self._walk(node)
        elif self._flat:
            self._apart(node)
        else:
            self._block(node)

    def _apart(self, node: Node) -> None:
        """Walk over a block inside a heading, term or cell: its words stand apart from those beside it."""
        self._pieces.append((" ", ""))
        self._walk(node)
        self._pieces.append((" ", ""))

    def _block(self, node: Node) -> None:
        if node.tag not in ("dt", "dd", "br"):
            self._flush()
        inside = self._inside
        self._inside = inside or node.tag in ("main", "article") or node.get("role") == "main"
        match node.tag:
            case "br":
                self._pieces.append((" ", ""))
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._heading(_HEADINGS[node.tag], self._flat_pieces(node))
            case "pre" | "listing" | "xmp":
                self._put("code", node.text(), partial(self._builder.code, node.text()))
            case "table":
                self._table(node)
            case "ul" | "ol" | "dir":
                self._list(node)
            case "dt":
                self._term(node)
            case "dd":
                self._definition(node)
            case _:
                outer = self._defined
                self._defined = node.find("dd") is not None if node.tag == "dl" else outer
                self._walk(node)
                self._flush()
                if node.tag == "dl":
                    self._definition(None)
                self._defined = outer
        self._inside = inside

    def _flat_pieces(self, node: Node) -> Pieces:
        """Return the words and links of an element without looking for blocks in it."""
        kept, self._pieces = self._pieces, []
        self._flat += 1
        self._walk(node)
        self._flat -= 1
        made, self._pieces = self._pieces, kept
        return made

    def _link(self, node: Node) -> None:
        target = node.get("href").strip()
        label = " ".join(node.text().split())
        if target.startswith("#") and target[1:] in self._notes:
            self._waiting.append((target[1:], label.strip("[]() ")))
            self._pieces.append((f" [{label.strip('[]')}]", target))
            return
        if not label and not node.find("img"):
            self._pieces += _inner_names(node)
            return
        outer = self._target
        self._target = "" if target.lower().startswith(("javascript:", "data:")) else target
        self._walk(node)
        self._target = outer

    def _flush(self) -> None:
        """End the paragraph at hand; inside a list it is the words of the item, or goes on with them."""
        pieces, self._pieces = self._pieces, []
        if not any(text.strip() for text, _ in pieces):
            self._names += [name for text, name in pieces if name and not text]
            return
        pieces = [*self._named(), *pieces]
        slot = self._slots[-1] if self._slots else None
        self._write_terms(self._slots[:-1])
        if slot and slot.item < 0:
            slot.item = len(self._items)
            self._items.append((slot.depth, slot.mark, [*slot.term, *pieces]))
            self._of_items, self._waiting = self._of_items + self._waiting, []
        elif slot and slot.item == len(self._items) - 1 and _size(self._items[-1][2]) + _size(pieces) < ITEM:
            self._items[-1][2].extend([(" ", ""), *pieces])
        else:
            self._put("paragraph", _plain(pieces), partial(self._builder.paragraph, pieces))

    def _named(self) -> Pieces:
        """Return as pieces the names that were waiting for words."""
        names, self._names = self._names, []
        return [("", name) for name in names]

    def _flush_items(self) -> None:
        if self._items:
            items, self._items = self._items, []
            for slot in self._slots:
                slot.item = _WRITTEN if slot.item >= 0 else slot.item
            waiting, self._waiting, self._of_items = self._waiting, self._of_items, []
            self._add("list", "\n".join(_plain(pieces) for _, _, pieces in items), partial(self._builder.items, items))
            self._waiting = waiting

    def _put(self, kind: str, text: str, block: Callable[[], None]) -> None:
        """Add a block that is no list, behind the list at hand."""
        if text.strip():
            names, self._names = self._names, []
            self._write_terms(self._slots)
            self._flush_items()
            self._add(kind, text, block, names)

    def _with_names(self, names: Sequence[str], block: Callable[[], None]) -> None:
        for name in names:
            self._builder.anchor(name)
        block()

    def _write_terms(self, slots: Sequence[_Slot]) -> None:
        """Write the terms of open definitions that begin with something else than words."""
        for slot in slots:
            if slot.item < 0 and slot.term:
                slot.item = len(self._items)
                self._items.append((slot.depth, slot.mark, list(slot.term[:-1])))  # without the colon

    def _add(self, kind: str, text: str, block: Callable[[], None], names: Sequence[str] = ()) -> None:
        self._blocks.append((kind, text, partial(self._with_names, names, block) if names else block))
        waiting, self._waiting = self._waiting, []
        for name, label in waiting:
            self._put_note(name, label)

    def _heading(self, level: int, pieces: Pieces) -> None:
        text = _plain(pieces)
        self._put("heading", text, partial(self._builder.heading, level, pieces))
        if text:
            self._headings.append((level, text))

    def _list(self, node: Node) -> None:
        links = sum(child.tag == "a" for child in node.nodes())
        if not self._inside and self._has_h1 and not self._headings and links > 2 and link_share(node) > 0.8:
            self._builder.drop("navigation", node.text())
            return
        number = int(node.get("start")) if re.fullmatch(r"-?\d{1,6}", node.get("start")) else 1
        for child in node.children:
            if not isinstance(child, Node):
                self._pieces.append((child, self._target))
            elif (
                child.tag != "li" or child.get("id") in self._notes or self._furniture.kind(child, inside=self._inside)
            ):
                self._element(child)
            else:
                self._flush()
                self._slots.append(_Slot(len(self._slots), f"{number}." if node.tag == "ol" else ""))
                number += 1
                self._pieces += _names(child)
                self._walk(child)
                self._flush()
                self._slots.pop()
        self._flush()

    def _term(self, node: Node) -> None:
        self._flush()
        pieces = [*self._named(), *self._flat_pieces(node)]
        if self._terms and not self._defined:
            self._definition(None)
        if _plain(pieces):
            self._terms += [(", ", ""), *pieces] if self._terms else pieces

    def _definition(self, node: Node | None) -> None:
        """Write what explains the terms above it, or the terms alone where nothing does."""
        self._flush()
        terms, self._terms = self._terms, []
        if node is None:
            if terms:
                self._items.append((len(self._slots), "", terms))
            return
        colon = [] if not terms else [(" " if _plain(terms).endswith(":") else ": ", "")]
        slot = _Slot(len(self._slots), "", [*_trimmed(terms), *colon])
        self._slots.append(slot)
        self._walk(node)
        self._flush()
        self._slots.pop()
        if slot.item < 0 and terms:
            self._items.append((slot.depth, "", terms))

    def _put_note(self, name: str, label: str) -> None:
        """Write a footnote once: behind the block that refers to it, else where it stands."""
        if name in self._written:
            return
        self._written.add(name)
        self._names.append(name)
        node = self._notes[name]
        pieces = [
            (text, target)
            for text, target in self._flat_pieces(node)
            if not _BACK.fullmatch(text) or text == " " or not text
        ]
        if label:
            start = re.match(rf"\W*{re.escape(label)}\W*", _plain(pieces))
            plain = _plain(pieces)[start.end() :] if start else ""
            pieces = [(f"[{label}] ", ""), *([(plain, "")] if start else pieces)]
        self._put("footnote", _plain(pieces), partial(self._builder.footnote, pieces))

    # Tables.

    def _table(self, node: Node) -> None:
        rows = list(_rows(node))
        if _is_layout(node, rows):
            self._walk(node)
            self._flush()
            return
        if max(len(_cells(row)) for row in rows) == 1 and not node.find("th"):
            self._items += [(len(self._slots), "", self._flat_pieces(row)) for row in rows if row.words]
            return
        caption = node.find("caption")
        title = _plain(self._flat_pieces(caption)) if caption else self._caption_above()
        header = _header(rows)
        grid = self._grid(rows, header)
        text = "\n".join(_plain(cell) for row in grid for cell in row)
        self._put("table", f"{title}\n{text}", partial(self._builder.table, grid, header=header, caption=title))

    def _caption_above(self) -> str:
        """Take the paragraph above for the caption where it says that it is one: "Table 8.1. Data types"."""
        self._flush_items()
        if self._blocks and self._blocks[-1][0] == "paragraph":
            text = self._blocks[-1][1]
            if len(text) < 300 and _CAPTION.match(text):
                self._blocks.pop()
                return text
        return ""

    def _grid(self, rows: Sequence[Node], header: int) -> list[list[Pieces]]:
        """Return the cells; one that spans rows is repeated in each, one that spans columns in the header alone."""
        grid: list[list[Pieces]] = []
        below: dict[int, tuple[int, Pieces]] = {}
        for number, row in enumerate(rows):
            made: list[Pieces] = []
            name = row.get("id")[:LONGEST_NAME]
            for cell in _cells(row):
                _fill(made, below)
                self._cell(cell, made, below, named=number < header)
                if name and made and _plain(made[-1]):
                    made[-1] = [("", name), *made[-1]]
                    name = ""
            _fill(made, below)
            grid.append(made)
        return grid

    def _cell(self, cell: Node, row: list[Pieces], below: dict[int, tuple[int, Pieces]], *, named: bool) -> None:
        pieces = [] if self._furniture.kind(cell, inside=True) else _names(cell) + self._flat_pieces(cell)
        down = _span(cell, "rowspan")
        for place in range(_span(cell, "colspan")):
            given = pieces if not place or named else []
            if down > 1:
                below[len(row)] = (down - 1, given)
            row.append(given)


def _fill(row: list[Pieces], below: dict[int, tuple[int, Pieces]]) -> None:
    """Add the cells that reach into this row from above."""
    while len(row) in below:
        left, pieces = below.pop(len(row))
        if left > 1:
            below[len(row)] = (left - 1, pieces)
        row.append(pieces)


def _span(cell: Node, name: str) -> int:
    value = cell.get(name).strip()
    return min(max(1, int(value)), _SPAN_LIMIT) if re.fullmatch(r"\d{1,4}", value) else 1


def _rows(node: Node) -> Iterator[Node]:
    """Yield the rows of a table, not those of tables inside it; the foot last."""
    feet: list[Node] = []
    for child in node.children:
        if not isinstance(child, Node):
            continue
        if child.tag == "tr":
            yield child
        elif child.tag == "tgroup":  # of DocBook
            yield from _rows(child)
        elif child.tag in ("thead", "tbody", "tfoot"):
            own = [row for row in child.children if isinstance(row, Node) and row.tag == "tr"]
            for row in own if child.tag == "thead" else ():
                row.attributes["data-head"] = "yes"
            if child.tag == "tfoot":
                feet += own
            else:
                yield from own
    yield from feet


def _cells(row: Node) -> list[Node]:
    return [child for child in row.children if isinstance(child, Node) and child.tag in ("td", "th")]


def _is_layout(node: Node, rows: Sequence[Node]) -> bool:
    """Tell a table that only arranges text: one row or column, or blocks in its cells."""
    if node.get("role") in ("presentation", "none") or len(rows) == 0:
        return True
    if node.find("table", "pre", *_HEADINGS):
        return True
    widest = max(len(_cells(row)) for row in rows)
    if len(rows) < 2 and not any(cell.tag == "th" for cell in _cells(rows[0])):
        return True
    if widest < 2 and node.find("p", "ul", "ol", "dl", "div"):
        return True
    return any(cell.words > CELL for row in rows for cell in _cells(row))


def _header(rows: Sequence[Node]) -> int:
    """Return how many of the first rows name the columns."""
    count = 0
    for row in rows[:-1]:
        cells = [cell for cell in _cells(row) if cell.words]
        named = bool(cells) and all(cell.tag == "th" or _is_bold(cell) for cell in cells)
        if not (row.get("data-head") or named) or count == 5:
            break
        count += 1
    return count


def _is_bold(cell: Node) -> bool:
    strong = cell.find("b", "strong")
    return strong is not None and strong.words == cell.words


def _names(node: Node) -> Pieces:
    """Return the names by which links know the place where an element begins, as pieces without text."""
    given = (node.get("id"), node.get("name") if node.tag == "a" else "")
    return [("", name) for name in given if 0 < len(name) < LONGEST_NAME]


def _inner_names(node: Node) -> Pieces:
    return [piece for one in node.nodes() for piece in _names(one)]


def _is_note(node: Node) -> bool:
    if not node.get("id") or node.tag not in ("li", "div", "aside", "p", "dd", "table", "section"):
        return False
    if node.get("role") in ("doc-footnote", "doc-endnote"):
        return True
    named = not _NOTE_CLASS.isdisjoint(node.get("class").lower().split())
    return named or (node.tag in ("li", "p") and bool(_NOTE_ID.search(node.get("id"))))


def _plain(pieces: Sequence[tuple[str, str]]) -> str:
    return " ".join("".join(text for text, _ in pieces).split())


def _size(pieces: Sequence[tuple[str, str]]) -> int:
    return sum(len(text) for text, _ in pieces)


def _trimmed(pieces: Pieces) -> Pieces:
    """Take the white space off the end."""
    kept = list(pieces)
    while kept and not kept[-1][0].strip():
        kept.pop()
    if kept:
        kept[-1] = (kept[-1][0].rstrip(), kept[-1][1])
    return kept
