"""What every encoder must do."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.encoders import Encoder
from polyhop.encoders.role import accepted
from polyhop.encoders.transform import QueryTransform, Transformed

WAYS = ["encode_queries", "encode_passages"]
TEXTS = ["Which river flows through Vienna?", "", "The Danube.", "Which river flows through Vienna?", "多瑙河 \ud800"]


class EncoderContract:
    """A subclass has a fixture `one` with the encoder under test."""

    @pytest.mark.parametrize("way", WAYS)
    def test_rows_are_of_unit_length(self, way: str, one: Encoder) -> None:
        """Whatever text comes in, a unit row in float32 comes out, of queries as of passages."""
        rows = getattr(one, way)(TEXTS)

        assert ((len(TEXTS), one.dimension), np.float32) == (rows.shape, rows.dtype.type)
        np.testing.assert_allclose(1, np.linalg.norm(rows, axis=1), atol=1e-5)

    @pytest.mark.parametrize("way", WAYS)
    def test_a_text_has_one_vector(self, way: str, one: Encoder) -> None:
        """The same text has the same vector in any company."""
        rows, alone = getattr(one, way)(TEXTS), getattr(one, way)(TEXTS[2:3])

        assert np.array_equal(rows[0], rows[3])
        assert np.abs(rows[2] - alone[0]).max() < 1e-5

    def test_no_texts_have_no_vectors(self, one: Encoder) -> None:
        """An empty list gives an empty array of the right width."""
        assert (0, one.dimension) == one.encode_passages([]).shape == one.encode_queries([]).shape

    def test_a_string_is_no_list(self, one: Encoder) -> None:
        """A lone string is refused, since it would be taken for a list of letters."""
        for encode in (one.encode_passages, one.encode_queries):
            with pytest.raises(CallerError, match="put it into a list"):
                encode("Danube")

    def test_it_plays_the_role(self, one: Encoder) -> None:
        """It has everything that the protocol names, so that a collection takes it as it is."""
        assert isinstance(one, Encoder)
        assert accepted(one) is one

    def test_tokens_are_counted(self, one: Encoder) -> None:
        """An empty text has none, a longer one more, also beyond what is read."""
        empty, short, long = one.count_tokens(["", "a river", "a river " * one.max_tokens])
        assert 0 == empty < short < one.max_tokens < long


class QueryTransformContract(EncoderContract):
    """A subclass has a fixture `transform` with the transform under test, which the default encoder is given."""

    @pytest.fixture
    def one(self, embedder: Encoder, transform: QueryTransform) -> Encoder:
        """Return the default encoder with the transform."""
        return Transformed(embedder, transform)

    def test_it_is_a_transform(self, transform: QueryTransform) -> None:
        """It has everything that the protocol names, and leaves the vectors that it is given alone."""
        given = np.eye(384, dtype=np.float32)[:5]
        transform.transform(given)

        assert isinstance(transform, QueryTransform)
        assert np.array_equal(np.eye(384)[:5], given)


def failing(one: Encoder) -> set[str]:
    """Return the names of the checks that an encoder fails."""
    suite, failed = EncoderContract(), set()
    for name in (name for name in dir(suite) if name.startswith("test_")):
        check: Callable[..., None] = getattr(suite, name)
        try:
            for given in [{"way": way} for way in WAYS] if "way" in signature(check).parameters else [{}]:
                check(one=one, **given)
        except (AssertionError, CallerError, pytest.fail.Exception):
            failed.add(name)
    return failed
