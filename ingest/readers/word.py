"""Word (.docx): what Word shows, in the order of the page.

The XML is walked here, since no library gives all of it (docs/documents.md compares them): text in any wrapper, in text
boxes and in tables inside tables, notes behind the paragraph that refers to them, numbers of lists and headings,
headers and footers once. Left out, and counted, are deleted and hidden text, placeholders and comments: comments speak
about a text to those who write it, and often of what it shall not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from ...core.types import Document
from ..builder import Builder
from ..documents import Dropped, FileProgress, Pace, UnreadableError
from ..drawing import write_drawing
from ..package import RELATION, Package
from ..word_parts import NO_HEADING, VAL, Numbering, Style, Styles, W, formatted, is_on, symbol, value, whole

Pieces = list[tuple[str, str]]
SPAN_LIMIT = 50
MAX_COLUMNS = 1_000
MAX_CODE = 4_000  # letters of the code of a field
CELL = 1_500  # letters of a cell beyond which a table is only there to arrange text
REPEATED = 200  # letters up to which a cell that spans rows is repeated in each
HEADING = 300  # letters of the longest heading
PAGE_LETTERS = 20  # letters beside a page number that are no more than "Page 3 of 7"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_P, _TABLE, _ROW, _CELL, _SDT = (W + name for name in ("p", "tbl", "tr", "tc", "sdt"))
_RUN, _TEXT, _BOX = W + "r", W + "t", W + "txbxContent"
_EITHER = f"{_MC}AlternateContent"
_GONE = frozenset([f"{W}del", f"{W}moveFrom"])
_PASSED = frozenset(W + name for name in "pPr rPr sdtPr sdtEndPr tblPr tblGrid trPr tcPr sectPr proofErr".split())
_SPACES = frozenset(W + name for name in "tab br cr ptab".split())
_MATH_SIGNS = {f"{_M}den": "/", f"{_M}sup": "^", f"{_M}sub": "_", f"{_M}mr": " "}
_MATH_APART = frozenset(_M + name for name in ("mr", "func", "nary", "d"))
_LINK = re.compile(r"\s*HYPERLINK\s+(?:(\\l)\s+)?\"([^\"]*)\"(?:.*?\\l\s+\"([^\"]*)\")?")
_PAGE = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES|SECTION|STYLEREF)\b")
_NO_TITLE = re.compile(r"(?:microsoft word\b.*|document\s?\d*|untitled|title|word document)", re.IGNORECASE)
_CODE = re.compile(r"html preformatted|source ?code|code( block)?|macro( text)?|preformatted text", re.IGNORECASE)
_TOC = re.compile(r"toc ([1-9])|table of figures", re.IGNORECASE)


def read(path: Path) -> Iterator[Document | Dropped | FileProgress]:
    """Yield the file as one document; the title is the property, else a paragraph called so, else the first heading."""
    with Package(path, "a Word file") as package:
        main = package.related("", "officeDocument")
        if not main or not (body := package.xml(main)).tag.endswith("}document"):
            raise UnreadableError("not a Word file: there is no text in the archive")
        builder = Builder()
        word = _Word(builder, package, main)
        inner = body.find(f"{W}body")
        pace = Pace(path, len(inner) if inner is not None else 0, "blocks")
        for done in word.write(body):
            yield from pace.told(done)
        named = package.core_title()
        yield from builder.document(path, title=word.title if not named or _NO_TITLE.fullmatch(named) else named)


class _Word:
    """Walks over one document and writes it."""

    def __init__(self, builder: Builder, package: Package, main: str) -> None:
        self._builder = builder
        self._package = package
        self._main = main
        self._relations = package.relations(main)
        self._styles = Styles(self._part("styles"))
        self._numbering = Numbering.of(self._part("numbering"), self._styles)
        self._notes = {kind: self._note_elements(kind) for kind in ("footnote", "endnote")}
        self._used: dict[tuple[str, str], str] = {}
        self.title = ""
        self._pieces: Pieces = []  # words of the paragraph at hand
        self._target = ""
        self._fields: list[tuple[str, bool]] = []  # open fields: their code, and whether their result has begun
        self._found: list[tuple[str, str]] = []  # notes that the paragraph at hand refers to
        self._boxes: list[etree._Element] = []
        self._drawings: list[etree._Element] = []
        self._items: list[tuple[int, str, Pieces]] = []
        self._waiting: list[tuple[str, str]] = []  # notes of the list at hand
        self._code: list[str] = []
        self._caption: Pieces = []

    def write(self, root: etree._Element) -> Iterator[int]:
        """Write the document and yield after each paragraph and table of its body how many there are."""
        body = root.find(f"{W}body")
        if body is None:
            return
        heads, feet = self._edges(root)
        shown = {_plain_text(paragraph) for paragraph in root.iter(_P)} if heads or feet else set()
        self._around(heads, shown)
        for done, child in enumerate(body, start=1):
            self._block(child)
            yield done
        self._flush()
        for kind, notes in self._notes.items():
            for number in notes:
                if (kind, number) not in self._used:
                    self._builder.drop("note without a reference", _plain_text(notes[number]))
        self._around(feet, shown)
        comments = self._part("comments")
        self._builder.drop("comments", _plain_text(comments) if comments is not None else "")

    def _part(self, kind: str) -> etree._Element | None:
        name = next((target for own, target in self._relations.values() if own == kind), "")
        return self._package.xml(name) if name in self._package else None

    def _note_elements(self, kind: str) -> dict[str, etree._Element]:
        root = self._part(f"{kind}s")
        found = root.iter(W + kind) if root is not None else ()
        return {note.get(f"{W}id") or "": note for note in found if note.get(f"{W}type") in (None, "normal")}

    # Headers and footers.

    def _edges(self, root: etree._Element) -> tuple[list[str], list[str]]:
        """Return the parts that are headers and those that are footers, as far as Word shows them."""
        even = is_on(self._part("settings"), "evenAndOddHeaders")
        found: dict[str, list[str]] = {"header": [], "footer": []}
        for section in root.iter(f"{W}sectPr"):
            kinds = {"default": True, "first": is_on(section, "titlePg"), "even": even}
            for one in section.iter(f"{W}headerReference", f"{W}footerReference"):
                name = self._relations.get(one.get(RELATION) or "", ("", ""))[1]
                names = found[one.tag[len(W) :].removesuffix("Reference")]
                if kinds.get(one.get(f"{W}type") or "default") and name in self._package and name not in names:
                    names.append(name)
        return found["header"], found["footer"]

    def _around(self, names: list[str], shown: set[str]) -> None:
        """Write each line of headers or footers once, but not those that the text has too, nor page numbers."""
        for name in names:
            outer, self._relations = self._relations, self._package.relations(name)
            for line in self._lines(self._package.xml(name)):
                plain = _plain(line)
                if plain in shown:
                    self._builder.drop("page header or footer", plain)
                elif plain:
                    shown.add(plain)
                    self._builder.paragraph(line)
            self._relations = outer

    def _lines(self, node: etree._Element) -> Iterator[Pieces]:
        """Yield the paragraphs of a header, of a table in it the rows."""
        for child in node:
            if child.tag == _P:
                pieces = self._paragraph_pieces(child)
                numbered = any(_PAGE.match(code) for code in _codes(child))
                if numbered and len(_plain(pieces)) < PAGE_LETTERS:
                    self._builder.drop("page number", _plain(pieces))
                else:
                    yield pieces
                boxes, self._boxes, self._found, self._drawings = self._boxes, [], [], []
                for box in boxes:
                    yield from self._lines(box)
            elif child.tag == _ROW:
                cells = [line for line in self._lines(child) if _plain(line)]
                yield [piece for line in cells for piece in (*line, (" ", ""))]
            elif child.tag not in _PASSED | _GONE:
                yield from self._lines(_chosen(child) if child.tag == _EITHER else child)

    # Blocks.

    def _blocks(self, node: etree._Element) -> None:
        for child in node:
            self._block(child)

    def _block(self, node: etree._Element) -> None:
        if node.tag == _P:
            self._paragraph(node)
        elif node.tag == _TABLE:
            self._table(node)
        elif node.tag in _GONE:
            self._builder.drop("deleted text", _plain_text(node))
        elif node.tag == f"{W}altChunk":
            self._builder.drop("file of another format inside", node.get(RELATION) or "")
        elif node.tag == _SDT and _is_placeholder(node):
            self._builder.drop("placeholder", _plain_text(node))
        elif node.tag == f"{_M}oMathPara":
            self._inline(node)
            self._put_paragraph()
        elif node.tag not in _PASSED:
            self._blocks(_chosen(node) if node.tag == _EITHER else node)

    def _paragraph(self, node: etree._Element) -> None:
        properties = node.find(f"{W}pPr")
        self._inline(node)
        self._fields = [(code, begun) for code, begun in self._fields if begun]
        mark = properties.find(f"{W}rPr") if properties is not None else None
        frame = properties.find(f"{W}framePr") if properties is not None else None
        if (mark is not None and mark.find(f"{W}del") is not None) or (frame is not None and frame.get(f"{W}dropCap")):
            return  # with its end deleted it goes on in the next, and so does a large first letter
        style_name = value(properties, "pStyle") or self._styles.default
        style = self._styles.get(style_name)
        level = whole(own, NO_HEADING) if (own := value(properties, "outlineLvl")) else style.level
        if not _plain(self._pieces):
            self._pieces = []
            self._after()
            return
        depth, label = self._label(properties, style, style_name)
        if (level < NO_HEADING or style.name == "Title") and len(_plain(self._pieces)) <= HEADING:
            self._heading(1 if style.name == "Title" else level + 1, label or "", is_title=style.name == "Title")
        elif label is not None:
            self._put_item(depth, label)
        elif found := _TOC.fullmatch(style.name):
            self._put_item(int(found[1] or 1) - 1, "")
        elif _CODE.fullmatch(style.name):
            self._flush_items()
            self._code.append("".join(text for text, _ in self._taken()))
        elif style.name.lower() == "caption":
            self._flush()
            self._caption = self._taken()
        else:
            self._put_paragraph()
        self._after()

    def _label(self, properties: etree._Element | None, style: Style, style_name: str) -> tuple[int, str | None]:
        """Return the depth and the label of a paragraph that is numbered or has a bullet, else None for the label."""
        number = value(properties, "numPr", "numId") or style.number
        if not number or number == "0":
            return 0, None
        given = value(properties, "numPr", "ilvl") or style.depth
        depth = whole(given, 8) if given else self._numbering.depth(number, style_name)
        return depth, self._numbering.next(number, depth)

    def _taken(self) -> Pieces:
        pieces, self._pieces = self._pieces, []
        return pieces

    def _heading(self, level: int, label: str, *, is_title: bool) -> None:
        self._flush()
        pieces = self._taken()
        if is_title or not self.title:
            self.title = _plain(pieces)
        self._builder.heading(level, [(f"{label} ", ""), *pieces] if label else pieces)

    def _put_item(self, depth: int, label: str) -> None:
        self._flush_code()
        self._flush_caption()
        self._items.append((depth, label, self._taken()))
        self._waiting, self._found = self._waiting + self._found, []

    def _put_paragraph(self) -> None:
        self._flush()
        self._builder.paragraph(self._taken())

    def _after(self) -> None:
        """Write what belongs to a paragraph behind it: its notes, then what floats beside it."""
        found, self._found = self._found, []
        boxes, self._boxes = self._boxes, []
        drawings, self._drawings = self._drawings, []
        if found:
            self._flush()
            self._write_notes(found)
        for drawing in drawings:
            self._flush()
            write_drawing(self._builder, self._package, drawing, relations=self._relations)
        for box in boxes:
            self._flush()
            self._blocks(box)
            self._flush()

    def _write_notes(self, found: list[tuple[str, str]]) -> None:
        for kind, number in found:
            note = self._notes[kind][number]
            outer, self._relations = self._relations, self._package.relations(self._note_part(kind))
            pieces: Pieces = [(f"[{self._used[kind, number]}]", "")]
            for paragraph in note.iter(_P):
                pieces += [(" ", ""), *self._paragraph_pieces(paragraph)]
            self._found, self._boxes, self._drawings = [], [], []
            self._relations = outer
            self._builder.footnote(pieces)

    def _note_part(self, kind: str) -> str:
        return next((target for own, target in self._relations.values() if own == f"{kind}s"), "")

    def _paragraph_pieces(self, node: etree._Element) -> Pieces:
        """Return the words of a paragraph that is no block of its own."""
        kept, self._pieces = self._pieces, []
        self._inline(node)
        self._fields = [(code, begun) for code, begun in self._fields if begun]
        made, self._pieces = self._pieces, kept
        return made

    def _flush(self) -> None:
        """Write the list, the code and the caption at hand."""
        self._flush_items()
        self._flush_code()
        self._flush_caption()

    def _flush_items(self) -> None:
        items, self._items = self._items, []
        if items:
            self._builder.items(items)
        waiting, self._waiting = self._waiting, []
        self._write_notes(waiting)

    def _flush_code(self) -> None:
        if self._code:
            self._builder.code("\n".join(self._code))
            self._code = []

    def _flush_caption(self) -> None:
        if self._caption:
            self._builder.paragraph(self._caption)
            self._caption = []

    # Words.

    def _inline(self, node: etree._Element) -> None:
        for child in node:
            tag = child.tag
            if tag == _RUN:
                self._run(child)
            elif tag in _PASSED:
                continue
            elif tag in _GONE:
                self._builder.drop("deleted text", _plain_text(child))
            elif tag == _SDT and _is_placeholder(child):
                self._builder.drop("placeholder", _plain_text(child))
            elif tag == f"{W}hyperlink":
                anchor = child.get(f"{W}anchor")
                self._linked(child, self._relations.get(child.get(RELATION) or "", ("", ""))[1], anchor)
            elif tag == f"{W}fldSimple":
                self._simple_field(child)
            elif tag == f"{_M}oMath":
                self._pieces.append((_formula(child), ""))
            else:
                self._inline(_chosen(child) if tag == _EITHER else child)

    def _linked(self, node: etree._Element, target: str, anchor: str | None) -> None:
        outer, self._target = self._target, target or (f"#{anchor}" if anchor else "")
        self._inline(node)
        self._target = outer

    def _simple_field(self, node: etree._Element) -> None:
        code = node.get(f"{W}instr") or ""
        if _PAGE.match(code):
            self._builder.drop("page number", _plain_text(node))
        else:
            found = _LINK.match(code)
            self._linked(node, _link(found) if found else self._target, None)

    def _run(self, node: etree._Element) -> None:
        properties = node.find(f"{W}rPr")
        if properties is not None and (
            is_on(properties, "vanish") or ((style := value(properties, "rStyle")) and self._styles.get(style).hidden)
        ):
            self._builder.drop("hidden text", _plain_text(node))
            for child in node.iter(f"{W}fldChar", f"{W}instrText"):
                self._field(child)
            return
        for child in node:
            self._in_run(child)

    def _in_run(self, child: etree._Element) -> None:
        tag = child.tag
        if tag == _TEXT:
            self._say(child.text or "")
        elif tag in _SPACES:
            self._say("\n" if tag == f"{W}br" else " ")
        elif tag in (f"{W}fldChar", f"{W}instrText"):
            self._field(child)
        elif tag == f"{W}noBreakHyphen":
            self._say("-")
        elif tag == f"{W}sym":
            self._say(symbol(child.get(f"{W}font") or "", child.get(f"{W}char") or ""))
        elif tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
            self._refer(child.tag.rpartition("}")[2].removesuffix("Reference"), child.get(f"{W}id") or "")
        elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
            self._float(child)
        elif tag == f"{W}delText":
            self._builder.drop("deleted text", child.text or "")
        elif tag == _EITHER:
            for part in _chosen(child):
                self._in_run(part)
        elif tag == f"{W}ruby":
            self._ruby(child)

    def _say(self, text: str) -> None:
        """Add words, unless they are the code of a field or a page number."""
        target = self._target
        for code, begun in self._fields:
            if not begun:
                return
            if _PAGE.match(code):
                self._builder.drop("page number", text)
                return
            found = _LINK.match(code) if not target else None
            target = _link(found) if found else target
        self._pieces.append((text, target))

    def _field(self, node: etree._Element) -> None:
        """Follow the marks around a complex field: begin, code, separate, result, end."""
        kind = node.get(f"{W}fldCharType")
        if node.tag == f"{W}instrText":
            if self._fields and not self._fields[-1][1]:
                self._fields[-1] = ((self._fields[-1][0] + (node.text or ""))[:MAX_CODE], False)
        elif kind == "begin":
            self._fields.append(("", False))
        elif kind == "separate" and self._fields:
            self._fields[-1] = (self._fields[-1][0], True)
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _ruby(self, node: etree._Element) -> None:
        """Write what stands above the words in parentheses behind them."""
        above = _plain_text(node.find(f"{W}rt")) if node.find(f"{W}rt") is not None else ""
        base = node.find(f"{W}rubyBase")
        self._say((_plain_text(base) if base is not None else "") + (f" ({above})" if above else ""))

    def _refer(self, kind: str, number: str) -> None:
        if number not in self._notes[kind]:
            return
        if (kind, number) not in self._used:
            count = sum(own == kind for own, _ in self._used) + 1
            self._used[kind, number] = formatted(count, "decimal" if kind == "footnote" else "lowerRoman")
            self._found.append((kind, number))
        self._pieces.append((f" [{self._used[kind, number]}]", ""))

    def _float(self, node: etree._Element) -> None:
        """Keep the text boxes, charts and diagrams of a drawing until its paragraph is written."""
        if node.tag == f"{W}drawing":
            self._drawings.append(node)
        self._boxes += _boxes(node)

    # Tables.

    def _table(self, node: etree._Element) -> None:
        rows = [(row, list(_inside(row, _CELL))) for row in _inside(node, _ROW)]
        for row, _ in [pair for pair in rows if _is_left_out(pair[0])]:
            self._builder.drop("deleted text", _plain_text(row))
        rows = [(row, cells) for row, cells in rows if cells and not _is_left_out(row)]
        if _is_layout([cells for _, cells in rows]):
            for _, cells in rows:
                for cell in cells:
                    self._blocks(cell)
                    self._flush()
            return
        caption, self._caption = self._caption, []
        self._flush()
        header = _header(rows)
        floats = (self._found, self._boxes, self._drawings)
        self._found, self._boxes, self._drawings = [], [], []
        grid = self._grid(rows, header)
        if len([row for row in grid if any(map(_plain, row))]) < 2:
            header = 0
        self._builder.table(grid, header=header, caption=_plain(caption))
        self._after()
        self._found, self._boxes, self._drawings = floats

    def _grid(self, rows: list[tuple[etree._Element, list[etree._Element]]], header: int) -> list[list[Pieces]]:
        """Return the cells; one that spans rows is repeated in each, one that spans columns in the header alone."""
        grid: list[list[Pieces]] = []
        for number, (row, cells) in enumerate(rows):
            made: list[Pieces] = [[] for _ in range(whole(value(row, "trPr", "gridBefore"), SPAN_LIMIT))]
            above = grid[-1] if grid else []
            for cell in cells:
                properties = cell.find(f"{W}tcPr")
                merged = properties.find(f"{W}vMerge") if properties is not None else None
                pieces = self._cell(cell)
                if merged is not None and merged.get(VAL) in (None, "continue") and not _plain(pieces):
                    given = above[len(made)] if len(made) < len(above) else []
                    pieces = given if sum(len(text) for text, _ in given) <= REPEATED else []
                made.append(pieces)
                spanned = min(whole(value(properties, "gridSpan"), SPAN_LIMIT), MAX_COLUMNS - len(made))
                made += [pieces if number < header else [] for _ in range(spanned - 1)]
            while made and not _plain(made[-1]):
                made.pop()
            grid.append(made)
        return grid

    def _cell(self, node: etree._Element) -> Pieces:
        """Return the words of a cell in one line; a table inside is rows with semicolons between them."""
        pieces: Pieces = []
        for child in node:
            if child.tag == _P:
                properties = child.find(f"{W}pPr")
                style_name = value(properties, "pStyle") or self._styles.default
                words = self._paragraph_pieces(child)
                _, label = self._label(properties, self._styles.get(style_name), style_name) if words else (0, None)
                pieces += [(f" {label} " if label else " ", ""), *words]
            elif child.tag == _TABLE:
                rows = [
                    [piece for cell in _inside(row, _CELL) for piece in (*self._cell(cell), (" ", ""))]
                    for row in _inside(child, _ROW)
                    if not _is_left_out(row)
                ]
                full = [row for row in rows if _plain(row)]
                pieces += [piece for row in full for piece in ((" " if row is full[0] else "; ", ""), *_trimmed(row))]
            elif child.tag not in _PASSED | _GONE and not (child.tag == _SDT and _is_placeholder(child)):
                pieces += self._cell(_chosen(child) if child.tag == _EITHER else child)
        return pieces


def _chosen(node: etree._Element) -> etree._Element:
    """Return the one of several forms of the same thing that has words or a drawing: the newest."""
    forms = [child for child in node if child.tag in (f"{_MC}Choice", f"{_MC}Fallback")]
    return next((form for form in forms if _plain_text(form)), forms[0] if forms else node[:0] or etree.Element("none"))


def _boxes(node: etree._Element) -> list[etree._Element]:
    found: list[etree._Element] = []
    for child in node:
        if child.tag == _BOX:
            found.append(child)
        else:
            found += _boxes(_chosen(child) if child.tag == _EITHER else child)
    return found


def _inside(node: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield the rows of a table or the cells of a row, in any wrapper, not those of tables inside it."""
    for child in node:
        if child.tag == tag:
            yield child
        elif child.tag not in _PASSED and child.tag not in (_TABLE, _P):
            yield from _inside(child, tag)


