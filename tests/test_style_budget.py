"""The size budgets of the code, with a list of exceptions that can only shrink."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    "agent",
    "answering",
    "benchmarks",
    "conversation",
    "core",
    "encoders",
    "examples",
    "graphs",
    "ingest",
    "prompts",
    "retrieval",
    "store",
    "tools",
    "training",
)
BUDGET = {"body lines": 40, "nesting": 3, "positional parameters": 4}

# (where, budget) -> what it measures today; an entry that is no longer needed, or larger than needed, fails the test.
ALLOWED: dict[tuple[str, str], int] = {}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def over(source: str, path: str) -> dict[tuple[str, str], int]:
    """Return everything in a file that exceeds a budget, with its measure."""
    measures: dict[tuple[str, str], int] = {}
    for name, function in _functions(ast.parse(source), ""):
        where = f"{path}:{name}"
        measures[where, "body lines"] = _body_lines(function)
        measures[where, "nesting"] = _nesting(function.body)
        measures[where, "positional parameters"] = _positional(function)
    return {key: measure for key, measure in measures.items() if measure > BUDGET[key[1]]}


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, _Function]]:
    """Yield all functions with their qualified names."""
    for child in ast.iter_child_nodes(node):
        name = f"{prefix}{child.name}" if isinstance(child, _Function | ast.ClassDef) else prefix
        if isinstance(child, _Function):
            yield name, child
        yield from _functions(child, f"{name}." if isinstance(child, _Function | ast.ClassDef) else prefix)


def _body_lines(function: _Function) -> int:
    """Return the lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _nesting(body: list[ast.stmt]) -> int:
    """Return how many blocks lie inside each other; an `elif` is no deeper than its `if`."""
    return max((_depth(statement) for statement in body), default=0)


def _depth(statement: ast.stmt) -> int:
    if not isinstance(statement, _BLOCKS):
        return 0
    inner = [child for child in ast.walk(statement) if isinstance(child, ast.ExceptHandler | ast.match_case)]
    own = [child for child in inner if child in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]]
    parts = [getattr(statement, name, []) for name in ("body", "finalbody")] + [child.body for child in own]
    other = getattr(statement, "orelse", [])
    chained = isinstance(statement, ast.If) and len(other) == 1 and isinstance(other[0], ast.If)
    deepest = max(_nesting(part) for part in [*parts, [] if chained else other])
    return max(1 + deepest, _depth(other[0]) if chained else 0)


def _positional(function: _Function) -> int:
    """Return the parameters that a caller may pass by position, `self` and `cls` not counted."""
    names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def test_code_keeps_its_budgets() -> None:
    """Functions stay small, and the list of exceptions holds nothing that has become unnecessary."""
    found: dict[tuple[str, str], int] = {}
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        found |= over(path.read_text(), str(path.relative_to(ROOT)))

    assert ALLOWED == found


def test_every_excess_is_measured() -> None:
    """The measures see a long body, deep nesting and many parameters."""
    deep = "def deep(a):\n if a:\n  for b in a:\n   while b:\n    try:\n     pass\n    finally:\n     pass\n"
    long = "class A:\n    def long(self, a, b, c, d, e):\n        '''Doc.'''\n" + "        a += 1\n" * 41
    expected = {
        ("x.py:deep", "nesting"): 4,
        ("x.py:A.long", "body lines"): 41,
        ("x.py:A.long", "positional parameters"): 5,
    }

    assert expected == over(deep + long, "x.py")


def test_elif_is_not_nesting() -> None:
    """A chain of conditions is one level deep, however long."""
    chain = "def f(a):\n if a == 1:\n  pass\n" + "".join(f" elif a == {n}:\n  pass\n" for n in range(2, 9))

    assert {} == over(chain, "x.py")
