"""Chroma as the vector index: how broadly it searches."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from polyhop.store import chroma
from polyhop.store.chroma import BREADTH, ChromaIndex, breadth
from polyhop.store.collection import Collection
from tests import corpus


def test_larger_indexes_are_searched_more_broadly() -> None:
    """Small ones keep the number of candidates they were made with; it grows more slowly than the rows."""
    assert (BREADTH, BREADTH) == (breadth(0), breadth(chroma.ROWS))
    assert 2 * BREADTH < breadth(10 * chroma.ROWS) < 10 * BREADTH


@pytest.mark.usefixtures("embedder")
def test_an_index_that_has_grown_is_tuned_and_stays_sound(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a write the index keeps as many candidates as its rows ask for, and opens again without a repair."""
    monkeypatch.setattr(chroma, "ROWS", 2)
    corpus.collection(tmp_path, embedder).close()
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        index = opened._derived.index
        assert isinstance(index, ChromaIndex)
        assert breadth(len(corpus.DOCUMENTS)) == index._collection.configuration_json["hnsw"]["ef_search"]
        assert ([], []) == (opened.notices, opened.verify())
