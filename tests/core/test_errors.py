"""Errors by who must react, and the exit codes that say so."""

from __future__ import annotations

import pytest

from polyhop.core.check import VectorError
from polyhop.core.errors import CallerError, ModelError, OperatorError, PolyhopError
from polyhop.store.collection import NoCollection, WrongEmbedder
from polyhop.store.filter import FilterError
from polyhop.store.lock import LockedError
from polyhop.store.vector_index import IndexUnavailable


@pytest.mark.parametrize(("kind", "code"), [
    (PolyhopError, 1), (CallerError, 2), (OperatorError, 3), (ModelError, 4), (VectorError, 2), (FilterError, 2),
    (NoCollection, 2), (LockedError, 3), (WrongEmbedder, 3), (IndexUnavailable, 3),
])  # fmt: skip
def test_every_error_knows_its_exit_code(kind: type[PolyhopError], code: int) -> None:
    """Each error is polyhop's own and has the exit code of whoever must react."""
    assert issubclass(kind, PolyhopError)
    assert code == kind.exit_code
