"""Whether a pronoun means something in its own turn, as in `Which actor won an Oscar for his role in Gandhi?`.

What is free refers to the conversation. A turn that explains itself must stay as it is, so that in doubt a long turn
binds and a short one does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.words import STOP, WORD
from .names import Name, lower_words
from .nouns import PERSON, TIME, kind_of

#: Words of a turn that nothing in it may explain, and of one whose names may still not be what is meant.
SHORT = 9
LONG = 12

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
    r"[,;:.]|\b(?:when|while|because|and|but|after|before|if|since|although|than|unless)\b", re.IGNORECASE
)
_RELATIVE = re.compile(r"\b(?:who|which|that|where)\b", re.IGNORECASE)
_FRONTED = re.compile(
    r"\A(?:in|on|at|by|before|after|during|with|despite|besides|when|while|as|for|from|throughout|since|until)\b[^?]*?,"
    r"(?=(\s*(?:which|what)\s+[a-z]+)?)",
    re.IGNORECASE,
)
_INDEFINITE = re.compile(
    r"\b(?:an?|each|every|some|any|two|three|most|many)\s+[a-z]|\b[a-z]{2,}[^su\W]s\b(?!\s+(?:of|is|was)\b)"
)
_GENERIC = re.compile(
    rf"\A\W*(?:(?:how|why|when|where|what)\s+)?(?:(?:{'|'.join(sorted(AUXILIARY))})\s+)?"
    r"(?:an?|most|all|many|some|every|each)\s+[a-z]",
    re.IGNORECASE,
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


def dummy(turn: str, place: int) -> bool:
    """Say whether the `it` at a place means nothing, as in `is it true that`."""
    return any(match.start() <= place < match.end() for match in _DUMMY.finditer(turn))


def bound(turn: str, pronoun: re.Match[str], found: Sequence[Name], *, owner: bool) -> bool:
    """Say whether a pronoun means something that its own turn speaks of."""
    before, word = turn[: pronoun.start()], pronoun.group().lower()
    things = [name for name in found if name.kind != TIME]
    named = [name for name in things if name.end <= pronoun.start()]
    size = len(WORD.findall(turn))
    if named:
        between = turn[named[-1].end : pronoun.start()]
        if owner or size > LONG or not _object(turn, pronoun) or between.startswith(("'s", "’s")):
            return True
        apart = bool(_CLAUSE.search(between) or _RELATIVE.search(between))
        return apart or (word not in _PERSONAL and _antecedent(before, _CLAUSE))
    front = _FRONTED.match(turn)
    if front and pronoun.start() < front.end() and (things or (owner and front.group(1))):
        return True
    words = lower_words(before)
    if _GENERIC.match(before) or (size > LONG and len(_content(before)) > 3):
        return True
    if word in _PERSONAL:
        return _bound_person(before, words, owner=owner, names_later=bool(things))
    if _antecedent(before, _CLAUSE):
        return True
    if not owner and words and words[-1] in AUXILIARY:
        return False
    return owner and _owned_here(before, words, names_later=bool(things))


def _bound_person(before: str, words: Sequence[str], *, owner: bool, names_later: bool) -> bool:
    if not owner and words and words[-1] in AUXILIARY and not _antecedent(before, _CLAUSE):
        return False
    if owner and words[:1] == ["who"] and names_later and words[1:2] and words[1] not in AUXILIARY:
        return True
    return any(kind_of(word) == PERSON for word in words) or bool(owner and re.search(r"\ban?\s+[a-z]", before))


def _owned_here(before: str, words: Sequence[str], *, names_later: bool) -> bool:
    """Say whether `its` or `their` belongs to the subject of its clause."""
    if _antecedent(before, _RELATIVE) or _INDEFINITE.search(before):
        return True
    if not words or words[0] not in _ASKING or (words[1:2] and words[1] in AUXILIARY):
        return False
    return names_later or (words[-1] not in PREPOSITIONS and words[-1] not in STOP and len(words) > 2)


def _antecedent(before: str, breaks: re.Pattern[str]) -> bool:
    """Say whether a thing stands before the last break that a pronoun behind the break may mean."""
    places = [match.start() for match in breaks.finditer(before)]
    return bool(places and _content(before[: places[-1]]))


def _content(text: str) -> list[str]:
    return [word for word in lower_words(text) if word not in STOP and word not in AUXILIARY]


def _object(turn: str, pronoun: re.Match[str]) -> bool:
    """Say whether a pronoun is an object: `him`, or `it` without an auxiliary before or after it."""
    word = pronoun.group().lower()
    if word in ("him", "her", "them"):
        return True
    before = lower_words(turn[: pronoun.start()])
    after = lower_words(turn[pronoun.end() :])
    acts = bool(AUXILIARY.intersection([*before[-1:], *after[:1]]))
    return word == "it" and not acts
