"""The extractive answer: the sentences that carry the chain, and none where there is nothing to quote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.agent import Agent
from polyhop.graphs.extract import HEAD, extract
from polyhop.graphs.support import NOT_FOUND
from polyhop.retrieval.embed import Embedder
from polyhop.retrieval.rerank.role import Ranked
from polyhop.retrieval.store.collection import Collection
from polyhop.retrieval.types import Document
from polyhop.retrieval.working import Working

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
Item = tuple[str, float, str, str, list[str]]
MOTHER = "Who is the mother of the director of The Night Mail?"


@pytest.fixture(scope="module")
def collection(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Return a collection of a film, two people and two rivers."""
    with Collection.create(tmp_path_factory.mktemp("home"), embedder=embedder) as made:
        made.add([FILM, REED, DOUY, DANUBE, RHINE])
        yield made


def ranked(collection: Collection, *items: Item) -> list[Ranked]:
    """Return a ranking of (document, score, via, name, path of documents)."""
    ids = {key: found[0] for key, found in collection.heads(collection.keys(), 1).items()}
    return [
        Ranked(id=ids[key], score=score, via=via, name=name, path=[ids[step] for step in path])
        for key, score, via, name, path in items
    ]


CHAIN: list[Item] = [
    ("reed", 5.0, "link", "carol reed", ["film"]),
    ("film", 4.0, "named", "the night mail", []),
    ("danube", 0.9, "search", "", []),
]


def quoted(collection: Collection, question: str, *items: Item) -> list[tuple[str, int]]:
    """Return the sentences that are quoted with their passage numbers."""
    return [(one.text, one.passage) for one in extract(ranked(collection, *items), Working(collection, question))]


def test_the_bridge_is_quoted_where_it_names_the_target(collection: Collection) -> None:
    """Of the film its sentence on the director, of the director the one on the mother, and nothing of the rest."""
    expected = [
        ("It was directed by Carol Reed and shot by Max Douy.", 2),
        ("His mother was the actress May Pinney.", 1),
    ]

    assert expected == quoted(collection, MOTHER, *CHAIN)


def test_the_question_chooses_among_links(collection: Collection) -> None:
    """A link whose name stands beside a word of the question beats one that only scores higher."""
    items: list[Item] = [("douy", 5.1, "link", "max douy", ["film"]), *CHAIN]

    assert {"film", "reed"} == {items[number - 1][0] for _, number in quoted(collection, MOTHER, *items)}


def test_a_comparison_quotes_both_sides(collection: Collection) -> None:
    """Two things that the question names are quoted both, though neither leads to the other."""
    items: list[Item] = [
        ("danube", 4.0, "named", "danube", []),
        ("rhine", 3.9, "named", "rhine", []),
        ("film", 0.5, "search", "", []),
    ]
    found = quoted(collection, "Do the Danube and the Rhine flow through the same city?", *items)

    assert [("It flows through Vienna.", 1), ("It flows through Basel.", 2)] == found


def test_a_bridge_outside_the_result_is_not_cited(collection: Collection) -> None:
    """Where the bridge is not among the passages, the target speaks alone."""
    assert [("His mother was the actress May Pinney.", 1)] == quoted(collection, MOTHER, CHAIN[0])


def test_without_a_link_the_best_passage_is_quoted(collection: Collection) -> None:
    """A question that one passage answers gets that one."""
    items: list[Item] = [("danube", 3.0, "search", "", []), ("rhine", 1.0, "search", "", [])]

    assert ("It flows through Vienna.", 1) in quoted(collection, "Which city does the Danube flow through?", *items)


def test_nothing_is_quoted_for_another_subject(collection: Collection) -> None:
    """Passages that have nothing to do with the question are no answer."""
    items: list[Item] = [("danube", 0.6, "search", "", []), ("film", 0.5, "search", "", [])]

    assert [] == quoted(collection, "How do I reset the password of my router?", *items)
    assert [] == quoted(collection, MOTHER)


def test_few_sentences_are_embedded(
    collection: Collection, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long passage costs no more than its first sentences and the rest of the question."""
    long = Document("long", " ".join(f"Carol Reed made film number {n}." for n in range(80)), "Carol Reed films")
    collection.add([long])
    counts: list[int] = []
    embed = type(embedder).embed

    def counting(self: Embedder, texts: list[str]) -> object:
        counts.append(len(texts))
        return embed(self, texts)

    run = Working(collection, MOTHER)
    run.vector  # noqa: B018 - embedded before it is counted
    monkeypatch.setattr(type(embedder), "embed", counting)
    extract(ranked(collection, ("long", 4.0, "link", "carol reed", ["film"]), CHAIN[1]), run)
    collection.remove(["long"])

    assert [HEAD + 1] == counts


def test_an_agent_says_that_it_found_nothing(collection: Collection) -> None:
    """The answer says so in words, and `found` is false."""
    said = Agent(collection).ask("How do I reset the password of my router?")

    assert (NOT_FOUND, False, True) == (said.text, said.found, said.extractive)
