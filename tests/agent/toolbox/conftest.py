"""A selector that knows the tools of the shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.agent import LangChainTools, ToolSelector
from polyhop.encoders import Encoder

from . import shop


@pytest.fixture(scope="package")
def selector(embedder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolSelector]:
    """Return a selector over the shop; it refuses nothing, as eight tools are too few to be sure by."""
    home = tmp_path_factory.mktemp("shop")
    with ToolSelector.open(home, create=True, embedder=embedder, threshold=0.0) as selector:
        selector.sync(LangChainTools(shop.tools()))
        yield selector
