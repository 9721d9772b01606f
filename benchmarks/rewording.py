"""True answers in other words than the passages': sentences of gold passages, reworded by rules."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MONTHS = "January February March April May June July August September October November December".split()
_DATE = re.compile(rf"\b({'|'.join(MONTHS)}) (\d{{1,2}}), (\d{{4}})\b|\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b")
_END = re.compile(r"(?<=[a-z0-9\])”\"][.!?])\s+(?=[A-Z\"“])")
_SPAN = re.compile(
    r"^(?P<who>[^()]{3,60}?) \((?:[^()]*?[,;] )?(?:born )?(?P<born>[^()–;]*?\d{4})"
    r"(?: [–-] (?P<died>[^()–;]*?\d{4}))?\) (?P<is>is|was) (?P<what>.+)$"
)
_BY = re.compile(
    r"^(?P<thing>.{3,60}?),? (?:is|was) (?P<what>an? [^.;()]*?),? (?P<verb>directed|written|produced|composed|painted|"
    r"published|released|founded|designed|developed|created|recorded) (?P<more>and \w+ )?by "
    r"(?P<who>(?:[A-Z][\w.’'-]+ ?){2,4})(?P<rest>\b.*)$"
)
_PRONOUN = re.compile(
    r"^(?:He|She|It|They|The (?:film|song|album|band|book|novel|company|city|team|show|series))\b(?!')"
)
_ASIDE = re.compile(r"\s*\([^()]*\)")
_TAIL = re.compile(
    r",? (?:which|who|where|although|though|while|because|but|with|after|before|"
    r"and (?:he|she|it|they|is|was|has|had|the)) [^.]*(?=\.$)"
)
_ACTIVE = {
    "directed": "directed",
    "written": "wrote",
    "produced": "produced",
    "composed": "composed",
    "painted": "painted",
    "published": "published",
    "released": "released",
    "founded": "founded",
    "designed": "designed",
    "developed": "developed",
    "created": "created",
    "recorded": "recorded",
}
_NOUN = {
    "directed": "director",
    "written": "writer",
    "produced": "producer",
    "composed": "composer",
    "painted": "painter",
    "published": "publisher",
    "founded": "founder",
    "designed": "designer",
    "developed": "developer",
    "created": "creator",
}
#: What a model says in the place of what stands there.
SAID = (
    (r"\bfilm\b", "movie"),
    (r"\bis located in\b", "lies in"),
    (r"\bbegan\b", "started"),
    (r"\bfounded in\b", "established in"),
    (r"\balso known as\b", "also called"),
    (r"\bbest known for\b", "most famous for"),
    (r"\bis an American ([a-z ]+?)(?=[.,]| and| who)", r"is a \1 from the United States"),
    (r"\bwas an English ([a-z ]+?)(?=[.,]| and| who)", r"was a \1 from England"),
    (r"\bis a French ([a-z ]+?)(?=[.,]| and| who)", r"is a \1 from France"),
    (r"\bapproximately\b", "about"),
    (r"\bwas released in\b", "came out in"),
    (r"\bstarring\b", "which stars"),
    (r"\bcommonly known as\b", "usually called"),
    (r"\bis based in\b", "has its headquarters in"),
    (r"\bconsists of\b", "is made up of"),
    (r"\bserved as\b", "was"),
    (r"\bauthored\b", "wrote"),
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A gold passage, and its number in the answer's list from 1."""

    title: str
    text: str
    number: int

    @property
    def name(self) -> str:
        """Return the title as one says it."""
        return _ASIDE.sub("", self.title)

    def sentences(self) -> list[str]:
        """Return its sentences of a length that a model would repeat."""
        return [one for one in _END.split(" ".join(self.text.split())) if 25 < len(one) < 260 and one.endswith(".")]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that a model might write, its marks, and how it was made of its sources."""

    text: str
    marks: tuple[int, ...]
    sources: tuple[str, ...]
    way: str

    def __str__(self) -> str:
        """Return the sentence with its marks, which stand before the full stop."""
        return self.text.rstrip(".") + " " + "".join(f"[{mark}]" for mark in self.marks) + "."


def reworded(passages: Sequence[Passage], question: str, answer: str, dice: random.Random) -> Claim | None:
    """Return a sentence in other words than its passage's, None where no way fits."""
    ways: list[Callable[[Passage, random.Random], tuple[str, str] | None]] = [
        spelt,
        active,
        noun,
        named,
        dropped,
        dated,
        said,
    ]
    dice.shuffle(ways)
    places = list(passages)
    dice.shuffle(places)
    for way in ways:
        for passage in places:
            made = way(passage, dice)
            if made and 20 < len(made[0]) < 280:
                return Claim(_capital(_light(made[0], dice)), (passage.number,), (made[1],), way.__name__)
    return None


