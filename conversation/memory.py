"""What a conversation has spoken of: its exchanges, the things named in them, and which of these a word may mean."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..core.words import STOP, WORD, content_words, name_key, word_key
from .names import GROUP, PERSON, PLACE, TIME, Name, compared, gender_of, kind_of, names

_MARK = re.compile(r"\s*\[\d+\]")
_OPENING = re.compile(r"\A\W*(?:and|but|so|then|also|or|ok|okay)\b,?\s+", re.IGNORECASE)
_NOUN_ASKED = re.compile(r"\b(?:what|which)((?:\s+[\w'’-]+){1,4})")
_NOUN_OF = re.compile(
    r"\b(?:what|who|which) (?:is|was|are|were) (?:the )?(?:name of (?:the )?)?((?:[\w'’-]+\s+){0,3}[\w-]+)"
)
_ROLE = re.compile(
    r"\b((?:(?:the|a)\s+)?(?:[a-z-]+\s+)?([a-z-]+))\s+of\s+(?:(?:the|a)\s+)?(?:[a-z-]+\s+){0,2}[\"“«]?\Z"
)
_WHO = re.compile(
    r"\AWho\s+(?!is\b|was\b|are\b|were\b|did\b|does\b|do\b|has\b|else\b|will\b|would\b|can\b)", re.IGNORECASE
)
_WHO_IS = re.compile(r"\W*(?:who|what)\s+(?:is|was|are|were)\s+(?:the\s+)?[\"“]?\Z", re.IGNORECASE)
_PAIR = re.compile(r"[\s\"”“,]*(?:and|or|vs\.?|versus|&)\s+(?:the |film |song )?[\s\"“]*")

#: nearness from which on a name in an answer is taken for what was asked for
NEAR = 0.5
#: words of an answer that is nothing but what was asked for
BRIEF = 8


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that was spoken of; `said` is whether an answer brought it up."""

    text: str
    kind: str = ""
    gender: str = ""
    said: bool = False

    @property
    def key(self) -> str:
        """Return its name as it is compared."""
        return compared(self.text)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question that stands by itself, its answer, and what they speak of, the likeliest to be meant first."""

    question: str
    answer: str
    things: tuple[Thing, ...]
    pair: tuple[Thing, ...] = ()
    dates: tuple[str, ...] = ()

    @property
    def asked(self) -> list[Thing]:
        """Return what the question names, in its order."""
        return [thing for thing in self.things if not thing.said]


def exchange(
    question: str, answer: str, titles: Sequence[str] = (), known: Mapping[str, Thing] | None = None
) -> Exchange:
    """Return an exchange; `titles` are those of the passages that the answer rests on, `known` what is known by now."""
    answer = _MARK.sub("", answer)
    in_question, told = names(question), [*names(answer), *_titled(titles, answer)]
    brief = len(WORD.findall(answer)) <= BRIEF
    repeats = (lambda one, other: one.key == other.key) if brief else _same
    in_answer = [name for name in told if not any(repeats(name, other) for other in in_question)]
    learnt = _learnt([*in_question, *told], in_question, known or {})
    asked = [_thing(name, learnt) for name in in_question if name.kind != TIME]
    described = _described(question, in_question)
    first = in_question[0] if in_question else None
    if first and _WHO_IS.match(question[: first.start]) and not question[first.end :].strip('?.!"” '):
        things = [*asked, *_answered(question, answer, in_answer, learnt)]
    elif brief or _speaks_of(" ".join([answer, *titles]), in_question):
        wanted, answered = expected(question)[0], _answered(question, answer, in_answer, learnt)
        aside = [thing for thing in answered if wanted and thing.kind not in ("", wanted)]
        things = [*(thing for thing in answered if thing not in aside), *described, *asked, *aside]
    else:
        # Sentences that do not speak of what was asked about may answer something else.
        things = [*described, *(_thing(name, learnt, said=True) for name in in_answer if name.kind != TIME), *asked]
    things = _distinct(things)
    dates = [name.text for text in (answer, question) for name in names(text) if name.kind == TIME]
    pairs = [pair for text, found in ((question, in_question), (answer, names(answer))) if (pair := _pair(text, found))]
    together = tuple(_thing(name, learnt) for name in pairs[0]) if pairs else ()
    return Exchange(question, answer, tuple(things), together, tuple(dates))


def _learnt(found: Sequence[Name], asked: Sequence[Name], known: Mapping[str, Thing]) -> dict[str, Thing]:
    """Return what is known of each name now; what is said of a longer or shorter form holds for the one asked about."""
    learnt = dict(known)
    for name in found:
        for key in [name.key, *(other.key for other in asked if _same(name, other))]:
            old = learnt.get(key)
            if old is None or (name.kind and not old.kind):
                learnt[key] = Thing(old.text if old else name.text, name.kind, name.gender)
    return learnt


def _same(one: Name, other: Name) -> bool:
    """Say whether two names are forms of one: one holds all words of the other, or both begin and end alike."""
    first, second = one.key.split(), other.key.split()
    if not first or not second or TIME in (one.kind, other.kind):
        return first == second
    ends = len(first) > 1 and len(second) > 1 and (first[0], first[-1]) == (second[0], second[-1])
    return ends or set(first) <= set(second) or set(second) <= set(first)


def _answered(question: str, answer: str, found: Sequence[Name], known: Mapping[str, Thing]) -> list[Thing]:
    """Return what an answer brings up, the likeliest to have been asked for first.

    That one is taken to be of the kind that was asked for, if it stands by the question's words or alone.
    """
    kind, gender = expected(question)
    said = [name for name in found if name.kind != TIME]
    near = _nearness(said, question, answer)
    fits = {name: (name.kind == kind) - 1.0 if kind and name.kind else 0.0 for name in said}
    ranked = sorted(said, key=lambda name: -(2 * fits[name] + near[name]))
    things = [_thing(name, known, said=True) for name in ranked]
    alone = len(said) == 1 or len(WORD.findall(answer)) <= BRIEF
    if things and not things[0].kind and (alone or near[ranked[0]] > NEAR):
        things[0] = replace(things[0], kind=kind, gender=gender)
    return things


def expected(question: str) -> tuple[str, str]:
    """Return the kind of thing that a question asks for, and its gender, or nothing where it does not say."""
    low = _OPENING.sub("", question).lower()
    if (match := _NOUN_ASKED.search(low)) and (noun := _head(match.group(1).split())):
        return kind_of(noun), gender_of(noun)
    if match := _NOUN_OF.search(low):
        for noun in match.group(1).split():
            if kind_of(noun):
                return kind_of(noun), gender_of(noun)
    first = re.search(r"\b(who|whom|whose|where|when)\b", low)
    return ({"where": PLACE, "when": TIME}.get(first.group(1), PERSON) if first else ""), ""


def _head(words: Sequence[str]) -> str:
    """Return the noun in front of the first word that cannot belong to it: in `what comedy series ran` the series."""
    noun = ""
    for word in words:
        if word in STOP or (noun and not kind_of(word)):
            break
        noun = word if kind_of(word) else noun
    return noun


def known_of(exchanges: Iterable[Exchange]) -> dict[str, Thing]:
    """Return what is known of each thing, by its name."""
    known: dict[str, Thing] = {}
    for one in exchanges:
        for thing in one.things:
            if thing.kind or thing.key not in known:
                known[thing.key] = thing
    return known


def _speaks_of(text: str, found: Sequence[Name]) -> bool:
    """Say whether a text holds one of the words of one of the names that carry meaning."""
    words = set(content_words(text))
    return any(not words.isdisjoint(content_words(name.text)) for name in found)


def _titled(titles: Sequence[str], answer: str) -> list[Name]:
    """Return the titles that the answer speaks of; they count as names there, whatever their letters are."""
    text = f" {name_key(answer)} "
    found = []
    for title in titles:
        bare = re.sub(r"\s*\([^()]*\)", "", title)
        if name_key(bare) and f" {name_key(bare)} " in text:
            (first, *_) = names(title) or [Name(title, 0, 0)]
            found.append(Name(bare, 0, 0, first.kind))
    return found


def _nearness(found: Sequence[Name], question: str, answer: str) -> dict[Name, float]:
    """Return from 0 to 1 how near names in an answer stand to what the question asks, best right behind it."""
    cues = _cues(question)
    words = [(match.start(), word_key(match.group().lower())) for match in WORD.finditer(answer)]
    starts = [start for start, _ in words]
    asked = [number for number, (_, stem) in enumerate(words) if stem in cues]
    near: dict[Name, float] = {}
    for name in found:
        place = bisect_left(starts, name.start)
        gaps = [abs(place - number) + 2 * (number > place) for number in asked]
        near[name] = 1.0 / (1.0 + min(gaps) / 4.0) if gaps else 0.0
    return near


def _cues(question: str) -> set[str]:
    """Return the stems of what a question asks, without its names and what these are: `direc` for a film's director."""
    bare = question
    for name in reversed(names(question)):
        bare = bare[: name.start] + bare[name.end :]
    return {word_key(word) for word in content_words(bare) if kind_of(word) in ("", PERSON)}


