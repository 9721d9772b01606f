r"""Filters over document metadata: a small language, evaluated in Python or compiled to SQL with the same outcome.

    year >= 2020 and (lang = 'en' or tags in ('news', 'law')) and not title like 'List of*'

Grammar. `key op value` with `=` (or `==`), `!=`, `<`, `<=`, `>`, `>=`; `key like 'pattern'`; `key in (value, …)` and
`key not in (value, …)`; `key exists`; joined by `not`, `and`, `or` (in this order of binding) and brackets. Keywords
are case-insensitive, keys are not. A key is a word with dots and dashes in it, or anything between backquotes. A value
is a string in single or double quotes, an integer within 64 bits, a decimal (read as a 64-bit float; `1e-3` too),
`true` or `false`. Between quotes the mark itself is written twice or behind a backslash, and `\\` is one backslash;
any other backslash stands for itself.

Meaning. Every filter is true or false, nothing is unknown. A key has a list of values; a scalar is a list of one, and
an empty list is a missing key.

- A comparison holds if any value of its key satisfies it. `!=` and `not in` hold if the key is present and none of its
  values equals the given. A missing key makes every comparison false, `!=` and `not in` included; `not` turns any of
  them round, so `not year = 2020` holds without a year and `year != 2020` does not.
- Strings, numbers and booleans are three kinds: across kinds nothing is equal or ordered, so `true` is not 1 and
  `year != '2020'` holds for the number 2020. Integers and floats compare by exact value. Strings order by code point.
  Booleans have no order; asking for one is an error.
- `like` looks at strings only and at the whole of each: `*` is any run of characters, `?` is one, and `\*`, `\?`, `\\`
  are the characters themselves. ASCII letters match in either case, all others exactly. A value that holds NUL
  matches no pattern.

Both SQL forms expect the tables `attributes (doc, key, kind, value)` with kind 0 boolean, 1 number, 2 text, and no type
affinity on `value`, in a database encoded as UTF-8 (the default), filled from `attribute_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..core.errors import CallerError
from ..core.types import Metadata
from .filter_nodes import (
    INVERTED,
    TEXT,
    And,
    Comparison,
    Node,
    Not,
    Or,
    attribute_rows,
    glob_parts,
    holds,
    join,
    render,
)
from .filter_parse import MAX_LENGTH, FilterError, fail, read

__all__ = ["Filter", "FilterError", "attribute_rows", "parse"]

Sql = tuple[str, list[str | int | float]]


@dataclass(frozen=True, slots=True, repr=False)
class Filter:
    """A filter ready to use; `parse` makes one and keeps it within bounds. Its string parses back to an equal one."""

    root: Node

    def __str__(self) -> str:
        """Return the filter in the filter language, with the fewest brackets."""
        return render(self.root, str, arrange=lambda parts: parts)

    def __repr__(self) -> str:
        """Return the call that makes an equal filter."""
        return f"parse({str(self)!r})"

    def matches(self, attributes: Metadata) -> bool:
        """Say whether a document with these attributes passes."""
        return holds(self.root, attributes)

    def sql_enumerate(self, universe: str) -> Sql:
        """Return a SELECT of the `id` of every matching row of a universe, with its parameters.

        `universe` is a SELECT without parameters whose column `id` is the document number, such as `SELECT id FROM
        documents WHERE live`. Use this to list matches; `sql_check` is for a few candidates.
        """
        condition, parameters = _compile(self.root, "id IN (SELECT doc FROM attributes WHERE {})")
        return f"SELECT id FROM ({universe}) WHERE {condition}", parameters

    def sql_check(self, doc_column: str = "d.id") -> Sql:
        """Return a bracketed SQL condition on the document numbered by a column, with its parameters.

        The column is qualified by its table, so that the inner table cannot capture it. Use this on a few candidates;
        its cost grows with the rows it is asked about.
        """
        if re.fullmatch(r"(?!attributes\.)[A-Za-z_]\w*\.[A-Za-z_]\w*", doc_column, re.ASCII) is None:
            raise CallerError(f"doc_column {doc_column!r} is no column of an outer table; write it as in 'd.id'")
        leaf = f"EXISTS (SELECT 1 FROM attributes WHERE doc = {doc_column} AND {{}})"
        # the plus keeps SQLite from one index seek per listed value and document: it reads the few values once instead
        condition, parameters = _compile(self.root, leaf, listed="+value")
        return f"({condition})", parameters


def parse(text: str) -> Filter:
    """Return the filter that a text describes; `FilterError` shows where a text cannot be read.

    Bounds: 10,000 characters, 200 comparisons, 50 nested brackets and nots, 1,000 values in a list.
    """
    return _parse(text) if isinstance(text, str) else Filter(read(text))


@lru_cache(maxsize=256)
def _parse(text: str) -> Filter:
    parsed = Filter(read(text))
    if len(str(parsed)) > MAX_LENGTH:
        fail(text, len(text), f"expected at most {MAX_LENGTH} characters with spaces and escapes written out")
    return parsed


def _compile(root: Node, leaf: str, *, listed: str = "value") -> Sql:
    parameters: list[str | int | float] = []

    def compile_leaf(comparison: Comparison) -> str:
        condition, values = _condition(comparison, listed=listed)
        parameters.extend(values)
        return leaf.format(condition)

    return render(_lower(root), compile_leaf, arrange=_deepest_first), parameters


def _deepest_first(parts: Sequence[Node]) -> Sequence[Node]:
    # SQLite's parser has a stack of 100: a bracket costs one entry at the front of a chain and three behind an operator
    return sorted(parts, key=_height, reverse=True)


def _height(node: Node) -> int:
    match node:
        case Comparison():
            return 0
        case Not(part):
            return 1 + _height(part)
        case And(parts) | Or(parts):
            return 1 + max(map(_height, parts))


def _lower(node: Node) -> Node:
    """Return an equivalent tree whose comparisons each hold if one row of one kind exists."""
    match node:
        case Comparison(key, op, values) if op in INVERTED:
            return And((Comparison(key, "exists"), Not(_lower(Comparison(key, INVERTED[op], values)))))
        case Comparison(key, "in", values):
            kinds = sorted({value.kind for value in values})
            return join(Or, [Comparison(key, "in", tuple(v for v in values if v.kind == kind)) for kind in kinds])
        case Comparison():
            return node
        case Not(part):
            return Not(_lower(part))
        case And(parts):
            return join(And, [_lower(part) for part in parts])
        case Or(parts):
            return join(Or, [_lower(part) for part in parts])


def _condition(comparison: Comparison, *, listed: str) -> Sql:
    key, op, values = comparison.key, comparison.op, comparison.values
    if op == "exists":
        return "key = ?", [key]
    if op == "like":
        clause = f"key = ? AND kind = {TEXT} AND instr(value, char(0)) = 0 AND lower(value) GLOB ?"
        return clause, [key, _sqlite_glob(str(values[0].value))]
    relation = f"{listed} IN ({', '.join('?' * len(values))})" if op == "in" else f"value {op} ?"
    return f"key = ? AND kind = {values[0].kind} AND {relation}", [key, *(value.value for value in values)]


def _sqlite_glob(pattern: str) -> str:
    # bytes.lower() folds ASCII alone, as SQLite's lower() does
    parts = (wild or (f"[{literal}]" if literal in "*?[" else literal) for wild, literal in glob_parts(pattern))
    return "".join(parts).encode().lower().decode()
