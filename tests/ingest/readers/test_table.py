"""CSV and TSV files."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import pytest

from polyhop.core.types import Block, Document
from polyhop.ingest.documents import Skipped
from polyhop.ingest.readers import read_file, table


def items(folder: Path, data: str, *, name: str = "a.csv", encoding: str = "utf-8") -> list[Document | Skipped]:
    (folder / name).write_bytes(data.encode(encoding))
    return list(read_file(folder / name))


def documents(found: list[Document | Skipped]) -> list[Document]:
    return [item for item in found if isinstance(item, Document)]


def skipped(found: list[Document | Skipped]) -> dict[str, str]:
    return {item.path.rpartition("/")[2]: item.reason for item in found if isinstance(item, Skipped)}


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    """Text, title and id have their columns, in any case; all others are text, and metadata with numbers, no NaN."""
    data = "ID,Title,Body,year,score,code,none\r\n7,Radium,Found by Curie.,1898,NaN,007,\r\n"

    lines = "ID: 7\nTitle: Radium\nyear: 1898\ncode: 007"
    assert [
        Document(
            key=f"{tmp_path}/a.csv#7",
            text=f"Found by Curie.\n\n{lines}",
            title="Radium",
            metadata={"year": 1898, "code": "007"},
            source=f"{tmp_path}/a.csv",
            blocks=(Block(0, 15, "paragraph"), Block(17, 17 + len(lines), "list")),
        )
    ] == items(tmp_path, data)


def test_without_a_text_column_the_row_is_written_out(tmp_path: Path) -> None:
    """A row of values becomes `column: value` lines, empty ones left out."""
    first, second = documents(items(tmp_path, "name,city,people\nA,Bern,134000\nB,,5\n"))

    assert ("A", "name: A\ncity: Bern\npeople: 134000", {"city": "Bern", "people": 134000}) == (
        first.title,
        first.text,
        first.metadata,
    )
    assert "name: B\npeople: 5" == second.text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    """Semicolons, tabs and bars work as commas do, with quoted line breaks."""
    data = 'id,text,city\n1,"two\nlines",Bern\n'.replace(",", delimiter)

    assert ["two\nlines\n\nid: 1\ncity: Bern"] == [item.text for item in documents(items(tmp_path, data))]


def test_tab_separated_values_know_no_quotes(tmp_path: Path) -> None:
    """A stray quote in a TSV does not swallow the rows below; quotes around a value are taken off."""
    data = 'id\ttext\n1\t"Open quote\n2\t"all ""quoted"" text"\n'

    assert ['"Open quote', 'all "quoted" text'] == [
        item.text for item in documents(items(tmp_path, data, name="a.tsv"))
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_spreadsheet_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    """Byte order marks do not end up in the first column's name."""
    assert ["été\n\nn: 1"] == [item.text for item in documents(items(tmp_path, "text,n\nété,1\n", encoding=encoding))]


def test_the_fallback_encoding_is_visible(tmp_path: Path) -> None:
    """Rows of a table in a Western encoding say so."""
    (item,) = documents(items(tmp_path, "text,n\nun café noir,1\n", encoding="cp1252"))

    assert {"n": 1, "encoding": "windows-1252"} == item.metadata


def test_bad_rows_are_skipped_by_themselves(tmp_path: Path) -> None:
    """Rows with too many values, no text or a repeated id are named by their line, and the others are kept."""
    found = items(tmp_path, "id,text\n1,one\n2,two,three\n3,\n\n,,\n1,again\n4,four\n")

    assert ["one", "four"] == [item.text for item in documents(found)]
    assert {
        "a.csv:3": "3 values for 2 columns; quote values that hold the delimiter",
        "a.csv:4": "no text in column 'text'",
        "a.csv:7": "id '1' is taken by line 2; give each row its own",
    } == skipped(found)


def test_a_quote_that_never_closes_is_reported(tmp_path: Path) -> None:
    """Rows are not quietly run together by a missing quote."""
    found = items(tmp_path, 'text,n\none,1\n"two,2\nthree,3\n')

    assert ["one\n\nn: 1"] == [item.text for item in documents(found)]
    assert {"a.csv:3": "invalid CSV: unexpected end of data"} == skipped(found)


def test_a_value_over_the_limit_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value beyond the limit ends its row alone, and long texts below it are kept."""
    monkeypatch.setattr(table, "MAX_FIELD", 200_000)
    before = csv.field_size_limit(1)  # the limit is the process's and only ever rises
    try:
        found = items(tmp_path, f"text,n\n{'x' * 10_000_001},1\n{'y' * 190_000},2\n")
    finally:
        csv.field_size_limit(before)

    assert [190_006] == [len(item.text) for item in documents(found)]
    assert list(skipped(found)) == ["a.csv:2"]
    assert "field larger than field limit" in skipped(found)["a.csv:2"]


@pytest.mark.parametrize(
    "data, reason",
    [
        ("1,2\n3,4\n", "the first row is all numbers; add a header row"),
        ("text,text\na,b\n", "the header row repeats text"),
        ("text,n\n", "empty"),
        ("\n,,\n", "empty"),
        ('"text\n', "invalid CSV in the header row"),
    ],
)
def test_a_table_needs_a_header_and_rows(tmp_path: Path, data: str, reason: str) -> None:
    """Tables without a usable header, or without rows, say so."""
    (item,) = items(tmp_path, data)

    assert isinstance(item, Skipped)
    assert item.reason.startswith(reason)


def test_unnamed_columns_get_a_name(tmp_path: Path) -> None:
    """The index column that data frames write is kept under a name; missing values at the end are fine."""
    (item,) = documents(items(tmp_path, ",text,n\n0,one\n"))

    assert {"column 1": 0} == item.metadata


def test_an_empty_text_gives_way_to_the_other_columns(tmp_path: Path) -> None:
    """A row whose text is missing is still its other columns, and an id that people speak of is text beside a text."""
    found = documents(items(tmp_path, "id,body,owner\nT-1,,Ann\nT-2,Broken.,\n"))

    assert ["id: T-1\nowner: Ann", "Broken."] == [item.text for item in found]
    assert ["Broken.\n\nid: TCK-4711"] == [
        one.text for one in documents(items(tmp_path, "id,body\nTCK-4711,Broken.\n"))
    ]


def test_the_text_column_can_be_named(tmp_path: Path) -> None:
    """A column that the caller names is the text."""
    (tmp_path / "a.csv").write_text("who,said\nAnn,Hello there.\n", encoding="utf-8")
    (item,) = documents(list(table.read(tmp_path / "a.csv", text_field="said")))

    assert ("Hello there.\n\nwho: Ann", {"who": "Ann"}) == (item.text, item.metadata)


def test_rows_come_one_by_one(tmp_path: Path) -> None:
    """The first row comes before the rest of the file is read, and a large table is not held."""
    (tmp_path / "a.csv").write_text("text,n\n" + "some words,1\n" * 10_000, encoding="utf-8")
    tracemalloc.start()
    count = sum(1 for _ in table.read(tmp_path / "a.csv"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 10_000 == count
    assert peak < 4_000_000
