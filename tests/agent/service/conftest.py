"""A server without keys, and one with two tenants; each process of tests starts them once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from tests import corpus

from .served import Served


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Served]:
    """Return a server on this machine whose collection `films` holds the small corpus; tests leave it as it is."""
    home = tmp_path_factory.mktemp("service")
    corpus.collection(home, embedder).close()
    with Served(home) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Return a home of the test's own with that collection."""
    corpus.collection(tmp_path / "home", embedder).close()
    return tmp_path / "home"
