"""Make the binary files of the quiz from the marked-up texts in `DIR/sources`; the others are written by hand.

python -m benchmarks.quiz.make_files benchmarks/quiz/dev

It needs reportlab, openpyxl and python-pptx, which polyhop does not. A line of a source is `key: text`; the README
beside this file lists the keys. The same sources make the same bytes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZipFile, ZipInfo

import openpyxl
import pptx
from reportlab.lib.pagesizes import A5
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

Line = tuple[str, str]
NOTE = re.compile(r"\{\^(.*?)\^\}")
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def lines_of(source: Path) -> list[Line]:
    """Return the key and the text of each line."""
    parts = (line.partition(": ") for line in source.read_text(encoding="utf-8").splitlines() if line)
    return [(key.rstrip(":"), text) for key, _, text in parts]


def cells_of(text: str) -> list[str]:
    """Return the cells of a row."""
    return [cell.strip() for cell in text.split(" | ")]


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> None:
    """Write a zip file with fixed dates."""
    with ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(ZipInfo(name), text, compress_type=0 if name == "mimetype" else 8)


def undated(path: Path) -> None:
    """Write an Office file again without the dates at which a library saved it."""
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    core = "docProps/core.xml"
    zipped(path, parts | {core: re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2025-01-01T00:00:00Z", parts[core])})


# Word


def run(text: str, tag: str = "t") -> str:
    """Return a run of text."""
    return f'<w:r><w:{tag} xml:space="preserve">{escape(text)}</w:{tag}></w:r>' if text else ""


def inline(text: str, notes: list[str]) -> str:
    """Return the runs of a paragraph: `{+ins+}`, `{-del-}`, `{=content control=}`, `{^footnote^}`."""
    found = []
    for part in re.split(r"(\{\+.*?\+\}|\{-.*?-\}|\{=.*?=\}|\{\^.*?\^\})", text):
        inner = part[2:-2]
        change = f'w:id="{len(notes) + len(found)}" w:author="Office" w:date="2027-01-05T10:00:00Z"'
        if part.startswith("{+"):
            found.append(f"<w:ins {change}>{run(inner)}</w:ins>")
        elif part.startswith("{-"):
            found.append(f"<w:del {change}>{run(inner, 'delText')}</w:del>")
        elif part.startswith("{="):
            found.append(f"<w:sdt><w:sdtPr/><w:sdtContent>{run(inner)}</w:sdtContent></w:sdt>")
        elif part.startswith("{^"):
            notes.append(inner)
            found.append(f'<w:r><w:footnoteReference w:id="{len(notes)}"/></w:r>')
        else:
            found.append(run(part))
    return "".join(found)


def paragraph(text: str, notes: list[str], style: str = "") -> str:
    """Return a paragraph with the properties `style`."""
    return f"<w:p><w:pPr>{style}</w:pPr>{inline(text, notes)}</w:p>"


def word_table(rows: list[list[str]], notes: list[str]) -> str:
    """Return a table; a cell `[[a ; b // c ; d]]` holds a table itself."""
    found = ""
    for row in rows:
        found += "<w:tr>"
        for cell in row:
            nested = re.fullmatch(r"\[\[(.*)\]\]", cell)
            inside = [[one.strip() for one in line.split(" ; ")] for line in nested[1].split(" // ")] if nested else []
            found += f"<w:tc>{word_table(inside, notes) if nested else ''}"
            found += paragraph("" if nested else cell, notes) + "</w:tc>"
        found += "</w:tr>"
    columns = "<w:gridCol/>" * len(rows[0])
    return f"<w:tbl><w:tblPr/><w:tblGrid>{columns}</w:tblGrid>{found}</w:tbl>"


def word_block(key: str, text: str, notes: list[str]) -> str:
    """Return one block of the body other than a table."""
    heading = '<w:pStyle w:val="Heading{}"/>'
    item = '<w:pStyle w:val="Listparagraph"/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="{}"/></w:numPr>'
    styles = {"h1": heading.format(1), "h2": heading.format(2), "li": item.format(1), "num": item.format(2)}
    block = paragraph(text, notes, styles.get(key, ""))
    if key == "sdt":
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{block}</w:sdtContent></w:sdt>"
    if key == "box":
        shape = (
            f'<v:shape style="width:200pt;height:40pt"><v:textbox><w:txbxContent>{block}</w:txbxContent></v:textbox>'
        )
        return f"<w:p><w:r><w:pict>{shape}</v:shape></w:pict></w:r></w:p>"
    return block


def docx(lines: list[Line], path: Path) -> None:
    """Write a Word document with header, footer, footnotes, lists, changes, controls and text boxes."""
    notes: list[str] = []
    furniture = {key: text for key, text in lines if key in {"header", "footer"}}
    body = ""
    for key, group in groupby((line for line in lines if line[0] not in furniture), key=lambda line: line[0]):
        texts = [text for _, text in group]
        if key == "tr":
            body += word_table([cells_of(text) for text in texts], notes)
        else:
            body += "".join(word_block(key, text, notes) for text in texts)
    footnotes = "".join(f'<w:footnote w:id="{n}">{paragraph(t, [])}</w:footnote>' for n, t in enumerate(notes, 1))
    section = "".join(f'<w:{key}Reference w:type="default" r:id="{key}"/>' for key in furniture)
    roots = {key: ({"header": "hdr", "footer": "ftr"}[key], paragraph(text, [])) for key, text in furniture.items()}
    roots |= {"footnotes": ("footnotes", footnotes)} if notes else {}
    roots |= {"styles": ("styles", _styles()), "numbering": ("numbering", _numbering())}
    roots |= {"document": ("document", f"<w:body>{body}<w:sectPr>{section}</w:sectPr></w:body>")}
    spaces = f'{W} xmlns:r="{OFFICE}" xmlns:v="urn:schemas-microsoft-com:vml"'
    parts = {name: f"{XML}<w:{root} {spaces}>{inside}</w:{root}>" for name, (root, inside) in roots.items()}
    zipped(path, _word_package(parts))


def _styles() -> str:
    style = '<w:style w:type="paragraph" w:default="{}" w:styleId="{}"><w:name w:val="{}"/></w:style>'
    names = ("Normal", "heading 1", "heading 2", "List Paragraph")
    return "".join(style.format(int(name == "Normal"), name.replace(" ", "").capitalize(), name) for name in names)


def _numbering() -> str:
    kind = '<w:abstractNum w:abstractNumId="{}"><w:lvl w:ilvl="0"><w:numFmt w:val="{}"/></w:lvl></w:abstractNum>'
    number = '<w:num w:numId="{0}"><w:abstractNumId w:val="{0}"/></w:num>'
    return kind.format(1, "bullet") + kind.format(2, "decimal") + number.format(1) + number.format(2)


def _word_package(parts: dict[str, str]) -> dict[str, str]:
    """Return the files of a Word document: its parts, their types and their relations."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    types = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{kind}.{name}{".main" * (name == "document")}+xml"/>'
        for name in parts
    )
    relation = '<Relationship Id="{0}" Type="' + OFFICE + '/{1}" Target="{2}"/>'
    relations = "".join(relation.format(name, name, f"{name}.xml") for name in parts if name != "document")
    wrap = f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{{}}</Relationships>'
    default = '<Default Extension="{}" ContentType="application/{}xml"/>'
    defaults = default.format("rels", "vnd.openxmlformats-package.relationships+") + default.format("xml", "")
    return {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">{defaults}{types}</Types>',
        "_rels/.rels": wrap.format(relation.format("document", "officeDocument", "word/document.xml")),
        "word/_rels/document.xml.rels": wrap.format(relations),
        **{f"word/{name}.xml": text for name, text in parts.items()},
    }


