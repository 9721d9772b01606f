"""A text as the check of citations reads it: words in one form, with their sentence, clause and kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ...core.dates import MONTHS, NUMERALS, dates
from ...core.words import STOP, fold, sentences
from .synonyms import CANONICAL, lands, stem

NAME, NUMBER = "name", "number"

_TOKEN = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:(?:st|nd|rd|th)\b)?|[^\W\d_]+(?:['’][^\W\d_]+)?|[^\W_]+"
)
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_BOUNDARY = re.compile(r"[;:–—,]|\s-\s")
_OPENS = frozenset(
    "and but or while who whom which whose where when that after before because although though since".split()
)
_MONTH = re.compile(rf"(?:{'|'.join(MONTHS)})[a-z]*")
_PARTICLES = frozenset("of the de la le von van der den du da do dos di del el al bin ibn".split())
_PRONOUNS = frozenset("he she it they his her its their him them".split())
#: How many clauses further a statement of its own is, as after ", and".
APART = 3
#: Words at the beginning of a sentence in which a pronoun is looked for.
OPENING = 8
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
#: Words that are no content and yet tell who does what, or that it is not so.
_KEPT = frozenset("not no nor never by before after first last same other more most".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word in one form, where it stands, what kind it is, and to which name or date it belongs (-1: none).

    `owns` is whether it is a possessive.
    """

    key: str
    raw: str
    kind: str
    unit: int
    sentence: int
    clause: int
    place: int
    owns: bool = False

    @property
    def content(self) -> bool:
        """Say whether it carries meaning by itself."""
        return self.raw not in STOP


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a text by sentence; a passage's have the words of its title before them where they lack it."""

    sentences: tuple[tuple[Word, ...], ...]
    title: frozenset[str] = frozenset()

    @property
    def words(self) -> list[Word]:
        """Return all words."""
        return [word for sentence in self.sentences for word in sentence]

    @property
    def keys(self) -> set[str]:
        """Return all words in their one form and as they are written."""
        return {key for word in self.words for key in (word.key, word.raw)}

    def units(self) -> dict[int, list[Word]]:
        """Return the names, numbers and dates, each as its words."""
        found: dict[int, list[Word]] = {}
        for word in self.words:
            if word.unit >= 0:
                found.setdefault(word.unit, []).append(word)
        return found


@dataclass(slots=True)
class _Where:
    """The clause and place of the next word; what stands in brackets is a clause beside the one that goes on behind."""

    clause: int = 0
    place: int = -1
    clauses: int = 0
    outside: list[tuple[int, int]] = field(default_factory=list)

    def move(self, gap: str, *, opens: bool) -> None:
        """Go on to a word with this before it, which may itself open a clause."""
        self.place += 1
        for char in gap:
            if char == "(":
                self.outside.append((self.clause, self.place))
                self._next()
            elif char == ")" and self.outside:
                self.clause, self.place = self.outside.pop()
        if opens or _BOUNDARY.search(gap):
            self._next()
        if opens and "," in gap:
            self.clauses += APART
            self.clause = self.clauses

    def _next(self) -> None:
        self.clauses += 1
        self.clause = self.clauses


@lru_cache(maxsize=512)
def read(text: str, known: frozenset[str] = frozenset()) -> Text:
    """Return the words of a passage, whose title, if any, is the first of several lines.

    Without one it counts as called what it opens with.
    `known` are words that are names wherever they stand, beside those of the title.
    """
    title, _, body = text.partition("\n")
    if not body:
        title, body = "", text
    called = re.sub(r"\s*\([^)]*\)", "", title)
    pieces = sentences(body)
    known |= {fold(word) for word in [*_TOKEN.findall(called), *_capitals(pieces)]} - STOP
    heading = _words(called, 0, 0, known) if title else _opening(pieces, known)
    made: list[tuple[Word, ...]] = []
    units = 1_000
    for number, sentence in enumerate(pieces):
        words = _words(sentence, number, units, known)
        units += 1_000
        made.append((*_named(heading, words, number), *words))
    if title and not made:
        made.append(tuple(heading))
    return Text(tuple(made), frozenset(word.key for word in heading))


def _opening(pieces: Sequence[str], known: frozenset[str]) -> list[Word]:
    """Return the name that several sentences open with."""
    words = _words(pieces[0], 0, 0, known) if len(pieces) > 1 else []
    named = next((word.unit for word in words[:2] if word.kind == NAME), -1)
    return [word for word in words if word.unit == named >= 0]


def _capitals(pieces: Sequence[str]) -> list[str]:
    """Return the capitalised words that do not open a sentence."""
    return [_POSSESSIVE.sub("", word) for piece in pieces for word in _TOKEN.findall(piece)[1:] if word[0].isupper()]


