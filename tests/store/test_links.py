"""Links that authors wrote: where they lead, who leads here, and how both follow the documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Anchor, Block, Document, Link, LinkKind
from polyhop.core.words import slug
from polyhop.encoders import Encoder
from polyhop.ingest.index import index_paths
from polyhop.store.collection import Collection, Options
from polyhop.store.links import PER_DOCUMENT, PER_PASSAGE
from polyhop.store.transfer import export, import_file
from tests import corpus

VECTOR = (1.0, *[0.0] * 383)


def page(key: str, *targets: str, title: str = "", source: str = "", **metadata: str | list[str]) -> Document:
    """Return a page of one passage that links to some targets, and has a place called "rates"."""
    text = f"# {title or key}\n\n" + "There. " * len(targets) + "\n\nRates are here."
    start = text.index("\n\n") + 2
    links = tuple(Link(start + 7 * number, start + 7 * number + 5, target) for number, target in enumerate(targets))
    end = len(text)
    blocks = (Block(0, start - 2, "heading"), Block(start, end - 17, "paragraph"), Block(end - 15, end, "paragraph"))
    if not targets:
        blocks = (blocks[0], blocks[2])
    anchors = (Anchor(end - 15, "rates"),)
    return Document(key, text, title, metadata, source, VECTOR, blocks, links, anchors)


def _long() -> Document:
    text = "# Long\n\n" + "Rivers run on. " * 200 + "\n\nRates are here. " + ("Money runs on. " * 150).strip()
    middle = text.index("Rates")
    blocks = (Block(0, 6, "heading"), Block(8, middle - 2, "paragraph"), Block(middle, len(text), "paragraph"))
    return Document("long.md", text, "Long", blocks=blocks, anchors=(Anchor(8, "long"), Anchor(middle, "rates")))


#: a document of several passages; the place called "rates" is in its second half
LONG = _long()


@pytest.fixture
def empty(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open an empty collection."""
    with corpus.collection(tmp_path, embedder, documents=[]) as opened:
        yield opened


def first(collection: Collection, key: str) -> str:
    """Return the id of a document's first passage."""
    return collection.heads([key], 1)[key][0]


def leads(collection: Collection, key: str, *, most: int = 10, where: str = "") -> list[str]:
    """Return the documents that the first passage of a document leads to."""
    found = collection.linked([first(collection, key)], most, where=where)
    return [one.document for ones in found.values() for one in ones]


def comes_from(collection: Collection, key: str, *, most: int = 10, where: str = "") -> list[str]:
    """Return the documents that lead to a document's first passage."""
    found = collection.linking([first(collection, key)], most, where=where)
    ids = [one for ones in found.values() for one in ones]
    passages = collection.passages(ids)
    return sorted(passages[one].document for one in ids)


