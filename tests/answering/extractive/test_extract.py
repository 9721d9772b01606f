"""The extractive answer: the sentences that carry the chain, and none where there is nothing to quote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.agent import Agent, Config, Settings
from polyhop.answering.citations.check import NOT_FOUND
from polyhop.answering.extractive import quotable
from polyhop.answering.extractive.extract import extract
from polyhop.answering.extractive.scorer import MOST
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.reader import Reader
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection

FILM = Document(
    "film",
    "The Night Mail is a 1951 drama film. It was photographed in winter. It was directed by Carol Reed and shot by Max "
    "Douy.",
    "The Night Mail",
)
REED = Document(
    "reed",
    "Carol Reed was an English director. He liked to work at night. His mother was the actress May Pinney. He kept "
    "dogs.",
    "Carol Reed",
)
DOUY = Document("douy", "Max Douy was a French set designer. He built whole streets.", "Max Douy")
DANUBE = Document("danube", "The Danube is a river. It flows through Vienna.", "Danube")
RHINE = Document("rhine", "The Rhine is a river. It flows through Basel.", "Rhine")
KELDRA = Document("keldra", "Keldra is a village in the northern parish of Morvane. It has a mill.", "Keldra")
VILLAGE = Document("village", "A village is a settlement. Villages have mills and wells.", "Village")
MASTER = Document(
    "master",
    "The Harbour Master in Morvane keeps the port registers. The current Harbour Master is Edda Lorne of the Guild of "
    "Northern Pilots.",
    "Harbour Master (Morvane)",
)
ADA = Document("ada", "Ada North (born 5 May 1950) is an engineer. She lives in Turin.", "Ada North")
BOB = Document("bob", "Bob South (born 7 June 1931) is a painter. He lives in Graz.", "Bob South")
Item = tuple[str, float, str, str, list[str]]
MOTHER = "Who is the mother of the director of The Night Mail?"


@pytest.fixture(scope="module")
def collection(embedder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Return a collection of a film, two people and two rivers."""
    with Collection.create(tmp_path_factory.mktemp("home"), embedder=embedder) as made:
        made.add([FILM, REED, DOUY, DANUBE, RHINE])
        yield made


def ranked(collection: Collection, *items: Item) -> list[Candidate]:
    """Return a ranking of (document, score, via, name, path of documents)."""
    ids = {key: found[0] for key, found in collection.heads(collection.keys(), 1).items()}
    return [
        Candidate(id=ids[key], score=score, via=via, name=name, path=[ids[step] for step in path])
        for key, score, via, name, path in items
    ]


CHAIN: list[Item] = [
    ("reed", 5.0, "link", "carol reed", ["film"]),
    ("film", 4.0, "named", "the night mail", []),
    ("danube", 0.9, "search", "", []),
]


def quoted(collection: Collection, question: str, *items: Item) -> list[tuple[str, int]]:
    """Return the sentences that are quoted, word for word, with their passage numbers."""
    return [
        (one.quote, one.passage) for one in extract(ranked(collection, *items), Run(collection, question)).sentences
    ]


def test_all_hops_are_quoted(collection: Collection) -> None:
    """Of the film its sentence on the director, then of the director the one on the mother, and three at most."""
    found = quoted(collection, MOTHER, *CHAIN)
    director = ("It was directed by Carol Reed and shot by Max Douy.", 2)
    mother = ("His mother was the actress May Pinney.", 1)

    assert found.index(director) < found.index(mother)
    assert len(found) <= MOST


def test_a_linking_sentence_comes_before_the_answer_alone(collection: Collection) -> None:
    """The film's sentence that names the director leads to his birth; another director's is not told."""
    lean = Document("lean", "David Lean was born in Croydon. He was an English director.", "David Lean")
    born = Document(
        "born", "Carol Reed (born 30 December 1906 in Putney) was an English director.", "Carol Reed (director)"
    )
    collection.add([lean, born])
    items: list[Item] = [
        ("born", 5.0, "link", "carol reed", ["film"]),
        ("film", 4.0, "named", "the night mail", []),
        ("lean", 0.9, "search", "", []),
    ]
    found = quoted(collection, "Where was the director of The Night Mail born?", *items)
    collection.remove(["lean", "born"])

    assert [
        ("It was directed by Carol Reed and shot by Max Douy.", 2),
        ("Carol Reed (born 30 December 1906 in Putney) was an English director.", 1),
    ] == found


def test_a_passage_without_a_link_is_quoted(collection: Collection) -> None:
    """What the last hop asks is found by the entity of the one before, though search alone found the passage."""
    collection.add([KELDRA, MASTER, VILLAGE])
    items: list[Item] = [
        ("keldra", 3.2, "named", "keldra", []),
        ("village", 1.7, "link", "village", ["keldra"]),
        ("master", 1.6, "search", "", []),
    ]
    found = quoted(collection, "Who is the harbour master on the island where Keldra is located?", *items)
    collection.remove(["keldra", "master", "village"])

    assert ("Keldra is a village in the northern parish of Morvane.", 1) in found
    assert ("The current Harbour Master is Edda Lorne of the Guild of Northern Pilots.", 3) in found