def _is_placeholder(node: etree._Element) -> bool:
    return is_on(node.find(f"{W}sdtPr"), "showingPlcHdr")


def _is_left_out(row: etree._Element) -> bool:
    properties = row.find(f"{W}trPr")
    return properties is not None and (properties.find(f"{W}del") is not None or is_on(properties, "hidden"))


def _is_layout(rows: list[list[etree._Element]]) -> bool:
    """Tell a table that only arranges text: one row or column with several paragraphs in a cell, or much in a cell."""
    cells = [cell for row in rows for cell in row]
    if len(cells) < 2:
        return True
    if any(sum(len(text.text or "") for text in cell.iter(_TEXT)) > CELL for cell in cells):
        return True
    single = len(rows) == 1 or max(map(len, rows)) == 1
    return single and any(
        cell.find(_TABLE) is not None or sum(bool(_plain_text(one)) for one in cell.iterfind(_P)) > 1 for cell in cells
    )


def _header(rows: list[tuple[etree._Element, list[etree._Element]]]) -> int:
    """Return how many rows name the columns: those that Word repeats on each page, else the first one."""
    count = 0
    for row, _ in rows[:-1]:
        if not is_on(row.find(f"{W}trPr"), "tblHeader"):
            break
        count += 1
    if count:
        return min(count, 5)
    first = _plain_text(rows[0][1][0])
    return 0 if len(rows) < 2 or first.endswith(":") else 1


