"""Collections, documents, uploads and tools over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.tools.catalogues import MAIL, WEATHER, lines

from .served import Served, command, documents, until

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server with an empty home and a catalogue of tools; each test has collections of its own."""
    home = tmp_path_factory.mktemp("documents")
    command(home, "tools", "add", str(lines(home / "tools.jsonl", [WEATHER, MAIL])))
    with Served(home) as running:
        yield running


def keys(server: Served, name: str, **query: Any) -> list[str]:
    """Return the keys of a collection."""
    return [one["key"] for one in server.client.get(f"/collections/{name}/documents", params=query).json()["documents"]]


def finished(server: Served, upload: dict[str, Any]) -> dict[str, Any]:
    """Return an upload once it is done."""
    known: dict[str, Any] = until(
        lambda: (now := server.client.get(f"/uploads/{upload['id']}").json())["state"] in ("done", "failed") and now,
        "the upload is done",
    )
    return known


def sent(server: Served, name: str, *files: tuple[str, bytes]) -> dict[str, Any]:
    """Upload files and return the outcome."""
    answer = server.client.post(f"/collections/{name}/uploads", files=[("files", one) for one in files])
    assert 202 == answer.status_code, answer.text
    return finished(server, answer.json())


def test_documents_come_change_and_go(server: Served) -> None:
    """What is acknowledged is found at once, under the same key once, and not any more once it is deleted."""
    at = "/collections/notes/documents"
    first = server.client.post(
        at, json=documents({"a/b.md": "The Elbe ends in the North Sea.", "c.md": "Prague."})
    ).json()
    second = server.client.post(at, json=documents({"a/b.md": "The Elbe begins in Bohemia.", "c.md": "Prague."})).json()
    found = server.client.post(
        "/retrieve", json={"collections": ["notes"], "question": "Where does the Elbe begin?"}
    ).json()
    shown = server.client.get(f"{at}/a/b.md").json()
    gone = [server.client.delete(f"{at}/a/b.md").status_code for _ in range(2)]

    assert (2, 0, 0) == (first["added"], first["changed"], first["unchanged"])
    assert (0, 1, 1) == (second["added"], second["changed"], second["unchanged"])
    assert "The Elbe begins in Bohemia." == found["passages"][0]["text"] == shown["passages"][0]["text"]
    assert [204, 404] == gone
    assert ["c.md"] == keys(server, "notes")
    assert 404 == server.client.get(f"{at}/a/b.md").status_code


def test_what_cannot_be_stored_is_told(server: Served) -> None:
    """The report names the document and the reason; the others are stored."""
    said = server.client.post("/collections/odd/documents", json=documents({"empty": "  ", "full": "Text."})).json()

    assert [["empty", "it has no text"]] == said["skipped"]
    assert ["full"] == keys(server, "odd")


def test_lists_come_in_pages(server: Served) -> None:
    """`next` is where the next page begins; a filter holds on each."""
    body = {"documents": [{"key": f"{n}", "text": f"Number {n}.", "metadata": {"n": n}} for n in range(5)]}
    server.client.post("/collections/pages/documents", json=body)
    first = server.client.get("/collections/pages/documents", params={"limit": 2, "where": "n != 1"}).json()

    assert ["0", "2"] == [one["key"] for one in first["documents"]]
    assert ["3", "4"] == keys(server, "pages", limit=2, where="n != 1", after=first["next"])
    assert 3 == server.client.delete("/collections/pages/documents", params={"where": "n < 3"}).json()["removed"]
    assert ["3", "4"] == keys(server, "pages")


def test_collections_are_made_and_deleted(server: Served) -> None:
    """A deleted one is gone with its files, and its name may be used again."""
    made = server.client.put("/collections/brief").json()
    server.client.post("/collections/brief/documents", json=documents(["One."]))
    counted = server.client.get("/collections/brief").json()
    codes = [server.client.delete("/collections/brief").status_code for _ in range(2)]

    assert ("brief", "documents", 0) == (made["name"], made["kind"], made["documents"])
    assert 1 == counted["documents"]
    assert [204, 404] == codes
    assert "brief" not in server.client.get("/collections").json()["collections"]
    assert not (server.home / "brief").exists()
    assert 0 == server.client.put("/collections/brief").json()["documents"]