#: (key of the linking page, target as written, the page that is there, what that page says of itself)
TARGETS: dict[str, tuple[str, str, str, dict[str, str | list[str]]]] = {
    "beside": ("guide/a.html", "b.html", "guide/b.html", {}),
    "dot": ("guide/a.html", "./b.html", "guide/b.html", {}),
    "up": ("guide/a.html", "../b.html", "b.html", {}),
    "down": ("a.md", "guide/b.md", "guide/b.md", {}),
    "folder": ("a.md", "guide/", "guide/index.md", {}),
    "hugo's folder": ("a.md", "guide", "guide/_index.md", {}),
    "readme": ("a.md", "guide/", "guide/README.md", {}),
    "other suffix": ("a.md", "b.html", "b.md", {}),
    "no suffix": ("a.md", "b", "b.md", {}),
    "encoded": ("a.md", "our%20plan%C3%A9.md", "our plané.md", {}),
    "query": ("a.html", "b.html?print=1", "b.html", {}),
    "case": ("a.html", "B.HTML", "b.html", {}),
    "page as folder": ("guide/a.md", "../b", "guide/b.md", {}),
    "root of the site": ("guide/a.html", "/b.html", "b.html", {}),
    "url": ("a.html", "https://www.Example.org/b/?x=1", "b", {"source": "http://example.org/b"}),
    "canonical": ("a.html", "https://example.org/b", "x.html", {"url": "https://example.org/b/"}),
    "permalink": ("a.md", "/posts/b/", "x.md", {"permalink": "/posts/b"}),
    "alias": ("a.md", "/old/b/", "x.md", {"aliases": ["/old/b", "other"]}),
    "slug": ("posts/a.md", "b", "posts/2020-x.md", {"slug": "b"}),
    "wiki title": ("a.md", "[[Ken Burns|him]]", "x.md", {"title": "Ken Burns"}),
    "wiki file": ("a.md", "[[ken-burns]]", "deep/Ken Burns.md", {}),
    "wiki path": ("a.md", "[[deep/ken]]", "deep/ken.md", {}),
    "wiki alias": ("a.md", "[[Kenny]]", "x.md", {"aliases": ["Kenny"]}),
    "document role": ("guide/a.rst", ":doc:../b", "b.rst", {}),
    "manual page": ("a.1", "[[ls(1)]]", "man/ls.1", {}),
    "row": ("a.md", "[[r7]]", "rows.jsonl#r7", {}),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_leads_to_its_document_and_back(name: str, empty: Collection) -> None:
    """Each way to write a target finds the one document that it names among others."""
    linking, target, there, said = TARGETS[name]
    others = [page("zebra.md"), page("guide/zebra/index.html", title="Zebra")]
    empty.add([page(linking, target), page(there, **said), *others])  # type: ignore[arg-type]

    assert [there] == leads(empty, linking)
    assert [linking] == comes_from(empty, there)
    assert [] == empty.verify()


def test_an_anchor_leads_to_its_passage(empty: Collection) -> None:
    """Of a long document the passage that holds the place is meant, its first one by the document's address alone."""
    empty.add([LONG, page("a.md", "long.md#rates", "long.md", "long.md#no-such-place")])
    pieces = {passage.place: name for name, passage in empty.passages(empty.record.live_ids()).items() if passage.title}
    holding = next(one for one in empty.passages(list(pieces.values())).values() if "Rates" in one.text)

    found = empty.linked([first(empty, "a.md")], 10)[first(empty, "a.md")]
    assert [("long.md", holding.id), ("long.md", ""), ("long.md", "")] == [(one.document, one.passage) for one in found]
    assert {LinkKind.HYPERLINK} == {one.kind for one in found}
    assert {"there"} == {empty.passage(first(empty, "a.md")).text[one.start : one.end].lower() for one in found}
    assert {holding.id: [first(empty, "a.md")]} == empty.linking([holding.id], 10)
    assert ["a.md"] == comes_from(empty, "long.md")
    assert 0 < holding.place


def test_links_within_a_document(empty: Collection) -> None:
    """They lead to another passage of it, by the place alone, by a label, or as to any other; none to itself."""
    start = LONG.text.index("Rivers")
    targets = ("#rates", ":ref:rates", "long.md#rates", "long.md", "#long", "")
    links = tuple(Link(start + 7 * number, start + 7 * number + 6, target) for number, target in enumerate(targets))
    empty.add([replace(LONG, links=links)])

    ((_, found),) = empty.linked(empty.record.live_ids(), 10).items()
    assert 3 == len(found) and len({one.passage for one in found}) == 1


NOWHERE = (
    "mailto:b@example.org", "javascript:go()", "data:text/html,b", "tel:1", "ftp://example.org/b.html",
    "file:///b.html", "C:\\b.html", "b.png", "b.html.zip", "../../b.html", "%2e%2e/%2e%2e/b.html", "b.html\0",
    "b\n.html", "%00", "%ff%fe", "%zz", "%", "#", "", " ", "?", "//", "///", "https://", "https:b.html",
    "http://[::1", "https://other.org/b/", "[[", "[[]]", "[[|]]", "[[#]]", ":ref:", ":doc:", "[[no such title]]",
    ":ref:no-such-label", "b" * 5_000, "../" * 900,
)  # fmt: skip


@pytest.mark.parametrize("target", NOWHERE, ids=[f"{one[:20]!r}" for one in NOWHERE])
def test_what_leads_to_no_document(target: str, empty: Collection) -> None:
    """Other schemes, pictures, what leaves the root, other hosts and rubbish are links to nothing, and do no harm."""
    empty.add([page("guide/a.html", target), page("b.html"), page("guide/b.md"), page("guide/b/index.md")])

    assert [] == leads(empty, "guide/a.html")
    assert [] == empty.verify()


def test_a_target_that_no_file_can_hold_is_refused(empty: Collection) -> None:
    """A lone surrogate is no text; the document is on the report, and the rest is stored."""
    report = empty.add([page("a.md", "\ud800.md"), page("b.md")])

    assert (1, ["a.md"]) == (report.added, [key for key, _ in report.skipped])


def test_of_two_documents_of_one_address_one_is_meant(empty: Collection) -> None:
    """That with the suffix, else the nearest, else the first; and only that one is linked to."""
    empty.add([page("b.html"), page("b.md"), page("a.html", "b.html"), page("c.html", "b")])
    assert (["b.html"], ["b.html"]) == (leads(empty, "a.html"), leads(empty, "c.html"))
    assert (["a.html", "c.html"], []) == (comes_from(empty, "b.html"), comes_from(empty, "b.md"))

    empty.add([page("x/note.md"), page("y/note.md"), page("y/z.md", "[[note]]")])
    assert (["y/note.md"], []) == (leads(empty, "y/z.md"), comes_from(empty, "x/note.md"))


def test_a_link_alone_in_its_item_is_told_apart(empty: Collection) -> None:
    """Contents and "see also" are lists of links; a link among words is running text, also in a list."""
    text = "- there\n- see there\n\nthere | 5\nwords there | 6"
    links = tuple(Link(at, at + 5, "b.md") for at in range(len(text)) if text.startswith("there", at))
    blocks = (Block(0, 19, "list"), Block(21, len(text), "table"))
    empty.add([Document("a.md", text, vector=VECTOR, blocks=blocks, links=links), page("b.md")])

    ((_, found),) = empty.linked(empty.record.live_ids(), 10).items()
    assert [LinkKind.LISTED, LinkKind.HYPERLINK] * 2 == [one.kind for one in found]


def test_a_link_to_a_footnote(empty: Collection) -> None:
    """A mark in the text that leads to a note in another passage."""
    text = "A claim[1] stands here. " + "Rivers run on. " * 300 + "\n\n[1] The proof."
    note = text.index("[1] The")
    blocks = (Block(0, note - 2, "paragraph"), Block(note, len(text), "footnote"))
    empty.add([Document("a.md", text, blocks=blocks, links=(Link(7, 10, "#fn1"),), anchors=(Anchor(note, "fn1"),))])

    ((_, (found,)),) = empty.linked(empty.record.live_ids(), 10).items()
    assert LinkKind.FOOTNOTE == found.kind and "The proof" in empty.passage(found.passage).text


def test_filters_hold_at_both_ends(empty: Collection) -> None:
    """Nobody sees a link from or to what is another's, also where both have a document of that address."""
    empty.add(
        [
            page("a.md", "b.md", "c.md", "[[Plan]]", tenant="one"),
            page("b.md", "a.md", "c.md", tenant="two"),
            page("c.md", tenant="one"),
            page("p.md", title="Plan", tenant="two"),
            page("q/p.md", title="Plan", tenant="one"),
        ]
    )

    assert ["b.md", "c.md", "p.md"] == leads(empty, "a.md")
    assert ["c.md", "q/p.md"] == leads(empty, "a.md", where="tenant = 'one'")
    assert [] == leads(empty, "a.md", where="tenant = 'two'")
    assert ["a.md", "b.md"] == comes_from(empty, "c.md")
    assert ["a.md"] == comes_from(empty, "c.md", where="tenant = 'one'")
    assert [] == comes_from(empty, "c.md", where="tenant = 'two'")
    assert ["a.md"] == comes_from(empty, "q/p.md", where="tenant = 'one'")


def test_links_follow_their_documents(empty: Collection) -> None:
    """A target may come later, be replaced, get another name and go; each time both ends tell what is there now."""
    empty.add([page("a.md", "b.md#rates", "b.md")])
    assert [] == leads(empty, "a.md")
    empty.add([page("b.md", "a.md")])
    assert (["b.md", "b.md"], ["a.md"]) == (leads(empty, "a.md"), comes_from(empty, "b.md"))
    assert ["b.md"] == comes_from(empty, "a.md")
    empty.add([page("b.md", "c.md"), page("a.md", "c.md")])
    assert ([], []) == (leads(empty, "a.md"), comes_from(empty, "b.md"))
    empty.add([page("c.md")])
    assert ["a.md", "b.md"] == comes_from(empty, "c.md")
    empty.remove(["a.md"])
    assert ["b.md"] == comes_from(empty, "c.md")
    empty.remove(["c.md"])
    assert [] == leads(empty, "b.md")
    empty.remove(["b.md"])
    with empty.record.reading() as connection:
        for table in ("addresses", "anchors", "links"):
            assert 0 == connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    assert [] == empty.verify()


class Killed(BaseException):
    """Ends a write where it stands, as a kill does."""


@pytest.mark.parametrize("step", ["embedded", "pending", "upserted", "flipped"])
def test_a_write_that_is_cut_short_leaves_the_old_links_or_the_new(
    step: str, tmp_path: Path, embedder: Encoder
) -> None:
    """Until the flip the old links are there, after it the new ones; the tables are sound in both."""
    with corpus.collection(tmp_path, embedder, documents=[page("a.md", "b.md"), page("b.md"), page("c.md")]) as made:
        made.close()

    def observe(heard: str) -> None:
        if heard == step:
            raise Killed

    options = Options(observe=observe)
    with Collection.open(tmp_path, "films", embedder=embedder, options=options) as opened, pytest.raises(Killed):
        opened.add([page("a.md", "c.md")])
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        assert [] == opened.verify()
        assert (["c.md"] if step == "flipped" else ["b.md"]) == leads(opened, "a.md")
        opened.add([page("a.md", "c.md")])
        assert ["c.md"] == leads(opened, "a.md")


def test_circles_end(empty: Collection) -> None:
    """Two pages that link to each other and to themselves lead to the other alone."""
    empty.add([page("a.md", "b.md", "a.md"), page("b.md", "a.md", "b.md")])

    assert (["b.md"], ["b.md"]) == (leads(empty, "a.md"), comes_from(empty, "a.md"))


def test_a_page_of_ten_thousand_links_is_bounded(empty: Collection) -> None:
    """A passage keeps its first links, a document too, and what is asked for is bounded once more."""
    empty.add([page("a.md", *(f"p{number}.md" for number in range(10_000))), page("p7.md"), page("p9999.md")])
    assert ["p7.md"] == leads(empty, "a.md")
    with empty.record.reading() as connection:
        assert PER_PASSAGE == connection.execute("SELECT count(*) FROM links").fetchone()[0] < PER_DOCUMENT
    assert [] == empty.verify()


def test_a_page_that_very_many_link_to_is_looked_up_in_bounds(empty: Collection) -> None:
    """So many are told as were asked for, by few steps of the record, however many there are."""
    empty.add([page("hub.md"), *(page(f"{number}.md", "hub.md", "[[same]]", title="Same") for number in range(2_000))])
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    hub, one = first(empty, "hub.md"), first(empty, "77.md")
    with empty.record.reading() as connection:
        connection.set_progress_handler(count, 1_000)
    try:
        assert 5 == len(comes_from(empty, "hub.md", most=5))
        assert 2 == len(empty.linked([one], 10)[one]) or empty.linked([one], 10)
        assert hub in {found.passage or hub for found in empty.linked([one], 10)[one]}
    finally:
        with empty.record.reading() as connection:
            connection.set_progress_handler(None, 0)
    assert steps[0] < 200


def test_most_bounds_each_passage(empty: Collection) -> None:
    """The first so many in the order of the text, for each passage by itself."""
    empty.add([page("a.md", "b.md", "c.md"), page("b.md", "c.md", "a.md"), page("c.md")])
    ids = [first(empty, key) for key in ("a.md", "b.md", "c.md")]

    found = empty.linked([*ids, "no such id", ids[0]], 1)
    assert {ids[0]: ["b.md"], ids[1]: ["c.md"]} == {one: [to.document for to in found[one]] for one in found}
    assert [1, 1, 1] == [len(others) for others in empty.linking(ids, 1).values()]
    assert ({}, {}) == (empty.linked([], 5), empty.linking([], 5))


# Roots of sites


def site(folder: Path, prefix: str, *, pages: int = 6) -> Path:
    """Write a site of pages in folders that link to each other from the root of a site, and to another site."""
    for number in range(pages):
        path = folder / "team" / f"p{number}" / "index.html"
        path.parent.mkdir(parents=True)
        after = (number + 1) % pages
        path.write_text(
            f"<h1>Page {number}</h1><p>Read <a href='{prefix}/team/p{after}/'>the next</a> or "
            f"<a href='{prefix}/away{number}/'>one that is not here</a>, and <a href='https://other.org/team/'>them</a>.</p>"
        )
    (folder / "team" / "index.html").write_text("<h1>Team</h1><p>These are all the people that we have.</p>")
    return folder


@pytest.mark.parametrize("prefix", ["/handbook", "https://handbook.example.com/handbook", "", "/a/b"])
def test_links_vote_for_the_root_of_their_site(prefix: str, tmp_path: Path, empty: Collection) -> None:
    """What most links have before the addresses of documents is the root; another host is none."""
    index_paths(empty, [site(tmp_path / "site", prefix)])

    assert ["team/p1/index.html"] == leads(empty, "team/p0/index.html")
    assert ["team/p5/index.html"] == comes_from(empty, "team/p0/index.html")
    assert [] == comes_from(empty, "team/index.html")


def test_a_folder_inside_the_collection_may_be_the_root(tmp_path: Path, empty: Collection) -> None:
    """As with generators of sites, whose pages are in `content`."""
    index_paths(empty, [site(tmp_path / "repo" / "content" / "en", "").parent.parent])

    assert ["content/en/team/p1/index.html"] == leads(empty, "content/en/team/p0/index.html")
    assert ["content/en/team/p5/index.html"] == comes_from(empty, "content/en/team/p0/index.html")


def test_a_single_path_on_another_host_is_chance(empty: Collection) -> None:
    """Whoever calls a page as others do is not their site, however often it is linked to."""
    pages = [page(f"{name}.md", "https://other.org/people/", f"/{name}x/") for name in ("people", "plans", "news")]
    empty.add(pages)

    assert [] == comes_from(empty, "people.md")


def test_the_user_says_where_a_folder_is(tmp_path: Path, empty: Collection) -> None:
    """One link to a site is no vote; what the user says counts for it, and for paths from its root, and is kept."""
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "people.md").write_text("# People\n\nWe are five.\n")
    links = (
        "[us](https://hb.example.org/book/people/), [us](/book/people#people), [them](https://other.org/book/people/)"
    )
    (folder / "a.md").write_text(f"# A\n\nThese are {links}.\n")
    index_paths(empty, [folder])
    assert [] == leads(empty, "a.md")

    index_paths(empty, [folder], url="https://hb.example.org/book/")
    assert ["people.md", "people.md"] == leads(empty, "a.md")
    assert ["a.md"] == comes_from(empty, "people.md")
    index_paths(empty, [folder])
    assert ["people.md", "people.md"] == leads(empty, "a.md")


