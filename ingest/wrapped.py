"""Plain text with hard line ends: which lines belong together, and what they are.

Text files, mail, RFCs and manual pages end their lines where the screen ended. `write` finds out which lines were
broken for that reason alone, joins those, and leaves lines that mean something (tables, code, verses, addresses, logs)
as they are. `join_lines` is the part that any reader can use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .builder import Builder

SOFT_HYPHEN = "\u00ad"
_HYPHENS = "-\u2010\u00ac" + SOFT_HYPHEN
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010'’][^\W\d_]+)*")
_LAST = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)[-\u2010]$")
_FIRST = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_PENDING = frozenset("and or und oder et ou y o e bzw to nor sowie".split())  # "pre- and post-war"
#: scripts written without spaces
_DENSE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]")


def vocabulary(text: str) -> Counter[str]:
    """Count the words of a text in lower case; `well-known` is one word, and what is cut at a line's end is none."""
    return Counter(word.lower().replace("\u2010", "-") for word in _WORD.findall(text))


def join_lines(lines: Sequence[str], words: Collection[str]) -> str:
    """Join the lines of one paragraph, with a space or, behind a hyphen, without.

    Whether `obser-` + `vatory` loses its hyphen is for the words of the document to say, `words` in lower case (see
    `vocabulary`): where they hold `observatory` it does, where they hold `obser-vatory` it does not, and else it stays
    between two words that also stand alone. A capital or digit behind the hyphen keeps it ("Jean-Paul").
    """
    joined = ""
    for line in lines:
        joined = _join_two(joined, line.strip(), words) if joined else line.strip()
    return joined


def _join_two(before: str, line: str, words: Collection[str]) -> str:
    if not line:
        return before
    if before[-1] == SOFT_HYPHEN and line[0].isalpha():
        return before[:-1] + line
    left, right = _LAST.search(before), _FIRST.match(line)
    if left and right and before[-1] in _HYPHENS:
        if right[0].lower() in _PENDING:
            return f"{before} {line}"
        return (before if _keeps_hyphen(left[1], right[0], words) else before[:-1]) + line
    if before[-1] in "-\u2010" and before[-2:-1].isalnum() and line[0].isalnum():
        return before + line
    dense = _DENSE.match(before[-1]) and _DENSE.match(line[0])
    return before + line if dense else f"{before} {line}"


def _keeps_hyphen(left: str, right: str, words: Collection[str]) -> bool:
    if right[0].isupper():
        return not left.isupper() or f"{left}{right}".lower() not in words
    first, second = left.lower(), right.lower()
    if first + second in words:
        return False
    return f"{first}-{second}" in words or "-" in first or (first in words and second in words)
