"""JSON schemas of what tools take and give: bounded, without cycles, and read for their properties."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# A schema is kept to so many levels and values, and a string in it to so many characters.
DEPTH = 24
VALUES = 4_000
CHARACTERS = 2_000
KEY = 200
# References followed on the way to one property.
FOLLOWED = 8

_TYPES = {
    "str": "string", "text": "string", "int": "integer", "float": "number", "double": "number", "decimal": "number",
    "bool": "boolean", "list": "array", "tuple": "array", "set": "array", "dict": "object", "map": "object",
    "none": "null",
}  # fmt: skip
KNOWN_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})


@dataclass(frozen=True, slots=True)
class Argument:
    """One input of a tool."""

    name: str
    description: str
    type: str
    required: bool


@dataclass(slots=True)
class Bounded:
    """Copies JSON within bounds and remembers what it left out, each complaint once."""

    complaints: list[str] = field(default_factory=list)
    left: int = VALUES
    _path: list[int] = field(default_factory=list)

    def copy(self, value: Any, depth: int = 0) -> Any:
        """Return the value as plain JSON; what goes too deep, too far or round in a circle becomes `{}`."""
        self.left -= 1
        if self.left < 0:
            return self._complain({}, f"it has more than {VALUES} values")
        if isinstance(value, str):
            return self._string(value, CHARACTERS)
        if value is None or isinstance(value, bool | int):
            return value if not isinstance(value, int) or abs(value) < 2**63 else float(value)
        if isinstance(value, float):
            return value if math.isfinite(value) else self._complain(None, "it holds numbers that are not finite")
        if id(value) in self._path:
            return self._complain({}, "it refers to itself")
        if depth >= DEPTH:
            return self._complain({}, f"it is nested more than {DEPTH} deep")
        return self._nested(value, depth)

    def _nested(self, value: Any, depth: int) -> Any:
        self._path.append(id(value))
        try:
            if isinstance(value, Mapping):
                return {key: self.copy(item, depth + 1) for key, item in self._items(value)}
            if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
                return [self.copy(item, depth + 1) for item in self._within(value)]
        finally:
            self._path.pop()
        return self._complain(None, f"it holds a {type(value).__name__}, which JSON has not")

    def _items(self, value: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
        for key in self._within(value):
            if isinstance(key, str):
                yield self._string(key, KEY), value[key]
            else:
                self._complain(None, f"it holds the key {key!r:.40}, which is no string")

    def _within(self, values: Any) -> Iterator[Any]:
        for value in values:
            if self.left <= 0:
                self._complain(None, f"it has more than {VALUES} values")
                return
            yield value

    def _string(self, value: str, most: int) -> str:
        if len(value) > most:
            self._complain(None, f"it holds a string of more than {most} characters")
        return value[:most].encode("utf-8", "replace").decode("utf-8")

    def _complain(self, value: Any, complaint: str) -> Any:
        if complaint not in self.complaints:
            self.complaints.append(complaint)
        return value


def normal(schema: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the JSON schema of an object for whatever a source gives as one, and what is wrong with it.

    Beside real schemas it understands a mapping from names to schemas, and a list of parameters with names.
    """
    if schema is None or (isinstance(schema, Mapping | Sequence) and not isinstance(schema, str) and not schema):
        return {}, []
    bounded = Bounded()
    plain = bounded.copy(_listed(schema))
    if not isinstance(plain, dict):
        return {}, [f"it is a {type(schema).__name__}, not an object"]
    if _is_map(plain):
        plain = {"type": "object", "properties": plain}
    return _checked(plain, bounded.complaints)


def arguments(schema: Mapping[str, Any]) -> tuple[Argument, ...]:
    """Return the inputs that an object schema names, its own and those of the parts that it is made of."""
    found: dict[str, Argument] = {}
    for part, all_of in _parts(schema):
        properties, required = part.get("properties"), part.get("required")
        must = set(filter(_is_string, required)) if all_of and isinstance(required, list) else set()
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            if name not in found:
                found[name] = _argument(name, one, schema, required=name in must)
    return tuple(found.values())


def properties_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the names of the properties of an object schema, or of the items of a list's."""
    names = [one.name for one in arguments(schema)]
    items = schema.get("items")
    return names or ([one.name for one in arguments(items)] if isinstance(items, Mapping) else [])


def resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema's local reference points at; empty if there is nothing, or only more references."""
    for _ in range(FOLLOWED):
        if not isinstance(schema, Mapping):
            return {}
        target = schema.get("$ref")
        if not isinstance(target, str):
            return schema
        schema = pointed(root, target)
    return {}


