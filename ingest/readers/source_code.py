"""Programs and settings: doc strings and longer comments are paragraphs, the rest is code, cut at definitions."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, clean_text
from ..wrapped import write as write_plain

MAX_PARSED = 2_000_000
MINIFIED = 5_000  # characters of a line that nobody wrote
REMARK = 40  # letters from which a comment is prose
_PYTHON = (".py", ".pyi")
_SLASHES = frozenset(
    ".js .mjs .cjs .ts .tsx .jsx .java .c .h .cpp .cc .cxx .hpp .cs .go .rs .css .scss .less .php .kt .swift .scala "
    ".proto .dart .groovy .sql".split()
)
_DASHES = frozenset([".sql", ".lua", ".hs", ".ada"])
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*+(.*?)\*/[ \t]*$", re.DOTALL | re.MULTILINE)
_INI_SECTION = re.compile(r"\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(?:[#;].*)?")


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document, called after the file."""
    raw, note = read_text(path)
    builder = Builder()
    write(builder, clean_text(raw), path.suffix.lower())
    yield from builder.document(path, title=path.name, metadata=note)


def write(builder: Builder, text: str, suffix: str) -> None:
    """Write a program or settings into a document; `suffix` tells the language (".py")."""
    lines = [line.rstrip() for line in text.split("\n")]
    for place, line in enumerate(lines):
        if len(line) > MINIFIED:
            builder.drop("minified code", line)
            lines[place] = ""
    prose = _doc_strings("\n".join(lines)) if suffix in _PYTHON else {}
    prose |= _comments(lines, suffix)
    start = 0
    for first in sorted(prose):
        last, words = prose[first]
        if first >= start:
            _code(builder, lines[start:first])
            write_plain(builder, words)
            start = last
    _code(builder, lines[start:])


def _doc_strings(text: str) -> dict[int, tuple[int, str]]:
    """Return the doc strings by their first line: the line behind the last, and the words."""
    if len(text) > MAX_PARSED:
        return {}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        words = ast.get_docstring(node, clean=False)
        first = node.body[0] if words else None
        own_lines = not isinstance(node, ast.Module) and first is not None and first.lineno == node.lineno
        if words and first is not None and not own_lines:
            found[first.lineno - 1] = (first.end_lineno or first.lineno, inspect.cleandoc(words))
    return found


def _comments(lines: Sequence[str], suffix: str) -> dict[int, tuple[int, str]]:
    """Return the comments that stand on lines of their own and are prose, by their first line."""
    found: dict[int, tuple[int, str]] = {}
    if suffix in _SLASHES:
        text = "\n".join(lines)
        for comment in _BLOCK_COMMENT.finditer(text):
            first = text.count("\n", 0, comment.start())
            words = "\n".join(re.sub(r"^\s*\*+ ?", "", line) for line in comment[1].split("\n"))
            found[first] = (first + comment[0].count("\n") + 1, words)
    sign = re.compile(
        r"\s*--+ ?" if suffix in _DASHES else r"\s*//[/!]? ?" if suffix in _SLASHES else r"\s*(?:#|;)+[:|]? ?"
    )
    run: list[str] = []
    for place, line in enumerate([*lines, ""]):
        mark = sign.match(line)
        if mark and not line.startswith("#!") and not (suffix in (".c", ".h", ".cpp") and line.startswith("#")):
            run.append(line[mark.end() :])
            continue
        if run:
            found[place - len(run)] = (place, "\n".join(run))
        run = []
    return {first: (last, words) for first, (last, words) in found.items() if _is_prose(words)}


def _is_prose(words: str) -> bool:
    letters = sum(letter.isalpha() for letter in words)
    return letters >= REMARK and letters * 10 > len("".join(words.split())) * 8


def _code(builder: Builder, lines: Sequence[str]) -> None:
    """Write code in pieces that begin at a line without indentation behind a blank one; sections are headings."""
    piece: list[str] = []
    for line in lines:
        section = _INI_SECTION.fullmatch(line)
        if section or (line.strip() and not line[0].isspace() and piece and not piece[-1].strip()):
            builder.code("\n".join(piece))
            piece = []
        if section:
            builder.heading(1, section[1])
        else:
            piece.append(line)
    builder.code("\n".join(piece))
