"""Cosines in small products."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.core.vectors import cosines


@pytest.mark.parametrize(
    ("queries", "rows", "dimension"), [(1, 1, 3), (5, 1000, 384), (2, 128, 16), (9, 300, 2000), (0, 7, 4), (3, 0, 4)]
)
def test_they_are_the_products_of_every_query_with_every_row(queries: int, rows: int, dimension: int) -> None:
    """Whatever the numbers are, nothing is left out, and rows lie together."""
    random = np.random.default_rng(0)
    few, many = (random.normal(size=(count, dimension)).astype(np.float32) for count in (queries, rows))
    found = cosines(few, many)

    assert (queries, rows) == found.shape and np.float32 == found.dtype and found.flags.c_contiguous
    assert np.allclose(few @ many.T, found, atol=1e-3)
