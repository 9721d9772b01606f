"""Figures of the code itself: how much there is, how much of it is told, and what a plain question imports.

python -m benchmarks.house [REPO]
"""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .harness import ROOT, BenchmarkError, Command, Given, Report, option

_LEFT_OUT = {"tests", "build", "__pycache__", "node_modules"}
_NO_CODE = {getattr(tokenize, name) for name in "COMMENT NL NEWLINE INDENT DEDENT ENCODING ENDMARKER".split()}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_INDEX = """
import sys
from polyhop.agent import Agent
with Agent.open(sys.argv[1], create=True) as agent:
    agent.index([sys.argv[2]])
"""
_RETRIEVE = """
import sys
from polyhop.agent import Agent
with Agent.open(sys.argv[1]) as agent:
    assert agent.retrieve("Where was the director of Jaws born?", 2).passages
print(sum(name.startswith("polyhop.") for name in sys.modules))
"""
_TEXTS = {"jaws.txt": "Jaws was directed by Steven Spielberg.", "spielberg.txt": "Steven Spielberg was born in Ohio."}


def figures(repo: Path) -> dict[str, Any]:
    """Return the figures of a checkout by what they count; tests are left out."""
    sources = {path: path.read_text(encoding="utf-8") for path in files(repo)}
    trees = {path: ast.parse(source) for path, source in sources.items()}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    classes = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    told = sum(ast.get_docstring(node) is not None for node in functions)
    twice = sorted(name for name, count in classes.items() if count > 1)
    code = sum(code_lines(source, trees[path]) for path, source in sources.items())
    return {
        "code lines": code,
        "Python files": len(sources),
        "classes": classes.total(),
        "functions": len(functions),
        "functions with docstring": told,
        "functions without docstring": len(functions) - told,
        "public names of polyhop.agent": public_names(trees),
        "settings": settings(nodes),
        "class names that occur more than once": f"{len(twice)} ({', '.join(twice)})" if twice else "0",
        "modules of polyhop that a retrieve imports": imported(repo),
    }


def files(repo: Path) -> list[Path]:
    """Return the Python files of a checkout outside its tests, hidden folders and builds."""
    found = []
    for folder, inside, names in os.walk(repo):
        inside[:] = [name for name in inside if not name.startswith(".") and name not in _LEFT_OUT]
        found += [Path(folder) / name for name in names if name.endswith(".py")]
    if not found:
        raise BenchmarkError(f"{str(repo)!r} holds no Python files; give a checkout")
    return sorted(found)


def code_lines(source: str, tree: ast.Module) -> int:
    """Return how many lines hold code: no blank lines, comments or docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines.difference(*_docstrings(tree)))


def _docstrings(tree: ast.Module) -> Iterator[range]:
    """Yield the lines of each docstring."""
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            yield range(first.lineno, (first.end_lineno or first.lineno) + 1)


def public_names(trees: dict[Path, ast.Module]) -> int:
    """Return how many names `__all__` of the public package holds."""
    for node in next((tree.body for path, tree in trees.items() if path.parts[-2:] == ("agent", "__init__.py")), []):
        if isinstance(node, ast.Assign) and "__all__" in map(ast.unparse, node.targets):
            return len(ast.literal_eval(node.value))
    raise BenchmarkError("no agent/__init__.py here has an __all__; give a checkout of polyhop")


def settings(nodes: Sequence[ast.AST]) -> int:
    """Return how many fields class `Settings` has."""
    found = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    if len(found) != 1:
        raise BenchmarkError(f"there are {len(found)} classes Settings; one is expected")
    return sum(isinstance(statement, ast.AnnAssign) for statement in found[0].body)


def imported(repo: Path) -> int:
    """Return how many modules of ours a process has that opens a collection and retrieves, and does nothing else."""
    with tempfile.TemporaryDirectory(prefix="polyhop-house-") as folder:
        home, docs = Path(folder) / "home", Path(folder) / "docs"
        docs.mkdir()
        for name, text in _TEXTS.items():
            (docs / name).write_text(text, encoding="utf-8")
        _python(repo, _INDEX, home, docs)
        return int(json.loads(_python(repo, _RETRIEVE, home).splitlines()[-1]))


def _python(repo: Path, source: str, *arguments: Path) -> str:
    """Run a program with the polyhop of a checkout and return what it prints."""
    places = [repo / ".links", repo / "src", repo]
    kept = {name: own for name, own in os.environ.items() if name == "POLYHOP_CACHE" or not name.startswith("POLYHOP_")}
    environment = kept | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    command = [sys.executable, "-P", "-c", source, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise BenchmarkError(f"the polyhop of {str(repo)!r} cannot retrieve: {reason}")
    return done.stdout


def measure(options: Given, report: Report) -> None:
    """Print the figures of a checkout, this one by default."""
    found = figures(options.repo.absolute())
    report.add(**found)
    report.show(str(options.repo), [{"what": what, "": number} for what, number in found.items()])


REPO = option("repo", metavar="REPO", nargs="?", type=Path, default=ROOT, help="a checkout (default: this one)")
COMMAND = Command("house", __doc__, [REPO], measure)


if __name__ == "__main__":
    COMMAND.run()
