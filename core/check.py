"""The edge where vectors come in: shapes, finiteness and length are checked once, here."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import ArrayLike

from .errors import CallerError
from .types import Vectors


class VectorError(CallerError):
    """A vector that cannot be searched with or stored: wrong dimension, not finite, or zero."""


def unit_rows(vectors: ArrayLike, dimension: int) -> Vectors:
    """Return the vectors as unit rows, shape (n, dimension), float32.

    A vector index may take non-finite and zero vectors and then rank by nonsense, so they are refused here.

    Raises:
        VectorError: naming the first bad row and what is wrong with it.
    """
    try:
        rows = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise VectorError(f"vectors must be numbers in equally long rows ({error})") from error
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise VectorError(
            f"vectors have shape {rows.shape!r}, the collection holds {dimension} dimensions; embed with its embedder"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt((rows * rows).sum(axis=1))
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if bad.size:
        row = int(bad[0])
        what = "is zero" if lengths[row] == 0 else "holds NaN, infinity or numbers too large to square"
        raise VectorError(f"vector {row} of {len(rows)} {what}; a unit vector cannot be made of it")
    return np.ascontiguousarray(rows / lengths[:, None], dtype=np.float32)


def clean_text(text: str) -> str:
    """Return a text without what neither the embedder nor SQLite takes, accents joined to their letters."""
    clean = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8").strip()
    return unicodedata.normalize("NFC", clean)


def question_text(question: object) -> str:
    """Return a question fit for the embedder and SQLite, or raise `CallerError`.

    Accents become part of their letters, as in the texts of a collection: keyboards differ in how they send them, and
    a name is cut in two at an accent that stands for itself.
    """
    if not isinstance(question, str):
        raise CallerError(f"a question must be a string, not {type(question).__name__}: {question!r:.80}")
    clean = clean_text(question)
    if not clean:
        raise CallerError(f"the question is empty: {question!r}; ask something")
    if len(clean) > MAX_QUESTION:
        raise CallerError(f"the question has {len(clean)} characters, at most {MAX_QUESTION} are taken; shorten it")
    return clean


MAX_QUESTION = 20_000


def check_k(k: object) -> int:
    """Return a number of results that is a positive int of sensible size, or raise `CallerError`."""
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MAX_K:
        raise CallerError(f"k must be a whole number from 1 to {MAX_K}, not {k!r}")
    return k


MAX_K = 10_000
