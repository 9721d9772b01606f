"""What the tests of evaluation share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from tests import corpus


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("evaluate"), embedder) as opened:
        yield opened