@pytest.mark.parametrize("url", ["people", "ftp://example.org/", "https://", "/people/"])
def test_what_is_no_url_is_refused(url: str, tmp_path: Path, empty: Collection) -> None:
    """Before anything is read."""
    (tmp_path / "a.md").write_text("# A\n")
    with pytest.raises(CallerError, match="URL"):
        index_paths(empty, [tmp_path], url=url)
    assert [] == empty.keys()


# References in words


def prose(key: str, *blocks: str, title: str = "") -> Document:
    """Return a document of blocks, each long enough to be a passage of its own; `#` begins a heading."""
    text, made = "", list[Block]()
    for words in blocks:
        text += "\n\n" if text else ""
        written = words if words.startswith("#") else words + " " + "So it is said. " * 90
        made.append(Block(len(text), len(text) + len(written.strip()), "heading" if words[0] == "#" else "paragraph"))
        text += written.strip()
    names = tuple(Anchor(one.start, slug(text[one.start : one.end])) for one in made if one.kind == "heading")
    return Document(key, text, title, blocks=tuple(made), anchors=names)


def spoken_of(collection: Collection, key: str) -> list[tuple[str, str, str, str]]:
    """Return (kind, words, document, beginning of the passage) of all links of a document."""
    ids = [name for name, one in collection.passages(collection.record.live_ids()).items() if one.document == key]
    found = []
    for name, ones in collection.linked(ids, 20).items():
        text = collection.passage(name).text
        for one in ones:
            there = collection.passage(one.passage).text[:14] if one.passage else ""
            found.append((one.kind.name, text[one.start : one.end], one.document, there))
    return sorted(found)


