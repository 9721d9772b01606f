"""The places that links can name, and the links, as the readers of marked-up formats find them."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.readers import read_file

HTML = """<html><head><link rel="canonical" href="https://example.org/limits/"></head><body><div id="all">
<h1>Limits</h1></div><p id="first">Words <a name="inside"></a>inside.</p><ul><li id="item">One</li></ul>
<dl><dt id="term">Term</dt><dd>Meaning</dd></dl>
<table><tr><th>Name</th><th>Size</th></tr><tr id="row"><td>Tea</td><td id="cell">5</td></tr></table>
<pre id="code">x = 1</pre><a id="ahead"></a><h2>Next part</h2><p>Last<sup><a href="#fn1">1</a></sup>.</p>
<p id="fn1">1. The note.</p></body></html>"""
MARKDOWN = """# Limits {#own .wide}

See [[Ken Burns|him]], [[Plan#Next steps]], {ref}`the sizes <sizes>` and [[1]](b.md); `[[ -f x ]]` is code.

(sizes)=
## Sizes & more

Few.

## Sizes & more

Many, see [above](#own).
"""
RST = """.. _top:

Limits
======

See :ref:`the sizes <size-list>`, :doc:`../guide/intro` and `them <https://example.org/>`_.

.. _size-list:

Sizes
-----

Few.
"""
ADOC = "= Limits\n\nSee <<sizes,the sizes>> and xref:b.adoc#x[them].\n\n[[sizes]]\n== Sizes\n\nFew.\n\n[#more]\nMany.\n"

#: by the name of the file: its text, what stands at each anchor, the links
PLACES: dict[str, tuple[str, dict[str, str], list[tuple[str, str]]]] = {
    "a.html": (
        HTML,
        {
            "all": "# Limits",
            "limits": "# Limits",
            "first": "Words",
            "inside": "inside.",
            "item": "One",
            "term": "Term",
            "row": "Tea",
            "cell": "5",
            "code": "x = 1",
            "ahead": "## Next",
            "next-part": "## Next",
            "fn1": "[1] The note.",
        },
        [("[1]", "#fn1")],
    ),
    "a.md": (
        MARKDOWN,
        {
            "own": "# Limits",
            "sizes": "## Sizes",
            "sizes-more": "## Sizes & more\n\nFew",
            "sizes-more-1": "## Sizes & more\n\nM",
        },
        [
            ("him", "[[Ken Burns]]"),
            ("Plan#Next steps", "[[Plan#Next steps]]"),
            ("the sizes", ":ref:sizes"),
            ("[1]", "b.md"),
            ("above", "#own"),
        ],
    ),
    "a.rst": (
        RST,
        {"top": "# Limits", "size-list": "## Sizes"},
        [("the sizes", ":ref:size-list"), ("../guide/intro", ":doc:../guide/intro"), ("them", "https://example.org/")],
    ),
    "a.adoc": (ADOC, {"sizes": "## Sizes", "more": "Many."}, [("the sizes", "#sizes"), ("them", "b.adoc#x")]),
}


def document(path: Path, text: str) -> Document:
    """Return the one document of a file."""
    path.write_text(text, encoding="utf-8")
    (made,) = (one for one in read_file(path) if isinstance(one, Document))
    return made


@pytest.mark.parametrize("name", PLACES)
def test_places_and_links(name: str, tmp_path: Path) -> None:
    """Each name leads to the words that it was given to, in the order of the text; links are as they were written."""
    text, places, links = PLACES[name]
    made = document(tmp_path / name, text)

    at = {anchor.name: anchor.at for anchor in made.anchors}
    assert places == {key: made.text[at[key] : at[key] + len(words)] for key, words in places.items()}
    assert [anchor.at for anchor in made.anchors] == sorted(anchor.at for anchor in made.anchors)
    assert links == [(made.text[link.start : link.end], link.target) for link in made.links]


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (
            '<link rel="canonical" href="https://a.org/x"><meta property="og:url" content="https://b.org/x">',
            "https://a.org/x",
        ),
        ('<meta property="og:url" content="https://b.org/x">', "https://b.org/x"),
        ('<link rel="canonical" href="/x">', None),
        ('<link rel="canonical" href="javascript:x">', None),
        ("", None),
    ],
)
def test_a_page_says_where_it_is(head: str, url: str | None, tmp_path: Path) -> None:
    """The canonical link comes first; what is no URL is passed over."""
    made = document(tmp_path / "a.html", f"<html><head>{head}</head><body><p>Words.</p></body></html>")

    assert url == made.metadata.get("url")
