"""The first search: hybrid hits and the passages that the question names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate, Query
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.role import first_query
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("first"), embedder) as opened:
        yield opened


def finds(opened: Collection, *texts: str, question: str = corpus.QUESTION) -> list[Candidate]:
    """Return what queries of these texts find in a run of the question."""
    queries = [Query(text=text, updater="search", checkpoint="", path=[], score=1.0) for text in texts]
    return FirstSearch().search(queries, Run(opened, question))


def named(found: list[Candidate], opened: Collection) -> set[str]:
    """Return the documents that were found by being named."""
    names = {passage: name for name, passage in corpus.ids(opened).items()}
    return {names[find["id"]] for find in found if find["via"] == "named"}


def test_a_passage_that_leads_both_halves_has_value_one(films: Collection) -> None:
    """The value of a hybrid hit is its fused score as a share of the highest possible."""
    found = [find for find in finds(films, "Danube Black Sea river of Europe") if find["via"] == "search"]
    assert corpus.ids(films)["Danube"] == found[0]["id"]
    assert 1.0 == pytest.approx(found[0]["score"])
    assert all(0 < find["score"] <= 1 for find in found)


@pytest.mark.parametrize(("text", "expected"), [
    ("Is Tokyo older than Vienna?", {"Tokyo", "Vienna"}),
    ("was Seven Samurai released before Jaws?", {"Seven Samurai", "Jaws (film)"}),
    ("what is the longest river?", set()),
])  # fmt: skip
def test_named_passages_are_found_by_name(text: str, expected: set[str], films: Collection) -> None:
    """A comparison finds both of its sides by their names, a question without names none."""
    assert expected == named(finds(films, text, question=text), films)


def test_several_queries_are_each_searched(films: Collection) -> None:
    """A reformulation adds to the finds of the question and takes nothing away."""
    alone = finds(films, corpus.QUESTION)
    assert alone == finds(films, corpus.QUESTION, "Danube")[: len(alone)]
    assert named(finds(films, corpus.QUESTION, "Danube"), films) > named(alone, films)


def test_it_may_be_called_anything(films: Collection) -> None:
    """Its candidates are the same; those of the search name it."""
    run, other = Run(films, corpus.QUESTION), FirstSearch(name="opening")
    expected = [{**one, "via": one["via"].replace("search", "opening")} for one in finds(films, corpus.QUESTION)]
    assert expected == other.search([first_query(corpus.QUESTION, other)], run)


def test_phrases_come_first_in_the_lexical_half_where_that_is_wanted(films: Collection) -> None:
    """A query may have a text for each half; the passage that holds its phrase word for word leads the lexical one."""
    query = Query(text="river Danube Black Sea", updater="search", checkpoint="", path=[], score=1.0)
    query["dense_text"], query["phrases"] = corpus.QUESTION, ["Black Sea"]
    plain, phrased = (FirstSearch(phrased=on).search([query], Run(films, corpus.QUESTION)) for on in (False, True))
    assert {find["id"] for find in plain} == {find["id"] for find in phrased}
    values = {find["id"]: find["score"] for find in phrased if find["via"] == "search"}
    danube = corpus.ids(films)["Danube"]
    assert values[danube] >= next(find["score"] for find in plain if find["id"] == danube)