def _formula(node: etree._Element) -> str:
    """Return a formula in one line: fractions with a stroke, powers with ^, indices with _."""
    text = ""
    for child in node:
        if child.tag == f"{_M}t":
            text += child.text or ""
        elif child.tag == f"{_M}chr":
            text += child.get(f"{_M}val") or ""
        elif not str(child.tag).endswith("Pr") or child.tag == f"{_M}naryPr":
            inner = _formula(child)
            apart = " " if node.tag in _MATH_APART and child.tag == f"{_M}e" else _MATH_SIGNS.get(child.tag, "")
            text += apart + inner if inner else ""
    return text


def _codes(node: etree._Element) -> Iterator[str]:
    """Yield the codes of the fields of a paragraph."""
    for field in node.iter(f"{W}instrText", f"{W}fldSimple"):
        yield field.get(f"{W}instr") or field.text or ""


def _link(found: re.Match[str]) -> str:
    return f"#{found[2]}" if found[1] else found[2] + (f"#{found[3]}" if found[3] else "")


def _plain(pieces: Pieces) -> str:
    return " ".join("".join(text for text, _ in pieces).split())


def _plain_text(node: etree._Element) -> str:
    """Return all words below an element, deleted ones too."""
    parts = [part.text or "" for part in node.iter(_TEXT, f"{W}delText", f"{_M}t")]
    return " ".join("".join(parts).split())


def _trimmed(pieces: Pieces) -> Pieces:
    while pieces and not pieces[-1][0].strip():
        pieces = pieces[:-1]
    return pieces
