"""Plain text files."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest import documents as ingest_documents
from polyhop.ingest.documents import FileProgress
from polyhop.ingest.readers import read_file
from polyhop.ingest.readers.plain_text import read


def document(folder: Path, text: str, *, name: str = "field-notes_3.txt") -> Document:
    file = folder / name
    file.write_bytes(text.encode())
    (item,) = (one for one in read(file) if isinstance(one, Document))
    return item


def kinds(item: Document) -> list[str]:
    return [block.kind for block in item.blocks]


def test_the_whole_file_is_one_document(tmp_path: Path) -> None:
    """Lines of a few letters stay, with NFC letters and newlines, under the file's name."""
    found = document(tmp_path, "# not a title\r\ncafe\u0301\r\n")

    assert ("field notes 3", "# not a title\ncafé", f"{tmp_path}/field-notes_3.txt") == (
        found.title,
        found.text,
        found.key,
    )


def test_wrapped_lines_are_joined(tmp_path: Path) -> None:
    """Sentences are whole, whether the lines are full or ragged, and words that were cut are whole too."""
    text = (
        "The Varlund observatory was opened in 1931 by the astronomer\n"
        "Helga Strand. Its main telescope, which was built in Jena by\n"
        "the firm of Oskar Lenz, has a mirror of 2.4 metres. The obser-\n"
        "vatory is well-\nknown.\n\n"
        "Please send the report\nto the office in Graz before\nthe end of May, as\nthey asked.\n\nIt is well-known.\n"
    )

    assert (
        "The Varlund observatory was opened in 1931 by the astronomer Helga Strand. Its main telescope, which was "
        "built in Jena by the firm of Oskar Lenz, has a mirror of 2.4 metres. The observatory is well-known.\n\n"
        "Please send the report to the office in Graz before the end of May, as they asked.\n\nIt is well-known."
    ) == document(tmp_path, text).text


@pytest.mark.parametrize(
    "text",
    [
        "Tyger Tyger, burning bright,\nIn the forests of the night;\nWhat immortal hand or eye,\nCould frame it",
        "Ann Example\n12 High Street\nGraz",
        "name      price\ntea       3.00\nmilk      1.20",
        "+-----+    +-----+\n|  A  |--->|  B  |\n+-----+    +-----+",
        "2026-01-02 10:00:01 INFO started\n2026-01-02 10:00:02 ERROR failed\n2026-01-02 10:00:03 INFO done",
        "for (i = 0; i < n; i++) {\n    sum += a[i];\n}",
    ],
)
def test_lines_that_mean_something_stay(tmp_path: Path, text: str) -> None:
    """Verses, addresses, tables, drawings, logs and code keep their lines."""
    found = document(tmp_path, text)

    assert (text, ["code"]) == (found.text, kinds(found))


def test_headings_and_lists_are_found(tmp_path: Path) -> None:
    """Underlined, numbered and capital lines are headings; items keep their numbers and lose their line ends."""
    text = (
        "Tern Handbook\n=============\n\nAn introduction to Tern for those who keep it running.\n\n"
        "1. Installing\n\nThings that are needed for it:\n\n- a computer, which may be\n  an old one\n- patience\n"
        "  1. much\n  2. more\n\n1.1 On a server\n\nRun the script that comes with it as root.\n"
    )
    found = document(tmp_path, text)

    assert (
        "# Tern Handbook\n\nAn introduction to Tern for those who keep it running.\n\n## 1. Installing\n\n"
        "Things that are needed for it:\n\n- a computer, which may be an old one\n- patience\n  1. much\n  2. more\n\n"
        "### 1.1 On a server\n\nRun the script that comes with it as root."
    ) == found.text
    assert "Tern Handbook" == found.title
    assert ("Tern Handbook", "1. Installing", "1.1 On a server") == found.blocks[-1].trail


