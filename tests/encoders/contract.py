"""What every embedder must do."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.encoders import Encoder

TEXTS = ["Which river flows through Vienna?", "", "The Danube.", "Which river flows through Vienna?", "多瑙河 \ud800"]


class EncoderContract:
    """A subclass has a fixture `one` with the embedder under test."""

    @pytest.mark.parametrize("way", ["passages", "questions"])
    def test_rows_are_of_unit_length(self, way: str, one: Encoder) -> None:
        """Whatever text comes in, a unit row in float32 comes out, of questions as of passages."""
        rows = one.encode_passages(TEXTS) if way == "passages" else one.encode_queries(TEXTS)

        assert ((len(TEXTS), one.dimension), np.float32) == (rows.shape, rows.dtype.type)
        np.testing.assert_allclose(1, np.linalg.norm(rows, axis=1), atol=1e-5)

    @pytest.mark.parametrize("way", ["passages", "questions"])
    def test_a_text_has_one_vector(self, way: str, one: Encoder) -> None:
        """The same text has the same vector in any company."""
        rows = one.encode_passages(TEXTS) if way == "passages" else one.encode_queries(TEXTS)
        alone = one.encode_passages(TEXTS[2:3]) if way == "passages" else one.encode_queries(TEXTS[2:3])

        assert np.array_equal(rows[0], rows[3])
        assert np.abs(rows[2] - alone[0]).max() < 1e-5

    def test_no_texts_have_no_vectors(self, one: Encoder) -> None:
        """An empty list gives an empty array of the right width."""
        assert (0, one.dimension) == one.encode_passages([]).shape == one.encode_queries([]).shape

    def test_a_string_is_no_list(self, one: Encoder) -> None:
        """A lone string is refused, since it would be taken for a list of letters."""
        for embed in (one.encode_passages, lambda texts: one.encode_queries(texts)):
            with pytest.raises(CallerError, match="put it into a list"):
                embed("Danube")

    def test_tokens_are_counted(self, one: Encoder) -> None:
        """An empty text has none, a longer one more, also beyond what is read."""
        empty, short, long = one.count_tokens(["", "a river", "a river " * one.max_tokens])
        assert 0 == empty < short < one.max_tokens < long
