"""reStructuredText: read by docutils, which includes no file and runs nothing here, and then as a page is.

What Sphinx adds to the language keeps its words: roles (`:func:`open``) and directives (`.. versionadded:: 3.2`) that
docutils doesn't know are written in its own language first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docutils.core import publish_parts
from docutils.parsers.rst.directives import _directive_registry

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, clean_text, stem_title
from ..markup import parse
from ..page import Page
from ..wrapped import write as write_plain

LONGEST = 3_000_000
_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "math_output": "LaTeX",
    "initial_header_level": 1,
    "doctitle_xform": False,
    "docinfo_xform": True,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "line_length_limit": 1_000_000,
}
#: replacements that are made of others could make a text of any size
_NESTED = re.compile(r"(?m)^ *\.\. \|[^|\n]+\| replace::.*\|[^|\n]+\|")
MOST_NESTED = 8
_DIRECTIVE = re.compile(r"( *)\.\. (?:\|.*\| )?([A-Za-z][\w:.+-]*)::(?:\s+(.*))?$")
_OPTION = re.compile(r" *:[\w-]+:(?:\s|$)")
_ROLE = re.compile(r"(?<![\w`]):([a-zA-Z][\w:.+-]*):`([^`\n]*(?:\n[^`\n]+)?)`")
_REFERRING = {"ref": "ref", "numref": "ref", "std:ref": "ref", "doc": "doc", "std:doc": "doc"}
_TARGET = re.compile(r"[\w./:-]{1,200}")
_KNOWN_ROLES = frozenset(
    "emphasis strong literal code math sub sup subscript superscript title title-reference t abbreviation "
    "acronym".split()
)
_SILENT = frozenset(
    "toctree index automodule autoclass autofunction autosummary autodata automethod autoexception currentmodule "
    "module py:module highlight default-domain meta include literalinclude raw tabularcolumns program sectionauthor "
    "codeauthor image figure-md plot graphviz mermaid contents sectnum ifconfig testsetup testcleanup".split()
)
_CODE = frozenset("sourcecode code-block prompt doctest testcode testoutput ipython console highlights".split())
_VERSIONS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
}
_SIGNS = re.compile(r"([*`_|\\])")


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document, called after its first heading."""
    text, note = read_text(path)
    builder = Builder()
    title = write(builder, clean_text(text))
    yield from builder.document(path, title=title or stem_title(path), metadata=note)


def write(builder: Builder, text: str) -> str:
    """Write reStructuredText into a document and return its first heading."""
    if len(text) > LONGEST or len(_NESTED.findall(text)) > MOST_NESTED:
        return write_plain(builder, text)
    plain = "\n".join(_without_extensions(_ROLE.sub(_role, text.expandtabs(8)).split("\n")))
    try:
        parts = publish_parts(plain, writer="html5", settings_overrides=_SETTINGS)
    except Exception:  # docutils raises nearly any type on rubbish
        return write_plain(builder, text)
    return Page(
        builder, parse(f"<main>{parts['body_pre_docinfo']}{parts['docinfo']}{parts['body']}</main>"), own=True
    ).write()


def _role(found: re.Match[str]) -> str:
    """Write a role that docutils doesn't know as its words, those that refer to other places as links."""
    if found[1] in _KNOWN_ROLES:
        return found[0]
    words = re.sub(r"\s*<[^<>]*>$", "", found[2], flags=re.DOTALL) or found[2]
    words = words.rpartition(".")[2] if words.startswith("~") else words.removeprefix("!")
    words = _SIGNS.sub(r"\\\1", words)
    target = found[2][found[2].rfind("<") + 1 :].rstrip(">").strip()
    if found[1] in _REFERRING and _TARGET.fullmatch(target) and not set("<>") & set(words):
        return f"`{words} <:{_REFERRING[found[1]]}:{target.replace('_', chr(92) + '_')}>`__"
    return words


def _without_extensions(lines: list[str]) -> Iterator[str]:
    """Yield the lines with unknown directives as definitions, silent ones left out."""
    place = 0
    while place < len(lines):
        found = _DIRECTIVE.match(lines[place])
        name = found[2].lower() if found else ""
        if (
            found is None
            or (name in _directive_registry and name not in _SILENT | {"raw", "include"})
            or name == "image"
        ):
            yield lines[place]
            place += 1
            continue
        inset, end = len(found[1]), place + 1
        while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > inset):
            end += 1
        body = lines[place + 1 : end]
        while body and _OPTION.match(body[0]):
            body.pop(0)
        place = end
        if name not in _SILENT:
            yield from _definition(name, found, body)


def _definition(name: str, found: re.Match[str], body: list[str]) -> Iterator[str]:
    inset, words = found[1], _SIGNS.sub(r"\\\1", (found[3] or "").strip())
    if name in _VERSIONS:
        words = f"{_VERSIONS[name]} {words}:" if not words.endswith(":") else words
    filled = [line for line in body if line.strip()]
    yield ""
    if name in _CODE:
        yield f"{inset}.. code::"
        yield ""
        yield from body
    elif filled and words and not body[0].strip():
        yield f"{inset}{words}"
        yield from _without_extensions(body[next(i for i, line in enumerate(body) if line.strip()) :])
    elif filled:
        yield f"{inset}{words}" if words else f"{inset}.. container::"
        cut = 0 if not words else min(len(line) - len(line.lstrip()) for line in filled) - len(inset)
        yield from () if words else ("",)
        yield from _without_extensions([line[cut:] if words else line for line in body])
    elif words:
        yield f"{inset}{words}"
    yield ""
