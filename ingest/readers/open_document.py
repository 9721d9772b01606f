"""OpenDocument: text (.odt), slides (.odp) and spreadsheets (.ods), from the XML itself.

Tracked deletions are left out, notes stand behind the paragraph that refers to them, headers and footers once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from ...core.types import Document
from ..builder import Builder
from ..documents import Dropped, FileProgress, Pace, Skipped, UnreadableError, stem_title
from ..package import Package, local
from ..sheets import Cell, Row, Sheet, documents
from ..word_parts import formatted

Pieces = list[tuple[str, str]]
SPAN_LIMIT = 50
REPEATED_ROWS = 10_000  # rows of a sheet that stand for others like them
REPEATED = 200  # letters up to which a cell that spans rows is repeated in each
MAX_COLUMNS = 16_384
MAX_TABLE = 1_000  # columns beyond which cells are not repeated
MAX_SPACES = 100
CELL = 1_500
_OFFICE, _TEXT, _TABLE, _DRAW, _STYLE, _PRESENTATION = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"
    for name in ("office", "text", "table", "drawing", "style", "presentation")
)
_LINK = "{http://www.w3.org/1999/xlink}href"
_DC = "{http://purl.org/dc/elements/1.1/}"
_MATH = "{http://www.w3.org/1998/Math/MathML}"
_PASSED = frozenset(
    [
        *(_TEXT + name for name in "tracked-changes sequence-decls variable-decls user-field-decls".split()),
        *(_TEXT + name for name in "bookmark bookmark-start bookmark-end soft-page-break note-citation".split()),
        *(_OFFICE + name for name in "forms scripts".split()),
        *(_DRAW + name for name in "image object-ole title desc".replace("title", "glue-point").split()),
        "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}title",
        "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}desc",
    ]
)
_PAGE_FIELDS = frozenset(_TEXT + name for name in ("page-number", "page-count", "page-continuation"))
_CODE = re.compile(r"(?:Preformatted|Source).*", re.IGNORECASE)


def read(path: Path) -> Iterator[Document | Dropped | Skipped | FileProgress]:
    """Yield the file as one document; of a spreadsheet with tables of records a document a row."""
    with Package(path, "an OpenDocument file") as package:
        if "META-INF/manifest.xml" in package and b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise UnreadableError("encrypted with a password")
        root = package.xml("content.xml")
        body = root.find(f"{_OFFICE}body")
        if body is None or not len(body):
            raise UnreadableError("not an OpenDocument file: there is no body in it")
        title = _property(package, "title")
        builder = Builder()
        walk = _Walk(builder, root, package)
        match local(body[0]):
            case "spreadsheet":
                hidden = _hidden_styles(root)
                sheets = [
                    _sheet(table, builder)
                    for table in body[0].iterfind(f"{_TABLE}table")
                    if _is_shown(table, hidden, builder)
                ]
                yield from documents(path, sheets, builder, title=title)
                return
            case "presentation":
                walk.slides(body[0])
            case _:
                pace = Pace(path, len(body[0]), "blocks")
                for done in walk.text(body[0]):
                    yield from pace.told(done)
        yield from builder.document(path, title=title or walk.title or builder.title() or stem_title(path))


def _property(package: Package, name: str) -> str:
    try:
        found = package.xml("meta.xml").find(f".//{_DC}{name}") if "meta.xml" in package else None
    except UnreadableError:
        return ""
    return (found.text or "").strip() if found is not None else ""


class _Walk:
    """Writes the blocks of a text or of slides."""

    def __init__(self, builder: Builder, root: etree._Element, package: Package) -> None:
        self._builder = builder
        self._package = package
        self._styles = package.xml("styles.xml") if "styles.xml" in package else etree.Element("none")
        self._parents: dict[str, etree._Element] = {
            style.get(f"{_STYLE}name") or "": style
            for source in (self._styles, root)
            for style in source.iter(f"{_STYLE}style")
        }
        self._numbered = {
            style.get(f"{_STYLE}name") or (style.get(f"{_TEXT}name") or ""): style
            for source in (self._styles, root)
            for style in source.iter(f"{_TEXT}list-style")
        }
        self._hidden = {
            style.get(f"{_STYLE}name")
            for source in (self._styles, root)
            for style in source.iter(f"{_STYLE}style")
            for one in style.iter(f"{_STYLE}text-properties")
            if one.get(f"{_TEXT}display") == "none"
        }
        self._page = 0
        self.title = ""
        self._target = ""
        self._notes: list[etree._Element] = []
        self._boxes: list[etree._Element] = []
        self._items: list[tuple[int, str, Pieces]] = []
        self._waiting: list[etree._Element] = []
        self._code: list[str] = []
        self._last: dict[str, int] = {}  # last number of a list by its id, for lists that go on with it

    def text(self, body: etree._Element) -> Iterator[int]:
        """Write a text, its headers before and its footers behind it; yield after each block how many there are."""
        self._count_deleted(body)
        self._edges(f"{_STYLE}header", f"{_STYLE}header-first")
        for done, child in enumerate(body, start=1):
            self._block(child)
            yield done
        self._flush()
        self._edges(f"{_STYLE}footer", f"{_STYLE}footer-first")

    def slides(self, body: etree._Element) -> None:
        """Write a section a slide."""
        for number, slide in enumerate(body.iterfind(f"{_DRAW}page"), 1):
            self._page = number
            frames = [one for one in slide.iter(f"{_DRAW}frame") if one.get(f"{_PRESENTATION}class") == "title"]
            words = [" ".join(_plain(self._pieces(one)) for one in frame.iter(f"{_TEXT}p")).strip() for frame in frames]
            title = next(filter(None, words), "")
            self.title = self.title or title
            if title or any("".join(one.itertext()).strip() for one in slide):
                self._builder.heading(2, title or f"Slide {number}", page=number)
            for shape in slide:
                if local(shape) == "notes":
                    self._speaker(shape)
                elif not (title and shape in frames):
                    self._blocks(shape)
            self._flush()

    def _speaker(self, notes: etree._Element) -> None:
        self._flush()
        frames = [one for one in notes.iter(f"{_DRAW}frame") if one.get(f"{_PRESENTATION}class") == "notes"]
        words = [_plain(self._pieces(one)) for frame in frames for one in frame.iter(f"{_TEXT}p")]
        self._builder.footnote(" ".join(words), page=self._page)

    def _count_deleted(self, body: etree._Element) -> None:
        for deleted in body.iter(f"{_TEXT}deletion"):
            self._builder.drop("deleted text", " ".join("".join(one.itertext()) for one in deleted.iter(f"{_TEXT}p")))
        for comment in body.iter(f"{_OFFICE}annotation"):
            self._builder.drop("comments", " ".join("".join(one.itertext()) for one in comment.iter(f"{_TEXT}p")))

    def _edges(self, *tags: str) -> None:
        """Write the lines of headers or footers once; of those with a page number only what is more than it."""
        seen: set[str] = set()
        for edge in self._styles.iter(*tags):
            if edge.get(f"{_STYLE}display") == "false":
                continue
            for paragraph in edge.iter(f"{_TEXT}p", f"{_TEXT}h"):
                pieces = self._pieces(paragraph)
                plain = _plain(pieces)
                numbered = next(paragraph.iter(*_PAGE_FIELDS), None) is not None
                if numbered and len(plain) < 20:
                    self._builder.drop("page number", plain)
                elif plain not in seen:
                    seen.add(plain)
                    self._builder.paragraph(pieces)

    # Blocks.

    def _blocks(self, node: etree._Element) -> None:
        for child in node:
            self._block(child)

    def _block(self, node: etree._Element) -> None:
        tag = node.tag
        if tag == f"{_TEXT}h":
            self._heading(node)
        elif tag == f"{_TEXT}p":
            self._paragraph(node)
        elif tag == f"{_TEXT}list":
            self._list(node, 0, "")
            self._flush_items()
        elif tag == f"{_TABLE}table":
            self._table(node)
        elif tag == f"{_TEXT}section" and node.get(f"{_TEXT}display") == "none":
            self._builder.drop("hidden text", "".join(node.itertext()))
        elif tag == f"{_OFFICE}annotation" or tag in _PASSED or local(node) in ("index-title-template", "notes"):
            return
        elif not local(node).endswith("-source"):
            self._blocks(node)

    def _heading(self, node: etree._Element) -> None:
        self._flush()
        pieces = self._pieces(node)
        level = node.get(f"{_TEXT}outline-level") or "1"
        self._builder.heading(int(level) if level in set("123456") else 6, pieces, page=self._page)
        self._after()

    def _paragraph(self, node: etree._Element) -> None:
        pieces = self._pieces(node)
        names = self._chain(node.get(f"{_TEXT}style-name") or "")
        plain = _plain(pieces)
        if plain and "Title" in names and len(plain) < 300:
            self._flush()
            self.title = self.title or plain
            self._builder.heading(1, pieces, page=self._page)
        elif plain and any(map(_CODE.fullmatch, names)):
            self._flush_items()
            self._code.append("".join(text for text, _ in pieces))
        elif plain:
            self._flush()
            self._builder.paragraph(pieces, page=self._page)
        self._after()

    def _chain(self, name: str) -> list[str]:
        """Return the names of a style and of those on which it is based."""
        names: list[str] = []
        while name and name not in names and len(names) < 20:
            names.append(name)
            style = self._parents.get(name)
            name = (style.get(f"{_STYLE}parent-style-name") or "") if style is not None else ""
        return [one.replace("_20_", " ") for one in names]

    def _list(self, node: etree._Element, depth: int, style: str) -> None:
        style = node.get(f"{_TEXT}style-name") or style
        form = self._form(style, depth)
        goes_on = node.get(f"{_TEXT}continue-numbering") == "true" or node.get(f"{_TEXT}continue-list")
        number = self._last.get(style, 0) if goes_on else _start(form) - 1
        for item in node:
            if item.tag not in (f"{_TEXT}list-item", f"{_TEXT}list-header"):
                continue
            label = ""
            if item.tag.endswith("item"):
                given = item.get(f"{_TEXT}start-value") or ""
                number = int(given) if given.isdigit() and len(given) < 7 else number + 1
                label = _label(form, number)
            self._item(item, depth, label, style)
        self._last[style] = number

    def _item(self, item: etree._Element, depth: int, label: str, style: str) -> None:
        begun = False
        for child in item:
            if child.tag == f"{_TEXT}list":
                self._list(child, min(depth + 1, 9), style)
            elif child.tag == f"{_TEXT}h":
                self._heading(child)
            elif child.tag == f"{_TEXT}p":
                pieces = self._pieces(child)
                if begun and self._items:
                    self._items[-1][2].extend([(" ", ""), *pieces])
                elif _plain(pieces):
                    self._items.append((depth, label, pieces))
                    begun = True
                self._waiting, self._notes = self._waiting + self._notes, []
            elif child.tag not in _PASSED:
                self._blocks(child)

    def _form(self, style: str, depth: int) -> etree._Element | None:
        levels = self._numbered.get(style)
        wanted = str(depth + 1)
        found = (one for one in levels if one.get(f"{_TEXT}level") == wanted) if levels is not None else iter(())
        return next(found, None)

    def _table(self, node: etree._Element) -> None:
        self._flush()
        rows = list(_rows(node, header=False))
        cells = [cell for row, _ in rows for cell in row if local(cell) == "table-cell"]
        most = max((sum(len("".join(p.itertext())) for p in cell.iter(f"{_TEXT}p")) for cell in cells), default=0)
        if len(cells) < 2 or most > CELL or any(next(cell.iter(f"{_TABLE}table"), None) is not None for cell in cells):
            for cell in cells:
                self._blocks(cell)
                self._flush()
            return
        header = sum(is_header for _, is_header in rows)
        grid = self._grid([row for row, _ in rows])
        named = header or (1 if len(grid) > 1 else 0)
        self._builder.table(grid, header=min(named, 5), page=self._page)
        self._after()

    def _grid(self, rows: list[etree._Element]) -> list[list[Pieces]]:
        """Return the cells; one that spans rows is repeated in each, one that spans columns stands once."""
        grid: list[list[Pieces]] = []
        down: dict[int, tuple[int, Pieces]] = {}
        for row in rows:
            made: list[Pieces] = []
            for cell in row:
                if local(cell) not in ("table-cell", "covered-table-cell"):
                    continue
                left, above = down.get(len(made), (0, []))
                pieces = self._cell(cell) if local(cell) == "table-cell" else above if left else []
                if local(cell) == "table-cell" and (rows_spanned := _whole(cell, "number-rows-spanned", 1_000)) > 1:
                    down[len(made)] = (rows_spanned - 1, pieces if len(_plain(pieces)) <= REPEATED else [])
                elif left:
                    down[len(made)] = (left - 1, above)
                repeated = _whole(cell, "number-columns-repeated", SPAN_LIMIT)
                made += [pieces] * (repeated if len(made) < MAX_TABLE else 1)
            while made and not _plain(made[-1]):
                made.pop()
            grid.append(made)
        return grid

    def _cell(self, node: etree._Element) -> Pieces:
        return [piece for one in node.iter(f"{_TEXT}p", f"{_TEXT}h") for piece in (*self._pieces(one), (" ", ""))]

    def _after(self) -> None:
        """Write the notes and text boxes of a paragraph behind it."""
        notes, self._notes = self._notes, []
        boxes, self._boxes = self._boxes, []
        if notes:
            self._flush()
            self._write_notes(notes)
        for box in boxes:
            self._flush()
            self._blocks(box)
            self._flush()

    def _write_notes(self, notes: list[etree._Element]) -> None:
        for note in notes:
            label = (
                "".join(note.find(f"{_TEXT}note-citation").itertext())
                if note.find(f"{_TEXT}note-citation") is not None
                else ""
            )
            body = note.find(f"{_TEXT}note-body")
            pieces: Pieces = [(f"[{label}] " if label else "", "")]
            for paragraph in body.iter(f"{_TEXT}p") if body is not None else ():
                pieces += [*self._pieces(paragraph), (" ", "")]
            self._builder.footnote(pieces, page=self._page)

    def _flush(self) -> None:
        self._flush_items()
        if self._code:
            self._builder.code("\n".join(self._code), page=self._page)
            self._code = []

    def _flush_items(self) -> None:
        items, self._items = self._items, []
        if items:
            self._builder.items(items, page=self._page)
        waiting, self._waiting = self._waiting, []
        self._write_notes(waiting)
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self._blocks(box)

    # Words.

    def _pieces(self, node: etree._Element) -> Pieces:
        """Return the words and links of a paragraph; its notes and text boxes are kept for later."""
        pieces: Pieces = []
        if node.get(f"{_TEXT}style-name") in self._hidden:
            self._builder.drop("hidden text", "".join(node.itertext()))
        else:
            self._inline(node, pieces)
        return pieces

    def _inline(self, node: etree._Element, pieces: Pieces) -> None:
        pieces.append((node.text or "", self._target))
        for child in node:
            self._part(child, pieces)
            pieces.append((child.tail or "", self._target))

    def _part(self, child: etree._Element, pieces: Pieces) -> None:
        tag = child.tag
        if tag == f"{_TEXT}s":
            pieces.append((" " * min(_whole(child, "c", MAX_SPACES, space=_TEXT), MAX_SPACES), ""))
        elif tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            pieces.append(("\n" if tag.endswith("break") else " ", ""))
        elif tag == f"{_TEXT}note":
            citation = child.find(f"{_TEXT}note-citation")
            label = "".join(citation.itertext()) if citation is not None else ""
            pieces.append((f" [{label}]" if label else "", ""))
            self._notes.append(child)
        elif tag in (f"{_TEXT}a", f"{_DRAW}a"):
            outer, self._target = self._target, child.get(_LINK) or ""
            self._inline(child, pieces)
            self._target = outer
        elif tag in _PAGE_FIELDS:
            self._builder.drop("page number", "".join(child.itertext()))
        elif tag == f"{_TEXT}ruby":
            self._ruby(child, pieces)
        elif tag in (f"{_TEXT}hidden-text", f"{_TEXT}hidden-paragraph") or (
            tag == f"{_TEXT}span" and child.get(f"{_TEXT}style-name") in self._hidden
        ):
            self._builder.drop("hidden text", "".join(child.itertext()))
        elif local(child) == "frame" or (str(tag).startswith(_DRAW) and tag != f"{_DRAW}a"):
            self._float(child, pieces)
        elif tag not in _PASSED and tag != f"{_OFFICE}annotation" and local(child) != "annotation-end":
            self._inline(child, pieces)

    def _ruby(self, node: etree._Element, pieces: Pieces) -> None:
        base, above = node.find(f"{_TEXT}ruby-base"), node.find(f"{_TEXT}ruby-text")
        if base is not None:
            self._inline(base, pieces)
        words = "".join(above.itertext()) if above is not None else ""
        pieces.append((f" ({words})" if words else "", ""))

    def _float(self, node: etree._Element, pieces: Pieces) -> None:
        """Keep a text box for later; a formula, which is a file of its own, stands in the line."""
        embedded = node.find(f"{_DRAW}object")
        if embedded is None:
            self._boxes.append(node)
            return
        name = (embedded.get(_LINK) or "").removeprefix("./") + "/content.xml"
        formula = next(embedded.iter(f"{_MATH}math"), None)
        if formula is None and name in self._package:
            root = self._package.xml(name)
            formula = root if root.tag == f"{_MATH}math" else None
        if formula is not None:
            parts = [part.text or "" for part in formula.iter() if local(part) in ("mi", "mn", "mo", "mtext")]
            pieces.append((" ".join(parts), ""))


def _start(form: etree._Element | None) -> int:
    given = (form.get(f"{_TEXT}start-value") or "1") if form is not None else "1"
    return int(given) if given.isdigit() and len(given) < 7 else 1


def _label(form: etree._Element | None, number: int) -> str:
    """Return the number of an item as it is shown, or nothing for a bullet."""
    if form is None or local(form) != "list-level-style-number" or not form.get(f"{_STYLE}num-format"):
        return ""
    kind = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
    words = formatted(number, kind.get(form.get(f"{_STYLE}num-format") or "", "decimal"))
    before, after = (form.get(f"{_STYLE}num-{side}") or "" for side in ("prefix", "suffix"))
    return f"{before}{words}{after}".strip()


def _whole(node: etree._Element, name: str, most: int, *, space: str = _TABLE) -> int:
    given = node.get(space + name) or "1"
    return (
        max(1, min(int(given), most))
        if given.isascii() and given.isdigit() and len(given) < 12
        else most
        if given.isdigit()
        else 1
    )


def _rows(node: etree._Element, *, header: bool) -> Iterator[tuple[etree._Element, bool]]:
    """Yield the rows of a table, and whether each is a header; not those of tables inside."""
    for child in node:
        name = local(child)
        if name == "table-row":
            yield child, header
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(child, header=header or name == "table-header-rows")


def _plain(pieces: Pieces) -> str:
    return " ".join("".join(text for text, _ in pieces).split())


# Spreadsheets.


def _hidden_styles(root: etree._Element) -> set[str]:
    """Return the styles of tables that hide them."""
    return {
        style.get(f"{_STYLE}name") or ""
        for style in root.iter(f"{_STYLE}style")
        for one in style.iter(f"{_STYLE}table-properties")
        if one.get(f"{_TABLE}display") == "false"
    }


def _is_shown(table: etree._Element, hidden: set[str], builder: Builder) -> bool:
    if table.get(f"{_TABLE}style-name") not in hidden:
        return True
    builder.drop("hidden sheet", " ".join("".join(one.itertext()) for one in table.iter(f"{_TEXT}p")))
    return False


def _sheet(table: etree._Element, builder: Builder) -> Sheet:
    return Sheet(table.get(f"{_TABLE}name") or "", _sheet_rows(table, builder))


def _sheet_rows(table: etree._Element, builder: Builder) -> Iterator[Row]:
    number, left = 1, REPEATED_ROWS
    for element, _ in _rows(table, header=False):
        repeated = _whole(element, "number-rows-repeated", 10_000_000)
        row = _sheet_row(element, number)
        if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            builder.drop("hidden row", " ".join(words for words, _ in row.cells.values()))
        elif row.cells:
            shown = min(repeated, left + 1)
            left -= shown - 1
            for place in range(shown):
                yield Row(number + place, dict(row.cells), row.groups)
        number += repeated


def _sheet_row(element: etree._Element, number: int) -> Row:
    row, column = Row(number, {}), 0
    for cell in element:
        if local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        repeated = _whole(cell, "number-columns-repeated", MAX_COLUMNS)
        made = _value(cell)
        if made[0] and column < MAX_COLUMNS:
            row.cells |= dict.fromkeys(range(column, column + min(repeated, SPAN_LIMIT)), made)
            if (spanned := _whole(cell, "number-columns-spanned", SPAN_LIMIT)) > 1:
                row.groups[column] = spanned
        column += repeated
    return row


def _value(cell: etree._Element) -> Cell:
    """Return what a cell shows and its value; dates in ISO form."""
    parts = ["".join(one.itertext()) for one in cell.iterfind(f"{_TEXT}p")]
    words = " ".join(" ".join(parts).split())
    kind = cell.get(f"{_OFFICE}value-type") or ""
    if kind == "date" and (given := cell.get(f"{_OFFICE}date-value")):
        moment = given.replace("T", " ").removesuffix(" 00:00:00")
        return moment, moment
    if kind in ("float", "percentage", "currency") and words:
        try:
            number = float(cell.get(f"{_OFFICE}value") or "")
        except ValueError:
            return words, words
        return words, int(number) if number.is_integer() and abs(number) < 1e15 else number
    return (words, words == "TRUE") if kind == "boolean" else (words, words)
