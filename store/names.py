"""The link index: the names that a passage bears, kept per passage in the record and looked up when another mentions
them.

Nothing here looks at another passage, so the index grows and shrinks with its passages. Documents without titles bear
the name that their text opens with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

from ..core.types import Block
from ..core.words import CONNECTORS, STOP, capital_spans, is_capital, name_key


class Kind(IntEnum):
    """How a passage comes by a name, the surest first."""

    TITLE = 0
    LEAD = 1  # the words that the text opens with, up to its first verb or punctuation
    SHORT = 2  # the title without article, or up to its first comma
    ALIAS = 3  # a capitalised name before the first is or was, or two words out of the lead
    FUZZY = 4  # `ken*burns`: the start of the first word and the last word


LONGEST_LEAD = 14
OPENING = 400
FIRST_SENTENCE = 300
_MONTHS = frozenset(
    "january february march april may june july august september october november december born".split()
)
_HEADINGS = re.compile(r"\A(?:\s*#[^\n]*\n)+\s*")
_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*")
_HEAD_END = re.compile(r"[(,;:]|\b(?:is|was|are|were|refers|has|had|may|also)\b")
_BE = re.compile(r"\b(?:is|was|are|were)\b")
_DIVISIONS = (
    "chapter|part|section|article|kapitel|teil|abschnitt|artikel|chapitre|partie|cap[ií]tulo|secci[oó]n|"
    "appendix|annex|anhang|annexe"
)
#: what numbers a section beyond doubt: "20.5. ", "3.2.1 ", "A.2 ", "Chapter 3: ", "Appendix B. ", "§ 4 "
_NUMBER = re.compile(
    rf"\s*(?:(?i:{_DIVISIONS})\s+(?:\d+(?:\.\d+)*|(?<=[xXgGeE]\s)[A-Z])\s*[.:–—-]\s+"
    r"|\d{1,3}(?:\.\d{1,3})+\.\s+|\d{1,3}(?:\.\d{1,3}){2,}\s+|[A-Z](?:\.\d{1,3})+\.?\s+"
    r"|§+\s*\d+[a-z]?(?:\.\d+)*\.?\s+)(?=\S)"
)
#: what may number a section or belong to a name: "3.2 Installing Tern" and "4.48 Psychosis"
_PERHAPS_NUMBER = re.compile(r"\s*(?:\d{1,2}\.\d{1,2}|\d{1,2}[.)])\s+(?=[^\W\d_])")
_MENU_WORDS = (
    "prev(?:ious)?|next|home|up|index|(?:table of )?contents|skip to (?:main )?content|jump to navigation|"
    "back to top|menu|search|you are here"
)
_NAVIGATION = re.compile(
    rf"[^\n.«]{{0,120}}(?: \| | [»›←→] )|(?:(?:{_MENU_WORDS})\b[\s>/:|]*)+(?:\n|\Z)|(?:home|you are here)\s*[:>/]",
    re.IGNORECASE,
)
_NEW_SENTENCE = re.compile(r"[a-z]{3}\. [A-Z]")


def names_of(title: str, text: str, blocks: Sequence[Block] = ()) -> list[tuple[str, int]]:
    """Return (name key, kind) for each name a passage bears, the surest kind of each.

    The number of a section is no part of its name: "20.5. Write Ahead Log" is called Write Ahead Log. Where it can't
    be told from a part of the name ("5. Managing Packages") there are both. A passage that opens with a menu or, as its
    `blocks` say, with a list, a table or code has no lead.
    """
    names = _of_lead(text) if _opens_with_prose(blocks) else {}
    names.update(_of_title(title))
    for key in [key for key, kind in names.items() if kind in (Kind.TITLE, Kind.LEAD)]:
        for fuzzy in _fuzzy_forms(without_article(key).split()):
            names.setdefault(fuzzy, Kind.FUZZY)
    return [(key, int(kind)) for key, kind in names.items()]


def fuzzy_key(key: str) -> str:
    """Return the form under which `ken burns` meets `kenneth lauren burns`, or nothing for a name that has none."""
    words = key.split()
    if len(words) < 2 or len(words[-1]) < 3:
        return ""
    if len(words[0]) >= 3:
        return f"{words[0][:3]}*{words[-1]}"
    return f"{words[0]}*{words[-1]}" if len(words[0]) == 1 else ""


def without_article(key: str) -> str:
    """Return a name key without its leading article."""
    return key.split(" ", 1)[1] if key.startswith(("the ", "a ", "an ")) else key


def _of_title(title: str) -> dict[str, Kind]:
    names: dict[str, Kind] = {}
    title = _NUMBER.sub("", title, count=1)
    bare = _PARENTHESIS.sub(" ", title)
    for key in (name_key(title), name_key(bare)):
        if key:
            names[key] = Kind.TITLE
    shorter = name_key(_PERHAPS_NUMBER.sub("", bare, count=1))
    if " " in shorter:  # a single word behind a number ("7. Sinfonie") would be anybody's name
        names.setdefault(shorter, Kind.SHORT)
    for key in (name_key(bare.split(",")[0]), *map(without_article, list(names))):
        if key and key not in STOP:
            names.setdefault(key, Kind.SHORT)
    return names


def _opens_with_prose(blocks: Sequence[Block]) -> bool:
    first = next((block for block in blocks if block.kind != "heading"), None)
    return first is None or first.kind == "paragraph"


def _of_lead(text: str) -> dict[str, Kind]:
    start = _HEADINGS.sub("", text[:OPENING]).lstrip(" '\"“‘«")
    if _NAVIGATION.match(start):
        return {}
    start = _NUMBER.sub("", start, count=1)
    head = name_key(_HEAD_END.split(start, maxsplit=1)[0])
    words = head.split()
    if not words or len(words) > LONGEST_LEAD or all(word in STOP for word in words) or not is_capital(start):
        return {}
    bare = without_article(head)
    names = {head: Kind.LEAD}
    if bare not in STOP:
        names[bare] = Kind.LEAD
    for key in (*_pairs(bare), *_opening_names(start)):
        names.setdefault(key, Kind.ALIAS)
    return names


def _pairs(key: str) -> list[str]:
    """Return the ordered word pairs of a name of three to six words: any two may be all that another text uses."""
    words = [word for word in key.split() if word not in CONNECTORS]
    if not 3 <= len(words) <= 6:
        return []
    return [
        f"{first} {second}" for place, first in enumerate(words) for second in words[place + 1 :] if len(second) > 2
    ]


def _opening_names(start: str) -> list[str]:
    """Return the capitalised names before the first is or was, unless a sentence ends before it."""
    plain = _PARENTHESIS.sub(" ", _PARENTHESIS.sub(" ", start))
    verb = _BE.search(plain)
    if verb is None or verb.start() >= FIRST_SENTENCE or _NEW_SENTENCE.search(plain[: verb.start()]):
        return []
    keys = [name_key(span) for span in capital_spans(plain[: verb.start()])]
    return [
        key
        for key in keys
        if len(key) > 2 and key not in STOP and not key[0].isdigit() and key.split()[0] not in _MONTHS
    ]


def _fuzzy_forms(words: list[str]) -> list[str]:
    if not 2 <= len(words) <= 5 or len(words[-1]) < 3:
        return []
    return [f"{word[:3]}*{words[-1]}" for word in words[:-1] if len(word) >= 3] + [f"{words[0][0]}*{words[-1]}"]
