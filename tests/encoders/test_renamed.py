"""What 0.1 called the role: it works for one release more, and warns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import polyhop.encoders as room
from polyhop.core.errors import CallerError
from polyhop.core.types import Vectors
from polyhop.encoders import Encoder, role
from polyhop.encoders.role import accepted
from polyhop.retrieval.retriever import CallableRetriever
from tests import corpus


class Old:
    """An encoder of one's own, written for 0.1."""

    name, dimension, max_tokens = "old", 384, 254

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of the encoder inside."""
        return self._inner.encode_passages(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the counts of the encoder inside."""
        return self._inner.count_tokens(texts)


class OldWithQueries(Old):
    """One that reads questions in its own way."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors turned around."""
        return -self.embed(texts)


@pytest.mark.parametrize(("kind", "sign"), [(Old, 1), (OldWithQueries, -1)])
def test_an_encoder_with_the_old_methods_is_accepted(kind: type[Old], sign: int, embedder: Encoder) -> None:
    """Its passages are what `embed` gives, its queries what `embed_queries` gives where it has that."""
    with pytest.warns(DeprecationWarning, match=r"embed is encode_passages.*encode_queries"):
        encoder = accepted(kind(embedder))
    vectors = embedder.encode_passages(["Danube"])

    assert isinstance(encoder, Encoder)
    assert ("old", 384, [1]) == (encoder.name, encoder.dimension, encoder.count_tokens(["Danube"]))
    assert np.array_equal(vectors, encoder.encode_passages(["Danube"]))
    assert np.array_equal(sign * vectors, encoder.encode_queries(["Danube"]))


def test_collections_and_searches_take_an_old_encoder(embedder: Encoder, tmp_path: Path) -> None:
    """The edges where an encoder comes in accept it; what is found is the same."""
    with pytest.warns(DeprecationWarning, match="encode_passages"):
        opened = corpus.collection(tmp_path, Old(embedder))  # type: ignore[arg-type]
    with opened, corpus.collection(tmp_path / "new", embedder) as new:
        vector = embedder.encode_queries([corpus.QUESTION])
        assert [hit.id for hit in new.dense(vector, 3)[0]] == [hit.id for hit in opened.dense(vector, 3)[0]]
    with pytest.warns(DeprecationWarning, match="encode_passages"):
        CallableRetriever(lambda question, k: [], Old(embedder))  # type: ignore[arg-type]


def test_what_lacks_a_method_is_refused(embedder: Encoder) -> None:
    """An object that is no encoder is the caller's mistake, which is told."""
    with pytest.raises(CallerError, match="lacks dimension, max_tokens, encode_queries, encode_passages, count_tokens"):
        accepted(Path("name"))


@pytest.mark.parametrize("module", [room, role])
def test_old_names_are_found(module: object, embedder: Encoder) -> None:
    """The old type and the old function are imported with a warning; others never were."""
    with pytest.warns(DeprecationWarning, match=r"Embedder is .*Encoder now"):
        assert Encoder is module.Embedder  # type: ignore[attr-defined]
    with pytest.warns(DeprecationWarning, match="encode_queries"):
        vectors = module.embed_queries(embedder, ["Danube"])  # type: ignore[attr-defined]
    assert np.array_equal(embedder.encode_queries(["Danube"]), vectors)
    with pytest.raises(AttributeError, match="never"):
        module.never  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(("old", "new"), [("embed", "encode_passages"), ("embed_queries", "encode_queries")])
def test_old_methods_warn(old: str, new: str, embedder: Encoder) -> None:
    """The encoders that come along still have the methods of 0.1."""
    with pytest.warns(DeprecationWarning, match=new):
        vectors = getattr(embedder, old)(["Danube"])
    assert np.array_equal(getattr(embedder, new)(["Danube"]), vectors)
