"""Filters as values: the syntax tree, the typed scalars that it compares, and plain-Python evaluation."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from ..core.errors import CallerError
from ..core.types import Metadata, Scalar

BOOL, NUMBER, TEXT = 0, 1, 2
KEYWORDS: Final = frozenset({"and", "or", "not", "in", "like", "exists", "true", "false"})
WORD: Final = r"[^\W\d][\w.\-]*"
INVERTED: Final = {"!=": "=", "not in": "in"}
RELATIONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": operator.eq,
}
_PATTERN_PART = re.compile(r"\\[*?\\]|\*+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Literal:
    """A scalar with its kind, so that `true` and `1` differ; a boolean's value is 0 or 1."""

    kind: int
    value: str | int | float

    def __str__(self) -> str:
        """Return the literal as the filter language writes it."""
        if self.kind == BOOL:
            return "true" if self.value else "false"
        return quote(self.value, "'") if isinstance(self.value, str) else repr(self.value)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One key against the literals of one operator: none for `exists`, many for `in` and `not in`, else one."""

    key: str
    op: str
    values: tuple[Literal, ...] = ()

    def __str__(self) -> str:
        """Return the comparison as the filter language writes it."""
        bare = re.fullmatch(WORD, self.key) and self.key.lower() not in KEYWORDS
        operands = ", ".join(map(str, self.values))
        if self.op in ("in", "not in"):
            operands = f"({operands})"
        return f"{self.key if bare else quote(self.key, '`')} {self.op} {operands}".rstrip()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of one node."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two nodes, none of them an `And`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of at least two nodes, none of them an `Or`."""

    parts: tuple[Node, ...]


Node = Comparison | Not | And | Or
Arrange = Callable[[Sequence[Node]], Sequence[Node]]


def join(kind: type[And | Or], parts: Sequence[Node]) -> Node:
    """Return the parts under one node of a kind, with nested nodes of the same kind dissolved."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else [part])
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def quote(text: str, mark: str) -> str:
    """Return the text between two marks, with backslashes and marks in it escaped."""
    escaped = text.replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return f"{mark}{escaped}{mark}"


def render(node: Node, leaf: Callable[[Comparison], str], *, arrange: Arrange) -> str:
    """Return the tree as text with the fewest brackets; SQL and the filter language share their precedence."""

    def text_of(inner: Node, bracketed: tuple[type, ...]) -> str:
        text = render(inner, leaf, arrange=arrange)
        return f"({text})" if isinstance(inner, bracketed) else text

    match node:
        case Comparison():
            return leaf(node)
        case Not(part):
            return f"not {text_of(part, (And, Or))}"
        case And(parts):
            return " and ".join(text_of(part, (Or,)) for part in arrange(parts))
        case Or(parts):
            return " or ".join(text_of(part, ()) for part in arrange(parts))


def glob_parts(pattern: str) -> list[tuple[str, str]]:
    """Return a pattern's parts in order: ("*", ""), ("?", "") or ("", the literal character)."""
    parts = []
    for part in _PATTERN_PART.findall(pattern):
        wild = part[0] if part[0] in "*?" else ""
        parts.append((wild, "" if wild else part[-1]))
    return parts


@lru_cache(maxsize=256)
def glob_regex(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression that runs in time linear in pattern times text.

    Every run between two stars is atomic: a glob never needs to move an earlier run once it has found it.
    """
    runs = [""]
    for wild, literal in glob_parts(pattern):
        if wild == "*":
            runs.append("")
        else:
            runs[-1] += "." if wild else re.escape(literal)
    first, *rest = runs
    middle = "".join(f"(?>.*?{run})" for run in rest[:-1])
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(first + middle + last, re.DOTALL | re.IGNORECASE | re.ASCII)


def typed(value: object, *, key: str) -> Literal:
    """Return a metadata scalar as a literal, or raise `CallerError` naming key and value."""
    match value:
        case bool():
            return Literal(BOOL, int(value))
        case int() if fits_int64(value):
            return Literal(NUMBER, value)
        case int():
            problem = "is beyond 64 bits; give it as a string"
        case float() if isfinite(value):
            return Literal(NUMBER, value)
        case float():
            problem = "is not finite; leave the key out"
        case str() if storable(value):
            return Literal(TEXT, value)
        case str():
            problem = "holds half of a surrogate pair; decode the text again"
        case _:
            problem = "is no string, number, boolean or flat list of them; flatten it or leave the key out"
    raise CallerError(f"metadata {key!r}: {_shown(value)} {problem}")


def fits_int64(value: int) -> bool:
    """Say whether an integer fits SQLite's 64 bits."""
    return -(2**63) <= value < 2**63


def storable(text: str) -> bool:
    """Say whether a text can be encoded as UTF-8, which half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of more than 4,300 digits, by itself or inside
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= 200 else f"{text[:200]}…"


def _literals(key: str, value: Scalar | list[Scalar]) -> list[Literal]:
    return [typed(item, key=key) for item in (value if isinstance(value, list) else [value])]


def attribute_rows(metadata: Metadata) -> list[tuple[str, int, str | int | float]]:
    """Return the (key, kind, value) rows of a document's metadata, each once; an empty list has none.

    Raises `CallerError` for what the table cannot hold: non-finite floats, integers beyond 64 bits, anything that is no
    scalar or flat list of them, and half a surrogate pair in a key or value.
    """
    rows: dict[tuple[str, int, str | int | float], None] = {}
    for key, value in metadata.items():
        if not isinstance(key, str) or not storable(key):
            raise CallerError(f"metadata key {key!r} (value {_shown(value)}) is no valid text; use a string")
        rows.update(((key, literal.kind, literal.value), None) for literal in _literals(key, value))
    return list(rows)


def holds(node: Node, attributes: Metadata) -> bool:
    """Say whether a document with these attributes satisfies the node."""
    match node:
        case Comparison(key):
            return _compare(node, _literals(key, attributes.get(key, [])))
        case Not(part):
            return not holds(part, attributes)
        case And(parts):
            return all(holds(part, attributes) for part in parts)
        case Or(parts):
            return any(holds(part, attributes) for part in parts)


def _compare(node: Comparison, found: Sequence[Literal]) -> bool:
    if node.op == "exists":
        return bool(found)
    if node.op == "like":
        return any(_like(item, str(node.values[0].value)) for item in found)
    relation = RELATIONS[INVERTED.get(node.op, node.op)]
    satisfied = any(
        item.kind == value.kind and relation(item.value, value.value) for item in found for value in node.values
    )
    return bool(found) and not satisfied if node.op in INVERTED else satisfied


def _like(item: Literal, pattern: str) -> bool:
    # SQLite's GLOB stops reading at NUL, so both evaluations leave such values out
    value = item.value
    return isinstance(value, str) and "\0" not in value and glob_regex(pattern).fullmatch(value) is not None
