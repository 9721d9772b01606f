"""Filters of other frameworks, made of a few kinds of condition and written in our filter language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.errors import CallerError
from ...store.filter import BOOL, And, Comparison, Filter, Node, Not, Or, join, parse, typed

ORDERINGS = ("<", "<=", ">", ">=")


def equal(key: str, value: Any) -> Node:
    """Return the condition that a value of a key is the given one; None asks for a missing key."""
    return Not(Comparison(key, "exists")) if value is None else Comparison(key, "=", (typed(value, key=key),))


def ordered(key: str, relation: str, value: Any) -> Node:
    """Return the condition that a value of a key stands in one of `ORDERINGS` to the given one.

    Raises:
        CallerError: for a value without an order, such as true or None.
    """
    literal = typed(value, key=key)
    if literal.kind == BOOL:
        raise CallerError(f"filter on {key!r}: {value!r} has no order; compare it with ==")
    return Comparison(key, relation, (literal,))


def among(key: str, values: Any) -> Node:
    """Return the condition that a value of a key is one of the given ones; of none of them nothing is.

    Raises:
        CallerError: for what is no list.
    """
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise CallerError(f"filter on {key!r}: {values!r:.80} must be a list of values")
    literals = tuple(typed(value, key=key) for value in values if value is not None)
    parts: list[Node] = [Comparison(key, "in", literals)] if literals else []
    if len(literals) < len(values):
        parts.append(Not(Comparison(key, "exists")))
    return join(Or, parts) if parts else never(key)


def never(key: str) -> Node:
    """Return a condition that holds for no document."""
    return And((Comparison(key, "exists"), Not(Comparison(key, "exists"))))


def all_of(parts: Sequence[Node]) -> Node:
    """Return the condition that all of at least one hold."""
    return join(And, parts)


def any_of(parts: Sequence[Node]) -> Node:
    """Return the condition that any of at least one holds."""
    return join(Or, parts)


def opposite(part: Node) -> Node:
    """Return the condition that another does not hold, which includes documents without its key."""
    return part.part if isinstance(part, Not) else Not(part)


def written(node: Node) -> str:
    """Return a condition as the filter language writes it.

    Raises:
        CallerError: for more than a filter may hold.
    """
    text = str(Filter(node))
    parse(text)
    return text
