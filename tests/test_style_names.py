"""The names of classes: one for each class, so that a name can be looked up."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from benchmarks.house import files

ROOT = Path(__file__).resolve().parent.parent


def test_no_two_classes_have_one_name() -> None:
    """A class name says which class is meant, wherever it is read; tests are left out."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in files(ROOT):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))

    assert {} == {name: where for name, where in places.items() if len(where) > 1}
