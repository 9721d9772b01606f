"""True answers and false ones, made of questions and their gold passages."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .mutating import KINDS, mutated
from .rewording import Claim, Passage, echoed, joined, reworded

TRUE = "true"
#: How often the questions are gone through at most.
ROUNDS = 40
_SEVERAL = re.compile(r"[\w)][.!?]\W+[A-Z][a-z]+ ")


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
    for turn, row in enumerate(_again(order)):
        left = [kind for kind in wanted if wanted[kind] > 0]
        if not left:
            break
        kind = TRUE if TRUE in left and (turn % 2 == 0 or len(left) == 1) else next(one for one in left if one != TRUE)
        if case := _case(row, kind, dice):
            made.append(case)
            wanted[kind] -= 1
    return made


def _again(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for _ in range(ROUNDS):
        yield from rows


def _case(row: Mapping[str, Any], kind: str, dice: random.Random) -> Case | None:
    """Return a case of a kind from a question, None where its passages give none."""
    shown = [*row["gold"], *row["others"][: 5 - len(row["gold"])]]
    dice.shuffle(shown)
    numbered = [Passage(one["title"] or "", one["text"], place) for place, one in enumerate(shown, start=1)]
    gold = [
        one
        for one in numbered
        if {"title": one.title, "text": one.text}
        in [{"title": g["title"] or "", "text": g["text"]} for g in row["gold"]]
    ]
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


def _claim(gold: Sequence[Passage], row: Mapping[str, Any], dice: random.Random) -> Claim | None:
    turn = dice.random()
    if turn < 0.3 and (claim := echoed(gold, row["question"], row["answer"], dice)):
        return claim
    first = reworded(gold, row["question"], row["answer"], dice)
    if first is None or turn < 0.8:
        return first
    second = reworded([one for one in gold if one.number not in first.marks], row["question"], row["answer"], dice)
    return joined(first, second) if second else first
