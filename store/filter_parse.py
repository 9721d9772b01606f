"""The reader of the filter language: tokens, grammar, and errors that point at a column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final, NoReturn
from unicodedata import combining, east_asian_width

from ..core.errors import CallerError
from .filter_nodes import (
    BOOL,
    KEYWORDS,
    NUMBER,
    TEXT,
    WORD,
    And,
    Comparison,
    Literal,
    Node,
    Not,
    Or,
    fits_int64,
    join,
    storable,
)

MAX_LENGTH: Final = 10_000
MAX_DEPTH: Final = 50
MAX_COMPARISONS: Final = 200
MAX_VALUES: Final = 1_000

_ORDERINGS: Final = frozenset({"<", "<=", ">", ">="})
_OPERATOR: Final = "an operator: = != < <= > >= like, in, not in, exists"
_VALUE: Final = "a value: a 'quoted string', a number, true or false"
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.\-]))
    |(?P<word>{WORD})
    |(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<key>`(?:[^`\\]|\\.|``)*`)
    |(?P<symbol>==|[!<>]=|[=<>(),])
    """,
    re.VERBOSE | re.DOTALL,
)


class FilterError(CallerError):
    """A filter text cannot be read; the message shows where and what was expected there."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter text: its kind, its meaning (keywords lowercased, quotes undone) and where it starts."""

    kind: str
    text: str
    start: int

    @property
    def shown(self) -> str:
        """Return the token as an error message names it."""
        shortened = self.text if len(self.text) <= 40 else f"{self.text[:40]}…"
        return "the end of the filter" if self.kind == "end" else f"{self.kind} {shortened!r}"


def read(text: str) -> Node:
    """Return the syntax tree of a filter text, or raise `FilterError`."""
    if not isinstance(text, str):
        raise FilterError(f'filter: expected a string, found {text!r}; write it as in "year >= 2020"')
    if len(text) > MAX_LENGTH:
        fail(text, MAX_LENGTH, f"expected at most {MAX_LENGTH} characters, found {len(text)}")
    return _Parser(text).parse()


def fail(text: str, offset: int, problem: str) -> NoReturn:
    """Raise `FilterError` with the problem and a caret under the character at the offset."""
    start = max(text.rfind("\n", 0, offset) + 1, offset - 60)
    line = (
        text[start : offset + 40].split("\n")[0] if offset < len(text) and text[offset] != "\n" else text[start:offset]
    )
    shown = "".join(char if char.isprintable() else " " for char in line)
    caret = " " * sum(map(_width, shown[: offset - start])) + "^"
    raise FilterError(f"filter, column {offset - text.rfind(chr(10), 0, offset)}: {problem}\n  {shown}\n  {caret}")


