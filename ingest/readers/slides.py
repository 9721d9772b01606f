"""PowerPoint (.pptx): a section a slide, with its title, text, lists, tables, charts and the speaker's notes.

The number of a slide is the page of its blocks, and stands in the text only where it is all the name that there is.

Text of layouts and masters is not on the slides and is not read; dates, footers and slide numbers are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from ...core.types import Document
from ..builder import Builder
from ..documents import Dropped, FileProgress, Pace, UnreadableError, stem_title
from ..drawing import write_drawing
from ..package import RELATION, Package, local

Pieces = list[tuple[str, str]]
REPEATED = 200  # letters up to which a cell that spans rows is repeated in each
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TITLES = ("title", "ctrTitle")
_EDGES = ("dt", "ftr", "sldNum", "hdr")
_LISTED = ("body", "obj", "", "tbl")  # placeholders whose layout gives their paragraphs bullets
_NO_TITLE = re.compile(r"(?:powerpoint|presentation|pr[äe]sentation|slide|title|untitled).{0,20}", re.IGNORECASE)


def read(path: Path) -> Iterator[Document | Dropped | FileProgress]:
    """Yield the file as one document with a page a slide, called after the property, else the first slide."""
    with Package(path, "a PowerPoint file") as package:
        main = package.related("", "officeDocument")
        if not main or local(root := package.xml(main)) != "presentation":
            raise UnreadableError("not a PowerPoint file: there are no slides in the archive")
        builder = Builder()
        relations = package.relations(main)
        title = ""
        slides = list(root.iter(f"{_P}sldId"))
        pace = Pace(path, len(slides), "slides")
        for number, slide in enumerate(slides, 1):
            name = relations.get(slide.get(RELATION) or "", ("", ""))[1]
            if name in package:
                found = _Slide(builder, package, name, number).write()
                title = title or found
            yield from pace.told(number)
        named = package.core_title()
        yield from builder.document(path, title=_title(named) or title or stem_title(path))


def _title(named: str) -> str:
    return "" if _NO_TITLE.fullmatch(named) else named


class _Slide:
    """Writes one slide."""

    def __init__(self, builder: Builder, package: Package, name: str, number: int) -> None:
        self._builder = builder
        self._package = package
        self._name = name
        self._number = number
        self._relations = package.relations(name)

    def write(self) -> str:
        """Write the slide and return its title, or nothing."""
        root = self._package.xml(self._name)
        tree = next(root.iter(f"{_P}spTree"), None)
        shapes = list(_shapes(tree)) if tree is not None else []
        if (root.get("show") or "1") in ("0", "false"):
            words = " ".join("".join(shape.itertext(f"{_A}t")) for shape in shapes)
            self._builder.drop("hidden slide", words)
            return ""
        titles = [shape for shape in shapes if _role(shape) in _TITLES and _words(shape)]
        title = _words(titles[0]) if titles else ""
        if title or any(local(shape) == "graphicFrame" or _words(shape) for shape in shapes):
            self._builder.heading(2, title or f"Slide {self._number}", page=self._number)
        for shape in shapes:
            if shape not in titles[:1]:
                self._shape(shape)
        self._notes()
        return title

    def _shape(self, shape: etree._Element) -> None:
        role = _role(shape)
        if role in _EDGES:
            self._builder.drop("page header or footer", _words(shape))
        elif local(shape) == "graphicFrame":
            for table in shape.iter(f"{_A}tbl"):
                self._table(table)
            write_drawing(self._builder, self._package, shape, relations=self._relations, page=self._number)
        elif (body := shape.find(f"{_P}txBody")) is not None:
            self._text(body, listed=role in _LISTED)

    def _text(self, body: etree._Element, *, listed: bool) -> None:
        """Write the paragraphs of a shape; those with bullets, own ones or those of the layout, are a list."""
        items: list[tuple[int, str, Pieces]] = []
        count: dict[int, int] = {}
        paragraphs = [(paragraph, pieces) for paragraph in body.iter(f"{_A}p") if (pieces := self._pieces(paragraph))]
        for paragraph, pieces in paragraphs:
            properties = paragraph.find(f"{_A}pPr")
            depth = (
                int(level)
                if properties is not None and re.fullmatch("[0-8]", level := properties.get("lvl") or "0")
                else 0
            )
            kinds = {local(child) for child in properties} if properties is not None else set()
            count = {level: number for level, number in count.items() if level <= depth}
            numbered = "buAutoNum" in kinds
            count[depth] = count.get(depth, 0) + 1 if numbered else 0
            bullet = "buChar" in kinds or (listed and "buNone" not in kinds and len(paragraphs) > 1)
            if numbered or bullet:
                items.append((depth, f"{count[depth]}." if numbered else "", pieces))
            else:
                self._builder.items(items, page=self._number)
                items = []
                self._builder.paragraph(pieces, page=self._number)
        self._builder.items(items, page=self._number)

    def _pieces(self, paragraph: etree._Element) -> Pieces:
        """Return the words of a paragraph with its links; nothing where there are none, or slide numbers alone."""
        pieces: Pieces = []
        for run in paragraph.iter(f"{_A}r", f"{_A}br", f"{_A}fld"):
            if local(run) == "br":
                pieces.append((" ", ""))
            elif local(run) == "r" or run.get("type") != "slidenum":
                link = run.find(f"{_A}rPr/{_A}hlinkClick")
                kind, target = self._relations.get(link.get(RELATION) or "" if link is not None else "", ("", ""))
                pieces.append((run.findtext(f"{_A}t") or "", target if kind == "hyperlink" else ""))
        return pieces if any(text.strip() for text, _ in pieces) else []

    def _table(self, node: etree._Element) -> None:
        rows: list[list[Pieces]] = []
        for row in node.iter(f"{_A}tr"):
            above = rows[-1] if rows else []
            made: list[Pieces] = []
            for cell in row.iterfind(f"{_A}tc"):
                pieces = [piece for one in cell.iter(f"{_A}p") for piece in (*self._pieces(one), (" ", ""))]
                if cell.get("vMerge") in ("1", "true") and len(made) < len(above):
                    pieces = above[len(made)] if sum(len(text) for text, _ in above[len(made)]) <= REPEATED else []
                made.append([] if cell.get("hMerge") in ("1", "true") else pieces)
            while made and not any(text.strip() for text, _ in made[-1]):
                made.pop()
            rows.append(made)
        self._builder.table(rows, header=1 if len(rows) > 1 else 0, page=self._number)

    def _notes(self) -> None:
        """Write what the speaker notes, behind the slide."""
        name = self._package.related(self._name, "notesSlide")
        if not name:
            return
        for shape in self._package.xml(name).iter(f"{_P}sp"):
            if _role(shape) == "body":
                words = [_joined(paragraph) for paragraph in shape.iter(f"{_A}p")]
                self._builder.footnote("\n".join(filter(None, words)), page=self._number)


def _shapes(tree: etree._Element) -> Iterator[etree._Element]:
    """Yield the shapes of a slide, those inside groups too; of several forms of one the newest."""
    for child in tree:
        name = local(child)
        if name in ("sp", "graphicFrame", "cxnSp", "pic"):
            yield child
        elif name == "grpSp":
            yield from _shapes(child)
        elif name == "AlternateContent":
            forms = [list(_shapes(form)) for form in child if local(form) in ("Choice", "Fallback")]
            yield from next((form for form in forms if any(map(_words, form))), forms[0] if forms else [])


def _role(shape: etree._Element) -> str | None:
    """Return which placeholder of the layout a shape fills ("" for a general one), or None."""
    found = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return None if found is None else found.get("type") or ""


def _words(shape: etree._Element) -> str:
    return " ".join(filter(None, map(_joined, shape.iter(f"{_A}p"))))


def _joined(paragraph: etree._Element) -> str:
    parts = [part.text or "" if local(part) == "t" else " " for part in paragraph.iter(f"{_A}t", f"{_A}br")]
    return " ".join("".join(parts).split())
