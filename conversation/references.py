"""Words of a turn that refer to what was said before it, and what they refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.words import STOP, WORD
from .memory import Exchange, Thing, fitting, several, together
from .names import GROUP, HE, OWNERS, PERSON, PLACE, SHE, TIME, WORK, Name, kind_of, lower_words, names, singular

#: In a turn of more words than `LONG` a pronoun means one of the words before it that carry meaning, if there are more
#: than `MUCH`.
LONG, MUCH = 12, 3
#: words at most of a turn in which a noun is somebody's though it does not say whose
SHORT = 9

AUXILIARY = frozenset(
    "is are was were does do did has have had can could will would should might may must isn't wasn't didn't doesn't "
    "don't aren't weren't".split()
)
PREPOSITIONS = frozenset(
    "in on at by to from with for of about after before during through into over under near against since until "
    "between among without within like".split()
)
_ASKING = frozenset("who whose which what".split())
_PERSONAL = frozenset("he him his she her".split())
_CLAUSE = re.compile(
    r"[,;:.]|\b(?:when|while|because|and|but|after|before|if|since|although|than|unless|who|which|that|where)\b", re.I
)
_FRONTED = re.compile(
    r"\A(?:in|on|at|by|before|after|during|with|despite|besides|when|while|as|for|from|throughout|since|until)\b[^?]*?,",
    re.IGNORECASE,
)
_INDEFINITE = re.compile(
    r"\b(?:an?|each|every|some|any|two|three|most|many)\s+[a-z]|\b[a-z]{2,}[^su\W]s\b(?!\s+(?:of|is|was)\b)"
)
_EASY = (
    "safe ok okay wise typical possible impossible better best easier easy common legal illegal normal good bad fair "
    "unusual hard difficult important necessary likely unlikely warmer colder worth true known correct rare useful "
    "raining snowing cold hot warm dark called said believed"
)
_NEAR = "(?:close|near|next|similar|related|adjacent|equal|due|native|prior|home|married|famous|popular|set)\\b"
_DUMMY = re.compile(
    rf"\b(?:it\s+(?:is|was|would be|will be|became|becomes)|(?:is|was)\s+it|(?:would|will|could|can|might)\s+it\s+be)"
    rf"\s+(?:not\s+|more\s+|so\s+)?(?:{'|'.join(_EASY.split())})\b|\bit\s+(?:rains|snows|takes)\b|"
    rf"\A\W*(?:is|was|would|will|could|can)\s+it\s+(?:be\s+)?(?:\w+\s+)?(?!{_NEAR})\w+(?<!ed)\s+(?:to|that|for)\b|"
    r"\bdo(?:es)?\s+it\s+take\b|\bdo\s+it\s+yourself\b|\bit\s+(?:is|was)\s+\S+(?:\s\S+)?\s+(?:who|that)\b",
    re.IGNORECASE,
)


def bound(turn: str, pronoun: re.Match[str], found: Sequence[Name], *, owner: bool) -> bool:
    """Say whether a pronoun means something that its own turn speaks of."""
    before, word = turn[: pronoun.start()], pronoun.group().lower()
    things = [name for name in found if name.kind != TIME]
    named = [name for name in things if name.end <= pronoun.start()]
    if named:
        between = turn[named[-1].end : pronoun.start()]
        return owner or not _object(turn, pronoun) or _CLAUSE.search(between) is not None
    if things and (front := _FRONTED.match(turn)) and pronoun.start() < front.end():
        return True
    words, apart = lower_words(before), _antecedent(before)
    if len(WORD.findall(turn)) > LONG and len(_content(before)) > MUCH:
        return True
    if words and words[-1] in AUXILIARY and not owner and not apart:
        return False
    if word in _PERSONAL:
        return any(kind_of(word) == PERSON for word in words)
    return apart or (owner and _owned_here(before, words, names_later=bool(things)))


def _owned_here(before: str, words: Sequence[str], *, names_later: bool) -> bool:
    """Say whether `its` or `their` belongs to the subject of its clause."""
    if _INDEFINITE.search(before):
        return True
    if len(words) < 2 or words[0] not in _ASKING or words[1] in AUXILIARY:
        return False
    return names_later or (len(words) > 2 and words[-1] not in PREPOSITIONS)


def _antecedent(before: str) -> bool:
    """Say whether a thing stands before the last break that a pronoun behind the break may mean."""
    places = [match.start() for match in _CLAUSE.finditer(before)]
    return bool(places and _content(before[: places[-1]]))


def _content(text: str) -> list[str]:
    return [word for word in lower_words(text) if word not in STOP and word not in AUXILIARY]


def _object(turn: str, pronoun: re.Match[str]) -> bool:
    """Say whether a pronoun is an object: `him`, or `it` without an auxiliary before or after it."""
    word = pronoun.group().lower()
    around = [*lower_words(turn[: pronoun.start()])[-1:], *lower_words(turn[pronoun.end() :])[:1]]
    return word in ("him", "her", "them") or (word == "it" and AUXILIARY.isdisjoint(around))


_NO_NOUN = PREPOSITIONS | AUXILIARY | frozenset("when while and or but than as if then there too also".split())

_THINGS = (PLACE, WORK, GROUP)
_PRONOUN = re.compile(
    r"\b(?:(?P<he>he|him|his|himself)|(?P<she>she|her|hers|herself)|(?P<it>its|it)|(?P<they>they|them|their|theirs))"
    r"(?P<short>['’](?:s|re|d|ll|ve))?(?![\w-])",
    re.IGNORECASE,
)
#: a noun that nothing more is said of
_DEMONSTRATIVE = re.compile(
    r"\b(?:this|that|these|those)\s+(?:(?:same|very)\s+)?([a-z][\w-]+)(?!\s+(?:of|who|which|that|where|whose)\b)", re.I
)
_BARE_THAT = re.compile(
    r"""\b(?:is|was|are|were|does|did|do|of|about|after|before|by|in|from|with|like)\s+(that|this|those|these)\b
    (?=\s*(?:[?.!,]|\Z|\w+ed\b|(?:happen|mean|in|from|located)\b))""",
    re.IGNORECASE | re.VERBOSE,
)
_THERE = re.compile(r"\bthere\b", re.IGNORECASE)
_THEN = re.compile(r"(?:\b(?:since|by|until|before|back)\s+)?\bthen\b(?=\s*(?:[?.!]|\Z))", re.IGNORECASE)
_FORMER = re.compile(
    r"""\bthe\s+(first|second|former|latter)(?:\s+one)?
    (?=\s*(?:[?.!,]|\Z)|['’]s|\s+(?:is|was|are|were|did|does|has|had|die|born|come|released?|founded|located|start\w*)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_BOTH = re.compile(
    r"""\A\W*(?:are|were|did|do|have|is|was|can|could)\s+(?:both|neither|either)
    (?=\s+(?:of\s+(?:them|these)\b\s*)?(?:from|in|at|by|born|located|made|directed|released|still|the\ same|alive|dead|
    open|have|live|play|win|die|\w+ed)\b)|\A\W*which\s+(?:one\b|of\s+(?:them|these|the\ two)\b)
    (?=\s+(?:is|was|are|were|did|does|has|had|can|came|won|\w+ed)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ENDS_WITH_THE = re.compile(r"\bthe\s+(?:[a-z-]+\s+)?([a-z-]+)\s*\??\s*\Z", re.IGNORECASE)
#: nouns that say nothing of what they mean
_EMPTY = frozenset(
    "one thing event award prize war battle language religion party job position role place disease".split()
)
#: pronouns that a verb must follow, or at least no name
_NO_NAME_AFTER = frozenset("he she they them".split())


@dataclass(frozen=True, slots=True)
class Reference:
    """A stretch of the turn that stands for something else; an `owner` is followed by what it has.

    With a `tail` it stands behind that; a `weak` one is no reference where nothing fits.
    """

    start: int
    end: int
    means: Callable[[Sequence[Exchange]], Thing | None]
    owner: bool = False
    tail: str | None = None
    weak: bool = False


def references(turn: str) -> list[Reference]:
    """Return what in a turn refers to earlier ones, from left to right, without overlap."""
    found = names(turn)
    every = [*_pairs(turn, found), *_pronouns(turn, found), *_demonstratives(turn, found), *_adverbs(turn, found)]
    every += _owned_by_nobody(turn, found)
    kept: list[Reference] = []
    for one in sorted(every, key=lambda reference: (reference.start, -reference.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


# Pronouns


def _pronouns(turn: str, found: Sequence[Name]) -> list[Reference]:
    kept: list[Reference] = []
    free: set[str] = set()
    for match in _PRONOUN.finditer(turn):
        who = next(name for name in _MEANT if match.group(name))
        end = match.start() + len(match.group(who))
        if any(name.start <= match.start() < name.end for name in found) or _pointless(turn, match, end):
            continue
        owner = _owns(turn, match, who)
        if who in free or not bound(turn, match, found, owner=owner):
            free.add(who)
            kept.append(Reference(match.start(), end, _MEANT[who], owner))
    return kept


def _pointless(turn: str, match: re.Match[str], end: int) -> bool:
    """Say whether a pronoun means nothing, is a reflexive, or stands where none can, as in `Them Crooked Vultures`."""
    word, next_ = match.group().lower(), turn[end + 1 : end + 2]
    dummy = any(one.start() <= match.start() < one.end() for one in _DUMMY.finditer(turn))
    if dummy or word.endswith(("self", "hers", "theirs")):
        return True
    return turn[end : end + 1] == " " and (next_.isupper() or next_.isdigit()) and word in _NO_NAME_AFTER


def _owns(turn: str, match: re.Match[str], who: str) -> bool:
    word = match.group(who).lower()
    follows = next(iter(lower_words(turn[match.end() :])), "")
    return word in ("his", "its", "their") or (word == "her" and bool(follows) and follows not in _NO_NOUN)


def _one(*kinds: str, gender: str = "") -> Callable[[Sequence[Exchange]], Thing | None]:
    return lambda exchanges: fitting(exchanges, kinds, gender=gender)


_MEANT: dict[str, Callable[[Sequence[Exchange]], Thing | None]] = {
    "he": _one(PERSON, gender=HE),
    "she": _one(PERSON, gender=SHE),
    "it": _one(*_THINGS),
    "they": several,
}


# This, that, there, then


def _demonstratives(turn: str, found: Sequence[Name]) -> list[Reference]:
    named = [name for name in found if name.kind != TIME]
    kept = [Reference(*match.span(1), _anything, weak=True) for match in _BARE_THAT.finditer(turn) if not named]
    for match in _DEMONSTRATIVE.finditer(turn):
        noun = match.group(1).lower()
        kind = kind_of(noun)
        if not named and (kind or noun in _EMPTY):
            means = _date if kind == TIME else _one(kind) if kind else _anything
            kept.append(Reference(*match.span(), means, weak=True))
    return kept


def _anything(exchanges: Sequence[Exchange]) -> Thing | None:
    return next((thing for one in reversed(exchanges) for thing in one.things), None)


def _adverbs(turn: str, found: Sequence[Name]) -> list[Reference]:
    kept = []
    if not any(name.kind != TIME for name in found):
        places = [match for match in _THERE.finditer(turn) if not _existential(turn, match)]
        kept += [Reference(*match.span(), _place, weak=True) for match in places]
    if (match := _THEN.search(turn)) and match.start():
        kept.append(Reference(*match.span(), _date, weak=True))
    return kept


def _existential(turn: str, there: re.Match[str]) -> bool:
    """Say whether `there` only opens a sentence, as in `is there a river`."""
    before, after = lower_words(turn[: there.start()]), lower_words(turn[there.end() :])
    return not before or (before[-1] in AUXILIARY and bool(after)) or (bool(after) and after[0] in AUXILIARY)


def _place(exchanges: Sequence[Exchange]) -> Thing | None:
    thing = fitting(exchanges, [PLACE])
    return thing and Thing(f"in {thing.text}", thing.kind)


def _date(exchanges: Sequence[Exchange]) -> Thing | None:
    return next((Thing(f"in {one.dates[0]}", TIME) for one in reversed(exchanges) if one.dates), None)


# Two things


def _pairs(turn: str, found: Sequence[Name]) -> list[Reference]:
    if len([name for name in found if name.kind != TIME]) > 1:
        return []
    kept = []
    for match in _FORMER.finditer(turn):
        place = 0 if match.group(1).lower() in ("first", "former") else 1
        kept.append(Reference(*match.span(), _member(place), weak=True))
    if not found:
        for match in _BOTH.finditer(turn):
            tail = " of" if match.group().lower().startswith("which") else ""
            kept.append(Reference(match.end(), match.end(), together, tail=tail, weak=True))
    return kept


def _member(place: int) -> Callable[[Sequence[Exchange]], Thing | None]:
    return lambda exchanges: next((one.pair[place] for one in reversed(exchanges) if one.pair), None)


# `the director?`


def _owned_by_nobody(turn: str, found: Sequence[Name]) -> list[Reference]:
    """Return a reference behind a noun such as `the director` that ends a short turn which does not say whose."""
    match = _ENDS_WITH_THE.search(turn)
    if found or not match or singular(match.group(1)) not in OWNERS or len(WORD.findall(turn)) > SHORT:
        return []
    kind = OWNERS[singular(match.group(1))]
    return [Reference(match.end(1), match.end(1), _one(kind, *_THINGS), tail=" of", weak=True)]