def spelt(passage: Passage, dice: random.Random) -> tuple[str, str] | None:
    """Tell a birth, or a life, that stands in brackets."""
    for source in passage.sentences()[:1]:
        found = _SPAN.match(source)
        if found and re.match(r"(?:c\. |\d|[A-Z])", found["born"]):
            when = "on" if re.search(r"\d.*\d{4}", found["born"]) else "in"
            text = f"{found['who']} was born {when} {redated(found['born'], dice)}"
            if found["died"] and dice.random() < 0.5:
                when = "on" if re.search(r"\d.*\d{4}", found["died"]) else "in"
                text += f" and died {when} {redated(found['died'], dice)}"
            return text + ".", source
    return None


def active(passage: Passage, dice: random.Random) -> tuple[str, str] | None:
    """Turn "X is a film directed by Y" around."""
    for source in passage.sentences()[:3]:
        if found := _BY.match(_resolved(source, passage)):
            return f"{found['who'].strip()} {_ACTIVE[found['verb']]} {found['thing']}.", source
    return None


def noun(passage: Passage, dice: random.Random) -> tuple[str, str] | None:
    """Say "the director of X is Y" for "directed by Y"."""
    for source in passage.sentences()[:3]:
        found = _BY.match(_resolved(source, passage))
        if found and found["verb"] in _NOUN:
            who, role, thing = found["who"].strip(), _NOUN[found["verb"]], found["thing"]
            return dice.choice(
                [f"The {role} of {thing} is {who}.", f"{thing}'s {role} was {who}.", f"{who} is the {role} of {thing}."]
            ), source
    return None


def named(passage: Passage, dice: random.Random) -> tuple[str, str] | None:
    """Put the title in the place of a pronoun that opens a sentence."""
    open_ones = [one for one in passage.sentences() if _PRONOUN.match(one)]
    if not open_ones or not passage.name:
        return None
    source = dice.choice(open_ones[:4])
    return _shorter(_resolved(source, passage)), source


def dropped(passage: Passage, dice: random.Random) -> tuple[str, str] | None:
    """Leave out what stands in brackets and the last clause."""
    sources = [
        one for one in passage.sentences()[:5] if not re.match(r"(?:He|She|It|They|This|These|His|Her|Its)\b", one)
    ]
    for source in sources:
        text = _shorter(source)
        if text != source and len(text) > 40:
            return text, source
    return None


def dated(passage: Passage, dice: random.Random) -> tuple[str, str] | None:
    """Write a date in another form."""
    for source in passage.sentences():
        text = _resolved(source, passage)
        if redated(text, dice) != text and not re.match(r"(?:His|Her|Its|Their|This)\b", text):
            return redated(text, dice), source
    return None


def said(passage: Passage, dice: random.Random) -> tuple[str, str] | None:
    """Say some of it in other words."""
    for source in passage.sentences()[:4]:
        text = _light(_shorter(_resolved(source, passage)), random.Random(1), always=True)
        if text != source and not re.match(r"(?:His|Her|Its|Their|This)\b", text):
            return text, source
    return None


def echoed(passages: Sequence[Passage], question: str, answer: str, dice: random.Random) -> Claim | None:
    """Make a statement of question and answer, for the forms of question that allow it."""
    holders = [one for one in passages if answer.lower() in f"{one.title}. {one.text}".lower()]
    if not holders or answer.lower() in ("yes", "no"):
        return None
    marks = tuple(sorted({one.number for one in passages}))
    source = next((one for one in holders[-1].sentences() if answer.lower() in one.lower()), "")
    for pattern, forms in _ECHOES:
        if (found := pattern.match(question.strip())) and _told(question, source):
            form = dice.choice(forms)
            return Claim(_capital(form.format(*found.groups(), a=answer.rstrip("."))), marks, (source,), "echoed")
    return None


