"""Org: outlines of Emacs, written as Markdown and read as such; states and tags stand below their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, clean_text, stem_title
from . import markdown

_HEADING = re.compile(r"(\*+)\s+((?:TODO|DONE|NEXT|WAITING|CANCELL?ED)\s+)?(\[#\w\]\s+)?(.*?)(\s+:[\w@:]+:)?\s*")
_KEYWORD = re.compile(r"\s*#\+(\w+):\s*(.*)", re.IGNORECASE)
_BLOCK = re.compile(r"\s*#\+(begin|end)_(\w+).*", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:[\w-]+:\s*")
_RULE = re.compile(r"\s*\|[-+]+\|?\s*")
_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_MARKS = re.compile(r"(?<![\w*/=~+_])([*/=~+_])(?=\S)([^\n]+?)(?<=\S)\1(?![\w*/=~+_])")
_NOTE = re.compile(r"\[fn:(\w+)\](?!:)")
_NOTE_TEXT = re.compile(r"\[fn:(\w+)\]\s+(.*)")
_TERM = re.compile(r"(\s*)[-+]\s+(.*?)\s+::\s+(.*)")
_VERBATIM = frozenset(["src", "example", "export", "comment"])


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document; the title is that of `#+TITLE:`, else the first heading."""
    text, note = read_text(path)
    builder = Builder()
    title, body = _markdown(clean_text(text).split("\n"))
    found = markdown.write(builder, "\n".join(body))
    yield from builder.document(path, title=title or found or stem_title(path), metadata=note)


def _markdown(lines: list[str]) -> tuple[str, list[str]]:
    """Return the title, and the lines in Markdown."""
    title, made, block, drawer = "", list[str](), "", False
    header = True
    for line in lines:
        if found := _BLOCK.fullmatch(line):
            kind = found[2].lower()
            block = kind if found[1].lower() == "begin" else ""
            made += (
                ["", "```"] if kind in _VERBATIM - {"comment"} and block else ["```", ""] if kind in _VERBATIM else [""]
            )
        elif block in _VERBATIM:
            made.append(line if block != "comment" else "")
        elif drawer or _DRAWER.fullmatch(line):
            drawer = line.strip().upper() != ":END:" if drawer or line.strip() != ":END:" else False
        elif keyword := _KEYWORD.fullmatch(line):
            title = title or (keyword[2] if keyword[1].lower() == "title" else "")
            made += ["", keyword[2], ""] if keyword[1].lower() == "caption" else []
        elif not (line.startswith("# ") or line == "#"):
            made += _line(line, made, header=header)
        header = not line.lstrip().startswith("|")
    return title, made


def _line(line: str, made: list[str], *, header: bool) -> list[str]:
    if heading := _HEADING.fullmatch(line):
        state = " ".join(f"{heading[2] or ''}{heading[3] or ''}{(heading[5] or '').replace(':', ' ')}".split())
        return ["", "#" * min(len(heading[1]), 6) + " " + _inline(heading[4]), "", *([state, ""] if state else [])]
    if _RULE.fullmatch(line):
        before = made[-1] if made else ""
        second = before.startswith("|") and (len(made) < 2 or not made[-2].startswith("|"))
        return ["|" + "---|" * (before.count("|") - 1)] if second else []
    if line.lstrip().startswith("|"):
        return ["", _inline(line.strip())] if header else [_inline(line.strip())]
    if note := _NOTE_TEXT.fullmatch(line):
        return ["", f"[^{note[1]}]: {_inline(note[2])}"]
    if term := _TERM.fullmatch(line):
        return [f"{term[1]}- {_inline(term[2])}: {_inline(term[3])}"]
    return [_inline(line)]


def _inline(text: str) -> str:
    """Write links and notes as Markdown has them, and leave marks of emphasis out."""
    text = _MARKS.sub(r"\2", text)
    text = _LINK.sub(lambda found: f"[{found[2] or found[1]}](<{found[1]}>)", text)
    return _NOTE.sub(r"[^\1]", text)
