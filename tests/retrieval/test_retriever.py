"""The retrievers keep the contract, the contract notices those that do not, and each kind has its own ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from numpy.typing import ArrayLike

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.types import Document, Hit, Passage, ResolvedLink, Vectors
from polyhop.encoders import Encoder
from polyhop.retrieval.retriever import Bearers, CallableRetriever, MultiRetriever, Retriever
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

from .contract import RetrieverContract, failing


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(
        tmp_path_factory.mktemp("one"), embedder, documents=[*corpus.DOCUMENTS, corpus.LINKING]
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[MultiRetriever]:
    """Open the known passages as two collections."""
    home = tmp_path_factory.mktemp("two")
    with (
        corpus.collection(home, embedder, documents=[*corpus.DOCUMENTS[::2], corpus.LINKING], name="even") as even,
        corpus.collection(home, embedder, documents=corpus.DOCUMENTS[1::2], name="odd") as odd,
    ):
        yield MultiRetriever([even, odd])


class Hand:
    """A search of the user's own: counts common words."""

    def search(self, question: str, k: int) -> list[dict[str, Any]]:
        """Return mappings, best first."""
        words = set(question.lower().split())
        shared = [(-len(words & set(f"{item.title} {item.text}".lower().split())), item) for item in corpus.DOCUMENTS]
        best = sorted(shared, key=lambda pair: (pair[0], pair[1].key))[:k]
        return [{"id": item.key, "text": item.text, "title": item.title, "metadata": item.metadata} for _, item in best]


class TestCollection(RetrieverContract):
    """A collection as a retriever."""

    @pytest.fixture
    def retriever(self, films: Collection) -> Retriever:
        """Return an open collection."""
        return films


class TestSeveral(RetrieverContract):
    """Two collections as one retriever."""

    @pytest.fixture
    def retriever(self, halves: MultiRetriever) -> Retriever:
        """Return the joined collections."""
        return halves


class TestOwn(RetrieverContract):
    """A search of the user's own as a retriever."""

    @pytest.fixture
    def retriever(self, embedder: Encoder) -> Retriever:
        """Return a wrapped search."""
        return CallableRetriever(Hand(), embedder)


class Sound:
    """Hands on to a collection; each subclass breaks one point of the contract."""

    def __init__(self, inner: Collection) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class RepeatsItself(Sound):
    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        return [hit for hit in self.inner.lexical(question, k, where=where) for _ in range(2)][:k]


class ReturnsTooMany(Sound):
    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        return self.inner.dense(vectors, k + 1, where=where)


class MixesUpQueries(Sound):
    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        return self.inner.dense(vectors, k, where=where)[::-1]


class IgnoresTheFilter(Sound):
    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        return self.inner.lexical(question, k)


