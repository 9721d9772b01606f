"""Answers that no single sentence gives: all items of a list, how many they are, and which of several is the most.

They are told only where the evidence is whole: all members are there, each says its measure once, in units that can be
compared, and one is clearly first. Otherwise the sentences that explain an answer are told (`explain.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...core.dates import NUMBER as NUMERAL
from ...core.measures import DATED, MONEY, NUMBER, Measure, measures, unit_of
from ...core.words import STOP, content_words, fold, is_capital, name_key
from ...retrieval.run import LoadedPassage, Run
from ..citations.check import Sentence
from .groups import Group, LabelledPart, Member, clauses, groups, kind_key, kinds_of
from .quotable import bare
from .statements import ABOVE, Statement, statements

#: Passages that are looked at.
PASSAGES = 20


class Together(NamedTuple):
    """What is told: sentences with the numbers, from 1, of their passages, and before them how many they are."""

    sentences: Sequence[Sentence]
    number: str = ""


class _Aspect(NamedTuple):
    """What is measured: kinds of measures, words that say so, and whether a measure of the kind needs such a word."""

    kinds: frozenset[str]
    words: frozenset[str]
    needs: bool = True


def _aspect(kinds: str | frozenset[str], words: str, *, needs: bool = True) -> _Aspect:
    return _Aspect(frozenset(kinds.split()) if isinstance(kinds, str) else kinds, kinds_of(words), needs)


_MASS = _aspect("mass", "weight weighs heavy light mass", needs=False)
_PRICE = _aspect(MONEY, "price cost costs expensive cheap dear fee charge", needs=False)
_LENGTH = _aspect("length time", "long length lasts duration")
_HEIGHT = _aspect("length", "tall height high")
_DEPTH = _aspect("length", "deep depth")
_WIDTH = _aspect("length", "wide width broad")
_SPEED = _aspect("speed", "fast speed", needs=False)
_AGE = _aspect(
    DATED, "built born founded opened launched released established created made written published introduced date year"
)
_ANY = _aspect("", "")
#: what a question may name by words that the answer does not have: "costs less" asks for a price
_SPOKEN = (_MASS, _PRICE, _HEIGHT, _DEPTH, _WIDTH, _SPEED)
_SPOKEN_WORDS = frozenset[str]().union(*(aspect.words for aspect in _SPOKEN))
#: words that compare: what they measure, and whether the largest comes first
_DEGREES: Mapping[str, tuple[_Aspect, bool]] = {
    word: (aspect, up)
    for words, aspect, up in (
        ("heavier heaviest", _MASS, True),
        ("lighter lightest", _MASS, False),
        ("cheaper cheapest", _PRICE, False),
        ("dearer dearest", _PRICE, True),
        ("longer longest", _LENGTH, True),
        ("shorter shortest", _LENGTH, False),
        ("taller tallest", _HEIGHT, True),
        ("deeper deepest", _DEPTH, True),
        ("wider widest broader broadest", _WIDTH, True),
        ("narrower narrowest", _WIDTH, False),
        ("faster fastest", _SPEED, True),
        ("slower slowest", _SPEED, False),
        ("older oldest earlier earliest first", _AGE, False),
        ("younger youngest newer newest later latest", _AGE, True),
        ("more most larger largest bigger biggest greater greatest higher highest", _ANY, True),
        ("less least fewer fewest smaller smallest lower lowest", _ANY, False),
    )
    for word in words.split()
}
_DEGREE = re.compile(rf"\b(?:{'|'.join(_DEGREES)})\b")
_MOST = re.compile(r"\W*(?:which|what)\b.*\b(?:\w+est|most|least|first)\b")
_AMONG = re.compile(r"[,:] (?P<names>.+? or .+?)\W*$")
_THAN = re.compile(
    rf"^\W*(?:is|are|was|were) (?P<one>.+?) (?P<said>(?:{'|'.join(_DEGREES)})\b.*?) than (?P<other>.+?)\W*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|an?|our|its) ", re.IGNORECASE)
_NOUN = r"(?P<noun>(?:[\w-]+ ){0,2}?(?:[\w-]+s|people|men|women|children))\b"
#: "What are runtimes" asks for what they are, "what are the runtimes" for all of them.
_LISTS = re.compile(
    r"^\W*(?:which|list|name|what(?= (?!are\b|is\b|was\b|were\b))|what are(?= (?:all|the|our|its|their|your)\b))"
    rf"(?: (?:of|all|the|our|its|their|your))* {_NOUN}"
)
_COUNTS = re.compile(rf"\bhow many {_NOUN}")
#: endings of words in -s that are no plural
_SINGULAR = ("ss", "us", "is")
#: what limits a question beyond the words that its answer has
_LIMITS = re.compile(
    r"\b(?:not|no|never|without|except|besides|other|than|over|under|above|below|between|before|after|since|until|"
    r"more|less|fewer|at (?:least|most)|up to|only|both|or|first|last|next)\b|n't\b"
)
_GENERIC = kinds_of("many number list name exist available total listed")
_RECORD = re.compile(r"[\w ()%-]{1,40}: ")
_PRONOUN = re.compile(r"(?:it|its|he|his|she|her|they|their)\b", re.IGNORECASE)
_LIKE = frozenset("than like unlike as".split())
#: Words after which the subject of a sentence is no longer expected.
_OPENING = 6


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is compared: the kinds of measures (any if none), words of which the place must have one of each set."""

    kinds: frozenset[str]
    says: Sequence[frozenset[str]]
    prefers: frozenset[str]
    up: bool

    def of(self, parts: Sequence[LabelledPart]) -> Measure | None:
        """Return the one measure that some parts say of what is compared; None for none, and for several."""
        found = [one for part in parts for one in self._in(part)]
        preferred = [one for keys, one in found if not keys.isdisjoint(self.prefers)]
        values = {one[:3]: one for one in preferred or [one for _, one in found]}
        return next(iter(values.values())) if len(values) == 1 else None

    def _in(self, part: LabelledPart) -> Iterator[tuple[frozenset[str], Measure]]:
        keys = kinds_of(f"{part.label} {part.text}")
        if any(keys.isdisjoint(words) for words in self.says):
            return
        for one in measures(part.text, unit_of(part.label)):
            plain = one.kind == NUMBER and bool(part.label) and DATED not in self.kinds and bool(keys & self.prefers)
            if one.kind in self.kinds or plain or (not self.kinds and one.kind != DATED):
                yield keys, one


