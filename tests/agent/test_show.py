"""Explanations: through which hop, by which words and with which score a passage came."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from polyhop.agent import Agent, Config, Document, MaxHops, RankedPassage, Retrieval, Settings, example
from polyhop.agent.show import reasons
from polyhop.core.words import name_key
from polyhop.encoders import Encoder
from polyhop.retrieval.rerank.duplicates import Duplicates
from polyhop.retrieval.rerank.path import PathScore
from polyhop.store.collection import Collection
from polyhop.store.names import fuzzy_key
from tests import corpus

NAMED = [
    Document(
        "1", "Therese Raquin, the drama, is by Emile Zola, whom SEAN O'NEIL and Ken Burns read.", "Thérèse Raquin"
    ),
    Document("2", "Émile Zola was a French novelist, born in Paris."),
    Document("3", "Sean O’Neil is an Irish singer, born in Derry."),
    Document("4", "Kenneth Lauren Burns is an American filmmaker, born in Brooklyn."),
]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Agent]:
    """Open the example corpus."""
    home = tmp_path_factory.mktemp("shipped")
    with Agent.open(home, create=True, embedder=embedder) as agent, example.passages_path() as path:
        agent.index([path])
        yield agent


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("films"), embedder) as opened:
        yield opened


def check(passage: RankedPassage, found: Retrieval, agent: Agent) -> None:
    """Assert that the explanation of a passage is true to the texts, and complete."""
    assert sum(passage.parts.values()) == pytest.approx(passage.score, abs=1e-5)
    assert 0 <= passage.hop <= found.hops
    if passage.via == "search":
        assert (None, 0, "") == (passage.span, passage.hop, passage.name)
        return
    span = passage.span
    assert span is not None
    bridge = passage.path[-1].id if passage.path else ""
    text = agent.retriever.passages([bridge])[bridge].text if bridge else found.question
    assert (bridge, text[span.start : span.end]) == (span.passage, span.text)
    words = name_key(span.text).split()
    assert passage.name in (" ".join(words), fuzzy_key(" ".join(words)))


@pytest.mark.slow
@pytest.mark.parametrize("hops", [1, 3])
def test_every_passage_of_the_example_is_explained(hops: int, shipped: Agent) -> None:
    """For all questions of the example corpus, spans are what a person reads there and parts add up to the score."""
    agent = Agent(shipped.retriever, settings=Settings(max_hops=hops, updaters="link,shared"))
    hopped = 0
    for asked in example.questions():
        found = agent.retrieve(asked.question, k=8)
        for passage in found.passages:
            check(passage, found, agent)
            hopped += passage.hop > 0
    assert hopped >= 20


def test_names_are_shown_as_they_are_written(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> None:
    """Accents, apostrophes and inexact names: the span is the spelling of the text that names, not of the named."""
    home = tmp_path_factory.mktemp("named")
    with corpus.collection(home, embedder, documents=NAMED) as opened:
        agent = Agent(opened, config=Config(ranker=PathScore(search_weight=0.0)))
        found = agent.retrieve("Where were those born who read Thérèse Raquin?", k=4)
        for passage in found.passages:
            check(passage, found, agent)

    expected = {"1": "Thérèse Raquin", "2": "Emile Zola", "3": "SEAN O'NEIL", "4": "Ken Burns"}
    assert expected == {passage.document: passage.span.text for passage in found.passages if passage.span}


def test_the_hop_is_the_search_that_found_it(films: Collection) -> None:
    """A late hop from a passage of the first search tells the search that it was, not the length of its path."""
    # The search finds everything in so small a collection; without its weight the path is what is told.
    profile = Config(ranker=PathScore(search_weight=0.0), stop=MaxHops(3))
    question = "Which river flows through the city where the director of Jaws was born?"
    found = {passage.title: passage for passage in Agent(films, config=profile).retrieve(question, k=12).passages}

    assert {"Jaws (film)": 0, "Steven Spielberg": 1, "Vienna": 3} == {
        title: found[title].hop for title in ("Jaws (film)", "Steven Spielberg", "Vienna")
    }
    assert 1 == len(found["Vienna"].path)
    assert {0} == {passage.hop for passage in found.values() if passage.via in ("search", "named")}


def test_it_is_plain_json(films: Collection) -> None:
    """Explanations are part of the JSON that a result becomes."""
    found = Agent(films).retrieve(corpus.QUESTION).to_dict()["passages"]
    linked = next(one for one in found if one["title"] == "Steven Spielberg")
    bridge, text = corpus.ids(films)["Jaws (film)"], "Steven Spielberg"
    start = "Jaws is a 1975 thriller film directed by Steven Spielberg".index(text)

    assert linked == {**linked, **json.loads(json.dumps({key: linked[key] for key in ("hop", "span", "parts")}))}
    assert (1, {"passage": bridge, "text": text, "start": start, "end": start + len(text)}) == (
        linked["hop"],
        linked["span"],
    )


def test_reasons_are_sentences(films: Collection) -> None:
    """Each passage is explained in words: search or hop, the words followed, the sum of the score."""
    found = Agent(films).retrieve(corpus.QUESTION)
    said = {passage.title: list(reasons(passage)) for passage in found.passages}

    assert "first search, named through “Jaws”, characters 34 to 38 of the question" == said["Jaws (film)"][0]
    assert "hop 1, link through “Steven Spielberg”, characters 41 to 57 of “Jaws (film)”" == said["Steven Spielberg"][0]
    score = said["Jaws (film)"][1]
    assert score.startswith("score ") and "named " in score and "search " in score


def test_duplicates_are_told(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> None:
    """A passage names those that say the same, and they come after all others; without it they keep their places."""
    copies = [Document(f"{name}.txt", corpus.DOCUMENTS[0].text, corpus.DOCUMENTS[0].title) for name in ("copy", "more")]
    home = tmp_path_factory.mktemp("copies")
    with corpus.collection(home, embedder, documents=[*corpus.DOCUMENTS, *copies]) as opened:
        found, kept = (
            Agent(opened, config=Config(duplicates=duplicates)).retrieve("Jaws thriller film of 1975", k=12)
            for duplicates in (Duplicates(), None)
        )
        few = Agent(opened).retrieve("Jaws thriller film of 1975", k=3, explain=True)
    assert ["says nearly the same as Jaws (film)"] * 2 == [one.why for one in few.left_out[:2]]
    titles = [[passage.title for passage in one.passages] for one in (found, kept)]

    assert 1 == titles[0].count("Jaws (film)") and 3 == titles[1][:3].count("Jaws (film)")
    assert ["Jaws (film)"] * 2 == [step.title for step in found.passages[0].duplicates]
    assert "moved back, since they say nearly the same: Jaws (film), Jaws (film)" == list(reasons(found.passages[0]))[2]
    assert {()} == {passage.duplicates for passage in kept.passages}
