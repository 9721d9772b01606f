"""The names in a turn of a conversation, where they stand, and what the text around them says that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..core.words import STOP, WORD, is_capital, name_key

PERSON, PLACE, WORK, GROUP, TIME = "person", "place", "work", "group", "time"
SHE, HE = "she", "he"

_NOUNS = dict(line.split("\t") for line in Path(__file__).with_name("nouns.tsv").read_text("utf-8").splitlines()[1:])


def _kinds(kinds: Sequence[str], row: str = "{}") -> dict[str, str]:
    return {noun: kind for kind in kinds for noun in _NOUNS[row.format(kind)].split()}


#: what a noun says of its bearer
KINDS, GENDERS = _kinds((PERSON, PLACE, WORK, GROUP, TIME)), _kinds((SHE, HE))
#: what a noun is asked of, as `the director` with nothing said of whose
OWNERS = _kinds((PERSON, GROUP, PLACE, WORK), "of {}")

_PLURAL = re.compile(r"(?:s|es)\Z")


def singular(noun: str) -> str:
    """Return a noun as the tables have it."""
    low = noun.lower()
    if low in KINDS or low in OWNERS:
        return low
    if low.endswith("ies"):
        return f"{low[:-3]}y"
    bare = _PLURAL.sub("", low)
    return bare if bare in KINDS else low.removesuffix("s")


def kind_of(noun: str) -> str:
    """Return what a noun says its bearer is, or nothing."""
    return KINDS.get(singular(noun), "")


def gender_of(noun: str) -> str:
    """Return `she` or `he` for a noun that says so, or nothing."""
    return GENDERS.get(singular(noun), "")


#: Words inside a name that do not end it; `and` and prepositions of place would join two names.
_INSIDE = frozenset("of the de la le les von van der den du da do dos del di el al ibn bin".split())
#: Capitalised words that open a sentence without being a name.
_OPENERS = STOP | frozenset(
    "is are was were did does do has have had can could would should will tell give show find list name please ok okay "
    "yes no well also then thanks thank hello hi let explain describe compare how whether if although while since "
    "according because despite however sorry answer question true false "
    "music screenplay songs directed written based".split()
)
_CALENDAR = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday jr sr".split()
)
_PARENTHESIS = re.compile(r"\s?\(([^()]{2,50})\)")
_QUOTED = re.compile(r"[\"“«]([^\"“”«»]{2,80})[\"”»]")
_ADJECTIVE = re.compile(r"(?:an|ish|ese|ench|utch|eek|wiss)\Z")
_ADJECTIVE_OF = re.compile(r"(?:[ -][a-z][\w-]*){1,4}")
_YEAR = re.compile(r"\A\d{3,4}s?\Z")
_SENTENCE = re.compile(r"[.!?][\"”]?\s*\Z")

_PREDICATE = re.compile(
    r"\A(?:\s*\([^()]*\))?,?\s*(?:(?:is|was|are|were|became)\s+)?(?:an?|the|one of the)\s+([^.,;:()]+)"
)
_PREDICATE_END = re.compile(
    r"\b(?:who|whom|which|that|of|in|on|by|from|with|born|directed|written|for|at|to|"
    r"and (?:the|an?|is|was|his|her|its))\b"
)
_OF_PEOPLE_AFTER = re.compile(
    r"\A(?:\s*\([^()]*\))?\s*,?\s*(?:was |is )?(?:born|die[ds]?|marr(?:y|ied)|graduat\w+|grew up|live[ds]?)\b|"
    r"\A['’]s?\s+(?:\w+\s+){0,2}(?:father|mother|wife|husband|son|daughter|brother|sister|parents?|children|spouse|"
    r"grand\w+|birthplace|nationality|career|occupation)\b"
)
_BEFORE = (
    (PERSON, re.compile(r"\b(?:directed|written|composed|painted|played|produced|sung|hosted|invented) by\s+\Z")),
    (PERSON, re.compile(r"\b(?:mother|father|wife|husband|son|daughter|brother|sister|child|children|parents?|spouse|"
                        r"grand\w+|birthplace|nationality|occupation) of\s+\Z")),
    (WORK, re.compile(r"\b(?:director|cast|composer|producer|screenwriter|plot|premiere|performer|stars?|author|"
                      r"writer|singer|episodes?) of(?: the)?\s+\Z|\b(?:directed|wrote|composed|sang|painted)\s+\Z")),
    (PLACE, re.compile(r"\b(?:capital|population|mayor|currency|north|south|east|west|part|outskirts) of\s+\Z|"
                       r"\b(?:born|died|lives?|lived|located|situated|based|buried|grew up|set|lies) (?:in|at|near)"
                       r"\s+\Z|\bthrough\s+\Z")),
    (GROUP, re.compile(r"\b(?:members?|ceo|founders?|lead singer) of\s+\Z")),
)  # fmt: skip
_NOUN_BEFORE = re.compile(r"([\w-]+)\s+(of\s+)?[\"“«]?\Z")


#: Names of a text that count. Each is compared with each, and a text of a few thousand characters rarely has more.
NAMES = 80


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a text: what stands from character `start` up to `end`, and its kind and gender where known."""

    text: str
    start: int
    end: int
    kind: str = ""
    gender: str = ""

    @property
    def key(self) -> str:
        """Return the name as it is compared."""
        return compared(self.text)


