"""Allow and deny lists, and the check of arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polyhop.agent import CallerError, Tool
from polyhop.agent.toolbox import arguments as judging
from polyhop.agent.toolbox.arguments import faults
from polyhop.agent.toolbox.search import Permissions


@pytest.mark.parametrize(
    (("permissions", "permitted")),
    [
        (Permissions(), ["git/push", "git/Delete_all", "mail/send", "/local"]),
        (Permissions(allow=("git/*",)), ["git/push", "git/Delete_all"]),
        (Permissions(deny=("*/delete_*",)), ["git/push", "mail/send", "/local"]),
        (Permissions(allow=("git/*", "mail/s?nd"), deny=("GIT/push",)), ["git/Delete_all", "mail/send"]),
        (Permissions(allow=("/*",)), ["/local"]),
        (Permissions(allow=()), []),
    ],
)
def test_what_is_denied_is_taken_from_what_is_allowed(permissions: Permissions, permitted: list[str]) -> None:
    """Server and name fit their halves of a pattern."""
    every = [Tool(name, server=server) for server, name in (("git", "push"), ("git", "Delete_all"), ("mail", "send"))]
    found = [tool for tool in [*every, Tool("local")] if permissions.permits(tool)]

    assert permitted == [f"{tool.server}/{tool.name}" for tool in found]


def test_a_pattern_names_a_server() -> None:
    """A pattern that would fit nothing, and so deny nothing, is refused."""
    with pytest.raises(CallerError, match=r"write SERVER/NAME, such as '\*/delete_\*'"):
        Permissions(deny=("delete_*",))


def test_a_name_does_not_reach_over_its_server() -> None:
    """A slash in a name is no way to another server's pattern."""
    assert not Permissions(allow=("git/*",)).permits(Tool("push", server="git/other"))
    assert Permissions(allow=("git/*",)).permits(Tool("a/b", server="git"))


@pytest.mark.parametrize(
    ("pattern", "server", "name"),
    [
        ("github.com/acme/files/delete_*", "github.com/acme/files", "delete_all"),
        ("git/a/b*", "git", "a/bc"),
        ("my  two  spaces/*", "my two spaces", "echo"),
        ("my two spaces/*", "my  two\u00a0spaces", "echo"),
        ("*/delete_*", "s", "\uff24elete_wide"),
        ("*/delete_*", "s", "dele\u200bte\ufe0f_9"),
        ("*/delete_*", "s", " delete_8"),
        ("*/l\u00f6sche*", "s", "LO\u0308SCHE"),
    ],
)
def test_a_pattern_denies_what_reads_the_same(pattern: str, server: str, name: str) -> None:
    """Slashes, spaces, composition, width and what cannot be seen are no way around it."""
    assert not Permissions(deny=(pattern,)).permits(Tool(name, server=server))


def test_the_whole_name_of_a_server_and_the_shown_one_both_deny() -> None:
    """A name that was cut, a number, and an id are denied as they are written."""
    cut = Tool("echo", server="n" * 200, number=2, owner="mcp:n")

    assert not Permissions(deny=(f"{'n' * 250}/*",)).permits(cut, "n" * 250)
    assert Permissions(allow=(f"{'n' * 250}/*",)).permits(cut, "n" * 250)
    assert not Permissions(allow=(f"{'n' * 200}/*",)).permits(cut, "n" * 250)
    for shown in (cut.qualified, cut.id):
        assert not Permissions(deny=(shown,)).permits(cut, "n" * 250)


@pytest.mark.parametrize(
    ("schema", "arguments", "wrong"),
    [
        ({}, {"a": 1}, []),
        ({"properties": {"a": {"type": "string"}}}, {"a": 1}, ["a: 1 is not of type 'string'"]),
        ({"properties": {"a": {"items": {"enum": ["x"]}}}}, {"a": ["y"]}, ["a.0: 'y' is not one of ['x']"]),
        ({"required": ["a", "b"]}, {"b": 1}, ["arguments: 'a' is a required property"]),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}, {"a": 1}, []),
        ({"properties": {"a": {"pattern": "(x+x+)+y"}}}, {"a": "x" * 60}, []),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, {"a": 1}, []),
        ({"properties": {"a": {"type": 5}}}, {"a": 1}, []),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "const": {}}, {"a": 1}, ["arguments: {} was expected"]),
    ],
)  # fmt: skip
def test_arguments_are_judged_where_the_schema_can_judge(
    schema: dict[str, Any], arguments: dict[str, Any], wrong: list[str]
) -> None:
    """References are not fetched, expressions not run, and a schema that is none lets everything pass."""
    assert wrong == faults(schema, arguments)


def test_few_faults_are_told() -> None:
    """A call that is wrong all over gives five lines."""
    properties = {name: {"type": "string"} for name in "abcdefgh"}

    assert 5 == len(faults({"properties": properties}, dict.fromkeys("abcdefgh", 1)))


DRAFT_7 = "http://json-schema.org/draft-07/schema#"
EVIL = {"pattern": "^(x+x+)+y$"}


def doubled(link: Callable[[str], dict[str, Any]], **last: Any) -> dict[str, Any]:
    """Return a schema of forty definitions, each of which refers to the next as `link` makes it."""
    defs: dict[str, Any] = {f"a{n}": link(f"#/$defs/a{n + 1}") for n in range(40)}
    return {"properties": {"x": {"$ref": "#/$defs/a0"}}, "$defs": {**defs, "a40": last}}


def both(ref: str) -> dict[str, Any]:
    """Refer twice to the next."""
    return {"allOf": [{"$ref": ref}, {"$ref": ref}]}


@pytest.mark.parametrize(
    "schema",
    [
        doubled(both, type="string"),
        doubled(both),
        doubled(lambda ref: {"anyOf": [{"$ref": ref}, {"$ref": ref}]}, type="integer"),
        doubled(lambda ref: {"oneOf": [{"$ref": ref}, {"$ref": ref}]}, type="string"),
        doubled(lambda ref: {"not": {"$ref": ref}, "if": {"$ref": ref}, "else": {"$ref": ref}}, type="string"),
        doubled(lambda ref: {"$ref": ref, "$dynamicRef": ref, "unevaluatedProperties": False}),
        {**doubled(lambda ref: {"$schema": DRAFT_7, **both(ref)}, type="string"), "required": ["x"]},
    ],
)
def test_references_that_double_come_to_an_end(schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What two to the fortieth steps would tell is left to the server."""
    monkeypatch.setattr(judging, "STEPS", 2_000)

    assert [] == faults(schema, {"x": "text"})


def test_what_was_found_before_the_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that comes first is not lost in the steps that follow it."""
    monkeypatch.setattr(judging, "STEPS", 2_000)
    schema = {"required": ["y"], **doubled(both, type="string")}

    assert ["arguments: 'y' is a required property"] == faults(schema, {"x": "text"})


@pytest.mark.parametrize(
    "schema",
    [
        {"patternProperties": {EVIL["pattern"]: {}}, "additionalProperties": False},
        {"additionalProperties": {"$schema": DRAFT_7, **EVIL}},
        {"propertyNames": EVIL},
    ],
)
def test_no_expression_is_run(schema: dict[str, Any]) -> None:
    """Neither beside other properties, nor in a part that names a draft of its own, nor on names."""
    assert [] == faults(schema, {"x" * 60: "x" * 60})
