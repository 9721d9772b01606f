"""Reading Markdown for the tests that execute it: fenced blocks, what they promise to print, a folder to run in."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tests import corpus

ROOT = Path(__file__).resolve().parent.parent
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# (\w+(?:/\w+)+)\.py\n")
_PROMISE = "#>"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the document that its text begins on."""

    language: str
    text: str
    line: int

    @property
    def promised(self) -> list[str]:
        """Return the output that the block shows in lines that begin with `#>`."""
        lines = [line for line in self.text.splitlines() if line.startswith(_PROMISE)]
        return [line.removeprefix(_PROMISE).removeprefix(" ").rstrip() for line in lines]


def blocks(document: str, language: str) -> list[Block]:
    """Return the fenced blocks of a document in one language."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = [Block(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in _FENCE.finditer(text)]
    return [block for block in found if block.language == language]


def execute(document: str) -> None:
    """Run the Python blocks of a document and check what they print against what they promise.

    They share one namespace, but a block that opens with a comment like `# retrieval/hop/rest.py` is that file: a
    module of its own, which later blocks import.
    """
    shared = ModuleType("__document__")
    with _forgotten() as files:
        for block in blocks(document, "python"):
            module = _module(block)
            if module is not None:
                files[module.__name__] = sys.modules[module.__name__] = module
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                _run(document, block, module or shared)
            printed = [line.rstrip() for line in said.getvalue().splitlines()]
            if block.promised and block.promised != printed:
                raise AssertionError(f"{document} promises {block.promised}, its block prints {printed}")


@contextlib.contextmanager
def files(document: str) -> Iterator[dict[str, ModuleType]]:
    """Lend the modules by name that the blocks of a document are which say so; nothing else of it is run."""
    with _forgotten() as found:
        for block in blocks(document, "python"):
            module = _module(block)
            if module is not None:
                found[module.__name__] = sys.modules[module.__name__] = module
                _run(document, block, module)
        yield found


def environment() -> dict[str, str]:
    """Return the environment in which a child imports what this process imports, without settings of polyhop."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POLYHOP_")}
    paths = [path for path in map(os.path.abspath, filter(None, sys.path)) if path != str(ROOT)]
    return {**kept, "POLYHOP_CACHE": os.environ["POLYHOP_CACHE"], "PYTHONPATH": os.pathsep.join(paths)}


def _run(document: str, block: Block, module: ModuleType) -> None:
    code = compile("\n" * (block.line - 1) + block.text, str(ROOT / document), "exec")
    exec(code, module.__dict__)


def _module(block: Block) -> ModuleType | None:
    found = _FILE.match(block.text)
    if found is None:
        return None
    path = found[1].replace("/", ".")
    module = ModuleType(path if path.startswith("tests.") else f"polyhop.{path}")
    module.__package__ = module.__name__.rpartition(".")[0]
    return module


@contextlib.contextmanager
def _forgotten() -> Iterator[dict[str, ModuleType]]:
    """Take modules out of `sys.modules` afterwards that only a document holds."""
    modules: dict[str, ModuleType] = {}
    try:
        yield modules
    finally:
        for name in modules:
            sys.modules.pop(name, None)


def write_films(folder: Path) -> None:
    """Write the corpus of the tests as a folder of Markdown files."""
    folder.mkdir()
    for document in corpus.DOCUMENTS:
        fields = {"title": document.title, **document.metadata}
        head = "\n".join(f"{name}: {_plain(value)}" for name, value in fields.items())
        (folder / document.key).write_text(f"---\n{head}\n---\n{document.text}\n", encoding="utf-8")


def _plain(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
