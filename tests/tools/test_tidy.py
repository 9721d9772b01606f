"""The edge where tools come in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from polyhop.tools.importers.definitions import draft_of
from polyhop.tools.snapshot import kept, metadata
from polyhop.tools.tidy import DESCRIPTION, Draft, checked
from polyhop.tools.tool import Note, Tool

RUBBISH = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(some.characters(), max_size=8),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=6), inner, max_size=4),
    max_leaves=6,
)
KEYS = ("name", "description", "parameters", "inputSchema", "required", "server", "tags", "outputSchema", "other")


def looked_at(**said: Any) -> tuple[Tool | None, list[str]]:
    """Return the tool that a draft makes, if any, and what is said of it."""
    items = list(checked(Draft(**said), "shop"))
    found = [one for one in items if isinstance(one, Tool)]
    return found[0] if found else None, [one.what for one in items if isinstance(one, Note)]


@pytest.mark.parametrize("name", [7, None, "", "  ", "a\x00b", "a\nb", "x" * 600, ["a"], "\ud800"])
def test_what_cannot_be_called_is_left_out(name: Any) -> None:
    """A tool without a usable name is noted, with its owner and a remedy, and makes none."""
    items = list(checked(Draft(name, place="line 3"), "shop"))

    assert [("shop", "line 3", True)] == [(one.owner, one.tool, one.lost) for one in items if isinstance(one, Note)]


def test_a_megabyte_of_description_is_cut() -> None:
    """The cut is noted."""
    found, said = looked_at(name="a", description="x" * 1_000_000)

    assert found is not None and DESCRIPTION == len(found.description)
    assert ["its description has 1000000 characters"] == said


def test_a_missing_description_is_made() -> None:
    """It consists of the words of the name and of the inputs, and is said to be made."""
    found, said = looked_at(name="getTeamStats", parameters={"properties": {"teamName": {}, "season": {}}})

    assert found is not None and "Get team stats by team name, season." == found.description
    assert {"described": False} == found.extras and ["it has no description"] == said


def test_control_characters_are_taken_out() -> None:
    """Neither controls nor invisible marks reach a search or a model; line breaks do."""
    found, said = looked_at(name="a", description="one\x07two\u202ethree\nfour\U000e0041")

    assert found is not None and "one two three\nfour" == found.description
    assert ["its description holds control characters"] == said


def test_a_circle_of_references_is_noted_and_kept() -> None:
    """A schema that refers to itself is allowed, but not by every model."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    found, said = looked_at(
        name="a",
        description="b",
        parameters={"properties": {"list": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}},
    )

    assert found is not None and ("list",) == found.optional and "$defs" in found.parameters
    assert ["its schema refers to itself at '#/$defs/Node'"] == said


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.dictionaries(some.sampled_from(KEYS), RUBBISH, max_size=6))
def test_whatever_comes_ends_in_a_tool_or_a_note(row: dict[str, Any]) -> None:
    """Rubbish in any field never raises, and what is made of it is plain JSON that comes back from the record."""
    items = list(checked(draft_of(row), "shop"))

    assert items
    for item in items:
        if isinstance(item, Tool):
            stored = json.loads(json.dumps(metadata(item), allow_nan=False).encode())
            assert item == kept(stored)
            assert item.text.strip() and item.title.strip() and item.definition()
