"""False answers: one fact of a true one changed, by a name, a number, a negation or the passage it cites."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from .rewording import MONTHS, Claim, Passage

KINDS = ("name", "number", "negation", "passage")
_NAME = re.compile(r"\b[A-Z][\w’'-]*[a-z](?:(?: (?:of|the|de|van|von|di|del|la))* [A-Z][\w.’'-]*[a-z.])*")
_OPENING = frozenset(
    "The A An In On At He She It They His Her Its Their This These After Before From For By With And But".split()
)
_NUMBER = re.compile(r"(?<![\w,.-])(?:\d{1,3}(?:,\d{3})+|\d+)(?![\w-]|[.,]\d)")
_LIST = re.compile(r"^(?:,|and|&|or|[\s\"”“]|(?:[A-Z][\w.’'-]*))*$")
#: Words that say the opposite of each other.
OPPOSITES = (
    ("born", "died"),
    ("first", "last"),
    ("before", "after"),
    ("older", "younger"),
    ("largest", "smallest"),
    ("son", "daughter"),
    ("brother", "sister"),
    ("father", "mother"),
    ("north", "south"),
    ("east", "west"),
    ("northern", "southern"),
    ("eastern", "western"),
    ("founded", "dissolved"),
    ("won", "lost"),
    ("begins", "ends"),
    ("began", "ended"),
    ("former", "current"),
    ("most", "least"),
    ("oldest", "youngest"),
    ("actor", "actress"),
    ("male", "female"),
    ("early", "late"),
    ("opened", "closed"),
    ("husband", "wife"),
    ("joined", "left"),
    ("earlier", "later"),
    ("more", "fewer"),
    ("highest", "lowest"),
    ("upper", "lower"),
    ("included", "excluded"),
    ("increased", "decreased"),
)
_FLIPS = {one: other for pair in OPPOSITES for one, other in (pair, pair[::-1])}
_FLIP = re.compile(rf"\b({'|'.join(_FLIPS)})\b")
_VERB = re.compile(
    r"\b(is|was|are|were|has|had|can|will)\b|\b(directed|wrote|produced|composed|founded|played|starred|appeared|won|"
    r"served|made|worked|moved|created|released|recorded|performed|became|lies|died)\b"
)
_PEOPLE = re.compile(r"^\w+(?:an|ish|ese|ench|utch|ic|-\w+)$")
_LAND = re.compile(r"^(?:\w+land|United \w+|Germany|Denmark|France|Italy|Spain|Iran|India|Japan|China|Austria)$")
_RELATIONS = (
    "directed|wrote|produced|composed|founded|son|daughter|mother|father|wife|husband|director|writer|composer|by|for|"
    "from|in|at"
)
_BASE = {
    "directed": "direct",
    "wrote": "write",
    "produced": "produce",
    "composed": "compose",
    "founded": "found",
    "played": "play",
    "starred": "star",
    "appeared": "appear",
    "won": "win",
    "served": "serve",
    "made": "make",
    "worked": "work",
    "moved": "move",
    "created": "create",
    "released": "release",
    "recorded": "record",
    "performed": "perform",
    "became": "become",
    "lies": "lie",
    "died": "die",
}
_NEGATED = re.compile(
    r"\b(is|was|are|were|has|had|did|does|do|could|can|would) not\b|\b(is|was|are|were|has|had|did|does|could)n't\b|"
    r" never\b| no longer\b"
)


def mutated(
    claim: Claim, kind: str, *, passages: Sequence[Passage], others: Sequence[Passage], dice: random.Random
) -> Claim | None:
    """Return the claim with one fact changed, None where it holds none of that kind.

    `passages` are those it was made of, `others` what else the answer may cite: names come from both, wrong marks from
    the latter.
    """
    return {"name": _name, "number": _number, "negation": _negation, "passage": _passage}[kind](
        claim, passages, others, dice
    )


def names(text: str) -> list[str]:
    """Return the names of a text, without a function word that opens a sentence."""
    found = []
    for match in _NAME.finditer(text):
        words = match[0].split(" ")
        while words and words[0] in _OPENING:
            words = words[1:]
        if words and words[0] not in MONTHS and len(" ".join(words)) > 3:
            found.append(" ".join(words).removesuffix("'s").removesuffix("’s").rstrip("."))
    return list(dict.fromkeys(found))


def _name(claim: Claim, passages: Sequence[Passage], others: Sequence[Passage], dice: random.Random) -> Claim | None:
    """Swap two names, or put one of the same passage or of another in the place of one."""
    text, foreign = _all(passages), _all(others)
    pools = {"same": names(text), "another": names(foreign)}
    ways = ["swap", *pools]
    dice.shuffle(ways)
    for way in ways:
        if way == "swap":
            pairs = _swappable(claim)
        else:
            pairs = [
                (a, b) for a in names(claim.text) for b in pools[way] if _may_replace(a, b, claim.text, text, way=way)
            ]
        if pairs:
            a, b = dice.choice(pairs)
            if way == "swap":
                swapped = claim.text.replace(a, "\0", 1).replace(b, a, 1).replace("\0", b, 1)
                return replace(claim, text=swapped, way=f"{claim.way}, names exchanged")
            return replace(claim, text=claim.text.replace(a, b, 1), way=f"{claim.way}, name from {way} passage")
    return None


def _all(passages: Sequence[Passage]) -> str:
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


def _number(claim: Claim, passages: Sequence[Passage], others: Sequence[Passage], dice: random.Random) -> Claim | None:
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
        changed = (
            value + step
            if value + step > 0 and not (size < 3 and value < 32 < value + step)
            else max(1, value - 1)
            if value > 1
            else 2
        )
        new, way = (f"{changed:,}" if "," in old else str(changed)), "number changed"
        if re.search(rf"(?<![\d,]){re.escape(new)}(?![\d,])", text):
            way = "number of the same passage"
    if new in own:
        return None
    return replace(
        claim,
        text=re.sub(rf"(?<![\w,.]){re.escape(old)}(?!\w|,\d)", new, claim.text, count=1),
        way=f"{claim.way}, {way}",
    )


def _negation(
    claim: Claim, passages: Sequence[Passage], others: Sequence[Passage], dice: random.Random
) -> Claim | None:
    """Deny what is said, affirm what is denied, or say the opposite."""
    if found := _NEGATED.search(claim.text):
        positive = found[1] or found[2] or ""
        return replace(
            claim,
            text=f"{claim.text[: found.start()]}{positive}{claim.text[found.end() :]}",
            way=f"{claim.way}, negation removed",
        )
    flips = list(_FLIP.finditer(claim.text))
    if flips and dice.random() < 0.5:
        one = dice.choice(flips)
        other = _FLIPS[one[0]]
        return replace(
            claim,
            text=claim.text[: one.start()] + other + claim.text[one.end() :],
            way=f"{claim.way}, opposite: {other}",
        )
    found = _VERB.search(claim.text)
    if found is None:
        return None
    verb = found[0]
    if found[1]:
        forms = [
            f"{verb} not",
            f"{verb} never",
            f"{verb}n't" if verb in ("is", "was", "are", "were", "has", "had") else f"{verb} not",
        ]
        if verb in ("is", "are", "has"):
            forms.append(f"{verb} no longer")
    else:
        forms = [f"did not {_BASE[verb]}", f"never {verb}", f"didn't {_BASE[verb]}"]
    return replace(
        claim,
        text=claim.text[: found.start()] + dice.choice(forms) + claim.text[found.end() :],
        way=f"{claim.way}, denied",
    )


def _passage(claim: Claim, passages: Sequence[Passage], others: Sequence[Passage], dice: random.Random) -> Claim | None:
    """Cite a passage that the claim was not made of."""
    if not others or not claim.marks:
        return None
    old = dice.choice(claim.marks)
    new = dice.choice(others).number
    marks = tuple(new if mark == old else mark for mark in claim.marks)
    return replace(claim, marks=marks, way=f"{claim.way}, wrong passage for {old}")
