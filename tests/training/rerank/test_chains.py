"""Documents that link to each other: where their sentences lead, and the questions that are made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Document
from polyhop.core.words import content_words
from polyhop.ingest.readers import read_file
from polyhop.training import questions
from polyhop.training.rerank.__main__ import main
from polyhop.training.rerank.chains import HUB, MadeQuestion, asked, made
from polyhop.training.rerank.linked import LinkedSentence, pages

from .questions import written

PAGES = {
    "mill.html": """<h1>The old mill</h1>
<p>The wheel of the mill is driven by water from the <a href="lake.html">upper reservoir</a> during the winter months.
Flour was sold at the <a href="town/market.html#stalls">covered stalls</a> until the railway came in 1907.
It has a <a href="#roof">roof</a> and a <a href="https://example.org/x.html">page elsewhere</a> too.</p>
<h2 id="roof">Roof</h2><p>The roof was repaired by two carpenters with oak from the valley.</p>""",
    "lake.html": """<h1>Lake Ardun</h1>
<p>The reservoir was dug by monks between two hills of granite. Its dam is guarded by a
<a href="keeper.html">resident keeper</a> who opens the gates at dawn.</p>""",
    "keeper.html": """<h1>The keeper</h1>
<p>The keeper is paid with barrels of salted herring. The keeper must live within sight of the dam.</p>""",
    "town/market.html": """<h1>Market</h1><p>The market is older than the church of Saint Anne.</p>
<h2 id="stalls">Rents</h2><p>The stalls are let by the guild for silver coins. The stalls can be closed in a storm.</p>
<h2>Fish</h2><p>The stalls of the fishermen are washed with sea water every evening.</p>""",
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder of pages that link to each other."""
    for name, html in PAGES.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<html><body>{html}</body></html>", encoding="utf-8")
    return tmp_path / "site"


def leads(sentence: LinkedSentence) -> dict[str, list[str]]:
    """Return what words of a sentence lead to."""
    return {
        sentence.text[one.start : one.end]: [f"{place.file}#{place.anchor}" for place in one.places]
        for one in sentence.links
    }


def gold(found: list[MadeQuestion], kind: str) -> list[list[str]]:
    """Return the gold files of the questions of a kind."""
    return [[one["file"] for one in each.gold] for each in found if each.kind == kind]


def test_links_of_running_text_lead_to_other_documents(site: Path) -> None:
    """Links to the web and within a page lead nowhere; an anchor leads to its section alone."""
    found = pages(site)
    first, second, third, _ = found["mill.html"].sentences

    assert {"upper reservoir": ["lake.html#"]} == leads(first)
    assert {"covered stalls": ["town/market.html#stalls"]} == leads(second)
    assert {} == leads(third)
    section = [one.text for one in found["town/market.html"].section("stalls")]
    assert ["The stalls are let by the guild for silver coins.", "The stalls can be closed in a storm."] == section
    assert [] == found["town/market.html"].section("no such anchor")
    assert "The market is older than the church of Saint Anne." == found["town/market.html"].section("")[0].text


def test_headings_of_markdown_are_anchors(tmp_path: Path) -> None:
    """A link into a file without ids leads to the heading that its anchor is made of."""
    (tmp_path / "a.md").write_text("# A\n\nThe boats are kept in the [dry dock](b.md#dry-dock) in autumn.\n")
    (tmp_path / "b.md").write_text(
        "# B\n\nAll of it.\n\n## Dry Dock\n\nThe dock is emptied by pumps.\n\n## Crane\n\nTall.\n"
    )
    found = pages(tmp_path)

    assert {"dry dock": ["b.md#dry-dock"]} == leads(found["a.md"].sentences[0])
    assert ["The dock is emptied by pumps."] == [one.text for one in found["b.md"].section("dry-dock")]


def test_words_of_a_heading_are_linked_where_the_reader_is_sent_to_it(tmp_path: Path) -> None:
    """ "See Section 4, Rules of access" makes a link of the words that it is about."""
    (tmp_path / "a.md").write_text("# A\n\nDoors open by access rules of the guard. See [Section 4](b.md) for more.\n")
    (tmp_path / "b.md").write_text("# Rules of access\n\nThe rules are written by the captain.\n")

    assert {"access rules": ["b.md#"]} == leads(pages(tmp_path)["a.md"].sentences[0])


