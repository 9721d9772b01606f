"""Python functions with docstrings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import pytest

from polyhop.tools.importers.python import PythonFunctions
from tests.tools.catalogues import read


def google(city: str, days: int = 3, unit: Literal["C", "F"] = "C", *more: str) -> dict[str, float]:
    """Tell the weather.

    Of several days.

    Args:
        city: Name of the city.
        days: How many.
    """
    return {city: float(days)}


def numpy(city: str, days: int = 3) -> dict[str, float]:
    """Tell the weather.

    Of several days.

    Parameters
    ----------
    city : str
        Name of the city.
    days : int
        How many.
    """
    return {city: float(days)}


def rest(city: str, days: int = 3) -> dict[str, float]:
    """Tell the weather.

    Of several days.

    :param city: Name of the city.
    :param days: How many.
    """
    return {city: float(days)}


@pytest.mark.parametrize("function", [google, numpy, rest])
def test_docstrings_of_all_styles_describe_inputs(function: Callable[..., Any]) -> None:
    """Types come from the annotations, words from the docstring, requirements from the defaults."""
    (tool,), notes = read(PythonFunctions([function]))
    properties = tool.parameters["properties"]

    assert ("Tell the weather.\n\nOf several days.", ("city",), []) == (tool.description, tool.required, notes)
    assert {"type": "string", "description": "Name of the city."} == properties["city"]
    assert {"type": "integer", "description": "How many.", "default": 3} == properties["days"]
    assert "object" == tool.output["type"]


def test_choices_are_in_the_schema() -> None:
    """A literal type becomes an enumeration, and `*more` is no input."""
    (tool,), _ = read(PythonFunctions([google]))

    assert ["C", "F"] == tool.parameters["properties"]["unit"]["enum"]
    assert "more" not in tool.parameters["properties"]


def test_odd_functions_are_taken_as_far_as_they_go() -> None:
    """Types without a schema, types that cannot be read, objects that are called: noted, never raised."""

    class Odd:
        def __call__(self, word: str) -> None:
            """Say a word."""

    def unknown(thing: Odd) -> None:
        """Take a thing."""

    def broken(thing: nowhere.Thing) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Take another."""

    tools, notes = read(PythonFunctions([Odd(), unknown, broken, partial(google, days=2), 7]))  # type: ignore[list-item]

    assert ["Odd", "unknown", "broken", "google"] == [tool.name for tool in tools]
    assert [("word",), ("thing",), ("thing",), ("city",)] == [tool.required for tool in tools]
    assert ["unknown", "broken"] == [note.tool for note in notes if not note.lost and "type" in note.what]
    assert 1 == sum(note.lost for note in notes)