@pytest.mark.parametrize(
    ("words", "heading"),
    [
        ("section 4.2", "# 4.2 Limits"),
        ("Section 20.5", "# 20.5. Limits"),
        ("chapter 3", "# Chapter 3: Limits"),
        ("Chapter 3", "# 3. Limits"),
        ("Appendix B", "# Appendix B. Limits"),
        ("§ 12", "# § 12 Limits"),
        ("Kapitel 2.1.4", "# 2.1.4 Grenzen"),
    ],
)
def test_the_number_of_a_section_leads_to_it(words: str, heading: str, empty: Collection) -> None:
    """In its own document alone; a longer number, or one that no section has, leads nowhere."""
    empty.add(
        [
            prose("a.md", f"As {words} says, and section 9.9 and {words}.7.7 do not.", heading, "The limits are here."),
            prose("b.md", f"As {words} says."),
        ]
    )

    assert [("REFERENCE", words, "a.md", heading[:14])] == spoken_of(empty, "a.md")
    assert [] == spoken_of(empty, "b.md")
    assert [] == empty.verify()


def test_titles_are_references_where_the_words_say_so(empty: Collection) -> None:
    """A title of a document or heading counts behind "see" and the like; the heading of the own document first."""
    empty.add([
        prose(
            "a.md", 'It is described in Backup and Restore; see "Disk limits". Ken Burns is a title. See ls(1).',
            "# Disk limits", "There are limits.",
        ),
        prose("b.md", "This is how.", title="Backup and Restore"),
        prose("c.md", "This is why.", title="Disk limits"),
        prose("d.md", "This is who.", title="Ken Burns"),
        prose("man/ls.1", "ls lists."),
    ])  # fmt: skip

    assert [
        ("REFERENCE", "Backup and Restore", "b.md", ""),
        ("REFERENCE", "Disk limits", "a.md", "# Disk limits"[:14]),
        ("REFERENCE", "ls(1)", "man/ls.1", ""),
    ] == spoken_of(empty, "a.md")


