"""True answers and false ones, made of questions and their gold passages.

True ones say what stands in the passages in other words, by rules. False ones are true ones with one fact changed: a
name, a number, a negation or the passage that is cited.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

TRUE = "true"
#: How often the questions are gone through at most.
ROUNDS = 40
_SEVERAL = re.compile(r"[\w)][.!?]\W+[A-Z][a-z]+ ")
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
#: `said`: what a model says in the place of what stands there; `told`: a word of the question, and what has to be in a
#: sentence that answers it; `echoes`: forms of questions, and of their answers; `opposites`, `infinitives` and `nouns`
_WORDS: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
_ECHOES = [(re.compile(pattern, re.IGNORECASE), forms) for pattern, forms in _WORDS["echoes"]]
_NOUN, _BASE = _WORDS["nouns"], _WORDS["infinitives"]


@dataclass(frozen=True, slots=True)
class GoldPassage:
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


Passages = Sequence[GoldPassage]


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


def reworded(passages: Sequence[GoldPassage], question: str, answer: str, dice: random.Random) -> Claim | None:
    """Return a sentence in other words than its passage's, None where no way fits."""
    ways = [spelt, active, noun, named, dropped, dated, said]
    dice.shuffle(ways)
    places = list(passages)
    dice.shuffle(places)
    for way in ways:
        for passage in places:
            made = way(passage, dice)
            if made and 20 < len(made[0]) < 280:
                return Claim(_capital(_light(made[0], dice)), (passage.number,), (made[1],), way.__name__)
    return None


def spelt(passage: GoldPassage, dice: random.Random) -> tuple[str, str] | None:
    """Tell a birth, or a life, that stands in brackets."""
    for source in passage.sentences()[:1]:
        found = _SPAN.match(source)
        if found and re.match(r"(?:c\. |\d|[A-Z])", found["born"]):
            text = f"{found['who']} was born {_when(found['born'], dice)}"
            if found["died"] and dice.random() < 0.5:
                text += f" and died {_when(found['died'], dice)}"
            return text + ".", source
    return None


def _when(date: str, dice: random.Random) -> str:
    return ("on " if re.search(r"\d.*\d{4}", date) else "in ") + redated(date, dice)


def active(passage: GoldPassage, dice: random.Random) -> tuple[str, str] | None:
    """Turn "X is a film directed by Y" around."""
    for source in passage.sentences()[:3]:
        if found := _BY.match(_resolved(source, passage)):
            return f"{found['who'].strip()} {found['verb'].replace('written', 'wrote')} {found['thing']}.", source
    return None


def noun(passage: GoldPassage, dice: random.Random) -> tuple[str, str] | None:
    """Say "the director of X is Y" for "directed by Y"."""
    for source in passage.sentences()[:3]:
        found = _BY.match(_resolved(source, passage))
        if found and found["verb"] in _NOUN:
            who, role, thing = found["who"].strip(), _NOUN[found["verb"]], found["thing"]
            plain = f"The {role} of {thing} is {who}."
            return dice.choice((plain, f"{thing}'s {role} was {who}.", f"{who} is the {role} of {thing}.")), source
    return None


def named(passage: GoldPassage, dice: random.Random) -> tuple[str, str] | None:
    """Put the title in the place of a pronoun that opens a sentence."""
    open_ones = [one for one in passage.sentences() if _PRONOUN.match(one)]
    if not open_ones or not passage.name:
        return None
    source = dice.choice(open_ones[:4])
    return _shorter(_resolved(source, passage)), source


def dropped(passage: GoldPassage, dice: random.Random) -> tuple[str, str] | None:
    """Leave out what stands in brackets and the last clause."""
    for source in passage.sentences()[:5]:
        text = _shorter(source)
        pronoun = re.match(r"(?:He|She|It|They|This|These|His|Her|Its)\b", source)
        if text != source and len(text) > 40 and not pronoun:
            return text, source
    return None


def dated(passage: GoldPassage, dice: random.Random) -> tuple[str, str] | None:
    """Write a date in another form."""
    for source in passage.sentences():
        text = _resolved(source, passage)
        if redated(text, dice) != text and not re.match(r"(?:His|Her|Its|Their|This)\b", text):
            return redated(text, dice), source
    return None


def said(passage: GoldPassage, dice: random.Random) -> tuple[str, str] | None:
    """Say some of it in other words."""
    for source in passage.sentences()[:4]:
        text = _light(_shorter(_resolved(source, passage)), random.Random(1), always=True)
        if text != source and not re.match(r"(?:His|Her|Its|Their|This)\b", text):
            return text, source
    return None


