"""Word files."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from docx import Document as WordDocument

from polyhop.core.types import Document
from polyhop.ingest import documents as ingest_documents
from polyhop.ingest import package
from polyhop.ingest.documents import Dropped, FileProgress, Skipped
from polyhop.ingest.readers import read_file

FIELD = Path(__file__).parents[2] / "field" / "docx-lost-text" / "contract.docx"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": _OFFICE,
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "v": "urn:schemas-microsoft-com:vml",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
}
_DECLARED = " ".join(f'xmlns:{name}="{space}"' for name, space in _SPACES.items())


def related(*relations: tuple[str, str, str]) -> str:
    """Return the relations of a part: their ids, kinds and targets."""
    lines = "".join(
        f'<Relationship Id="{own}" Type="{_OFFICE}/{kind}" Target="{target}" '
        + ('TargetMode="External"/>' if kind == "hyperlink" else "/>")
        for own, kind, target in relations
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    )


def made(folder: Path, body: str, *, head: str = "", **parts: str) -> Path:
    """Write a Word file of XML: the body, what stands before the document's element, and other parts by their kind."""
    file = folder / "made.docx"
    links = [("rIdLink", "hyperlink", "https://example.org/rules")]
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", related(("rId1", "officeDocument", "word/document.xml")))
        archive.writestr("word/document.xml", f"{head}<w:document {_DECLARED}><w:body>{body}</w:body></w:document>")
        for name, text in parts.items():
            links.append((f"rId{name}", name.rstrip("123"), f"{name}.xml"))
            archive.writestr(f"word/{name}.xml", text.replace("<w:root>", f"<w:root {_DECLARED}>", 1))
        archive.writestr("word/_rels/document.xml.rels", related(*links))
    return file


def p(text: str, properties: str = "") -> str:
    """Return a paragraph of one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{r(text)}</w:p>"


def r(text: str, properties: str = "") -> str:
    """Return a run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def tc(*inside: str, properties: str = "") -> str:
    """Return a cell of a table."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{''.join(inside)}</w:tc>"


def tr(*cells: str, properties: str = "") -> str:
    """Return a row of a table."""
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def dropped(path: Path) -> dict[str, int]:
    """Return what was left out and how many letters."""
    return {item.what: item.characters for item in read_file(path) if isinstance(item, Dropped)}


def write(folder: Path, *, title: str = "", heading: str = "Main", name: str = "the-report.docx") -> Path:
    file = WordDocument()
    file.core_properties.title = title
    if heading:
        file.add_heading(heading, level=1)
    file.add_paragraph("First paragraph.")
    file.add_heading("Detail", level=2)
    file.add_paragraph("one", style="List Bullet")
    table = file.add_table(rows=2, cols=3)
    for cell, text in zip(table.rows[0].cells, ("City", "People", "Area"), strict=True):
        cell.text = text
    table.rows[1].cells[0].text = "Bern"
    merged = table.rows[1].cells[1].merge(table.rows[1].cells[2])
    merged.text = "many"
    file.add_paragraph("Last paragraph.")
    file.save(str(folder / name))
    return folder / name


def document(path: Path) -> Document:
    (item,) = (item for item in read_file(path) if isinstance(item, Document | Skipped))
    assert isinstance(item, Document)
    return item


def reason(path: Path) -> str:
    (item,) = (item for item in read_file(path) if isinstance(item, Document | Skipped))
    assert isinstance(item, Skipped)
    return item.reason


def test_keeps_headings_lists_and_tables_in_order(tmp_path: Path) -> None:
    """Paragraphs and tables come in order, headings as # lines, a merged cell once."""
    assert (
        "# Main\n\nFirst paragraph.\n\n## Detail\n\n- one\n\nCity | People | Area\nBern | many\n\nLast paragraph."
    ) == document(write(tmp_path)).text


def test_the_title_is_the_property_then_the_heading_then_the_name(tmp_path: Path) -> None:
    """Titles come from where a reader would look first."""
    assert "Annual report" == document(write(tmp_path, title="Annual report")).title
    assert "Main" == document(write(tmp_path)).title
    assert "Detail" == document(write(tmp_path, heading="")).title


def test_a_document_without_text_is_empty(tmp_path: Path) -> None:
    """A new Word file is empty."""
    WordDocument().save(str(tmp_path / "a.docx"))

    assert "empty: no text in it" == reason(tmp_path / "a.docx")


