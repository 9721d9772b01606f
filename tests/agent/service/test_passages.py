"""What a reader of a document asks: passages, text, the file itself, links, names."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.ingest.readers.pdf_files import lines, written

from .served import Served, until

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many

AT = "/collections/shelf"
PAGES = [["The Elbe rises in Bohemia.", "It ends in the North Sea."], ["Hamburg lies on it.", "So does Dresden."]]


def pdf(*pages: list[str]) -> bytes:
    """Return a PDF of some pages of some lines."""
    file = BytesIO()
    written(*(lines(40, 100, *page) for page in pages)).write(file)
    return file.getvalue()


FILES = {
    "elbe.pdf": pdf(*PAGES),
    "rivers/danube.md": b"# Danube\n\nThe Danube flows through [Vienna](../vienna.html#the-old-town).\n\n"
    b"## Source\n\nIt rises in the Black Forest; see [no page](nowhere.md).\n",
    "vienna.html": b"<title>Vienna</title><body><main><h1>Vienna</h1><p>The capital of Austria lies on the Danube, and "
    b"has done so since it was founded by the Romans.</p><h2 id='the-old-town'>The old town</h2><p>It is old and has "
    b"a cathedral with a high tower.</p></main><nav><a href='/x'>Menu of the site with many words</a></nav>"
    b"<script>alert(1)</script></body>",
    "rows.csv": b"name,city\nAnna,Oslo\nBen,Bergen\n",
    "empty.pdf": pdf([]),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server that keeps originals, with a few files."""
    with Served(tmp_path_factory.mktemp("shelf"), keep_originals="true") as running:
        sent = [("files", (name, content)) for name, content in FILES.items()]
        made = running.client.post(f"{AT}/uploads", files=sent).json()
        until(lambda: running.client.get(f"/uploads/{made['id']}").json()["state"] == "done", "the files are read")
        yield running


def got(server: Served, path: str, **query: Any) -> Any:
    """Return what an operation answers."""
    answer = server.client.get(f"{AT}{path}", params=query)
    assert 200 == answer.status_code, answer.text
    return answer.json()


def test_an_upload_says_what_came_of_each_file(server: Served) -> None:
    """Read, skipped with the reason, and how much was left out on purpose."""
    cards = (server.home / "_jobs").glob("*/job.json")
    uploads = [server.client.get(f"/uploads/{card.parent.name}").json() for card in cards]
    (told,) = (one for one in uploads if set(FILES) <= {each["file"] for each in one["results"]})
    results = {one["file"]: one for one in told["results"]}

    assert set(FILES) == set(results)
    assert {"empty.pdf": "skipped"} == {name: one["state"] for name, one in results.items() if one["state"] != "read"}
    assert results["empty.pdf"]["reasons"] and not results["elbe.pdf"]["reasons"]
    assert {"rows.csv": 2, "elbe.pdf": 1} == {name: results[name]["documents"] for name in ("rows.csv", "elbe.pdf")}
    assert results["vienna.html"]["dropped"] and told["dropped"] == results["vienna.html"]["dropped"]


def test_a_file_that_looks_wrong_is_warned_of(server: Served) -> None:
    """By the rules of `polyhop doctor`: here letters that could not be decoded."""
    sent = server.client.post("/collections/odd/uploads", files=[("files", ("a.md", "Lost � letters �.".encode()))])
    path = f"/uploads/{sent.json()['id']}"
    until(lambda: server.client.get(path).json()["state"] == "done", "it is read")
    (result,) = server.client.get(path).json()["results"]

    assert [["lost characters", ["a.md, passage 1"]]] == [[one["what"], one["places"]] for one in result["warnings"]]


