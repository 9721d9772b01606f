"""The directional hop: the moved vector itself, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from polyhop.encoders import Encoder
from polyhop.retrieval.hop.directional import DirectionalHop
from polyhop.retrieval.hop.role import Bridge, Query
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("directional"), embedder) as opened:
        yield opened


def query(opened: Collection, run: Run, name: str, hop: DirectionalHop) -> Query:
    """Return the query that the hop makes from one passage."""
    (made,) = hop.propose([Bridge(id=corpus.ids(opened)[name], score=1.0, path=[])], run)
    return made


@pytest.mark.parametrize(("alpha_i", "alpha_t", "beta"), [(1.0, 1.0, 0.5), (0.3, 2.0, 0.1), (0.0, 0.0, 1.0)])
def test_the_vector_is_the_formula(alpha_i: float, alpha_t: float, beta: float, films: Collection) -> None:
    """The next vector is unit((1 - b)(p + ai (q - r)) + b (r + at (q - r)))."""
    run = Run(films, corpus.QUESTION)
    hop = DirectionalHop(alpha_i=alpha_i, alpha_t=alpha_t, beta=beta)
    made = query(films, run, "Jaws (film)", hop)
    q, r = films.embedder.encode_passages([run.question, made["text"]])
    p = films.vectors([made["path"][-1]])[made["path"][-1]]
    mixed = (1 - beta) * (p + alpha_i * (q - r)) + beta * (r + alpha_t * (q - r))

    np.testing.assert_allclose(mixed / np.linalg.norm(mixed), hop.vectors([made], run)[0], atol=1e-5)


def test_the_query_text_is_the_resolved_part_of_the_question(films: Collection) -> None:
    """What the passage's names cover of the question is what counts as answered."""
    assert "jaws" == query(films, Run(films, corpus.QUESTION), "Jaws (film)", DirectionalHop())["text"]


def test_a_gone_bridge_falls_back_to_the_question(films: Collection) -> None:
    """A query whose passage is gone is run with the question's own vector."""
    run = Run(films, corpus.QUESTION)
    gone = Query(text="jaws", updater="directional", checkpoint="", path=["f" * 32], score=1.0)

    np.testing.assert_allclose(run.vector, DirectionalHop().vectors([gone], run)[0], atol=1e-6)


def test_only_the_first_bridges_are_gone_on_from(films: Collection) -> None:
    """The number of queries is the number of bridges up to the bound."""
    bridges = [Bridge(id=name, score=1.0, path=[]) for name in corpus.ids(films).values()]

    assert [2, 4] == [
        len(DirectionalHop(bridges=most).propose(bridges, Run(films, corpus.QUESTION))) for most in (2, 4)
    ]
