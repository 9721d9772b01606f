"""PDF files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from pypdf import PdfReader

from polyhop.core.types import Document
from polyhop.ingest import documents, ocr
from polyhop.ingest.documents import Dropped, FileProgress, Skipped
from polyhop.ingest.pdf_page import LIGATURES, page_text
from polyhop.ingest.readers import pdf as reader
from polyhop.ingest.readers import read_file
from tests.ingest.readers.pdf_files import BOLD, CODE, HEIGHT, WIDTH, At, lines, link, pdf, written

FIELD = Path(__file__).resolve().parents[2] / "field"
LONG = "the river Elbe rises in the mountains and goes to the sea"


def document(path: Path) -> Document:
    (item,) = (item for item in read_file(path) if not isinstance(item, Dropped))
    assert isinstance(item, Document), item
    return item


def reason(path: Path) -> str:
    (item,) = (item for item in read_file(path) if not isinstance(item, Dropped))
    assert isinstance(item, Skipped)
    return item.reason


def dropped(path: Path) -> dict[str, int]:
    return {item.what: item.characters for item in read_file(path) if isinstance(item, Dropped)}


def blocks(path: Path) -> list[tuple[str, str]]:
    made = document(path)
    return [(block.kind, made.text[block.start : block.end]) for block in made.blocks]


def test_pages_become_one_document(tmp_path: Path) -> None:
    """All pages are one document with the title property; blocks and lines know their page and place on it."""
    file = pdf(tmp_path, [At(50, 100, "First page.")], [At(50, 100, "Second page.")], title="The Report")
    made = document(file)

    assert (str(file), "First page.\n\nSecond page.", "The Report") == (made.key, made.text, made.title)
    assert 2 == made.metadata["pages"]
    assert [1, 2] == [block.page for block in made.blocks]
    (line,) = made.blocks[1].lines
    assert (13, 2) == (line.start, line.page)
    assert line.x0 == pytest.approx(50, abs=1)
    assert line.y0 < 100 < line.y1
    assert (line.y0, line.y1) == pytest.approx((91, 102), abs=3)


def test_progress_is_told_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is a step where there is time for it, and few steps are told in a second."""
    file = pdf(tmp_path, *[[At(50, 100, f"Page {number}.")] for number in range(3)])
    assert not any(isinstance(item, FileProgress) for item in read_file(file))
    monkeypatch.setattr(documents, "PACE", 0)
    told = [item for item in read_file(file) if isinstance(item, FileProgress)]

    assert [FileProgress(str(file), page, 3, "pages") for page in (1, 2, 3)] == told


def test_columns_hyphens_headers_and_a_table_over_pages() -> None:
    """Columns are read one by one, cut words joined, running lines dropped, rows kept, and the head of a table."""
    file = FIELD / "pdf-columns-hyphens-pages" / "twocol.pdf"
    made = document(file)
    table = next(block for block in made.blocks if block.kind == "table")
    rows = made.text[table.start : table.end].split("\n")

    assert "Corvin reactor was commissioned in 1974 by the Norwegian grid operator Lysnett. It delivers" in made.text
    assert made.text.index("Astrid Holm, who retired in 1999.") < made.text.index("The Delmar dam was finished in 1962")
    assert "Plant U46 | Okafor | 0 | 2021-11-15" in rows
    assert ["Table 4. Inspection results by plant", "Plant | Inspector | Defects | Next visit"] == rows[:2]
    assert "\n".join(rows[:2]) == made.text[table.start :][: table.head]
    assert {2, 3} == {line.page for line in table.lines}
    assert {"running headers and footers": 141} == dropped(file)


def test_words_have_spaces_without_a_space_glyph() -> None:
    """Gaps between letters are spaces."""
    text = document(FIELD / "pdf-tex-spaces" / "tex_spaces.pdf").text

    assert "The harbour of Ostrel was founded by Captain Irena Vold in 1742." in text
    assert "The lighthouse of Ostrel is kept by Mateo Ruel since 2015." in text


def test_real_hyphens_stay(tmp_path: Path) -> None:
    """A hyphen at a line end is real where the document writes the word with one elsewhere, or both halves alone."""
    texts = (
        "A well-known dam of the com-",
        "pany, not the long-",
        "winded one and well-",
        "known too, so it is post-",
        "War.",
    )
    file = pdf(tmp_path, lines(50, 100, *texts, "It was long and winded."))

    expected = "A well-known dam of the company, not the long-winded one and well-known too, so it is post-War."
    assert expected == document(file).text.split("\n\n")[0]


def test_a_sentence_goes_on_over_pages(tmp_path: Path) -> None:
    """Running lines with changing numbers go, and what stood before and after them is one paragraph."""
    bodies = [("Up there", LONG, f"{LONG} and then"), ("on and on", "goes on here."), ("Down here", LONG, f"{LONG}.")]
    pages = [
        [At(50, 30, f"Chapter {number}"), *lines(50, 70, *body), At(190, 580, f"- {number} -")]
        for number, body in enumerate(bodies, 1)
    ]
    made = blocks(pdf(tmp_path, *pages))

    first = f"Up there {LONG} {LONG} and then on and on goes on here."  # of pages 1 and 2
    assert [("paragraph", first), ("paragraph", f"Down here {LONG} {LONG}.")] == made
    assert 3 * len("Chapter1-1-") == dropped(tmp_path / "a-scan.pdf")["running headers and footers"]


