"""The encoder role: queries and passages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from polyhop.agent import Agent
from polyhop.core.types import Vectors
from polyhop.encoders import Encoder
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

from .contract import EncoderContract


class TestDefault(EncoderContract):
    """all-MiniLM-L6-v2, which makes no difference between queries and passages."""

    @pytest.fixture
    def one(self, embedder: Encoder) -> Encoder:
        """Return the default encoder."""
        return embedder


class Reversed:
    """The default encoder, which turns the vectors of queries around."""

    def __init__(self, inner: Encoder) -> None:
        self.name, self.dimension, self.max_tokens = inner.name, inner.dimension, inner.max_tokens
        self._inner = inner

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of the encoder inside, turned around."""
        return -self._inner.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of the encoder inside."""
        return self._inner.encode_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the counts of the encoder inside."""
        return self._inner.count_tokens(texts)


class TestReversed(EncoderContract):
    """One that does make a difference."""

    @pytest.fixture
    def one(self, embedder: Encoder) -> Encoder:
        """Return it around the default encoder."""
        return Reversed(embedder)


def test_what_is_searched_with_is_encoded_as_a_query(embedder: Encoder, tmp_path: Path) -> None:
    """A run encodes its question, parts of it and the queries of the first search as queries."""
    with corpus.collection(tmp_path, Reversed(embedder)) as opened:
        run = Run(opened, corpus.QUESTION)

        assert np.array_equal(-embedder.encode_queries([corpus.QUESTION])[0], run.vector)
        assert np.array_equal(run.vector, run.embed(corpus.QUESTION))
        assert np.array_equal(-embedder.encode_queries(["Danube"])[0], run.embed("Danube"))
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


def test_a_batch_encodes_queries_as_queries(embedder: Encoder, tmp_path: Path) -> None:
    """Questions that are asked together are encoded together, as queries, and find what they find alone."""
    questions = list(corpus.HOPS)
    with corpus.collection(tmp_path, Counting(embedder)) as opened, Agent(opened) as agent:
        alone = [agent.retrieve(question).passages for question in questions]
        counting = opened.embedder
        assert isinstance(counting, Counting)
        counting.queries.clear()
        counting.passages.clear()

        assert alone == [one.passages for one in agent.batch(questions)]
        assert [] == counting.passages
        assert 1 < max(counting.queries)


class Counting(Reversed):
    """Notes how many texts it is given at a time."""

    def __init__(self, inner: Encoder) -> None:
        super().__init__(inner)
        self.queries: list[int] = []
        self.passages: list[int] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Count, then encode."""
        self.queries.append(len(texts))
        return super().encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Count, then encode."""
        self.passages.append(len(texts))
        return super().encode_passages(texts)