def _width(char: str) -> int:
    if combining(char):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a filter text and an end token, which sits behind the last of them."""
    position = end = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            fail(text, position, _unreadable(text[position]))
        if not storable(found[0]):
            fail(text, position, "expected valid text, found half of a surrogate pair")
        position = found.end()
        if found.lastgroup != "space":
            end = position
            yield _token(found.lastgroup, found[0], found.start())
    yield Token("end", "", end)


def _token(kind: str, text: str, start: int) -> Token:
    if kind in ("string", "key"):
        return Token(kind, _unquote(text), start)
    if kind == "word":
        return Token("keyword", text.lower(), start) if text.lower() in KEYWORDS else Token("key", text, start)
    return Token(kind, text, start)


def _unquote(text: str) -> str:
    mark = text[0]
    return re.sub(rf"\\([\\'\"`])|{mark}{mark}", lambda found: found[1] or mark, text[1:-1])


def _unreadable(char: str) -> str:
    if char in "'\"`":
        return f"expected a closing {char} for the one that opens here"
    if char in "-0123456789":
        return "expected a number such as 7 or -2.5 here; put quotes around anything else"
    return f"expected a key, an operator or a value, found {char!r}; other keys go between backquotes"


class _Parser:
    """Recursive descent, one method per level of precedence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens(text))
        self.index = 0
        self.depth = 0
        self.comparisons = 0

    def parse(self) -> Node:
        node = self.disjunction()
        if self.current.kind != "end":
            self.fail("expected 'and', 'or' or the end of the filter")
        return node

    @property
    def current(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        token = self.current
        self.index += 1
        return token

    def take(self, *texts: str) -> str | None:
        if self.current.kind in ("keyword", "symbol") and self.current.text in texts:
            return self.advance().text
        return None

    def expect(self, text: str, what: str) -> None:
        if self.take(text) is None:
            self.fail(f"expected {what}")

    def fail(self, problem: str, token: Token | None = None) -> NoReturn:
        at = token or self.current
        fail(self.text, at.start, f"{problem}, found {at.shown}")

    def disjunction(self) -> Node:
        parts = [self.conjunction()]
        while self.take("or"):
            parts.append(self.conjunction())
        return join(Or, parts)

    def conjunction(self) -> Node:
        parts = [self.negation()]
        while self.take("and"):
            parts.append(self.negation())
        return join(And, parts)

    def negation(self) -> Node:
        opener = self.current
        if not self.take("not", "("):
            return self.comparison()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"expected at most {MAX_DEPTH} nested brackets and nots", opener)
        node: Node
        if opener.text == "not":
            node = Not(self.negation())
        else:
            node = self.disjunction()
            self.expect(")", "'and', 'or' or ')'")
        self.depth -= 1
        return node

    def comparison(self) -> Node:
        self.comparisons += 1
        if self.comparisons > MAX_COMPARISONS:
            self.fail(f"expected at most {MAX_COMPARISONS} comparisons; gather values with in (…)")
        if self.current.kind != "key":
            self.fail("expected a key, 'not' or '('; a keyword or quoted name as key goes between backquotes")
        key = self.advance().text
        op = self.operator()
        if op == "exists":
            return Comparison(key, op)
        if op in ("in", "not in"):
            return Comparison(key, op, self.values())
        return Comparison(key, op, (self.operand(op),))

    def operator(self) -> str:
        if self.take("not"):
            self.expect("in", "'in' after 'not'; put any other 'not' before the key")
            return "not in"
        op = self.take("=", "==", "!=", "<", "<=", ">", ">=", "like", "in", "exists")
        if op is None:
            self.fail(f"expected {_OPERATOR}")
        return "=" if op == "==" else op

    def operand(self, op: str) -> Literal:
        token = self.current
        value = self.value()
        if op == "like" and (value.kind != TEXT or "\0" in token.text):
            self.fail("expected a 'quoted pattern' without NUL after like", token)
        if op in _ORDERINGS and value.kind == BOOL:
            self.fail("expected a string or a number, for true and false have no order", token)
        return value

    def values(self) -> tuple[Literal, ...]:
        self.expect("(", "'(' and the values")
        found = [self.value()]
        while self.take(","):
            if len(found) == MAX_VALUES:
                self.fail(f"expected at most {MAX_VALUES} values")
            found.append(self.value())
        self.expect(")", "',' or ')'")
        return tuple(found)

    def value(self) -> Literal:
        token = self.current
        if token.kind == "string":
            return Literal(TEXT, self.advance().text)
        if token.kind == "number":
            return self.number()
        truth = self.take("true", "false")
        if truth is None:
            self.fail(f"expected {_VALUE}")
        return Literal(BOOL, int(truth == "true"))

    def number(self) -> Literal:
        token = self.advance()
        if re.fullmatch(r"-?[0-9]+", token.text) is None:
            value = float(token.text)
            if not isfinite(value):
                self.fail("expected a number within a 64-bit float", token)
            return Literal(NUMBER, value)
        # more digits than any 64-bit integer: int() itself refuses beyond 4,300
        if len(token.text.lstrip("-0")) > 19 or not fits_int64(int(token.text)):
            self.fail("expected an integer within 64 bits, or a decimal such as 1e20", token)
        return Literal(NUMBER, int(token.text))