def _thing(name: Name, known: Mapping[str, Thing], *, said: bool = False) -> Thing:
    """Return what a name stands for, by its longest form that is known."""
    own = known.get(name.key) or Thing(name.text, name.kind, name.gender)
    end = f" {name.key}"
    longer = [thing for key, thing in known.items() if key.endswith(end)] if " " not in name.key else []
    text = name.text if not longer or own.kind not in ("", PERSON) else longer[-1].text
    best = own if own.kind or not longer else longer[-1]
    return Thing(text, best.kind, best.gender, said)


def _described(question: str, found: Sequence[Name]) -> list[Thing]:
    """Return what the question describes without naming it: the director of X, the one who directed X."""
    things = []
    for name in found:
        if (match := _ROLE.search(question, 0, name.start)) and kind_of(match.group(2)):
            text = question[match.start() : name.end]
            text = text if text.lower().startswith(("the ", "a ")) else f"the {text}"
            things.append(Thing(text, kind_of(match.group(2)), gender_of(match.group(2)), said=True))
    if found and (match := _WHO.match(question)):
        things.append(Thing(f"the one who {question[match.end() :].rstrip(' ?.!')}", PERSON, said=True))
    return things


def _pair(text: str, found: Sequence[Name]) -> tuple[Name, Name] | None:
    for first, second in pairwise(found):
        if TIME not in (first.kind, second.kind) and _PAIR.fullmatch(text[first.end : second.start]):
            return first, second
    return None


