"""The embedder role: questions and passages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from polyhop.core.types import Vectors
from polyhop.encoders import Encoder
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

from .contract import EncoderContract


class TestDefault(EncoderContract):
    """all-MiniLM-L6-v2, which makes no difference between questions and passages."""

    @pytest.fixture
    def one(self, embedder: Encoder) -> Encoder:
        """Return the default embedder."""
        return embedder


class Reversed:
    """The default embedder, which turns the vectors of questions around."""

    def __init__(self, inner: Encoder) -> None:
        self.name, self.dimension, self.max_tokens = inner.name, inner.dimension, inner.max_tokens
        self._inner = inner

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of the embedder inside."""
        return self._inner.encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return them turned around."""
        return -self._inner.encode_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the counts of the embedder inside."""
        return self._inner.count_tokens(texts)


class TestReversed(EncoderContract):
    """One that does make a difference."""

    @pytest.fixture
    def one(self, embedder: Encoder) -> Encoder:
        """Return it around the default embedder."""
        return Reversed(embedder)


def test_only_questions_are_embedded_as_questions(embedder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A run embeds its question as one, a query of the first search too, and what it computes with like a passage."""
    inner = Reversed(embedder)
    with corpus.collection(tmp_path_factory.mktemp("role"), inner) as opened:
        run = Run(opened, corpus.QUESTION)

        assert np.array_equal(-embedder.encode_passages([corpus.QUESTION])[0], run.vector)
        assert np.array_equal(run.vector, run.embed(corpus.QUESTION))
        assert np.array_equal(embedder.encode_passages(["Danube"])[0], run.embed("Danube"))
        assert found(opened, "Danube") == [hit.id for hit in opened.dense(-embedder.encode_queries(["Danube"]), 50)[0]]


def found(opened: Collection, text: str) -> list[str]:
    """Return what a query finds by vector alone, best first."""

    class Dense:
        name = "dense"

        def fuse(self, dense: Sequence[object], lexical: object, asked: object) -> list[object]:
            return list(dense)

    query = {"text": text, "updater": "search", "checkpoint": "", "path": [], "score": 1.0}
    finds = FirstSearch(fusion=Dense()).search([query], Run(opened, corpus.QUESTION))  # type: ignore[arg-type, list-item]
    return [find["id"] for find in finds if find["via"] == "search"]


def test_without_a_way_of_its_own_questions_are_passages(embedder: Encoder) -> None:
    """An embedder need not know of questions."""
    assert np.array_equal(embedder.encode_passages(["Danube"]), embedder.encode_queries(["Danube"]))
