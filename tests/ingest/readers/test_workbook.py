"""Excel files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from polyhop.core.types import Document
from polyhop.ingest import package, sheets
from polyhop.ingest.documents import Dropped, Skipped
from polyhop.ingest.number_format import shown_number
from polyhop.ingest.readers import read_file


def documents(path: Path) -> list[Document]:
    items = [item for item in read_file(path) if not isinstance(item, Dropped)]
    assert not [item for item in items if isinstance(item, Skipped)]
    return [item for item in items if isinstance(item, Document)]


def rewrite(file: Path, parts: dict[str, bytes], change: Callable[[bytes], bytes]) -> None:
    """Write the parts of a file again with its sheets changed."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(data) if name.startswith("xl/worksheets/sheet") else data)


def test_a_table_of_records_gives_a_document_a_row(tmp_path: Path) -> None:
    """Each column is in the text and typed in the metadata; a title above is no header; keys name sheet and row."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Stock"
    sheet.append(["Stock in May"])
    sheet.append(["Part", "Since", "Price", "Share"])
    for number in range(1, 31):
        sheet.append([f"bolt {number}", date(2024, 5, number), number * 1000.5, number / 100])
        sheet.cell(number + 2, 3).number_format = "#,##0.00"
        sheet.cell(number + 2, 4).number_format = "0%"
    book.save(tmp_path / "a.xlsx")
    rows = documents(tmp_path / "a.xlsx")

    assert 30 == len(rows)
    assert f"{tmp_path / 'a.xlsx'}#Stock!4" == rows[1].key
    assert str(tmp_path / "a.xlsx") == rows[1].source
    assert "Part: bolt 2\nSince: 2024-05-02\nPrice: 2,001.00\nShare: 2%" == rows[1].text
    expected = {"Part": "bolt 2", "Since": "2024-05-02", "Price": 2001, "Share": 0.02, "sheet": "Stock"}
    assert expected == rows[1].metadata


def test_small_sheets_are_one_document(tmp_path: Path) -> None:
    """Sheets are sections, a title above a table is its caption, formulas are the values that were kept."""
    book = Workbook()
    book.active.title = "Cities"
    for row in (["Cities of 2024"], ["City", "People"], ["Bern", 134_591], ["Bonn", True], [], ["A remark."]):
        book.active.append(row)
    other = book.create_sheet("Dates")
    other.append(["Opened", datetime(2024, 3, 1, 14, 30)])
    book.save(tmp_path / "a.xlsx")
    (made,) = documents(tmp_path / "a.xlsx")

    cities = "## Cities\n\nCities of 2024\nCity | People\nBern | 134591\nBonn | TRUE\n\nA remark."
    assert f"{cities}\n\n## Dates\n\nOpened | 2024-03-01 14:30" == made.text
    assert len("Cities of 2024\nCity | People") == made.blocks[1].head


def test_what_is_hidden_is_counted_and_merged_cells_are_repeated_below(tmp_path: Path) -> None:
    """Hidden sheets, rows and columns are left out; a cell that spans rows stands in each."""
    book = Workbook()
    sheet = book.active
    for row in (["Land", "City", "secret"], ["CH", "Bern", "x"], [None, "Basel", "y"], ["gone", "gone", "z"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["C"].hidden = True
    book.create_sheet("Notes").append(["hush"])
    book["Notes"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    (made,) = documents(tmp_path / "a.xlsx")

    assert "Land | City\nCH | Bern\nCH | Basel" == made.text
    dropped = {item.what: item.characters for item in read_file(tmp_path / "a.xlsx") if isinstance(item, Dropped)}
    assert {"hidden column": 9, "hidden row": 8, "hidden sheet": 4} == dropped


def test_a_header_of_two_rows_names_the_columns(tmp_path: Path) -> None:
    """Where the upper row spans columns, names are of both."""
    book = Workbook()
    sheet = book.active
    sheet.append(["City", "People", None])
    sheet.append([None, "2020", "2021"])
    sheet.merge_cells("B1:C1")
    for number in range(25):
        sheet.append([f"town {number}", number, number + 1])
    book.save(tmp_path / "a.xlsx")

    assert "City: town 0\nPeople 2020: 0\nPeople 2021: 1" == documents(tmp_path / "a.xlsx")[0].text


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (45000.0, "#14", "2023-03-15"),
        (45000.5, "d. mmmm yyyy h:mm", "2023-03-15 12:00"),
        (0.1234, "0.00%", "12.34%"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (42.0, "00000", "00042"),
        (-5.0, "#,##0;(#,##0)", "(5)"),
        (0.1 + 0.2, "General", "0.3"),
        (12.0, '0" km"', "12 km"),
        (1.5, "[h]:mm", "36:00"),
        (1234567.0, '0.0,,"M"', "1.2M"),
        (2.0, "0.##", "2"),
        (1200.0, '_("$"* #,##0.00_)', "$1,200.00"),
        (1.0, "yyyy-mm-dd", "1900-01-01"),
    ],
)
def test_numbers_are_shown_as_formatted(value: float, form: str, shown: str) -> None:
    """Formats decide what is shown, and dates are in ISO form."""
    assert shown == shown_number(value, form)[0]


@pytest.mark.parametrize("shift", range(6))
def test_a_cell_of_any_length_is_cut(tmp_path: Path, shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that no program would write is cut, wherever a block ends in it, and the others are read."""
    monkeypatch.setattr(package, "MAX_TEXT", 300_000)
    book = Workbook()
    for name in ("Note", "LONG", "last"):
        book.active.append([name, name.lower()])
    book.save(tmp_path / "a.xlsx")
    with ZipFile(tmp_path / "a.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    long = b"x" * shift + "é&amp;".encode() * 90_000
    with ZipFile(tmp_path / "a.xlsx", "w", ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data.replace(b"LONG", long))
    items = list(read_file(tmp_path / "a.xlsx"))
    (made,) = (item for item in items if isinstance(item, Document))
    (dropped,) = (item for item in items if isinstance(item, Dropped))

    assert made.text.endswith("last | last") and len(made.text) < 33_000
    assert "letters beyond 32,767 in a cell" == dropped.what
    assert dropped.characters < 90_000


def test_absurd_sizes_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A far column, a merge of everything, entities and a sheet of many cells are read within bounds."""
    book = Workbook()
    book.active["XFD1048576"] = "far"
    book.active["A1"] = "near"
    book.save(tmp_path / "far.xlsx")
    with ZipFile(tmp_path / "far.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    all_merged = b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    rewrite(tmp_path / "far.xlsx", parts, lambda sheet: sheet.replace(b"</sheetData>", all_merged))
    (made,) = documents(tmp_path / "far.xlsx")
    assert len(made.text) < 100

    monkeypatch.setattr(sheets, "MAX_CELLS", 10)
    wide = Workbook()
    for number in range(12):
        wide.active.append([number, None, number])
        wide.active.append([])
    wide.save(tmp_path / "wide.xlsx")
    items = list(read_file(tmp_path / "wide.xlsx"))
    assert ["more than 10 cells"] == [item.reason[:18] for item in items if isinstance(item, Skipped)]
    assert 1 == sum(isinstance(item, Document) for item in items)

    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    cell = '<worksheet><sheetData><row><c t="str"><v>&e11;</v></c></row></sheetData></worksheet>'
    bomb = f'<!DOCTYPE d [<!ENTITY e0 "{"x" * 100}">{entities}]>{cell}'
    rewrite(tmp_path / "bomb.xlsx", parts, lambda _: bomb.encode())
    assert all(len(getattr(item, "text", "")) < 1_000 for item in read_file(tmp_path / "bomb.xlsx"))


def test_what_is_no_workbook_gives_a_reason(tmp_path: Path) -> None:
    """Rubbish, an encrypted file and another archive are refused."""
    (tmp_path / "a.xlsx").write_bytes(b"rubbish")
    (tmp_path / "b.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 encrypted")
    with ZipFile(tmp_path / "c.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")

    for name in ("a.xlsx", "b.xlsx", "c.xlsx"):
        (item,) = read_file(tmp_path / name)
        assert isinstance(item, Skipped) and item.reason.startswith("not an Excel file")