def echoed(passages: Sequence[GoldPassage], question: str, answer: str, dice: random.Random) -> Claim | None:
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
    asks = next((told for asked, told in _WORDS["told"] if re.search(asked, question)), "")
    return bool(re.search(asks, source)) if source or asks else True


def joined(first: Claim, second: Claim) -> Claim:
    """Say two facts in one sentence."""
    text = f"{first.text.rstrip('.')}, and {second.text.rstrip('.')}."
    return Claim(text, tuple(dict.fromkeys(first.marks + second.marks)), first.sources + second.sources, "joined")


def redated(text: str, dice: random.Random) -> str:
    """Write the dates of a text in another form."""

    def other(found: re.Match[str]) -> str:
        month, day, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        forms = [f"{day} {month} {year}", f"{month} {day}, {year}", f"{month[:3]} {day}, {year}"]
        forms.append(f"{year}-{MONTHS.index(month) + 1:02d}-{int(day):02d}")
        return dice.choice([form for form in forms if form != found[0]])

    return _DATE.sub(other, text)


def _light(text: str, dice: random.Random, *, always: bool = False) -> str:
    """Exchange some words for others of the same meaning."""
    for pattern, other in _WORDS["said"]:
        if always or dice.random() < 0.5:
            text = re.sub(pattern, other, text)
    return text


def _resolved(source: str, passage: GoldPassage) -> str:
    return _PRONOUN.sub(lambda _: passage.name, source, count=1) if passage.name else source


def _shorter(text: str) -> str:
    plain = _ASIDE.sub("", text)
    shorter = _TAIL.sub("", plain)
    return shorter if len(shorter) > 40 else plain


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


KINDS = ("name", "number", "negation", "passage")
_PROPER = re.compile(r"\b[A-Z][\w’'-]*[a-z](?:(?: (?:of|the|de|van|von|di|del|la))* [A-Z][\w.’'-]*[a-z.])*")
_OPENING = frozenset(
    "The A An In On At He She It They His Her Its Their This These After Before From For By With And But".split()
)
_NUMBER = re.compile(r"(?<![\w,.-])(?:\d{1,3}(?:,\d{3})+|\d+)(?![\w-]|[.,]\d)")
_LIST = re.compile(r"^(?:,|and|&|or|[\s\"”“]|(?:[A-Z][\w.’'-]*))*$")
_FLIPS = {one: other for pair in _WORDS["opposites"] for one, other in (pair, pair[::-1])}
_FLIP = re.compile(rf"\b({'|'.join(_FLIPS)})\b")
_VERB = re.compile(rf"\b(is|was|are|were|has|had|can|will)\b|\b({'|'.join(_BASE)})\b")
_PEOPLE = re.compile(r"^\w+(?:an|ish|ese|ench|utch|ic|-\w+)$")
_LAND = re.compile(r"^(?:\w+land|United \w+|Germany|Denmark|France|Italy|Spain|Iran|India|Japan|China|Austria)$")
_RELATIONS = (
    "directed|wrote|produced|composed|founded|son|daughter|mother|father|wife|husband|director|writer|composer|by|for|"
    "from|in|at"
)
_NEGATED = re.compile(
    r"\b(is|was|are|were|has|had|did|does|do|could|can|would) not\b|\b(is|was|are|were|has|had|did|does|could)n't\b|"
    r" never\b| no longer\b"
)


def mutated(claim: Claim, kind: str, *, passages: Passages, others: Passages, dice: random.Random) -> Claim | None:
    """Return the claim with one fact changed, None where it holds none of that kind.

    `passages` are those it was made of, `others` what else the answer may cite: names come from both, wrong marks from
    the latter.
    """
    ways = {"name": _name, "number": _number, "negation": _negation, "passage": _passage}
    return ways[kind](claim, passages, others, dice)


def names(text: str) -> list[str]:
    """Return the names of a text, without a function word that opens a sentence."""
    found = []
    for match in _PROPER.finditer(text):
        words = match[0].split(" ")
        while words and words[0] in _OPENING:
            words = words[1:]
        if words and words[0] not in MONTHS and len(" ".join(words)) > 3:
            found.append(" ".join(words).removesuffix("'s").removesuffix("’s").rstrip("."))
    return list(dict.fromkeys(found))


