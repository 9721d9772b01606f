"""The page on safety: each claim names a test, and there is such a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
_ROW = re.compile(r"^\|(?P<cells>.*)\|$", re.MULTILINE)
_NAMED = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<test>test_\w+)`")


def functions_of(path: Path) -> set[str]:
    """Return the names of the functions of a file."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_claim_names_a_test_that_is_there() -> None:
    """A row of three cells is a claim; its last cell is the test that fails when it is no longer true."""
    rows = [[cell.strip() for cell in found["cells"].split(" | ")] for found in _ROW.finditer(PAGE)]
    claims = [cells for cells in rows if len(cells) == 3 and cells[0] != "threat" and set(cells[0]) != {"-"}]
    named = [_NAMED.fullmatch(cells[2]) for cells in claims]

    assert len(claims) > 20
    assert [] == [cells[0] for cells, found in zip(claims, named, strict=True) if found is None]
    assert [] == [found.group() for found in named if found and found["test"] not in functions_of(ROOT / found["file"])]