def test_uploads_are_read_as_the_command_line_reads_them(server: Served) -> None:
    """Each format has its reader, a file that cannot be read is told, and a new version takes the place of the old."""
    rows = b'{"id": 1, "title": "Jaws", "text": "A film."}\n{"id": 2, "title": "Vienna", "text": "A city."}\n'
    first = sent(server, "files", ("docs/elbe.md", b"# Elbe\n\nA river."), ("rows.jsonl", rows), ("bad.pdf", b"no PDF"))
    before = keys(server, "files")
    second = sent(server, "files", ("rows.jsonl", rows.splitlines()[0]))

    assert ("done", 3) == (first["state"], first["documents_added"])
    assert ["bad.pdf"] == [place for place, _ in first["skipped"]]
    assert ["docs/elbe.md", "rows.jsonl#1", "rows.jsonl#2"] == before
    assert (0, 1) == (second["documents_added"], second["documents_removed"])
    assert ["docs/elbe.md", "rows.jsonl#1"] == keys(server, "files")


def test_a_pdf_is_read_in_a_process_of_its_own(server: Served) -> None:
    """The server asks the same worker process as `polyhop index`."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    file = BytesIO()
    document.save(file)
    done = sent(server, "pdf", ("empty.pdf", file.getvalue()))

    assert ("done", 0) == (done["state"], done["documents_added"])
    assert done["skipped"]


def test_the_last_document_of_a_file_takes_the_file_along(server: Served) -> None:
    """So nothing brings back what was deleted."""
    sent(server, "gone", ("a.md", b"Text."), ("b.md", b"Other text."))
    server.client.delete("/collections/gone/documents/a.md")

    assert ["b.md"] == sorted(path.name for path in (server.home / "gone" / "uploads").iterdir())


@pytest.mark.parametrize("name", ["../outside.md", "/etc/x/../../../a.md", "x.exe", "..", "a" * 300 + ".md"])
def test_a_name_that_leads_elsewhere_is_refused(server: Served, name: str) -> None:
    """And so is a format that is not read; nothing is left behind."""
    before = set((server.home / "_jobs").glob("*"))
    answer = server.client.post("/collections/safe/uploads", files=[("files", (name, b"Text."))])

    assert 400 == answer.status_code, answer.text
    assert set() == set((server.home / "_jobs").glob("*")) - before


@pytest.mark.parametrize(("upload", "status"), [("0" * 16, 404), ("..%2f..%2fx", 404), ("zz", 422)])
def test_an_upload_of_nobody_is_not_there(server: Served, upload: str, status: int) -> None:
    """An id that was made up leads to nothing."""
    assert status == server.client.get(f"/uploads/{upload}").status_code


def test_others_write_while_a_large_file_is_read(server: Served) -> None:
    """To the same collection and to another; what they wrote and what the file holds are all there afterwards."""
    text = "\n\n".join(
        f"# Part {n}\n\nLighthouse {n} stands at the coast. " + "The sea is calm. " * 40 for n in range(400)
    )
    rows = "".join(f'{{"id": {n}, "text": "Buoy {n} marks the channel."}}\n' for n in range(250))
    sent(server, "large", ("old.md", b"The old text, which goes."))
    begun = server.client.post(
        "/collections/large/uploads",
        files=[("files", ("book.md", text.encode())), ("files", ("rows.jsonl", rows.encode()))],
    ).json()
    path = f"/uploads/{begun['id']}"
    until(lambda: server.client.get(path).json()["read"] > 0, "it is being read")
    body = documents({"a.md": "Oslo is in Norway.", "b.md": "Bergen is in Norway."})
    first = server.client.post("/collections/large/documents", json=body).status_code
    state = server.client.get(path).json()["state"]
    second = server.client.post("/collections/apart/documents", json=body).status_code
    changed = server.client.post("/collections/large/documents", json=documents({"a.md": "Oslo, changed."})).json()
    gone = [server.client.delete(f"/collections/large/documents/{key}").status_code for key in ("b.md", "old.md")]
    done = finished(server, begun)
    command(server.home, "status", "-c", "large", "--verify")  # fails where an index differs from the record

    assert ("running", "done") == (state, done["state"])
    assert [200, 200, 204, 204, 1] == [first, second, *gone, changed["changed"]]
    assert {"a.md", "book.md"} == {key for key in keys(server, "large", limit=1_000) if not key.startswith("rows")}
    assert 500 < server.client.get("/collections/large").json()["passages"]
    assert ["book.md", "rows.jsonl"] == sorted(one.name for one in (server.home / "large" / "uploads").iterdir())


def test_a_file_that_is_read_is_not_deleted(server: Served) -> None:
    """Whoever deletes its documents meanwhile deletes those that were there; the new version comes with its file."""
    text = "\n\n".join(f"# Part {n}\n\nNew words {n}. " + "The sea is calm. " * 40 for n in range(250))
    sent(server, "again", ("book.md", b"Old words."))
    begun = server.client.post("/collections/again/uploads", files=[("files", ("book.md", text.encode()))]).json()
    until(lambda: server.client.get(f"/uploads/{begun['id']}").json()["read"] > 0, "it is being read")
    gone = server.client.delete("/collections/again/documents/book.md").status_code
    done = finished(server, begun)

    assert (204, "done") == (gone, done["state"])
    assert ["book.md"] == keys(server, "again")
    assert "New words" in server.client.get("/collections/again/texts/book.md").json()["passages"][0]["text"]
    assert (server.home / "again" / "uploads" / "book.md").is_file()


def test_tools_are_selected(server: Served) -> None:
    """A catalogue of the command line is asked; a collection of documents is none, nor the reverse."""
    chosen = server.client.post(
        "/select_tools", json={"request": "What is the weather in Oslo tomorrow?", "k": 1}
    ).json()
    server.client.post("/collections/words/documents", json=documents(["Text."]))
    wrong = server.client.post("/select_tools", json={"request": "x", "collection": "words"})
    written = server.client.post("/collections/tools/documents", json=documents(["Text."]))

    assert ["get_forecast"] == [one["definition"]["function"]["name"] for one in chosen["tools"]]
    assert [400, 400] == [wrong.status_code, written.status_code]
    assert "tools" == server.client.get("/collections/tools").json()["kind"]


def test_tools_are_listed_and_searched(server: Served) -> None:
    """By id in pages, or the best for some words; a filter holds for both."""
    every = server.client.get("/tools").json()
    first = server.client.get("/tools", params={"limit": 1}).json()
    second = server.client.get("/tools", params={"limit": 1, "after": first["next"]}).json()
    found = server.client.get("/tools", params={"q": "a letter by mail", "limit": 1}).json()
    forecast = next(one for one in every["tools"] if one["name"] == "get_forecast")

    assert every["tools"] == [*first["tools"], *second["tools"]] and not second["next"]
    assert (["city"], ["days"]) == (forecast["required"], forecast["optional"])
    assert "get_forecast" == forecast["definition"]["function"]["name"]
    assert ["sendMail"] == [one["name"] for one in found["tools"]] and 0 <= found["answerable"] <= 1
    for query in ({}, {"q": "a letter by mail"}):
        chosen = server.client.get("/tools", params={**query, "where": "name = 'get_forecast'"}).json()
        assert ["get_forecast"] == [one["name"] for one in chosen["tools"]]
    assert 404 == server.client.get("/tools", params={"collection": "none"}).status_code


def test_another_process_may_write_meanwhile(server: Served, tmp_path: Path) -> None:
    """The server keeps no lock between two questions, and finds what the command line has indexed."""
    server.client.post("/collections/shared/documents", json=documents(["Oslo is in Norway."]))
    (tmp_path / "more.md").write_text("Bergen is in Norway.", encoding="utf-8")
    command(server.home, "index", str(tmp_path), "-c", "shared")

    assert ["0.md", "more.md"] == keys(server, "shared")