def together(question: str, known: Sequence[LoadedPassage], run: Run) -> Together | None:
    """Return an answer made of several things that the passages of a ranking say; None where none is clear."""
    asked, known = fold(question), known[:PASSAGES]
    if (sides := _sides(question)) is not None:
        return _compared(*sides, known)
    if _MOST.match(asked) and len(_DEGREE.findall(asked)) == 1:
        return None if _LIMITS.search(_DEGREE.sub(" ", asked)) else _first(asked, groups(known, run))
    return _listed(asked, known, run)


def _listed(asked: str, known: Sequence[LoadedPassage], run: Run) -> Together | None:
    """Return all things of the kind that a question asks for, and their number if it asks for that."""
    counts = _COUNTS.search(asked)
    found = counts or _LISTS.search(asked)
    if not found or _LIMITS.search(asked):
        return None
    word = found["noun"].split()[-1]
    noun = kind_key(word)
    if word in STOP or word.endswith(_SINGULAR) or (counts and _stated(noun, known)):
        return None
    fitting = []
    for group in groups(known, run):
        open_ = kinds_of(asked) - group.above - group.columns - _GENERIC - {noun}
        members = [member for member in group.members if open_ <= member.keys]
        if noun in group.called and len(members) > 1:
            fitting.append(members)
    if len(fitting) != 1:
        return None
    told = [Sentence(member.shown, member.passage + 1, member.quote) for member in fitting[0]]
    return Together(told, f"{len(told)} are named:" if counts else "")


