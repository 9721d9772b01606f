"""Denials and opposites: whether a sentence says of something that it is not so, or the reverse of its source."""

from __future__ import annotations

from collections.abc import Sequence

from .reading import Word

CUES = frozenset("not no never nor neither without none nobody cannot hardly".split())
_FAILING = frozenset("failed refused declined ceased unable".split())
SCOPE = 4
#: Share of what a denial is about that a sentence must hold to speak of the same.
SAME = 0.75

_PAIRS = """
born died
first last
before after
older younger
oldest youngest
largest smallest
larger smaller
big small
high low
higher lower
highest lowest
son daughter
brother sister
father mother
husband wife
man woman
male female
actor actress
north south
northern southern
east west
eastern western
northeast southwest
upper lower
founded dissolved
founded disbanded
won lost
begins ends
began ended
started ended
opened closed
opening closing
former current
most least
more fewer
more less
early late
earlier later
earliest latest
joined left
included excluded
increased decreased
rose fell
bought sold
alive dead
married divorced
same different
major minor
prequel sequel
predecessor successor
preceded followed
preceded succeeded
ancestor descendant
teacher student
above below
arrived departed
pro anti
true false
rich poor
old young
good bad
best worst
inside outside
king queen
prince princess
uncle aunt
nephew niece
grandson granddaughter
grandfather grandmother
hero villain
import export
victory defeat
supported opposed
accepted rejected
allowed banned
"""
OPPOSITES: dict[str, set[str]] = {}
for _line in _PAIRS.strip().splitlines():
    _one, _other = _line.split()
    OPPOSITES.setdefault(_one, set()).add(_other)
    OPPOSITES.setdefault(_other, set()).add(_one)


def denied(sentence: Sequence[Word]) -> list[frozenset[str]]:
    """Return what a sentence denies: for each denial the keys of the next content words of its clause."""
    found: list[frozenset[str]] = []
    for place, word in enumerate(sentence):
        if not _denies(sentence, place):
            continue
        scope = [one for one in sentence[place + 1 :] if one.clause <= word.clause + 1 and _counts(one)]
        if scope:
            found.append(frozenset(one.key for one in scope[:SCOPE]))
    return found


def _denies(sentence: Sequence[Word], place: int) -> bool:
    word = sentence[place]
    following = sentence[place + 1].raw if place + 1 < len(sentence) else ""
    if word.kind or following in ("only", "just", "least", "less"):
        return False
    return word.key in CUES or word.raw in CUES or (word.raw in _FAILING and following == "to")


def _counts(word: Word) -> bool:
    return word.content and word.key not in CUES


def contradicts(said: Sequence[Word], sources: Sequence[Sequence[Word]]) -> bool:
    """Say whether the source that speaks of the same denies what is said, or says what is denied."""
    mine = denied(said)
    content = {word.key for word in said if _counts(word)}
    if mine:
        return any(_affirmed(scope, content, sources) for scope in mine)
    return any(_refused(content, source, sources) for source in sources)


def _affirmed(scope: frozenset[str], content: set[str], sources: Sequence[Sequence[Word]]) -> bool:
    """Say whether the best source for what is denied says it without a denial."""
    best = max(sources, key=lambda source: _held(scope, source) + 0.5 * _held(content, source), default=())
    if _held(scope, best) < 0.5:
        return False
    return not any(len(scope & other) >= 0.5 * min(len(scope), len(other)) for other in denied(best))


def _refused(content: set[str], source: Sequence[Word], sources: Sequence[Sequence[Word]]) -> bool:
    """Say whether a source denies what is said and no other affirms it."""
    for scope in denied(source):
        if len(scope & content) < max(1.0, SAME * len(scope)) or _held(content, source) < SAME:
            continue
        if not any(_held(content, other) >= _held(content, source) and not denied(other) for other in sources):
            return True
    return False


def _held(keys: Sequence[str] | set[str] | frozenset[str], source: Sequence[Word]) -> float:
    there = {word.key for word in source}
    return sum(key in there for key in keys) / max(1, len(keys))