class InventsPassages(Sound):
    def passages(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        return {name: Passage(name, name, "", "", "text") for name in ids}


class ForgetsToNormalise(Sound):
    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        return {name: 2 * vector for name, vector in self.inner.vectors(ids).items()}


class CountsTooMuch(Sound):
    def frequency(self, words: Sequence[str]) -> tuple[Mapping[str, int], int]:
        return dict.fromkeys(words, 10_000), 12


class NamesNobody(Sound):
    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        return {name: [("no such document", 0)] for name in names}


class HidesCommonNames(Sound):
    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        return {name: found for name, found in self.inner.bearers(names, most, where=where).items() if found}


class DependsOnK(Sound):
    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        return self.inner.lexical(question, 20, where=where)[::-1][:k]


class LinksFromEverywhere(Sound):
    def linking(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        return {name: [ids[0]] for name in ids}


class FollowsEveryLink(Sound):
    def linked(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[ResolvedLink]]:
        return self.inner.linked(ids, most + 1, where=where)


class DrawsTheMean(Sound):
    def background(self) -> Vectors:
        return self.inner.background().mean(axis=0, keepdims=True)  # type: ignore[no-any-return]


BROKEN = {
    RepeatsItself: "lists_are_rankings",
    ReturnsTooMany: "lists_are_rankings",
    MixesUpQueries: "answers_each_vector",
    IgnoresTheFilter: "filters_hold_or_are_refused",
    InventsPassages: "unknown_ids_are_left_out",
    ForgetsToNormalise: "hits_are_passages",
    CountsTooMuch: "counts_are_sound",
    NamesNobody: "bearers_lead_to_passages",
    HidesCommonNames: "common_names_are_told_from_unknown_ones",
    DependsOnK: "lists_are_rankings",
    LinksFromEverywhere: "unknown_ids_are_left_out",
    FollowsEveryLink: "links_lead_to_passages",
    DrawsTheMean: "the_background_is_a_sample",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_contract_notices_a_broken_retriever(broken: type[Sound], films: Collection) -> None:
    """Each way of breaking the contract fails the check that is there for it."""
    assert BROKEN[broken] in failing(broken(films))


def test_the_contract_passes_a_sound_retriever(films: Collection) -> None:
    """The retriever that the broken ones are made from passes every check."""
    assert set() == failing(Sound(films))


def test_halves_find_what_the_whole_finds(films: Collection, halves: MultiRetriever) -> None:
    """Cosines are comparable, so two collections give the same dense ranking as one with everything."""
    vectors = films.embedder.encode_queries(list(corpus.HOPS))

    def keys(retriever: Retriever) -> list[list[str]]:
        rankings = retriever.dense(vectors, 6)
        return [[retriever.passages([hit.id])[hit.id].document for hit in hits] for hits in rankings]

    assert keys(films) == keys(halves)


def test_a_key_in_two_collections_keeps_to_the_filter(tmp_path: Any, embedder: Encoder) -> None:
    """Two editions of one document: a filter that only one passes keeps the other out along names too."""
    old = Document("almanac", "Graz is a city of 1950.", "Graz", {"edition": 1})
    new = Document("almanac", "Graz is a city of 2020.", "Graz", {"edition": 2})
    with (
        corpus.collection(tmp_path, embedder, documents=[old], name="old") as first,
        corpus.collection(tmp_path, embedder, documents=[new], name="new") as second,
    ):
        both = MultiRetriever([first, second])
        where = "edition = 2"
        assert {"graz": [("almanac", 0)]} == both.bearers(["graz"], 60, where=where)
        (found,) = both.heads(["almanac"], 8, where=where)["almanac"]
        assert "2020" in both.passages([found])[found].text
        assert 2 == len(both.heads(["almanac"], 8)["almanac"])
        assert {"graz": [("almanac", 0)]} == both.bearers(["graz"], 60)
        for edition, year in ((1, "1950"), (2, "2020")):
            run = Run(both, "What is Graz?", f"edition = {edition}")
            run.meet(["almanac"])
            assert [True] == [year in known.passage.text for known, _ in run.nearest([("almanac", 0)], 5)]


def test_a_name_common_in_one_collection_is_not_followed_in_another(tmp_path: Any, embedder: Encoder) -> None:
    """Two of Graz are too many where one is asked for, though a second collection has but one."""
    many = [Document(f"many {n}", f"Graz is a city, says edition {n}.", "Graz") for n in range(2)]
    one = Document("one", "Graz is a city.", "Graz")
    with (
        corpus.collection(tmp_path, embedder, documents=many, name="many") as first,
        corpus.collection(tmp_path, embedder, documents=[one], name="one") as second,
    ):
        both = MultiRetriever([first, second])
        assert {"graz": []} == both.bearers(["graz", "linz"], 1) == both.mentioning(["graz", "linz"], 1)
        assert {"graz": []} == both.bearers(["graz", "linz"], 2) == both.mentioning(["graz", "linz"], 2)
        assert [3, 3] == [len(both.bearers(["graz"], 3)["graz"]), len(both.mentioning(["graz"], 3)["graz"])]


def test_links_and_samples_of_collections_are_joined(tmp_path: Any, embedder: Encoder) -> None:
    """A link is followed where it was written, `most` holds for all together, and each collection gives its vectors."""
    with (
        corpus.collection(tmp_path, embedder, documents=[*corpus.DOCUMENTS, corpus.LINKING], name="a") as first,
        corpus.collection(tmp_path, embedder, documents=[*corpus.DOCUMENTS[:4], corpus.LINKING], name="b") as second,
    ):
        both = MultiRetriever([first, second])
        ids = [id for one in (first, second) for id in one.heads(["list.md"], 1)["list.md"]]
        there = [[link.document for link in found] for found in both.linked(ids, 5).values()]

        assert [["Carol Reed.md", "Danube.md"]] == there
        (danube,) = first.heads(["Danube.md"], 1)["Danube.md"]
        assert {danube: ids[:1]} == both.linking([danube], 5)
        assert {} == both.linking([danube], 5, where="kind != 'list'") == both.linked(ids, 5, where="kind = 'list'")
        assert len(first.background()) + len(second.background()) == len(both.background()) == 13 + 5


def test_collections_of_different_embedders_do_not_mix(films: Collection) -> None:
    """Vectors of two embedders cannot be compared, and the error names both."""
    other = SimpleNamespace(embedder=SimpleNamespace(name="another-model"))
    with pytest.raises(OperatorError, match=r"another-model.*reindex|all-MiniLM.*reindex"):
        MultiRetriever([films, other])
    with pytest.raises(CallerError, match="at least one"):
        MultiRetriever([])


def _by_function(question: str, k: int) -> list[dict[str, Any]]:
    return Hand().search(question, k)


class _LangChainLike:
    """Has the one method that LangChain retrievers are called by."""

    def invoke(self, question: str) -> list[Any]:
        """Return objects with page_content and metadata, as many as it likes."""
        found = Hand().search(question, 12)
        return [SimpleNamespace(page_content=f["text"], metadata={"title": f["title"], **f["metadata"]}) for f in found]


@pytest.mark.parametrize("search", [Hand(), _by_function, _LangChainLike()], ids=["object", "function", "langchain"])
def test_three_kinds_of_search_can_be_wrapped(search: object, embedder: Encoder) -> None:
    """An object with `search`, a function and a LangChain retriever give the same titles."""
    own = CallableRetriever(search, embedder)
    hits = own.lexical("Who directed the film The Third Man?", 3)
    titles = [own.passages([hit.id])[hit.id].title for hit in hits]

    assert [item["title"] for item in Hand().search("Who directed the film The Third Man?", 3)] == titles


@pytest.mark.parametrize(("search", "said"), [
    (object(), "is no retriever"),
    (lambda question, k: [{"title": "no text"}], "has no text"),
    (lambda question, k: [{"text": "  "}], "has no text"),
    (lambda question, k: [SimpleNamespace(page_content=None)], "has no text"),
    (lambda question, k: None, "returned None"),
    (lambda question, k: 7, "returned 7"),
])  # fmt: skip
def test_a_search_that_cannot_be_used_says_so(search: object, said: str, embedder: Encoder) -> None:
    """What is no retriever, or returns what are no passages, is the caller's error and names the thing."""
    with pytest.raises(CallerError, match=said):
        CallableRetriever(search, embedder).lexical("who", 3)


def test_what_was_found_lately_is_remembered(embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages can be read again by id until newer ones have pushed them out."""
    monkeypatch.setattr(CallableRetriever, "REMEMBERED", 2)
    own = CallableRetriever(lambda question, k: [{"id": question, "text": f"text of {question}"}], embedder)
    for question in ("first", "second", "first", "third"):
        own.lexical(question, 1)

    assert ["first", "third"] == sorted(own.passages(["first", "second", "third"]))