def test_headings_by_size_and_by_outline(tmp_path: Path) -> None:
    """Large and bold lines are headings by size; an outline says which are, and how deep."""
    page = [
        At(50, 60, "Of Rivers", 20),
        *lines(50, 100, LONG, f"{LONG}."),
        At(50, 150, "The Elbe", 14),
        *lines(50, 180, LONG, f"{LONG}."),
        At(50, 230, "Its source", 10, BOLD),
        *lines(50, 260, LONG, f"{LONG}."),
    ]
    made = document(pdf(tmp_path, page))
    assert "Of Rivers" == made.title
    assert ("Of Rivers", "The Elbe", "Its source") == made.blocks[-1].trail

    writer = written(page)
    first = writer.add_outline_item(title="Of Rivers", page_number=0)
    writer.add_outline_item(title="Its source", page_number=0, parent=first)
    writer.write(tmp_path / "b.pdf")
    trails = {block.trail for block in document(tmp_path / "b.pdf").blocks if block.kind == "paragraph"}
    assert ("Of Rivers", "Its source") in trails


def test_lists_code_and_footnotes(tmp_path: Path) -> None:
    """Items, monospaced lines with their indents, and a note at the bottom, which stands behind what refers to it."""
    page = [
        *lines(50, 60, LONG, f"{LONG} as"),
        At(50, 84, "said."),
        At(74, 81, "1", 6),
        *lines(50, 110, "• one river that is long and wide and goes on to the", "  sea", "• two"),
        *lines(50, 170, "def run():", "    return 1", font=CODE),
        *lines(50, 220, LONG, f"{LONG}."),
        *lines(50, 550, "1 See the old map.", size=7),
    ]
    made = blocks(pdf(tmp_path, page))

    assert ("footnote", "1 See the old map.") == made[1]
    assert ("list", "- one river that is long and wide and goes on to the sea\n- two") == made[2]
    assert ("code", "def run():\n    return 1") == made[3]


def test_links_have_anchor_and_target(tmp_path: Path) -> None:
    """Links lead to addresses and to pages."""
    writer = written([At(50, 100, "See the map of rivers and page two.")], [At(50, 100, "Two.")])
    link(writer, 0, (71, 88, 103, 104), "https://example.org/map")
    link(writer, 0, (164, 88, 205, 104), 1)
    writer.write(tmp_path / "a.pdf")
    made = document(tmp_path / "a.pdf")

    found = [(made.text[one.start : one.end], one.target) for one in made.links]
    assert [("the map", "https://example.org/map"), ("page two", "#page=2")] == [(a.strip("."), b) for a, b in found]


def test_a_table_of_short_cells_keeps_its_rows(tmp_path: Path) -> None:
    """Cells that stand beside each other are a row; a cell of two lines is one cell."""
    rows = [
        ("River", "Length", "Sea"),
        ("Elbe", "1094 km", "North Sea"),
        ("Rhine", "1233 km", "North"),
        ("", "", "Sea"),
    ]
    page = [At(50 + 110 * c, 100 + 14 * r, cell) for r, row in enumerate(rows) for c, cell in enumerate(row) if cell]

    expected = "River | Length | Sea\nElbe | 1094 km | North Sea\nRhine | 1233 km | North Sea"
    assert [("table", expected)] == blocks(pdf(tmp_path, page))


def test_what_nobody_sees_is_dropped(tmp_path: Path) -> None:
    """Invisible, white and tiny text and that outside the page is counted; alone, invisible text is the text."""
    unseen = [
        At(50, 140, "invisible", before="3 Tr"),
        At(50, 160, "white", before="1 1 1 rg"),
        At(50, 180, "tiny", 1),
        At(WIDTH + 50, 200, "outside"),
    ]
    file = pdf(tmp_path, [At(50, 100, "Seen.", before="0 g"), *unseen])

    assert "Seen." == document(file).text
    assert {"invisible text": 9, "white text": 5, "tiny text": 4, "text outside the page": 7} == dropped(file)
    assert "invisible" == document(pdf(tmp_path, unseen[:1])).text


def test_a_turned_page_is_read_as_it_is_shown(tmp_path: Path) -> None:
    """The text of a page that is shown turned, and lines written upwards, have the order of reading."""
    upwards = [At(0, 0, text, before=f"0 1 -1 0 {100 + 14 * n} 100 Tm") for n, text in enumerate([LONG, f"{LONG}."])]
    texts = [text._replace(y=HEIGHT) for text in upwards]
    assert f"{LONG} {LONG}." == document(pdf(tmp_path, texts)).text

    writer = written(texts)
    writer.pages[0].rotate(90)
    writer.write(tmp_path / "b.pdf")
    made = document(tmp_path / "b.pdf")
    assert f"{LONG} {LONG}." == made.text
    assert made.blocks[0].lines[0].y0 < made.blocks[0].lines[1].y0


