"""The figures of the code: what counts as a line of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from benchmarks.harness import BenchmarkError
from benchmarks.house import code_lines, files, imported

ROOT = Path(__file__).resolve().parent.parent.parent
#: modules of polyhop, packages included, that a plain retrieve may import; the number can only shrink
MOST_IMPORTED = 83

SOURCE = '''"""A module
of two lines."""

# a comment
X = """not a
docstring"""  # a comment behind code


def f(a,
      b):
    """Do it."""

    return a  # what
'''


def test_code_is_what_is_neither_blank_nor_comment_nor_docstring() -> None:
    """A text over two lines is two lines of code, its docstring twin none."""
    assert 5 == code_lines(SOURCE, ast.parse(SOURCE))


def test_tests_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    """Neither tests nor environments are code of ours."""
    with pytest.raises(BenchmarkError, match="no Python files"):
        files(tmp_path)
    for name in ("agent/a.py", "tests/b.py", ".venv/c.py", "build/d.py", "agent/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    assert [tmp_path / "agent" / "a.py"] == files(tmp_path)


def test_a_plain_retrieve_imports_what_it_needs() -> None:
    """What belongs to language models, filters, instructions or trained hops waits until a question needs it."""
    assert imported(ROOT) <= MOST_IMPORTED
