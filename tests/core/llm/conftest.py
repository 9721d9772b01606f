"""What the tests of language models share."""

from __future__ import annotations

import pytest

from polyhop.core.llm.litellm_model import _load


@pytest.fixture(scope="session", autouse=True)
def litellm() -> None:
    """Import litellm once, before any test's time is taken."""
    _load().result()