def test_an_identifier_leads_to_where_it_is_defined(empty: Collection) -> None:
    """The passage that bears it in a heading, else one that begins with it; mentions are no definitions."""
    empty.add(
        [
            prose("a.md", "SRS-103 and REQ_7 come from RFC 3339; on PAGE 12 of MAY 2020 nothing does."),
            prose("b.md", "SRS-103: in short.", "# SRS-103 Alarm", "The alarm rings.", "REQ-7: The door opens."),
            prose("c.md", "It is about time.", title="RFC 3339"),
            prose("d.md", "Here SRS-103 is mentioned again.", "# PAGE 12"),
        ]
    )

    assert [
        ("IDENTIFIER", "REQ_7", "b.md", "REQ-7: The doo"),
        ("IDENTIFIER", "RFC 3339", "c.md", "It is about ti"),
        ("IDENTIFIER", "SRS-103", "b.md", "# SRS-103 Alar"),
    ] == spoken_of(empty, "a.md")
    (alarm,) = [
        name for name, one in empty.passages(empty.record.live_ids()).items() if one.text.startswith("# SRS-103")
    ]
    mentions = empty.passages(empty.linking([alarm], 9)[alarm]).values()
    assert {"a.md", "b.md", "d.md"} == {one.document for one in mentions}


