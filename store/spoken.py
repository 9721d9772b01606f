"""References in words: "see section 4.2", "as described in Backup and Restore", ls(1), SRS-103.

A section's number is an anchor of its document, `:4.2`. An identifier is an anchor of the passage that defines it: `=`
before it where it stands in a title or heading, `~` where a block, item or row begins with it. No link that was written
as one can name such anchors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..core.types import Block, LinkKind
from ..core.words import slug
from .addresses import ANYWHERE, title_address

#: of a passage
MOST_SPOKEN = 50
_DIVISION = (
    r"[Ss]ections?|[Cc]hapters?|[Aa]ppendix|[Aa]nnex|[Aa]rticles?|[Cc]lauses?|[Pp]aragraphs?|[Pp]art|Sec\.|"
    r"Abschnitt|Kapitel|Anhang|Artikel"
)
_NUMBER = r"(?:\d{1,3}|[A-Z])(?:\.\d{1,3}){0,5}"
_SECTION = re.compile(
    rf"\b(?:{_DIVISION})\s+({_NUMBER})(?![\w%]|\.\d)|§+\s*(\d{{1,4}}[a-z]?(?:\.\d{{1,3}}){{0,5}})(?!\w)"
)
_NUMBERED = re.compile(
    rf"\s*(?:(?:{_DIVISION}|CHAPTER|SECTION|APPENDIX|ANNEX|ARTICLE|PART)\s+({_NUMBER})(?![\w])"
    r"|§+\s*(\d{1,4}[a-z]?)(?!\w)|(\d{1,3}(?:\.\d{1,3}){1,5}|[A-Z](?:\.\d{1,3}){1,5})\.?(?=\s)|(\d{1,3}|[A-Z])[.)](?=\s))"
)
_SEE = (
    r"\b(?:[Ss]ee(?: also| under)?|[Rr]efer(?:s|red)? to|(?:described|explained|discussed|defined|covered|documented|"
    r"listed|given|detailed) (?:in|under)|details? (?:in|see)|[Ss]iehe(?: auch)?|beschrieben in)\s+(?:the\s+)?"
    r"(?:(?:section|chapter|page|article|document|guide)\s+)?"
)
_SMALL = r"(?:(?:and|or|of|the|for|in|to|a|an|on|with|from|by|und|der|die|das)\s+){0,2}"
_NAME = rf"[A-Z][\w'’&/-]*(?:\s+{_SMALL}[A-Z0-9][\w'’&/-]*){{0,9}}"
_TITLE = re.compile(rf"{_SEE}(?:[\"“„‘]([^\"“”„‘’\n]{{3,100}})[\"”“’]|({_NAME}))")
_MANUAL = re.compile(r"\(([1-9][a-zA-Z]{0,3})\)")
_PROGRAM = re.compile(r"(?:^|(?<=[\s(\[,;]))[A-Za-z_][\w.+-]{0,60}$")
_IDENTIFIER = re.compile(r"(?<![\w./-])([A-Z][A-Z0-9]{1,9})([-_ ]?)(\d{1,7}(?:[-./]\d{1,7}){0,3}[a-z]?)(?![\w-]|\.\d)")
#: capitals before a number that name a place in a text, a date or an amount
_COMMON = frozenset(
    "PAGE CHAPTER SECTION PART FIGURE FIG TABLE STEP NO VOL ITEM APPENDIX ANNEX ARTICLE NOTE BOX LINE ROW COLUMN LEVEL "
    "PHASE JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC JANUARY FEBRUARY MARCH APRIL JUNE JULY AUGUST SEPTEMBER "
    "OCTOBER NOVEMBER DECEMBER USD EUR GBP CHF AM PM AD BC TO OF IN AT ON BY OR AND THE FOR".split()
)
_BEGINS = re.compile(r"\s*(?:#+\s+)?(?:(?:[-*•]|\d+[.)])\s+)?[\[(*]*")
_DEFINED = re.compile(r"[\])*]*(?:\s*[:.|–—]|\s+-\s|\s+[A-Z\"“]|\s*$)")

#: (kind, start, end, target, suffix, anchor)
SpokenRow = tuple[int, int, int, str, str, str]


def anchors_of(text: str, blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the numbers and identifiers of which a passage is the place."""
    for block in blocks:
        words = text[block.start : block.end]
        if block.kind == "heading":
            words = words.lstrip("# ")
            if number := _NUMBERED.match(words):
                yield ":" + next(filter(None, number.groups())).casefold()
            yield from (f"={name}" for _, _, name in _identifiers(words))
        elif block.kind != "code":
            lines = words.split("\n") if block.kind in ("list", "table") else [words[:200]]
            yield from (f"~{defined}" for line in lines if (defined := _defined(line)))


def titled(title: str) -> Iterator[str]:
    """Yield the identifiers in the title of a document, of which its first passage is the place."""
    return (f"={name}" for _, _, name in _identifiers(title))


def spoken(text: str, own: str) -> Iterator[SpokenRow]:
    """Yield what a passage of the document with the address `own` refers to in words, in no order."""
    for found in _SECTION.finditer(text):
        yield _row(found, own, ":" + (found[1] or found[2]).casefold())
    for found in _TITLE.finditer(text):
        words = found[1] or found[2]
        group = 1 if found[1] else 2
        yield _row(found, own, slug(words), group)
        yield _row(found, title_address(words), "", group)
    for found in _MANUAL.finditer(text):
        line = text[max(0, found.start() - 64) : found.start()]
        if program := _PROGRAM.search(line):
            start, target = found.start() - len(program[0]), title_address(f"{program[0]} {found[1]}")
            yield LinkKind.REFERENCE, start, found.end(), target, "", ""
    for start, end, name in _identifiers(text):
        for sign in "=~":
            yield LinkKind.IDENTIFIER, start, end, ANYWHERE, "", sign + name


def _row(found: re.Match[str], target: str, anchor: str, group: int = 0) -> SpokenRow:
    return LinkKind.REFERENCE, found.start(group), found.end(group), target, "", anchor


def _identifiers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, name) of identifiers; those with a space and with a hyphen are the same."""
    for found in _IDENTIFIER.finditer(text):
        letters, gap, digits = found.groups()
        if letters not in _COMMON and (gap or len(digits) > 2):
            yield found.start(), found.end(), f"{letters}-{digits}".casefold()


def _defined(line: str) -> str:
    """Return the identifier that a line begins with, where what follows is said of it."""
    begins = _BEGINS.match(line)
    at = begins.end() if begins else 0
    first = next(_identifiers(line[: at + 40]), None)
    if first is None or first[0] != at or not _DEFINED.match(line, first[1]):
        return ""
    return first[2]
