"""Schemas, however they come."""

from __future__ import annotations

from typing import Any

import pytest

from polyhop.tools.schema import DEPTH, VALUES, arguments, normal, pointed, properties_of


def nested(depth: int) -> dict[str, Any]:
    """Return an object schema that is nested so deep."""
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"inner": schema}}
    return schema


def named(schema: Any) -> list[tuple[str, bool]]:
    """Return the inputs that a schema of whatever shape ends in."""
    return [(one.name, one.required) for one in arguments(normal(schema)[0])]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]},
        {"properties": {"a": {"type": "str"}, "b": True}, "required": ["a"]},
        [{"name": "a", "type": "STRING", "required": True}, {"name": "b"}],
        {
            "allOf": [{"$ref": "#/$defs/A"}, {"properties": {"b": {}}}],
            "$defs": {"A": {"properties": {"a": {}}, "required": ["a"]}},
        },
    ],
)
def test_every_usual_shape_names_its_inputs(schema: Any) -> None:
    """Objects, lists of parameters and composed schemas come to the same inputs."""
    assert [("a", True), ("b", False)] == named(schema)


def test_a_mapping_of_names_is_a_schema() -> None:
    """Names with types, without `properties` around them, are inputs; Python's names of types become JSON's."""
    schema, complaints = normal({"city": {"type": "str"}, "type": {"type": "float"}})

    assert ({"city": {"type": "string"}, "type": {"type": "number"}}, []) == (schema["properties"], complaints)


@pytest.mark.parametrize("schema", [7, "object", [1, 2], {"type": "array"}, {"properties": 3}, b"x", object()])
def test_what_is_no_schema_is_said_to_be_none(schema: Any) -> None:
    """It counts as no inputs, with a complaint."""
    found, complaints = normal(schema)

    assert {} == found and complaints


def test_single_faults_cost_only_themselves() -> None:
    """A property that is no schema, and a list of requirements that is none, leave the rest as it is."""
    found, complaints = normal({"properties": {"a": "text", "b": {"type": "string"}}, "required": "a"})

    assert {"a": {}, "b": {"type": "string"}} == found["properties"]
    assert 2 == len(complaints)


def test_depth_and_size_are_bounded() -> None:
    """What is nested too deep or has too many values is cut, and said to be."""
    deep = normal(nested(5_00))[1]
    large = normal({"properties": {f"p{n}": {"enum": list(range(50))} for n in range(1_000)}})[1]

    assert [f"it is nested more than {DEPTH} deep"] == deep
    assert [f"it has more than {VALUES} values"] == large


def test_an_object_that_holds_itself_is_cut() -> None:
    """A circle of Python objects ends."""
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    schema["properties"]["self"] = schema

    assert (["self"], ["it refers to itself"]) == ([name for name, _ in named(schema)], normal(schema)[1])


def test_a_reference_to_itself_ends() -> None:
    """Inputs whose references go in a circle are named and know no more."""
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}

    assert [("a", False)] == named(schema)


def test_a_pointer_leads_through_lists_and_escapes() -> None:
    """JSON pointers are read as RFC 6901 says."""
    root = {"a/b": [{"~": 1}]}

    assert (1, None, None) == (pointed(root, "#/a~1b/0/~0"), pointed(root, "#/x"), pointed(root, "other.json#/a"))


def test_outputs_are_those_of_items_too() -> None:
    """A list of objects gives what its objects have."""
    assert ["id"] == properties_of({"type": "array", "items": {"properties": {"id": {}}}})
