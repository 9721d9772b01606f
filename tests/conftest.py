"""What all tests share: an offline environment, the real embedder, and the check of what is under test."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Libraries read these when they are imported, and child processes inherit them.
os.environ.update(
    HAYSTACK_TELEMETRY_ENABLED="False",
    HF_HUB_OFFLINE="1",
    LANGGRAPH_STRICT_MSGPACK="true",
    LITELLM_LOCAL_MODEL_COST_MAP="True",
    POLYHOP_SECONDS="600",  # as long as a test: no question ends early because the machine is busy
    TOKENIZERS_PARALLELISM="false",
)

if TYPE_CHECKING:
    from polyhop.encoders import Encoder

SLOW_SECONDS = 600
_CACHE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a cache of its own, so that it exports the embedder that the code describes today."""
    settings.register_profile("polyhop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("polyhop")
    config.stash[_CACHE] = os.environ["POLYHOP_CACHE"] = tempfile.mkdtemp(prefix="polyhop-tests-")
    if wheel := os.environ.get("POLYHOP_WHEEL"):
        _check_origin(Path(wheel).resolve())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the cache of the run."""
    shutil.rmtree(config.stash[_CACHE], ignore_errors=True)


def pytest_sessionfinish() -> None:
    """Close the connections that litellm keeps: at the end of a program nobody minds them, here they are warnings."""
    if "litellm" in sys.modules:
        import asyncio

        from polyhop.core.threads import aside

        asyncio.run(aside(sys.modules["litellm"].close_litellm_async_clients()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that are marked as slow take longer, where they do not say themselves how long."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let hypothesis make its tables of all characters before the clock of the first test that draws texts runs.

    They take some ten seconds of processor time, on a busy machine a minute, which is the limit of a test.
    """
    if item.get_closest_marker("hypothesis"):
        st.text().validate()


@pytest.fixture(scope="session")
def embedder() -> Encoder:
    """Return the real default embedder, loaded once."""
    from polyhop.encoders import load

    return load("all-MiniLM-L6-v2")


def _check_origin(wheel: Path) -> None:
    """Stop a run that would test the checkout instead of the built wheel."""
    import polyhop.core.errors as module

    found = Path(module.__file__ or "").resolve()
    if not found.is_relative_to(wheel):
        raise pytest.UsageError(f"POLYHOP_WHEEL is {str(wheel)!r} but polyhop comes from {str(found)!r}")
