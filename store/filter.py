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

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, Final, NoReturn
from unicodedata import combining, east_asian_width

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

    Raises:
        FilterError: for a filter that cannot be read.
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