def test_a_passage_tells_where_it_stands(server: Served) -> None:
    """Its characters are those of the text, its lines those of the page, its neighbours those of the document."""
    text = got(server, "/texts/elbe.pdf", lines=True)
    (piece,) = text["passages"]
    shown = got(server, f"/passages/{piece['id']}")
    lines = {shown["text"][one["start"] : one["end"]].strip(): one for one in shown["lines"]}

    assert piece.items() <= shown.items()
    assert ("elbe.pdf", 1, True) == (shown["document"], shown["page"], shown["original"])
    assert [line for page in PAGES for line in page] == list(lines)
    assert [1, 1, 2, 2] == [one["page"] for one in lines.values()]
    assert {True} == {0 < one["x0"] < one["x1"] and 0 < one["y0"] < one["y1"] for one in lines.values()}
    assert lines[PAGES[0][0]]["y0"] < lines[PAGES[0][1]]["y0"]


def test_a_text_comes_in_pages_of_passages(server: Served) -> None:
    """`next` leads to the rest, neighbours are chained, and a page behind the end is empty."""
    body = {"documents": [{"key": "long/text", "text": "\n\n".join(f"# {n}\n\n" + "Word. " * 300 for n in range(4))}]}
    server.client.post(f"{AT}/documents", json=body).raise_for_status()
    pages = [got(server, "/texts/long/text", limit=2)]
    while pages[-1]["next"]:
        pages.append(got(server, "/texts/long/text", limit=2, after=pages[-1]["next"]))
    pieces = [one for page in pages for one in page["passages"]]
    around = [got(server, f"/passages/{one['id']}") for one in pieces]
    source = body["documents"][0]["text"]

    assert pages[0]["count"] == len(pieces) > 3 and list(range(len(pieces))) == [one["place"] for one in pieces]
    assert [one["text"] for one in pieces] == [source[one["start"] : one["end"]] for one in pieces]
    assert [one["id"] for one in pieces[1:]] + [None] == [one["next"] for one in around]
    assert [None] + [one["id"] for one in pieces[:-1]] == [one["previous"] for one in around]
    assert [] == got(server, "/texts/long/text", after=500)["passages"]


def test_the_file_itself_is_sent(server: Served) -> None:
    """Every file as it came; nothing in it can run, and only what is harmless is shown by a browser."""
    rows = [one["key"] for one in got(server, "/documents", where="key like 'rows*'")["documents"]]
    names = ("elbe.pdf", "vienna.html", quote(rows[0], safe=""))
    answers = {name: server.client.get(f"{AT}/originals/{name}") for name in names}
    kinds = {name: one.headers["content-type"] for name, one in answers.items()}

    assert [FILES["elbe.pdf"], FILES["vienna.html"], FILES["rows.csv"]] == [one.content for one in answers.values()]
    assert ["application/pdf", *["text/plain; charset=utf-8"] * 2] == list(kinds.values())
    for one in answers.values():
        assert "nosniff" == one.headers["x-content-type-options"]
        assert "default-src 'none'; sandbox" == one.headers["content-security-policy"]
    assert 'inline; filename="elbe.pdf"' == answers["elbe.pdf"].headers["content-disposition"]
    saved = server.client.get(f"{AT}/originals/elbe.pdf", params={"download": True})
    assert 'attachment; filename="elbe.pdf"' == saved.headers["content-disposition"]
    assert 404 == server.client.get(f"{AT}/originals/long").status_code


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=3-1000000", 206, slice(3, None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("bytes=4-2", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=1000000-", 416, None),
        ("bytes=-0", 416, None),
    ],
)
def test_a_range_of_bytes_is_sent(server: Served, asked: str, status: int, part: slice | None) -> None:
    """As PDF.js asks for them; what is no range of bytes gets the whole, one behind the end a problem."""
    answer = server.client.get(f"{AT}/originals/elbe.pdf", headers={"Range": asked})
    content = FILES["elbe.pdf"]

    assert status == answer.status_code
    if part is None:
        assert f"bytes */{len(content)}" == answer.headers["content-range"]
        assert "application/problem+json" == answer.headers["content-type"]
    else:
        assert content[part] == answer.content
        assert ("content-range" in answer.headers) == (status == 206)


