"""Plain text files."""

from __future__ import annotations

from pathlib import Path

from polyhop.ingest.readers.plain_text import read


def test_the_whole_file_is_one_document(tmp_path: Path) -> None:
    """Text stays as it is, with NFC letters and newlines, under the file's name."""
    file = tmp_path / "field-notes_3.txt"
    file.write_bytes("# not a title\r\ncafe\u0301\r\n".encode())

    (document,) = read(file)

    assert ("field notes 3", "# not a title\ncafé\n", str(file)) == (document.title, document.text, document.key)
