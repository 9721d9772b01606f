"""Web pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.documents import Dropped, UnreadableError
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
    (item,) = (one for one in webpage.read(file) if not isinstance(one, Dropped))
    return item


def test_keeps_what_a_reader_sees(tmp_path: Path) -> None:
    """Headings, lists, tables and code keep their shape; scripts, styles, menus and comments are gone."""
    item = document(tmp_path, PAGE)

    assert "Main part" == item.title
    assert (
        "# Main part\n\nOne line two bold, end.\n\n## List\n\n- first\n- second\n\n"
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


FURNITURE = """<html><head><title>Limits | Tern 3.2</title><style>.secret {display: none} @media print {.shown
{display:none}}</style></head><body><a class="skip-link" href="#m">Skip to content</a>
<div class="cookieBanner">Accept all cookies?</div><header><div>Tern</div></header>
<div id="sidebar" role="navigation"><ul><li><a href="a">Installing</a></li></ul></div>
<div class="breadcrumbs"><a href="/">Docs</a> » Limits</div><form role="search"><input><button>Go</button></form>
<div role="main"><h1>Limits<a class="headerlink" href="#x">¶</a></h1><p class="shown">There are limits.</p>
<p style="display: none">a</p><p hidden>b</p><p aria-hidden="true">c</p><p class="secret">d</p>
<span class="visually-hidden">e</span><template>f</template><script>g</script>
<section id="cookies"><h2>Cookies<a href="#cookies">#</a></h2><p>Tern sets one cookie.</p></section>
<div class="menu"><h3>Menu</h3><p>Soup of the day, and bread with butter.</p></div>
<a href="https://x.org/edit">Edit this page</a></div><footer>Imprint</footer></body></html>"""


def test_only_the_article_is_kept(tmp_path: Path) -> None:
    """Furniture and hidden text are left out and counted; a section about cookies, or a menu of food, is neither."""
    item = document(tmp_path, FURNITURE)

    assert "Limits" == item.title
    assert (
        "# Limits\n\nThere are limits.\n\n## Cookies\n\nTern sets one cookie.\n\n### Menu\n\n"
        "Soup of the day, and bread with butter."
    ) == item.text
    dropped = {one.what: one.characters for one in webpage.read(tmp_path / "page.html") if isinstance(one, Dropped)}
    assert {"banner", "navigation", "footer", "hidden text", "link mark", "edit link"} <= set(dropped)
    assert 2 == dropped["link mark"]


def test_a_page_without_a_main_part_loses_nothing(tmp_path: Path) -> None:
    """Where nothing says what the article is, all that is no furniture by its name is one."""
    html = "<div><div>One.</div><ul><li><a href=a>Two</a></li><li><a href=b>Three</a></li></ul></div><p>Four.</p>"

    assert "One.\n\n- Two\n- Three\n\nFour." == document(tmp_path, html).text


def test_what_all_pages_repeat_is_left_out(tmp_path: Path) -> None:
    """Lines at both ends that the pages beside it have too are furniture, and stay in the first page alone."""
    for name in "abc":
        about = f"Whoever wants to know about {name} finds here what there is to say of {name}, and of nothing else."
        html = f"<p>Tern Systems</p><h1>Page {name}</h1><p>{about}</p><p>Imprint</p><p>Tern Systems</p>"
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    first, second, third = (
        one.text for name in "abc" for one in webpage.read(tmp_path / f"{name}.html") if not isinstance(one, Dropped)
    )

    assert first.endswith("Imprint\n\nTern Systems")
    assert second.startswith("# Page b\n\nWhoever") and second.endswith("of nothing else.")
    assert third.startswith("# Page c\n\nWhoever") and third.endswith("of nothing else.")


def test_pages_that_are_alike_are_kept(tmp_path: Path) -> None:
    """Copies of a page are no furniture of each other."""
    for name in "abc":
        (tmp_path / f"{name}.html").write_text("<p>One.</p><h1>T</h1><p>Two.</p>", encoding="utf-8")

    assert ["One.\n\n# T\n\nTwo."] == [
        one.text for one in webpage.read(tmp_path / "b.html") if not isinstance(one, Dropped)
    ]


def test_terms_and_cells_keep_their_partners(tmp_path: Path) -> None:
    """Definitions stand with terms; cells that span rows are repeated; caption and header are the table's head."""
    html = (
        "<dl><dt>Steward</dt><dd>may change records.</dd><dt>Owner</dt><dt>Chief</dt><dd><pre>rm</pre></dd></dl>"
        "<table><caption>Plans</caption><tr><th>Plan<th>Users<th>Disk</tr>"
        "<tr><td rowspan=2>Team<td>20<td>5</tr><tr><td>30<td>6</tr></table>"
    )
    item = document(tmp_path, html)

    assert (
        "- Steward: may change records.\n- Owner, Chief\n\nrm\n\nPlans\nPlan | Users | Disk\nTeam | 20 | 5\nTeam "
        "| 30 | 6"
    ) == item.text
    assert "Plans\nPlan | Users | Disk" == item.text[item.blocks[-1].start :][: item.blocks[-1].head]


def test_notes_links_and_lists_keep_their_place(tmp_path: Path) -> None:
    """A footnote stands behind the paragraph that refers to it; links keep what was written; items their numbers."""
    html = (
        '<p>Radium<a href="#fn1"><sup>1</sup></a> was found by <a href="../curie.html">Marie <b>Curie</b></a>.</p>'
        '<ol start="3"><li>three<ul><li>inner</li></ul></li><li><p>four</p><p>more</p></li></ol><p>End.</p>'
        '<img src="a.png" alt="A map of Graz"><div class="footnotes"><ol><li id="fn1">In pitchblende. '
        '<a href="#r1">↩</a></li></ol></div>'
    )
    item = document(tmp_path, html)

    assert (
        "Radium [1] was found by Marie Curie.\n\n[1] In pitchblende.\n\n3. three\n  - inner\n4. four more\n\nEnd.\n\n"
        "A map of Graz"
    ) == item.text
    mark, *links = item.links
    assert ("[1]", "#fn1") == (item.text[mark.start : mark.end], mark.target)
    assert {("Marie Curie", "../curie.html")} == {
        (item.text[links[0].start : links[-1].end], link.target) for link in links
    }


def test_the_own_heading_is_the_title(tmp_path: Path) -> None:
    """A page is called by its heading, not by the line of its navigation; a site's name is no title."""
    header = '<div class="navheader"><table><tr><th>20.5. Write Ahead Log</th><td><a>Prev</a></td></tr></table></div>'
    page = f"<title>20.5. Write Ahead Log</title>{header}<h2>20.5. Write Ahead Log</h2><p>Text.</p>"

    assert "20.5. Write Ahead Log" == document(tmp_path, page).title
    assert "## 20.5. Write Ahead Log\n\nText." == document(tmp_path, page).text
    assert "Limits" == document(tmp_path, "<title>Limits - Tern</title><h1>Tern</h1><h2>Limits</h2><p>x").title


@pytest.mark.timeout(60)
def test_a_large_page_is_read_in_bounded_time(tmp_path: Path) -> None:
    """A page of many thousands of cells and of elements inside each other comes through."""
    rows = "<tr><td>ab <a href=x>cd</a></td><td>e</td></tr>" * 5_000
    item = document(tmp_path, f"<table>{rows}</table>" + "<div class=nav><div>" * 3_000 + "deep")

    assert 5_000 == item.text.count("ab cd | e")