def test_all_that_word_shows_is_read() -> None:
    """Tracked insertions, content controls, tables in tables, text boxes, notes, headers and footers are text."""
    text = document(FIELD).text

    assert "The penalty for late delivery is two thousand euros per day." in text
    assert "The contact person of the supplier is Joanna Pryce." in text
    assert "The account manager is Milo Hart of the Lund office." in text
    assert "Item | Details\nCrane | Lifting capacity 62 tonnes" in text
    assert text.count("The emergency telephone number is 0900 77 12.") == 1
    assert "1. Sign the form\n2. Send the form to Aldersund\n3. Wait for the receipt" in text
    assert "notes. [1]\n\n[1] The insurer of the containers is Bluestone Mutual of Leeds." in text
    assert text.startswith("Contract number KX-4471, Fennel Logistics\n\n# Supply agreement")
    assert text.endswith("Valid until 30 June 2031")
    assert "one euro" not in text
    assert {"deleted text": 7} == dropped(FIELD)


def test_text_in_wrappers_is_read_and_what_is_hidden_is_counted(tmp_path: Path) -> None:
    """Smart tags, fields, moved text and signs are text; deleted, hidden text and placeholders are counted."""
    wrapped = f"<w:smartTag><w:smartTag>{r('one ')}</w:smartTag></w:smartTag>"
    wrapped += f"<w:fldSimple w:instr=' REF x '>{r('two ')}</w:fldSimple>"
    moved = f"<w:moveFrom>{r('moved')}</w:moveFrom><w:moveTo>{r('three ')}</w:moveTo>"
    hidden = r("secret", "<w:vanish/>") + r("shown ", '<w:vanish w:val="0"/>')
    signs = "<w:r><w:t>co</w:t><w:softHyphen/><w:t>op</w:t><w:noBreakHyphen/><w:t>x</w:t><w:tab/>"
    signs += '<w:sym w:font="Symbol" w:char="F061"/></w:r>'
    placeholder = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{r('Click here')}</w:sdtContent></w:sdt>"
    file = made(tmp_path, f"<w:p>{wrapped}{moved}{hidden}{signs}{placeholder}</w:p>")

    assert "one two three shown coop-x α" == document(file).text
    assert {"deleted text": 5, "hidden text": 6, "placeholder": 9} == dropped(file)


