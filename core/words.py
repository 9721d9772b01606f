"""Words, names and sentences of a text: folding, function words, word keys, runs of capitals."""

from __future__ import annotations

import re
import unicodedata

#: The commonest English function words. A query leaves them out only while another word remains.
STOP = frozenset(
    "a an the of in on at by to for from with as is was are were be been being do does did done have has had it its "
    "this that these those he she they his her their him them i we you who whom whose which what when where why how "
    "and or nor but not no than then so such into also other others same more most both between during after before "
    "about over under out up down off there here any all each some one ones if can could will would should may might "
    "must".split()
)

#: Lower-case words that stand inside a name without ending it.
CONNECTORS = frozenset(
    "of the de la le les von van der den du da do dos del di el al ibn bin and y e for in on at to a no".split()
)

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_PIECE = re.compile(r"[^\W_]+")
_APOSTROPHE = re.compile("['’`]")
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_INSIDE_RUN = " '\"“”.-’"


def fold(text: str) -> str:
    """Return lower case without accents, compatibility forms resolved."""
    return text.lower() if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).lower()


def name_key(text: str) -> str:
    """Return a name as the link index keeps it: folded words joined by single spaces, apostrophes gone."""
    return " ".join(_PIECE.findall(_APOSTROPHE.sub("", fold(text))))


def content_words(text: str) -> list[str]:
    """Return the folded words of a text that carry meaning, in order, repeats included."""
    return [word for word in _PIECE.findall(fold(text)) if word not in STOP]


def word_key(word: str) -> str:
    """Return a crude stem, under which direct, director and directed are one: the first five letters."""
    return word[:5]


def capital_spans(text: str) -> list[str]:
    """Return the runs of capitalised words, joined over connectors but not over punctuation that ends a name."""
    spans: list[list[str]] = [[]]
    last = 0
    for match in WORD.finditer(text):
        word = match.group()
        if spans[-1] and text[last : match.start()].strip(_INSIDE_RUN):
            spans.append([])
        if is_capital(word) or (spans[-1] and word.lower() in CONNECTORS):
            spans[-1].append(word)
        elif spans[-1]:
            spans.append([])
        last = match.end()
    return [" ".join(trimmed) for trimmed in map(_without_tail, spans) if trimmed]


def is_capital(word: str) -> bool:
    """Say whether a word begins like a name: with a capital or a digit."""
    return word[0].isupper() or word[0].isdigit()


def _without_tail(words: list[str]) -> list[str]:
    while words and not is_capital(words[-1]):
        words = words[:-1]
    return words


_END = re.compile(r"(?<=[.!?。！？])([\"'”’)\]]*)\s+(?=[\"'“‘(\[]*[^\Wa-z_])|(?<=[。！？])")
_SHORT = (
    "Mr Mrs Ms Dr St Jr Sr Prof vs No Inc Ltd Co Mt Ft Gen Col Lt Capt Sgt Maj Adm Rev Hon Gov Sen Rep Bros b d c ca r "
    "approx est fl née vol pp ed eds Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"
).replace(" ", "|")
_ABBREVIATION = re.compile(rf"(?:\b[A-Z]|\b(?:{_SHORT}))\.[\"'”’)\]]*$")


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; initials and common abbreviations end none."""
    pieces: list[str] = []
    for piece in filter(None, map(str.strip, _END.sub(r"\1\n", text).split("\n"))):
        if pieces and _ABBREVIATION.search(pieces[-1]):
            pieces[-1] += " " + piece
        else:
            pieces.append(piece)
    return pieces


def quoted_span(quote: str, text: str) -> tuple[int, int] | None:
    """Return where words stand in a text, whatever white space is between them, in the same case where they can be."""
    at = text.find(quote)
    if at >= 0 and quote.strip():
        return at, at + len(quote)
    words = quote.split()
    if not words:
        return None
    pattern = r"\s+".join(map(re.escape, words))
    found = re.search(pattern, text) or re.search(pattern, text, re.IGNORECASE)
    return found.span() if found else None


_MARKS = re.compile(r"[^\w\s-]+")
_GAPS = re.compile(r"[\s_-]+")


def slug(text: str) -> str:
    """Return the name under which a heading can be linked to, as GitHub, GitLab, Hugo and wikis make it.

    They differ in runs of hyphens and in underscores alone, which are single hyphens here.
    """
    return _GAPS.sub("-", _MARKS.sub("", text.casefold())).strip("-")