def test_words_drawn_twice_and_ligatures(tmp_path: Path) -> None:
    """A word that is drawn a second time to look bold is one; ligatures are letters."""
    file = pdf(tmp_path, [At(50, 100, "Bold"), At(50.5, 100, "Bold"), At(80, 100, "move")])

    assert "Bold move" == document(file).text
    assert "find the flow" == "ﬁnd the ﬂow".translate(LIGATURES)


@pytest.mark.parametrize("title", ["", "Untitled 3", "Microsoft Word - x.doc", "report_v2.docx"])
def test_the_name_is_the_title_where_a_program_made_one_up(tmp_path: Path, title: str) -> None:
    """Titles that writing programs fill in are no titles."""
    assert "a scan" == document(pdf(tmp_path, [At(50, 100, "text")], title=title)).title


def test_an_empty_password_is_none(tmp_path: Path) -> None:
    """A file that opens without a password is read, one with a password is refused."""
    for password, name in (("", "a.pdf"), ("secret", "b.pdf")):
        writer = written([At(50, 100, "open text")])
        writer.encrypt(password, "owner", algorithm="RC4-128")
        writer.write(tmp_path / name)

    assert "open text" == document(tmp_path / "a.pdf").text
    assert "encrypted; save a copy without a password" == reason(tmp_path / "b.pdf")


def scan(folder: Path, text: str) -> Path:
    """Write a file whose page is a picture of words."""
    shown = pdfium.PdfDocument(pdf(folder, [At(50, 100, text, 16)]))[0].render(scale=3)
    made = pdfium.PdfDocument.new()
    page = made.new_page(WIDTH, HEIGHT)
    image = pdfium.PdfImage.new(made)
    image.set_bitmap(shown)
    image.set_matrix(pdfium.PdfMatrix().scale(WIDTH, HEIGHT))
    page.insert_obj(image)
    page.gen_content()
    made.save(folder / "scan.pdf")
    return folder / "scan.pdf"


def test_a_scan_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without tesseract a page without text layer is skipped with a reason; an empty file is empty."""
    monkeypatch.setattr(ocr, "languages", lambda: "")

    expected = "no text layer (a scan?); install the program tesseract, or run OCR on the file first"
    assert expected == reason(scan(tmp_path, "seen"))
    assert "empty: no text in it" == reason(pdf(tmp_path, []))


@pytest.mark.skipif(not ocr.languages(), reason="tesseract is not installed")
def test_a_scan_is_read_by_tesseract(tmp_path: Path) -> None:
    """With tesseract the words of a picture are text, with their place."""
    made = document(scan(tmp_path, "The harbour was founded in 1742."))

    assert "The harbour was founded in 1742." == made.text
    assert made.blocks[0].lines[0].x0 == pytest.approx(50, abs=3)
    assert made.blocks[0].lines[0].y1 == pytest.approx(101, abs=5)


def test_one_broken_page_is_skipped_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other pages are kept and the broken one is named."""

    def fail(page: pdfium.PdfPage) -> object:
        found = page_text(page)
        if any(word.text == "bad" for words in found.words.values() for word in words):
            raise pdfium.PdfiumError("no such font")
        return found

    monkeypatch.setattr(reader, "page_text", fail)
    file = pdf(tmp_path, *([At(50, 100, text)] for text in ("Good.", "bad", "Fine.")))
    skipped, item = read_file(file)

    assert Skipped(f"{file}:2", "PdfiumError: no such font") == skipped
    assert isinstance(item, Document)
    assert "Good.\n\nFine." == item.text


def test_bounds_pages_and_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many pages or too much text are refused."""
    file = pdf(tmp_path, [At(50, 100, "some text")], [At(50, 100, "more text")])

    monkeypatch.setattr(reader, "MAX_CHARACTERS", 10)
    assert "more than 10 characters of text; split the file" == reason(file)
    monkeypatch.setattr(reader, "MAX_PAGES", 1)
    assert "2 pages are over the limit of 1; split the file" == reason(file)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\nrubbish", b"not a pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n"]
)
def test_broken_files_give_a_reason(tmp_path: Path, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """Rubbish is one line of reason, and nothing is printed."""
    file = tmp_path / "a.pdf"
    file.write_bytes(data)

    assert "cannot be read: not a PDF, or a broken or truncated one" == reason(file)
    assert ("", "") == capfd.readouterr()


def test_a_truncated_file_gives_what_is_left_or_a_reason(tmp_path: Path) -> None:
    """However much of a file is missing, there are documents or reasons."""
    whole = pdf(tmp_path, *([At(50, 100, f"page {number} of text")] for number in range(5))).read_bytes()
    for share in np.linspace(0.1, 0.95, 8):
        (tmp_path / "b.pdf").write_bytes(whole[: int(len(whole) * share)])
        assert list(read_file(tmp_path / "b.pdf"))


def test_the_builder_makes_real_files(tmp_path: Path) -> None:
    """The files of these tests are PDFs that a strict reader accepts."""
    assert 2 == len(PdfReader(pdf(tmp_path, [At(1, 1, "a")], [At(1, 1, "b")]), strict=True).pages)