def _named(heading: Sequence[Word], words: Sequence[Word], number: int) -> list[Word]:
    """Return the title's words for a sentence that does not name it, as if they stood in the place of its pronoun."""
    there = {word.key for word in words}
    if any(word.key in there for word in heading if word.content) or not _refers(words):
        return []
    return [
        Word(one.key, one.raw, NAME, number * 1_000 + 999, number, 0, place - len(heading))
        for place, one in enumerate(heading)
    ]


def _refers(words: Sequence[Word]) -> bool:
    """Say whether a sentence may speak of the title: it opens with an article, or with a pronoun in a few words."""
    opening = [word.raw for word in words[:OPENING]]
    return opening[:1] in (["the"], ["this"], ["these"]) or not _PRONOUNS.isdisjoint(opening)


def _words(text: str, sentence: int, units: int, known: frozenset[str]) -> list[Word]:
    """Return the words of one sentence."""
    text = lands(_ISO.sub(_spelt, text))
    spans = [(one.start, one.end, one.of) for one in dates(text)]
    tokens = list(_TOKEN.finditer(text))
    made: list[Word] = []
    where = _Where()
    last, unit = 0, units
    for place, token in enumerate(tokens):
        raw = fold(_POSSESSIVE.sub("", token.group()))
        gap = text[last : token.start()]
        where.move(gap, opens=raw in _OPENS)
        clause, at = where.clause, where.place
        dated = next((one for one in spans if one[0] <= token.start() < one[1]), None)
        kind = (
            NUMBER if dated or raw[:1].isdigit() or raw in NUMERALS else NAME if _is_name(tokens, place, known) else ""
        )
        if dated and token.start() == dated[0] and dated[2] and not _says(made, clause, dated[2]):
            made.append(Word(stem(dated[2]), dated[2], "", -1, sentence, clause, at))
        if kind and not _goes_on(
            made, kind, gap, within=dated is not None and token.start() > dated[0], dated=dated is not None
        ):
            unit += 1
        made += [
            Word(key, raw, kind, unit if kind else -1, sentence, clause, at, _owns(token.group(), raw))
            for key in _keys(raw, kind, dated=bool(dated))
        ]
        last = token.end()
    return made


def _spelt(date: re.Match[str]) -> str:
    year, month, day = date.groups()
    return f"{day} {MONTHS[int(month) - 1]} {year}" if 1 <= int(month) <= 12 else date.group()


def _says(made: Sequence[Word], clause: int, of: str) -> bool:
    return any(word.raw == of for word in made[-6:])


def _is_name(tokens: Sequence[re.Match[str]], place: int, known: frozenset[str]) -> bool:
    """Say whether a word belongs to a name; the first word of a sentence does not for its capital alone.

    Particles do between two parts of one name, as in "Duke of Wellington".
    """
    word = tokens[place].group()
    following = tokens[place + 1].group() if place + 1 < len(tokens) else ""
    if not word[0].isupper():
        return bool(place) and word in _PARTICLES and _joins(tokens, place)
    if fold(word) in STOP:
        return place > 1 and following[:1].isupper() and tokens[place - 1].group()[0].isupper() and len(word) > 3
    return place > 0 or following[:1].isupper() or fold(_POSSESSIVE.sub("", word)) in known


def _joins(tokens: Sequence[re.Match[str]], place: int) -> bool:
    """Say whether there are capitals next to a run of particles on both sides."""
    before, after = place, place
    while before > 0 and tokens[before].group() in _PARTICLES:
        before -= 1
    while after + 1 < len(tokens) and tokens[after].group() in _PARTICLES:
        after += 1
    ends = tokens[before], tokens[after]
    whole = tokens[after].start() - tokens[before].end()
    between = sum(len(token.group()) + 1 for token in tokens[before + 1 : after]) + 1
    return all(end.group()[0].isupper() and fold(end.group()) not in STOP for end in ends) and whole == between


def _goes_on(made: Sequence[Word], kind: str, gap: str, *, within: bool, dated: bool) -> bool:
    """Say whether a word belongs to the name or the date that the word before it is of."""
    if not made or made[-1].kind != kind:
        return False
    return within if dated else kind == NAME and gap in (" ", ". ", "-", "'", "’")


def _owns(word: str, raw: str) -> bool:
    return fold(word) != raw or raw in ("his", "her", "its", "their", "whose")


def _keys(raw: str, kind: str, *, dated: bool) -> list[str]:
    """Return the one form of a word, or of the parts of a date."""
    if raw.endswith(("n't", "n’t")):
        return [stem(raw[:-3]), "not"]
    if kind == NUMBER:
        plain = raw.replace(",", "")
        if dated and (match := _MONTH.match(plain)):
            return [match.group()[:3]]
        if plain in NUMERALS:
            return [str(NUMERALS[plain])]
        digits = re.match(r"0*(\d+(?:\.\d+)?)", plain)
        return [digits.group(1)] if digits else [plain]
    if kind == NAME:
        return [CANONICAL.get(raw, raw.removesuffix("s") if len(raw) > 4 and not raw.endswith("ss") else raw)]
    return [CANONICAL.get(raw, raw if raw in _KEPT else stem(raw))]