# PDF

SIZE, LEADING, MARGIN, TOP = 10, 13, 40, A5[1] - 86


@dataclass
class QuizSheet:
    """Where the next line of a PDF goes; `pages` holds what is drawn: x, y, font, size, text."""

    columns: int
    font: str
    bottom: int
    pages: list[list[tuple[float, float, str, int, str]]] = field(default_factory=lambda: [[]])
    notes: list[list[str]] = field(default_factory=lambda: [[]])
    column: int = 0
    y: float = TOP

    @property
    def width(self) -> float:
        """Return the width of a column."""
        return (A5[0] - 2 * MARGIN - 16 * (self.columns - 1)) / self.columns

    @property
    def x(self) -> float:
        """Return the left edge of the column."""
        return MARGIN + self.column * (self.width + 16)

    def feed(self) -> None:
        """Go to the next column, or page."""
        self.column, self.y = self.column + 1, TOP
        if self.column == self.columns:
            self.column = 0
            self.pages.append([])
            self.notes.append([])

    def put(self, cells: list[str], size: int = SIZE) -> None:
        """Write a line: one cell, or the cells of a row, side by side."""
        if self.y < self.bottom:
            self.feed()
        step = self.width / len(cells)
        for place, cell in enumerate(cells):
            self.pages[-1].append((self.x + place * step, self.y, self.font, size, cell))
        self.y -= LEADING


