"""Where the sections of a text start and which headings they lie under."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_HEADING = 1000
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Section:
    """Characters `start` to `end` of a text, under the headings of `trail`; `bare` if it is a heading line alone."""

    start: int
    end: int
    trail: tuple[str, ...]
    bare: bool = False


def outside_fences(lines: Sequence[str]) -> list[bool]:
    """Tell for each line whether it is outside fenced code."""
    result, fence = [], ""
    for line in lines:
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
            result.append(False)
        else:
            result.append(not fence)
            if found and line.strip() == found[1] and found[1].startswith(fence):
                fence = ""
    return result


def first_heading(text: str) -> str:
    """Return the first first-level heading, else the first heading of any level, else nothing."""
    lines = text.split("\n")
    found = [match for line, free in zip(lines, outside_fences(lines), strict=True) if free and (match := _match(line))]
    return next((match[2] for match in found if match[1] == "#"), found[0][2] if found else "")


def sections(text: str) -> list[Section]:
    """Cut a text before each `#` heading line; the parts cover it without a gap."""
    if "#" not in text:
        return [Section(0, len(text), ())]
    lines = text.split("\n")
    result: list[Section] = []
    trail: dict[int, str] = {}
    start = at = 0
    bare = True
    for line, free in zip(lines, outside_fences(lines), strict=True):
        heading = _match(line) if free else None
        if heading:
            if at > start:
                result.append(Section(start, at, tuple(trail.values()), bare and bool(trail)))
            level = len(heading[1])
            trail = {outer: name for outer, name in trail.items() if outer < level} | {level: heading[2]}
            start, bare = at, True
        elif bare and line.strip():
            bare = False
        at += len(line) + 1
    result.append(Section(start, len(text), tuple(trail.values()), bare and bool(trail)))
    return result


def _match(line: str) -> re.Match[str] | None:
    """Match a heading line; lines of a size that no heading has are not tried."""
    return _HEADING.match(line) if "#" in line[:4] and len(line) <= LONGEST_HEADING else None
