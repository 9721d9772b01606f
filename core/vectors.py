"""Unit vectors and the cosines of a few queries with many rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .types import Numbers, Vectors

# Products of no more multiplications than this OpenBLAS leaves to the calling thread. What it shares among threads is
# done when the slowest is; where another process has a core, that is a time slice: a question took 180 ms, not 45.
# Threads of its own also go on spinning for milliseconds after a large product and keep the embedder, which is run
# next, from the cores: selecting among 10,000 tools on two cores took a third longer.
_ALONE = 1 << 18
_ROWS = 128


def product(rows: Vectors | Numbers, columns: Vectors | Numbers) -> Any:
    """Return `rows @ columns`, of shapes (n, d) and (d, m), made in small products by the calling thread alone.

    Its last digits depend on the shapes.
    """
    count, dimension = rows.shape
    wide = columns.shape[1]
    size = max(1, min(_ROWS, _ALONE // max(1, dimension * wide)))
    blocks = count // size
    whole = blocks * size
    own: Any = np.ascontiguousarray(columns)
    found = np.empty((count, wide), np.result_type(rows, columns))
    np.matmul(rows[:whole].reshape(blocks, size, dimension), own, out=found[:whole].reshape(blocks, size, wide))
    found[whole:] = rows[whole:] @ own
    return found


def cosines(queries: Vectors, rows: Vectors) -> Vectors:
    """Return the dot products of unit rows, shape (queries, rows).

    Their last digits depend on how many queries there are.
    """
    return np.ascontiguousarray(product(rows, queries.T).T)


def unit(vectors: Vectors) -> Vectors:
    """Return the rows at unit length; a row that came out as zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return result
