"""PowerPoint files."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from polyhop.core.types import Document
from polyhop.ingest import documents
from polyhop.ingest.documents import Dropped, FileProgress, Skipped
from polyhop.ingest.readers import read_file

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)


def related(*relations: tuple[str, str, str]) -> str:
    """Return the relations of a part: their ids, kinds and targets."""
    lines = "".join(f'<Relationship Id="{own}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for own, kind, to in relations)
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    )


def text(*paragraphs: str) -> str:
    """Return the text of a shape; a paragraph that begins with dashes is so much deeper."""
    made = ""
    for words in paragraphs:
        level = len(words) - len(words.lstrip("-"))
        made += f'<a:p><a:pPr lvl="{level}"/><a:r><a:t>{words.lstrip("-")}</a:t></a:r></a:p>'
    return f"<p:txBody>{made}</p:txBody>"


def shape(*paragraphs: str, role: str = "") -> str:
    """Return a shape that fills a placeholder, or none."""
    holder = f'<p:nvSpPr><p:nvPr><p:ph type="{role}"/></p:nvPr></p:nvSpPr>' if role else ""
    return f"<p:sp>{holder}{text(*paragraphs)}</p:sp>"


def write(folder: Path, *slides: str, hidden: int = 0, **parts: str) -> Path:
    """Write a file of slides; the first has notes and a chart if there are such parts."""
    file = folder / "deck.pptx"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", related(("rId1", "officeDocument", "ppt/presentation.xml")))
        numbers = range(1, len(slides) + 1)
        ids = "".join(f'<p:sldId id="{n}" r:id="rId{n}"/>' for n in numbers)
        archive.writestr(
            "ppt/presentation.xml", f"<p:presentation {_SPACES}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
        )
        links = [(f"rId{n}", "slide", f"slides/slide{n}.xml") for n in numbers]
        archive.writestr("ppt/_rels/presentation.xml.rels", related(*links))
        for number, inside in zip(numbers, slides, strict=True):
            show = ' show="0"' if number == hidden else ""
            tree = f"<p:cSld><p:spTree>{inside}</p:spTree></p:cSld>"
            archive.writestr(f"ppt/slides/slide{number}.xml", f"<p:sld {_SPACES}{show}>{tree}</p:sld>")
        for name, inside in parts.items():
            archive.writestr(f"ppt/{name}.xml", inside.replace("<p:root>", f"<p:root {_SPACES}>"))
        own = [(f"rId{name}", name, f"../{name}.xml") for name in parts]
        archive.writestr("ppt/slides/_rels/slide1.xml.rels", related(*own))
    return file


def document(path: Path) -> Document:
    (item,) = (item for item in read_file(path) if not isinstance(item, Dropped))
    assert isinstance(item, Document)
    return item


def test_each_slide_is_a_section_with_its_number_as_page(tmp_path: Path) -> None:
    """Titles, lists with levels and text in groups are read; footers and slide numbers are counted."""
    first = shape("Plan", role="title") + shape("Goals", "-Cost", "Time", role="body") + shape("7", role="sldNum")
    second = f"<p:grpSp><p:grpSp>{shape('Deep inside')}</p:grpSp></p:grpSp>"
    deck = document(write(tmp_path, first, second))

    assert "## Plan\n\n- Goals\n  - Cost\n- Time\n\n## Slide 2\n\nDeep inside" == deck.text
    assert [1, 1, 2, 2] == [block.page for block in deck.blocks]
    assert "Plan" == deck.title
    assert [("page header or footer", 1)] == [
        (item.what, item.characters) for item in read_file(tmp_path / "deck.pptx") if isinstance(item, Dropped)
    ]


def test_tables_charts_and_notes_are_read(tmp_path: Path) -> None:
    """A table is one, a chart is a table of its values, notes stand behind the slide."""

    def row(*cells: str) -> str:
        return f"<a:tr>{''.join(f'<a:tc>{text(cell)}</a:tc>' for cell in cells)}</a:tr>"

    def cache(tag: str, *values: str) -> str:
        points = "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values))
        return f"<c:{tag}><c:strRef><c:strCache>{points}</c:strCache></c:strRef></c:{tag}>"

    table = f"<p:graphicFrame><a:tbl>{row('City', 'People')}{row('Bern', '134')}</a:tbl></p:graphicFrame>"
    chart = '<p:graphicFrame><c:chart r:id="rIdchart"/></p:graphicFrame>'
    series = f"<c:ser>{cache('tx', 'Sales')}{cache('cat', 'Q1', 'Q2')}{cache('val', '3', '5')}</c:ser>"
    notes = (
        f"<p:root><p:sp><p:nvSpPr><p:nvPr><p:ph type='body'/></p:nvPr></p:nvSpPr>{text('Say hello.')}</p:sp></p:root>"
    )
    deck = document(write(tmp_path, table + chart, notesSlide=notes, chart=f"<p:root>{series}</p:root>"))

    assert "City | People\nBern | 134\n\n | Sales\nQ1 | 3\nQ2 | 5\n\nSay hello." == deck.text.partition("\n\n")[2]
    assert "footnote" == deck.blocks[-1].kind
    assert "deck" == deck.title


def test_hidden_slides_are_counted(tmp_path: Path) -> None:
    """A slide that is not shown is left out."""
    items = list(read_file(write(tmp_path, shape("seen"), shape("unseen"), hidden=2)))

    assert [("hidden slide", 6)] == [(item.what, item.characters) for item in items if isinstance(item, Dropped)]
    assert ["## Slide 1\n\nseen"] == [item.text for item in items if isinstance(item, Document)]


def test_progress_is_told_in_slides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher hears how far the file is read."""
    monkeypatch.setattr(documents, "PACE", 0)
    file = write(tmp_path, shape("One"), shape("Two"))
    told = [item for item in read_file(file) if isinstance(item, FileProgress)]

    assert [FileProgress(str(file), done, 2, "slides") for done in (1, 2)] == told


def test_what_is_no_deck_gives_a_reason(tmp_path: Path) -> None:
    """Rubbish, and a Word file under the wrong suffix, are refused."""
    (tmp_path / "a.pptx").write_bytes(b"rubbish")
    word = Path(__file__).parents[2] / "field" / "docx-lost-text" / "contract.docx"
    (tmp_path / "b.pptx").write_bytes(word.read_bytes())

    for name in ("a.pptx", "b.pptx"):
        (item,) = read_file(tmp_path / name)
        assert isinstance(item, Skipped) and item.reason.startswith("not a PowerPoint file")