def _name(claim: Claim, passages: Passages, others: Passages, dice: random.Random) -> Claim | None:
    """Swap two names, or put one of the same passage or of another in the place of one."""
    text, foreign = _all(passages), _all(others)
    pools = {"same": names(text), "another": names(foreign)}
    ways = ["swap", *pools]
    dice.shuffle(ways)
    for way in ways:
        if way == "swap":
            pairs = _swappable(claim)
        else:
            own = names(claim.text)
            pairs = [(a, b) for a in own for b in pools[way] if _may_replace(a, b, claim.text, text, way=way)]
        if pairs:
            a, b = dice.choice(pairs)
            if way == "swap":
                swapped = claim.text.replace(a, "\0", 1).replace(b, a, 1).replace("\0", b, 1)
                return replace(claim, text=swapped, way=f"{claim.way}, names exchanged")
            return replace(claim, text=claim.text.replace(a, b, 1), way=f"{claim.way}, name from {way} passage")
    return None


def _all(passages: Sequence[GoldPassage]) -> str:
    return " ".join(f"{one.title}. {one.text}" for one in passages)


def _swappable(claim: Claim) -> list[tuple[str, str]]:
    """Return pairs of names with a word between them that tells one from the other, no items of one list."""
    own, source = names(claim.text), " ".join(claim.sources)
    return [
        (a, b)
        for a in own
        for b in own
        if not _PEOPLE.search(a)
        and not _PEOPLE.search(b)
        and a not in b
        and b not in a
        and not _listed(a, b, claim.text)
        and not _listed(a, b, source)
        and re.search(rf"{re.escape(a)}(?:'s)?[^.,;]*? (?:{_RELATIONS})\b[^.,;]*? {re.escape(b)}", claim.text)
    ]


def _may_replace(old: str, new: str, said: str, text: str, *, way: str) -> bool:
    """Say whether another name looks alike and makes the claim false."""
    if not _alike(old, new) or _shares(old, new, said):
        return False
    return not _listed(old, new, text) if way == "same" else new not in text


def _alike(one: str, other: str) -> bool:
    """Say whether two names have the same look: as many words, up to one of several, and both of a people or neither.

    Two forms of one name, such as Denmark and Danish or Kalat and Kalatu, are not two names.
    """
    a, b = len(one.split()), len(other.split())
    if bool(_PEOPLE.search(one)) != bool(_PEOPLE.search(other)) or _LAND.search(one) or _LAND.search(other):
        return False
    if any(x[:3] == y[:3] for x in one.lower().split() for y in other.lower().split()):
        return False
    return a == b or (min(a, b) > 1 and abs(a - b) == 1)


def _shares(one: str, other: str, text: str) -> bool:
    """Say whether the new name has a word of the old one, or stands in the claim already, at least in part."""
    return bool(set(other.lower().split()) & set(re.findall(r"\w+", (one + " " + text).lower())))


def _listed(one: str, other: str, text: str) -> bool:
    """Say whether two names are items of one list somewhere, so that either may stand for the other."""
    for a, b in ((one, other), (other, one)):
        for found in re.finditer(rf"{re.escape(a)}(.{{0,80}}?){re.escape(b)}", text):
            if _LIST.match(found[1]):
                return True
    return False


def _number(claim: Claim, passages: Passages, others: Passages, dice: random.Random) -> Claim | None:
    """Put another number of the same passage, or one nearby, in the place of a number."""
    own = list(dict.fromkeys(_NUMBER.findall(claim.text)))
    if not own:
        return None
    old = dice.choice(own)
    text = " ".join(one.text for one in passages)
    size = len(old.replace(",", ""))
    same = [
        new
        for new in dict.fromkeys(_NUMBER.findall(text))
        if new not in own and len(new.replace(",", "")) == size and (size > 2 or int(new) < 32)
    ]
    if same and dice.random() < 0.5:
        new, way = dice.choice(same), "number of the same passage"
    else:
        value = int(old.replace(",", ""))
        step = dice.choice([1, 2, 3, 7, 10]) * dice.choice([-1, 1])
        changed = value + step
        if changed <= 0 or (size < 3 and value < 32 < changed):
            changed = value - 1 if value > 1 else 2
        new, way = (f"{changed:,}" if "," in old else str(changed)), "number changed"
        if re.search(rf"(?<![\d,]){re.escape(new)}(?![\d,])", text):
            way = "number of the same passage"
    if new in own:
        return None
    text = re.sub(rf"(?<![\w,.]){re.escape(old)}(?!\w|,\d)", new, claim.text, count=1)
    return replace(claim, text=text, way=f"{claim.way}, {way}")