def test_an_entity_tag_saves_sending_a_file_again(server: Served) -> None:
    """The same bytes are not sent twice, and a range of other bytes is not mixed in."""
    path = f"{AT}/originals/elbe.pdf"
    tag = server.client.get(path).headers["etag"]
    same = server.client.get(path, headers={"If-None-Match": tag})
    other = server.client.get(path, headers={"Range": "bytes=0-3", "If-Range": '"x"'})

    assert (304, b"") == (same.status_code, same.content)
    assert (200, FILES["elbe.pdf"]) == (other.status_code, other.content)


def test_links_are_told_at_both_ends(server: Served) -> None:
    """With their words, and whether they lead anywhere here; a filter holds at both ends."""
    out = got(server, "/links", document="rivers/danube.md")["links"]
    back = got(server, "/links", document="vienna.html", direction="in")["links"]
    there, nowhere = out

    assert ("Vienna", "hyperlink", "vienna.html") == (there["words"], there["kind"], there["to"]["document"])
    assert "cathedral" in got(server, f"/passages/{there['to']['passage']}")["text"]
    assert ("no page", "rivers/nowhere", None) == (nowhere["words"], nowhere["address"], nowhere["to"])
    assert [there] == back
    assert [] == got(server, "/links", document="vienna.html", direction="in", where="key = 'vienna.html'")["links"]
    alone = got(server, "/links", document="rivers/danube.md", where="key = 'rivers/danube.md'")["links"]
    assert [None, None] == [one["to"] for one in alone]
    assert [] == got(server, "/links", document="rivers/danube.md", kind="footnote")["links"]


def test_links_come_in_pages(server: Served) -> None:
    """`next` is where the next page begins."""
    first = got(server, "/links", document="rivers/danube.md", limit=1)
    second = got(server, "/links", document="rivers/danube.md", limit=1, after=first["next"])

    assert (["Vienna"], ["no page"], None) == (
        [one["words"] for one in first["links"]],
        [one["words"] for one in second["links"]],
        second["next"],
    )


def test_names_are_listed_with_their_bearers(server: Served) -> None:
    """Sorted, in pages, of one document or of all that a filter lets pass."""
    every = got(server, "/names")["names"]
    own = {one["name"]: one["documents"] for one in got(server, "/names", document="vienna.html")["names"]}
    first = got(server, "/names", limit=1)
    names = [one["name"] for one in every]

    assert names == sorted(names) and {"vienna", "danube"} <= set(names)
    assert {"document": "vienna.html", "title": "Vienna", "kind": "title"} in own["vienna"]
    assert set(own) < set(names)
    assert names[1:] == [one["name"] for one in got(server, "/names", after=first["next"])["names"]]
    assert list(own) == [one["name"] for one in got(server, "/names", where="key = 'vienna.html'")["names"]]


@pytest.mark.parametrize(
    "path",
    ["/passages/0123", "/texts/none", "/originals/none", "/links?document=none", "/links?document=none&direction=in"],
)
def test_what_is_not_there_is_told(server: Served, path: str) -> None:
    """As a problem."""
    answer = server.client.get(f"{AT}{path}")

    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_an_original_stays_readable_while_its_document_goes(server: Served) -> None:
    """A file that is being sent is sent to its end."""
    content = b"Text. " * 2_000_000
    sent = server.client.post(f"{AT}/uploads", files=[("files", ("big.log", content[:1_000_000] + b"\n"))]).json()
    until(lambda: server.client.get(f"/uploads/{sent['id']}").json()["state"] == "done", "it is read")
    with httpx.stream("GET", f"{server.url}{AT}/originals/big.log") as answer:
        pieces = answer.iter_raw(1_000)
        first = next(pieces)
        server.client.delete(f"{AT}/documents/big.log").raise_for_status()
        rest = b"".join(pieces)

    assert content[:1_000_000] + b"\n" == first + rest