def broken(text: str, sheet: QuizSheet) -> Iterator[str]:
    """Yield the lines of a paragraph; in narrow columns long words are cut between two consonants."""
    line = ""
    for word in text.split():
        rest = word
        if line and _wide(f"{line} {word}", sheet) and sheet.columns > 1:
            cuts = [
                m.start() + 1 for m in re.finditer(r"(?<=[aeiou])[b-df-hj-np-tv-z](?=[b-df-hj-np-tv-z][aeiou])", word)
            ]
            fitting = [cut for cut in cuts if cut > 1 and not _wide(f"{line} {word[:cut]}-", sheet)]
            if fitting:
                line, rest = f"{line} {word[: fitting[-1]]}-", word[fitting[-1] :]
        if line and (rest != word or _wide(f"{line} {rest}", sheet)):
            yield line
            line = rest
        else:
            line = f"{line} {rest}".strip()
    yield line


def _wide(text: str, sheet: QuizSheet) -> bool:
    return pdfmetrics.stringWidth(text, sheet.font, SIZE) > sheet.width


def laid_out(lines: list[Line], sheet: QuizSheet) -> QuizSheet:
    """Return the sheet with all lines on its pages."""
    for key, text in lines:
        if key == "page":
            sheet.column = sheet.columns - 1
            sheet.feed()
        elif key == "tr":
            sheet.put(cells_of(text), 8)
        elif key == "title":
            sheet.pages[-1].append((MARGIN, A5[1] - 62, sheet.font, 14, text))
        elif key == "h":
            sheet.put([text], 11)
            sheet.y -= 4
        else:
            notes = NOTE.findall(text)
            marks = iter(range(len(sheet.notes[-1]) + 1, 99))
            for line in broken(NOTE.sub(lambda _, marks=marks: str(next(marks)), text), sheet):
                sheet.put([line])
            sheet.notes[-1] += notes
            sheet.y -= 6
    return sheet


def spaceless(canvas: Canvas, x: float, y: float, text: str) -> None:
    """Draw a line as TeX does: no space glyphs, the gaps are numbers in a TJ array."""
    words = " -278 ".join("(" + re.sub(r"([()\\])", r"\\\1", word) + ")" for word in text.split())
    name = canvas._doc.getInternalFontName(canvas._fontname)
    canvas._code.append(f"BT {name} {canvas._fontsize} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm [{words}] TJ ET")


def placed(canvas: Canvas, x: float, y: float, text: str) -> None:
    """Draw each word by itself, without spaces between them."""
    for word in text.split():
        canvas.drawString(x, y, word)
        x += canvas.stringWidth(f"{word} ")


def pdf(lines: list[Line], path: Path) -> None:
    """Write a PDF with a running header, page numbers and footnotes; the first line says how it is drawn."""
    options = dict(pair.split("=", 1) for pair in re.split(r" (?=\w+=)", f"{lines[0][0]}{lines[0][1]}"[2:]))
    font = options.get("font", "Helvetica")
    if font == "Vera":
        pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    sheet = laid_out(lines[1:], QuizSheet(int(options["columns"]), font, int(options.get("bottom", "90"))))
    canvas = Canvas(str(path), pagesize=A5, invariant=True)
    draw = {"tj": spaceless, "place": placed}.get(options.get("words", ""), Canvas.drawString)
    for number, (page, notes) in enumerate(zip(sheet.pages, sheet.notes, strict=True), start=1):
        if options.get("order") == "rows":
            page = sorted(page, key=lambda one: (-one[1], one[0]))
        top = [(MARGIN, A5[1] - 36, font, 8, options["running"])]
        low = [(MARGIN, 70 - 10 * n, font, 7, f"{n + 1} {note}") for n, note in enumerate(notes)]
        foot = [(A5[0] / 2 - 20, 30, font, 8, f"Page {number} of {len(sheet.pages)}")]
        for x, y, name, size, text in [*top, *page, *low, *foot]:
            canvas.setFont(name, size)
            draw(canvas, x, y, text)
        canvas.showPage()
    canvas.save()


# Tables, slides, text documents, books and mail


