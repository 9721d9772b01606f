"""Old names of modules and of what `polyhop.agent` exported."""

from __future__ import annotations

import importlib
import sys

import pytest

import polyhop.agent
from polyhop.core.moved import MOVED, PACKAGE, new_name


@pytest.mark.parametrize("old", sorted(MOVED))
def test_every_old_name_leads_to_a_module(old: str) -> None:
    """What stands in the table, module or name, is there under its new name."""
    module, _, name = MOVED[old].partition(":")
    assert getattr(importlib.import_module(f"{PACKAGE}.{module}"), name or "__name__")


def test_an_old_name_is_the_same_module_and_warns() -> None:
    """A program written for 0.1 gets the module itself, not a second copy, and is told the new name."""
    import polyhop.retrieval
    import polyhop.store.collection

    with pytest.warns(DeprecationWarning) as told:
        old = importlib.import_module("polyhop.retrieval.store.collection")

    assert polyhop.store.collection is old
    assert "polyhop.store.collection" == old.__spec__.name
    assert any("is polyhop.store.collection now" in str(one.message) for one in told)
    for name in [name for name in sys.modules if name.startswith("polyhop.retrieval.store")]:
        del sys.modules[name]


def test_names_that_never_were_are_not_found() -> None:
    """The table helps with old names only."""
    assert None is new_name("polyhop.retrieval.nothing")
    assert None is new_name("elsewhere.retrieval.store")


def test_the_agent_exports_what_people_call() -> None:
    """Few names are exported, and each can be had."""
    assert 45 >= len(polyhop.agent.__all__)
    assert all(hasattr(polyhop.agent, name) for name in polyhop.agent.__all__)


def test_a_part_exported_by_0_1_is_found_with_a_warning() -> None:
    """Old imports from `polyhop.agent` go on for one release; a renamed class is found by its old name."""
    from polyhop.retrieval.hop.link import LinkHop
    from polyhop.retrieval.run import Run

    with pytest.warns(DeprecationWarning, match=r"polyhop\.retrieval\.hop\.link\.LinkHop now"):
        assert LinkHop is polyhop.agent.LinkHop
    with pytest.warns(DeprecationWarning, match=r"polyhop\.retrieval\.run\.Run now"):
        assert Run is polyhop.agent.Working
