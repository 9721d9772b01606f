"""Web pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.documents import UnreadableError
from polyhop.ingest.readers import webpage

PAGE = """<!doctype html><html><head><title>The
 page</title><style>p {color: red}</style></head><body><nav>Home | About</nav>
<h1>Main <em>part</em></h1><p>One&nbsp;line<br>two   <b>bold</b>, end.</p><!-- hidden -->
<script>alert(1)</script><h2>List</h2><ul><li>first</li><li>second</li></ul>
<table><tr><th>City</th><th>People</th></tr><tr><td>Bern</td><td>134,000</td></tr></table>
<pre>a
  b</pre><h3></h3></body></html>"""


def document(folder: Path, data: str | bytes) -> Document:
    file = folder / "page.html"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    (item,) = webpage.read(file)
    return item


def test_keeps_what_a_reader_sees(tmp_path: Path) -> None:
    """Headings, lists, tables and code keep their shape; scripts, styles, menus and comments are gone."""
    item = document(tmp_path, PAGE)

    assert "The page" == item.title
    assert (
        "# Main part\n\nOne line\ntwo bold, end.\n\n## List\n\n- first\n- second\n\n"
        "City | People\nBern | 134,000\n\na\n  b"
    ) == item.text


def test_the_heading_is_the_title_without_a_title(tmp_path: Path) -> None:
    """A page without a title goes by its first heading, else by its name."""
    assert "First" == document(tmp_path, "<title> </title><h2>First</h2>text").title
    assert "page" == document(tmp_path, "<p>text").title


def test_reads_the_declared_encoding(tmp_path: Path) -> None:
    """The page's own word on its encoding is used where it is not UTF-8."""
    data = '<meta charset="windows-1251"><p>Москва является столицей</p>'

    assert "Москва является столицей" == document(tmp_path, data.encode("cp1251")).text


def test_survives_tags_that_never_close(tmp_path: Path) -> None:
    """Deep nesting neither overflows the stack nor loses text, and half a tag repeated takes no time."""
    assert "start\n\ndeep" == document(tmp_path, "<p>start</p>" + "<div><b>" * 2_000 + "deep").text
    assert "start" == document(tmp_path, "<p>start</p>" + "<a " * 30_000).text


def test_refuses_a_page_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that would need too much memory is refused with both sizes."""
    monkeypatch.setattr(webpage, "MAX_BYTES", 10)

    with pytest.raises(UnreadableError, match="15 bytes of HTML are over the limit of 10"):
        document(tmp_path, "<p>some</p>text")