def pointed(root: Any, pointer: str) -> Any:
    """Return what a pointer like `#/$defs/City` leads to inside a document, or None."""
    if not pointer.startswith("#"):
        return None
    for step in pointer[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(root, Mapping):
            root = root.get(key)
        elif isinstance(root, list) and key.isdecimal() and int(key) < len(root):
            root = root[int(key)]
        else:
            return None
    return root


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Yield a schema and the parts it is composed of, each with whether all of them hold together."""
    waiting: list[tuple[Any, bool]] = [(schema, True)]
    for _ in range(4 * FOLLOWED):
        if not waiting:
            return
        part, together = waiting.pop(0)
        part = resolved(part, schema)
        yield part, together
        for way in ("allOf", "anyOf", "oneOf"):
            inside = part.get(way)
            if isinstance(inside, list):
                waiting += [(one, together and way == "allOf") for one in inside]


def _argument(name: str, schema: Any, root: Mapping[str, Any], *, required: bool) -> Argument:
    own = schema if isinstance(schema, Mapping) else {}
    target = resolved(own, root)
    described = next((one for one in (own.get("description"), target.get("description")) if _is_string(one)), "")
    kind = target.get("type")
    return Argument(name, " ".join(str(described).split()), kind if isinstance(kind, str) else "", required)


def _listed(schema: Any) -> Any:
    """Return an object schema for a list like `[{"name": "city", "type": "string", "required": true}]`."""
    if not isinstance(schema, list | tuple) or not all(isinstance(one, Mapping) and "name" in one for one in schema):
        return schema
    properties = {one["name"]: {k: v for k, v in one.items() if k not in ("name", "required")} for one in schema}
    required = [one["name"] for one in schema if one.get("required") is True]
    return {"type": "object", "properties": properties, "required": required}


def _is_map(schema: Mapping[str, Any]) -> bool:
    """Say whether this is no schema but a mapping from names to schemas."""
    if any(key.startswith("$") or key in _KEYWORDS for key in schema):
        return False
    return all(isinstance(one, Mapping) for one in schema.values())


_KEYWORDS = frozenset({"properties", "required", "additionalProperties", "allOf", "anyOf", "oneOf"})


def _typed(schema: Any) -> Any:
    """Return a schema whose type is called as JSON Schema calls it; what it cannot be called is left out."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("type"), str):
        return schema
    name = schema["type"].strip().lower()
    name = _TYPES.get(name, name)
    rest = {key: value for key, value in schema.items() if key != "type"}
    return {"type": name, **rest} if name in KNOWN_TYPES else rest


def _checked(schema: dict[str, Any], complaints: list[str]) -> tuple[dict[str, Any], list[str]]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    kind = schema.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        return {}, [*complaints, f"its type is {schema['type']!r:.40}, not 'object'"]
    if not isinstance(properties, dict):
        return {}, [*complaints, f"its properties are a {type(properties).__name__}, not an object"]
    if not isinstance(required, list) or not all(map(_is_string, required)):
        complaints = [*complaints, f"what it requires is {required!r:.40}, no list of names"]
        schema = {key: value for key, value in schema.items() if key != "required"}
    wrong = {name for name, one in properties.items() if not isinstance(one, dict | bool)}
    if wrong:
        complaints = [*complaints, f"its property {min(wrong)!r:.40} is no schema"]
    if properties:
        kept = {name: {} if name in wrong else _typed(one) for name, one in properties.items()}
        schema = {**schema, "properties": kept}
    return {**schema, "type": "object"}, complaints


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


@dataclass(slots=True)
class Expander:
    """Copies parts of a document with its local references replaced by what they point at.

    A reference back to something that is being copied, one that leads out of the document, and whatever goes beyond
    the bounds become `{}`; each complaint is remembered once.
    """

    root: Mapping[str, Any]
    complaints: list[str] = field(default_factory=list)
    left: int = VALUES
    circles: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def expand(self, value: Any, depth: int = 0) -> Any:
        """Return the copy."""
        self.left -= 1
        if self.left < 0:
            return self._complain(f"it has more than {VALUES} values")
        if depth > DEPTH:
            return self._complain(f"it is nested more than {DEPTH} deep")
        if isinstance(value, Mapping):
            if isinstance(value.get("$ref"), str):
                return self._follow(value, depth)
            return {key: self.expand(item, depth + 1) for key, item in value.items() if self.left > 0}
        if isinstance(value, list | tuple):
            return [self.expand(item, depth + 1) for item in value if self.left > 0]
        return value

    def _follow(self, value: Mapping[str, Any], depth: int) -> Any:
        pointer = value["$ref"]
        if pointer in self._open:
            self.circles.append(pointer)
            return self._complain(f"{pointer!r} refers to itself")
        target = pointed(self.root, pointer)
        if target is None:
            where = "out of the document" if not pointer.startswith("#") else "nowhere"
            return self._complain(f"{pointer!r} leads {where}")
        self._open.append(pointer)
        try:
            found = self.expand(target, depth + 1)
        finally:
            self._open.pop()
        beside = {key: item for key, item in value.items() if key in ("description", "default", "title")}
        return {**found, **beside} if isinstance(found, dict) else found

    def _complain(self, complaint: str) -> dict[str, Any]:
        if complaint not in self.complaints:
            self.complaints.append(complaint)
        return {}


def circle(schema: Mapping[str, Any]) -> str:
    """Return a reference in a schema that leads back to itself, or nothing."""
    if "$ref" not in str(schema):
        return ""
    expander = Expander(schema)
    expander.expand({key: value for key, value in schema.items() if key not in ("$defs", "definitions")})
    return next(iter(expander.circles), "")
