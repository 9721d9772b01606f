"""The edge where questions, vectors and numbers of results come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhop.core.check import MAX_K, MAX_QUESTION, VectorError, check_k, question_text, unit_rows
from polyhop.core.errors import CallerError


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).filter(lambda row: any(abs(x) > 1e-6 for x in row)))
)
def test_rows_come_out_at_unit_length(rows: list[list[float]]) -> None:
    """Whatever finite rows go in, unit rows in float32 come out."""
    if rows:
        units = unit_rows(rows, 3)
        assert ((len(rows), 3), np.float32) == (units.shape, units.dtype.type)
        np.testing.assert_allclose(1, np.linalg.norm(units, axis=1), atol=1e-6)


@pytest.mark.parametrize(("vectors", "said"), [
    ([[np.nan, 1.0]], "NaN"),
    ([[1.0, 0.0], [np.inf, 0.0]], "vector 1 of 2"),
    ([[1e200, 1e200]], "too large"),
    ([[0.0, 0.0]], "is zero"),
    ([[1.0, 2.0, 3.0]], "2 dimensions"),
    ([[[1.0, 2.0]]], "shape"),
    ([], "shape"),
    ([["a", "b"]], "numbers"),
    ([[1.0], [1.0, 2.0]], "numbers"),
    (None, "shape"),
])  # fmt: skip
def test_bad_vectors_are_refused_by_name(vectors: object, said: str) -> None:
    """A vector that no unit vector can be made of is an error that names the row and the reason."""
    with pytest.raises(VectorError, match=said):
        unit_rows(vectors, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("question", ["", "  \n", "\0", None, 7, b"who", ["who"], "x" * (MAX_QUESTION + 1)])
def test_what_is_no_question_is_refused(question: object) -> None:
    """An empty, overlong or non-string question is the caller's error."""
    with pytest.raises(CallerError):
        question_text(question)


@given(st.text(st.characters(codec=None), min_size=1, max_size=50))
def test_any_other_question_comes_out_encodable(text: str) -> None:
    """Lone surrogates and NUL never get through to SQLite or the embedder."""
    try:
        clean = question_text(text)
    except CallerError:
        assert "" == text.replace("\0", " ").strip()
    else:
        assert clean.encode("utf-8") and "\0" not in clean


@pytest.mark.parametrize("k", [0, -1, True, 2.0, "5", None, MAX_K + 1, np.int64(3)])
def test_a_bad_k_is_refused(k: object) -> None:
    """k is a plain int from one to the limit."""
    with pytest.raises(CallerError, match=r"k must be a whole number"):
        check_k(k)


def test_a_good_k_is_returned() -> None:
    """The bounds themselves are allowed."""
    assert (1, MAX_K) == (check_k(1), check_k(MAX_K))