def test_words_of_a_hyperlink_are_no_reference_besides(empty: Collection) -> None:
    """What the author linked leads to where the author said."""
    made = prose("a.md", "See Section 4.2 there.", "# 4.2 Limits", "Here.")
    empty.add([replace(made, links=(Link(4, 15, "b.md"),)), page("b.md")])

    assert [("HYPERLINK", "Section 4.2", "b.md", "")] == spoken_of(empty, "a.md")


# Other homes


def test_an_export_takes_anchors_and_links_along(tmp_path: Path, empty: Collection, embedder: Encoder) -> None:
    """What was imported leads where the original does."""
    empty.add([LONG, page("a.md", "long.md#rates")])
    export(empty, tmp_path / "films.jsonl")
    with corpus.collection(tmp_path / "other", embedder, documents=[], name="other") as other:
        import_file(other, tmp_path / "films.jsonl", trusted=True)
        ids = [first(empty, "a.md")]
        assert empty.linked(ids, 5) == other.linked(ids, 5) != {}
        assert [] == other.verify()


def test_a_collection_of_an_earlier_format_opens(tmp_path: Path, embedder: Encoder) -> None:
    """It has no links and says so once; documents that are written again have theirs."""
    documents = [page("a.md", "b.md"), page("b.md", "a.md")]
    with corpus.collection(tmp_path, embedder, documents=documents) as made, made.record.writing() as connection:
        for table in ("addresses", "anchors", "links"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE roots DROP COLUMN url")
        connection.execute("UPDATE meta SET value = 2 WHERE key = 'format'")
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        assert ["links" in notice for notice in opened.notices] == [True]
        assert ([], []) == (opened.verify(), leads(opened, "a.md"))
        opened.add([page("a.md", "b.md", "c.md"), page("b.md", "a.md", "c.md")])
        assert ["b.md"] == leads(opened, "a.md")
        assert [] == opened.verify()
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        assert [] == opened.notices


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM addresses WHERE address = 'b'",
        "DELETE FROM anchors WHERE rowless",
        "DELETE FROM links WHERE number = 0",
        "UPDATE links SET target = 'c'",
        "INSERT INTO anchors VALUES ('x', 999, 999)",
        "INSERT INTO links VALUES (999, 0, 0, 0, 1, 'b', '', '')",
    ],
)
def test_verify_compares_the_tables_with_the_passages(damage: str, empty: Collection) -> None:
    """A row that is gone, wrong or nobody's is told."""
    empty.add([page("a.md", "b.md"), page("b.md")])
    with empty.record.writing() as connection:
        connection.execute(damage.replace("WHERE rowless", ""))

    assert any(problem.startswith("links: ") for problem in empty.verify())