def _stated(noun: str, known: Sequence[LoadedPassage]) -> bool:
    """Say whether a passage has a number right before a noun: it says itself how many there are."""
    for one in known:
        for found in NUMERAL.finditer(one.passage.text):
            behind = re.findall(r"\w+", fold(one.passage.text[found.end() : found.end() + 40]))
            if noun in map(kind_key, behind[:2]):
                return True
    return False


def _first(asked: str, there: Sequence[Group]) -> Together | None:
    """Return the member of a group that has most, or least, of what is asked for."""
    found = [one for group in there if (one := _most(asked, group)) is not None]
    if len(found) != 1:
        return None
    (best,) = found
    return Together([Sentence(best.shown, best.passage + 1, best.quote)])


def _most(asked: str, group: Group) -> Member | None:
    """Return the member of a group that is clearly first; None also where the question does not speak of the group.

    What the question says besides the names of columns and of what is measured, the members compared must say too.
    """
    keys = kinds_of(_DEGREE.sub(" ", asked)) - _GENERIC
    everywhere = frozenset.intersection(*(member.keys for member in group.members))
    measured = keys & (group.columns | everywhere | _SPOKEN_WORDS) - group.called
    if keys.isdisjoint(group.called):
        return None
    members = [one for one in group.members if keys - measured - group.above - group.called <= one.keys]
    wanted = _wanted(asked, measured)
    values = [wanted.of(member.parts) for member in members]
    place = _ahead(values, up=wanted.up)
    return members[place] if place is not None else None


def _wanted(asked: str, measured: frozenset[str]) -> _Wanted:
    """Return what a comparing word and the other words for what is measured ask for."""
    (word, *_) = _DEGREE.findall(asked)
    degree, up = _DEGREES[word]
    aspects = {key: aspect for aspect in _SPOKEN for key in measured & aspect.words}
    kinds = degree.kinds.union(*(aspect.kinds for aspect in aspects.values()))
    says = [aspect.words for aspect in aspects.values() if aspect.needs]
    says += [frozenset({key}) for key in sorted(measured - aspects.keys())]
    if not measured and degree.needs:
        says.append(degree.words)
    prefers = degree.words.union(measured, *(aspect.words for aspect in aspects.values()))
    return _Wanted(kinds, says, prefers, up)


def _ahead(values: Sequence[Measure | None], *, up: bool) -> int | None:
    """Return the place of the value that is clearly first; None where one is missing, or of another kind."""
    there = [one for one in values if one is not None]
    if len(there) < max(2, len(values)) or len({one.kind for one in there}) > 1:
        return None
    order = sorted(range(len(there)), key=lambda place: there[place].low, reverse=up)
    first, second = there[order[0]], there[order[1]]
    clear = first.low > second.high if up else first.high < second.low
    return order[0] if clear else None


def _sides(question: str) -> tuple[str, list[str]] | None:
    """Return what is asked and the names of the things that a question compares, as it writes them."""
    if found := _THAN.search(question):
        said, names = found["said"], [found["one"], found["other"]]
    elif (found := _AMONG.search(question)) and len(_DEGREE.findall(fold(question[: found.start()]))) == 1:
        said, names = question[: found.start()], re.split(r",? or |, ", found["names"])
    else:
        return None
    return fold(said), [_ARTICLE.sub("", name.strip()) for name in names]