@lru_cache(maxsize=4096)
def compared(text: str) -> str:
    """Return a name as it is compared; each is compared with all others, so it is kept."""
    return name_key(text)


def lower_words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [match.group().lower() for match in WORD.finditer(text)]


def names(text: str) -> list[Name]:
    """Return the names in a text from left to right, years among them, `NAMES` at most."""
    found: list[Name] = []
    for start, end in sorted(_places(text)):
        if len(found) == NAMES:
            break
        if not found or start >= found[-1].end:
            kind, gender = _judged(text, start, end)
            found.append(Name(text[start:end], start, end, kind, gender))
    return found


def _places(text: str) -> Iterator[tuple[int, int]]:
    quoted = [match.span(1) for match in _QUOTED.finditer(text) if is_capital(match.group(1))]
    yield from quoted
    for start, end in _runs(text):
        if not any(start < last and first < end for first, last in quoted):
            yield start, _with_parenthesis(text, end)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield where runs of capitalised words stand, without a word that merely opens a sentence."""
    run: list[re.Match[str]] = []
    for match in WORD.finditer(text):
        if run and not _joins(text, run[-1], match):
            yield from _trimmed(text, run)
            run = []
        if is_capital(match.group()) or (run and match.group().lower() in _INSIDE):
            run.append(match)
        elif run:
            yield from _trimmed(text, run)
            run = []
    yield from _trimmed(text, run)


def _joins(text: str, before: re.Match[str], match: re.Match[str]) -> bool:
    between = text[before.end() : match.start()]
    if "." in between:
        return len(before.group()) <= 3 and before.group()[0].isupper()
    if "," in between:
        return bool(re.match(r"\d+(?:st|nd|rd|th)\b", match.group(), re.IGNORECASE))
    return not between.strip(" '’\"“”-–&!:/") and not (_YEAR.match(before.group()) and before.start() == 0)


def _trimmed(text: str, run: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    while run and _opens(text, run[0]):
        run = run[1:]
    while run and run[-1].group().lower() in _INSIDE:
        run = run[:-1]
    if len(run) > 1 and all(_empty(match.group().lower()) or _YEAR.match(match.group()) for match in run):
        yield from (match.span() for match in run if _YEAR.match(match.group()))
    elif run and not all(_empty(match.group().lower()) for match in run) and not _adjective(text, run):
        last = run[-1]
        bare = re.sub(r"['’]s\Z", "", last.group())
        yield run[0].start(), last.start() + len(bare)


def _empty(word: str) -> bool:
    """Say whether a word is no name by itself: a month, a day, a short number."""
    return word in _CALENDAR or (word[0].isdigit() and not _YEAR.match(word))


def _adjective(text: str, run: list[re.Match[str]]) -> bool:
    """Say whether a lone capitalised word only says where something is from, as in `an English film director`."""
    after = _ADJECTIVE_OF.match(text, run[-1].end())
    following = lower_words(after.group()) if after and len(run) == 1 else [""]
    if kind_of(following[0]) == PERSON:
        return True
    return bool(_ADJECTIVE.search(run[0].group())) and following[0] not in STOP and any(map(kind_of, following))


def _opens(text: str, match: re.Match[str]) -> bool:
    word = match.group().lower()
    if len(word) == 1 and text[match.end() : match.end() + 1] == ".":
        return False
    if word in _INSIDE and not (match.group()[0].isupper() and match.start() > 0):
        return True
    begins = match.start() == 0 or bool(_SENTENCE.search(text[: match.start()]))
    return begins and (word.split("'")[0].split("’")[0] in _OPENERS or bool(kind_of(word)))


def _with_parenthesis(text: str, end: int) -> int:
    """Return the end of a name with its `(1959 film)`, if what is in brackets says what the name is of."""
    match = _PARENTHESIS.match(text, end)
    return match.end() if match and _kind_within(match.group(1)) else end


def _kind_within(text: str) -> str:
    kinds = [kind_of(word.group()) for word in WORD.finditer(text)]
    return next((kind for kind in reversed(kinds) if kind), "")


def _judged(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what the text says of a name: kind and gender."""
    name, before, after = text[start:end], text[max(0, start - 60) : start].lower(), text[end : end + 160]
    if _YEAR.match(name):
        return TIME, ""
    if match := _PARENTHESIS.search(name):
        return _kind_within(match.group(1)), ""
    told = _told_after(after)
    if told[0]:
        return told
    noun = _NOUN_BEFORE.search(before)
    if noun and kind_of(noun.group(1)) and not (noun.group(2) and kind_of(noun.group(1)) != PLACE):
        return kind_of(noun.group(1)), gender_of(noun.group(1))
    return next((kind for kind, pattern in _BEFORE if pattern.search(before)), ""), ""


def _told_after(after: str) -> tuple[str, str]:
    if predicate := _PREDICATE.match(after):
        head = _PREDICATE_END.split(predicate.group(1), maxsplit=1)[0]
        nouns = [word.group() for word in WORD.finditer(head) if kind_of(word.group())]
        if nouns:
            return kind_of(nouns[-1]), next((gender_of(noun) for noun in nouns if gender_of(noun)), "")
    return (PERSON if _OF_PEOPLE_AFTER.search(after) else ""), ""
