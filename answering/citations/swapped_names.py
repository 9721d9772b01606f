"""Who does what to whom: whether two names of a sentence stand the other way round in its passage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from .reading import NAME, Word
from .synonyms import PEOPLE

_AT = frozenset("in at from of near for to with on".split())
_SLOT = frozenset("by in of from at".split())
_IS = frozenset("is was are were be".split())


class Relation(NamedTuple):
    """A name, what it is or does, and the name to which: ("spielberg", "direc", "jaws"), however it is said.

    `beside` are the other words between the names.
    """

    agent: frozenset[str]
    relation: str
    patient: frozenset[str]
    beside: frozenset[str] = frozenset()


def exchanged(said: Sequence[Word], sources: Sequence[Sequence[Word]], titles: Sequence[frozenset[str]]) -> bool:
    """Say whether the sources hold a relation of the sentence with its names exchanged, and not as it is said.

    Two parts of one title are no two names.
    """
    wanted = [
        one for one in relations(said, clauses=0) if not any(one.agent | one.patient <= title for title in titles)
    ]
    if not wanted:
        return False
    told = [one for source in sources for one in relations(source, clauses=2)]
    words = {word.key for source in sources for word in source}
    for one in wanted:
        same = [other for other in told if other.relation == one.relation]
        straight = any(_meets(one.agent, other.agent) and _meets(one.patient, other.patient) for other in same)
        turned = any(_meets(one.agent, other.patient) and _meets(one.patient, other.agent) for other in same)
        if one.relation == "is" and (not one.beside <= words or _agree(one, wanted, told)):
            continue
        if turned and not straight:
            return True
    return False


def _agree(one: Relation, wanted: Sequence[Relation], told: Sequence[Relation]) -> bool:
    """Say whether another relation of the same two names is told as it is said."""
    others = [
        other
        for other in wanted
        if other.relation != one.relation and {other.agent, other.patient} == {one.agent, one.patient}
    ]
    return any(
        other.relation == source.relation
        and _meets(other.agent, source.agent)
        and _meets(other.patient, source.patient)
        for other in others
        for source in told
    )


def relations(sentence: Sequence[Word], *, clauses: int) -> Iterator[Relation]:
    """Yield what a sentence says of two names with a word between them, or as "the director of Jaws is Spielberg".

    The names may be so many clauses apart.
    """
    spans = list(_names(sentence))
    for one, other in combinations(spans, 2):
        between = sentence[one[1] : other[0]]
        apart = sentence[other[0]].clause - sentence[one[1] - 1].clause
        subject = bool(between) and between[0].raw in _IS and not _is_subject(sentence, other[1])
        if apart <= (2 if subject else clauses) and not _keys(sentence[slice(*one)]) & _keys(sentence[slice(*other)]):
            yield from _related(sentence, one, other)


def _related(sentence: Sequence[Word], one: tuple[int, int], other: tuple[int, int]) -> Iterator[Relation]:
    """Yield what is said of two names that stand in this order."""
    first, second = _keys(sentence[slice(*one)]), _keys(sentence[slice(*other)])
    between = sentence[one[1] : other[0]]
    plain = any(word.raw in _IS for word in between) and not _nouns(between)
    role = _role(sentence, one[0]) if plain else []
    for word in role:
        yield Relation(second, word.key, first)
    beside = _nouns([*role, *between])
    for at, word in enumerate(between):
        if _relates(word, len(between)):
            copula = word.raw in _IS
            turned = _by(between, at) or _owned(sentence, one[1] + at) or (copula and bool(role))
            ends = (second, first) if turned else (first, second)
            yield Relation(ends[0], "is" if copula else word.key, ends[1], beside)


def _nouns(words: Sequence[Word]) -> frozenset[str]:
    return frozenset(word.key for word in words if word.content and word.unit < 0)


def _is_subject(sentence: Sequence[Word], end: int) -> bool:
    return end < len(sentence) and sentence[end].raw in _IS


def _keys(words: Sequence[Word]) -> frozenset[str]:
    return frozenset(word.key for word in words if word.content)


def _names(sentence: Sequence[Word]) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(sentence):
        end = start + 1
        while end < len(sentence) and sentence[end].unit == sentence[start].unit:
            end += 1
        if sentence[start].unit >= 0 and sentence[start].kind == NAME and sentence[start].raw not in PEOPLE:
            yield start, end
        start = end if sentence[start].unit >= 0 else start + 1


def _relates(word: Word, gap: int) -> bool:
    """Say whether a word between two names tells how they are related; a preposition does where little else is."""
    return word.unit < 0 and (word.content or word.raw in _IS or (gap < 4 and word.raw in _AT))


def _by(between: Sequence[Word], at: int) -> bool:
    return any(word.raw == "by" for word in between[at + 1 :][-3:])


def _owned(sentence: Sequence[Word], at: int) -> bool:
    return any(word.owns for word in sentence[max(0, at - 2) : at])


def _role(sentence: Sequence[Word], start: int) -> list[Word]:
    """Return what stands before "of" and a name, as in "the director of Jaws"."""
    before = sentence[max(0, start - 4) : start]
    at = max((place for place, word in enumerate(before) if word.raw == "of"), default=-1)
    if at < 0 or any(word.unit >= 0 for word in before[at:]):
        return []
    return [word for word in before if word.content and word.unit < 0]


def _meets(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and bool(other) and (one <= other or other <= one)


def refilled(said: Sequence[Word], sources: Sequence[Sequence[Word]]) -> bool:
    """Say whether the sources have other names in a place of the sentence such as "directed by …" or "born in …"."""
    told: dict[tuple[str, str], list[frozenset[str]]] = {}
    for source in sources:
        for slot, fillers in _slots(source):
            told.setdefault(slot, []).extend(fillers)
    active = [((one.relation, "by"), [one.agent]) for one in relations(said, clauses=0) if one.beside == {one.relation}]
    for slot, fillers in [*_slots(said), *active]:
        known = told.get(slot, [])
        if known and not any(one & other for one in fillers for other in known):
            return True
    return False


def _slots(sentence: Sequence[Word]) -> Iterator[tuple[tuple[str, str], list[frozenset[str]]]]:
    """Yield a word and its preposition with the names behind them, all items of a list."""
    for at in range(1, len(sentence) - 1):
        before, word = sentence[at - 1], sentence[at]
        if word.raw not in _SLOT or not before.content or before.unit >= 0:
            continue
        fillers = [_keys(sentence[start:end]) for start, end in _listed(sentence, at + 1)]
        if fillers:
            yield (before.key, word.raw), fillers
        if fillers and at > 2 and sentence[at - 2].raw == "and" and sentence[at - 3].unit < 0:
            yield (sentence[at - 3].key, word.raw), fillers


def _listed(sentence: Sequence[Word], at: int) -> Iterator[tuple[int, int]]:
    """Yield the names from a place on, as long as few and no verbs stand between them."""
    spans = [span for span in _names(sentence) if span[0] >= at]
    for start, end in spans:
        between = sentence[at:start]
        if len(between) > 3 or any(word.raw in _IS or word.raw in _SLOT for word in between):
            return
        yield start, end
        at = end