def _compared(asked: str, names: Sequence[str], known: Sequence[LoadedPassage]) -> Together | None:
    """Return what is said of each of the things, the one that a question asks for first."""
    words = [kind_key(word) for word in content_words(_DEGREE.sub(" ", asked))]
    # "Which ferry": the word says what they are, not what is measured.
    kind = re.match(r"\W*(?:which|what|who)(?: of (?:the|these))? (\w+)", asked)
    thing = {kind_key(kind[1])} - _SPOKEN_WORDS if kind and kind[1] not in _DEGREES else set[str]()
    measured = frozenset(words) - thing
    wanted = _wanted(asked, measured)
    found = [_said_of(name, names, known, wanted=wanted) for name in names]
    place = _ahead([one[0] if one else None for one in found], up=wanted.up)
    if place is None:
        return None
    told = [one[1] for one in found if one]
    return Together([told[place], *(one for other, one in enumerate(told) if other != place)])


def _said_of(
    name: str, names: Sequence[str], known: Sequence[LoadedPassage], *, wanted: _Wanted
) -> tuple[Measure, Sentence] | None:
    """Return the one measure that the passages give a thing, and the sentence; None where they differ."""
    found: dict[tuple[str, float, float], tuple[Measure, Sentence]] = {}
    for place, one in enumerate(known):
        for said, parts in _speaks(name, names, one):
            measure = wanted.of(parts)
            if measure is not None:
                shown = said.shown if name_key(name) in name_key(said.shown) else f"{name}: {said.shown}"
                found.setdefault(measure[:3], (measure, Sentence(shown, place + 1, said.text)))
    return next(iter(found.values())) if len(found) == 1 else None


def _speaks(name: str, names: Sequence[str], one: LoadedPassage) -> Iterator[tuple[Statement, Sequence[LabelledPart]]]:
    """Yield the statements of a passage that speak of one of some things alone, with their parts.

    These are rows with its name in a cell, all of a document or a section that is called so, and sentences that open
    with the name, with those behind them that go on with "it".
    """
    key, own = name_key(name), name_key(bare(one.passage.title))
    others = frozenset(map(name_key, names)) - {key}
    about = own == key
    for said in statements(one.passage):
        parts, called = _parts(said), [each for each in names if _has(each, said.text)]
        cells = frozenset(name_key(cell) for part in parts for cell in part)
        if _is_row(said):
            speaks = key in cells or (own == key and cells.isdisjoint(others))
        else:
            under = name_key(said.heading.split(ABOVE)[-1])
            about = _goes_on(name, said.text, called, about=about, over=under if under in {key, *others} else own)
            speaks = about
        if speaks:
            yield said, parts


def _goes_on(name: str, text: str, called: Sequence[str], *, about: bool, over: str) -> bool:
    """Say whether a sentence speaks of a thing; `about` says whether the one before did, `over` what stands above."""
    if called:
        return called == [name] and _opens(name, text)
    return about if _PRONOUN.match(text) else over == name_key(name)


def _is_row(said: Statement) -> bool:
    """Say whether a statement is a row of a table, or a line as `weight: 340 g`."""
    return said.shown != said.text or bool(_RECORD.match(said.text))


def _parts(said: Statement) -> list[LabelledPart]:
    """Return the cells of a row with their columns, or the clauses of a sentence."""
    if _is_row(said):
        return [
            LabelledPart(*cell.split(": ", 1)) if ": " in cell else LabelledPart("", cell)
            for cell in said.shown.split("; ")
        ]
    return clauses(said.text)


def _places(name: str, text: str) -> Iterator[tuple[list[str], str]]:
    """Yield the words before each place of a name and what follows it, without longer names that hold it."""
    for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
        before, behind = re.findall(r"[\w'’]+", text[: found.start()]), text[found.end() :]
        longer = re.match(r"[ -](?:[A-Z]|\d)", behind) or (len(before) > 1 and is_capital(before[-1]))
        if not longer:
            yield before, behind


def _has(name: str, text: str) -> bool:
    return any(True for _ in _places(name, text))


def _opens(name: str, text: str) -> bool:
    """Say whether a sentence may speak of a name: it stands near the beginning, and nothing is compared with it."""
    return any(
        len(before) < _OPENING and not behind.startswith(("'s", "’s")) and _LIKE.isdisjoint(map(fold, before[-2:]))
        for before, behind in _places(name, text)
    )