def test_pages_of_print_lose_their_heads_and_feet(tmp_path: Path) -> None:
    """An RFC's running lines go, and a sentence goes on over them."""
    page = "RFC 9999                  The Tern Protocol              March 2026\n\n\n"
    foot = "\n\n\nStrand, et al.          Standards Track                  [Page {}]\n\f\n"
    body = "   A client that has sent its request waits until the server has\n   answered it"
    text = (
        page
        + "1.  Requests\n\n"
        + body
        + foot.format(1)
        + page
        + "   or until a minute has gone by.\n"
        + foot.format(2)
        + page
    )
    found = document(tmp_path, text + "   The end of the last page is here.\n" + foot.format(3))

    assert (
        "# 1. Requests\n\nA client that has sent its request waits until the server has answered it or until a minute "
        "has gone by.\n\nThe end of the last page is here."
    ) == found.text


def test_mail_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Head lines stay lines, quotes lose their marks, paragraphs are joined."""
    text = (
        "From: ann@example.org\nSubject: Plan\n\nI think that we should move the release to May, as the\ntests "
        "are late.\n\n"
        "> When will the tests of the storage layer be\n> done?\n\nIn April.\n"
    )

    assert (
        "From: ann@example.org\nSubject: Plan\n\nI think that we should move the release to May, as the tests are "
        "late.\n\n"
        "When will the tests of the storage layer be done?\n\nIn April."
    ) == document(tmp_path, text).text


def test_manual_pages_are_read_in_both_forms(tmp_path: Path) -> None:
    """Terms stand with what explains them, in the printed page and in its source."""
    printed = (
        "LS(1)                 User Commands                 LS(1)\n\nNAME\n       ls - list directory contents\n\n"
        "OPTIONS\n       -a, --all\n              do not ignore entries that begin with a\n              dot\n\n"
        "GNU coreutils           March 2026                  LS(1)\n"
    )
    source = (
        ".TH LS 1\n.SH NAME\nls \\- list directory contents\n.SH OPTIONS\n.TP\n\\fB\\-a\\fR, \\fB\\-\\-all\\fR\n"
        "do not ignore entries that begin with a\ndot\n"
    )
    wanted = (
        "NAME\n\nls - list directory contents\n\n{0} OPTIONS\n\n- -a, --all: do not ignore entries that begin with a "
    )
    wanted += "dot"

    assert "# " + wanted.format("#") == document(tmp_path, printed, name="ls.txt").text
    found = document(tmp_path, source, name="ls.1")
    assert ("ls(1)", "## " + wanted.format("##")) == (found.title, found.text)


def test_markdown_without_a_suffix_is_read_as_such(tmp_path: Path) -> None:
    """A README that is Markdown has its headings and tables."""
    found = document(tmp_path, "# Zed\n\nSee [it](x.md).\n\n| A | B |\n|---|---|\n| 1 | 2 |\n", name="README")

    assert ("Zed", ["heading", "paragraph", "table"]) == (found.title, kinds(found))


def test_every_word_is_kept(tmp_path: Path) -> None:
    """Whatever the shape of a text, no word of it is lost or doubled."""
    pieces = ["- a\n", "  b\n", "\n", "TITLE\n", "x: y\n", "1. z\n", "> q\n", "      deep\n", "a   b   c\n", "end.\n"]
    for seed in range(200):
        text = "".join(pieces[(seed * 7 + i * i * (seed + 3)) % len(pieces)] for i in range(12))
        found = document(tmp_path, text).text
        words = "".join(letter for letter in text if letter.isalpha())
        assert words == "".join(letter for letter in found if letter.isalpha()), text


def test_progress_is_told_in_paragraphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher hears how far the file is read."""
    monkeypatch.setattr(ingest_documents, "PACE", 0)
    file = tmp_path / "notes.txt"
    file.write_text("One is a paragraph.\n\nTwo is another one.\n")
    told = [item for item in read_file(file) if isinstance(item, FileProgress)]

    assert [FileProgress(str(file), done, 2, "paragraphs") for done in (1, 2)] == told