def _distinct(things: Iterable[Thing]) -> list[Thing]:
    found: dict[str, Thing] = {}
    for thing in things:
        found.setdefault(thing.key, thing)
    return list(found.values())


# What a word may mean


def fitting(
    exchanges: Sequence[Exchange], kinds: Sequence[str], *, gender: str = "", other: bool = True
) -> Thing | None:
    """Return the thing that is meant, of the latest exchange that has one that fits.

    One of a wanted kind comes before one of a kind unknown, which is taken only with `other`.
    """
    for one in reversed(exchanges):
        fits = [thing for thing in one.things if not (gender and thing.gender and gender != thing.gender)]
        sure = [thing for thing in fits if thing.kind in kinds]
        if sure:
            return sure[0]
        unsure = [thing for thing in fits if not thing.kind]
        if unsure and other:
            return unsure[0]
    return None


def together(exchanges: Sequence[Exchange]) -> Thing | None:
    """Return the two things that were named together last, as one."""
    for one in reversed(exchanges):
        if one.pair:
            return Thing(" and ".join(thing.text for thing in one.pair))
    return None


def several(exchanges: Sequence[Exchange]) -> Thing | None:
    """Return what `they` means: a group, two things named together, or whoever was asked for, of whatever number."""
    last = exchanges[-1]
    first = next(iter(last.things), None)
    pair = bool(last.pair) and (first in last.pair or not (first and first.said and first.kind == PERSON))
    for found in (fitting([last], [GROUP], other=False), together([last]) if pair else None, fitting([last], [PERSON])):
        if found:
            return found
    return fitting(exchanges, [GROUP, PERSON]) or together(exchanges)
