"""What comes of input that nobody hopes for: each has a clear outcome, in bounded time."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.agent import AfterHops, Agent, Answer, CallerError, Profile, Retrieval
from polyhop.core.check import MAX_QUESTION
from polyhop.core.types import Document, Passage
from polyhop.encoders import Encoder
from polyhop.graphs.stop import MAX_HOPS
from polyhop.store.collection import Collection
from tests import corpus

CHINESE = [
    Document("jaws", "《大白鲨》是1975年上映的惊悚片，由史蒂文·斯皮尔伯格执导。", "大白鲨"),
    Document("spielberg", "史蒂文·斯皮尔伯格是美国导演，出生于辛辛那提。", "史蒂文·斯皮尔伯格"),
    Document("vienna", "维也纳是奥地利的首都，多瑙河流经该市。", "维也纳"),
    Document("samurai", "《七武士》是一部1954年的日本电影，由黑泽明执导。", "七武士"),
]
CYCLE = [
    Document("alba", "Alba is a village that lies next to Bruma."),
    Document("bruma", "Bruma is a village that lies next to Corva."),
    Document("corva", "Corva is a village that lies next to Alba."),
]
NAMESAKES = 5_000
#: Far above what a run takes on a busy machine, far below what reading all namesakes would take.
SECONDS = 2.0
MOST_READ = 400


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages, in English."""
    with corpus.collection(tmp_path_factory.mktemp("bad"), embedder) as opened:
        yield opened


def documents(found: Retrieval | Answer) -> list[str]:
    """Return the keys of the documents found, best first."""
    retrieval = found.retrieval if isinstance(found, Answer) else found
    return [passage.document for passage in retrieval.passages]


# Questions


@pytest.mark.parametrize("question", ["", "   \n\t", "\0"])
def test_an_empty_question_is_refused(question: str, films: Collection) -> None:
    """Nothing was asked, and that is what is said."""
    with pytest.raises(CallerError, match="the question is empty"):
        Agent(films).ask(question)


def test_a_question_of_ten_thousand_words_is_refused(films: Collection) -> None:
    """It says how long the question is and how long it may be."""
    question = "Where was Jaws filmed? " * 2_500
    assert 10_000 == len(question.split())
    with pytest.raises(CallerError, match=rf"has {len(question) - 1} characters, at most {MAX_QUESTION} are taken"):
        Agent(films).retrieve(question)


@pytest.mark.parametrize("filling", ["a", "Jaws", "Name{}"], ids=["letters", "one name", "names"])
def test_the_longest_question_is_answered_soon(filling: str, films: Collection) -> None:
    """What is just within the limit costs no more than a few seconds, whatever it is filled with."""
    words = [filling.format(number) for number in range(MAX_QUESTION)]
    question = " ".join(["Who directed Jaws?", *words])[:MAX_QUESTION]
    began = time.monotonic()
    found = Agent(films).retrieve(question)

    assert 5 == len(found.passages)
    assert 2 * SECONDS > time.monotonic() - began


@pytest.mark.parametrize("question", ["大白鲨的导演在哪里出生？", "?!…", "🎬", "of the"])
def test_a_question_without_a_known_word_finds_the_nearest_and_no_answer(question: str, films: Collection) -> None:
    """Chinese asked of an English collection, or no words at all: passages by their vectors, no false answer."""
    said = Agent(films).ask(question)
    assert 5 == len(said.retrieval.passages)
    assert (False, "I could not find it.") == (said.found, said.text)


@pytest.mark.parametrize(("question", "expected"), [("大白鲨的导演是谁？", "jaws"), ("多瑙河流经哪个城市？", "vienna")])
def test_chinese_is_found_in_chinese(question: str, expected: str, tmp_path: Path, embedder: Encoder) -> None:
    """Pairs of characters find the passage, and it is quoted."""
    with corpus.collection(tmp_path, embedder, documents=CHINESE) as opened:
        said = Agent(opened).ask(question)
    assert expected == documents(said)[0]
    assert said.found and said.text.startswith(next(one.text for one in CHINESE if one.key == expected))