def xlsx(lines: list[Line], path: Path) -> None:
    """Write a workbook; numbers are stored as numbers."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for key, text in lines:
        if key == "sheet":
            sheet = book.create_sheet(text)
        else:
            sheet.append([_number(cell) for cell in cells_of(text)])
    book.save(path)
    undated(path)


def _number(cell: str) -> str | int | float:
    if re.fullmatch(r"\d+", cell):
        return int(cell)
    return float(cell) if re.fullmatch(r"\d+\.\d+", cell) else cell


def slides(lines: list[Line], path: Path) -> None:
    """Write a presentation: titles, items, tables and notes."""
    deck = pptx.Presentation()
    rows: list[tuple[Any, list[list[str]]]] = []
    for key, text in lines:
        if key == "slide":
            slide = deck.slides.add_slide(deck.slide_layouts[1])
            slide.shapes.title.text = text
            body = slide.placeholders[1].text_frame
            rows.append((slide, []))
        elif key == "li":
            body.text = f"{body.text}\n{text}" if body.text else text
        elif key == "note":
            slide.notes_slide.notes_text_frame.text = text
        else:
            rows[-1][1].append(cells_of(text))
    for slide, cells in rows:
        if cells:
            table = slide.shapes.add_table(len(cells), len(cells[0]), 914400, 2500000, 7000000, 1500000).table
            for x, y in ((x, y) for y in range(len(cells)) for x in range(len(cells[0]))):
                table.cell(y, x).text = cells[y][x]
    deck.save(path)
    undated(path)


def odt(lines: list[Line], path: Path) -> None:
    """Write an OpenDocument text: headings, lists, tables and footnotes."""
    note = '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>{}'
    body = ""
    for key, group in groupby(lines, key=lambda line: line[0]):
        texts = [NOTE.sub(note.format(r"\1</text:p></text:note-body></text:note>"), escape(text)) for _, text in group]
        if key == "tr":
            cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
            rows = ["".join(cell.format(one) for one in cells_of(text)) for text in texts]
            body += "<table:table>" + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
            body += "</table:table>"
        elif key == "li":
            items = "".join(f"<text:list-item><text:p>{text}</text:p></text:list-item>" for text in texts)
            body += f"<text:list>{items}</text:list>"
        elif key == "p":
            body += "".join(f"<text:p>{text}</text:p>" for text in texts)
        else:
            body += "".join(f'<text:h text:outline-level="{key[1]}">{text}</text:h>' for text in texts)
    kind = "application/vnd.oasis.opendocument.text"
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "text", "table"))
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = '<m:file-entry m:full-path="{}" m:media-type="{}"/>'
    entries = entry.format("/", kind) + entry.format("content.xml", "text/xml")
    content = f"<office:document-content {spaces}><office:body><office:text>{body}</office:text></office:body>"
    parts = {"mimetype": kind, "content.xml": f"{XML}{content}</office:document-content>"}
    parts["META-INF/manifest.xml"] = f'{XML}<m:manifest xmlns:m="{manifest}">{entries}</m:manifest>'
    zipped(path, parts)


def epub(lines: list[Line], path: Path) -> None:
    """Write a book with one page per chapter."""
    head = {key: escape(text) for key, text in lines if key in {"title", "author"}}
    chapters: list[list[str]] = []
    for key, text in lines:
        if key == "chapter":
            chapters.append([escape(text)])
        elif key == "p":
            chapters[-1].append(escape(text))
    names = [f"chapter{number}" for number in range(1, len(chapters) + 1)]
    page = f'{XML}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{{0}}</title></head><body><h1>{{0}}</h1>{{1}}'
    items = "".join(f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in names)
    spine = "".join(f'<itemref idref="{n}"/>' for n in names)
    dublin = (
        f"<dc:title>{head['title']}</dc:title><dc:creator>{head['author']}</dc:creator><dc:language>en</dc:language>"
    )
    opf = (
        f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">{path.stem}</dc:identifier>'
        f"{dublin}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    root = '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    container = (
        f'{XML}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">{root}</container>'
    )
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/book.opf": opf}
    for name, (title, *texts) in zip(names, chapters, strict=True):
        text = "".join(f"<p>{one}</p>" for one in texts)
        parts[f"OEBPS/{name}.xhtml"] = page.format(title, text) + "</body></html>"
    zipped(path, parts)


def eml(source: Path, path: Path) -> None:
    """Write a mail with attachments: its head, then parts that begin with `--- text` or `--- attach NAME`."""
    head, *parts = re.split(r"^--- ", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    mail = EmailMessage()
    for line in head.splitlines():
        mail[line.partition(": ")[0]] = line.partition(": ")[2]
    for part in parts:
        what, _, text = part.partition("\n")
        kind, _, name = what.partition(" ")
        if kind == "text":
            mail.set_content(text)
        elif kind == "html":
            mail.add_alternative(text, subtype="html")
        else:
            mail.add_attachment(text.encode(), "text", Path(name).suffix[1:].replace("txt", "plain"), filename=name)
    if mail.is_multipart():
        for number, part in enumerate(one for one in mail.walk() if one.is_multipart()):
            part.set_boundary(f"part-{number}")
    path.write_bytes(mail.as_bytes())


MAKERS: dict[str, Callable[[list[Line], Path], None]] = {
    ".docx": docx,
    ".pdf": pdf,
    ".xlsx": xlsx,
    ".pptx": slides,
    ".odt": odt,
    ".epub": epub,
}


def main(half: Path) -> None:
    """Make every file of a half that has a source."""
    for source in sorted((half / "sources").rglob("*.txt")):
        path = half / "files" / source.relative_to(half / "sources").with_suffix("")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".eml":
            eml(source, path)
        else:
            MAKERS[path.suffix](lines_of(source), path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