def test_passages_without_links_are_linked_by_their_titles(tmp_path: Path) -> None:
    """A title in parentheses is known without them; the passage's own leads nowhere."""
    rows = [
        {"id": "1", "title": "Jaws (film)", "text": "Jaws was directed by Steven Spielberg. Jaws is about a shark."},
        {
            "id": "2",
            "title": "Steven Spielberg",
            "text": "Steven Spielberg was born in Ohio after Jaws was not yet made.",
        },
    ]
    one, other = pages(written(tmp_path / "rows.jsonl", rows)).values()

    assert {"Steven Spielberg": [f"{other.file}#"]} == leads(one.sentences[0])
    assert {} == leads(one.sentences[1])
    assert {"Jaws": [f"{one.file}#"]} == leads(other.sentences[0])


def test_a_question_follows_a_link_and_says_neither_name_nor_answer(site: Path) -> None:
    """Its gold sentences stand word for word in what is read, and what names the second document isn't said."""
    found, seen = pages(site), set()
    texts = {name: document.text for name in PAGES for document in _documents(site / name)}
    for seed in range(20):
        for one in asked(found, 12, seed):
            seen.add(one.kind)
            assert all(each["text"] in texts[each["file"]] for each in one.gold)
            assert one.answer in one.gold[-1]["text"] and one.answer not in one.question
            assert len(one.gold) == {"single": 1, "link2": 2, "link3": 3}[one.kind]
            assert len(set(content_words(one.question))) >= 3 and one.question.endswith("?")
            if [each["file"] for each in one.gold] == ["mill.html", "lake.html"]:
                assert {"upper", "reservoir", "lake", "ardun"}.isdisjoint(content_words(one.question))
                assert "something" in one.question
    assert {"single", "link2", "link3"} == seen


def test_a_chain_of_three_goes_on_from_the_second_sentence(site: Path) -> None:
    """The bridge says what leads to it, and what it leads on to."""
    found = pages(site)
    chains = [chain for seed in range(20) for chain in gold(asked(found, 12, seed), "link3")]

    assert ["mill.html", "lake.html", "keeper.html"] in chains


def test_the_same_seed_makes_the_same_questions(site: Path) -> None:
    """Chance is of the seed alone, and no sentence stands in two questions."""
    found = made(site, 12, 3)
    texts = [each["text"] for one in found for each in one.gold]

    assert found == made(site, 12, 3)
    assert len(texts) == len(set(texts))
    assert any(found != made(site, 12, seed) for seed in range(4, 8))


def test_what_everything_links_to_is_no_bridge(tmp_path: Path) -> None:
    """A place that many sentences link to says nothing of what they are about."""
    (tmp_path / "term.md").write_text("# Term\n\nA capstan is turned by sailors with long bars of ash.\n")
    for number in range(HUB + 1):
        text = f"The rope of ship {number} was wound with a [capstan](term.md) by men of pier {number} in the harbour."
        (tmp_path / f"{number}.md").write_text(f"# Ship {number}\n\n{text}\n")
    with pytest.raises(CallerError, match="no question"):
        made(tmp_path, 12, 0)

    (tmp_path / "0.md").unlink()
    assert {"link2"} <= {one.kind for one in made(tmp_path, 12, 0)}


def test_what_gives_no_question_is_said(tmp_path: Path) -> None:
    """Documents without links give none, and an empty folder is no source."""
    with pytest.raises(CallerError, match="no document"):
        made(tmp_path, 12, 0)
    (tmp_path / "a.md").write_text("# A\n\nNobody links from here to anywhere, and nothing links to here.\n")
    with pytest.raises(CallerError, match="no question"):
        made(tmp_path, 12, 0)


def test_the_step_writes_questions_that_the_others_read(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is one of questions with gold passages, and the counts are told."""
    out = site.parent / "questions.jsonl"
    assert 0 == main(["documents", str(site), "--out", str(out), "--count", "12", "--seed", "1"])

    told, read = json.loads(capsys.readouterr().out), questions.read(out)
    assert told["questions"] == len(read) == sum(told.get(kind, 0) for kind in ("single", "link2", "link3"))
    assert [one.gold for one in made(site, 12, 1)] == [one.gold for one in read]


def _documents(path: Path) -> list[Document]:
    return [one for one in read_file(path) if isinstance(one, Document)]