def test_a_comparison_quotes_both_sides(collection: Collection) -> None:
    """Two things that the question names are quoted both, though neither leads to the other."""
    items: list[Item] = [
        ("danube", 4.0, "named", "danube", []),
        ("rhine", 3.9, "named", "rhine", []),
        ("film", 0.5, "search", "", []),
    ]
    found = quoted(collection, "Do the Danube and the Rhine flow through the same city?", *items)

    assert {("It flows through Vienna.", 1), ("It flows through Basel.", 2)} <= set(found)


def test_dates_decide_which_side_comes_first(collection: Collection) -> None:
    """Of two births the earlier or the later one is told first, as the question asks."""
    collection.add([ADA, BOB])
    items: list[Item] = [("ada", 4.0, "named", "ada north", []), ("bob", 3.9, "named", "bob south", [])]
    asked = "Who was born {}, Ada North or Bob South?"
    firsts = {when: quoted(collection, asked.format(when), *items)[0][1] for when in ("earlier", "later")}
    collection.remove(["ada", "bob"])

    assert {"earlier": 2, "later": 1} == firsts


def test_a_bridge_outside_the_result_is_not_cited(collection: Collection) -> None:
    """Where the bridge is not among the passages, the target speaks alone."""
    found = quoted(collection, MOTHER, CHAIN[0])

    assert ("His mother was the actress May Pinney.", 1) in found
    assert {1} == {number for _, number in found}


def test_without_a_link_the_best_passage_is_quoted(collection: Collection) -> None:
    """A question that one passage answers gets that one."""
    items: list[Item] = [("danube", 3.0, "search", "", []), ("rhine", 1.0, "search", "", [])]

    assert ("It flows through Vienna.", 1) in quoted(collection, "Which city does the Danube flow through?", *items)


def test_nothing_is_quoted_for_another_subject(collection: Collection) -> None:
    """Passages that have nothing to do with the question are no answer."""
    items: list[Item] = [("danube", 0.6, "search", "", []), ("film", 0.5, "search", "", [])]

    assert [] == quoted(collection, "How do I reset the password of my router?", *items)
    assert [] == quoted(collection, MOTHER)


def test_nothing_is_quoted_where_it_is_improbable_that_all_is_there(collection: Collection) -> None:
    """The same passages are quoted or not, by how sufficient they are said to be."""
    items: list[Item] = [("danube", 1.0, "search", "", []), ("rhine", 0.9, "search", "", [])]
    run = Run(collection, "Which bridge over the Danube was built first?")
    given = {sure: bool(extract(ranked(collection, *items), run, sure).sentences) for sure in (0.01, 0.99)}

    assert {0.01: False, 0.99: True} == given


def test_a_sentence_is_told_behind_what_it_is_of(collection: Collection) -> None:
    """Where it only says "it", the title that the question names stands before it."""
    items = ranked(collection, ("danube", 3.0, "search", "", []))
    told = [one.text for one in extract(items, Run(collection, "Which city does the Danube flow through?")).sentences]

    assert "Danube: It flows through Vienna." in told


def test_a_sentence_is_quoted_once(collection: Collection) -> None:
    """What two passages say in the same words is cited from the first."""
    collection.add([Document("copy", DANUBE.text, "Danube (river)")])
    items: list[Item] = [("danube", 3.0, "search", "", []), ("copy", 2.9, "search", "", [])]
    found = quoted(collection, "Which city does the Danube flow through?", *items)
    collection.remove(["copy"])

    assert len({text for text, _ in found}) == len(found)
    assert ("It flows through Vienna.", 1) in found


def test_nothing_is_embedded(collection: Collection, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice costs no call of the embedder, however long the passages are."""
    run = Run(collection, MOTHER)
    items = ranked(collection, *CHAIN)
    run.load(item["id"] for item in items)
    counts: list[int] = []
    monkeypatch.setattr(type(embedder), "encode_passages", lambda self, texts: counts.append(len(texts)))

    assert extract(items, run).sentences
    assert [] == counts


def test_without_the_reader_words_decide(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence that shares most words is quoted, of another subject none, and no page is read."""

    def forbidden() -> Reader:
        raise AssertionError("a page is read")

    monkeypatch.setattr(quotable, "reader", forbidden)
    items = ranked(collection, ("danube", 3.0, "search", "", []), ("rhine", 1.0, "search", "", []))
    asked = ("Which city does the Danube flow through?", "How do I reset the password of my router?")
    config = Config.of(Settings(reader=False))
    told = [[one.quote for one in extract(items, Run(collection, one, config=config)).sentences] for one in asked]

    assert "It flows through Vienna." in told[0]
    assert [] == told[1]


def test_an_agent_says_that_it_found_nothing(collection: Collection) -> None:
    """The answer says so in words, and `found` is false."""
    said = Agent(collection).ask("How do I reset the password of my router?")

    assert (NOT_FOUND, False, True) == (said.text, said.found, said.extractive)