def test_links_keep_their_targets(tmp_path: Path) -> None:
    """Relations, anchors and fields are links; the code of a field is no text."""
    field = "".join(
        f"<w:r>{part}</w:r>"
        for part in (
            '<w:fldChar w:fldCharType="begin"/>',
            '<w:instrText> HYPERLINK "https://example.org/fees" </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>fees</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    outer = f'<w:hyperlink r:id="rIdLink">{r("rules")}</w:hyperlink>'
    inner = f'<w:hyperlink w:anchor="part2">{r("part 2")}</w:hyperlink>'
    made_document = document(made(tmp_path, f"<w:p>{outer}{r(', ')}{inner}{r(' and ')}{field}</w:p>"))

    assert "rules, part 2 and fees" == made_document.text
    found = [(made_document.text[link.start : link.end], link.target) for link in made_document.links]
    assert [
        ("rules", "https://example.org/rules"),
        ("part 2", "#part2"),
        ("fees", "https://example.org/fees"),
    ] == found


def test_headings_are_told_by_their_level_and_not_by_a_name(tmp_path: Path) -> None:
    """A style in any language has an outline level, or is based on one that has; a paragraph may have its own."""
    styles = (
        '<w:root><w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/>'
        '<w:basedOn w:val="berschrift2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style></w:root>'
    )
    body = p("Handbuch", '<w:pStyle w:val="Titel"/>') + p("Einleitung", '<w:pStyle w:val="Kapitel"/>')
    made_document = document(made(tmp_path, body + p("Tief", '<w:outlineLvl w:val="3"/>') + p("Text"), styles=styles))

    assert "# Handbuch\n\n## Einleitung\n\n#### Tief\n\nText" == made_document.text
    assert ("Handbuch", "Einleitung", "Tief") == made_document.blocks[-1].trail
    assert "Handbuch" == made_document.title


def test_numbers_are_counted_as_word_shows_them(tmp_path: Path) -> None:
    """Levels count within their parent, formats differ, and another list with the same form begins anew."""
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
    )
    bullet = '<w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>'
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbering = (
        f'<w:root><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        f'<w:abstractNum w:abstractNumId="1">{bullet}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
        f'<w:num w:numId="3"><w:abstractNumId w:val="0"/>{again}</w:num></w:root>'
    )

    def item(text: str, number: int, level: int = 0) -> str:
        return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')

    body = item("a", 1) + item("b", 1, 1) + item("c", 1, 1) + item("d", 1) + item("e", 1, 1) + item("f", 2) + p("then")
    text = document(made(tmp_path, body + item("g", 3) + item("h", 3), numbering=numbering)).text

    assert "1. a\n  1.a) b\n  1.b) c\n2. d\n  2.a) e\n- f\n\nthen\n\n1. g\n2. h" == text


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    """The two forms of a text box are one, and one for old programs alone is read too."""

    def box(text: str) -> str:
        return f"<w:txbxContent>{p(text)}</w:txbxContent>"

    def either(new: str, old: str) -> str:
        forms = f"<mc:Choice>{new}</mc:Choice><mc:Fallback><w:pict>{old}</w:pict></mc:Fallback>"
        return f"<mc:AlternateContent>{forms}</mc:AlternateContent>"

    both, old = either(box("new"), box("new")), either("", box("old"))
    body = f"<w:p>{r('beside')}<w:r><w:drawing>{both}</w:drawing></w:r><w:r>{old}</w:r></w:p>"

    assert "beside\n\nnew\n\nold" == document(made(tmp_path, body)).text


def test_tables_keep_header_rows_caption_and_merged_cells(tmp_path: Path) -> None:
    """Repeated rows are the head with the caption; a cell that spans rows is in each, one that spans columns once."""
    styles = '<w:root><w:style w:type="paragraph" w:styleId="c"><w:name w:val="caption"/></w:style></w:root>'
    down, wide = '<w:vMerge w:val="restart"/>', '<w:gridSpan w:val="2"/>'
    rows = (
        tr(tc(p("City")), tc(p("People"), properties=wide), properties="<w:tblHeader/>"),
        tr(tc(p("")), tc(p("2020")), tc(p("2021")), properties="<w:tblHeader/>"),
        tr(tc(p("Bern"), properties=down), tc(p("1")), tc(p("2"))),
        tr(tc(p(""), properties="<w:vMerge/>"), tc(p("3")), tc(p("4"))),
        f"<w:sdt><w:sdtContent>{tr(tc(p('Bonn')), tc(p('many'), properties=wide))}</w:sdtContent></w:sdt>",
    )
    file = made(tmp_path, p("Table 1", '<w:pStyle w:val="c"/>') + f"<w:tbl>{''.join(rows)}</w:tbl>", styles=styles)
    table = document(file)

    head = "Table 1\nCity | People | People\n | 2020 | 2021"
    assert f"{head}\nBern | 1 | 2\nBern | 3 | 4\nBonn | many" == table.text
    assert len(head) == table.blocks[0].head


def test_headers_of_all_sections_are_written_once(tmp_path: Path) -> None:
    """A header that sections share stands once; page numbers and what the text says too are left out."""
    page = f"<w:root><w:p>{r('Page ')}<w:fldSimple w:instr='PAGE'>{r('3')}</w:fldSimple></w:p>{p('Rules')}</w:root>"
    kinds = (("header", "default", 1), ("header", "first", 2), ("footer", "default", 1))
    used = (f'<w:{kind}Reference w:type="{form}" r:id="rId{kind}{number}"/>' for kind, form, number in kinds)
    section = f"<w:sectPr>{''.join(used)}</w:sectPr>"
    first = f"<w:p><w:pPr>{section}</w:pPr>{r('Rules')}</w:p>"
    file = made(
        tmp_path,
        first + p("two") + section,
        header1=f"<w:root>{p('Contract KX-1')}</w:root>",
        header2=f"<w:root>{p('only of a title page')}</w:root>",
        footer1=page,
    )

    assert "Contract KX-1\n\nRules\n\ntwo" == document(file).text
    assert {"page header or footer": 5, "page number": 5} == dropped(file)


def test_comments_are_counted_and_endnotes_have_their_place(tmp_path: Path) -> None:
    """Comments speak about the text and are none of it; a note of a list stands behind the list."""
    notes = f"<w:root><w:endnote w:type='separator' w:id='0'>{p('---')}</w:endnote>"
    notes += f"<w:endnote w:id='2'>{p('the note')}</w:endnote></w:root>"
    body = f"<w:p>{r('claim')}<w:r><w:endnoteReference w:id='2'/></w:r></w:p>" + p("next")
    file = made(tmp_path, body, endnotes=notes, comments=f"<w:root><w:comment>{p('delete?')}</w:comment></w:root>")

    assert "claim [i]\n\n[i] the note\n\nnext" == document(file).text
    assert {"comments": 7} == dropped(file)


def test_strict_files_and_formulas_are_read(tmp_path: Path) -> None:
    """The other namespaces of the standard mean the same; a formula is one line."""
    formula = (
        "<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath>"
    )
    file = made(tmp_path, f"<w:p>{r('is ')}{formula}</w:p>")
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(file, "w") as archive:
        for name, data in parts.items():
            strict = data.replace(
                b"http://schemas.openxmlformats.org/wordprocessingml/2006/",
                b"http://purl.oclc.org/ooxml/wordprocessingml/",
            )
            archive.writestr(name, strict)

    assert "is a/b" == document(file).text


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that unpacks to more than the limit is refused by what the archive says about itself."""
    monkeypatch.setattr(package, "MAX_UNPACKED", 1_000_000)
    file = write(tmp_path)
    with ZipFile(file, "a", ZIP_DEFLATED) as archive:
        archive.writestr("word/bomb.xml", b" " * 2_000_000)

    assert file.stat().st_size < 100_000
    assert reason(file).startswith("unpacks to 2,") and "2,000,000 in one part" in reason(file)


def test_a_part_that_is_packed_too_well_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large part of the same element over and over is a bomb even below the limit."""
    file = made(tmp_path, p("word") * 40_000)
    assert any(isinstance(item, Document) for item in read_file(file))
    monkeypatch.setattr(package, "SMALL", 1_000_000)

    assert reason(file).endswith("as only bombs do")


def test_absurd_sizes_stay_small(tmp_path: Path) -> None:
    """A cell that spans a billion columns, entities made of entities and deep nesting take no memory."""
    wide = tr(tc(p("a"), properties='<w:gridSpan w:val="1000000000"/>'), tc(p("b"))) * 2
    assert len(document(made(tmp_path, f"<w:tbl>{wide}</w:tbl>")).text) < 1_000

    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE d [<!ENTITY e0 "{"x" * 100}">{entities}]>'
    (item,) = read_file(made(tmp_path, p("&e11;") + p("after"), head=bomb))
    assert len(getattr(item, "text", "")) < 1_000

    (item,) = read_file(made(tmp_path, "<w:sdt>" * 100_000 + p("deep") + "</w:sdt>" * 100_000))
    assert isinstance(item, Skipped)


@pytest.mark.parametrize("data", [b"rubbish", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0 encrypted or old"])
def test_what_is_no_archive_gives_a_reason(tmp_path: Path, data: bytes) -> None:
    """Rubbish, truncated and encrypted files are refused."""
    file = tmp_path / "a.docx"
    file.write_bytes(data)

    assert reason(file).startswith("not a Word file")
    assert ("encrypted" in reason(file)) == data.startswith(b"\xd0")


def test_another_archive_gives_a_reason(tmp_path: Path) -> None:
    """A zip file that is no Word file, or whose XML is broken, is refused."""
    with ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    broken = write(tmp_path)
    with ZipFile(broken) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(broken, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data[:200] if name == "word/document.xml" else data)

    assert reason(tmp_path / "a.docx").startswith("not a Word file")
    assert reason(broken).startswith("'word/document.xml' in it is invalid XML")


def test_a_truncated_file_gives_a_reason_and_bytes_that_changed_do_too(tmp_path: Path) -> None:
    """A file that was cut, and one whose packed bytes are damaged, are refused."""
    data = FIELD.read_bytes()
    (tmp_path / "cut.docx").write_bytes(data[: len(data) // 2])
    with ZipFile(FIELD) as archive:
        place = archive.getinfo("word/document.xml").header_offset + 60
    (tmp_path / "bad.docx").write_bytes(
        data[:place] + bytes(byte ^ 0xFF for byte in data[place : place + 200]) + data[place + 200 :]
    )

    assert reason(tmp_path / "cut.docx").startswith("not a Word file")
    assert "'word/document.xml'" in reason(tmp_path / "bad.docx")


def test_progress_is_told_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher hears how far the file is read."""
    monkeypatch.setattr(ingest_documents, "PACE", 0)
    file = made(tmp_path, p(r("One")) + p(r("Two")))
    told = [item for item in read_file(file) if isinstance(item, FileProgress)]

    assert [FileProgress(str(file), done, 2, "blocks") for done in (1, 2)] == told
