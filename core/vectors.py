"""Unit vectors and the cosines of a few queries with many rows."""

from __future__ import annotations

import numpy as np

from .types import Vectors

# Products of no more multiplications than this OpenBLAS leaves to the calling thread. Threads of its own go on spinning
# for milliseconds after a large product and keep the embedder, which is run next, from the cores: selecting among
# 10,000 tools on two cores took a third longer. Small products are also the faster ones here, since they fit the cache.
_ALONE = 1 << 18
_ROWS = 128


def cosines(queries: Vectors, rows: Vectors) -> Vectors:
    """Return the dot products of unit rows, shape (queries, rows).

    Their last digits depend on how many queries there are.
    """
    count, dimension = rows.shape
    size = max(1, min(_ROWS, _ALONE // max(1, dimension * len(queries))))
    blocks = count // size
    whole = blocks * size
    columns = np.ascontiguousarray(queries.T)
    found = np.empty((count, len(queries)), np.float32)
    shape = blocks, size, len(queries)
    np.matmul(rows[:whole].reshape(blocks, size, dimension), columns, out=found[:whole].reshape(shape))
    found[whole:] = rows[whole:] @ columns
    return np.ascontiguousarray(found.T)


def unit(vectors: Vectors) -> Vectors:
    """Return the rows at unit length; a row that came out as zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return result