def _negation(claim: Claim, passages: Passages, others: Passages, dice: random.Random) -> Claim | None:
    """Deny what is said, affirm what is denied, or say the opposite."""
    flips = list(_FLIP.finditer(claim.text))
    if found := _NEGATED.search(claim.text):
        new, way = found[1] or found[2] or "", "negation removed"
    elif flips and dice.random() < 0.5:
        found = dice.choice(flips)
        new = _FLIPS[found[0]]
        way = f"opposite: {new}"
    elif found := _VERB.search(claim.text):
        verb = found[0]
        if found[1]:
            short = f"{verb}n't" if verb not in ("can", "will") else f"{verb} not"
            forms = [f"{verb} not", f"{verb} never", short, *([f"{verb} no longer"] * (verb in ("is", "are", "has")))]
        else:
            forms = [f"did not {_BASE[verb]}", f"never {verb}", f"didn't {_BASE[verb]}"]
        new, way = dice.choice(forms), "denied"
    else:
        return None
    return replace(claim, text=claim.text[: found.start()] + new + claim.text[found.end() :], way=f"{claim.way}, {way}")


def _passage(claim: Claim, passages: Passages, others: Passages, dice: random.Random) -> Claim | None:
    """Cite a passage that the claim was not made of."""
    if not others or not claim.marks:
        return None
    old = dice.choice(claim.marks)
    new = dice.choice(others).number
    marks = tuple(new if mark == old else mark for mark in claim.marks)
    return replace(claim, marks=marks, way=f"{claim.way}, wrong passage for {old}")


@dataclass(frozen=True, slots=True)
class Case:
    """An answer to be checked, the passages that it may cite, how it was made; `kind` is `true` or a mutation."""

    question: str
    texts: Sequence[str]
    answer: str
    kind: str
    way: str


def cases(rows: Sequence[Mapping[str, Any]], count: int, seed: int) -> list[Case]:
    """Return `count` true answers and as many false ones, a quarter of each kind, each of another question if possible.

    `rows` have `question`, `answer`, `gold` and `others`, which is what else was at hand, titles and texts.
    """
    dice = random.Random(seed)
    order = list(rows)
    dice.shuffle(order)
    wanted = {TRUE: count, **dict.fromkeys(KINDS, count // len(KINDS))}
    made: list[Case] = []
    for turn, row in enumerate(ROUNDS * order):
        left = [kind for kind in wanted if wanted[kind] > 0]
        if not left:
            break
        kind = TRUE if TRUE in left and (turn % 2 == 0 or len(left) == 1) else next(one for one in left if one != TRUE)
        if case := _case(row, kind, dice):
            made.append(case)
            wanted[kind] -= 1
    return made


def _case(row: Mapping[str, Any], kind: str, dice: random.Random) -> Case | None:
    """Return a case of a kind from a question, None where its passages give none."""
    shown = [*row["gold"], *row["others"][: 5 - len(row["gold"])]]
    dice.shuffle(shown)
    numbered = [GoldPassage(one["title"] or "", one["text"], place) for place, one in enumerate(shown, start=1)]
    wanted = [(one["title"] or "", one["text"]) for one in row["gold"]]
    gold = [one for one in numbered if (one.title, one.text) in wanted]
    others = [one for one in numbered if one not in gold]
    claim = _claim(gold, row, dice)
    if claim is None or _SEVERAL.search(claim.text[:-1]):
        return None
    if kind != TRUE:
        sources = [one for one in gold if one.number in claim.marks]
        claim = mutated(claim, kind, passages=sources, others=others, dice=dice)
        if claim is None:
            return None
    texts = [f"{one.title}\n{one.text}" if one.title else one.text for one in numbered]
    return Case(row["question"], texts, str(claim), kind, claim.way)


def _claim(gold: Sequence[GoldPassage], row: Mapping[str, Any], dice: random.Random) -> Claim | None:
    turn = dice.random()
    if turn < 0.3 and (claim := echoed(gold, row["question"], row["answer"], dice)):
        return claim
    first = reworded(gold, row["question"], row["answer"], dice)
    if first is None or turn < 0.8:
        return first
    second = reworded([one for one in gold if one.number not in first.marks], row["question"], row["answer"], dice)
    return joined(first, second) if second else first
