"""Which name, number or word of several stands where a sentence says it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .polarity import OPPOSITES
from .reading import NAME, NUMBER, Text, Word

REACH = 3.0
CLAUSE = 0.5
TURNED = 0.85
_ITEMS = 0.6
#: What a word of the passage's title is worth, which stands all over it.
TITLED = 0.3

Occurrence = tuple[Sequence[Word], int, int]


def misplaced(said: Sequence[Word], passages: Sequence[Text], asked: set[str], margin: float) -> str:
    """Return the first name, number or word of a sentence in whose place its passage has another; empty if none.

    What the passage is called may stand anywhere in it, and has no rivals. A date has to stand there as one, unless the
    question, whose words are `asked`, holds it. Another one has to stand better by `margin` of all that is around it.
    """
    present = {word.key for word in said}
    units = _units(said)
    first = _content(said[slice(*units[0])]) if units else frozenset()
    # Of "the director of Jaws was born in Ohio" the passage's own name is the subject, though it is not said.
    implied = bool(first) and first <= asked
    titles = frozenset(key for passage in passages for key in passage.title)
    for start, end in units:
        unit = said[start:end]
        own = _content(unit)
        around = _around(said, start, end, titles)
        if not around or own & titles or (unit[0].kind == NAME and own <= asked):
            continue
        found = [list(_occurrences(own, unit[0].kind, text.sentences)) for text in passages]
        fits = [_best(around, one) for one in found]
        if max(fits) < 0 and unit[0].unit >= 0:
            if unit[0].kind == NUMBER and len(own) > 1 and not own <= asked:
                return " ".join(word.raw for word in unit)
            continue
        rivals = [
            rival
            for text, fit, mine in zip(passages, fits, found, strict=True)
            if fit == max(fits)
            for rival in _rivals(unit, present | (text.title if implied else frozenset()), text.sentences, mine)
        ]
        if _best(around, rivals) - max(0.0, *fits) > margin * sum(abs(value) for value in around.values()):
            return " ".join(word.raw for word in unit)
    return ""


def _best(around: Mapping[str, float], found: Iterable[Occurrence]) -> float:
    return max((_fit(around, one) for one in found), default=-1.0)


def _units(said: Sequence[Word]) -> list[tuple[int, int]]:
    """Return where names and numbers begin and end, and the words that have an opposite."""
    found: list[tuple[int, int]] = []
    for place, word in enumerate(said):
        if word.unit >= 0 and found and said[found[-1][0]].unit == word.unit:
            found[-1] = found[-1][0], place + 1
        elif word.unit >= 0 or word.raw in OPPOSITES:
            found.append((place, place + 1))
    return found


def _around(said: Sequence[Word], start: int, end: int, titles: frozenset[str]) -> dict[str, float]:
    """Return what stands around a unit by its weight: above 0 before it, below 0 behind it."""
    own = {word.key for word in said[start:end]}
    found: dict[str, float] = {}
    for place, word in enumerate(said):
        if start <= place < end or not word.content or word.key in own:
            continue
        gap = max(0, said[start].place - word.place - 1 if place < start else word.place - said[end - 1].place - 1)
        worth = (_ITEMS if word.unit >= 0 else 1.0) / (1 + gap / REACH)
        if word.clause != said[start].clause:
            worth *= CLAUSE
        if word.key in titles:
            worth *= TITLED
        if worth > abs(found.get(word.key, 0.0)):
            found[word.key] = worth if place < start else -worth
    return found


def _occurrences(keys: frozenset[str], kind: str, sources: Sequence[Sequence[Word]]) -> Iterable[Occurrence]:
    """Yield where a unit stands: a date as one or as part of one, a name in full or as part of it, or a word."""
    for source in sources:
        for start, end in _units(source):
            there = _content(source[start:end])
            if keys <= there or (kind == NAME and there and there <= keys):
                yield source, start, end


def _rivals(
    own: Sequence[Word], present: set[str], sources: Sequence[Sequence[Word]], mine: Sequence[Occurrence]
) -> list[Occurrence]:
    """Return the units of the same kind, or opposites, that the sentence does not speak of.

    What stands next to the unit itself in the source, as items of one list do, is no rival.
    """
    if own[0].unit < 0:
        others = OPPOSITES[own[0].raw]
        return [(source, at, at + 1) for source in sources for at, word in enumerate(source) if word.raw in others]
    keys = _content(own)
    found: list[Occurrence] = []
    for source in sources:
        for start, end in _units(source):
            unit = source[start:end]
            other = _content(unit) - keys
            if unit[0].kind != own[0].kind or not other or not present.isdisjoint(other) or not _alike(own, unit):
                continue
            if not any(source is one[0] and _beside(source, (start, end), one[1:]) for one in mine):
                found.append((source, start, end))
    return found


def _content(words: Sequence[Word]) -> frozenset[str]:
    return frozenset(word.key for word in words if word.content or word.unit < 0)


def _beside(source: Sequence[Word], one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Say whether two units follow one another, with nothing or "and" between them."""
    first, second = sorted((one, other))
    return all(word.raw in ("and", "or") for word in source[first[1] : second[0]])


def _alike(own: Sequence[Word], other: Sequence[Word]) -> bool:
    """Say whether one could be meant for the other: names both, or numbers of as many digits."""
    if own[0].kind == NAME:
        return True
    return max(len(word.key) for word in own) == max(len(word.key) for word in other)


def _fit(around: Mapping[str, float], found: Occurrence) -> float:
    """Return how much of what is around a unit in the sentence is around it in a source."""
    source, start, end = found
    best: dict[str, float] = {}
    for place, word in enumerate(source):
        weight = around.get(word.key, 0.0)
        if not weight or start <= place < end:
            continue
        gap = max(0, source[start].place - word.place - 1 if place < start else word.place - source[end - 1].place - 1)
        value = abs(weight) / (1 + gap / (2 * REACH))
        if word.clause != source[start].clause:
            value *= CLAUSE
        if (place < start) != (weight > 0):
            value *= TURNED
        best[word.key] = max(best.get(word.key, 0.0), value)
    return sum(best.values())
