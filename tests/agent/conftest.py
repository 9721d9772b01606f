"""What tests of the command line share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Undo what a command did to logging, which would write to a stream that is closed by then."""
    yield
    structlog.reset_defaults()