def _told(question: str, source: str) -> bool:
    """Say whether the sentence that holds the answer tells what is asked; the labels of some sets are guesses."""
    asks = next((told for asked, told in _TELLING if re.search(asked, question)), "")
    return bool(re.search(asks, source)) if source or asks else True


#: A word of the question, and what has to stand in a sentence that answers it.
_TELLING = (
    (r"\bborn\b|\bbirth\b", r"\bborn\b|\([^()]*\d{4}|\bnative of\b|\bBorn\b"),
    (r"\bdie\b|\bdeath\b", r"\bdied\b|\bdeath\b|[–-][^()]*\d{4}[^()]*\)"),
    (r"\b(?:mother|father|spouse|child)\b", r"\b(?:married|wife|husband|son|daughter|father|mother|child|children)\b"),
)
_OF = r"(?:the )?(\w+) of (?:the )?(?:film|song|movie) (.+?)"
_ECHOES: tuple[tuple[re.Pattern[str], Sequence[str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), forms)
    for pattern, forms in (
        (rf"^Where was {_OF} born\?$", ("The {0} of {1} was born in {a}.", "{1}'s {0} was born in {a}.")),
        (rf"^Where did {_OF} die\?$", ("The {0} of {1} died in {a}.",)),
        (rf"^When was {_OF} born\?$", ("The {0} of {1} was born on {a}.",)),
        (rf"^When did {_OF} die\?$", ("The {0} of {1} died on {a}.",)),
        (rf"^What is the place of birth of {_OF}\?$", ("The {0} of {1} was born in {a}.",)),
        (rf"^What nationality is {_OF}\?$", ("The {0} of {1} is {a}.",)),
        (rf"^Who is the (mother|father|spouse|child) of {_OF}\?$", ("{a} is the {0} of the {1} of {2}.",)),
        (
            r"^Who (directed|wrote|produced|founded|created|played|sang|won|discovered|invented|composed) (.+)\?$",
            ("{a} {0} {1}.",),
        ),
        (r"^Which ([a-z ]+?) (is|was|has|had) (.+)\?$", ("{a} is the {0} that {1} {2}.",)),
        (r"^What ([a-z]+) (is|was|does|did) (.+)\?$", ("The {0} is {a}.",)),
        (r"^(?:In|On|At) (?:what|which) ([a-z]+) (was|is|did) (.+)\?$", ("The {0} is {a}.",)),
    )
)


def joined(first: Claim, second: Claim) -> Claim:
    """Say two facts in one sentence."""
    text = f"{first.text.rstrip('.')}, and {second.text.rstrip('.')}."
    return Claim(text, tuple(dict.fromkeys(first.marks + second.marks)), first.sources + second.sources, "joined")


def redated(text: str, dice: random.Random) -> str:
    """Write the dates of a text in another form."""

    def other(found: re.Match[str]) -> str:
        month, day, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        forms = [
            f"{day} {month} {year}",
            f"{month} {day}, {year}",
            f"{month[:3]} {day}, {year}",
            f"{year}-{MONTHS.index(month) + 1:02d}-{int(day):02d}",
        ]
        return dice.choice([form for form in forms if form != found[0]])

    return _DATE.sub(other, text)


def _light(text: str, dice: random.Random, *, always: bool = False) -> str:
    """Exchange some words for others of the same meaning."""
    for pattern, other in SAID:
        if always or dice.random() < 0.5:
            text = re.sub(pattern, other, text)
    return text


def _resolved(source: str, passage: Passage) -> str:
    return _PRONOUN.sub(lambda _: passage.name, source, count=1) if passage.name else source


def _shorter(text: str) -> str:
    plain = _ASIDE.sub("", text)
    shorter = _TAIL.sub("", plain)
    return shorter if len(shorter) > 40 else plain


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