def test_accents_may_be_sent_apart(tmp_path: Path, embedder: Encoder) -> None:
    """A name is found whether an accent comes with its letter or after it."""
    author = Document("zola", "Émile Zola was a French novelist.")
    with corpus.collection(tmp_path, embedder, documents=[*corpus.DOCUMENTS, author]) as opened:
        ways = {
            form: Agent(opened).retrieve(unicodedata.normalize(form, "Where was Émile Zola born?")).passages[0]
            for form in ("NFC", "NFD")
        }
    assert ("zola", "named") == (ways["NFD"].document, ways["NFD"].via)
    assert ways["NFC"] == ways["NFD"]


# Collections


@pytest.mark.parametrize(
    ("question", "found"), [("Who directed Jaws?", True), ("Which river flows through Wien?", False)]
)
def test_one_passage_is_a_collection(question: str, *, found: bool, tmp_path: Path, embedder: Encoder) -> None:
    """The one passage is returned whatever is asked, and quoted only if it has to do with the question."""
    with corpus.collection(tmp_path, embedder, documents=corpus.DOCUMENTS[:1]) as opened:
        said = Agent(opened).ask(question)
    assert [corpus.DOCUMENTS[0].key] == documents(said)
    assert found == said.found


def test_a_cycle_of_links_ends(tmp_path: Path, embedder: Encoder) -> None:
    """Three passages that name each other in a ring: no path comes back to where it was, and each is there once."""
    with corpus.collection(tmp_path, embedder, documents=CYCLE) as opened:
        found = Agent(opened, profile=Profile(stop=AfterHops(MAX_HOPS))).retrieve("Which village lies next to Alba?")

    assert ["alba", "bruma", "corva"] == sorted(documents(found))
    assert MAX_HOPS == found.hops
    for passage in found.passages:
        way = [step.id for step in passage.path] + [passage.id]
        assert len(set(way)) == len(way)


class Counting:
    """A collection that counts the passages that are read from it."""

    def __init__(self, inner: Collection) -> None:
        self._inner = inner
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def passages(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        """Note the ids and read them."""
        self.read.update(ids)
        return self._inner.passages(ids)


@pytest.fixture(scope="module")
def namesakes(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open a collection in which thousands of documents bear one name, and the known films."""
    chance = np.random.default_rng(11)
    vectors = chance.normal(size=(NAMESAKES, embedder.dimension)).tolist()
    many = [
        Document(f"smith-{number}", f"John Smith is person {number} of that name.", "John Smith", vector=tuple(vector))
        for number, vector in enumerate(vectors)
    ]
    film = Document("film", "Harbour Lights is a film directed by John Smith.", "Harbour Lights")
    home = tmp_path_factory.mktemp("namesakes")
    with corpus.collection(home, embedder, documents=[*corpus.DOCUMENTS, film, *many]) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("question", ["Where was John Smith born?", "Where was the director of Harbour Lights born?"])
def test_a_name_that_thousands_bear_is_not_followed(question: str, namesakes: Collection) -> None:
    """Neither from the question nor from a passage does such a name lead on; a run reads a bounded number of them."""
    counting = Counting(namesakes)
    agent = Agent(counting, profile=Profile(stop=AfterHops(MAX_HOPS)))
    agent.retrieve("warm")
    counting.read.clear()
    began = time.monotonic()
    found = agent.retrieve(question)

    assert SECONDS > time.monotonic() - began
    assert MOST_READ > len(counting.read)
    assert not any(passage.name for passage in found.passages if passage.document.startswith("smith-"))


@pytest.mark.slow
def test_what_stands_beside_namesakes_is_still_found(namesakes: Collection) -> None:
    """Other names lead on as if the thousands were not there."""
    titles = {passage.title for passage in Agent(namesakes).retrieve(corpus.QUESTION, k=3).passages}
    assert {"Jaws (film)", "Steven Spielberg"} <= titles
