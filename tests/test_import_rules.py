"""The rules of importing: never up, relative inside the package, heavy libraries only when they are needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# room -> the rooms that it may import, besides itself
ROOMS: dict[str, set[str]] = {
    "core": set(),
    "prompts": set(),
    "encoders": {"core"},
    "store": {"core", "encoders"},
    "ingest": {"core", "store"},
    "retrieval": {"core", "prompts", "encoders", "store"},
    "conversation": {"core"},
    "answering": {"core", "store", "retrieval"},
    "tools": {"core", "prompts", "encoders", "store", "retrieval"},
    "graphs": {"core", "prompts", "retrieval", "conversation", "answering", "tools"},
    "training": {"core", "prompts", "encoders", "store", "ingest", "retrieval", "answering", "tools", "graphs"},
    "agent": {
        "core",
        "prompts",
        "encoders",
        "store",
        "ingest",
        "retrieval",
        "conversation",
        "answering",
        "tools",
        "graphs",
        "training",
    },
}
OUTSIDE = ("benchmarks", "examples", "tests")
PARTS = set(re.findall(r"`(polyhop(?:\.\w+)+)`", (ROOT / "docs" / "parts.md").read_text(encoding="utf-8")))
# They measure the readers of files, and the graph against the work inside it, which the public API does not show.
INSIDE = {"benchmarks/documents.py", "benchmarks/reading.py", "benchmarks/speed.py"}

# A heavy library is imported inside a function, or at the top of a module that is imported inside functions only.
HEAVY = {
    *("chromadb", "litellm", "onnx", "sentence_transformers", "torch", "transformers"),
    *("fastapi", "prometheus_client", "uvicorn"),
    *("haystack", "llama_index"),
}


@dataclass(frozen=True)
class Import:
    """One imported name; `eager` when it runs as soon as the module is imported."""

    target: str
    eager: bool
    relative: bool


def imports(source: str, package: str) -> list[Import]:
    """Return what a file of `package` imports; what only type checkers read is left out."""
    found: list[Import] = []
    for node, eager in _walk(ast.parse(source), eager=True):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, eager, relative=False) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names = [f"{base}.{alias.name}" for alias in node.names]
            found += [Import(name, eager, relative=node.level > 0) for name in [base, *names]]
    return found


def _walk(node: ast.AST, *, eager: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield nodes with whether they run on import."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child, eager
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(child, eager=eager and not inside)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the absolute name that an import starts from."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _package(path: Path) -> str:
    """Return the import name of the folder that holds a file."""
    return "polyhop." + ".".join(path.parent.relative_to(ROOT).parts)


def _module(path: Path) -> str:
    """Return the import name of a file."""
    return _package(path) if path.stem == "__init__" else f"{_package(path)}.{path.stem}"


def _room(target: str) -> str:
    """Return the room of an import name of ours, or nothing."""
    parts = target.split(".")
    return parts[1] if parts[0] == "polyhop" and len(parts) > 1 else ""


def upward(source: str, package: str) -> list[str]:
    """Return the imports of a room's file that go up the table."""
    home = _room(package)
    allowed = {"", home, *ROOMS[home]}
    return [found.target for found in imports(source, package) if _room(found.target) not in allowed]


def _inside() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def _outside() -> list[Path]:
    return sorted(path for folder in OUTSIDE for path in (ROOT / folder).rglob("*.py"))


def test_no_import_goes_up() -> None:
    """A room imports only the rooms below it."""
    found = {str(path.relative_to(ROOT)): upward(path.read_text(), _package(path)) for path in _inside()}

    assert {} == {path: targets for path, targets in found.items() if targets}


@pytest.mark.parametrize("source", ["from ..graphs import stop", "from .. import graphs", "import polyhop.graphs.stop"])
def test_an_upward_import_is_found(source: str) -> None:
    """The guard sees every way to write an import that goes up."""
    assert upward(source, "polyhop.retrieval")


def test_rooms_import_each_other_relatively() -> None:
    """Inside the package no import spells `polyhop`, so a file has one name whatever the path says."""
    absolute = {
        str(path.relative_to(ROOT)): found.target
        for path in _inside()
        for found in imports(path.read_text(), _package(path))
        if not found.relative and found.target.split(".")[0] in {"polyhop", *ROOMS}
    }

    assert {} == absolute


def test_code_outside_imports_absolutely() -> None:
    """Tests, examples and benchmarks import `polyhop.…`, as a user would, and never a bare room."""
    bare = {
        str(path.relative_to(ROOT)): found.target
        for path in _outside()
        for found in imports(path.read_text(), "")
        if found.target.split(".")[0] in ROOMS
    }

    assert {} == bare


def test_examples_and_benchmarks_use_the_public_api() -> None:
    """What shows or measures polyhop needs nothing but `polyhop.agent` and the parts that docs/parts.md lists."""
    private = {
        str(path.relative_to(ROOT)): found.target
        for folder in ("benchmarks", "examples")
        for path in (ROOT / folder).rglob("*.py")
        if str(path.relative_to(ROOT)) not in INSIDE
        for found in imports(path.read_text(), "")
        if found.target.startswith("polyhop.") and not _public(found.target)
    }

    assert {} == private


def _public(target: str) -> bool:
    return (target + ".").startswith("polyhop.agent.") or bool({target, target.rpartition(".")[0]} & PARTS)


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    """Only a module that imports a heavy library at its top imports another such module there.

    In the trainings, which are loaded by their commands alone, a module that imports a heavy one is one itself.
    """
    eager = {
        _module(path): {found.target for found in imports(path.read_text(), _package(path)) if found.eager}
        for path in _inside()
    }
    heavy = {name for name, targets in eager.items() if {target.split(".")[0] for target in targets} & HEAVY}
    training = {name: targets for name, targets in eager.items() if name.startswith("polyhop.training.")}
    while more := {name for name, targets in training.items() if targets & heavy} - heavy:
        heavy |= more
    hasty = {name: targets & heavy for name, targets in eager.items() if targets & heavy and name not in heavy}
    packages = {_module(path) for path in _inside() if path.stem == "__init__"}

    assert {} == hasty
    assert set() == heavy & packages


def test_imports_tells_eager_from_lazy() -> None:
    """An import inside a function is lazy; one in a class or a conditional at the top is not."""
    source = "if True:\n    import torch\ndef load():\n    import litellm\nclass A:\n    import chromadb\n"

    assert {"torch": True, "litellm": False, "chromadb": True} == {i.target: i.eager for i in imports(source, "x")}
