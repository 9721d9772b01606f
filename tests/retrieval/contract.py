"""What every retriever must keep; a new one is put to the same checks by subclassing `RetrieverContract`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Hit
from polyhop.retrieval.retriever import Retriever
from tests import corpus

NOBODY = "0" * 32
NAMES = ["steven spielberg", "vienna", "nobody of this name"]
Check = Callable[[Retriever], None]


def _questions(retriever: Retriever) -> np.ndarray:
    return retriever.embedder.encode_passages([*corpus.HOPS, "the capital of Austria"])


def _hits(retriever: Retriever, k: int = 5) -> list[Hit]:
    dense = [hit for hits in retriever.dense(_questions(retriever), k) for hit in hits]
    return [*dense, *retriever.lexical("Who directed Jaws and where is Vienna?", k)]


def answers_each_vector(retriever: Retriever) -> None:
    """There is one list for each query vector, the same whether it is asked alone or among others."""
    vectors = _questions(retriever)
    together = retriever.dense(vectors, 3)
    alone = [retriever.dense([vector], 3)[0] for vector in vectors]
    assert [[hit.id for hit in hits] for hits in alone] == [[hit.id for hit in hits] for hits in together]


def lists_are_rankings(retriever: Retriever) -> None:
    """A list holds at most k passages, each once, the best first, ties in the order of their ids."""
    for k in (1, 4, 50):
        for hits in [*retriever.dense(_questions(retriever), k), retriever.lexical("film director", k)]:
            order = [(-round(hit.score, 6), hit.id) for hit in hits]
            assert sorted(order) == order
            assert len({hit.id for hit in hits}) == len(hits) <= k


def a_longer_list_begins_alike(retriever: Retriever) -> None:
    """The first passages do not depend on how many are asked for."""
    question = "Which film did Carol Reed direct in Vienna?"
    short, long = ([hit.id for hit in retriever.lexical(question, k)] for k in (2, 6))
    assert short == long[:2]


def hits_are_passages(retriever: Retriever) -> None:
    """Every hit can be read, under its own id, with a text and a unit vector."""
    ids = [hit.id for hit in _hits(retriever)]
    assert ids
    passages, vectors = retriever.passages(ids), retriever.vectors(ids)
    assert set(ids) == set(passages) == set(vectors)
    assert all(name == passage.id and passage.text.strip() for name, passage in passages.items())
    lengths = [np.linalg.norm(vector) for vector in vectors.values()]
    np.testing.assert_allclose(1, lengths, atol=1e-3)
    assert {(retriever.embedder.dimension,)} == {vector.shape for vector in vectors.values()}


def unknown_ids_are_left_out(retriever: Retriever) -> None:
    """Asking for what is not there is no error and gives nothing."""
    known = _hits(retriever)[0].id
    assert [known] == list(retriever.passages([NOBODY, known])) == list(retriever.vectors([NOBODY, known]))
    assert ({}, {}) == (dict(retriever.passages([])), dict(retriever.vectors([])))
    assert ({}, {}) == (dict(retriever.linked([NOBODY], 3)), dict(retriever.linking([NOBODY], 3)))
    assert {} == dict(retriever.heads(["no such document"], 3))


def counts_are_sound(retriever: Retriever) -> None:
    """No word stands in more passages than there are."""
    counts, total = retriever.frequency(["film", "vienna", "xylophone"])
    assert all(0 <= number <= total for number in counts.values())
    assert 0 == counts.get("xylophone", 0)


def bearers_lead_to_passages(retriever: Retriever) -> None:
    """The bearers of a known name are documents whose first passages can be read; an unknown name has none."""
    found = retriever.bearers(NAMES, 60)
    assert set(NAMES[:2]) == set(found)
    documents = [document for bearers in found.values() for document, _ in bearers]
    heads = retriever.heads(documents, 2)
    assert set(documents) == set(heads)
    firsts = list(itertools.chain(*heads.values()))
    assert set(firsts) == set(retriever.passages(firsts))


def common_names_are_told_from_unknown_ones(retriever: Retriever) -> None:
    """A name that more bear or hold than asked for has none of them; one that nobody does is not there at all."""
    assert {name: [] for name in NAMES[:2]} == retriever.bearers(NAMES, 0) == retriever.mentioning(NAMES, 0)


def links_lead_to_passages(retriever: Retriever) -> None:
    """Links are in the order of the text, lead to passages that are there, and are known at both ends."""
    ids = list(dict.fromkeys(hit.id for hit in _hits(retriever, 50)))
    linked = retriever.linked(ids, 5)
    if not linked:
        assert {} == dict(retriever.linking(ids, 5))
        return
    for name, links in linked.items():
        assert 1 < len(links) <= 5
        assert sorted(links, key=lambda link: link.start) == list(links)
        assert links[:1] == retriever.linked([name], 1)[name]
        heads = retriever.heads([link.document for link in links], 1)
        targets = [link.passage or heads[link.document][0] for link in links]
        assert set(targets) <= set(ids) - {name}
        assert {target: [name] for target in targets} == retriever.linking(targets, 5)


def the_background_is_a_sample(retriever: Retriever) -> None:
    """It has unit vectors of passages that are there, the same ones each time, or none at all."""
    sample = retriever.background()
    assert (len(sample), retriever.embedder.dimension) == sample.shape
    np.testing.assert_array_equal(sample, retriever.background())
    np.testing.assert_allclose(1, np.linalg.norm(sample, axis=1), atol=1e-3)
    best = [hits[0].score for hits in retriever.dense(sample, 1)] if len(sample) else []
    np.testing.assert_allclose(1, best, atol=1e-2)


def filters_hold_or_are_refused(retriever: Retriever) -> None:
    """A filter is kept in every search, or refused as the caller's error; it is never passed over."""
    where = "kind = 'person'"
    try:
        hits = [
            *retriever.lexical("film director born", 20, where=where),
            *retriever.dense(_questions(retriever), 20, where=where)[0],
        ]
        bearers = retriever.bearers(NAMES, 60, where=where)
    except CallerError:
        return
    passages = retriever.passages([hit.id for hit in hits])
    assert {"person"} == {passage.metadata["kind"] for passage in passages.values()}
    assert {"steven spielberg"} == set(bearers)
    assert {} == dict(retriever.heads(["Vienna.md"], 2, where=where))


CHECKS: Sequence[Check] = (
    answers_each_vector,
    lists_are_rankings,
    a_longer_list_begins_alike,
    hits_are_passages,
    unknown_ids_are_left_out,
    counts_are_sound,
    bearers_lead_to_passages,
    common_names_are_told_from_unknown_ones,
    links_lead_to_passages,
    the_background_is_a_sample,
    filters_hold_or_are_refused,
)


def failing(retriever: Retriever) -> set[str]:
    """Return the names of the checks that a retriever does not pass."""
    failed = set()
    for check in CHECKS:
        try:
            check(retriever)
        except Exception:  # whatever a broken retriever raises
            failed.add(check.__name__)
    return failed


class RetrieverContract:
    """Subclass it as `Test…` and give `retriever`, which holds the documents of `tests.corpus`.

    Where a retriever knows of links it holds `corpus.LINKING` too.
    """

    @pytest.fixture
    def retriever(self) -> Retriever:
        """Return the retriever under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, retriever: Retriever) -> None:
        """The retriever keeps each point of the contract."""
        check(retriever)
